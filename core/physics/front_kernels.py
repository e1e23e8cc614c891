# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Warp kernels that assemble the fronts of the multifrontal Cholesky and solve one right side; they run on the CPU."""

from typing import Any

import warp as wp

from .native import cpu_only

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


# One right side is solved as fast as the factor can be read. So it is packed in the order of reading: of each front six
# columns at a time, first their triangle, then V rows below it at a time, padded with zeros.
_PACKED = """
    typedef decltype(packed.data[0] + packed.data[0]) real;
    typedef real vec __attribute__((vector_size(64)));
    const int V = sizeof(vec) / sizeof(real);
    auto load = [](const real* a) { vec v; __builtin_memcpy(&v, a, sizeof v); return v; };
"""
_SIZES = """
    const int p = fronts.pivots.data[f], start = fronts.row_start.data[f], b = fronts.row_start.data[f + 1] - start;
"""
_FRONT = f"""
    {_SIZES}
    const int m = 3 * p, h = 3 * (p + b);
    real* stream = packed.data + at.data[f];
"""
_WORK = """
    real* __restrict__ w = room.data;
    real* y = x.data + 3 * fronts.first.data[f];
    for (int i = 0; i < m; ++i) w[i] = y[i];
    for (int i = h; i < h + V; ++i) w[i] = 0;
"""


@wp.func_native(
    cpu_only(f"""
    {_PACKED}
    for (int f = begin; f < end; ++f) {{
        {_SIZES}
        const int m = size * p, h = size * (p + b);
        real* stream = packed.data + at.data[f];
        const real* L = factor.data + panel.data[f];
        for (int j = 0; j < m; j += 6) {{
            const int n = m - j < 6 ? m - j : 6;
            const real* A = L + (long long)j * h;
            for (int c = 0; c < 6; ++c)
                for (int k = 0; k < 6; ++k)
                    stream[6 * c + k] = c < n && k < n && k >= c ? A[c * h + j + k] : real(c == k);
            for (int c = 0; c < 6; ++c) stream[7 * c] = 1 / stream[7 * c];
            stream += 36;
            for (int i = j + n; i < h; i += V)
                for (int c = 0; c < 6; ++c, stream += V) {{
                    const int rows = c < n ? (h - i < V ? h - i : V) : 0;
                    if (rows == V)
                        __builtin_memcpy(stream, A + c * h + i, sizeof(vec));
                    else
                        for (int l = 0; l < V; ++l) stream[l] = l < rows ? A[c * h + i + l] : real(0);
                }}
        }}
    }}
""")
)
def _pack(
    fronts: Fronts,
    at: wp.array[wp.int64],
    panel: wp.array[wp.int64],
    size: int,
    factor: wp.array[Any],
    begin: int,
    end: int,
    packed: wp.array[Any],
):
    """Pack the fronts begin..end; the diagonal is stored inverted."""


@wp.func_native(
    cpu_only(f"""
    {_PACKED}
    for (int r = 0; r < ranges.shape[0]; r += 2)
        for (int f = ranges.data[r]; f < ranges.data[r + 1]; ++f) {{
            {_FRONT} {_WORK}
            for (int i = m; i < h; ++i) w[i] = 0;
            for (int j = 0; j < m; j += 6) {{
                const int n = m - j < 6 ? m - j : 6;
                real d[6] = {{0, 0, 0, 0, 0, 0}};
                for (int c = 0; c < n; ++c) {{
                    real s = w[j + c];
                    for (int k = 0; k < c; ++k) s -= stream[6 * k + c] * d[k];
                    w[j + c] = d[c] = s * stream[7 * c];
                }}
                stream += 36;
                for (int i = j + n; i < h; i += V, stream += 6 * V) {{
                    vec t = load(w + i);
                    for (int c = 0; c < 6; ++c) t -= load(stream + c * V) * d[c];
                    __builtin_memcpy(w + i, &t, sizeof t);
                }}
            }}
            for (int i = 0; i < m; ++i) y[i] = w[i];
            for (int i = 0; i < b; ++i)
                for (int k = 0; k < 3; ++k) x.data[3 * fronts.row.data[start + i] + k] += w[m + 3 * i + k];
        }}
""")
)
def _forward(
    fronts: Fronts,
    at: wp.array[wp.int64],
    packed: wp.array[Any],
    ranges: wp.array[int],
    x: wp.array[Any],
    room: wp.array[Any],
): ...


