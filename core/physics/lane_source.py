# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""C++ for eight tets at a time in the vector registers of a CPU: Warp's compiler makes no vectors of single tets.

The laws are those of ``materials`` and ``fibre_law``, which run on any device; tests hold the two together. Clang
splits the vectors where a CPU's registers are narrower.
"""

from math import factorial

from .fibre_law import AREA
from .materials import J_MIN, STABLE_NEO_HOOKEAN
from .strain import STRAIN_LIMIT
from .strain_limit import LINEAR, MOST

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

# Edges e[k][c] = x_(c+1) - x_0 of group g, component k. Nodes are read four numbers at a time, so that one more number
# must follow the last.
EDGES = """
    const int* node = lanes.corner.data + 4 * W * g;
    real e[3][3];
    {
        real p[4][3];
        for (int c = 0; c < 4; ++c) {
            real a[4];
            for (int k = 0; k < 4; ++k) {
                quad q[2];
                for (int l = 0; l < 2; ++l) __builtin_memcpy(&q[l], X + 3 * node[W * c + 2 * k + l], sizeof q[l]);
                a[k] = __builtin_shufflevector(q[0], q[1], 0, 1, 2, 3, 4, 5, 6, 7);
            }
            real t = __builtin_shufflevector(a[0], a[1], 0, 4, 8, 12, 1, 5, 9, 13);
            real u = __builtin_shufflevector(a[2], a[3], 0, 4, 8, 12, 1, 5, 9, 13);
            p[c][0] = __builtin_shufflevector(t, u, 0, 1, 2, 3, 8, 9, 10, 11);
            p[c][1] = __builtin_shufflevector(t, u, 4, 5, 6, 7, 12, 13, 14, 15);
            t = __builtin_shufflevector(a[0], a[1], 2, 6, 10, 14, -1, -1, -1, -1);
            u = __builtin_shufflevector(a[2], a[3], 2, 6, 10, 14, -1, -1, -1, -1);
            p[c][2] = __builtin_shufflevector(t, u, 0, 1, 2, 3, 8, 9, 10, 11);
        }
        for (int k = 0; k < 3; ++k)
            for (int c = 0; c < 3; ++c) e[k][c] = p[c + 1][k] - p[0][k];
    }
"""

# A, B and U of the law at J with their derivatives, of which the forces need one and the stiffness two.
LAW = f"""
    const double* m = lanes.moduli.data + 3 * W * g;
    real m0 = load(m), m1 = load(m + W), m2 = load(m + 2 * W);
    real A, A1, A2, B, B1, B2, U, U1, U2, still;
    const bool hookean = lanes.law.data[g] == {STABLE_NEO_HOOKEAN};
    if (hookean) {{
        real d = J - 1.0, bulk = m0 + m1;
        A = 0.5 * m0;
        A1 = A2 = B = B1 = B2 = all(0.0);
        U = (0.5 * bulk * d - m0) * d;
        U1 = bulk * d - m0;
        U2 = bulk;
        still = 1.5 * m0;
    }} else {{
        real Jc = upper(J, all({J_MIN})), lnJ = ln(Jc), r = inverse_cube_root(Jc), inverse = r * r * r;
        A = m0 * r * r;
        A1 = (-2.0 / 3.0) * A * inverse;
        A2 = (-5.0 / 3.0) * A1 * inverse;
        B = m1 * r * r * r * r;
        B1 = (-4.0 / 3.0) * B * inverse;
        B2 = (-7.0 / 3.0) * B1 * inverse;
        U = 0.5 * m2 * lnJ * lnJ;
        U1 = m2 * lnJ * inverse;
        U2 = m2 * (1.0 - lnJ) * inverse * inverse;
        if (any(J < {J_MIN})) {{
            real t = lower(J - {J_MIN}, all(0.0)), h = 0.5 * t;
            A += t * (A1 + h * A2);
            A1 += t * A2;
            B += t * (B1 + h * B2);
            B1 += t * B2;
            U += t * (U1 + h * U2);
            U1 += t * U2;
        }}
        still = 3.0 * (m0 + m1);
    }}
