# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Lid and gaze shapes of the left eye: the lids slide over the globe, the ball turns in its socket."""

from __future__ import annotations

import numpy as np

from .eyes import MARGIN_RINGS
from .features import EYE_CENTRE, EYE_RADIUS, LID_THICKNESS, lid_height
from .head import DemoHead
from .layout import LID_RING

# Share of the margin's slide that each ring takes, from the hole's border inwards to the socket.
OUTER_SHARES = (0.0, 0.06, 0.20, 0.45, 0.75, 1.0)
SOCKET_SHARES = (0.8, 0.6, 0.4, 0.2)
CLOSED_SEAM = 0.02  # [cm] between the margins of the closed eye
SEAM_PLACE = 0.12  # the closed seam, share of the way from the lower to the upper margin
CLEARANCE = 0.05  # [cm] between lid and ball
LOOK_ANGLE = 0.42  # [rad]


def _slide(head: DemoHead, upper: float, lower: float, seam: float = 0.0) -> np.ndarray:
    """Skin delta (skin_count, 3): lid margins move by shares of the fissure's height (up is positive), less half a
    seam [cm].
    """
    delta = np.zeros((head.skin_count, 3))
    ring = head.topology.eye
    steps = np.arange(ring.shape[1])
    is_upper = (steps > 0) & (steps < ring.shape[1] // 2)
    last = LID_RING + MARGIN_RINGS
    for r in range(last + 1):
        gap = _fissure(head, max(r, LID_RING))
        half_seam = 0.5 * np.minimum(seam, gap)
        move = np.where(is_upper, upper * gap + half_seam, lower * gap - half_seam)
        share = OUTER_SHARES[min(r, LID_RING)]
        inflate = LID_THICKNESS * min(1.0, (last - r) / MARGIN_RINGS)
        p = head.vertices[ring[r]]
        y = p[:, 1] + share * move
        delta[ring[r], 1] = share * move
        delta[ring[r], 2] = lid_height(p[:, 0], y, inflate) - lid_height(p[:, 0], p[:, 1], inflate)
    _ride_on_ball(head, delta, ring[last])
    margin, moved = (head.vertices[ring[last]] - EYE_CENTRE + d for d in (0.0, delta[ring[last]]))
    turn = np.arctan2(moved[:, 1], moved[:, 2]) - np.arctan2(margin[:, 1], margin[:, 2])
    for r, share in enumerate(SOCKET_SHARES, start=last + 1):
        arm = head.vertices[ring[r]] - EYE_CENTRE
        c, s = np.cos(share * turn), np.sin(share * turn)
        delta[ring[r], 1] = s * arm[:, 2] + (c - 1.0) * arm[:, 1]
        delta[ring[r], 2] = (c - 1.0) * arm[:, 2] - s * arm[:, 1]
    return delta


def _ride_on_ball(head: DemoHead, delta: np.ndarray, which: np.ndarray) -> None:
    """Push moved vertices out of the eyeball. Changes delta in place."""
    arm = head.vertices[which] + delta[which] - EYE_CENTRE
    size = np.linalg.norm(arm, axis=1)
    delta[which] += arm * (np.maximum(size, EYE_RADIUS + CLEARANCE) / size - 1.0)[:, None]


def _fissure(head: DemoHead, ring: int) -> np.ndarray:
    """Height of the upper over the lower margin at each step of a ring (the step facing it has the same)."""
    y = head.vertices[head.topology.eye[ring], 1]
    return np.abs(y - np.roll(y[::-1], 1))


def _turned_ball(head: DemoHead, axis: int, angle: float) -> np.ndarray:
    arm = head.vertices[head.parts["eye_left"]] - EYE_CENTRE
    c, s = np.cos(angle), np.sin(angle)
    a, b = (axis + 1) % 3, (axis + 2) % 3
    turned = arm.copy()
    turned[:, a], turned[:, b] = c * arm[:, a] - s * arm[:, b], s * arm[:, a] + c * arm[:, b]
    return turned - arm


def lid_shapes(head: DemoHead) -> dict[str, tuple[np.ndarray, dict[str, np.ndarray]]]:
    """Left eye: ARKit name without its side -> (skin delta, {part: delta}) [cm]."""
    still = np.zeros((head.skin_count, 3))
    return {
        "eyeBlink": (_slide(head, SEAM_PLACE - 1.0, SEAM_PLACE, CLOSED_SEAM), {}),
        "eyeWide": (_slide(head, 0.22, -0.05), {}),
        "eyeSquint": (_slide(head, -0.14, 0.24), {}),
        "eyeLookUp": (_slide(head, 0.16, 0.05), {"eye_left": _turned_ball(head, 0, -LOOK_ANGLE)}),
        "eyeLookDown": (_slide(head, -0.36, -0.08), {"eye_left": _turned_ball(head, 0, LOOK_ANGLE)}),
        "eyeLookIn": (still, {"eye_left": _turned_ball(head, 1, -LOOK_ANGLE)}),
        "eyeLookOut": (still, {"eye_left": _turned_ball(head, 1, LOOK_ANGLE)}),
    }
