# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""C++ for eight tets at a time in the vector registers of a CPU: Warp's compiler makes no vectors of single tets.

The laws are those of ``materials`` and ``fibre_law``, which run on any device; tests hold the two together. Clang
splits the vectors where a CPU's registers are narrower.
"""

from .fibre_law import AREA
from .lane_math import MATH, TYPES
from .materials import J_MIN, STABLE_NEO_HOOKEAN

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
