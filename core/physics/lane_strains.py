# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""C++ for the strains of eight tets at a time: stress-free shapes, tracks, Hencky strains."""

from .lane_math import JACOBI, MATH, TYPES
from .lane_source import EDGES
from .strain import STRAIN_LIMIT
from .strain_limit import LINEAR, MOST

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
