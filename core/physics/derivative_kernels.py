# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Kernels of what the forces depend on besides the pose: activations, stress-free strains, moduli, rest positions."""

import warp as wp

from .fibre_law import active_tension, fibre_tension, tension_by_slack
from .kernels import (
    MIN_STRETCH,
    close_blocks,
    column,
    deformation_gradient,
    store_block_column,
    store_corners,
    tension_differential,
)
from .materials import f64, mat33, passive_stress, passive_stress_differential, vec3
from .strain import (
    along_slopes,
    inverse_stretch_differential,
    inverse_stretch_slopes,
    log_stretch,
    stretch_matrix,
    symmetric,
    vec6,
)

wp.set_module_options({"enable_backward": False})


@wp.kernel
def activation_forces(
    # Model:
    tets: wp.array[wp.vec4i],
    inv_rest: wp.array[mat33],
    volume: wp.array[f64],
    fibre_tet: wp.array[int],
    fibre_stress: wp.array[f64],
    fibre_direction: wp.array[vec3],
    # In:
    x: wp.array[vec3],
    # Out:
    corner_out: wp.array2d[vec3],
):
    """d(corner force)/d(activation) [N] of each fibre entry; tension is linear in the activation."""
    i = wp.tid()
    t = fibre_tet[i]
    B = inv_rest[t]
    d = fibre_direction[i]
    f = deformation_gradient(x, tets[t], B) * d
    stretch = wp.max(wp.length(f), MIN_STRETCH)
    T = active_tension(stretch)
    store_corners(-volume[t] * (fibre_stress[i] * T[1] / stretch) * wp.outer(f, B * d), i, corner_out)


@wp.kernel
def fibre_stretches(
    tets: wp.array[wp.vec4i],
    inv_rest: wp.array[mat33],
    fibre_tet: wp.array[int],
    fibre_direction: wp.array[vec3],
    x: wp.array[vec3],
    stretch_out: wp.array[f64],
):
    """Stretch |F d| of each fibre entry."""
    i = wp.tid()
    t = fibre_tet[i]
    stretch_out[i] = wp.length(deformation_gradient(x, tets[t], inv_rest[t]) * fibre_direction[i])


@wp.kernel
def log_strains(
    tets: wp.array[wp.vec4i],
    inv_rest: wp.array[mat33],
    x: wp.array[vec3],
    strain_out: wp.array[vec6],
):
    """Hencky strain ln U of each tet (xx, yy, zz, yz, xz, xy), F = R U."""
    t = wp.tid()
    F = deformation_gradient(x, tets[t], inv_rest[t])
    S = log_stretch(wp.transpose(F) * F)
    strain_out[t] = vec6(S[0, 0], S[1, 1], S[2, 2], S[1, 2], S[0, 2], S[0, 1])


@wp.func
def slack_pull(F: mat33, X: mat33, dE: mat33, B: mat33, d: vec3, slack: f64) -> mat33:
    """Change of the stress of a fibre of unit strength when exp(-S) = X^-1 changes by dE, and its slack length too."""
    f = F * d
    length = wp.max(wp.length(f), MIN_STRETCH)
    d_slack = -wp.dot(X * (X * d), dE * (X * d)) / slack
    return (tension_by_slack(length, slack) * d_slack / length) * wp.outer(f, B * d)


@wp.kernel
def unit_strain_forces(
    # Model:
    tets: wp.array[wp.vec4i],
    inv_rest: wp.array[mat33],
    prestretch: wp.array[mat33],
    volume: wp.array[f64],
    law: wp.array[int],
    moduli: wp.array[vec3],
    fibre_start: wp.array[int],
    fibre_stress: wp.array[f64],
    fibre_direction: wp.array[vec3],
    # In:
    frame: wp.array[mat33],
    stretch: wp.array[vec3],
    inv_natural: wp.array[mat33],
    fibre_slack: wp.array[f64],
    x: wp.array[vec3],
    begin: int,
    # Out:
    corner_out: wp.array3d[vec3],
):
    """Change of the forces [N] on corners 1..3 by each number of the stress-free strain, of tets from ``begin`` on."""
    t = begin + wp.tid()
    slopes = inverse_stretch_slopes(stretch[t])
    N = inv_natural[t]
    Fe = deformation_gradient(x, tets[t], N)
    P = passive_stress(law[t], Fe, moduli[t])
    X = stretch_matrix(frame[t], stretch[t])
    F = deformation_gradient(x, tets[t], inv_rest[t])
    for number in range(6):
        unit = vec6()
        unit[number] = f64(1.0)
        dE = along_slopes(frame[t], slopes, symmetric(unit))
        dN = inv_rest[t] * dE * prestretch[t]
        dP = passive_stress_differential(law[t], Fe, deformation_gradient(x, tets[t], dN), moduli[t])
        dS = dP * wp.transpose(N) + P * wp.transpose(dN)
        for k in range(fibre_start[t], fibre_start[t + 1]):
            pull = slack_pull(F, X, dE, inv_rest[t], fibre_direction[k], fibre_slack[k])
            dS += fibre_stress[k] * pull
        for corner in range(3):
            corner_out[t, number, corner] = -volume[t] * column(dS, corner)


