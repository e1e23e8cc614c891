# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What makes a simulated motion a clean shape: facets smoothed away, tiny motions gone, both sides alike."""

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp
from scipy.spatial import cKDTree

from ..geometry import surface
from ..geometry.smoothstep import smoothstep
from ..physics.equilibrium import factor

FACET = 0.12
"""Length over which motion is smoothed [cm], below the size of a tet."""

STILL = (0.006, 0.03)
"""Motions below the first length become exactly zero, above the second they stay [cm]."""

TWIN_GAP = 2e-3
"""How far a vertex may lie from another's mirror image to be its twin [cm]."""


def smoother(x: np.ndarray, triangles: np.ndarray, vertices: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Solver (n, 3) -> (n, 3) of (M + FACET^2 C) u = M v on a surface: M areas, C cotangent stiffness of its triangles
    (V-indexed) over ``vertices`` (n,)."""
    index = np.full(len(x), -1)
    index[vertices] = np.arange(len(vertices))
    t, p = index[triangles], x[vertices]
    rows, cols, values = [], [], []
    for k in range(3):
        a, b, c = (p[t[:, (k + m) % 3]] for m in range(3))
        cross = np.linalg.norm(np.cross(b - a, c - a), axis=1)
        cot = np.clip(((b - a) * (c - a)).sum(axis=1) / np.maximum(cross, 1e-9), 0.0, 5.0)
        i, j = t[:, (k + 1) % 3], t[:, (k + 2) % 3]
        rows += [i, j, i, j]
        cols += [j, i, i, j]
        values += [-0.5 * cot, -0.5 * cot, 0.5 * cot, 0.5 * cot]
    n = len(vertices)
    stiffness = sp.csr_matrix((np.concatenate(values), (np.concatenate(rows), np.concatenate(cols))), shape=(n, n))
    mass = np.maximum(surface.vertex_areas(p, t), 1e-9)
    solve = factor(sp.diags(mass) + FACET**2 * stiffness).solve
    return lambda motion: solve(mass[:, None] * motion)


def without_tiny(motion: np.ndarray) -> np.ndarray:
    """Motion (V, 3) [cm] with what no eye sees faded to exact zero."""
    size = np.linalg.norm(motion, axis=1, keepdims=True)
    low, high = STILL
    return motion * smoothstep((size - low) / (high - low))


def mirror_twins(x: np.ndarray, middle: float) -> np.ndarray | None:
    """(V,) the vertex on the other side of each, for x (V, 3) symmetric about the plane x = middle; None otherwise."""
    image = x * [-1.0, 1.0, 1.0] + [2.0 * middle, 0.0, 0.0]
    gap, twin = cKDTree(x).query(image)
    if (gap > TWIN_GAP).any() or not np.array_equal(twin[twin], np.arange(len(x))):
        return None
    return twin


def mirrored(motion: np.ndarray, twins: np.ndarray) -> np.ndarray:
    """A motion (V, 3) as the mirror shows it."""
    return motion[twins] * [-1.0, 1.0, 1.0]
