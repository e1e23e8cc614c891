# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The auricle: rings from its root on the head over the back of the ear and the helix into the concha, left side."""

from __future__ import annotations

import numpy as np

from .layout import EAR_RING
from .mouth import fill_cap
from .topology import Topology

PLANE_TURN = 0.42  # [rad] the back edge stands off the head
LEAN = 0.20  # [rad] the ear leans back
CENTRE = np.array([7.85, -1.7, -1.35])  # middle of the ear's plane
HALF_WIDTH, HALF_HEIGHT = 1.65, 3.1
# Front of the ear: distance from the outline's middle (share of the outline), height over the ear's plane [cm].
PROFILE = np.array(
    [
        (1.00, -0.10),  # rim, from behind
        (1.00, 0.14),  # top of the helix
        (0.90, 0.22),
        (0.81, 0.14),  # inner edge of the helix
        (0.75, -0.04),  # scapha
        (0.63, 0.04),
        (0.53, 0.10),  # antihelix
        (0.44, -0.02),
        (0.38, -0.35),
        (0.30, -0.55),  # concha
    ]
)
BACK_SHARES = (0.35, 0.72)  # rings on the back of the ear, share of the way from root to rim
EAR_RINGS = EAR_RING + len(BACK_SHARES) + len(PROFILE)


def _outline(angle: np.ndarray) -> np.ndarray:
    """Egg-shaped outline (n, 2): backwards, upwards [cm]; angle 0 behind, pi / 2 above."""
    up = np.sin(angle)
    width = HALF_WIDTH * (1.0 + 0.16 * up - 0.10 * np.maximum(-up, 0.0))
    return np.stack([width * np.cos(angle) + 0.15 * up, HALF_HEIGHT * up], axis=1)


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
    lobe = np.clip((-np.sin(angle) - 0.55) / 0.4, 0.0, 1.0)
    front = np.clip((-np.cos(angle) - 0.3) / 0.5, 0.0, 1.0)

    first = EAR_RING + len(BACK_SHARES) + 1
    for number, (share, height) in enumerate(PROFILE):
        # lobe and tragus carry no helix: flatter, and the concha stays off the lobe
        relief = height * (1.0 - 0.75 * lobe) * (1.0 - 0.6 * front * (share > 0.5))
        plane = outline * share + np.array([-0.12, 0.25]) * (1.0 - share)
        p = CENTRE + plane[:, :1] * plane_back + plane[:, 1:] * up + relief[:, None] * normal
        x[top.ear[first + number]] = p
    rim, root = x[top.ear[first]], x[top.ear[EAR_RING]]
    for number, share in enumerate(BACK_SHARES, start=1):
        hollow = 0.25 * np.sin(np.pi * share) * (1.0 - front)
        x[top.ear[EAR_RING + number]] = root + (rim - root) * share - hollow[:, None] * normal
    fill_cap(x, top.concha, half=False)
