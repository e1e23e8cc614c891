# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Logarithmic strain and its exponential as Warp functions."""

import warp as wp

from .materials import f64, mat33, vec3

vec6 = wp.types.vector(length=6, dtype=wp.float64)

STRAIN_LIMIT = 3.0
"""Largest principal logarithmic strain that ``log_stretch`` tells apart: a stretch of twenty."""

_LIMIT = wp.constant(f64(STRAIN_LIMIT))


@wp.func
def symmetric(s: vec6) -> mat33:
    """Symmetric matrix of (xx, yy, zz, yz, xz, xy)."""
    return mat33(s[0], s[5], s[4], s[5], s[1], s[3], s[4], s[3], s[2])


@wp.func
def principal(S: mat33) -> mat33:
    """Orthonormal eigenvectors of a symmetric matrix, in columns (cyclic Jacobi)."""
    A = S
    Q = wp.identity(n=3, dtype=f64)
    for _sweep in range(6):
        for k in range(3):
            p = wp.min(k, (k + 1) % 3)
            q = wp.max(k, (k + 1) % 3)
            apq = A[p, q]
            if wp.abs(apq) > f64(1.0e-17) * (wp.abs(A[p, p]) + wp.abs(A[q, q])):
                theta = (A[q, q] - A[p, p]) / (f64(2.0) * apq)
                t = f64(1.0) / (wp.abs(theta) + wp.sqrt(theta * theta + f64(1.0)))
                if theta < f64(0.0):
                    t = -t
                c = f64(1.0) / wp.sqrt(t * t + f64(1.0))
                s = t * c
                G = wp.identity(n=3, dtype=f64)
                G[p, p] = c
                G[q, q] = c
                G[p, q] = s
                G[q, p] = -s
                A = wp.transpose(G) * A * G
                Q = Q * G
    return Q


@wp.func
def log_stretch(C: mat33) -> mat33:
    """ln U = (ln C) / 2 of the right Cauchy-Green tensor C = F^T F."""
    Q = principal(C)
    D = wp.transpose(Q) * C * Q
    L = mat33()
    for i in range(3):
        L[i, i] = wp.clamp(f64(0.5) * wp.log(wp.max(D[i, i], f64(1.0e-12))), -_LIMIT, _LIMIT)
    return Q * L * wp.transpose(Q)


@wp.func
def inverse_stretch(Q: mat33, d: vec3) -> mat33:
    """exp(-S) of S = Q diag(d) Q^T."""
    E = mat33()
    for i in range(3):
        E[i, i] = wp.exp(-d[i])
    return Q * E * wp.transpose(Q)


@wp.func
def stretch_matrix(Q: mat33, d: vec3) -> mat33:
    """exp(S), the inverse of ``inverse_stretch``."""
    return inverse_stretch(Q, -d)


@wp.func
def inverse_stretch_differential(Q: mat33, d: vec3, dS: mat33) -> mat33:
    """Directional derivative of exp(-S), S = Q diag(d) Q^T, along dS (Daleckii-Krein formula)."""
    return along_slopes(Q, inverse_stretch_slopes(d), dS)


@wp.func
def inverse_stretch_slopes(d: vec3) -> mat33:
    """Divided differences of exp(-d) between each two of d."""
    slopes = mat33()
    for i in range(3):
        for j in range(3):
            gap = d[i] - d[j]
            slopes[i, j] = -wp.exp(f64(-0.5) * (d[i] + d[j]))
            if wp.abs(gap) > f64(1.0e-7):
                slopes[i, j] = (wp.exp(-d[i]) - wp.exp(-d[j])) / gap
    return slopes


@wp.func
def along_slopes(Q: mat33, slopes: mat33, dS: mat33) -> mat33:
    """``inverse_stretch_differential`` with the slopes at hand."""
    return Q * wp.cw_mul(slopes, wp.transpose(Q) * dS * Q) * wp.transpose(Q)
