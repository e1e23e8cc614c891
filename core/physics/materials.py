# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Constitutive laws as Warp functions: quasi-incompressible Mooney-Rivlin flesh and Hill-type fibres.

Passive flesh (Sifakis, Neverov, Fedkiw 2005, section 3; Teran et al. 2005), energy per rest volume:

    psi(F) = mu10 (J^(-2/3) I1 - 3) + mu01 (J^(-4/3) I2 - 3) + kappa/2 (ln J)^2,   I1 = |F|^2,  I2 = |cof F|^2.

Below ``J_MIN`` the three functions of J continue as their second-order Taylor polynomials. They stay decreasing and
convex there, so that force = -dE/dx holds everywhere and an inverted tet is pushed back to J > 0.

Fibres (Zajac 1989; constants of the Stanford face model): tension T(lambda, a) = active + passive in units of the
maximal isometric stress, with e = lambda - 1.
"""

import warp as wp

f64 = wp.float64
vec3 = wp.vec3d
mat33 = wp.mat33d
vec6 = wp.types.vector(length=6, dtype=wp.float64)

# Python numbers written inside a Warp function pass through single precision: those that it cannot hold live here.
_THIRD = wp.constant(f64(1.0 / 3.0))
_0_05 = wp.constant(f64(0.05))
_0_4 = wp.constant(f64(0.4))
_0_6 = wp.constant(f64(0.6))
_6_6 = wp.constant(f64(6.6))
_25_3 = wp.constant(f64(25.0 / 3.0))
_25_18 = wp.constant(f64(25.0 / 18.0))
_AREA = wp.constant(f64(0.4 - 25.0 / 18.0 * 0.4**3 + 25.0 / 9.0 * 0.2**3))
"""Integral of the active curve over 0 < e < 0.6."""

J_MIN = 0.1
"""Volume ratio below which the energy continues as a C2 polynomial."""

_J0 = wp.constant(f64(J_MIN))


@wp.func
def cofactor(F: mat33) -> mat33:
    """dJ/dF = cof F, columns f1 x f2, f2 x f0, f0 x f1."""
    f0 = vec3(F[0, 0], F[1, 0], F[2, 0])
    f1 = vec3(F[0, 1], F[1, 1], F[2, 1])
    f2 = vec3(F[0, 2], F[1, 2], F[2, 2])
    return wp.matrix_from_cols(wp.cross(f1, f2), wp.cross(f2, f0), wp.cross(f0, f1))


@wp.func
def cofactor_differential(F: mat33, dF: mat33) -> mat33:
    """Directional derivative of cof F, which is bilinear in the columns."""
    f0 = vec3(F[0, 0], F[1, 0], F[2, 0])
    f1 = vec3(F[0, 1], F[1, 1], F[2, 1])
    f2 = vec3(F[0, 2], F[1, 2], F[2, 2])
    d0 = vec3(dF[0, 0], dF[1, 0], dF[2, 0])
    d1 = vec3(dF[0, 1], dF[1, 1], dF[2, 1])
    d2 = vec3(dF[0, 2], dF[1, 2], dF[2, 2])
    return wp.matrix_from_cols(
        wp.cross(d1, f2) + wp.cross(f1, d2),
        wp.cross(d2, f0) + wp.cross(f2, d0),
        wp.cross(d0, f1) + wp.cross(f0, d1),
    )


@wp.func
def functions_of_j(J: f64) -> mat33:
    """Rows J^(-2/3), J^(-4/3), (ln J)^2 / 2; columns value, first and second derivative; Taylor below J_MIN."""
    Jc = wp.max(J, _J0)
    inverse = f64(1.0) / Jc
    lnJ = wp.log(Jc)
    root = wp.exp(-_THIRD * lnJ)
    a = root * root
    a1 = f64(-2.0) * _THIRD * a * inverse
    a2 = f64(-5.0) * _THIRD * a1 * inverse
    b = a * a
    b1 = f64(-4.0) * _THIRD * b * inverse
    b2 = f64(-7.0) * _THIRD * b1 * inverse
    u = f64(0.5) * lnJ * lnJ
    u1 = lnJ * inverse
    u2 = (f64(1.0) - lnJ) * inverse * inverse
    t = wp.min(J - _J0, f64(0.0))
    h = f64(0.5) * t
    return mat33(
        a + t * (a1 + h * a2), a1 + t * a2, a2,
        b + t * (b1 + h * b2), b1 + t * b2, b2,
        u + t * (u1 + h * u2), u1 + t * u2, u2,
    )  # fmt: skip


@wp.func
def passive_energy(F: mat33, mu10: f64, mu01: f64, kappa: f64) -> f64:
    """Energy per rest volume of the flesh, zero at rest."""
    G = cofactor(F)
    g = functions_of_j(wp.determinant(F))
    three = f64(3.0)
    return mu10 * (g[0, 0] * wp.ddot(F, F) - three) + mu01 * (g[1, 0] * wp.ddot(G, G) - three) + kappa * g[2, 0]


@wp.func
def passive_stress(F: mat33, mu10: f64, mu01: f64, kappa: f64) -> mat33:
    """First Piola-Kirchhoff stress P = dpsi/dF of the flesh."""
    G = cofactor(F)
    g = functions_of_j(wp.determinant(F))
    i1 = wp.ddot(F, F)
    i2 = wp.ddot(G, G)
    H = f64(2.0) * (i1 * F - F * (wp.transpose(F) * F))
    pressure = mu10 * g[0, 1] * i1 + mu01 * g[1, 1] * i2 + kappa * g[2, 1]
    return f64(2.0) * mu10 * g[0, 0] * F + mu01 * g[1, 0] * H + pressure * G


@wp.func
def passive_stress_differential(F: mat33, dF: mat33, mu10: f64, mu01: f64, kappa: f64) -> mat33:
    """dP = (d2psi/dF2) : dF of the flesh."""
    two = f64(2.0)
    G = cofactor(F)
    dG = cofactor_differential(F, dF)
    g = functions_of_j(wp.determinant(F))
    C = wp.transpose(F) * F
    i1 = wp.ddot(F, F)
    i2 = wp.ddot(G, G)
    H = two * (i1 * F - F * C)
    dJ = wp.ddot(G, dF)
    di1 = two * wp.ddot(F, dF)
    di2 = wp.ddot(H, dF)
    dH = two * (di1 * F + i1 * dF - dF * C - F * (wp.transpose(dF) * F) - F * (wp.transpose(F) * dF))
    pressure = mu10 * g[0, 1] * i1 + mu01 * g[1, 1] * i2 + kappa * g[2, 1]
    d_pressure = (
        mu10 * (g[0, 2] * dJ * i1 + g[0, 1] * di1) + mu01 * (g[1, 2] * dJ * i2 + g[1, 1] * di2) + kappa * g[2, 2] * dJ
    )
    return (
        two * mu10 * (g[0, 1] * dJ * F + g[0, 0] * dF)
        + mu01 * (g[1, 1] * dJ * H + g[1, 0] * dH)
        + d_pressure * G
        + pressure * dG
    )


@wp.func
def active_tension(stretch: f64) -> vec3:
    """(integral, value, slope) of the active force-length curve, 1 at the rest length and 0 beyond |e| = 0.6."""
    e = stretch - f64(1.0)
    s = wp.abs(e)
    value = f64(0.0)
    slope = f64(0.0)
    # Integral of the curve from e = 0, odd in e.
    integral = _AREA
    if s < _0_4:
        value = f64(1.0) - f64(0.5) * _25_3 * e * e
        slope = -_25_3 * e
        integral = s - _25_18 * s * s * s
    elif s < _0_6:
        r = _0_6 - s
        value = _25_3 * r * r
        slope = -f64(2.0) * _25_3 * r * wp.sign(e)
        integral = integral - _THIRD * _25_3 * r * r * r
    return vec3(integral * wp.sign(e), value, slope)


@wp.func
def passive_tension(stretch: f64) -> vec3:
    """(integral, value, slope) of the passive fibre curve: exponential to a stretch of 1.4, linear beyond."""
    e = wp.max(stretch - f64(1.0), f64(0.0))
    c = wp.min(e, _0_4)
    k = _6_6
    ex = wp.exp(k * c)
    value = _0_05 * (ex - k * c - f64(1.0))
    slope = _0_05 * k * (ex - f64(1.0))
    integral = _0_05 * (ex / k - f64(0.5) * k * c * c - c - f64(1.0) / k)
    t = e - c
    return vec3(integral + t * (value + f64(0.5) * t * slope), value + t * slope, slope)


@wp.func
def fibre_tension(stretch: f64, activation: f64) -> vec3:
    """(energy per rest volume, tension, slope) of a fibre in units of sigma_max."""
    return activation * active_tension(stretch) + passive_tension(stretch)


STRAIN_LIMIT = 1.5
"""Largest principal logarithmic strain of a stress-free shape, so that no sum of shapes folds the flesh up."""

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
    """exp(-S) of S = Q diag(d) Q^T, its principal values held within the limit."""
    E = mat33()
    for i in range(3):
        E[i, i] = wp.exp(-wp.clamp(d[i], -_LIMIT, _LIMIT))
    return Q * E * wp.transpose(Q)


@wp.func
def inverse_stretch_differential(Q: mat33, d: vec3, dS: mat33) -> mat33:
    """Directional derivative of exp(-S), S = Q diag(d) Q^T, along dS (Daleckii-Krein formula)."""
    M = wp.transpose(Q) * dS * Q
    for i in range(3):
        for j in range(3):
            a = wp.clamp(d[i], -_LIMIT, _LIMIT)
            b = wp.clamp(d[j], -_LIMIT, _LIMIT)
            gap = d[i] - d[j]
            slope = f64(0.0)
            if wp.abs(gap) > f64(1.0e-7):
                slope = (wp.exp(-a) - wp.exp(-b)) / gap
            elif wp.abs(d[i]) < _LIMIT:
                slope = -wp.exp(f64(-0.5) * (a + b))
            M[i, j] = M[i, j] * slope
    return Q * M * wp.transpose(Q)
