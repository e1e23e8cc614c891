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

from .physics import derivatives
from .physics.cholesky import Cholesky
from .physics.contact import Teeth
from .physics.equilibrium import Operator, minimise
from .physics.face_flesh import FaceFlesh, Load
from .physics.flesh import Flesh
from .physics.lanes import roomy

LEVELS = (0.25, 0.5, 1.0)
"""Activations at which a muscle's own shortening is computed."""

NEAR = 0.03
"""Share of a muscle's largest motion below which the flesh around it is taken to move as linear flesh does."""

TOLERANCE = 0.02
"""Share of a muscle's force that may stay unbalanced at a level: its shortening is then right to half a thousandth."""

TYPICAL = 0.5
"""Activation at which the stiffness that serves a muscle's levels is factored, where the least takes linear flesh."""

PATIENCE = (25, 10)
"""Iterations that it and one factored later get."""

SLACK = 1e-4
"""Shortening that is no sign of activity: the tolerance of a settled pose."""


def mean_stretch(flesh: Flesh, x: np.ndarray) -> np.ndarray:
    """(M,) mean stretch of each muscle's fibres at nodes x (N, 3), by muscle volume; 1 for a muscle without fibres."""
    fibres = flesh.fibres
    weight = fibres.stress * flesh.volume[fibres.tet]
    total = np.bincount(fibres.muscle, weight, fibres.count)
    change = np.bincount(fibres.muscle, weight * (derivatives.fibre_stretch(flesh, x) - 1.0), fibres.count)
    return 1.0 + change / np.where(total > 0.0, total, 1.0)


class MuscleReader:
    """Works out how far muscles shorten, each acting alone without track springs.

    teeth: what stops the lips · weight: (N, 3) the force [N] under which ``flesh.rest`` is in equilibrium.
    """

    def __init__(self, flesh: Flesh, teeth: Teeth, weight: np.ndarray) -> None:
        self._flesh = free = flesh.varied(spring=np.zeros(len(flesh.rest)))
        self._teeth, self._weight = teeth, weight
        blocks = free.stiffness_blocks(free.rest, np.zeros(free.fibres.count), free=True)
        self._motion = np.zeros((len(free.rest), 3, free.fibres.count))
        forces = derivatives.by_activation(free, free.rest).toarray().reshape(self._motion.shape)[free.free]
        solve = Cholesky(free.ordering, blocks, single=True).solve
        self._motion[free.free] = solve(forces.reshape(-1, free.fibres.count)).reshape(forces.shape)

    def stretch(self, muscle: int, tick: Callable[[], None]) -> np.ndarray:
        """(levels,) mean fibre stretch of a muscle at LEVELS; may run in several threads."""
        return _alone(self._flesh, self._teeth, muscle, self._motion[:, :, muscle], self._weight, tick)


def _alone(
    flesh: Flesh, teeth: Teeth, muscle: int, motion: np.ndarray, weight: np.ndarray, tick: Callable[[], None]
) -> np.ndarray:
    """(levels,) mean stretch of one muscle that begins with ``motion`` (N, 3) per activation, in the flesh around it
    and the nodes that move with it; farther away nodes keep to that motion."""
    size = np.linalg.norm(motion, axis=1)
    if not size.any():
        return np.ones(len(LEVELS))
    moving = size > NEAR * size.max()
    moving[flesh.tets[flesh.fibres.tet[flesh.fibres.muscle == muscle]]] = True
    local, nodes = flesh.part(moving & ~flesh.fixed)
    solver, workspace, x, free, held = FaceFlesh(local), local.workspace(), roomy(local.rest), local.free, local.fixed
    rest, motion = local.rest[free], motion[nodes]
    contact = teeth.part(nodes, free).still()

    def load(level: float) -> Load:
        activation = np.zeros(local.fibres.count)
        activation[muscle] = level
        return Load(local.rest, local.rest, weight[nodes], activation, contact=contact)

    inverse = solver.inverse_stiffness(local.rest + LEVELS[0] * motion, load(TYPICAL))
    # Places at the levels so far; between and beyond them flesh moves almost as by the parabola through them.
    levels, places, out = [0.0], [rest], []
    for level in LEVELS:
        energy = solver.energy(load(level), x, workspace)
        x[held] = local.rest[held]
        force = float(np.linalg.norm(energy(rest)[1]))
        x[held] += level * motion[held]
        start = _extrapolated(levels[-3:], places[-3:], level) if out else rest + level * motion[free]

        def anew(xf: np.ndarray, level: float = level) -> Operator:
            x[free] = xf
            return solver.inverse_stiffness(x, load(level))

        end, _ = minimise(energy, start, inverse, force, tolerance=TOLERANCE, step_tolerance=np.inf,
                          stiffness_inverse=anew, patience=PATIENCE, tick=tick)  # fmt: skip
        levels.append(level)
        places.append(end)
        x[free] = end
        out.append(mean_stretch(local, x)[muscle])
    return np.array(out)


def _extrapolated(levels: list[float], places: list[np.ndarray], level: float) -> np.ndarray:
    """Value at ``level`` of the polynomial through some places."""
    out = np.zeros_like(places[0])
    for k, (at, place) in enumerate(zip(levels, places, strict=True)):
        others = np.delete(levels, k)
        out += np.prod((level - others) / (at - others)) * place
    return out


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
