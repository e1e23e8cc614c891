# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Warp kernels that solve by a packed factor of fronts; they run on the CPU.

A solve goes up the branches of the elimination tree, up and down the trunk, and down the branches. The three numbers of
a node are rows of the matrix with one right side, or one row with three right sides.
"""

from typing import Any

import warp as wp

from .front_kernels import Fronts
from .native import cpu_only

wp.set_module_options({"enable_backward": False})

# A factor is solved by as fast as it can be read. So it is packed in the order of reading: of each front six columns at
# a time, first their triangle, then V rows below it at a time, padded with zeros. Numbers of two bytes are the upper
# halves of single precision ones (bfloat16). Loops over six columns are unrolled, or else their sums would go through
# memory at every step.
_PACKED = """
    typedef real vec __attribute__((vector_size(64)));
    typedef unsigned short halves __attribute__((vector_size(32)));
    typedef unsigned wholes __attribute__((vector_size(64)));
    const int V = sizeof(vec) / sizeof(real);
    auto load = [](const auto* a) {
        vec v;
        if constexpr (sizeof(*a) == 2) {
            halves h;
            __builtin_memcpy(&h, a, sizeof h);
            wholes w = __builtin_convertvector(h, wholes) << 16;
            __builtin_memcpy(&v, &w, sizeof v);
        } else {
            __builtin_memcpy(&v, a, sizeof v);
        }
        return v;
    };
    auto triangle = [&](const auto* a, real* to) {
        for (int i = 0; i <= 36 - V; i += V) {
            vec v = load(a + i);
            __builtin_memcpy(to + i, &v, sizeof v);
        }
        vec v = load(a + 36 - V);
        __builtin_memcpy(to + 36 - V, &v, sizeof v);
    };
    auto sum_of = [](const vec& v) {
        typedef real half __attribute__((vector_size(32)));
        typedef real quarter __attribute__((vector_size(16)));
        half a[2];
        __builtin_memcpy(a, &v, sizeof v);
        a[0] += a[1];
        quarter b[2];
        __builtin_memcpy(b, a, sizeof b);
        b[0] += b[1];
        if constexpr (sizeof(real) == 8) return b[0][0] + b[0][1];
        else return (b[0][0] + b[0][1]) + (b[0][2] + b[0][3]);
    };
"""
_SIZES = """
    const int p = fronts.pivots.data[f], start = fronts.row_start.data[f], b = fronts.row_start.data[f + 1] - start;
