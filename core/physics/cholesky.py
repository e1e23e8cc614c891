# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Multifrontal Cholesky of a symmetric matrix of 3 x 3 blocks over nodes in space.

Nested dissection orders the nodes (George, SIAM J. Numer. Anal. 10, 1973): a few nodes that part the rest in two are
eliminated last, and so on in either part. Every such separator makes a front, a small dense matrix that BLAS factors
and whose Schur complement is added to the front above (Duff & Reid, ACM Trans. Math. Softw. 9, 1983).
"""

import ctypes
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import warp as wp
from scipy.linalg import cython_blas, cython_lapack
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

wp.set_module_options({"enable_backward": False})

# Where a part may be cut along an axis, and how much the smaller separator of an uneven cut must save.
SHARES = (0.4, 0.45, 0.5, 0.55, 0.6)
UNEVEN = 4.0
# Right sides solved at once: enough for matrix products, few enough to need little memory.
COLUMNS = 128
# The share of the work below which a subtree of fronts is one task of one thread.
GRAIN = 0.1


class NotDefinite(ArithmeticError):
    """The matrix has a pivot that is not positive."""


@wp.struct
class Fronts:
    """The fronts from the leaves up. Front f has `pivots[f]` nodes from `first[f]` on, then its boundary rows."""

    first: wp.array[int]
    pivots: wp.array[int]
    # Boundary rows: where those of a front start, their place in the elimination order and in the parent front.
    row_start: wp.array[int]
    row: wp.array[int]
    local: wp.array[int]
    child_start: wp.array[int]
    child: wp.array[int]
    # Blocks of the matrix: where those of a front start, which block, and where its first row goes in the factor.
    block_start: wp.array[int]
    block: wp.array[int]
    block_to: wp.array[int]
    # Where the rows of a front start in the factor, counted in vec3.
    panel: wp.array[int]


# The inner loops are C++ because the compiler makes no vector instructions of loops over Warp's strided arrays.
@wp.func_native("""
    const auto* u = &source.data[at];
    const int* to = &local.data[start];
    auto* __restrict__ w = target.data + base;
    for (int i = 0; i < n; ++i)
        w[to[i]] = w[to[i]] + u[i];
""")
def _add_row(
    source: wp.array[Any], at: int, n: int, local: wp.array[int], start: int, target: wp.array[Any], base: int
):
    """target[base + local[start + i]] += source[at + i], i < n."""


@wp.func_native("""
    const auto* p = &factor.data[at][0];
    const auto* q = p + 3 * stride;
    const auto* r = q + 3 * stride;
    auto* __restrict__ y = &target.data[to][0];
    const auto d0 = d[0], d1 = d[1], d2 = d[2];
    for (int i = 0; i < 3 * n; ++i)
        y[i] -= p[i] * d0 + q[i] * d1 + r[i] * d2;
""")
def _subtract_rows(factor: wp.array[Any], at: int, stride: int, n: int, d: Any, target: wp.array[Any], to: int):
    """Subtract from n vectors of target, from `to` on, the three rows of factor from `at` on, times d."""


@wp.func_native("""
    const auto* p = &factor.data[at][0];
    const auto* q = p + 3 * stride;
    const auto* r = q + 3 * stride;
    const auto* y = &x.data[start][0];
    auto s0 = target.data[to][0], s1 = target.data[to][1], s2 = target.data[to][2];
    for (int i = 0; i < 3 * n; ++i) {
        #pragma clang fp reassociate(on) contract(fast)
        s0 -= p[i] * y[i];
        s1 -= q[i] * y[i];
        s2 -= r[i] * y[i];
    }
    target.data[to] = {s0, s1, s2};
