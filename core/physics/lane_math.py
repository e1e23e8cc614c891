# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""C++ for eight numbers at a time: vector types, functions of them, eigenvalues of symmetric matrices."""

from math import factorial

WIDTH = 8
"""Tets in one group."""

TYPES = f"""
    typedef double real __attribute__((vector_size({8 * WIDTH})));
    typedef long long bits __attribute__((vector_size({8 * WIDTH})));
    typedef double quad __attribute__((vector_size(32)));
    typedef short small __attribute__((vector_size({2 * WIDTH})));
    const int W = {WIDTH};
    auto all = [](double c) {{ real r; for (int l = 0; l < W; ++l) r[l] = c; return r; }};
    auto load = [](const double* p) {{ real r; __builtin_memcpy(&r, p, sizeof r); return r; }};
    auto store = [](double* p, real r) {{ __builtin_memcpy(p, &r, sizeof r); }};
    auto lower = [](real a, real b) {{ return a < b ? a : b; }};
    auto upper = [](real a, real b) {{ return a > b ? a : b; }};
    auto root = [](real a) {{ return __builtin_elementwise_sqrt(a); }};
    auto dot = [](const real* a, const real* b) {{ return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }};
"""


def _series(value: str, x: str, coefficients: list[float]) -> str:
    """C++ for ``value``, the sum of coefficients[k] x^k, by pairs of pairs (Estrin): in one chain each would wait for
    the one before."""
    terms, code, power = [f"all({c!r})" for c in coefficients], [], x
    while len(terms) > 1:
        pairs = [f"{a} + {b} * {power}" for a, b in zip(terms[::2], terms[1::2], strict=False)]
        rest = terms[len(terms) // 2 * 2 :]
        terms = []
        for pair in pairs:
            terms.append(f"{value}{len(code)}")
            code.append(f"const real {terms[-1]} = {pair};")
        terms += rest
        if len(terms) > 1:
            code.append(f"const real {value}{len(code)} = {power} * {power};")
            power = f"{value}{len(code) - 1}"
    return " ".join([*code, f"const real {value} = {terms[0]};"])


# Series to the last bit: ln about 1 after its exponent is split off, exp about 0 after its power of two is. J^(-1/3)
# begins with a third of the exponent and the like of the mantissa, and each of two steps brings four times the digits.
MATH = f"""
    auto ln = [&](real a) {{
        bits b = (bits)a;
        bits e = (b - 0x3fe6a09e667f3bcdLL) >> 52;
        real m = (real)(b - (e << 52));
        real f = (m - 1.0) / (m + 1.0), q = f * f;
        {_series("s", "q", [1.0 / k for k in range(1, 25, 2)])}
        return __builtin_convertvector(e, real) * 0.693147180559945309417 + 2.0 * f * s;
    }};
    auto power = [&](real a) {{
        const double shift = 6755399441055744.0;
        real n = a * 1.44269504088896340736 + shift;
        bits scale = (bits)n << 52;
        n = n - shift;
        real r = a - n * 0.693147180369123816490 - n * 1.90821492927058770002e-10;
        {_series("s", "r", [1.0 / factorial(k) for k in range(14)])}
        return (real)((bits)s + scale);
    }};
    auto inverse_cube_root = [&](real a) {{
        bits third = (((bits)a >> 32) * 0x55555556LL) >> 32;
        real r = (real)((0x553ef0ffLL - third) << 32);
        #pragma unroll
        for (int k = 0; k < 2; ++k) {{
            real h = 1.0 - a * r * r * r;
            r += r * h * (1.0 / 3.0 + h * (2.0 / 9.0 + h * (14.0 / 81.0)));
        }}
        return r;
    }};
    auto any = [](bits b) {{ return __builtin_reduce_or(b) != 0; }};
"""

# Eigenvalues on the diagonal of a symmetric C and the rotation Q to its eigenvectors, by Jacobi's turns.
JACOBI = """
    auto jacobi = [&](real (*C)[3], real (*Q)[3]) {
        for (int i = 0; i < 3; ++i)
            for (int j = 0; j < 3; ++j) Q[i][j] = all(i == j ? 1.0 : 0.0);
        for (int turn = 0; turn < 18; ++turn) {
            const int p = turn % 3, q = (p + 1) % 3, r = (p + 2) % 3;
            real off = C[p][q], gap = C[q][q] - C[p][p], size = upper(off, -off);
            bits flat = size <= 1.0e-17 * (upper(C[p][p], -C[p][p]) + upper(C[q][q], -C[q][q]));
            real theta = gap / (2.0 * (flat ? all(1.0) : off));
            real t = 1.0 / (upper(theta, -theta) + root(theta * theta + 1.0));
            t = theta < 0.0 ? -t : t;
            t = flat ? all(0.0) : t;
            real c = 1.0 / root(t * t + 1.0), s = t * c;
            C[p][p] -= t * off;
            C[q][q] += t * off;
            C[p][q] = C[q][p] = flat ? off : all(0.0);
            real u = C[r][p], v = C[r][q];
            C[r][p] = C[p][r] = c * u - s * v;
            C[r][q] = C[q][r] = s * u + c * v;
            for (int i = 0; i < 3; ++i) {
                u = Q[i][p];
                v = Q[i][q];
                Q[i][p] = c * u - s * v;
                Q[i][q] = s * u + c * v;
            }
        }
    };
"""