"""

# F of the passive flesh, its cofactor G, the invariants, and the law.
PASSIVE = f"""
    real N[3][3], F[3][3], G[3][3];
    for (int i = 0; i < 9; ++i) N[i / 3][i % 3] = load(natural.data + W * (9 * g + i));
    for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j) F[i][j] = e[i][0] * N[0][j] + e[i][1] * N[1][j] + e[i][2] * N[2][j];
    for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j) {{
            int a = (i + 1) % 3, b = (i + 2) % 3, c = (j + 1) % 3, d = (j + 2) % 3;
            G[i][j] = F[a][c] * F[b][d] - F[a][d] * F[b][c];
        }}
    real J = F[0][0] * G[0][0] + F[1][0] * G[1][0] + F[2][0] * G[2][0];
    real i1 = all(0.0), i2 = all(0.0);
    for (int i = 0; i < 9; ++i) {{
        i1 += F[i / 3][i % 3] * F[i / 3][i % 3];
        i2 += G[i / 3][i % 3] * G[i / 3][i % 3];
    }}
    {LAW}
    real pressure = A1 * i1 + B1 * i2 + U1;
"""

# One row f of fibre entries: b = Dm^-1 d, y = F d, its length, and what active and passive tension need. Most rows have
# neither.
FIBRE = f"""
    const double* q = lanes.fibre.data + 4 * W * f;
    real b[3], y[3];
    for (int k = 0; k < 3; ++k) b[k] = load(q + W * k);
    for (int k = 0; k < 3; ++k) y[k] = e[k][0] * b[0] + e[k][1] * b[1] + e[k][2] * b[2];
    real strength = load(q + 3 * W), inverse = load(taut.data + W * f), a;
    for (int l = 0; l < W; ++l) a[l] = activation.data[lanes.muscle.data[W * f + l]];
    real square = dot(y, y);
    const bool passive_too = any(square * inverse * inverse > 1.0);
    if (!passive_too && !any(a != 0.0)) continue;
    real len = upper(root(square), all(1.0e-6));
    real d = len - 1.0, s = upper(d, -d), sign = d < 0.0 ? all(-1.0) : all(1.0);
    real far = upper(0.6 - s, all(0.0));
    bits near = s < 0.4;
    real active = near ? 1.0 - (25.0 / 6.0) * d * d : (25.0 / 3.0) * far * far;
    real area = near ? s - (25.0 / 18.0) * s * s * s : {AREA!r} - (25.0 / 9.0) * far * far * far;
    real passive = all(0.0), slope = all(0.0), stored = all(0.0);
    if (passive_too) {{
        real over = upper(len * inverse - 1.0, all(0.0)), c = lower(over, all(0.4)), t = over - c;
        real ex = power(6.6 * c);
        passive = 0.05 * (ex - 6.6 * c - 1.0);
        slope = 0.33 * (ex - 1.0);
        stored = 0.05 * ((ex - 1.0) * (1.0 / 6.6) - 3.3 * c * c - c) + t * (passive + 0.5 * t * slope);
        passive += t * slope;
    }}
    real tension = a * active + passive * inverse;
