# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Kernels over groups of eight tets, one launch for a range of groups; they run on the CPU."""

import warp as wp

from . import lane_source as source
from . import lane_stiffness
from . import lane_strains as strains
from .materials import f64, mat33, vec3
from .native import cpu_only

wp.set_module_options({"enable_backward": False})


@wp.struct
class LaneArrays:
    """Tets in groups of ``lane_math.WIDTH``: every number of a tet lies beside that of its neighbours in the group.

    corner: 4 nodes of each tet · volume, moduli, inv_rest, prestretch: as in ``flesh.Arrays`` · law: of each group ·
    fibre_start: rows of fibre entries of each group · fibre: Dm^-1 d and stress of each entry · direction: d · muscle.
    """

    corner: wp.array[int]
    volume: wp.array[f64]
    moduli: wp.array[f64]
    inv_rest: wp.array[f64]
    prestretch: wp.array[f64]
    law: wp.array[int]
    fibre_start: wp.array[int]
    fibre: wp.array[f64]
    direction: wp.array[f64]
    muscle: wp.array[int]


@wp.func_native(cpu_only(source.FORCES))
def _forces(
    lanes: LaneArrays,
    metric: wp.array[f64],
    taut: wp.array[f64],
    x: wp.array[vec3],
    activation: wp.array[f64],
    begin: int,
    end: int,
    energy: wp.array[f64],
    force: wp.array[wp.vec4d],
): ...


@wp.func_native(cpu_only(f"if (definite) {{ {lane_stiffness.DEFINITE} }} else {{ {lane_stiffness.EXACT} }}"))
def _stiffness(
    lanes: LaneArrays,
    natural: wp.array[f64],
    taut: wp.array[f64],
    x: wp.array[vec3],
    activation: wp.array[f64],
    place: wp.array[int],
    definite: int,
    begin: int,
    end: int,
    blocks: wp.array[mat33],
): ...


@wp.func_native(cpu_only(strains.NATURAL))
def _natural(
    lanes: LaneArrays,
    strain: wp.array[f64],
    begin: int,
    end: int,
    natural: wp.array[f64],
    metric: wp.array[f64],
    taut: wp.array[f64],
): ...


@wp.func_native(cpu_only(strains.SUMS))
def _sums(
    start: wp.array[int],
    owner: wp.array[int],
    track: wp.array[wp.int16],
    step: wp.array[f64],
    largest: wp.array[f64],
    weight: wp.array[f64],
    begin: int,
    end: int,
    summed: wp.array[f64],
    limited: wp.array[f64],
): ...


@wp.func_native(cpu_only(strains.LOG_STRAIN))
def _log_strain(lanes: LaneArrays, x: wp.array[vec3], begin: int, end: int, strain: wp.array[f64]): ...


@wp.func_native(cpu_only(source.TURNED))
def _turned(lanes: LaneArrays, x: wp.array[vec3], begin: int, end: int, counts: wp.array[int]): ...


@wp.func_native(cpu_only(strains.COLUMNS))
def _columns(
    lanes: LaneArrays,
    start: wp.array[int],
    owner: wp.array[int],
    track: wp.array[wp.int16],
    step: wp.array[f64],
    nodes: int,
    summed: wp.array[f64],
    shares: wp.array[f64],
    bends: wp.array[f64],
    unit: wp.array[f64],
    begin: int,
    end: int,
    force: wp.array[vec3],
): ...


@wp.func_native(cpu_only(strains.DOTS))
def _dots(
    start: wp.array[int],
    owner: wp.array[int],
    track: wp.array[wp.int16],
    step: wp.array[f64],
    gradient: wp.array[f64],
    begin: int,
    end: int,
    product: wp.array[f64],
): ...


@wp.kernel
def forces(
    # Model:
    lanes: LaneArrays,
    # In:
    metric: wp.array[f64],
    taut: wp.array[f64],
    x: wp.array[vec3],
    activation: wp.array[f64],
    begin: int,
    end: int,
    # Out:
    energy_out: wp.array[f64],
    force_out: wp.array[wp.vec4d],
):
    """Energy [N cm] of groups begin..end and their forces [N] on all nodes, the fourth number none; see
    ``kernels.tet_forces``. One more number must follow x."""
    _forces(lanes, metric, taut, x, activation, begin, end, energy_out, force_out)


