# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Warp kernels that solve by a factor of fronts, one right side or three at a time; they run on the CPU."""

from typing import Any

import warp as wp

from .front_kernels import Fronts
from .native import cpu_only

wp.set_module_options({"enable_backward": False})

# One right side is solved as fast as the factor can be read. So it is packed in the order of reading: of each front six
# columns at a time, first their triangle, then V rows below it at a time, padded with zeros. Numbers of two bytes are
# the upper halves of single precision ones (bfloat16).
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
    auto one = [](const auto* a) {
        if constexpr (sizeof(*a) == 2) {
            unsigned w = (unsigned)*a << 16;
            float r;
            __builtin_memcpy(&r, &w, sizeof r);
            return r;
        } else {
            return *a;
        }
    };
"""
_SWEEP = f"""
    typedef decltype(x.data[0] + x.data[0]) real;
    {_PACKED}
"""
_SIZES = """
    const int p = fronts.pivots.data[f], start = fronts.row_start.data[f], b = fronts.row_start.data[f + 1] - start;
"""
_FRONT = f"""
    {_SIZES}
    const int m = 3 * p, h = 3 * (p + b);
    auto* stream = packed.data + at.data[f];
"""
_WORK = """
    real* __restrict__ w = room.data;
    real* y = x.data + 3 * fronts.first.data[f];
    for (int i = 0; i < m; ++i) w[i] = y[i];
    for (int i = h; i < h + V; ++i) w[i] = 0;
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


@wp.func_native(
    cpu_only(f"""
    {_SWEEP}
    for (int r = 0; r < ranges.shape[0]; r += 2)
        for (int f = ranges.data[r]; f < ranges.data[r + 1]; ++f) {{
            {_FRONT} {_WORK}
            for (int i = m; i < h; ++i) w[i] = 0;
            for (int j = 0; j < m; j += 6) {{
                const int n = m - j < 6 ? m - j : 6;
                real d[6] = {{0, 0, 0, 0, 0, 0}};
                for (int c = 0; c < n; ++c) {{
                    real s = w[j + c];
                    for (int k = 0; k < c; ++k) s -= one(stream + 6 * k + c) * d[k];
                    w[j + c] = d[c] = s * one(stream + 7 * c);
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
    {_SWEEP}
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
                    for (int k = c + 1; k < n; ++k) r -= one(stream + 6 * c + k) * w[j + k];
                    w[j + c] = r * one(stream + 7 * c);
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
    auto* stream = packed.data + at.data[f];
    real *w[3] = {room.data, room.data + apart, room.data + 2 * apart}, *y = x.data + 3 * fronts.first.data[f];
    for (int k = 0; k < 3; ++k) {
        for (int i = 0; i < m; ++i) w[k][i] = y[3 * i + k];
        for (int i = m; i < h + V; ++i) w[k][i] = 0;
    }
"""


@wp.func_native(
    cpu_only(f"""
    {_SWEEP}
    for (int f = 0; f < fronts.pivots.shape[0]; ++f) {{
        {_SIZES} {_THREE}
        for (int j = 0; j < m; j += 6) {{
            const int n = m - j < 6 ? m - j : 6;
            real d[3][6] = {{}};
            for (int k = 0; k < 3; ++k)
                for (int c = 0; c < n; ++c) {{
                    real s = w[k][j + c];
                    for (int l = 0; l < c; ++l) s -= one(stream + 6 * l + c) * d[k][l];
                    w[k][j + c] = d[k][c] = s * one(stream + 7 * c);
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
                    for (int l = c + 1; l < n; ++l) r -= one(stream + 6 * c + l) * w[k][j + l];
                    w[k][j + c] = r * one(stream + 7 * c);
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
"""The kernels above by name and type of the packed numbers: Warp takes longer to find those out at a launch than many
of them run."""

for _real, _stored in ((wp.float64, wp.float64), (wp.float32, wp.float32), (wp.float32, wp.uint16)):
    # All overloads at once: each that came later would compile the module anew.
    _numbers, _kept = wp.array(dtype=_real), wp.array(dtype=_stored)
    TYPED[pack.key, _stored] = wp.overload(pack, {"factor": _numbers, "packed": _kept})
    # Three right sides are only solved in single precision.
    for _kernel in (forward, backward, *((solve_three,) if _stored is wp.float32 else ())):
        TYPED[_kernel.key, _stored] = wp.overload(_kernel, {"packed": _kept, "x": _numbers, "room": _numbers})
