# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Constitutive laws of passive flesh as Warp functions, all of the one form

    psi(F) = A(J) I1 + B(J) I2 + U(J) - psi_rest,   I1 = |F|^2,  I2 = |cof F|^2,  J = det F,

per rest volume, with moduli m [N/cm2]:

* ``MOONEY_RIVLIN``, m = (mu10, mu01, kappa): quasi-incompressible (Sifakis, Neverov, Fedkiw 2005, section 3),
  A = mu10 J^(-2/3), B = mu01 J^(-4/3), U = kappa/2 (ln J)^2. Below ``J_MIN`` the three functions of J continue as their
  second-order Taylor polynomials; they stay decreasing and convex there, so that force = -dE/dx holds everywhere and
  an inverted tet is pushed back to J > 0.
* ``STABLE_NEO_HOOKEAN``, m = (mu, lambda, unused), Lame's moduli at rest (Smith, De Goes, Kim 2018, equation 13 without
  the logarithmic barrier): A = mu/2, B = 0, U = (lambda + mu)/2 (J - 1)^2 - mu (J - 1). Defined for every F.
"""

import warp as wp

f64 = wp.float64
vec3 = wp.vec3d
mat33 = wp.mat33d

MOONEY_RIVLIN, STABLE_NEO_HOOKEAN = 0, 1
LAWS = {"mooney_rivlin": MOONEY_RIVLIN, "stable_neo_hookean": STABLE_NEO_HOOKEAN}

THIRD = wp.constant(f64(1.0 / 3.0))

J_MIN = 0.1
"""Volume ratio below which the Mooney-Rivlin energy continues as a C2 polynomial."""

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
def mooney_rivlin(J: f64, m: vec3) -> mat33:
    """Rows A, B, U; columns value, first and second derivative; Taylor below J_MIN."""
    Jc = wp.max(J, _J0)
    inverse = f64(1.0) / Jc
    lnJ = wp.log(Jc)
    root = wp.exp(-THIRD * lnJ)
    a = m[0] * root * root
    a1 = f64(-2.0) * THIRD * a * inverse
    a2 = f64(-5.0) * THIRD * a1 * inverse
    b = m[1] * root * root * root * root
    b1 = f64(-4.0) * THIRD * b * inverse
    b2 = f64(-7.0) * THIRD * b1 * inverse
    u = f64(0.5) * m[2] * lnJ * lnJ
    u1 = m[2] * lnJ * inverse
    u2 = m[2] * (f64(1.0) - lnJ) * inverse * inverse
    t = wp.min(J - _J0, f64(0.0))
    h = f64(0.5) * t
    return mat33(
        a + t * (a1 + h * a2), a1 + t * a2, a2,
        b + t * (b1 + h * b2), b1 + t * b2, b2,
        u + t * (u1 + h * u2), u1 + t * u2, u2,
    )  # fmt: skip


@wp.func
def stable_neo_hookean(J: f64, m: vec3) -> mat33:
    """Rows A, B, U; columns value, first and second derivative."""
    e = J - f64(1.0)
    bulk = m[0] + m[1]
    zero = f64(0.0)
    return mat33(
        f64(0.5) * m[0], zero, zero,
        zero, zero, zero,
        (f64(0.5) * bulk * e - m[0]) * e, bulk * e - m[0], bulk,
    )  # fmt: skip


@wp.func
def functions_of_j(law: int, J: f64, m: vec3) -> mat33:
    """Rows A, B, U of the law at J; columns value, first and second derivative."""
    if law == STABLE_NEO_HOOKEAN:
        return stable_neo_hookean(J, m)
    return mooney_rivlin(J, m)


@wp.func
def passive_energy_and_stress(law: int, F: mat33, m: vec3):
    """Energy per rest volume of the flesh, zero at rest, and first Piola-Kirchhoff stress P = dpsi/dF."""
    G = cofactor(F)
    J = F[0, 0] * G[0, 0] + F[1, 0] * G[1, 0] + F[2, 0] * G[2, 0]
    g = functions_of_j(law, J, m)
    i1 = wp.ddot(F, F)
    i2 = wp.ddot(G, G)
    rest = f64(1.5) * m[0]
    P = f64(2.0) * g[0, 0] * F + (g[0, 1] * i1 + g[1, 1] * i2 + g[2, 1]) * G
    if law == MOONEY_RIVLIN:
        rest = f64(3.0) * (m[0] + m[1])
        P += f64(2.0) * g[1, 0] * (i1 * F - F * (wp.transpose(F) * F))
    return g[0, 0] * i1 + g[1, 0] * i2 + g[2, 0] - rest, P


@wp.func
def passive_stress(law: int, F: mat33, m: vec3) -> mat33:
    """First Piola-Kirchhoff stress P = dpsi/dF of the flesh."""
    _psi, P = passive_energy_and_stress(law, F, m)
    return P


@wp.func
def passive_stress_differential(law: int, F: mat33, dF: mat33, m: vec3) -> mat33:
    """dP = (d2psi/dF2) : dF of the flesh."""
    two = f64(2.0)
    G = cofactor(F)
    dG = cofactor_differential(F, dF)
    g = functions_of_j(law, wp.determinant(F), m)
    C = wp.transpose(F) * F
    i1 = wp.ddot(F, F)
    i2 = wp.ddot(G, G)
    H = two * (i1 * F - F * C)
    dJ = wp.ddot(G, dF)
    di1 = two * wp.ddot(F, dF)
    di2 = wp.ddot(H, dF)
    dH = two * (di1 * F + i1 * dF - dF * C - F * (wp.transpose(dF) * F) - F * (wp.transpose(F) * dF))
    pressure = g[0, 1] * i1 + g[1, 1] * i2 + g[2, 1]
    d_pressure = (g[0, 2] * i1 + g[1, 2] * i2 + g[2, 2]) * dJ + g[0, 1] * di1 + g[1, 1] * di2
    return two * (g[0, 1] * dJ * F + g[0, 0] * dF) + g[1, 1] * dJ * H + g[1, 0] * dH + d_pressure * G + pressure * dG
