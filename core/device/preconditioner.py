# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Multilevel additive Schwarz preconditioner for the projected stiffness, made for GPUs.

As in Wu, Wang, Wang, "A GPU-based multilevel additive Schwarz preconditioner for cloth and deformable body simulation"
(2022), the levels are nested aggregates of nodes and all corrections are added, so that applying it is a few gathers
and small dense products. Two things differ, both measured on faces: the functions of an aggregate are affine, not
constant (a face bends and turns), and only the node blocks follow the pose. The levels above are inverted once at
rest: affine functions stay affine when the flesh turns, so they age little.

Levels: nodes with 3 x 3 blocks at the current pose; aggregates of at most 32 nodes, inverted in groups of eight; and
up to 128 aggregates of those with one dense inverse.
"""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
import warp as wp
from scipy.sparse.csgraph import dijkstra

from ..physics.pattern import starts
from . import solve_kernels as kernels
from .flesh_kernels import vec3f

AGGREGATE = 32  # nodes of an aggregate, at most
GROUP = 8  # aggregates whose block is inverted as one
COARSE_LEVELS = 7  # halvings that make the coarse aggregates, whose stiffness is inverted whole

SHIFT = 1e-5
"""Share of its diagonal added to a coarse matrix: nodes in a plane leave an affine function undetermined."""


def bisected(graph: sp.csr_matrix, points: np.ndarray, levels: int) -> list[np.ndarray]:
    """2^levels parts of about equal size, each half of a whole: the nodes nearer to one of its two ends.

    graph: (n, n) edge lengths · points: (n, 3), which stand in where the graph falls apart. Ways go along edges, so
    that lips and lids part.
    """
    parts = [np.arange(len(points))]
    for _ in range(levels):
        parts = [half for part in parts for half in _halves(graph[part][:, part], points[part], part)]
    return parts


def _halves(graph: sp.csr_matrix, points: np.ndarray, part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    def distance(source: int) -> np.ndarray:
        d = dijkstra(graph, indices=source)
        out = ~np.isfinite(d)
        d[out] = d[~out].max() + np.linalg.norm(points[out] - points[source], axis=1)
        return d

    one = distance(int(np.argmax(distance(0))))
    order = np.argsort(one - distance(int(np.argmax(one))), kind="stable")
    middle = len(part) // 2
    return part[order[:middle]], part[order[middle:]]


def _affine(points: np.ndarray, label: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centre (count, 3) and size (count,) of each aggregate and each point's place (n, 3) in those."""
    size = np.bincount(label, minlength=count)
    centre = np.stack([np.bincount(label, points[:, k], count) for k in range(3)], axis=1) / size[:, None]
    place = points - centre[label]
    spread = np.sqrt(np.bincount(label, (place**2).sum(1), count) / size) + 1e-6
    return centre, spread, place / spread[label][:, None]


def _functions(place: np.ndarray, label: np.ndarray, count: int) -> sp.csr_matrix:
    """(3n, 12 count) values of the affine functions of the aggregates: column 12 a + 3 m + k, component k."""
    n = len(place)
    values = np.concatenate([np.ones((n, 1)), place], axis=1)
    rows = 3 * np.arange(n)[:, None, None] + np.arange(3)[None, None, :] + np.zeros((1, 4, 1), int)
    cols = 12 * label[:, None, None] + 3 * np.arange(4)[None, :, None] + np.arange(3)[None, None, :]
    entries = np.broadcast_to(values[:, :, None], rows.shape)
    return sp.csr_matrix((entries.ravel(), (rows.ravel(), cols.ravel())), shape=(3 * n, 12 * count))


def _inverse(matrix: np.ndarray) -> np.ndarray:
    """Inverse of a symmetric matrix (..., m, m), symmetric to the last bit."""
    shifted = matrix + SHIFT * matrix * np.eye(matrix.shape[-1])
    inverse = np.linalg.inv(shifted)
    return 0.5 * (inverse + np.swapaxes(inverse, -1, -2))


