# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Energy, gradient and stiffness of B poses of one flesh at once.

Arrays of a pose have the pose as first index; launches are (B, elements). A pose whose flag ``on`` is 0 is left as it
is. Sums are gathered, never scattered, so that every run gives the same bits.
"""

import warp as wp

from ..physics.definite import Spectrum, definite_stress_differential, spectrum
from ..physics.fibre_law import fibre_tension
from ..physics.kernels import MIN_STRETCH, column, deformation_gradient
from ..physics.materials import f64, mat33, passive_energy_and_stress, passive_stress_differential, vec3

wp.set_module_options({"enable_backward": False})

vec3f = wp.vec3f
mat33f = wp.mat33f

SLICE = 32
"""Rows whose blocks are interleaved, so that neighbouring threads read neighbouring memory (SELL-32, Kreutzer et al.
2014)."""

SHIFT = wp.constant(wp.float32(1.0e-4))
"""Share of its diagonal that is added to the projected stiffness: a tet turned over may have none of its own."""


@wp.kernel
def tet_forces(
    # Model:
    tets: wp.array[wp.vec4i],
    inv_rest: wp.array[mat33],
    volume: wp.array[f64],
    law: wp.array[int],
    moduli: wp.array[vec3],
    fibre_start: wp.array[int],
    fibre_muscle: wp.array[int],
    fibre_stress: wp.array[f64],
    fibre_direction: wp.array[vec3],
    # In:
    on: wp.array[int],
    inv_natural: wp.array2d[mat33],
    fibre_slack: wp.array2d[f64],
    x: wp.array2d[vec3],
    activation: wp.array2d[f64],
    # Out:
    energy_out: wp.array2d[f64],
    corner_out: wp.array2d[vec3],
):
    """Energy [N cm] of each tet and the force [N] on each of its corners (see ``physics.kernels.tet_forces``)."""
    b, t = wp.tid()
    if on[b] == 0:
        return
    N = inv_natural[b, t]
    Fe = deformation_gradient(x[b], tets[t], N)
    psi, P = passive_energy_and_stress(law[t], Fe, moduli[t])
    S = P * wp.transpose(N)
    B = inv_rest[t]
    F = deformation_gradient(x[b], tets[t], B)
    for i in range(fibre_start[t], fibre_start[t + 1]):
        d = fibre_direction[i]
        f = F * d
        stretch = wp.max(wp.length(f), MIN_STRETCH)
        T = fibre_tension(stretch, fibre_slack[b, i], activation[b, fibre_muscle[i]])
        psi += fibre_stress[i] * T[0]
        S += (fibre_stress[i] * T[1] / stretch) * wp.outer(f, B * d)
    energy_out[b, t] = volume[t] * psi
    H = -volume[t] * S
    corner_out[b, 4 * t] = -(column(H, 0) + column(H, 1) + column(H, 2))
    for k in range(3):
        corner_out[b, 4 * t + k + 1] = column(H, k)


@wp.kernel
def node_gradients(
    # Model:
    node_start: wp.array[int],
    node_corner: wp.array[int],
    rest: wp.array[vec3],
    spring: wp.array[f64],
    row_of_node: wp.array[int],
    lining_of_node: wp.array[int],
    # In:
    on: wp.array[int],
    x: wp.array2d[vec3],
    contact_energy: wp.array2d[f64],
    contact_force: wp.array2d[vec3],
    anchor: wp.array2d[vec3],
    force: wp.array2d[vec3],
    energy: wp.array2d[f64],
    corner: wp.array2d[vec3],
    # Out:
    gradient_out: wp.array2d[vec3],
    terms_out: wp.array3d[f64],
):
    """Energy gradient [N] of each free node, and its share of energy, |gradient|^2 and |flesh force|^2."""
    b, n = wp.tid()
    if on[b] == 0:
        return
    f = vec3()
    e = f64(0.0)
    for i in range(node_start[n], node_start[n + 1]):
        c = node_corner[i]
        f += corner[b, c]
        e += energy[b, c // 4]
    e *= f64(0.25)
    g = vec3()
    if row_of_node[n] >= 0:
        r = x[b, n] - anchor[b, n]
        g = spring[n] * r - f - force[b, n]
        e += f64(0.5) * spring[n] * wp.dot(r, r) - wp.dot(force[b, n], x[b, n] - rest[n])
        c = lining_of_node[n]
        if c >= 0:
            g -= contact_force[b, c]
            e += contact_energy[b, c]
    gradient_out[b, n] = g
    terms_out[b, 0, n] = e
    terms_out[b, 1, n] = wp.dot(g, g)
    terms_out[b, 2, n] = wp.dot(f, f)


@wp.kernel
def turned_tets(
    tets: wp.array[wp.vec4i],
    inv_rest: wp.array[mat33],
    on: wp.array[int],
    x: wp.array2d[vec3],
    turned_out: wp.array[int],
):
    """Number of tets with J <= 0 in each pose (a sum of integers does not depend on its order)."""
    b, t = wp.tid()
    if on[b] == 1 and wp.determinant(deformation_gradient(x[b], tets[t], inv_rest[t])) <= f64(0.0):
        wp.atomic_add(turned_out, b, 1)


@wp.func
def single(H: mat33) -> mat33f:
    """H in single precision."""
    return mat33f(H)


@wp.kernel
def tet_stiffness(
    # Model:
    tets: wp.array[wp.vec4i],
    inv_rest: wp.array[mat33],
    volume: wp.array[f64],
    law: wp.array[int],
    moduli: wp.array[vec3],
    fibre_start: wp.array[int],
    fibre_muscle: wp.array[int],
    fibre_stress: wp.array[f64],
    fibre_direction: wp.array[vec3],
    # In:
    on: wp.array[int],
    exact: wp.array[int],
    inv_natural: wp.array2d[mat33],
    fibre_slack: wp.array2d[f64],
    x: wp.array2d[vec3],
    activation: wp.array2d[f64],
    # Out:
    blocks_out: wp.array2d[mat33f],
):
    """Element stiffness [N/cm], ``exact`` or made semi-definite: the ten blocks (r, c), r <= c, of a tet row by row."""
    b, t = wp.tid()
    if on[b] == 0:
        return
    N = inv_natural[b, t]
    B = inv_rest[t]
    F = deformation_gradient(x[b], tets[t], B)
    Fe = deformation_gradient(x[b], tets[t], N)
    s = Spectrum()
    if exact[b] == 0:
        s = spectrum(law[t], Fe, moduli[t])
    first = mat33()
    for a in range(3):
        h1 = mat33()
        h2 = mat33()
        h3 = mat33()
        for j in range(3):
            dF = mat33()
            for k in range(3):
                dF[j, k] = N[a, k]
            dP = mat33()
            if exact[b] == 0:
                dP = definite_stress_differential(s, dF)
            else:
                dP = passive_stress_differential(law[t], Fe, dF, moduli[t])
            dS = dP * wp.transpose(N)
            for r in range(3):
                h1[r, j] = dS[r, 0]
                h2[r, j] = dS[r, 1]
                h3[r, j] = dS[r, 2]
        for i in range(fibre_start[t], fibre_start[t + 1]):
            d = fibre_direction[i]
            f = F * d
            stretch = wp.max(wp.length(f), MIN_STRETCH)
            n = f / stretch
            T = fibre_tension(stretch, fibre_slack[b, i], activation[b, fibre_muscle[i]])
            across = T[1] / stretch
            slope = T[2]
            if exact[b] == 0:
                slope = wp.max(slope, f64(0.0))
            along = slope - across
            g = B * d
            M = (fibre_stress[i] * g[a]) * (along * wp.outer(n, n) + across * wp.identity(n=3, dtype=f64))
            h1 += g[0] * M
            h2 += g[1] * M
            h3 += g[2] * M
        h1 *= volume[t]
        h2 *= volume[t]
        h3 *= volume[t]
        h0 = -(h1 + h2 + h3)
        first -= h0
        blocks_out[b, 10 * t + 1 + a] = single(h0)
        if a == 0:
            blocks_out[b, 10 * t + 4] = single(h1)
        elif a == 1:
            blocks_out[b, 10 * t + 5] = single(h1)
            blocks_out[b, 10 * t + 7] = single(h2)
        else:
            blocks_out[b, 10 * t + 6] = single(h1)
            blocks_out[b, 10 * t + 8] = single(h2)
            blocks_out[b, 10 * t + 9] = single(h3)
    blocks_out[b, 10 * t] = single(first)


@wp.kernel
def gather_blocks(
    block_start: wp.array[int],
    block_member: wp.array[int],
    on: wp.array[int],
    element: wp.array2d[mat33f],
    blocks_out: wp.array2d[mat33f],
):
    """Sum of the element blocks on each block of the stiffness; member ~m is element block m transposed."""
    b, n = wp.tid()
    if on[b] == 0:
        return
    s = mat33f()
    for i in range(block_start[n], block_start[n + 1]):
        m = block_member[i]
        if m >= 0:
            s += element[b, m]
        else:
            s += wp.transpose(element[b, -m - 1])
    blocks_out[b, n] = s


@wp.kernel
def close_diagonal(
    slice_start: wp.array[int],
    row_spring: wp.array[wp.float32],
    lining_of_row: wp.array[int],
    on: wp.array[int],
    contact: wp.array2d[mat33],
    blocks: wp.array2d[mat33f],
    inverse_out: wp.array2d[mat33f],
):
    """Springs, contact and SHIFT on the diagonal blocks (the first of each row), and their inverses."""
    b, row = wp.tid()
    if on[b] == 0:
        return
    at = slice_start[row // SLICE] + row % SLICE
    D = blocks[b, at]
    c = lining_of_row[row]
    if c >= 0:
        D += single(contact[b, c])
    for k in range(3):
        D[k, k] += row_spring[row]
        D[k, k] += SHIFT * D[k, k]
    blocks[b, at] = D
    inverse_out[b, row] = wp.inverse(D)
