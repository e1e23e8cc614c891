# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Quantities over the skin, and the colours that show them."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .face import FaceModel

# Five colours of matplotlib's viridis (CC0): brightness rises evenly, also for the colour-blind.
_RAMP = np.array([[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]]) / 255.0


def skin_strain(model: "FaceModel", skin: np.ndarray) -> np.ndarray:
    """(V,) largest stretch or shortening of the skin (V, 3) against the neutral, as a share; mean of the triangles
    around each vertex, 0 off the skin.

    Principal stretches of a triangle: singular values of its in-plane deformation gradient.
    """
    triangles = model.rig.triangles
    rest, now = _planar(model.neutral, triangles), _planar(skin, triangles)
    good = np.abs(np.linalg.det(rest)) > 1e-12 * np.abs(np.linalg.det(rest)).max()
    strain = np.zeros(len(triangles))
    strain[good] = np.abs(_singular_values(now[good] @ np.linalg.inv(rest[good])) - 1.0).max(0)
    count = np.bincount(triangles.ravel(), minlength=len(skin))
    return np.bincount(triangles.ravel(), np.repeat(strain, 3), len(skin)) / np.maximum(count, 1)


def _singular_values(f: np.ndarray) -> np.ndarray:
    """(2, F) singular values of 2 x 2 matrices: half of |z1| +- |z2| for z = (a + d, c - b), (a - d, c + b)."""
    a, b, c, d = f[:, 0, 0], f[:, 0, 1], f[:, 1, 0], f[:, 1, 1]
    one, two = np.hypot(a + d, c - b), np.hypot(a - d, c + b)
    return 0.5 * np.stack([one + two, np.abs(one - two)])


def _planar(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(F, 2, 2) edge vectors of triangles as columns, each in a frame of its own plane."""
    a, b = (points[triangles[:, k]] - points[triangles[:, 0]] for k in (1, 2))
    length = np.linalg.norm(a, axis=1)
    safe = np.where(length > 0.0, length, 1.0)
    along = np.einsum("fi,fi->f", a, b) / safe
    across = np.linalg.norm(np.cross(a, b), axis=1) / safe
    return np.stack([np.stack([length, along], 1), np.stack([np.zeros_like(length), across], 1)], 1)


def distance_mm(model: "FaceModel", skin: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(V,) distance between two states of the mesh in millimetres."""
    return model.mm_per_unit * np.linalg.norm(skin - other, axis=1)


def colours(values: np.ndarray, full: float) -> np.ndarray:
    """(V, 4) float32 linear colours of values from 0 to ``full`` and beyond."""
    place = np.clip(values / full if full > 0.0 else np.zeros_like(values), 0.0, 1.0) * (len(_RAMP) - 1)
    stops = np.arange(len(_RAMP))
    out = np.ones((len(values), 4), np.float32)
    shown = np.stack([np.interp(place, stops, _RAMP[:, k]) for k in range(3)], 1)
    # The ramp is meant for the screen: sRGB (IEC 61966-2-1), which renderers take as linear light.
    out[:, :3] = np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
    return out