class Aggregates:
    """Nested aggregates of the free nodes. order: (n,) their numbering on the device, aggregate after aggregate."""

    def __init__(self, graph: sp.csr_matrix, points: np.ndarray) -> None:
        levels = max(int(np.ceil(np.log2(max(len(points), 1) / AGGREGATE))), 0)
        parts = bisected(graph, points, levels)
        self.order = np.concatenate(parts)
        self.start = starts([len(p) for p in parts])
        self.fine_count = len(parts)
        self.children = 2 ** max(levels - COARSE_LEVELS, min(levels, 2))
        self.coarse_count = self.fine_count // self.children
        self.label = np.repeat(np.arange(self.fine_count), np.diff(self.start))
        points = points[self.order]
        centre, size, self.place = _affine(points, self.label, self.fine_count)
        coarse_centre, coarse_size, coarse_place = _affine(points, self.label // self.children, self.coarse_count)
        parent = np.arange(self.fine_count) // self.children
        self.scale = size / coarse_size[parent]
        self.offset = (centre - coarse_centre[parent]) / coarse_size[parent][:, None]
        self.fine = _functions(self.place, self.label, self.fine_count)
        self.coarse = _functions(coarse_place, self.label // self.children, self.coarse_count)

    def group_inverses(self, stiffness: sp.csr_matrix) -> np.ndarray:
        """(groups, m, m) inverses of the stiffness (3n, 3n, device order) between the aggregates of each group."""
        group = min(GROUP, self.fine_count)
        m = 12 * group
        matrix = (self.fine.T @ stiffness @ self.fine).tocoo()
        inside = matrix.row // m == matrix.col // m
        blocks = np.zeros((self.fine_count // group, m, m))
        np.add.at(blocks, (matrix.row[inside] // m, matrix.row[inside] % m, matrix.col[inside] % m),
                  matrix.data[inside])  # fmt: skip
        return _inverse(blocks)

    def coarse_inverse(self, stiffness: sp.csr_matrix) -> np.ndarray:
        """(m, m) inverse of the stiffness between the coarse aggregates."""
        return _inverse((self.coarse.T @ stiffness @ self.coarse).toarray())


class Preconditioner:
    """The levels on the device, with buffers for B poses."""

    def __init__(self, aggregates: Aggregates, stiffness: sp.csr_matrix, device: wp.Device) -> None:
        def array(values: np.ndarray | Sequence, dtype: type) -> wp.array:
            return wp.array(np.ascontiguousarray(values), dtype=dtype, device=device)

        self.device = device
        self.aggregates = aggregates
        self._start, self._label = array(aggregates.start, int), array(aggregates.label, int)
        self._place = array(aggregates.place, vec3f)
        self._scale, self._offset = array(aggregates.scale, float), array(aggregates.offset, vec3f)
        self._groups = array(aggregates.group_inverses(stiffness), float)
        self._coarse = array(aggregates.coarse_inverse(stiffness), float)
        self.matrices = (self._groups, self._coarse)

    def buffers(self, batch: int) -> list[wp.array]:
        """Restricted and corrected values on both levels for B poses."""
        sizes = (self.aggregates.fine_count, self.aggregates.coarse_count)
        return [wp.zeros((batch, 12 * s), dtype=float, device=self.device) for s in sizes for _ in range(2)]

    def apply(self, buffers: list[wp.array], on: wp.array, diagonal_inverse: wp.array, r: wp.array, z: wp.array,
              terms: wp.array) -> None:  # fmt: skip
        """z = M r of the poses that are ``on``, and the terms of r . z and r . r."""
        a, d, batch = self.aggregates, self.device, r.shape[0]
        fine, fine_out, coarse, coarse_out = buffers
        wp.launch(kernels.restrict_nodes, (batch, a.fine_count, 4), [self._start, self._place, on, r], [fine], device=d)
        wp.launch(kernels.restrict_aggregates, (batch, a.coarse_count, 4), [a.children, self._scale, self._offset, on,
                  fine], [coarse], device=d)  # fmt: skip
        wp.launch(kernels.group_products, fine.shape, [self._groups, on, fine], [fine_out], device=d)
        wp.launch_tiled(kernels.dense_products, dim=coarse.shape, inputs=[self._coarse, on, coarse, coarse_out],
                        block_dim=kernels.DENSE_TILE, device=d)  # fmt: skip
        wp.launch(kernels.prolong, r.shape, [self._label, self._place, a.children, self._scale, self._offset, on,
                  diagonal_inverse, fine_out, coarse_out, r], [z, terms], device=d)  # fmt: skip
