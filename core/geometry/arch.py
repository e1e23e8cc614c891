# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Upright elliptic cylinders that stand for the rows of teeth (dental arches are near half ellipses: Currier 1969).

An arch is (z of the axis, half width along x, half depth along z) [cm]."""

import numpy as np


def heights(points: np.ndarray, arch: np.ndarray) -> np.ndarray:
    """(P,) distance [cm] of points (P, 3) from their arches (P, 3) or (3,), along the ray from the axis."""
    x, z = points[:, 0], points[:, 2] - arch[..., 0]
    share = np.hypot(x / arch[..., 1], z / arch[..., 2])
    return np.hypot(x, z) * (1.0 - 1.0 / np.maximum(share, 1e-6))


def outward(points: np.ndarray, arch: np.ndarray) -> np.ndarray:
    """(P, 3) unit normals of the ellipses through points (P, 3) that are like their arches (P, 3)."""
    x, z = points[:, 0], points[:, 2] - arch[..., 0]
    out = np.stack([x / arch[..., 1] ** 2, np.zeros(len(points)), z / arch[..., 2] ** 2], axis=1)
    return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)
