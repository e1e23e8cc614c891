# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""C++ for the stiffness of eight tets at a time: exact, and projected to be semi-definite as ``definite`` does it."""

from .lane_math import JACOBI, MATH, TYPES
from .lane_source import EDGES, FIBRE, PASSIVE

# Blocks of corners 1..3 follow from P's differential along e_j g_b^T; corner 0 balances them. With f = F g, q = G g,
# h = H g: K_ab = V ( 2A'(f_a q_b + q_a f_b) + B'(h_a q_b + q_a h_b) + (A'' i1 + B'' i2 + U'') q_a q_b
#   + 2A (g_a . g_b) + pressure [F (g_a x g_b)]_x
#   + 2B (2 f_a f_b - f_b f_a + (i1 g_a . g_b - f_a . f_b) - (g_a . g_b) F F^T) ).
_EXACT = """
        real fs[3][3], qs[3][3], hs[3][3], FF[3][3];
        real bend = A2 * i1 + B2 * i2 + U2;
        for (int i = 0; i < 3; ++i)
            for (int j = 0; j < 3; ++j) FF[i][j] = dot(F[i], F[j]);
        for (int a = 0; a < 3; ++a) {
            for (int i = 0; i < 3; ++i) {
                fs[a][i] = dot(F[i], N[a]);
                qs[a][i] = dot(G[i], N[a]);
            }
            for (int i = 0; i < 3; ++i) hs[a][i] = 2.0 * (i1 * fs[a][i] - dot(FF[i], fs[a]));
        }
        for (int a = 0; a < 3; ++a)
            for (int b = a; b < 3; ++b) {
                real gg = dot(N[a], N[b]), n[3], w[3];
                for (int i = 0; i < 3; ++i) {
                    int k = (i + 1) % 3, l = (i + 2) % 3;
                    n[i] = N[a][k] * N[b][l] - N[a][l] * N[b][k];
                }
                for (int i = 0; i < 3; ++i) w[i] = pressure * dot(F[i], n);
                real round = 2.0 * A * gg + 2.0 * B * (i1 * gg - dot(fs[a], fs[b]));
                for (int i = 0; i < 3; ++i)
                    for (int j = 0; j < 3; ++j) {
                        real r = 2.0 * A1 * (fs[a][i] * qs[b][j] + qs[a][i] * fs[b][j]);
                        r += B1 * (hs[a][i] * qs[b][j] + qs[a][i] * hs[b][j]) + bend * qs[a][i] * qs[b][j];
                        r += 2.0 * B * (2.0 * fs[a][i] * fs[b][j] - fs[b][i] * fs[a][j] - gg * FF[i][j]);
                        if (i == j) r += round;
                        else if (j == (i + 1) % 3) r += w[(i + 2) % 3];
                        else r -= w[(i + 1) % 3];
                        K[a + 1][b + 1][i][j] = r;
                    }
            }
"""

