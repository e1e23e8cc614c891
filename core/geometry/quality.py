# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Shape of tets: signed volumes, dihedral angles, boundary faces."""

import numpy as np

FACES = np.array([[1, 2, 3], [0, 3, 2], [0, 1, 3], [0, 2, 1]])
"""Outward faces of a positively oriented tet; face k lies opposite corner k."""

EDGES = np.array([[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]])


def signed_volume(x: np.ndarray, tets: np.ndarray) -> np.ndarray:
    """(T,) signed volumes [cm3]."""
    e = x[tets[:, 1:]] - x[tets[:, :1]]
    return np.einsum("ti,ti->t", np.cross(e[:, 0], e[:, 1]), e[:, 2]) / 6.0


def oriented(x: np.ndarray, tets: np.ndarray) -> np.ndarray:
    """The same tets with corners ordered so that volumes are positive."""
    tets = tets.copy()
    flip = signed_volume(x, tets) < 0
    tets[flip, 2], tets[flip, 3] = tets[flip, 3], tets[flip, 2].copy()
    return tets


def min_dihedral(x: np.ndarray, tets: np.ndarray) -> np.ndarray:
    """(T,) smallest dihedral angle of each tet [degrees]."""
    p = x[tets]
    normals = np.stack([np.cross(p[:, f[1]] - p[:, f[0]], p[:, f[2]] - p[:, f[0]]) for f in FACES], axis=1)
    normals /= np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-300)
    cosines = np.stack([-np.einsum("ti,ti->t", normals[:, a], normals[:, b]) for a, b in EDGES], axis=1)
    return np.degrees(np.arccos(np.clip(cosines, -1.0, 1.0))).min(1)


def boundary_faces(tets: np.ndarray) -> np.ndarray:
    """(T, 4) bool: whether the face opposite each corner belongs to one tet only."""
    faces = np.sort(tets[:, FACES].reshape(-1, 3), axis=1).astype(np.int64)
    n = int(tets.max()) + 1
    key = (faces[:, 0] * n + faces[:, 1]) * n + faces[:, 2]
    _, inverse, count = np.unique(key, return_inverse=True, return_counts=True)
    return (count[inverse] == 1).reshape(-1, 4)


def unique_edges(cells: np.ndarray, edges: np.ndarray = EDGES) -> np.ndarray:
    """(E, 2) edges of tets, or of cells with other ``edges`` (k, 2), each once, smaller index first."""
    ends = np.sort(cells[:, edges].reshape(-1, 2), axis=1).astype(np.int64)
    n = int(ends.max(initial=0)) + 1
    return np.stack(np.divmod(np.unique(ends[:, 0] * n + ends[:, 1]), n), axis=1)
