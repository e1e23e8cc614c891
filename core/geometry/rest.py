# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""From the open pose in which the flesh was meshed to the neutral rest pose, with well-shaped tets."""

import numpy as np
import scipy.sparse as sp

from ..physics.equilibrium import factor, minimise
from ..physics.flesh import Fibres, Flesh
from . import quality

_REGULAR = np.array([[1.0, 0.5, 0.5], [0.0, np.sqrt(0.75), np.sqrt(1.0 / 12.0)], [0.0, 0.0, np.sqrt(2.0 / 3.0)]])
"""Edge matrix of the regular tet of edge 1, volume 1 / sqrt(72)."""

LOOSENINGS = 3
"""Times that the skin around tets that stay turned over is let go."""


def harmonic(flesh: Flesh, held: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Extend ``values`` (N, k), given on the ``held`` (N,) nodes, through the flesh with zero Laplacian."""
    L = flesh.laplacian(np.ones(len(flesh.tets)))
    free = ~held
    out = values.copy()
    if free.any():
        out[free] = factor(L[free][:, free]).solve(-np.asarray(L[free][:, held] @ values[held]))
    return out


def bare(nodes: np.ndarray, tets: np.ndarray, bone: np.ndarray) -> Flesh:
    """A flesh of one kind in all tets, held at ``bone`` (N,)."""
    return Flesh(nodes, tets, np.tile([1.0, 0.0, 1.0], (len(tets), 1)), Fibres.none(), bone, np.zeros(len(nodes)))


def pull_back(open_flesh: Flesh, held: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Rest positions (N, 3): ``held`` nodes near their ``target`` (N, 3), bone nodes on it, all tets well shaped.

    The open pose is first moved harmonically; then every tet is drawn towards the regular shape of its own
    size (mean-ratio energy J^(-2/3) |F|^2, the flesh's own isochoric term), which also turns over the few tets that
    the harmonic motion inverted.
    """
    nodes, tets, bone = open_flesh.rest, open_flesh.tets, open_flesh.fixed
    x = nodes + harmonic(open_flesh, held | bone, np.where((held | bone)[:, None], target - nodes, 0.0))
    edge = np.cbrt(open_flesh.volume * np.sqrt(72.0))
    # Flat tets have little volume; their wanted size is that of their neighbourhood.
    count = np.bincount(tets.ravel(), minlength=len(nodes))
    around = np.bincount(tets.ravel(), np.repeat(edge, 4), len(nodes)) / np.maximum(count, 1)
    edge = np.maximum(edge, 0.8 * around[tets].mean(1))
    spring = np.where(held, 40.0, 0.4) / np.maximum(around, 1e-6) ** 2
    x[bone] = target[bone]
    flesh = Flesh(
        nodes,
        tets,
        [1.0, 0.0, 0.05] / (edge**3 / np.sqrt(72.0))[:, None],
        Fibres.none(),
        bone,
        spring,
        reference=edge[:, None, None] * _REGULAR,
    )
    anchor = np.where(held[:, None], target, x)
    x = _relax(flesh, x, anchor)
    for _ in range(LOOSENINGS):
        inverted = quality.signed_volume(x, tets) <= 0.0
        if not inverted.any():
            break
        # Skin that keeps a tet turned over is let go around it.
        around_it = np.zeros(len(nodes), bool)
        around_it[tets[inverted].ravel()] = True
        around_it[tets[around_it[tets].any(axis=1)].ravel()] = True
        spring = np.where(around_it, 0.01 * spring, spring)
        x = _relax(flesh.varied(spring=spring), x, anchor)
    return x


def _relax(flesh: Flesh, x: np.ndarray, anchor: np.ndarray) -> np.ndarray:
    """Minimise the shape energy with springs to ``anchor``."""
    workspace = flesh.workspace()
    free = flesh.free
    k = flesh.spring[free][:, None]
    full = x.copy()

    def energy(xf: np.ndarray) -> tuple[float, np.ndarray]:
        full[free] = xf
        e, f = workspace.tet_energy_and_force(full)
        r = xf - anchor[free]
        return e + 0.5 * float((k * r * r).sum()), k * r - f[free]

    L = flesh.laplacian(4.0 * flesh.moduli[:, 0]) + sp.diags(flesh.spring)
    solve = factor(L[free][:, free]).solve
    reference = float(np.linalg.norm(energy(x[free])[1]))
    full[free], _ = minimise(energy, x[free], solve, reference, tolerance=1e-3, step_tolerance=0.01, iterations=120)
    return full


def measure(x: np.ndarray, tets: np.ndarray) -> dict[str, float]:
    """Number of inverted tets and the smallest dihedral angle [degrees]."""
    return {
        "rest_inverted": int((quality.signed_volume(x, tets) <= 0).sum()),
        "min_dihedral_deg": float(quality.min_dihedral(x, tets).min()),
    }
