# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The symbolic phase of the multifrontal Cholesky: nested dissection, the fronts, and the tasks of the threads.

A few nodes that part the rest in two are eliminated last, and so on in either part (George, SIAM J. Numer. Anal. 10,
1973). Every such separator makes a front: its nodes, the pivots, and the later nodes that they touch, its boundary.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import warp as wp
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from .. import blas
from ..parallel import workers
from . import front_kernels, front_sweeps
from .pattern import short, starts

# Where a part may be cut along an axis, and how much the smaller separator of an uneven cut must save.
SHARES = (0.4, 0.45, 0.5, 0.55, 0.6)
UNEVEN = 4.0  # how much unlike halves count against a cut, beside the size of its separator
# The share of the work below which a subtree of fronts is one task of one thread.
GRAIN = 0.1


def _vertex_cover(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The fewest nodes that touch every edge low[e] - high[e] (König 1931): nodes, unordered."""
    a, i = np.unique(low, return_inverse=True)
    b, j = np.unique(high, return_inverse=True)
    mate = maximum_bipartite_matching(csr_array((np.ones(len(i)), (i, j)), shape=(len(a), len(b))), "column")
    mate_of_b = np.full(len(b), -1)
    mate_of_b[mate[mate >= 0]] = np.flatnonzero(mate >= 0)
    # Alternating paths from the unmatched: what they reach of b, and what they do not reach of a, is the cover.
    reached_a, reached_b = mate < 0, np.zeros(len(b), bool)
    while True:
        new = np.zeros(len(b), bool)
        new[j[reached_a[i]]] = True
        new &= ~reached_b
        if not new.any():
            return np.concatenate([a[~reached_a], b[reached_b]])
        reached_b |= new
        reached_a[mate_of_b[new]] = True


def _separate(points: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Part nodes by a plane across one of the two longest axes: (m,) 0 below, 1 above, 2 the separator between."""
    m = len(points)
    centred = points - points.mean(0)
    axes = np.linalg.eigh(centred.T @ centred)[1]
    best = (np.inf,)
    for axis in (axes[:, 2], axes[:, 1]):
        order = np.argsort(centred @ axis, kind="stable")
        rank = np.empty(m, int)
        rank[order] = np.arange(m)
        low, high = rank[edges[:, 0]], rank[edges[:, 1]]
        low, high = np.minimum(low, high), np.maximum(low, high)
        for share in SHARES:
            h = max(int(share * m), 1)
            cut = (low < h) & (high >= h)
            size = min(len(np.unique(low[cut])), len(np.unique(high[cut])))
            cost = size * (1.0 + UNEVEN * (2.0 * share - 1.0) ** 2)
            if cost < best[0]:
                best = cost, order, h, low[cut], high[cut]
    _, order, h, low, high = best
    part = np.zeros(m, np.int8)
    part[order[h:]] = 1
    if len(low):
        part[order[_vertex_cover(low, high)]] = 2
    return part


def _dissect(points: np.ndarray, edges: np.ndarray, leaf: int) -> tuple[list[np.ndarray], list[list[int]]]:
    """Nested dissection: the nodes of every front and its children, which precede it."""
    pivots, children = [], []

    def part(nodes: np.ndarray, edges: np.ndarray) -> list[int]:
        """Fronts of these nodes (edges count among them) that are nobody's children yet."""
        roots = []
        if len(nodes) > leaf:
            label = _separate(points[nodes], edges)
            for side in (0, 1):
                inside = label == side
                local = np.cumsum(inside) - 1
                roots += part(nodes[inside], local[edges[inside[edges].all(1)]])
            nodes = nodes[label == 2]
        if len(nodes) == 0:
            return roots
        pivots.append(nodes)
        children.append(roots)
        return [len(pivots) - 1]

    part(np.arange(len(points)), edges)
    return pivots, children


def _boundaries(
    first: np.ndarray, children: list[list[int]], row: np.ndarray, start: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Boundary rows of every front, front after front, and how many each has; row: those of the blocks, of which those
    of front f are from start[f] on."""
    boundary: list[np.ndarray] = []
    for f, end in enumerate(first[1:]):
        below = np.unique(np.concatenate([row[start[f] : start[f + 1]], *(boundary[child] for child in children[f])]))
        boundary.append(below[below >= end])
    return _joined(boundary), np.array([len(rows) for rows in boundary], int)


def _joined(runs: list) -> np.ndarray:
    """The runs of integers one after another; there may be none."""
    return np.concatenate([np.zeros(0, int), *runs])


def _ranges(pairs: list[tuple[int, int]]) -> wp.array:
    """Ranges (begin, end, begin, end, ...) for kernels."""
    return wp.array(np.array(pairs, np.int32).ravel(), dtype=int, device="cpu")


def _light(total: np.ndarray, parent: np.ndarray, most: float) -> tuple[np.ndarray, np.ndarray]:
    """Roots of the largest subtrees that weigh at most ``most``, heaviest first, and the fronts above them."""
    light = total <= most
    roots = np.flatnonzero(light & ((parent < 0) | ~light[parent]))
    return roots[np.argsort(-total[roots], kind="stable")], np.flatnonzero(~light)


def _struct(**arrays: Any) -> Any:
    """Fronts over int32 copies of the arrays."""
    fronts = front_kernels.Fronts()
    for name, values in arrays.items():
        setattr(fronts, name, wp.array(np.asarray(values, np.int32), dtype=int, device="cpu"))
    return fronts


BRANCHES = 4
"""Parts of one right side's solve, whatever the number of cores: sums have the same bits everywhere."""


class Ordering:
    """Nested dissection of a symmetric block-sparse matrix by the coordinates of its nodes; made once per mesh.

    order: (n,) nodes as they are eliminated · children, boundary: of every front · panel: where fronts start in the
    factor, and the end [vec3] · sizes: (fronts, 3) pivots, boundary rows and both, in scalars · diagonal: (3 n,) where
    the factor's diagonal is, in scalars · fronts: the same for kernels · tasks: ranges of fronts for the threads ·
    branches: ranges of fronts, of which none touches another's; trunk: ranges of the fronts above them.
    """

    def __init__(self, indptr: np.ndarray, indices: np.ndarray, points: np.ndarray, *, leaf: int = 32):
        """Order the nodes of a CSR pattern that is symmetric, has its diagonal and ascending columns.

        indptr: (n + 1,), indices: (nnzb,), points: (n, 3); parts of at most `leaf` nodes are dissected no further.
        """
        rows = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
        upper = rows < indices
        edges = np.stack([rows[upper], indices[upper]], axis=1)
        pivots, self.children = _dissect(np.asarray(points, np.float64), edges, max(leaf, 1))
        self._set_up(_joined(pivots), starts([len(p) for p in pivots]), rows, indices)

    def part(self, kept: np.ndarray, indptr: np.ndarray, indices: np.ndarray) -> "Ordering":
        """The same order for a part of the matrix: its nodes ``kept`` (m,), ascending, with the part's CSR pattern.

        Separators separate the parts of what they separated; to dissect anew would take as long as ten factorisations.
        """
        part = Ordering.__new__(Ordering)
        number = np.full(len(self.order), -1)
        number[kept] = np.arange(len(kept))
        order = number[self.order]
        before = starts(order >= 0)
        first = before[self.fronts.first.numpy()]
        part.children, roots = [], []
        for f, left in enumerate(np.diff(first).tolist()):
            below = [root for child in self.children[f] for root in roots[child]]
            if left:
                part.children.append(below)
                below = [len(part.children) - 1]
            roots.append(below)
        # What is left of the boundaries is hardly more than the part fills.
        rows, counts = self.fronts.row.numpy(), np.diff(self.fronts.row_start.numpy())
        stays = (order[rows] >= 0) & np.repeat(np.diff(first) > 0, counts)
        owner = np.repeat(np.arange(len(counts)), counts)[stays]
        below = before[rows[stays]], np.bincount(owner, minlength=len(counts))[np.diff(first) > 0]
        rows = np.repeat(np.arange(len(kept)), np.diff(indptr))
        part._set_up(order[order >= 0], np.unique(first), rows, indices, below)
        return part

    def _set_up(
        self,
        order: np.ndarray,
        first: np.ndarray,
        rows: np.ndarray,
        columns: np.ndarray,
        boundaries: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> None:
        """Lay out fronts that begin at ``first`` in the order of elimination, for blocks at (rows, columns)."""
        # Here and not at the first launch, which several threads make at once.
        for module in (front_kernels, front_sweeps):
            wp.load_module(module, device="cpu")
        self.order = order
        place = np.empty(len(self.order), int)
        place[self.order] = np.arange(len(self.order))
        row, column = place[rows], place[columns]
        lower = np.flatnonzero(row >= column)
        lower = lower[np.argsort(short(column[lower], len(order)), kind="stable")]
        self._lay_out(first, lower, row[lower], column[lower], boundaries)
        self.tasks = self._plan()
        self._branch()
        self._stack()
        self._spare: dict[int, list[np.ndarray]] = {}
        self._packed_at: dict[tuple[int, int], np.ndarray] = {}

    def _lay_out(
        self,
        first: np.ndarray,
        block: np.ndarray,
        row: np.ndarray,
        column: np.ndarray,
        boundaries: tuple[np.ndarray, np.ndarray] | None,
    ) -> None:
        """Give every front its rows and its place; `block` (m,) are those of the lower triangle, column by column."""
        block_start = np.searchsorted(column, first)
        boundary, below = boundaries or _boundaries(first, self.children, row, block_start)
        pivots, row_start = np.diff(first), starts(below)
        self.boundary = np.split(boundary, row_start[1:-1]) if len(below) else []
        self.sizes = 3 * np.stack([pivots, below, pivots + below], axis=1).astype(np.int32)
        panel = starts(3 * pivots * (pivots + below))
        self.panel = panel.tolist()
        corner = np.repeat(3 * panel[:-1], 3 * pivots)
        step = np.repeat(self.sizes[:, 2] + 1, 3 * pivots)
        self.diagonal = corner + step * (np.arange(3 * first[-1]) - np.repeat(3 * first[:-1], 3 * pivots))
        # All rows of all fronts, ascending: the pivots of a front come before its boundary.
        fronts, n = np.arange(len(pivots)), first[-1]
        owner = np.repeat(fronts, below)
        all_rows = np.sort(np.concatenate([np.repeat(fronts, pivots) * n + np.arange(n), owner * n + boundary]))

        def place(front: np.ndarray, row: np.ndarray) -> np.ndarray:
            """Where rows are in their fronts."""
            return np.searchsorted(all_rows, front * n + row) - (first[:-1] + row_start[:-1])[front]

        child_start, child = (
            starts([len(c) for c in self.children]),
            np.array([c for few in self.children for c in few], int),
        )
        parent = np.zeros(len(pivots), int)
        parent[child] = np.repeat(fronts, np.diff(child_start))
        of_block = np.repeat(fronts, np.diff(block_start))
        block_to = panel[of_block] + 3 * (column - first[of_block]) * (pivots + below)[of_block]
        self.fronts = _struct(
            node=self.order,
            first=first,
            pivots=pivots,
            row_start=row_start,
            row=boundary,
            local=place(parent[owner], boundary),
            child_start=child_start,
            child=child,
            block_start=block_start,
            block=block,
            block_to=block_to + place(of_block, row),
            panel=panel,
        )

    def packed_at(self, width: int, rows: int = 3) -> np.ndarray:
        """(fronts + 1,) where each front starts in a factor packed by ``front_sweeps.pack``, in numbers.

        width: numbers in a vector register · rows: rows of the matrix to a node.
        """
        if (width, rows) not in self._packed_at:
            size = np.zeros(len(self.sizes), np.int64)
            for f, (m, _, h) in enumerate((self.sizes.astype(int) * rows // 3).tolist()):
                size[f] = sum(36 + 6 * width * -(-(h - min(k, m)) // width) for k in range(6, m + 6, 6))
            self._packed_at[width, rows] = starts(size)
        return self._packed_at[width, rows]

    def lend(self, size: int) -> np.ndarray:
        """Room for a factor, not cleared: (size,) float64. New pages would cost a sixth of the factorisation."""
        try:
            return self._spare[size].pop()
        except (KeyError, IndexError):
            return np.empty(size)

    def take_back(self, room: np.ndarray) -> None:
        """Keep the room of a factor that is no more for the next one."""
        self._spare[len(room)] = [room]

    def _subtrees(self, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of every front: the weight (fronts,) of its whole subtree, the first front in that, and its parent or -1."""
        start, parent = list(range(len(weight))), np.full(len(weight), -1)
        for f, children in enumerate(self.children):
            if children:
                start[f] = start[children[0]]
                parent[children] = f
        # Children precede their parents, and those of one follow each other: a subtree is a range of fronts.
        before = np.concatenate([[0.0], np.cumsum(weight)])
        return before[1:] - before[start], np.array(start, int), parent

    def _plan(self) -> list[tuple[int, int]]:
        """Tasks, each a range of fronts: whole subtrees of some work, then one by one the fronts above them."""
        p, b, _ = self.sizes.T.astype(float)
        work, start, parent = self._subtrees(p**3 + 3 * p * p * b + 3 * p * b * b)
        subtrees, single = _light(work, parent, GRAIN * work.max(initial=0.0))
        return [(int(start[f]), int(f) + 1) for f in subtrees] + [(int(f), int(f) + 1) for f in single]

    def _branch(self) -> None:
        """Deal the fronts to the branches by the size of their subtrees in the factor."""
        size, start, parent = self._subtrees(np.diff(self.panel).astype(float))
        roots, heavy = _light(size, parent, self.panel[-1] / (4 * BRANCHES))
        branches: list[list[tuple[int, int]]] = [[] for _ in range(BRANCHES)]
        load = np.zeros(BRANCHES)
        for f in roots:
            least = int(load.argmin())
            load[least] += size[f]
            branches[least].append((int(start[f]), int(f) + 1))
        self.branches = [_ranges(sorted(part)) for part in branches]
        self.trunk = _ranges([(f, f + 1) for f in heavy])

    def _stack(self) -> None:
        """Where the updates of fronts may lie while fronts are eliminated one after another.

        A front needs its children's until its own is there. On two stacks, by turns from generation to generation, the
        children's are the topmost of one when their parent's is put on the other.
        """
        size = (self.sizes[:, 1].astype(np.int64) ** 2).tolist()
        height, self._side, self._place = [0, 0], np.zeros(len(size), bool), np.zeros(len(size), np.int64)
        for f in reversed(range(len(size))):
            self._side[self.children[f]] = not self._side[f]
        for f, (side, children) in enumerate(zip(self._side.tolist(), self.children, strict=True)):
            self._place[f] = height[side]
            height[side] += size[f]
            height[not side] -= sum(size[child] for child in children)

    def stacked(self, begin: int, end: int) -> tuple[np.ndarray, int]:
        """Places (end - begin,) of the updates of fronts that are whole subtrees, and the room that they need, in
        numbers."""
        side, place, room = self._side[begin:end], self._place[begin:end].copy(), 0
        size = self.sizes[begin:end, 1].astype(np.int64) ** 2
        for mine in (side, ~side):
            if mine.any():
                place[mine] += room - place[mine].min()
                room = int((place + size)[mine].max())
        return place, room

    def walk(self, run: Callable[[int, int], None]) -> None:
        """Call run(begin, end) on the fronts of every task, children before parents, in threads."""
        if workers() == 1:
            with blas.one_thread():
                if self.children:
                    run(0, len(self.children))
            return
        with blas.one_thread(), ThreadPoolExecutor(workers()) as pool:
            futures = {}

            def follow(begin: int, end: int) -> None:
                # What is waited for was submitted earlier, so it is running or done: no deadlock.
                for child in self.children[end - 1]:
                    if child < begin:
                        futures[child].result()
                run(begin, end)

            for begin, end in self.tasks:
                futures[end - 1] = pool.submit(follow, begin, end)
            try:
                for future in futures.values():
                    future.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