# F = R diag(x) Q^T with rotations R, Q: an inversion goes to the smallest of the singular values x. In that frame the
# stretches have one block E, each pair of axes a shear and a turn, and negative eigenvalues are dropped.
_DEFINITE = """
        real C[3][3], Q[3][3], Y[3][3], R[3][3], x[3];
        for (int i = 0; i < 3; ++i)
            for (int j = 0; j < 3; ++j) C[i][j] = F[0][i] * F[0][j] + F[1][i] * F[1][j] + F[2][i] * F[2][j];
        jacobi(C, Q);
        for (int k = 0; k < 3; ++k) {
            const int p = k == 1, q = p + 1;
            bits swap = C[p][p] < C[q][q];
            real c = C[p][p];
            C[p][p] = swap ? C[q][q] : c;
            C[q][q] = swap ? c : C[q][q];
            for (int i = 0; i < 3; ++i) {
                real u = Q[i][p];
                Q[i][p] = swap ? Q[i][q] : u;
                Q[i][q] = swap ? -u : Q[i][q];
            }
        }
        for (int i = 0; i < 3; ++i)
            for (int k = 0; k < 3; ++k) Y[k][i] = F[i][0] * Q[0][k] + F[i][1] * Q[1][k] + F[i][2] * Q[2][k];
        auto unit = [&](const real* v, const real* otherwise, real* out) {
            real length = root(dot(v, v));
            bits long_enough = length > 1.0e-12;
            real inverse = 1.0 / (long_enough ? length : all(1.0));
            for (int i = 0; i < 3; ++i) out[i] = long_enough ? v[i] * inverse : otherwise[i];
        };
        const real first[3] = {all(1.0), all(0.0), all(0.0)};
        unit(Y[0], first, R[0]);
        bits along = upper(R[0][0], -R[0][0]) > 0.6;
        real axis[3] = {along ? all(0.0) : all(1.0), along ? all(1.0) : all(0.0), all(0.0)}, rest[3], across[3];
        for (int i = 0; i < 3; ++i)
            across[i] = R[0][(i + 1) % 3] * axis[(i + 2) % 3] - R[0][(i + 2) % 3] * axis[(i + 1) % 3];
        unit(across, first, across);
        for (int i = 0; i < 3; ++i) rest[i] = Y[1][i] - dot(R[0], Y[1]) * R[0][i];
        unit(rest, across, R[1]);
        for (int i = 0; i < 3; ++i)
            R[2][i] = R[0][(i + 1) % 3] * R[1][(i + 2) % 3] - R[0][(i + 2) % 3] * R[1][(i + 1) % 3];
        for (int k = 0; k < 3; ++k) x[k] = dot(R[k], Y[k]);
        real s1 = all(0.0), s2 = all(0.0), squares[3], cofactor[3], E[3][3], T[3][3], sum[3], difference[3];
        for (int k = 0; k < 3; ++k) {
            squares[k] = x[k] * x[k];
            cofactor[k] = x[(k + 1) % 3] * x[(k + 2) % 3];
            s1 += squares[k];
            s2 += cofactor[k] * cofactor[k];
        }
        real stress = A1 * s1 + B1 * s2 + U1, bend = A2 * s1 + B2 * s2 + U2;
        for (int r = 0; r < 3; ++r) {
            const int a = (r + 1) % 3, b = (r + 2) % 3;
            real slope = 2.0 * x[r] * (A1 + B1 * (squares[a] + squares[b]));
            E[r][r] = 2.0 * (A + B * (squares[a] + squares[b])) + (2.0 * slope + bend * cofactor[r]) * cofactor[r];
            real other = 2.0 * x[a] * (A1 + B1 * (squares[b] + squares[r]));
            E[r][a] = E[a][r] = 4.0 * B * x[r] * x[a] + slope * cofactor[a] + other * cofactor[r]
                + bend * cofactor[r] * cofactor[a] + stress * x[b];
            real pair = x[a] * x[b];
            real shear = upper(2.0 * (A + B * (squares[r] - pair)) - stress * x[r], all(0.0));
            real turn = upper(2.0 * (A + B * (squares[r] + pair)) + stress * x[r], all(0.0));
            sum[r] = 0.5 * (shear + turn);
            difference[r] = 0.5 * (shear - turn);
        }
        jacobi(E, T);
        for (int r = 0; r < 3; ++r) E[r][r] = upper(E[r][r], all(0.0));
        for (int r = 0; r < 3; ++r)
            for (int c = 0; c < 3; ++c)
                C[r][c] = E[0][0] * T[r][0] * T[c][0] + E[1][1] * T[r][1] * T[c][1] + E[2][2] * T[r][2] * T[c][2];
        real p[3][3];
        for (int a = 0; a < 3; ++a)
            for (int k = 0; k < 3; ++k) p[a][k] = N[a][0] * Q[0][k] + N[a][1] * Q[1][k] + N[a][2] * Q[2][k];
        for (int a = 0; a < 3; ++a)
            for (int b = a; b < 3; ++b) {
                real D[3][3];
                for (int r = 0; r < 3; ++r)
                    for (int s = 0; s < 3; ++s) {
                        const int k = 3 - r - s;
                        D[r][s] = C[r][s] * p[a][r] * p[b][s];
                        if (r == s) {
                            const int t = (r + 1) % 3, u = (r + 2) % 3;
                            D[r][r] += sum[u] * p[a][t] * p[b][t] + sum[t] * p[a][u] * p[b][u];
                        } else {
                            D[r][s] += difference[k] * p[a][s] * p[b][r];
                        }
                    }
                for (int i = 0; i < 3; ++i) {
                    real left[3];
                    for (int s = 0; s < 3; ++s) left[s] = R[0][i] * D[0][s] + R[1][i] * D[1][s] + R[2][i] * D[2][s];
                    for (int j = 0; j < 3; ++j)
                        K[a + 1][b + 1][i][j] = left[0] * R[0][j] + left[1] * R[1][j] + left[2] * R[2][j];
                }
            }
"""


