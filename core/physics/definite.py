# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Positive semi-definite stiffness of passive flesh: dP/dF projected in the frame of F's singular values.

An isotropic energy's second derivative falls there into one 3 x 3 block (stretches) and three 2 x 2 blocks (shears and
turns of each pair) whose eigenvalues are known in closed form (Teran et al. 2005; Smith, De Goes, Kim 2019). Negative
ones are set to zero.
"""

import warp as wp

from .materials import cofactor, f64, functions_of_j, mat33, vec3
from .strain import principal


@wp.struct
class Spectrum:
    """F = U diag V^T with rotations U, V; projected block of the stretches, and of the shears and turns of the pairs
    opposite to each axis."""

    U: mat33
    V: mat33
    stretch: mat33
    shear: vec3
    turn: vec3


@wp.func
def _unit(v: vec3, otherwise: vec3) -> vec3:
    length = wp.length(v)
    if length > f64(1.0e-12):
        return v / length
    return otherwise


@wp.func
def _across(v: vec3) -> vec3:
    """Some unit vector orthogonal to the unit vector v."""
    axis = vec3(f64(1.0), f64(0.0), f64(0.0))
    if wp.abs(v[0]) > f64(0.6):
        axis = vec3(f64(0.0), f64(1.0), f64(0.0))
    return wp.normalize(wp.cross(v, axis))


@wp.func
def singular_frame(F: mat33) -> Spectrum:
    """Rotations U, V of F; an inversion goes to the last of the singular values, the smallest."""
    Q = principal(wp.transpose(F) * F)
    W = F * Q
    l0 = wp.length_sq(vec3(W[0, 0], W[1, 0], W[2, 0]))
    l1 = wp.length_sq(vec3(W[0, 1], W[1, 1], W[2, 1]))
    l2 = wp.length_sq(vec3(W[0, 2], W[1, 2], W[2, 2]))
    first, last = 0, 0
    largest, smallest = l0, l0
    if l1 > largest:
        largest, first = l1, 1
    if l2 > largest:
        largest, first = l2, 2
    if l1 <= smallest:
        smallest, last = l1, 1
    if l2 <= smallest:
        smallest, last = l2, 2
    if first == last:
        last = (first + 1) % 3
    middle = 3 - first - last
    v0 = vec3(Q[0, first], Q[1, first], Q[2, first])
    v1 = vec3(Q[0, middle], Q[1, middle], Q[2, middle])
    u0 = _unit(F * v0, vec3(f64(1.0), f64(0.0), f64(0.0)))
    f1 = F * v1
    u1 = _unit(f1 - wp.dot(u0, f1) * u0, _across(u0))
    s = Spectrum()
    s.U = wp.matrix_from_cols(u0, u1, wp.cross(u0, u1))
    s.V = wp.matrix_from_cols(v0, v1, wp.cross(v0, v1))
    return s


@wp.func
def spectrum(law: int, F: mat33, m: vec3) -> Spectrum:
    """The projected second derivative of the passive energy at F."""
    two = f64(2.0)
    zero = f64(0.0)
    s = singular_frame(F)
    D = wp.transpose(s.U) * F * s.V
    x = vec3(D[0, 0], D[1, 1], D[2, 2])
    squares = wp.cw_mul(x, x)
    i1 = squares[0] + squares[1] + squares[2]
    G = cofactor(wp.diag(x))
    j = vec3(G[0, 0], G[1, 1], G[2, 2])
    i2 = wp.dot(j, j)
    g = functions_of_j(law, x[0] * x[1] * x[2], m)
    p = g[0, 1] * i1 + g[1, 1] * i2 + g[2, 1]
    q = g[0, 2] * i1 + g[1, 2] * i2 + g[2, 2]
    A = mat33()
    for r in range(3):
        a = (r + 1) % 3
        b = (r + 2) % 3
        d1r = two * x[r]
        d2r = two * x[r] * (squares[a] + squares[b])
        A[r, r] = (
            two * (g[0, 0] + g[1, 0] * (squares[a] + squares[b]))
            + two * (g[0, 1] * d1r + g[1, 1] * d2r) * j[r]
            + q * j[r] * j[r]
        )
        d1a = two * x[a]
        d2a = two * x[a] * (squares[r] + squares[b])
        A[r, a] = (
            f64(4.0) * g[1, 0] * x[r] * x[a]
            + g[0, 1] * (d1r * j[a] + d1a * j[r])
            + g[1, 1] * (d2r * j[a] + d2a * j[r])
            + q * j[r] * j[a]
            + p * x[b]
        )
        A[a, r] = A[r, a]
        pair = x[a] * x[b]
        s.shear[r] = wp.max(two * (g[0, 0] + g[1, 0] * (squares[r] - pair)) - p * x[r], zero)
        s.turn[r] = wp.max(two * (g[0, 0] + g[1, 0] * (squares[r] + pair)) + p * x[r], zero)
    Q = principal(A)
    E = wp.transpose(Q) * A * Q
    for r in range(3):
        for c in range(3):
            if r == c:
                E[r, r] = wp.max(E[r, r], zero)
            else:
                E[r, c] = zero
    s.stretch = Q * E * wp.transpose(Q)
    return s


@wp.func
def definite_stress_differential(s: Spectrum, dF: mat33) -> mat33:
    """dP for dF with the projected second derivative."""
    half = f64(0.5)
    M = wp.transpose(s.U) * dF * s.V
    D = mat33()
    for r in range(3):
        a = (r + 1) % 3
        b = (r + 2) % 3
        D[r, r] = s.stretch[r, 0] * M[0, 0] + s.stretch[r, 1] * M[1, 1] + s.stretch[r, 2] * M[2, 2]
        shear = half * s.shear[r] * (M[a, b] + M[b, a])
        turn = half * s.turn[r] * (M[a, b] - M[b, a])
        D[a, b] = shear + turn
        D[b, a] = shear - turn
    return s.U * D * wp.transpose(s.V)
