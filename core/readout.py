# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Reading a pose as anatomy: the activation that each muscle's fibre length implies.

For every muscle the mean stretch of its fibres is worked out once at a few activations, the muscle acting alone on
flesh without track springs. In a pose, the activation with that mean stretch is read off the curve: 0 where the muscle
is stretched, 1 where it is shorter than it can make itself.
"""

from collections.abc import Callable

import numpy as np
from scipy.interpolate import PchipInterpolator

from .parallel import Steps, run_all
from .physics import derivatives
from .physics.face_flesh import FaceFlesh, Load
from .physics.flesh import Fibres, Flesh

LEVELS = (0.25, 0.5, 1.0)
"""Activations at which a muscle's own shortening is computed."""

NEAR = 0.01
"""Share of a muscle's largest motion below which the flesh around it is taken as standing still."""

SLACK = 1e-4
"""Shortening that is no sign of activity: the tolerance of a settled pose."""


def mean_stretch(flesh: Flesh, x: np.ndarray) -> np.ndarray:
    """(M,) mean stretch of each muscle's fibres at nodes x (N, 3), by muscle volume; 1 for a muscle without fibres."""
    fibres = flesh.fibres
    weight = fibres.stress * flesh.volume[fibres.tet]
    total = np.bincount(fibres.muscle, weight, fibres.count)
    change = np.bincount(fibres.muscle, weight * (derivatives.fibre_stretch(flesh, x) - 1.0), fibres.count)
    return 1.0 + change / np.where(total > 0.0, total, 1.0)


def own_stretch(flesh: Flesh, weight: np.ndarray, say: Callable[[float, str], None]) -> np.ndarray:
    """(M, levels) mean fibre stretch of each muscle acting alone, without track springs, at LEVELS.

    weight: (N, 3) the force [N] under which ``flesh.rest`` is in equilibrium.
    """
    still = Load(flesh.rest, flesh.rest, weight, np.zeros(flesh.fibres.count))
    response = FaceFlesh(flesh.varied(spring=np.zeros(len(flesh.rest)))).linearise(flesh.rest, still)
    columns = derivatives.by_activation(flesh, flesh.rest).toarray()
    motion = response.forward(columns, np.zeros_like(columns)).reshape(-1, 3, flesh.fibres.count)
    motion = np.linalg.norm(motion, axis=1)
    steps = Steps(say, 0.0, 1.0, flesh.fibres.count)

    def task(k: int) -> np.ndarray:
        steps.tick("Reading the muscles")
        out = _alone(flesh, k, motion[:, k] > NEAR * motion[:, k].max(), weight)
        steps.finished()
        return out

    return np.array(run_all([lambda k=k: task(k) for k in range(flesh.fibres.count)])).reshape(-1, len(LEVELS))


def _alone(flesh: Flesh, muscle: int, near: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(levels,) mean stretch of one muscle in the flesh around the nodes ``near`` (N,), the rest held."""
    if not near.any():
        return np.ones(len(LEVELS))
    kept = np.flatnonzero(near[flesh.tets].any(1))
    nodes, tets = np.unique(flesh.tets[kept], return_inverse=True)
    index = np.full(len(flesh.tets), -1)
    index[kept] = np.arange(len(kept))
    f = flesh.fibres
    inside = index[f.tet] >= 0
    tet = index[f.tet[inside]].astype(np.int32)
    fibres = Fibres(f.muscle[inside], tet, f.stress[inside], f.direction[inside], f.count)
    local = Flesh(
        flesh.rest[nodes],
        tets.reshape(-1, 4),
        flesh.moduli[kept],
        fibres,
        (flesh.fixed | ~near)[nodes],
        np.zeros(len(nodes)),
        law=flesh.law,
        prestretch=None if flesh.prestretch is None else flesh.prestretch[kept],
    )
    solver, x, out = FaceFlesh(local), local.rest, []
    for level in LEVELS:
        activation = np.zeros(f.count)
        activation[muscle] = level
        load = Load(local.rest, local.rest, weight[nodes], activation)
        x, _ = solver.solve(load, [x])
        out.append(mean_stretch(local, x)[muscle])
    return np.array(out)


def implied_activations(flesh: Flesh, nodes: np.ndarray, own: np.ndarray) -> np.ndarray:
    """(M,) activation that each muscle's mean fibre stretch at ``nodes`` (N, 3) implies; ``own`` from own_stretch."""
    stretch = mean_stretch(flesh, nodes)
    out = np.zeros(len(stretch))
    for k, (now, curve) in enumerate(zip(stretch, own, strict=True)):
        shortening = np.concatenate([[0.0], np.maximum.accumulate(np.maximum(1.0 - curve, 0.0))])
        if now < 1.0 - SLACK and shortening[-1] > SLACK:
            rising = np.concatenate([[True], np.diff(shortening) > 0.0])
            levels = np.array([0.0, *LEVELS])[rising]
            out[k] = float(PchipInterpolator(shortening[rising], levels)(min(1.0 - now, shortening[-1])))
    return out
