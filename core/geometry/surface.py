# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Polygon surfaces: triangles, edges, loose parts, borders, normals and smoothing."""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components


def triangulate(faces: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Fan triangles of the polygons: (T, 3) vertex indices and (T,) the face each came from.

    Faces with fewer than three corners give no triangle.
    """
    sizes = np.fromiter((len(f) for f in faces), dtype=np.int64, count=len(faces))
    triangles, owners = [], []
    for size in np.unique(sizes[sizes >= 3]):
        rows = np.flatnonzero(sizes == size)
        polygons = np.array([faces[i] for i in rows], dtype=np.int64)
        for k in range(1, size - 1):
            triangles.append(polygons[:, [0, k, k + 1]])
            owners.append(rows)
    if not triangles:
        return np.zeros((0, 3), np.int64), np.zeros(0, np.int64)
    triangles, owners = np.concatenate(triangles), np.concatenate(owners)
    order = np.argsort(owners, kind="stable")
    return triangles[order], owners[order]


def half_edges(triangles: np.ndarray) -> np.ndarray:
    """Directed edges (3T, 2) in the winding of the triangles."""
    return triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)


def adjacency(vertex_count: int, triangles: np.ndarray) -> sp.csr_matrix:
    """Symmetric 0/1 vertex adjacency (V, V)."""
    e = half_edges(triangles)
    a = sp.coo_matrix((np.ones(len(e)), (e[:, 0], e[:, 1])), shape=(vertex_count, vertex_count)).tocsr()
    a = a + a.T
    a.data[:] = 1.0
    return a


def loose_parts(vertex_count: int, triangles: np.ndarray) -> np.ndarray:
    """Label (V,) of the connected part of each vertex; -1 where no triangle uses it."""
    _, labels = connected_components(adjacency(vertex_count, triangles), directed=False)
    used = np.zeros(vertex_count, bool)
    used[triangles.ravel()] = True
    labels[used] = np.unique(labels[used], return_inverse=True)[1]
    labels = labels.astype(np.int64)
    labels[~used] = -1
    return labels


def border_loops(triangles: np.ndarray) -> list[np.ndarray]:
    """Vertex loops of the open borders, longest first.

    A directed edge without its opposite is a border edge; where borders touch in a vertex the walk
    takes any of the ways on, so every border edge is in exactly one loop.
    """
    e = half_edges(triangles)
    n = int(triangles.max()) + 1 if len(triangles) else 1
    key, opposite = e[:, 0] * n + e[:, 1], e[:, 1] * n + e[:, 0]
    border = e[~np.isin(key, opposite)]
    onward: dict[int, list[int]] = {}
    for a, b in border.tolist():
        onward.setdefault(a, []).append(b)
    loops = []
    for start in list(onward):
        while onward.get(start):
            loop, here = [], start
            while onward.get(here):
                loop.append(here)
                here = onward[here].pop()
                if here == start:
                    break
            loops.append(np.array(loop))
    return sorted(loops, key=len, reverse=True)


def triangle_normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Area vectors (T, 3): normal times the area."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    return 0.5 * np.cross(b - a, c - a)


def vertex_areas(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """A third of the area of the triangles around each vertex (V,)."""
    area = np.linalg.norm(triangle_normals(vertices, triangles), axis=1) / 3.0
    return np.bincount(triangles.ravel(), np.repeat(area, 3), minlength=len(vertices))


def vertex_normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Unit area-weighted normals (V, 3); zero where no triangle uses the vertex."""
    n = np.repeat(triangle_normals(vertices, triangles), 3, axis=0)
    index = triangles.ravel()
    total = np.stack([np.bincount(index, n[:, k], minlength=len(vertices)) for k in range(3)], axis=1)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.divide(total, length, out=np.zeros_like(total), where=length > 0)


def smooth(values: np.ndarray, neighbours: sp.spmatrix, steps: int, keep: float = 0.0) -> np.ndarray:
    """Average `values` (V,) or (V, k) over the neighbours `steps` times, keeping a share `keep` of its own."""
    degree = np.asarray(neighbours.sum(axis=1)).ravel()
    average = sp.diags(1.0 / np.maximum(degree, 1.0)) @ neighbours
    lonely = degree == 0
    for _ in range(steps):
        mean = average @ values
        mean[lonely] = values[lonely]
        values = keep * values + (1.0 - keep) * mean
    return values


def smoothed_normals(vertices: np.ndarray, triangles: np.ndarray, neighbours: sp.spmatrix) -> np.ndarray:
    """(n, 3) unit normals of vertices (n, 3), smoothed so that points on both sides of a crease sink the same way."""
    normals = smooth(vertex_normals(vertices, triangles), neighbours, 4, keep=0.3)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)


def closest_vertices(points: np.ndarray, vertices: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Index into `vertices` of the nearest of the vertices `among` for each of `points` (P, 3)."""
    from scipy.spatial import cKDTree

    return among[cKDTree(vertices[among]).query(points)[1]]