""")
def _subtract_dots(
    factor: wp.array[Any], at: int, stride: int, n: int, x: wp.array[Any], start: int, target: wp.array[Any], to: int
):
    """Subtract from target[to] the products of three rows of factor with n vectors of x, from `start` on."""


@wp.kernel
def _assemble(
    fronts: Fronts,
    f: int,
    blocks: wp.array[Any],
    update: wp.array[wp.uint64],
    # Out:
    factor: wp.array[Any],
):
    """Sum the matrix's blocks and the children's updates into front f: pivot columns in factor, the rest in update."""
    p = fronts.pivots[f]
    b = fronts.row_start[f + 1] - fronts.row_start[f]
    panel = fronts.panel[f]
    W = wp.array(ptr=update[f], shape=(3 * b * b,), dtype=blocks.dtype)
    for j in range(3 * p):
        for i in range(j // 3, p + b):
            factor[panel + j * (p + b) + i] = blocks.dtype()
    for j in range(3 * b):
        for i in range(j // 3, b):
            W[j * b + i] = blocks.dtype()
    for e in range(fronts.block_start[f], fronts.block_start[f + 1]):
        s = 3 * fronts.block[e]
        to = fronts.block_to[e]
        for a in range(3):
            factor[to + a * (p + b)] = blocks.dtype(blocks[s][a], blocks[s + 1][a], blocks[s + 2][a])
    for k in range(fronts.child_start[f], fronts.child_start[f + 1]):
        c = fronts.child[k]
        start = fronts.row_start[c]
        n = fronts.row_start[c + 1] - start
        U = wp.array(ptr=update[c], shape=(3 * n * n,), dtype=blocks.dtype)
        # Rows ascend in both fronts, so one triangle goes to the same triangle.
        for j in range(n):
            lj = fronts.local[start + j]
            for a in range(3):
                s = (3 * j + a) * n + j
                if lj < p:
                    _add_row(U, s, n - j, fronts.local, start + j, factor, panel + (3 * lj + a) * (p + b))
                else:
                    _add_row(U, s, n - j, fronts.local, start + j, W, (3 * (lj - p) + a) * b - p)


@wp.kernel
def _forward(fronts: Fronts, factor: wp.array[Any], x: wp.array[Any], update: wp.array[Any]):
    """Solve L y = x in place; update is room for what a front takes from the rows above it."""
    for f in range(len(fronts.pivots)):
        k = fronts.first[f]
        p = fronts.pivots[f]
        start = fronts.row_start[f]
        b = fronts.row_start[f + 1] - start
        for i in range(b):
            update[i] = factor.dtype()
        for j in range(p):
            o0 = fronts.panel[f] + 3 * j * (p + b)
            o1 = o0 + p + b
            o2 = o1 + p + b
            d = x[k + j]
            d[0] = d[0] / factor[o0 + j][0]
            d[1] = (d[1] - factor[o0 + j][1] * d[0]) / factor[o1 + j][1]
            d[2] = (d[2] - factor[o0 + j][2] * d[0] - factor[o1 + j][2] * d[1]) / factor[o2 + j][2]
            x[k + j] = d
            _subtract_rows(factor, o0 + j + 1, p + b, p - j - 1, d, x, k + j + 1)
            _subtract_rows(factor, o0 + p, p + b, b, d, update, 0)
        for i in range(b):
            above = fronts.row[start + i]
            x[above] = x[above] + update[i]


@wp.kernel
def _backward(fronts: Fronts, factor: wp.array[Any], x: wp.array[Any], above: wp.array[Any]):
    """Solve L^T x = y in place; above is room for the part of x that a front needs from above."""
    for g in range(len(fronts.pivots)):
        f = len(fronts.pivots) - 1 - g
        k = fronts.first[f]
        p = fronts.pivots[f]
        start = fronts.row_start[f]
        b = fronts.row_start[f + 1] - start
        for i in range(b):
            above[i] = x[fronts.row[start + i]]
        for h in range(p):
            j = p - 1 - h
            o0 = fronts.panel[f] + 3 * j * (p + b)
            o1 = o0 + p + b
            o2 = o1 + p + b
            _subtract_dots(factor, o0 + j + 1, p + b, p - j - 1, x, k + j + 1, x, k + j)
            _subtract_dots(factor, o0 + p, p + b, b, above, 0, x, k + j)
            d = x[k + j]
            d[2] = d[2] / factor[o2 + j][2]
            d[1] = (d[1] - factor[o1 + j][2] * d[2]) / factor[o1 + j][1]
            d[0] = (d[0] - factor[o0 + j][1] * d[1] - factor[o0 + j][2] * d[2]) / factor[o0 + j][0]
            x[k + j] = d


for _vec3 in (wp.vec3d, wp.vec3f):
    # All overloads at once: each that came later would compile the module anew.
    _vectors = wp.array(dtype=_vec3)
    wp.overload(_assemble, {"blocks": _vectors, "factor": _vectors})
    wp.overload(_forward, {"factor": _vectors, "x": _vectors, "update": _vectors})
    wp.overload(_backward, {"factor": _vectors, "x": _vectors, "above": _vectors})


class _Blas:
    """BLAS and LAPACK by address: SciPy's Python wrappers of them hold the GIL, ctypes lets go of it."""

    def __init__(self, dtype: np.dtype):
        letter = "ds"[dtype == np.float32]
        self.potrf = self._routine(cython_lapack, letter + "potrf", 5)
        self.trsm = self._routine(cython_blas, letter + "trsm", 11)
        self.syrk = self._routine(cython_blas, letter + "syrk", 10)
        self.gemm = self._routine(cython_blas, letter + "gemm", 13)
        # Routines take every number by address.
        self._constants = np.array([-1.0, 0.0, 1.0], dtype)
        self.minus, self.zero, self.one = (self._constants[i:].ctypes.data for i in range(3))

    @staticmethod
    def _routine(module: Any, name: str, arguments: int) -> Callable:
        api = ctypes.pythonapi
        api.PyCapsule_GetName.restype, api.PyCapsule_GetName.argtypes = ctypes.c_char_p, [ctypes.py_object]
        api.PyCapsule_GetPointer.restype = ctypes.c_void_p
        api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
        capsule = module.__pyx_capi__[name]
        address = api.PyCapsule_GetPointer(capsule, api.PyCapsule_GetName(capsule))
        return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * arguments)(address)


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