"""


@wp.func_native(
    cpu_only(f"""
    typedef decltype(factor.data[0] + factor.data[0]) real;
    {_PACKED}
    auto put = [](auto* to, real r) {{
        if constexpr (sizeof(*to) == 2) {{
            float f = r;
            unsigned w;
            __builtin_memcpy(&w, &f, sizeof w);
            *to = (w + 0x7fff + (w >> 16 & 1)) >> 16;
        }} else {{
            *to = r;
        }}
    }};
    for (int f = begin; f < end; ++f) {{
        {_SIZES}
        const int m = size * p, h = size * (p + b);
        auto* stream = packed.data + at.data[f];
        const real* L = factor.data + panel.data[f];
        for (int j = 0; j < m; j += 6) {{
            const int n = m - j < 6 ? m - j : 6;
            const real* A = L + (long long)j * h;
            for (int c = 0; c < 6; ++c)
                for (int k = 0; k < 6; ++k) {{
                    real r = c < n && k < n && k >= c ? A[c * h + j + k] : real(c == k);
                    put(stream + 6 * c + k, c == k ? 1 / r : r);
                }}
            stream += 36;
            for (int i = j + n; i < h; i += V)
                for (int c = 0; c < 6; ++c, stream += V) {{
                    const int rows = c < n ? (h - i < V ? h - i : V) : 0;
                    for (int l = 0; l < V; ++l) put(stream + l, l < rows ? A[c * h + i + l] : real(0));
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


# One front at work: S right sides lie apart in the room, w[s], pivots first; ``part(i, c)`` is number c of its node i.
_SWEEP = f"""
    typedef decltype(x.data[0] + x.data[0]) real;
    {_PACKED}
    const int apart = room.shape[0] / S;
    real* w[S];
    for (int s = 0; s < S; ++s) w[s] = room.data + s * apart;
    auto part = [&](int i, int c) -> real& {{ return S == 1 ? w[0][3 * i + c] : w[c][i]; }};
"""
_FRONT = f"""
    {_SIZES}
    const int m = 3 / S * p, h = 3 / S * (p + b);
    auto* stream = packed.data + at.data[f];
    real* y = x.data + 3 * fronts.first.data[f];
    for (int i = 0; i < p; ++i)
        for (int c = 0; c < 3; ++c) part(i, c) = y[3 * i + c];
"""
_KEEP = """
    for (int i = 0; i < p; ++i)
        for (int c = 0; c < 3; ++c) y[3 * i + c] = part(i, c);
"""
_FORWARD = f"""
    {_SWEEP}
    for (int r = 0; r < ranges.shape[0]; r += 2)
        for (int f = ranges.data[r]; f < ranges.data[r + 1]; ++f) {{
            {_FRONT}
            for (int s = 0; s < S; ++s)
                for (int i = m; i < h + V; ++i) w[s][i] = 0;
            for (int j = 0; j < m; j += 6) {{
                const int n = m - j < 6 ? m - j : 6;
                real d[S][6], L[36];
                triangle(stream, L);
                #pragma unroll
                for (int s = 0; s < S; ++s)
                    #pragma unroll
                    for (int c = 0; c < 6; ++c) {{
                        real t = c < n ? w[s][j + c] : real(0);
                        #pragma unroll
                        for (int k = 0; k < c; ++k) t -= L[6 * k + c] * d[s][k];
                        d[s][c] = t * L[7 * c];
                        if (c < n) w[s][j + c] = d[s][c];
                    }}
                stream += 36;
                for (int i = j + n; i < h; i += V, stream += 6 * V) {{
                    vec t[S];
                    for (int s = 0; s < S; ++s) t[s] = load(w[s] + i);
                    for (int c = 0; c < 6; ++c) {{
                        const vec a = load(stream + c * V);
                        for (int s = 0; s < S; ++s) t[s] -= a * d[s][c];
                    }}
                    for (int s = 0; s < S; ++s) __builtin_memcpy(w[s] + i, &t[s], sizeof t[s]);
                }}
            }}
            {_KEEP}
            for (int i = 0; i < b; ++i)
                for (int c = 0; c < 3; ++c) x.data[3 * fronts.row.data[start + i] + c] += part(p + i, c);
        }}
"""
_BACKWARD = f"""
    {_SWEEP}
    for (int r = ranges.shape[0] - 2; r >= 0; r -= 2)
        for (int f = ranges.data[r + 1] - 1; f >= ranges.data[r]; --f) {{
            {_FRONT}
            for (int i = 0; i < b; ++i)
                for (int c = 0; c < 3; ++c) part(p + i, c) = x.data[3 * fronts.row.data[start + i] + c];
            for (int s = 0; s < S; ++s)
                for (int i = h; i < h + V; ++i) w[s][i] = 0;
            stream = packed.data + at.data[f + 1];
            for (int j = (m - 1) / 6 * 6; j >= 0; j -= 6) {{
                const int n = m - j < 6 ? m - j : 6;
                vec sum[S][6] = {{}};
                for (int i = j + n + (h - j - n + V - 1) / V * V - V; i >= j + n; i -= V) {{
                    stream -= 6 * V;
                    vec t[S];
                    for (int s = 0; s < S; ++s) t[s] = load(w[s] + i);
                    for (int c = 0; c < 6; ++c) {{
                        const vec a = load(stream + c * V);
                        for (int s = 0; s < S; ++s) sum[s][c] += a * t[s];
                    }}
                }}
                stream -= 36;
                real d[S][6], L[36];
                triangle(stream, L);
                #pragma unroll
                for (int s = 0; s < S; ++s)
                    #pragma unroll
                    for (int c = 5; c >= 0; --c) {{
                        real t = (c < n ? w[s][j + c] : real(0)) - sum_of(sum[s][c]);
                        #pragma unroll
                        for (int k = c + 1; k < 6; ++k) t -= L[6 * c + k] * d[s][k];
                        d[s][c] = t * L[7 * c];
                        if (c < n) w[s][j + c] = d[s][c];
                    }}
            }}
            {_KEEP}
        }}
"""


def _swept(sweep: str) -> str:
    """A sweep for as many right sides as ``sides`` tells at run time."""
    return cpu_only(f"if (sides == 1) {{ const int S = 1; {sweep} }} else {{ const int S = 3; {sweep} }}")


@wp.func_native(_swept(_FORWARD))
def _forward(
    fronts: Fronts,
    at: wp.array[wp.int64],
    packed: wp.array[Any],
    sides: int,
    ranges: wp.array[int],
    x: wp.array[Any],
    room: wp.array[Any],
): ...


@wp.func_native(_swept(_BACKWARD))
def _backward(
    fronts: Fronts,
    at: wp.array[wp.int64],
    packed: wp.array[Any],
    sides: int,
    ranges: wp.array[int],
    x: wp.array[Any],
    room: wp.array[Any],
): ...


# Every row k of the fronts in the ranges.
_ROWS = """
    const auto* first = fronts.first.data;
    for (int r = 0; r < ranges.shape[0]; r += 2) {
        const int last = ranges.data[r + 1] - 1;
        for (int k = first[ranges.data[r]]; k < first[last] + fronts.pivots.data[last]; ++k) {
            auto* y = x.data + 3 * k;
"""
_TURN = """
    const int n = fronts.node.data[k];
    const float* R = turned ? &turn.data[n].data[0][0] : nullptr;
"""


@wp.func_native(
    cpu_only(f"""
    {_ROWS} {_TURN}
            const double* g = &given.data[n][0];
            for (int c = 0; c < 3; ++c) y[c] = R ? R[c] * g[0] + R[3 + c] * g[1] + R[6 + c] * g[2] : g[c];
        }}
    }}
""")
)
def _enter(
    fronts: Fronts,
    ranges: wp.array[int],
    turned: int,
    turn: wp.array[wp.mat33f],
    given: wp.array[wp.vec3d],
    x: wp.array[Any],
):
    """The given vectors of the rows, turned back."""


@wp.func_native(
    cpu_only(f"""
    {_ROWS} {_TURN}
            double* out = &result.data[n][0];
            for (int c = 0; c < 3; ++c) out[c] = R ? R[3 * c] * y[0] + R[3 * c + 1] * y[1] + R[3 * c + 2] * y[2] : y[c];
        }}
    }}
""")
)
def _leave(
    fronts: Fronts,
    ranges: wp.array[int],
    turned: int,
    turn: wp.array[wp.mat33f],
    x: wp.array[Any],
    result: wp.array[wp.vec3d],
):
    """The solution of the rows, turned."""


@wp.func_native(cpu_only("__builtin_memset(x.data, 0, sizeof(x.data[0]) * x.shape[0]);"))
def _clear(x: wp.array[Any]): ...


@wp.func_native(
    cpu_only(f"""
    {_ROWS}
            const auto* left = own.data + 3 * k;
            for (int c = 0; c < 3; ++c)
                for (int at = c; at + 3 * k < own.shape[0]; at += x.shape[0]) y[c] += left[at];
        }}
    }}
""")
)
def _gather(fronts: Fronts, ranges: wp.array[int], own: wp.array[Any], x: wp.array[Any]):
    """Add to the rows what the branches, which lie one after another in ``own``, have left there."""


@wp.func_native(
    cpu_only(f"""
    {_ROWS}
            for (int c = 0; c < 3; ++c) y[c] = own.data[3 * k + c];
        }}
    }}
""")
)
def _copy(fronts: Fronts, ranges: wp.array[int], own: wp.array[Any], x: wp.array[Any]):
    """The rows from ``own``."""


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
def up_branch(
    fronts: Fronts,
    at: wp.array[wp.int64],
    packed: wp.array[Any],
    sides: int,
    ranges: wp.array[int],
    turned: int,
    turn: wp.array[wp.mat33f],
    given: wp.array[wp.vec3d],
    x: wp.array[Any],
    room: wp.array[Any],
):
    """Solve L y = R^T given for the fronts of a branch; x (n, 3), the branch's own, holds what is left for the trunk.

    R: ``turn`` of each node where ``turned`` · ``room`` holds the rows of the largest front, for each right side.
    """
    _clear(x)
    _enter(fronts, ranges, turned, turn, given, x)
    _forward(fronts, at, packed, sides, ranges, x, room)


@wp.kernel
def trunk(
    fronts: Fronts,
    at: wp.array[wp.int64],
    packed: wp.array[Any],
    sides: int,
    ranges: wp.array[int],
    turned: int,
    turn: wp.array[wp.mat33f],
    given: wp.array[wp.vec3d],
    own: wp.array[Any],
    x: wp.array[Any],
    room: wp.array[Any],
    result: wp.array[wp.vec3d],
):
    """Go up and down the trunk, once the branches have left their parts in ``own``."""
    _enter(fronts, ranges, turned, turn, given, x)
    _gather(fronts, ranges, own, x)
    _forward(fronts, at, packed, sides, ranges, x, room)
    _backward(fronts, at, packed, sides, ranges, x, room)
    _leave(fronts, ranges, turned, turn, x, result)


@wp.kernel
def down_branch(
    fronts: Fronts,
    at: wp.array[wp.int64],
    packed: wp.array[Any],
    sides: int,
    ranges: wp.array[int],
    turned: int,
    turn: wp.array[wp.mat33f],
    own: wp.array[Any],
    x: wp.array[Any],
    room: wp.array[Any],
    result: wp.array[wp.vec3d],
):
    """Solve L^T x = y for the fronts of a branch, whose y is in ``own``, once the trunk is solved: R x."""
    _copy(fronts, ranges, own, x)
    _backward(fronts, at, packed, sides, ranges, x, room)
    _leave(fronts, ranges, turned, turn, x, result)


TYPED: dict[tuple[str, type], wp.Kernel] = {}
"""The kernels above by name and type of the packed numbers: Warp takes longer to find those out at a launch than many
of them run."""

for _real, _stored in ((wp.float64, wp.float64), (wp.float32, wp.float32), (wp.float32, wp.uint16)):
    # All overloads at once: each that came later would compile the module anew.
    _numbers, _kept = wp.array(dtype=_real), wp.array(dtype=_stored)
    TYPED[pack.key, _stored] = wp.overload(pack, {"factor": _numbers, "packed": _kept})
    _swept_by = {"packed": _kept, "x": _numbers, "room": _numbers}
    TYPED[up_branch.key, _stored] = wp.overload(up_branch, _swept_by)
    for _kernel in (trunk, down_branch):
        TYPED[_kernel.key, _stored] = wp.overload(_kernel, {**_swept_by, "own": _numbers})