"""

# The forces need no F. With the edges E, F = E N, and M = N N^T: C = F^T F and its square have the traces of E^T E M
# and its square, and P N^T = E (2 (A + B i1) M - 2 B M E^T E M) + pressure det N cof E.
FORCES = f"""
    {TYPES} {MATH}
    const double* X = &x.data[0][0];
    double* out = &force.data[0][0];
    for (int i = 0; i < 4 * x.shape[0]; ++i) out[i] = 0.0;
    real total = all(0.0);
    const int full[3][3] = {{{{0, 5, 4}}, {{5, 1, 3}}, {{4, 3, 2}}}};
    for (int g = begin; g < end; ++g) {{
        {EDGES}
        real M[6], H[3][3], K[6], Z[6], det = load(metric.data + W * (7 * g + 6));
        for (int i = 0; i < 6; ++i) M[i] = load(metric.data + W * (7 * g + i));
        for (int i = 0; i < 3; ++i)
            for (int j = 0; j < 3; ++j) {{
                int a = (i + 1) % 3, b = (i + 2) % 3, c = (j + 1) % 3, d = (j + 2) % 3;
                H[i][j] = e[a][c] * e[b][d] - e[a][d] * e[b][c];
            }}
        real J = det * (e[0][0] * H[0][0] + e[1][0] * H[1][0] + e[2][0] * H[2][0]);
        for (int i = 0; i < 3; ++i)
            for (int j = i; j < 3; ++j) K[full[i][j]] = e[0][i] * e[0][j] + e[1][i] * e[1][j] + e[2][i] * e[2][j];
        real i1 = dot(K, M) + 2.0 * dot(K + 3, M + 3);
        {LAW}
        real psi = A * i1 + U - still, pressure = A1 * i1 + U1;
        if (hookean) {{
            for (int i = 0; i < 6; ++i) Z[i] = m0 * M[i];
        }} else {{
            real V[3][3];
            for (int i = 0; i < 3; ++i)
                for (int j = 0; j < 3; ++j)
                    V[i][j] = K[full[i][0]] * M[full[0][j]] + K[full[i][1]] * M[full[1][j]]
                        + K[full[i][2]] * M[full[2][j]];
            real squares = V[0][0] * V[0][0] + V[1][1] * V[1][1] + V[2][2] * V[2][2];
            real i2 = 0.5 * (i1 * i1 - squares) - (V[0][1] * V[1][0] + V[0][2] * V[2][0] + V[1][2] * V[2][1]);
            psi += B * i2;
            pressure += B1 * i2;
            real linear = 2.0 * A + 2.0 * B * i1, cubic = 2.0 * B;
            for (int i = 0; i < 3; ++i)
                for (int j = i; j < 3; ++j)
                    Z[full[i][j]] = linear * M[full[i][j]] - cubic * (M[full[i][0]] * V[0][j] + M[full[i][1]] * V[1][j]
                        + M[full[i][2]] * V[2][j]);
        }}
        pressure *= det;
        real S[3][3];
        for (int i = 0; i < 3; ++i)
            for (int j = 0; j < 3; ++j)
                S[i][j] = pressure * H[i][j] + e[i][0] * Z[full[0][j]] + e[i][1] * Z[full[1][j]]
                    + e[i][2] * Z[full[2][j]];
        for (int f = lanes.fibre_start.data[g]; f < lanes.fibre_start.data[g + 1]; ++f) {{
            {FIBRE}
            psi += strength * (a * area * sign + stored);
            real pull = strength * tension / len;
            for (int i = 0; i < 3; ++i)
                for (int j = 0; j < 3; ++j) S[i][j] += pull * y[i] * b[j];
        }}
        real v = load(lanes.volume.data + W * g);
        total += v * psi;
        real f[4][3];
        for (int i = 0; i < 3; ++i) {{
            for (int c = 0; c < 3; ++c) f[c + 1][i] = -v * S[i][c];
            f[0][i] = -(f[1][i] + f[2][i] + f[3][i]);
        }}
        for (int c = 0; c < 4; ++c) {{
            const real none = all(0.0);
            real a[2], b[2];
            a[0] = __builtin_shufflevector(f[c][0], f[c][1], 0, 8, 1, 9, 2, 10, 3, 11);
            a[1] = __builtin_shufflevector(f[c][0], f[c][1], 4, 12, 5, 13, 6, 14, 7, 15);
            b[0] = __builtin_shufflevector(f[c][2], none, 0, 8, 1, 8, 2, 8, 3, 8);
            b[1] = __builtin_shufflevector(f[c][2], none, 4, 8, 5, 8, 6, 8, 7, 8);
            for (int k = 0; k < 2; ++k) {{
                quad q[4];
                q[0] = __builtin_shufflevector(a[k], b[k], 0, 1, 8, 9);
                q[1] = __builtin_shufflevector(a[k], b[k], 2, 3, 10, 11);
                q[2] = __builtin_shufflevector(a[k], b[k], 4, 5, 12, 13);
                q[3] = __builtin_shufflevector(a[k], b[k], 6, 7, 14, 15);
                for (int l = 0; l < 4; ++l) {{
                    double* to = out + 4 * node[W * c + 4 * k + l];
                    quad sum;
                    __builtin_memcpy(&sum, to, sizeof sum);
                    sum += q[l];
                    __builtin_memcpy(to, &sum, sizeof sum);
                }}
            }}
        }}
    }}
    double sum = 0.0;
    for (int l = 0; l < W; ++l) sum += total[l];
    energy.data[0] = sum;
"""

# How many tets are turned over.
TURNED = f"""
    {TYPES}
    const double* X = &x.data[0][0];
    bits sum = {{}};
    for (int g = begin; g < end; ++g) {{
        {EDGES}
        real turned[3];
        for (int i = 0; i < 3; ++i) {{
            int a = (i + 1) % 3, b = (i + 2) % 3;
            turned[i] = e[a][1] * e[b][2] - e[a][2] * e[b][1];
        }}
        real volume = e[0][0] * turned[0] + e[1][0] * turned[1] + e[2][0] * turned[2];
        // Places without a tet hold one of the group's once more.
        sum += (volume <= 0.0) & (load(lanes.volume.data + W * g) > 0.0);
    }}
    int count = 0;
    for (int l = 0; l < W; ++l) count -= sum[l];
    counts.data[0] = count;
