# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The weight of flesh, and the shape that it would have without.

A head is sculpted under gravity: what hangs, hangs already. So the passive flesh is free of stress not in the sculpt X
but in an unloaded shape X0 whose equilibrium under the sculpt's gravity is X.
"""

from collections.abc import Callable

import numpy as np

from .cholesky import Cholesky
from .flesh import Flesh
from .matrix3 import inverse
from .presets import DENSITY

EXACT = 1e-9
"""Unbalanced share of the weight at which the unloaded shape is found."""

MOST_STRETCH = 10.0
"""Stretch under its own weight beyond which flesh would have run away."""


def node_mass(flesh: Flesh) -> np.ndarray:
    """(N,) mass of each node [kg], a quarter of that of the tets around it."""
    return flesh.spread(DENSITY * flesh.volume * flesh.natural_share)


def prestretch(rest: np.ndarray, unloaded: np.ndarray, tets: np.ndarray) -> np.ndarray:
    """(T, 3, 3) deformation gradient F0 from the unloaded nodes (N, 3) to the rest nodes (N, 3)."""
    X, X0 = ((x[tets[:, 1:]] - x[tets[:, :1]]).transpose(0, 2, 1) for x in (rest, unloaded))
    return X @ inverse(X0)[1]


def unloaded_nodes(flesh: Flesh, gravity: np.ndarray, tick: Callable[[], None] = lambda: None) -> np.ndarray | None:
    """X0 (N, 3): stress-free nodes whose equilibrium under ``gravity`` (3,) [m/s2] is ``flesh.rest``; bones stay. None
    where the flesh is too soft to be unloaded.

    f(X; X0) + weight = 0 is solved by Newton with df/dX0 taken as the stiffness at rest, which is exact for small
    strains: each round gains some two digits. ``tick`` is called every round and may raise to stop.
    """
    free, unloaded = flesh.free, flesh.rest.copy()
    if not np.any(gravity):
        return unloaded
    bare = flesh.varied(spring=np.zeros(len(flesh.rest)), prestretch=None)
    still = np.zeros(flesh.fibres.count)
    factor = Cholesky(flesh.ordering, bare.stiffness_blocks(bare.rest, still, free=True))
    for _ in range(40):
        tick()
        F0 = prestretch(flesh.rest, unloaded, flesh.tets)
        if not ((inverse(F0)[0] > 0.0).all() and np.abs(F0).max() < MOST_STRETCH):
            return None
        loaded = bare.prestretched(F0)
        weight = node_mass(loaded)[free, None] * gravity
        force = loaded.workspace().tet_energy_and_force(flesh.rest)[1][free] + weight
        if np.linalg.norm(force) <= EXACT * np.linalg.norm(weight):
            return unloaded
        unloaded[free] -= factor.solve(force)
    return None