@wp.func_native(
    cpu_only(f"""
    {_PACKED}
    for (int r = ranges.shape[0] - 2; r >= 0; r -= 2)
        for (int f = ranges.data[r + 1] - 1; f >= ranges.data[r]; --f) {{
            {_FRONT} {_WORK}
            for (int i = 0; i < b; ++i)
                for (int k = 0; k < 3; ++k) w[m + 3 * i + k] = x.data[3 * fronts.row.data[start + i] + k];
            stream = packed.data + at.data[f + 1];
            for (int j = (m - 1) / 6 * 6; j >= 0; j -= 6) {{
                const int n = m - j < 6 ? m - j : 6;
                vec s[6] = {{}};
                for (int i = j + n + (h - j - n + V - 1) / V * V - V; i >= j + n; i -= V) {{
                    stream -= 6 * V;
                    vec t = load(w + i);
                    for (int c = 0; c < 6; ++c) s[c] += load(stream + c * V) * t;
                }}
                stream -= 36;
                for (int c = n - 1; c >= 0; --c) {{
                    real r = w[j + c];
                    for (int l = 0; l < V; ++l) r -= s[c][l];
                    for (int k = c + 1; k < n; ++k) r -= stream[6 * c + k] * w[j + k];
                    w[j + c] = r * stream[7 * c];
                }}
            }}
            for (int i = 0; i < m; ++i) y[i] = w[i];
        }}
""")
)
def _backward(
    fronts: Fronts,
    at: wp.array[wp.int64],
    packed: wp.array[Any],
    ranges: wp.array[int],
    x: wp.array[Any],
    room: wp.array[Any],
): ...


# The same for a matrix of one number per pair of nodes and three right sides, which lie apart in the room.
_THREE = """
    const int m = p, h = p + b, apart = room.shape[0] / 3;
    real* stream = packed.data + at.data[f];
    real *w[3] = {room.data, room.data + apart, room.data + 2 * apart}, *y = x.data + 3 * fronts.first.data[f];
    for (int k = 0; k < 3; ++k) {
        for (int i = 0; i < m; ++i) w[k][i] = y[3 * i + k];
        for (int i = m; i < h + V; ++i) w[k][i] = 0;
    }
"""