"""

# exp(-S) by scaling and squaring: S / 32 in a Taylor series of eleven terms, squared five times. Powers of one matrix
# commute, so that all products are symmetric: xx, yy, zz, yz, xz, xy.
NATURAL = f"""
    {TYPES}
    auto times = [&](const real* a, const real* b, real* c) {{
        c[0] = a[0] * b[0] + a[5] * b[5] + a[4] * b[4];
        c[1] = a[5] * b[5] + a[1] * b[1] + a[3] * b[3];
        c[2] = a[4] * b[4] + a[3] * b[3] + a[2] * b[2];
        c[3] = a[5] * b[4] + a[1] * b[3] + a[3] * b[2];
        c[4] = a[0] * b[4] + a[5] * b[3] + a[4] * b[2];
        c[5] = a[0] * b[5] + a[5] * b[1] + a[4] * b[3];
    }};
    const int full[3][3] = {{{{0, 5, 4}}, {{5, 1, 3}}, {{4, 3, 2}}}};
    for (int g = begin; g < end; ++g) {{
        real S[6], E[6], T[6];
        for (int i = 0; i < 6; ++i) S[i] = load(strain.data + W * (6 * g + i)) * (-1.0 / 32.0);
        for (int i = 0; i < 6; ++i) E[i] = S[i] * (1.0 / 11.0) + (i < 3 ? 1.0 : 0.0);
        for (int k = 10; k > 0; --k) {{
            times(S, E, T);
            for (int i = 0; i < 6; ++i) E[i] = T[i] * (1.0 / k) + (i < 3 ? 1.0 : 0.0);
        }}
        for (int k = 0; k < 5; ++k) {{
            times(E, E, T);
            for (int i = 0; i < 6; ++i) E[i] = T[i];
        }}
        real B[3][3], M[3][3], N[3][3];
        for (int i = 0; i < 9; ++i) B[i / 3][i % 3] = load(lanes.inv_rest.data + W * (9 * g + i));
        for (int i = 0; i < 3; ++i)
            for (int j = 0; j < 3; ++j)
                M[i][j] = B[i][0] * E[full[0][j]] + B[i][1] * E[full[1][j]] + B[i][2] * E[full[2][j]];
        const double* p = lanes.prestretch.data + 9 * W * g;
        for (int i = 0; i < 3; ++i)
            for (int j = 0; j < 3; ++j)
                N[i][j] = M[i][0] * load(p + W * j) + M[i][1] * load(p + W * (3 + j)) + M[i][2] * load(p + W * (6 + j));
        if (natural.data)
            for (int i = 0; i < 9; ++i) store(natural.data + W * (9 * g + i), N[i / 3][i % 3]);
        if (metric.data) {{
            double* to = metric.data + 7 * W * g;
            for (int i = 0; i < 3; ++i)
                for (int j = i; j < 3; ++j) store(to + W * full[i][j], dot(N[i], N[j]));
            real minor[3];
            for (int i = 0; i < 3; ++i)
                minor[i] = N[1][(i + 1) % 3] * N[2][(i + 2) % 3] - N[1][(i + 2) % 3] * N[2][(i + 1) % 3];
            store(to + 6 * W, dot(N[0], minor));
        }}
        // The cofactors of exp(-S) over its determinant are exp(S).
        real c[6] = {{E[1] * E[2] - E[3] * E[3], E[0] * E[2] - E[4] * E[4], E[0] * E[1] - E[5] * E[5],
                     E[4] * E[5] - E[0] * E[3], E[3] * E[5] - E[1] * E[4], E[3] * E[4] - E[2] * E[5]}};
        real det = E[0] * c[0] + E[5] * c[5] + E[4] * c[4];
        for (int f = lanes.fibre_start.data[g]; f < lanes.fibre_start.data[g + 1]; ++f) {{
            real d[3], s[3];
            for (int k = 0; k < 3; ++k) d[k] = load(lanes.direction.data + W * (3 * f + k));
            for (int k = 0; k < 3; ++k) s[k] = c[full[k][0]] * d[0] + c[full[k][1]] * d[1] + c[full[k][2]] * d[2];
            store(taut.data + W * f, det / root(dot(s, s)));
        }}
    }}
"""

# Strains of tracks summed, and the sum held within what a tet bears (see ``strain_limit``). The rows of all tracks lie
# group by group, so that they are read in one stream.
_ROW = """
    real d[6];
    for (int i = 0; i < 6; ++i) {
        small v;
        __builtin_memcpy(&v, track.data + W * (6 * row + i), sizeof v);
        d[i] = step.data[row] * __builtin_convertvector(v, real);
    }
