# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The auricle: rings from its root on the head over the back of the ear and the helix into the concha, left side."""

from __future__ import annotations

import numpy as np

from ..geometry.smoothstep import smoothstep
from .layout import EAR_RING
from .mouth import fill_cap
from .topology import Topology

PLANE_TURN = 0.42  # [rad] the back edge stands off the head
LEAN = 0.20  # [rad] the ear leans back
CENTRE = np.array([8.0, -1.7, -1.35])  # middle of the ear's plane
HALF_WIDTH, HALF_HEIGHT = 1.65, 3.1
# Front of the ear from rim to concha: distance from the outline's middle (share of the outline), height over the ear's
# plane [cm]; one profile each for the helix side, the tragus side and the lobe.
HELIX = [
    (1.00, -0.10),
    (1.02, 0.10),
    (0.95, 0.22),
    (0.85, 0.16),
    (0.78, -0.06),
    (0.68, 0.00),
    (0.58, 0.16),
    (0.48, 0.02),
    (0.42, -0.30),
    (0.30, -0.45),
]
TRAGUS = [
    (1.00, -0.10),
    (0.98, 0.02),
    (0.94, 0.10),
    (0.88, 0.18),
    (0.80, 0.28),
    (0.70, 0.34),
    (0.62, 0.30),
    (0.60, 0.08),
    (0.56, -0.25),
    (0.36, -0.42),
]
LOBE = [
    (1.00, -0.10),
    (1.00, 0.06),
    (0.94, 0.16),
    (0.86, 0.19),
    (0.77, 0.19),
    (0.67, 0.17),
    (0.57, 0.12),
    (0.48, 0.02),
    (0.42, -0.25),
    (0.30, -0.43),
]
CONCHA_SHIFT = np.array([-0.45, -0.20])  # [cm] the concha lies in front of and below the middle
BACK_SHARES = (0.35, 0.72)  # rings on the back of the ear, share of the way from root to rim
EAR_RINGS = EAR_RING + len(BACK_SHARES) + len(HELIX)


def _outline(angle: np.ndarray) -> np.ndarray:
    """Egg-shaped outline (n, 2): backwards, upwards [cm]; angle 0 behind, pi / 2 above."""
    up = np.sin(angle)
    width = HALF_WIDTH * (1.0 + 0.16 * up - 0.10 * np.maximum(-up, 0.0))
    return np.stack([width * np.cos(angle) + 0.15 * up, HALF_HEIGHT * up], axis=1)


def _ramp(value: np.ndarray, low: float, high: float) -> np.ndarray:
    return smoothstep((value - low) / (high - low))


def place_ear(x: np.ndarray, top: Topology) -> None:
    """Fill in the ear rings. x: (count, 3) with the outer skin set; changed in place."""
    steps = top.ear.shape[1]
    angle = 2.0 * np.pi * np.arange(steps) / steps
    back = np.array([0.0, -np.sin(LEAN), -np.cos(LEAN)])
    up = np.array([0.0, np.cos(LEAN), -np.sin(LEAN)])
    out = np.array([1.0, 0.0, 0.0])
    plane_back = np.cos(PLANE_TURN) * back + np.sin(PLANE_TURN) * out
    normal = np.cos(PLANE_TURN) * out - np.sin(PLANE_TURN) * back
    outline = _outline(angle)
    lobe = _ramp(-np.sin(angle), 0.70, 0.98)
    tragus = _ramp(-np.cos(angle + 0.1), 0.80, 0.99) * (1.0 - lobe)
    profile = (
        np.multiply.outer(1.0 - lobe - tragus, HELIX)
        + np.multiply.outer(tragus, TRAGUS)
        + np.multiply.outer(lobe, LOBE)
    )

    first = EAR_RING + len(BACK_SHARES) + 1
    for number in range(len(HELIX)):
        share, height = profile[:, number, :1], profile[:, number, 1:]
        plane = outline * share + CONCHA_SHIFT * (1.0 - share)
        x[top.ear[first + number]] = CENTRE + plane[:, :1] * plane_back + plane[:, 1:] * up + height * normal
    rim, root = x[top.ear[first]], x[top.ear[EAR_RING]]
    for number, share in enumerate(BACK_SHARES, start=1):
        hollow = 0.25 * np.sin(np.pi * share) * _ramp(np.cos(angle), 0.0, 0.7)
        x[top.ear[EAR_RING + number]] = root + (rim - root) * share - hollow[:, None] * normal
    fill_cap(x, top.concha, half=False)