@wp.kernel
def stiffness(
    # Model:
    lanes: LaneArrays,
    # In:
    natural: wp.array[f64],
    taut: wp.array[f64],
    x: wp.array[vec3],
    activation: wp.array[f64],
    place: wp.array[int],
    definite: int,
    begin: int,
    end: int,
    # Out:
    blocks_out: wp.array[mat33],
):
    """Stiffness [N/cm] of groups begin..end, summed on the blocks ``place`` of a sparse matrix (-1: nowhere): exact or,
    with ``definite``, each tet's projected to be semi-definite. One more number must follow x."""
    _stiffness(lanes, natural, taut, x, activation, place, definite, begin, end, blocks_out)


@wp.kernel
def natural_shapes(
    # Model:
    lanes: LaneArrays,
    # In:
    strain: wp.array[f64],
    begin: int,
    end: int,
    # Out:
    natural_out: wp.array[f64],
    metric_out: wp.array[f64],
    taut_out: wp.array[f64],
):
    """N = Dm^-1 exp(-S) F0 of each tet; N N^T (xx, yy, zz, yz, xz, xy) and det N; and 1 / |exp(S) d| of each fibre
    entry; of the first two what is given room. See ``kernels.natural_inverses``."""
    _natural(lanes, strain, begin, end, natural_out, metric_out, taut_out)


@wp.kernel
def track_sums(
    # Model:
    start: wp.array[int],
    owner: wp.array[int],
    track: wp.array[wp.int16],
    step: wp.array[f64],
    largest: wp.array[f64],
    # In:
    weight: wp.array[f64],
    begin: int,
    end: int,
    # Out:
    summed_out: wp.array[f64],
    limited_out: wp.array[f64],
):
    """Weighted sum of the strains of all tracks in groups begin..end, and the same limited.

    Row r of ``track`` holds the strain of track ``owner[r]`` in steps of ``step[r]``; ``start``: rows of each group.
    """
    _sums(start, owner, track, step, largest, weight, begin, end, summed_out, limited_out)


@wp.kernel
def log_strains(
    # Model:
    lanes: LaneArrays,
    # In:
    x: wp.array[vec3],
    begin: int,
    end: int,
    # Out:
    strain_out: wp.array[f64],
):
    """Hencky strain ln U of each tet of groups begin..end. One more number must follow x."""
    _log_strain(lanes, x, begin, end, strain_out)


@wp.kernel
def turned_over(
    # Model:
    lanes: LaneArrays,
    # In:
    x: wp.array[vec3],
    begin: int,
    end: int,
    # Out:
    counts_out: wp.array[int],
):
    """Number of tets of groups begin..end that are turned over or flat. One more number must follow x."""
    _turned(lanes, x, begin, end, counts_out)


@wp.kernel
def track_columns(
    # Model:
    lanes: LaneArrays,
    start: wp.array[int],
    owner: wp.array[int],
    track: wp.array[wp.int16],
    step: wp.array[f64],
    nodes: int,
    # In:
    summed: wp.array[f64],
    shares: wp.array[f64],
    bends: wp.array[f64],
    unit: wp.array[f64],
    begin: int,
    end: int,
    # Out:
    force_out: wp.array[vec3],
):
    """Force (tracks, nodes) per unit of each track's weight through its strain, added to what is there.

    unit: (groups, 6, 9) forces on corners 1..3 per unit of each number of the limited strain · shares, bends: see
    ``strain_limit.StrainLimit.factors``.
    """
    _columns(lanes, start, owner, track, step, nodes, summed, shares, bends, unit, begin, end, force_out)


@wp.kernel
def track_dots(
    # Model:
    start: wp.array[int],
    owner: wp.array[int],
    track: wp.array[wp.int16],
    step: wp.array[f64],
    # In:
    gradient: wp.array[f64],
    begin: int,
    end: int,
    # Out:
    product_out: wp.array[f64],
):
    """Products (tracks, WIDTH) of each track's strain in groups begin..end with a gradient over strains (groups, 6)."""
    _dots(start, owner, track, step, gradient, begin, end, product_out)