@wp.kernel
def strain_sensitivities(
    # Model:
    tets: wp.array[wp.vec4i],
    inv_rest: wp.array[mat33],
    prestretch: wp.array[mat33],
    volume: wp.array[f64],
    law: wp.array[int],
    moduli: wp.array[vec3],
    fibre_start: wp.array[int],
    fibre_stress: wp.array[f64],
    fibre_direction: wp.array[vec3],
    # In:
    frame: wp.array[mat33],
    stretch: wp.array[vec3],
    inv_natural: wp.array[mat33],
    fibre_slack: wp.array[f64],
    x: wp.array[vec3],
    adjoint: wp.array[vec3],
    begin: int,
    # Out:
    sensitivity_out: wp.array[vec6],
):
    """d(adjoint . forces)/d(stress-free strain) of tets from ``begin`` on [N cm]: ``unit_strain_forces`` transposed."""
    t = begin + wp.tid()
    N = inv_natural[t]
    Fe = deformation_gradient(x, tets[t], N)
    P = passive_stress(law[t], Fe, moduli[t])
    one = wp.identity(n=3, dtype=f64)
    L = deformation_gradient(adjoint, tets[t], one)
    dP = passive_stress_differential(law[t], Fe, L * N, moduli[t])
    W = wp.transpose(deformation_gradient(x, tets[t], one)) * dP + wp.transpose(L) * P
    B = inv_rest[t]
    Y = wp.transpose(B) * W * wp.transpose(prestretch[t])
    X = stretch_matrix(frame[t], stretch[t])
    F = deformation_gradient(x, tets[t], B)
    for k in range(fibre_start[t], fibre_start[t + 1]):
        d = fibre_direction[k]
        f = F * d
        length = wp.max(wp.length(f), MIN_STRETCH)
        slack = fibre_slack[k]
        pull = fibre_stress[k] * tension_by_slack(length, slack) * wp.dot(f, L * (B * d)) / length
        Y -= (pull / slack) * wp.outer(X * (X * d), X * d)
    Z = -volume[t] * inverse_stretch_differential(frame[t], stretch[t], Y)
    sensitivity_out[t] = vec6(Z[0, 0], Z[1, 1], Z[2, 2], Z[1, 2] + Z[2, 1], Z[0, 2] + Z[2, 0], Z[0, 1] + Z[1, 0])


@wp.kernel
def moduli_forces(
    # Model:
    tets: wp.array[wp.vec4i],
    volume: wp.array[f64],
    law: wp.array[int],
    # In:
    inv_natural: wp.array[mat33],
    x: wp.array[vec3],
    # Out:
    corner_out: wp.array2d[vec3],
):
    """d(corner force)/d(modulus) [cm2]: row 3 t + k for modulus k of tet t; stress is linear in the moduli."""
    t = wp.tid()
    N = inv_natural[t]
    Fe = deformation_gradient(x, tets[t], N)
    for k in range(3):
        unit = vec3()
        unit[k] = f64(1.0)
        store_corners(-volume[t] * passive_stress(law[t], Fe, unit) * wp.transpose(N), 3 * t + k, corner_out)


@wp.kernel
def rest_blocks(
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
    blocks_out: wp.array2d[mat33],
):
    """df/dX [N/cm] of a tet as 4 x 4 blocks (row: corner that feels the force, column: rest corner that moves).

    dDm^-1 = -Dm^-1 dDm Dm^-1 and dV = V tr(Dm^-1 dDm); strain, prestretch and fibre directions stay.
    """
    t = wp.tid()
    N = inv_natural[t]
    Fe = deformation_gradient(x, tets[t], N)
    P = passive_stress(law[t], Fe, moduli[t])
    S = P * wp.transpose(N)
    B = inv_rest[t]
    F = deformation_gradient(x, tets[t], B)
    for i in range(fibre_start[t], fibre_start[t + 1]):
        d = fibre_direction[i]
        f = F * d
        stretch = wp.max(wp.length(f), MIN_STRETCH)
        T = fibre_tension(stretch, fibre_slack[i], activation[fibre_muscle[i]])
        S += (fibre_stress[i] * T[1] / stretch) * wp.outer(f, B * d)
    for a in range(3):
        gn = vec3(N[a, 0], N[a, 1], N[a, 2])
        g = vec3(B[a, 0], B[a, 1], B[a, 2])
        h1 = mat33()
        h2 = mat33()
        h3 = mat33()
        for j in range(3):
            b = vec3(B[0, j], B[1, j], B[2, j])
            dN = -wp.outer(b, gn)
            dP = passive_stress_differential(law[t], Fe, deformation_gradient(x, tets[t], dN), moduli[t])
            dS = dP * wp.transpose(N) + P * wp.transpose(dN)
            for i in range(fibre_start[t], fibre_start[t + 1]):
                d = fibre_direction[i]
                f = F * d
                stretch = wp.max(wp.length(f), MIN_STRETCH)
                T = fibre_tension(stretch, fibre_slack[i], activation[fibre_muscle[i]])
                db = -wp.dot(g, d) * b
                df = deformation_gradient(x, tets[t], wp.outer(db, d)) * d
                dT = tension_differential(f, df, T, T[2])
                dS += fibre_stress[i] * (wp.outer(dT, B * d) + (T[1] / stretch) * wp.outer(f, db))
            H = -volume[t] * (g[j] * S + dS)
            for r in range(3):
                h1[r, j] = H[r, 0]
                h2[r, j] = H[r, 1]
                h3[r, j] = H[r, 2]
        store_block_column(h1, h2, h3, t, a + 1, blocks_out)
    close_blocks(t, blocks_out)
