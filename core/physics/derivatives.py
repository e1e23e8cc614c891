# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Derivatives of the flesh's forces by everything but the pose: f = f(x; activation, strain, moduli, rest).

Each function evaluates at node positions x (N, 3); forces in N on all N nodes, springs apart.
"""

from itertools import pairwise

import numpy as np
import scipy.sparse as sp
import warp as wp

from ..parallel import share
from . import derivative_kernels as kernels
from .flesh import Flesh, Natural
from .lanes import PARTS, Strain
from .materials import f64, mat33, vec3
from .strain import vec6


def log_strain(flesh: Flesh, x: np.ndarray) -> np.ndarray:
    """(T, 6) Hencky strain ln U of each tet at x, as (xx, yy, zz, yz, xz, xy)."""
    if flesh.device == "cpu":
        return flesh.lanes.collect(flesh.lanes.log_strain(x), 6)
    out = wp.empty(len(flesh.tets), dtype=vec6, device=flesh.device)
    _launch(
        flesh, kernels.log_strains, len(flesh.tets), [flesh.arrays.tets, flesh.arrays.inv_rest, _points(flesh, x)], out
    )
    return out.numpy()


def fibre_stretch(flesh: Flesh, x: np.ndarray) -> np.ndarray:
    """(n,) stretch |F d| of each entry of ``flesh.fibres``."""
    out = wp.empty(len(flesh.fibres.muscle), dtype=f64, device=flesh.device)
    inputs = [
        flesh.arrays.tets,
        flesh.arrays.inv_rest,
        flesh.arrays.fibre_tet,
        flesh.arrays.fibre_direction,
        _points(flesh, x),
    ]
    _launch(flesh, kernels.fibre_stretches, len(out), inputs, out)
    return out.numpy()


def _by_activation(flesh: Flesh, x: np.ndarray) -> np.ndarray:
    """(n, 4, 3) force on the corners of its tet per unit of activation, for each fibre entry."""
    n, a = len(flesh.fibres.muscle), flesh.arrays
    out = wp.empty((n, 4), dtype=vec3, device=flesh.device)
    model = [a.tets, a.inv_rest, a.volume, a.fibre_tet, a.fibre_stress, a.fibre_direction]
    _launch(flesh, kernels.activation_forces, n, [*model, _points(flesh, x)], out)
    return out.numpy()


def by_activation(flesh: Flesh, x: np.ndarray) -> sp.csc_matrix:
    """(3N, muscles) df/da: force per unit of each activation."""
    rows = (3 * flesh.tets[flesh.fibres.tet][:, :, None] + np.arange(3)).ravel()
    cols = np.repeat(flesh.fibres.muscle, 12)
    entries = _by_activation(flesh, x).ravel()
    return sp.csc_matrix((entries, (rows, cols)), shape=(3 * len(flesh.rest), flesh.fibres.count))


def pulled_by_activation(flesh: Flesh, x: np.ndarray, adjoint: np.ndarray) -> np.ndarray:
    """(muscles,) products of ``adjoint`` (N, 3) with the columns of ``by_activation``."""
    products = np.einsum("nci,nci->n", _by_activation(flesh, x), adjoint[flesh.tets[flesh.fibres.tet]])
    return np.bincount(flesh.fibres.muscle, products, flesh.fibres.count)


def by_unit_strain(flesh: Flesh, x: np.ndarray, strain: np.ndarray) -> np.ndarray:
    """(T, 54) forces on corners 1..3 of each tet per unit of each of the six numbers of its strain (T, 6)."""
    out = wp.empty((len(flesh.tets), 6, 3), dtype=vec3, device=flesh.device)
    inputs = [*_strained(flesh, flesh.natural(strain)), _points(flesh, x)]
    _launch_shared(flesh, kernels.unit_strain_forces, inputs, out)
    return out.numpy().reshape(-1, 54)


def strain_sensitivity(flesh: Flesh, x: np.ndarray, natural: Natural, adjoint: np.ndarray) -> np.ndarray:
    """(T, 6) gradient of ``adjoint`` . f by the stress-free strain, for forces weighed by ``adjoint`` (N, 3)."""
    out = wp.empty(len(flesh.tets), dtype=vec6, device=flesh.device)
    inputs = [
        *_strained(flesh, natural),
        *(_points(flesh, x), _points(flesh, adjoint)),
    ]
    _launch_shared(flesh, kernels.strain_sensitivities, inputs, out)
    return out.numpy()


def by_moduli(flesh: Flesh, x: np.ndarray, strain: Strain) -> np.ndarray:
    """(T, 3, 4, 3) forces on the corners of each tet per unit of each of its moduli [cm2]."""
    out = wp.empty((3 * len(flesh.tets), 4), dtype=vec3, device=flesh.device)
    inputs = [
        flesh.arrays.tets,
        flesh.arrays.volume,
        flesh.arrays.law,
        flesh.natural(strain).inverse,
        _points(flesh, x),
    ]
    _launch(flesh, kernels.moduli_forces, len(flesh.tets), inputs, out)
    return flesh.natural_share[:, None, None, None] * out.numpy().reshape(-1, 3, 4, 3)


def by_rest(flesh: Flesh, x: np.ndarray, activation: np.ndarray, strain: Strain) -> sp.bsr_matrix:
    """(3N, 3N) df/dX [N/cm] by the rest positions; strain, prestretch and fibre directions in the tets stay."""
    out = wp.empty((len(flesh.tets), 16), dtype=mat33, device=flesh.device)
    act = wp.array(np.append(activation, 0.0), dtype=f64, device=flesh.device)
    natural = flesh.natural(strain)
    inputs = [*flesh.kernel_arrays(), natural.inverse, natural.slack, _points(flesh, x), act]
    _launch(flesh, kernels.rest_blocks, len(flesh.tets), inputs, out)
    return flesh.assembled(flesh.gather_blocks(out, free=False))


def _strained(flesh: Flesh, natural: Natural) -> list[wp.array]:
    """The inputs of the kernels of stress-free strains."""
    model = [
        flesh.arrays.tets,
        flesh.arrays.inv_rest,
        flesh.arrays.prestretch,
        flesh.arrays.volume,
        flesh.arrays.law,
        flesh.arrays.moduli,
    ]
    fibres = [flesh.arrays.fibre_start, flesh.arrays.fibre_stress, flesh.arrays.fibre_direction]
    return [*model, *fibres, natural.frame, natural.stretch, natural.inverse, natural.slack]


def _points(flesh: Flesh, x: np.ndarray) -> wp.array:
    return wp.array(x, dtype=vec3, device=flesh.device)


def _launch(flesh: Flesh, kernel: wp.Kernel, count: int, inputs: list, out: wp.array) -> None:
    wp.launch(kernel, count, inputs, [out], device=flesh.device)


def _launch_shared(flesh: Flesh, kernel: wp.Kernel, inputs: list, out: wp.array) -> None:
    """Launch a kernel over all tets, by all threads where they are the device; its inputs end with the first tet."""
    cuts = np.linspace(0, len(flesh.tets), (PARTS if flesh.device == "cpu" else 1) + 1).astype(int).tolist()
    share([
        lambda begin=begin, end=end: _launch(flesh, kernel, end - begin, [*inputs, begin], out)
        for begin, end in pairwise(cuts)
    ])  # fmt: skip