class Ordering:
    """Nested dissection of a symmetric block-sparse matrix by the coordinates of its nodes; made once per mesh."""

    def __init__(self, indptr: np.ndarray, indices: np.ndarray, points: np.ndarray, *, leaf: int = 32):
        """Order the nodes of a CSR pattern that is symmetric, has its diagonal and ascending columns.

        indptr: (n + 1,), indices: (nnzb,), points: (n, 3); parts of at most `leaf` nodes are dissected no further.
        """
        # Here and not at the first launch, which several threads make at once.
        wp.load_module(__name__, device="cpu")
        n = len(indptr) - 1
        rows = np.repeat(np.arange(n), np.diff(indptr))
        upper = rows < indices
        pivots, children = _dissect(
            np.asarray(points, np.float64), np.stack([rows[upper], indices[upper]], axis=1), max(leaf, 1)
        )
        self.order = np.concatenate([np.zeros(0, int), *pivots])
        place = np.empty(n, int)
        place[self.order] = np.arange(n)
        row, column = place[rows], place[indices]
        lower = np.flatnonzero(row >= column)
        lower = lower[np.argsort(column[lower], kind="stable")]
        row, column = row[lower], column[lower]

        size = np.array([len(p) for p in pivots], int)
        first = _starts(size)
        block_start = np.searchsorted(column, first)
        panel, boundary, local, block_to = [0], [], [np.zeros(0, int)] * len(pivots), [np.zeros(0, int)]
        where = np.empty(n, int)
        for f, (k, p) in enumerate(zip(first[:-1], size, strict=True)):
            r, c = row[block_start[f] : block_start[f + 1]], column[block_start[f] : block_start[f + 1]]
            below = np.unique(np.concatenate([r] + [boundary[child] for child in children[f]]))
            below = below[below >= k + p]
            where[k : k + p] = np.arange(p)
            where[below] = np.arange(p, p + len(below))
            for child in children[f]:
                local[child] = where[boundary[child]]
            block_to.append(panel[-1] + 3 * (c - k) * (p + len(below)) + where[r])
            boundary.append(below)
            panel.append(panel[-1] + 3 * int(p) * (int(p) + len(below)))
        below = np.array([len(b) for b in boundary], int)
        self.sizes = 3 * np.stack([size, below, size + below], axis=1).astype(np.int32)
        corner = np.repeat(3 * np.asarray(panel[:-1], int), 3 * size)
        step = np.repeat(self.sizes[:, 2] + 1, 3 * size)
        self.diagonal = corner + step * (np.arange(3 * n) - np.repeat(3 * first[:-1], 3 * size))
        self.children = children
        self.boundary = boundary
        self.panel = panel
        self.fronts = _struct(
            first=first,
            pivots=size,
            row_start=_starts([len(b) for b in boundary]),
            row=np.concatenate([np.zeros(0, int), *boundary]),
            local=np.concatenate([np.zeros(0, int), *local]),
            child_start=_starts([len(c) for c in children]),
            child=np.concatenate([np.zeros(0, int), *children]),
            block_start=block_start,
            block=lower,
            block_to=np.concatenate(block_to),
            panel=panel,
        )
        self.tasks = self._plan()
        self._spare: list[np.ndarray] = []

    def lend(self) -> np.ndarray:
        """Room for a factor, not cleared: (9 * entries,) float64. New pages would cost a sixth of the factorisation."""
        try:
            return self._spare.pop()
        except IndexError:
            return np.empty(3 * self.panel[-1])

    def take_back(self, room: np.ndarray) -> None:
        """Keep the room of a factor that is no more for the next one."""
        self._spare[:] = [room]

    def _plan(self) -> list[tuple[int, int]]:
        """Tasks, each a range of fronts: whole subtrees of some work, then one by one the fronts above them."""
        p, b, _ = self.sizes.T.astype(float)
        work = p**3 / 3 + p * p * b + p * b * b
        start = np.arange(len(work))
        parent = np.full(len(work), -1)
        for f, children in enumerate(self.children):
            work[f] += work[children].sum()
            start[f] = min([f, *start[children]])
            parent[children] = f
        small = work <= GRAIN * work.max(initial=0.0)
        subtrees = np.flatnonzero(small & ((parent < 0) | ~small[parent]))
        subtrees = subtrees[np.argsort(-work[subtrees], kind="stable")]
        single = np.flatnonzero(~small)
        return [(int(start[f]), int(f) + 1) for f in subtrees] + [(int(f), int(f) + 1) for f in single]

    def walk(self, run: Callable[[int, int], None]) -> None:
        """Call run(begin, end) on the fronts of every task, children before parents, in threads."""
        with ThreadPoolExecutor(min(os.cpu_count() or 1, 4)) as pool:
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


