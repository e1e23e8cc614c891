# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The red lips and the mouth bag: rings inside the lip border, left half."""

from __future__ import annotations

import numpy as np

from .layout import LIP_RING
from .topology import Topology

CORNER_STEP = 16  # ring step of the corner of the mouth; lower steps are the lower lip, higher ones the upper lip
PARTING_RING = LIP_RING + 4  # front edge where the lips face each other
LIP_DEPTHS = (0.25, 0.55)  # [cm] further rings along the facing surfaces of the lips
GAP = 0.07  # [cm] between the lips at rest
PARTING_HALF_WIDTH = 2.45

# Mouth bag behind the lips: half width, upper height, lower height, depth at the midline (upper, lower), depth at the
# side.
BAG = np.array(
    [
        (2.46, 0.55, 0.45, 9.15, 9.00, 7.90),
        (2.55, 1.20, 1.05, 9.00, 8.70, 7.50),
        (2.68, 1.60, 1.45, 8.80, 8.50, 7.10),
        (2.75, 1.90, 1.80, 8.30, 8.10, 6.70),
        (2.75, 2.00, 2.00, 7.50, 7.50, 6.20),
        (2.65, 1.95, 2.00, 6.70, 6.80, 5.80),
        (2.35, 1.70, 1.80, 6.00, 6.05, 5.50),
        (1.80, 1.25, 1.40, 5.60, 5.65, 5.35),
    ]
)
BAG_HEIGHT = -6.85
MOUTH_RINGS = PARTING_RING + len(LIP_DEPTHS) + len(BAG)


def parting_height(x: np.ndarray) -> np.ndarray:
    """Height y [cm] of the line where the lips meet."""
    s = np.abs(x) / PARTING_HALF_WIDTH
    return -6.74 + 0.05 * np.exp(-(((s - 0.35) / 0.2) ** 2)) - 0.09 * s**3


def _bezier(p0: np.ndarray, p1: np.ndarray, p2: np.ndarray, p3: np.ndarray, t: float) -> np.ndarray:
    s = 1.0 - t
    return s**3 * p0 + 3 * s * s * t * p1 + 3 * s * t * t * p2 + t**3 * p3


def place_mouth(x: np.ndarray, top: Topology) -> None:
    """Fill in lips and bag. x: (count, 3) with the outer skin set; changed in place."""
    ring = top.mouth
    steps = np.arange(ring.shape[1])
    f = np.abs(steps - CORNER_STEP) / CORNER_STEP
    upper = steps >= CORNER_STEP
    sign = np.where(upper, 1.0, -1.0)
    border = x[ring[LIP_RING]]
    facing = border[::-1]  # same distance from the corner on the other lip

    part = np.zeros_like(border)
    part[:, 0] = PARTING_HALF_WIDTH * (1.0 - f**1.3)
    opening = np.clip(f / 0.25, 0.0, 1.0)
    part[:, 1] = parting_height(part[:, 0]) + sign * 0.5 * GAP * opening * (2.0 - opening)
    part[:, 2] = 0.5 * (border[:, 2] + facing[:, 2]) - 0.10 + 0.02 * (1.0 - f) ** 2
    fullness = (1.0 - (1.0 - f) ** 2) ** 0.8
    bulge = np.where(upper, 0.30, 0.36) * fullness
    p1 = border + 0.0
    p1[:, 1] += (part[:, 1] - border[:, 1]) * 0.30
    p1[:, 2] += bulge * 0.75
    p2 = part + 0.0
    p2[:, 1] -= (part[:, 1] - border[:, 1]) * 0.04
    p2[:, 2] += bulge * 1.55
    p1[:, 0] += (part[:, 0] - border[:, 0]) * 0.3
    for number, t in enumerate((0.24, 0.50, 0.76, 1.0), start=1):
        x[ring[LIP_RING + number]] = _bezier(border, p1, p2, part, t)
    for number, depth in enumerate(LIP_DEPTHS, start=1):
        inner = part.copy()
        inner[:, 2] -= depth * (0.6 + 0.4 * f)
        inner[:, 1] += sign * 0.05 * number**2 * 0.5 * opening
        x[ring[PARTING_RING + number]] = inner
    _place_bag(x, top, f, sign)


def _place_bag(x: np.ndarray, top: Topology, f: np.ndarray, sign: np.ndarray) -> None:
    angle = 0.5 * np.pi * f
    across, along = np.cos(angle) ** 0.75, np.sin(angle) ** 0.75
    across[f == 1.0] = 0.0
    first = PARTING_RING + len(LIP_DEPTHS) + 1
    for number, (width, up, down, z_up, z_down, z_side) in enumerate(BAG):
        height = np.where(sign > 0, up, down)
        z_mid = np.where(sign > 0, z_up, z_down)
        px = width * across
        z = z_mid + (z_side - z_mid) * (px / width) ** 2
        x[top.mouth[first + number]] = np.stack([px, BAG_HEIGHT + sign * height * along, z], axis=1)
    fill_cap(x, top.bag, half=True)
    inner = top.bag[:-1, 1:-1]
    n, m = top.bag.shape
    i, j = np.meshgrid(np.arange(n - 1) / (n - 1), np.arange(1, m - 1) / (m - 1), indexing="ij")
    x[inner, 2] -= 0.8 * (1.0 - i**2) * j * (1.0 - j)  # the throat side bulges


def fill_cap(x: np.ndarray, block: np.ndarray, half: bool) -> None:
    """Spread the inner vertices of a cap grid between its rim by repeated averaging. half: the first column is the
    midline.
    """
    inner = np.zeros(block.shape, bool)
    inner[(0 if half else 1) : -1, 1:-1] = True
    grid = x[block]
    rim = grid[~inner].mean(axis=0)
    grid[inner] = rim
    for _ in range(60):
        padded = np.concatenate([grid[1:2] * [-1.0, 1.0, 1.0], grid], axis=0) if half else grid
        mean = np.zeros_like(padded)
        mean[1:-1, 1:-1] = (padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]) / 4.0
        mean = mean[1:] if half else mean
        grid[inner] = mean[inner]
    x[block] = grid
