# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Skin vertices carried by tets: barycentric embedding."""

import numpy as np
import scipy.sparse as sp
from scipy.spatial import cKDTree

from ..parallel import run_all, workers
from ..physics.matrix3 import inverse

CANDIDATES = 32  # nearest tets among which the carrier of a vertex is chosen


def carrying_tets(
    points: list[np.ndarray], normals: list[np.ndarray], nodes: list[np.ndarray], tets: np.ndarray
) -> np.ndarray:
    """Index (P,) of the tet that carries each skin point: the one it lies in, else the least far away.

    points, normals: skin (P, 3) with outward normals · nodes: (N, 3), each given in several poses of which the first
    keeps the sheets of skin apart and finds the candidates · tets: (T, 4). The tet must serve in all poses. Tets on
    the outer side of a point belong to another sheet and are avoided.
    """
    tree, carriers = cKDTree(nodes[0][tets].mean(1)), [_Carriers(x, tets) for x in nodes]

    def some(part: np.ndarray) -> np.ndarray:
        _, near = tree.query(points[0][part], k=min(CANDIDATES, len(tets)))
        score = sum(c.misfit(p[part], n[part], near) for c, p, n in zip(carriers, points, normals, strict=True))
        return near[np.arange(len(near)), score.argmin(1)]

    parts = np.array_split(np.arange(len(points[0])), workers())
    return np.concatenate(run_all([lambda p=p: some(p) for p in parts]))


class _Carriers:
    """The tets (T, 4) over nodes (N, 3) as what may carry a point."""

    def __init__(self, nodes: np.ndarray, tets: np.ndarray) -> None:
        corners = nodes[tets]
        self._inverse = inverse((corners[:, 1:] - corners[:, :1]).transpose(0, 2, 1))[1]
        gradients = np.concatenate([-self._inverse.sum(1, keepdims=True), self._inverse], axis=1)
        self._height = 1.0 / np.linalg.norm(gradients, axis=2)
        self._first, self._centre = corners[:, 0], corners.mean(1)

    def misfit(self, points: np.ndarray, normals: np.ndarray, near: np.ndarray) -> np.ndarray:
        """(P, C) how badly each candidate tet carries each point [cm]."""
        local = np.einsum("pcij,pcj->pci", self._inverse[near], points[:, None] - self._first[near])
        bary = np.concatenate([1.0 - local.sum(2, keepdims=True), local], axis=2)
        outside = np.maximum((-bary * self._height[near]).max(2), 0.0)
        inward = np.einsum("pci,pi->pc", points[:, None] - self._centre[near], normals)
        # Distance decides; a little of the weights themselves, so that no flat tet is extrapolated wildly.
        return outside + 0.1 * np.maximum(-bary.min(2), 0.0) + 0.5 * np.maximum(-inward, 0.0)


def embedding_matrix(points: np.ndarray, nodes: np.ndarray, tets: np.ndarray, carrier: np.ndarray) -> sp.csr_matrix:
    """(P, N) barycentric weights S with S @ nodes = points, each point in its carrying tet."""
    corners = nodes[tets[carrier]]
    edges = (corners[:, 1:] - corners[:, :1]).transpose(0, 2, 1)
    local = np.linalg.solve(edges, (points - corners[:, 0])[:, :, None])[:, :, 0]
    bary = np.concatenate([1.0 - local.sum(1, keepdims=True), local], axis=1)
    rows = np.repeat(np.arange(len(points)), 4)
    return sp.csr_matrix((bary.ravel(), (rows, tets[carrier].ravel())), shape=(len(points), len(nodes)))