def _starts(counts: Any) -> np.ndarray:
    """Where each of consecutive runs starts, and the end: (len(counts) + 1,)."""
    return np.concatenate([[0], np.cumsum(counts, dtype=int)])


def _struct(**arrays: Any) -> Any:
    """Fronts over int32 copies of the arrays."""
    fronts = Fronts()
    for name, values in arrays.items():
        setattr(fronts, name, wp.array(np.asarray(values, np.int32), dtype=int, device="cpu"))
    return fronts


class Cholesky:
    """The factor A = L L^T of a symmetric positive definite matrix of 3 x 3 blocks."""

    def __init__(self, ordering: Ordering, blocks: np.ndarray, *, single: bool = False):
        """Factor blocks (nnzb, 3, 3) in the order of the pattern, the lower triangle by elimination order only.

        `single` factors and solves in float32. Raises NotDefinite where a pivot is not positive.
        """
        self.ordering = ordering
        self.dtype = np.dtype(np.float32 if single else np.float64)
        self._vec3 = wp.vec3f if single else wp.vec3d
        self._blas = _Blas(self.dtype)
        self._values = ordering.lend()
        self._factor = self._share(self._values.view(self.dtype)[: 3 * ordering.panel[-1]].reshape(-1, 3))
        self._address = self._values.ctypes.data
        self._blocks = self._share(np.ascontiguousarray(blocks, self.dtype).reshape(-1, 3))
        self._updates: list[np.ndarray | None] = [None] * len(ordering.children)
        self._update_address = np.zeros(len(ordering.children), np.uint64)
        ordering.walk(self._eliminate)
        del self._updates, self._update_address, self._blocks
        # LAPACK may let NaN pass.
        if not (self._values.view(self.dtype)[ordering.diagonal] > 0).all():
            raise NotDefinite("a pivot is not a number")

    def __del__(self):
        if hasattr(self, "_values"):
            self.ordering.take_back(self._values)

    def _share(self, array: np.ndarray) -> wp.array:
        return wp.array(array, dtype=self._vec3, copy=False, device="cpu")

    def _front(self, f: int) -> tuple[int, int, int, int, int]:
        """Addresses for BLAS of front f: the numbers of pivots, of boundary rows and of both; either's first entry."""
        o = self.ordering
        p = o.sizes.ctypes.data + o.sizes.strides[0] * f
        D = self._address + 3 * self.dtype.itemsize * o.panel[f]
        return p, p + 4, p + 8, D, D + self.dtype.itemsize * int(o.sizes[f, 0])

    def _eliminate(self, begin: int, end: int) -> None:
        """Factor fronts whose children have been.

        Panels and updates are lower triangles by columns, as BLAS sees them.
        """
        o, blas = self.ordering, self._blas
        update = wp.array(self._update_address, dtype=wp.uint64, copy=False, device="cpu")
        assemble = wp.launch(
            _assemble, 1, [o.fronts, begin, self._blocks, update, self._factor], device="cpu", record_cmd=True
        )
        info = np.zeros(1, np.int32)
        info_address = info.ctypes.data
        for f in range(begin, end):
            W = self._updates[f] = np.empty(int(o.sizes[f, 1]) ** 2, self.dtype)
            w = self._update_address[f] = W.ctypes.data
            assemble.set_param_at_index(1, f)
            assemble.launch()
            for child in o.children[f]:
                self._updates[child] = None
            p, b, h, D, E = self._front(f)
            blas.potrf(b"L", p, D, h, info_address)
            if info[0]:
                raise NotDefinite(f"pivot {info[0]} of front {f} is not positive")
            if len(W):
                blas.trsm(b"R", b"L", b"T", b"N", b, p, blas.one, D, h, E, h)
                blas.syrk(b"L", b"N", b, p, blas.minus, E, h, blas.one, w, b)

    def solve(self, b: np.ndarray) -> np.ndarray:
        """Solve A x = b for b (3n,), (n, 3) or (3n, k): float64, same shape."""
        n = len(self.ordering.order)
        b = np.asarray(b)
        if b.shape in ((3 * n,), (n, 3)):
            return self._solve_one(b.reshape(n, 3)).reshape(b.shape)
        x = np.empty((n, 3, b.shape[1]))
        for start in range(0, b.shape[1], COLUMNS):
            part = slice(start, start + COLUMNS)
            x[self.ordering.order, :, part] = self._solve_many(b[:, part])
        return x.reshape(b.shape)

    def _solve_one(self, b: np.ndarray) -> np.ndarray:
        """Solve for one right side (n, 3)."""
        o = self.ordering
        y = b[o.order].astype(self.dtype)
        x = self._share(y)
        room = wp.empty(int(o.sizes[:, 1].max(initial=0)) // 3, dtype=self._vec3, device="cpu")
        for kernel in (_forward, _backward):
            wp.launch(kernel, 1, [o.fronts, self._factor, x, room], device="cpu")
        result = np.empty(b.shape)
        result[o.order] = y
        return result

    def _solve_many(self, rhs: np.ndarray) -> np.ndarray:
        """Solve for several right sides (3 n, k): (n, 3, k) in elimination order."""
        o, blas = self.ordering, self._blas
        n, k = len(o.order), rhs.shape[1]
        x = np.ascontiguousarray(rhs, self.dtype).reshape(n, 3 * k)[o.order]
        columns = np.array([k], np.int32)
        m, address = columns.ctypes.data, x.ctypes.data
        stride = x.itemsize * 3 * k
        firsts = o.fronts.first.numpy().tolist()
        # BLAS sees x^T, k rows by 3 n columns.
        for f, rows in enumerate(o.boundary):
            p, b, h, D, E = self._front(f)
            y = address + stride * firsts[f]
            blas.trsm(b"R", b"L", b"T", b"N", m, p, blas.one, D, h, y, m)
            if len(rows):
                t = np.empty((len(rows), 3 * k), x.dtype)
                blas.gemm(b"N", b"T", m, b, p, blas.one, y, m, E, h, blas.zero, t.ctypes.data, m)
                x[rows] -= t
        for f, rows in reversed(list(enumerate(o.boundary))):
            p, b, h, D, E = self._front(f)
            y = address + stride * firsts[f]
            if len(rows):
                t = x[rows]
                blas.gemm(b"N", b"N", m, p, b, blas.minus, t.ctypes.data, m, E, h, blas.one, y, m)
            blas.trsm(b"R", b"L", b"N", b"N", m, p, blas.one, D, h, y, m)
        return x.reshape(n, 3, k)
