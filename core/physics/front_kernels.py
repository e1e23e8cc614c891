# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Warp kernels that assemble the fronts of the multifrontal Cholesky and solve one right side; they run on the CPU."""

from typing import Any

import warp as wp

wp.set_module_options({"enable_backward": False})


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
def assemble(
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
def forward(fronts: Fronts, factor: wp.array[Any], x: wp.array[Any], update: wp.array[Any]):
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
def backward(fronts: Fronts, factor: wp.array[Any], x: wp.array[Any], above: wp.array[Any]):
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
    wp.overload(assemble, {"blocks": _vectors, "factor": _vectors})
    wp.overload(forward, {"factor": _vectors, "x": _vectors, "update": _vectors})
    wp.overload(backward, {"factor": _vectors, "x": _vectors, "above": _vectors})