@wp.func_native(
    cpu_only(f"""
    {_PACKED}
    for (int f = 0; f < fronts.pivots.shape[0]; ++f) {{
        {_SIZES} {_THREE}
        for (int j = 0; j < m; j += 6) {{
            const int n = m - j < 6 ? m - j : 6;
            real d[3][6] = {{}};
            for (int k = 0; k < 3; ++k)
                for (int c = 0; c < n; ++c) {{
                    real s = w[k][j + c];
                    for (int l = 0; l < c; ++l) s -= stream[6 * l + c] * d[k][l];
                    w[k][j + c] = d[k][c] = s * stream[7 * c];
                }}
            stream += 36;
            for (int i = j + n; i < h; i += V, stream += 6 * V)
                for (int k = 0; k < 3; ++k) {{
                    vec t = load(w[k] + i);
                    for (int c = 0; c < 6; ++c) t -= load(stream + c * V) * d[k][c];
                    __builtin_memcpy(w[k] + i, &t, sizeof t);
                }}
        }}
        for (int k = 0; k < 3; ++k) {{
            for (int i = 0; i < m; ++i) y[3 * i + k] = w[k][i];
            for (int i = 0; i < b; ++i) x.data[3 * fronts.row.data[start + i] + k] += w[k][m + i];
        }}
    }}
    for (int f = fronts.pivots.shape[0] - 1; f >= 0; --f) {{
        {_SIZES} {_THREE}
        for (int k = 0; k < 3; ++k)
            for (int i = 0; i < b; ++i) w[k][m + i] = x.data[3 * fronts.row.data[start + i] + k];
        stream = packed.data + at.data[f + 1];
        for (int j = (m - 1) / 6 * 6; j >= 0; j -= 6) {{
            const int n = m - j < 6 ? m - j : 6;
            vec s[3][6] = {{}};
            for (int i = j + n + (h - j - n + V - 1) / V * V - V; i >= j + n; i -= V) {{
                stream -= 6 * V;
                for (int k = 0; k < 3; ++k) {{
                    vec t = load(w[k] + i);
                    for (int c = 0; c < 6; ++c) s[k][c] += load(stream + c * V) * t;
                }}
            }}
            stream -= 36;
            for (int k = 0; k < 3; ++k)
                for (int c = n - 1; c >= 0; --c) {{
                    real r = w[k][j + c];
                    for (int l = 0; l < V; ++l) r -= s[k][c][l];
                    for (int l = c + 1; l < n; ++l) r -= stream[6 * c + l] * w[k][j + l];
                    w[k][j + c] = r * stream[7 * c];
                }}
        }}
        for (int k = 0; k < 3; ++k)
            for (int i = 0; i < m; ++i) y[3 * i + k] = w[k][i];
    }}
""")
)
def _solve_three(
    fronts: Fronts, at: wp.array[wp.int64], packed: wp.array[Any], x: wp.array[Any], room: wp.array[Any]
): ...


@wp.kernel
def solve_three(fronts: Fronts, at: wp.array[wp.int64], packed: wp.array[Any], x: wp.array[Any], room: wp.array[Any]):
    """Solve L L^T x = y in place for three right sides side by side, L with one number per pair of nodes."""
    _solve_three(fronts, at, packed, x, room)


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


@wp.kernel
def pack(
    fronts: Fronts,
    at: wp.array[wp.int64],
    panel: wp.array[wp.int64],
    size: int,
    factor: wp.array[Any],
    begin: int,
    end: int,
    packed: wp.array[Any],
):
    """Copy the fronts begin..end of a factor (numbers, its panels at ``panel``) to where they start in the packed one.

    A node has ``size`` rows.
    """
    _pack(fronts, at, panel, size, factor, begin, end, packed)


@wp.kernel
def forward(
    fronts: Fronts,
    at: wp.array[wp.int64],
    packed: wp.array[Any],
    ranges: wp.array[int],
    x: wp.array[Any],
    room: wp.array[Any],
):
    """Solve L y = x in place for ranges of fronts (begin, end, ...); room holds the rows of the largest front."""
    _forward(fronts, at, packed, ranges, x, room)


@wp.kernel
def backward(
    fronts: Fronts,
    at: wp.array[wp.int64],
    packed: wp.array[Any],
    ranges: wp.array[int],
    x: wp.array[Any],
    room: wp.array[Any],
):
    """Solve L^T x = y in place for ranges of fronts, whose rows above are solved."""
    _backward(fronts, at, packed, ranges, x, room)


TYPED: dict[tuple[str, type], wp.Kernel] = {}
"""The kernels above by name and number type: Warp takes longer to find those out at a launch than many of them run."""

for _vec3, _real in ((wp.vec3d, wp.float64), (wp.vec3f, wp.float32)):
    # All overloads at once: each that came later would compile the module anew.
    _vectors, _numbers = wp.array(dtype=_vec3), wp.array(dtype=_real)
    _solved = {"packed": _numbers, "x": _numbers, "room": _numbers}
    for _kernel, _types in (
        (eliminate, {"blocks": _vectors, "factor": _vectors}),
        (pack, {"factor": _numbers, "packed": _numbers}),
        (forward, _solved),
        (backward, _solved),
        (solve_three, _solved),
    ):
        TYPED[_kernel.key, _real] = wp.overload(_kernel, _types)
