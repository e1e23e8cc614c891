# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Points at a prescribed, varying spacing: on surfaces and in volumes (Poisson-disk elimination)."""

import numpy as np
from scipy.spatial import cKDTree


def surface_candidates(
    points: np.ndarray, triangles: np.ndarray, size: np.ndarray, rng: np.random.Generator, density: float = 9.0
) -> tuple[np.ndarray, np.ndarray]:
    """Random points on triangles, ``density`` of them per square of the local ``size`` (V,) [cm].

    Returns triangle (n,) and bary (n, 3).
    """
    a, b, c = (points[triangles[:, k]] for k in range(3))
    area = 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1)
    expected = density * area / size[triangles].mean(1) ** 2
    count = rng.poisson(expected)
    triangle = np.repeat(np.arange(len(triangles)), count)
    u = np.sqrt(rng.random(len(triangle)))
    v = rng.random(len(triangle))
    return triangle, np.stack([1.0 - u, u * (1.0 - v), u * v], axis=1)


def thin(
    points: np.ndarray, radius: np.ndarray, *, normals: np.ndarray | None = None, occupied: np.ndarray | None = None
) -> np.ndarray:
    """Indices of a maximal subset, in the given order of preference, no two nearer than the radius of the first.

    With ``normals`` (P, 3) points whose normals disagree (two sheets back to back) do not see each other;
    ``occupied`` (Q, 3) are points taken already: candidates nearer than their own radius go first of all.
    """
    alive = np.ones(len(points), bool)
    if occupied is not None and len(occupied):
        alive &= cKDTree(occupied).query(points)[0] >= radius
    tree = cKDTree(points)
    kept = []
    for i in range(len(points)):
        if not alive[i]:
            continue
        kept.append(i)
        near = np.asarray(tree.query_ball_point(points[i], radius[i]))
        if normals is not None:
            near = near[normals[near] @ normals[i] > 0.2]
        alive[near] = False
    return np.asarray(kept, np.int64)


def on_triangles(values: np.ndarray, triangles: np.ndarray, triangle: np.ndarray, bary: np.ndarray) -> np.ndarray:
    """(n, ...) vertex ``values`` (V, ...) at the points ``bary`` (n, 3) of some triangles (n,)."""
    return np.einsum("pk,pk...->p...", bary, values[triangles[triangle]])


def grid(axes: list[np.ndarray]) -> np.ndarray:
    """(n, 3) points of the grid over three axes."""
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)


def body_centred_lattice(
    low: np.ndarray, high: np.ndarray, spacing: float, crop: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Points of a body-centred cubic lattice with nearest-neighbour distance ``spacing`` in the box from low to high,
    those of them that a smaller box ``crop`` may hold."""
    a = spacing * 2.0 / np.sqrt(3.0)
    axes = [np.arange(lo, hi + a, a) for lo, hi in zip(low, high, strict=True)]
    axes = [x[(x > lo - a) & (x < hi)] for x, lo, hi in zip(axes, *crop, strict=True)]
    corners = grid(axes)
    return np.concatenate([corners, corners + 0.5 * a])