"""
SUMS = f"""
    {TYPES} {MATH}
    for (int g = begin; g < end; ++g) {{
        real S[6];
        for (int i = 0; i < 6; ++i) S[i] = all(0.0);
        for (int row = start.data[g]; row < start.data[g + 1]; ++row) {{
            const double w = weight.data[owner.data[row]];
            if (w == 0.0) continue;
            {_ROW}
            for (int i = 0; i < 6; ++i) S[i] += w * d[i];
        }}
        real n = root(dot(S, S) + 2.0 * dot(S + 3, S + 3)), scale = load(largest.data + W * g);
        real over = upper(n / scale - {LINEAR!r}, all(0.0)) * {1.0 / (MOST - LINEAR)!r};
        real decay = power(-2.0 * lower(over, all(300.0)));
        real held = scale * ({LINEAR!r} + {MOST - LINEAR!r} * (1.0 - decay) / (1.0 + decay));
        real share = over > 0.0 ? held / upper(n, all(1.0e-300)) : all(1.0);
        for (int i = 0; i < 6; ++i) {{
            store(summed.data + W * (6 * g + i), S[i]);
            store(limited.data + W * (6 * g + i), share * S[i]);
        }}
    }}
"""

# ln U = ln(F^T F) / 2 in the principal frame that cyclic Jacobi rotations find.
LOG_STRAIN = f"""
    {TYPES} {MATH} {JACOBI}
    const double* X = &x.data[0][0];
    for (int g = begin; g < end; ++g) {{
        {EDGES}
        real F[3][3], C[3][3], Q[3][3];
        for (int i = 0; i < 3; ++i)
            for (int j = 0; j < 3; ++j) {{
                const double* p = lanes.inv_rest.data + W * (9 * g + j);
                F[i][j] = e[i][0] * load(p) + e[i][1] * load(p + 3 * W) + e[i][2] * load(p + 6 * W);
            }}
        for (int i = 0; i < 3; ++i)
            for (int j = 0; j < 3; ++j) C[i][j] = F[0][i] * F[0][j] + F[1][i] * F[1][j] + F[2][i] * F[2][j];
        jacobi(C, Q);
        real L[3];
        for (int k = 0; k < 3; ++k)
            L[k] = lower(upper(0.5 * ln(upper(C[k][k], all(1.0e-12))), all(-{STRAIN_LIMIT})), all({STRAIN_LIMIT}));
        const int row[6] = {{0, 1, 2, 1, 0, 0}}, column[6] = {{0, 1, 2, 2, 2, 1}};
        for (int i = 0; i < 6; ++i) {{
            real S = all(0.0);
            for (int k = 0; k < 3; ++k) S += L[k] * Q[row[i]][k] * Q[column[i]][k];
            store(strain.data + W * (6 * g + i), S);
        }}
    }}
"""

# Change of the forces for a change of the strain, from the change per unit of each of its six numbers.
COLUMNS = f"""
    {TYPES}
    for (int g = begin; g < end; ++g) {{
        const int* node = lanes.corner.data + 4 * W * g;
        real S[6], share = load(shares.data + W * g), bend = load(bends.data + W * g);
        for (int i = 0; i < 6; ++i) S[i] = load(summed.data + W * (6 * g + i));
        for (int row = start.data[g]; row < start.data[g + 1]; ++row) {{
            {_ROW}
            real along = bend * (dot(S, d) + 2.0 * dot(S + 3, d + 3));
            for (int i = 0; i < 6; ++i) d[i] = share * d[i] + along * S[i];
            double h[9][W];
            for (int c = 0; c < 9; ++c) {{
                real sum = all(0.0);
                for (int i = 0; i < 6; ++i) sum += load(unit.data + W * (54 * g + 9 * i + c)) * d[i];
                store(h[c], sum);
            }}
            double* out = &force.data[(long long)owner.data[row] * nodes][0];
            for (int l = 0; l < W; ++l)
                for (int i = 0; i < 3; ++i) {{
                    out[3 * node[l] + i] -= h[i][l] + h[3 + i][l] + h[6 + i][l];
                    for (int c = 0; c < 3; ++c) out[3 * node[W * (c + 1) + l] + i] += h[3 * c + i][l];
                }}
        }}
    }}
"""

# Products of every track's strain with a gradient over strains.
DOTS = f"""
    {TYPES}
    for (int g = begin; g < end; ++g)
        for (int row = start.data[g]; row < start.data[g + 1]; ++row) {{
            {_ROW}
            double* sum = product.data + W * owner.data[row];
            real part = load(sum);
            for (int i = 0; i < 6; ++i) part += d[i] * load(gradient.data + W * (6 * g + i));
            store(sum, part);
        }}
"""
