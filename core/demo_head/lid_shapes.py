# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Lid and gaze shapes of the left eye: the lids slide over the globe, the ball turns in its socket."""

from __future__ import annotations

import numpy as np

from .eyes import MARGIN_RINGS
from .features import EYE_CENTRE, LID_THICKNESS, lid_height
from .head import DemoHead
from .layout import LID_RING

# Share of the margin's slide that each ring takes, from the hole's border inwards to the socket.
OUTER_SHARES = (0.0, 0.06, 0.20, 0.45, 0.75, 1.0)
SOCKET_SHARES = (0.85, 0.5, 0.18)
CLOSED_SEAM = 0.02  # [cm] between the margins of the closed eye
SEAM_PLACE = 0.12  # the closed seam, share of the way from the lower to the upper margin
LOOK_ANGLE = 0.42  # [rad]


def _slide(head: DemoHead, upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """Skin delta (skin_count, 3) for vertical margin slides [cm] at the 32 ring steps (each used on its own lid)."""
    delta = np.zeros((head.skin_count, 3))
    ring = head.topology.eye
    steps = np.arange(ring.shape[1])
    is_upper = (steps > 0) & (steps < ring.shape[1] // 2)
    move = np.where(is_upper, upper, lower)
    last = LID_RING + MARGIN_RINGS
    for r in range(last + len(SOCKET_SHARES) + 1):
        if r <= LID_RING:
            share, inflate = OUTER_SHARES[r], LID_THICKNESS
        elif r <= last:
            share, inflate = 1.0, LID_THICKNESS * (last - r) / MARGIN_RINGS
        else:
            share, inflate = SOCKET_SHARES[r - last - 1], 0.0
        p = head.vertices[ring[r]]
        y = p[:, 1] + share * move
        rise = lid_height(p[:, 0], y, inflate) - lid_height(p[:, 0], p[:, 1], inflate)
        delta[ring[r], 1] = share * move
        delta[ring[r], 2] = np.clip(rise, -0.6, 0.6)
    return delta


def _margin_gap(head: DemoHead) -> np.ndarray:
    """Height of the upper over the lower margin at each ring step (the step facing it has the same)."""
    y = head.vertices[head.topology.eye[LID_RING], 1]
    facing = np.roll(y[::-1], 1)
    return np.abs(y - facing)


def _turned_ball(head: DemoHead, axis: int, angle: float) -> np.ndarray:
    arm = head.vertices[head.parts["eye_left"]] - EYE_CENTRE
    c, s = np.cos(angle), np.sin(angle)
    a, b = (axis + 1) % 3, (axis + 2) % 3
    turned = arm.copy()
    turned[:, a], turned[:, b] = c * arm[:, a] - s * arm[:, b], s * arm[:, a] + c * arm[:, b]
    return turned - arm


def lid_shapes(head: DemoHead) -> dict[str, tuple[np.ndarray, dict[str, np.ndarray]]]:
    """Left eye: ARKit name without its side -> (skin delta, {part: delta}) [cm]."""
    gap = _margin_gap(head)
    profile = gap / gap.max()
    seam = np.minimum(CLOSED_SEAM, 0.5 * gap)
    none = np.zeros_like(gap)
    blink = _slide(head, -(gap * (1.0 - SEAM_PLACE) - seam / 2), gap * SEAM_PLACE - seam / 2)
    return {
        "eyeBlink": (blink, {}),
        "eyeWide": (_slide(head, 0.22 * profile, -0.05 * profile), {}),
        "eyeSquint": (_slide(head, -0.14 * profile, 0.24 * profile), {}),
        "eyeLookUp": (_slide(head, 0.16 * profile, 0.05 * profile), {"eye_left": _turned_ball(head, 0, -LOOK_ANGLE)}),
        "eyeLookDown": (_slide(head, -0.36 * profile, -0.08 * profile), {"eye_left": _turned_ball(head, 0, LOOK_ANGLE)}),
        "eyeLookIn": (_slide(head, none, none), {"eye_left": _turned_ball(head, 1, -LOOK_ANGLE)}),
        "eyeLookOut": (_slide(head, none, none), {"eye_left": _turned_ball(head, 1, LOOK_ANGLE)}),
    }
