# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Warp kernels that assemble and eliminate the fronts of the multifrontal Cholesky; they run on the CPU."""

from typing import Any

import warp as wp

from .native import cpu_only

wp.set_module_options({"enable_backward": False})


@wp.struct
class Fronts:
    """The fronts from the leaves up. Front f has `pivots[f]` nodes from `first[f]` on, then its boundary rows. `node`:
    the nodes in the order of elimination."""

    node: wp.array[int]
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


@wp.func
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


# BLAS and LAPACK are called at the addresses in `routine` (potrf, trsm, syrk), here and not from Python, which would
# wait for the interpreter's lock at every front.
@wp.func_native(
    cpu_only("""
    auto* D = &factor.data[panel][0];
    typedef decltype(D[0] + D[0]) real;
    real *E = D + p, *W = (real*)update, one = 1, minus = -1;
    char L = 'L', R = 'R', T = 'T', N = 'N';
    int h = p + b, info = 0;
    ((void (*)(char*, int*, real*, int*, int*))routine.data[0])(&L, &p, D, &h, &info);
    if (info) failed.data[0] = f + 1;
    if (info || b == 0) return;
    ((void (*)(char*, char*, char*, char*, int*, int*, real*, real*, int*, real*, int*))routine.data[1])(
        &R, &L, &T, &N, &b, &p, &one, D, &h, E, &h);
    ((void (*)(char*, char*, int*, int*, real*, real*, int*, real*, real*, int*))routine.data[2])(
        &L, &N, &b, &p, &minus, E, &h, &one, W, &b);
""")
)
def _factor_front(
    f: int,
    p: int,
    b: int,
    panel: int,
    update: wp.uint64,
    routine: wp.array[wp.uint64],
    factor: wp.array[Any],
    failed: wp.array[int],
):
    """Factor p assembled columns of front f and subtract what they take from the b rows below."""


@wp.kernel
def eliminate(
    fronts: Fronts,
    begin: int,
    end: int,
    blocks: wp.array[Any],
    update: wp.array[wp.uint64],
    routine: wp.array[wp.uint64],
    # Out:
    factor: wp.array[Any],
    failed: wp.array[int],
):
    """Factor the fronts begin..end, whose children have been or are among them; failed: 1 + a front that cannot be."""
    for f in range(begin, end):
        if failed[0] == 0:
            _assemble(fronts, f, blocks, update, factor)
            b = fronts.row_start[f + 1] - fronts.row_start[f]
            _factor_front(f, 3 * fronts.pivots[f], 3 * b, fronts.panel[f], update[f], routine, factor, failed)


TYPED: dict[type, wp.Kernel] = {}
"""``eliminate`` by number type: Warp takes longer to find that out at a launch than many of them run."""

for _vec3, _real in ((wp.vec3d, wp.float64), (wp.vec3f, wp.float32)):
    # All overloads at once: each that came later would compile the module anew.
    _vectors = wp.array(dtype=_vec3)
    TYPED[_real] = wp.overload(eliminate, {"blocks": _vectors, "factor": _vectors})
