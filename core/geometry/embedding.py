# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Skin vertices carried by tets: barycentric embedding."""

import numpy as np
import scipy.sparse as sp
from scipy.spatial import cKDTree

CANDIDATES = 32


def carrying_tets(
    points: list[np.ndarray], normals: list[np.ndarray], nodes: list[np.ndarray], tets: np.ndarray
) -> np.ndarray:
    """Index (P,) of the tet that carries each skin point: the one it lies in, else the least far away.

    points, normals: skin (P, 3) with outward normals · nodes: (N, 3), each given in several poses of which the first
    keeps the sheets of skin apart and finds the candidates · tets: (T, 4). The tet must serve in all poses. Tets on
    the outer side of a point belong to another sheet and are avoided.
    """
    centre = nodes[0][tets].mean(1)
    _, near = cKDTree(centre).query(points[0], k=min(CANDIDATES, len(tets)))
    score = sum(_misfit(*pose, tets, near) for pose in zip(points, normals, nodes, strict=True))
    return near[np.arange(len(near)), score.argmin(1)]


def _misfit(
    points: np.ndarray, normals: np.ndarray, nodes: np.ndarray, tets: np.ndarray, near: np.ndarray
) -> np.ndarray:
    """(P, C) how badly each candidate tet carries each point [cm]."""
    corners = nodes[tets]
    edges = (corners[:, 1:] - corners[:, :1]).transpose(0, 2, 1)
    inverse = np.linalg.inv(edges)
    gradients = np.concatenate([-inverse.sum(1, keepdims=True), inverse], axis=1)
    height = 1.0 / np.linalg.norm(gradients, axis=2)
    local = np.einsum("pcij,pcj->pci", inverse[near], points[:, None] - corners[near, 0])
    bary = np.concatenate([1.0 - local.sum(2, keepdims=True), local], axis=2)
    outside = np.maximum((-bary * height[near]).max(2), 0.0)
    inward = np.einsum("pci,pi->pc", points[:, None] - corners.mean(1)[near], normals)
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
