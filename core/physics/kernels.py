# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Kernels over tets and nodes: energy, forces, element stiffness, and their gathering without atomics.

Gathering by node (and by matrix block) gives the same bits on every run and every device.
"""

import warp as wp

from .definite import Spectrum, definite_stress_differential, spectrum
from .fibre_law import fibre_tension
from .materials import f64, mat33, passive_energy_and_stress, passive_stress_differential, vec3
from .strain import inverse_stretch, principal, stretch_matrix, symmetric, vec6

# No kernel is differentiated by Warp: derivatives are written out, and compiling takes half the time.
wp.set_module_options({"enable_backward": False})

MIN_STRETCH = wp.constant(f64(1.0e-6))  # keeps the direction of a fibre that is crushed to a point


@wp.func
def deformation_gradient(x: wp.array[vec3], tet: wp.vec4i, inv_rest: mat33) -> mat33:
    """F = Ds Dm^-1."""
    x0 = x[tet[0]]
    return wp.matrix_from_cols(x[tet[1]] - x0, x[tet[2]] - x0, x[tet[3]] - x0) * inv_rest


@wp.func
def column(H: mat33, k: int) -> vec3:
    """Column k of H."""
    return vec3(H[0, k], H[1, k], H[2, k])


@wp.func
def store_corners(H: mat33, row: int, corner_out: wp.array2d[vec3]):
    """Forces on the four corners of a tet: columns of H on corners 1..3; corner 0 balances them."""
    corner_out[row, 0] = -(column(H, 0) + column(H, 1) + column(H, 2))
    for k in range(3):
        corner_out[row, k + 1] = column(H, k)


@wp.func
def store_block_column(h1: mat33, h2: mat33, h3: mat33, t: int, corner: int, blocks_out: wp.array2d[mat33]):
    """Blocks of one column of a tet's 4 x 4: rows 1..3 as given, row 0 balances them."""
    blocks_out[t, corner] = -(h1 + h2 + h3)
    blocks_out[t, 4 + corner] = h1
    blocks_out[t, 8 + corner] = h2
    blocks_out[t, 12 + corner] = h3


@wp.func
def close_blocks(t: int, blocks_out: wp.array2d[mat33]):
    """Column 0 of a tet's blocks: moving all corners alike changes nothing."""
    for b in range(4):
        blocks_out[t, 4 * b] = -(blocks_out[t, 4 * b + 1] + blocks_out[t, 4 * b + 2] + blocks_out[t, 4 * b + 3])


@wp.func
def tension_differential(f: vec3, df: vec3, T: vec3, slope: f64) -> vec3:
    """Change of the vector T n of a fibre's tension when f = F d changes by df, n = f / |f|."""
    stretch = wp.max(wp.length(f), MIN_STRETCH)
    n = f / stretch
    along = wp.dot(n, df)
    return slope * along * n + (T[1] / stretch) * (df - along * n)


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
    inv_natural: wp.array[mat33],
    fibre_slack: wp.array[f64],
    x: wp.array[vec3],
    activation: wp.array[f64],
    # Out:
    energy_out: wp.array[f64],
    corner_out: wp.array2d[vec3],
):
    """Energy [N cm] of each tet and the force [N] on each of its corners, f = -V P grad N.

    The passive flesh is free of stress where Ds inv_natural is a rotation; active fibres measure from the rest pose.
    """
    t = wp.tid()
    N = inv_natural[t]
    Fe = deformation_gradient(x, tets[t], N)
    psi, P = passive_energy_and_stress(law[t], Fe, moduli[t])
    S = P * wp.transpose(N)
    B = inv_rest[t]
    F = deformation_gradient(x, tets[t], B)
    for i in range(fibre_start[t], fibre_start[t + 1]):
        d = fibre_direction[i]
        f = F * d
        stretch = wp.max(wp.length(f), MIN_STRETCH)
        T = fibre_tension(stretch, fibre_slack[i], activation[fibre_muscle[i]])
        psi += fibre_stress[i] * T[0]
        S += (fibre_stress[i] * T[1] / stretch) * wp.outer(f, B * d)
    energy_out[t] = volume[t] * psi
    store_corners(-volume[t] * S, t, corner_out)