def _source(passive: str, *, definite: bool) -> str:
    """Blocks of the passive flesh by ``passive``, fibres, and the sum of both over the tets."""
    slope = "a * fall + slope * inverse * inverse"
    slope = f"upper({slope}, all(0.0))" if definite else f"({slope})"
    return f"""
    {TYPES} {MATH} {JACOBI if definite else ""}
    const double* X = &x.data[0][0];
    for (int i = 0; i < 9 * blocks.shape[0]; ++i) blocks.data[i / 9].data[(i % 9) / 3][i % 3] = 0.0;
    for (int g = begin; g < end; ++g) {{
        {EDGES} {PASSIVE}
        real K[4][4][3][3];
        {{ {passive} }}
        for (int f = lanes.fibre_start.data[g]; f < lanes.fibre_start.data[g + 1]; ++f) {{
            {FIBRE}
            real fall = near ? (-25.0 / 3.0) * d : (-50.0 / 3.0) * far * sign;
            real across = strength * tension / len, along = strength * {slope};
            along = (along - across) / (len * len);
            for (int i = 0; i < 3; ++i)
                for (int j = 0; j < 3; ++j) {{
                    real r = along * y[i] * y[j];
                    if (i == j) r += across;
                    for (int k = 0; k < 3; ++k)
                        for (int l = k; l < 3; ++l) K[k + 1][l + 1][i][j] += b[k] * b[l] * r;
                }}
        }}
        real v = load(lanes.volume.data + W * g);
        for (int i = 0; i < 3; ++i)
            for (int j = 0; j < 3; ++j)
                for (int a = 1; a < 4; ++a)
                    for (int b = a; b < 4; ++b) K[a][b][i][j] *= v;
        for (int i = 0; i < 3; ++i)
            for (int j = 0; j < 3; ++j)
                for (int a = 1; a < 4; ++a)
                    for (int b = a + 1; b < 4; ++b) K[b][a][j][i] = K[a][b][i][j];
        for (int i = 0; i < 3; ++i)
            for (int j = 0; j < 3; ++j)
                for (int a = 1; a < 4; ++a)
                    K[a][0][j][i] = K[0][a][i][j] = -(K[1][a][i][j] + K[2][a][i][j] + K[3][a][i][j]);
        for (int i = 0; i < 3; ++i)
            for (int j = 0; j < 3; ++j) K[0][0][i][j] = -(K[1][0][i][j] + K[2][0][i][j] + K[3][0][i][j]);
        for (int a = 0; a < 4; ++a)
            for (int b = 0; b < 4; ++b) {{
                double k[9][W];
                for (int i = 0; i < 9; ++i) store(k[i], K[a][b][i / 3][i % 3]);
                const int* to = place.data + W * (16 * g + 4 * a + b);
                for (int l = 0; l < W; ++l)
                    if (to[l] >= 0)
                        for (int i = 0; i < 9; ++i) blocks.data[to[l]].data[i / 3][i % 3] += k[i][l];
            }}
    }}
"""


EXACT = _source(_EXACT, definite=False)
DEFINITE = _source(_DEFINITE, definite=True)