@wp.kernel
def gather_forces(
    node_start: wp.array[int],
    node_corner: wp.array[int],
    corner: wp.array[vec3],
    force_out: wp.array[vec3],
):
    """Sum of the corner forces [N] of each node."""
    n = wp.tid()
    s = vec3()
    for i in range(node_start[n], node_start[n + 1]):
        s += corner[node_corner[i]]
    force_out[n] = s


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
    inv_natural: wp.array[mat33],
    fibre_slack: wp.array[f64],
    x: wp.array[vec3],
    activation: wp.array[f64],
    definite: int,
    # Out:
    blocks_out: wp.array2d[mat33],
):
    """Element stiffness K = -df/dx [N/cm] as 4 x 4 blocks, exact or, with ``definite``, made semi-definite."""
    t = wp.tid()
    N = inv_natural[t]
    Fe = deformation_gradient(x, tets[t], N)
    B = inv_rest[t]
    F = deformation_gradient(x, tets[t], B)
    s = Spectrum()
    if definite == 1:
        s = spectrum(law[t], Fe, moduli[t])
    for a in range(3):
        gn = vec3(N[a, 0], N[a, 1], N[a, 2])
        g = vec3(B[a, 0], B[a, 1], B[a, 2])
        h1 = mat33()
        h2 = mat33()
        h3 = mat33()
        for j in range(3):
            e = vec3()
            e[j] = f64(1.0)
            dP = mat33()
            if definite == 1:
                dP = definite_stress_differential(s, wp.outer(e, gn))
            else:
                dP = passive_stress_differential(law[t], Fe, wp.outer(e, gn), moduli[t])
            dS = dP * wp.transpose(N)
            for i in range(fibre_start[t], fibre_start[t + 1]):
                d = fibre_direction[i]
                f = F * d
                stretch = wp.max(wp.length(f), MIN_STRETCH)
                T = fibre_tension(stretch, fibre_slack[i], activation[fibre_muscle[i]])
                slope = T[2]
                if definite == 1:
                    slope = wp.max(slope, f64(0.0))
                dT = tension_differential(f, wp.dot(g, d) * e, T, slope)
                dS += fibre_stress[i] * wp.outer(dT, B * d)
            H = volume[t] * dS
            for r in range(3):
                h1[r, j] = H[r, 0]
                h2[r, j] = H[r, 1]
                h3[r, j] = H[r, 2]
        store_block_column(h1, h2, h3, t, a + 1, blocks_out)
    close_blocks(t, blocks_out)


@wp.kernel
def gather_blocks(
    block_start: wp.array[int],
    block_corner: wp.array[int],
    corner: wp.array[mat33],
    blocks_out: wp.array[mat33],
):
    """Sum of the element blocks that fall on each block of the sparse stiffness."""
    n = wp.tid()
    s = mat33()
    for i in range(block_start[n], block_start[n + 1]):
        s += corner[block_corner[i]]
    blocks_out[n] = s


@wp.kernel
def volume_ratios(
    tets: wp.array[wp.vec4i],
    inv_rest: wp.array[mat33],
    x: wp.array[vec3],
    ratio_out: wp.array[f64],
):
    """J = det F of each tet."""
    t = wp.tid()
    ratio_out[t] = wp.determinant(deformation_gradient(x, tets[t], inv_rest[t]))


@wp.kernel
def natural_inverses(
    inv_rest: wp.array[mat33],
    prestretch: wp.array[mat33],
    strain: wp.array[vec6],
    frame_out: wp.array[mat33],
    stretch_out: wp.array[vec3],
    inverse_out: wp.array[mat33],
):
    """Principal frame and values of each tet's stress-free strain S, and its inverse edge matrix Dm^-1 exp(-S) F0."""
    t = wp.tid()
    S = symmetric(strain[t])
    Q = principal(S)
    D = wp.transpose(Q) * S * Q
    d = vec3(D[0, 0], D[1, 1], D[2, 2])
    frame_out[t] = Q
    stretch_out[t] = d
    inverse_out[t] = inv_rest[t] * inverse_stretch(Q, d) * prestretch[t]


@wp.kernel
def fibre_slacks(
    fibre_tet: wp.array[int],
    fibre_direction: wp.array[vec3],
    frame: wp.array[mat33],
    stretch: wp.array[vec3],
    slack_out: wp.array[f64],
):
    """Stretch |exp(S) d| of each fibre entry in the stress-free shape of its tet."""
    i = wp.tid()
    t = fibre_tet[i]
    slack_out[i] = wp.length(stretch_matrix(frame[t], stretch[t]) * fibre_direction[i])
