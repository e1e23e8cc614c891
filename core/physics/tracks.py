# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Muscle tracks: what each shape asks of the flesh, calibrated so that the equilibrium at weight 1 is the shape.

Each free node n hangs on a zero-length spring of stiffness k_n to a point y_n(w) = X_n + sum_s w_s dy_ns (Cong et al.
2016; Bao et al. 2019, section 4). Springs of the flesh's own order would fall short of the shape and stiff ones would
hold the face against its muscles. So for each shape the flesh is first brought to x*, the elastic equilibrium whose
skin lies on the artist's with the bones in the shape's pose; the force f* that the flesh exerts there then gives

    dy = x* - X - f* / k,

with which x* is an equilibrium of flesh and springs whatever their stiffness.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from .equilibrium import Report, factor, minimise
from .flesh import Flesh

SKIN_STIFFNESS = 100.0
"""Pull of the artist's skin on the flesh while a shape is calibrated, in units of shear modulus per cm."""


@dataclass(frozen=True)
class Track:
    """One shape in the flesh. displacement: (N, 3) x* - X [cm] · load: (N, 3) force that the springs add [N]."""

    displacement: np.ndarray
    load: np.ndarray
    report: Report


class Calibration:
    """Finds tracks for one flesh and one skin embedding; the factored preconditioner serves all shapes.

    embed: (Vs, N) with skin = embed @ nodes · weight: (Vs,) area that each skin vertex stands for [cm2].
    """

    def __init__(self, flesh: Flesh, embed: sp.csr_matrix, weight: np.ndarray) -> None:
        self._flesh = flesh
        mu = 2.0 * float(np.median(flesh.moduli[:, 0] + flesh.moduli[:, 1]))
        self._pull = SKIN_STIFFNESS * mu * weight[:, None]
        self._embed = embed
        free = flesh.free
        self._embed_free = embed[:, free].tocsr()
        self._embed_free_t = self._embed_free.T.tocsr()
        bulk = 2.0 * (flesh.moduli[:, 0] + flesh.moduli[:, 1]) + 0.6 * flesh.moduli[:, 2]
        elastic = flesh.laplacian(bulk)[free][:, free]
        skin = self._embed_free_t @ sp.diags(self._pull[:, 0]) @ self._embed_free
        self._laplacian = flesh.laplacian(np.ones(len(flesh.tets)))
        self._smooth_pull = 50.0 * weight[:, None]
        self._extend = factor(self._laplacian[free][:, free] + 50.0 / (SKIN_STIFFNESS * mu) * skin)
        self._solve = factor(elastic + skin).solve

    def track(self, target: np.ndarray, fixed: np.ndarray, *, tick: Callable[[], None] | None = None) -> Track:
        """Calibrate one shape: skin ``target`` (Vs, 3) and bone positions ``fixed`` (N, 3; only fixed rows count)."""
        flesh, free = self._flesh, self._flesh.free
        workspace = flesh.workspace()
        workspace.set_activation(np.zeros(flesh.fibres.count))
        x = flesh.rest.copy()
        x[flesh.fixed] = fixed[flesh.fixed]
        wanted = target - self._embed[:, np.flatnonzero(flesh.fixed)] @ x[flesh.fixed]

        pull = np.zeros_like(flesh.rest[free])

        def energy(xf: np.ndarray) -> tuple[float, np.ndarray]:
            x[free] = xf
            e, f = workspace.tet_energy_and_force(x)
            r = self._embed_free @ xf - wanted
            pull[:] = self._embed_free_t @ (self._pull * r)
            return e + 0.5 * float((self._pull * r * r).sum()), pull - f[free]

        if float(np.linalg.norm(energy(flesh.rest[free])[1])) < 1e-9:
            zero = np.zeros_like(flesh.rest)
            return Track(zero, zero.copy(), Report(0.0, 0, 1, True, 0.0))
        start = flesh.rest[free] + self._harmonic(target, x)
        best, report = minimise(energy, start, self._solve, lambda: float(np.linalg.norm(pull)), tolerance=2e-3,
                                step_tolerance=5e-3, iterations=150, tick=tick)  # fmt: skip
        x[free] = best
        _, force = workspace.tet_energy_and_force(x)
        load = np.where(flesh.fixed[:, None], 0.0, -force)
        return Track(x - flesh.rest, load, report)

    def _harmonic(self, target: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Smooth displacement of the free nodes between moved bones and the wanted skin."""
        flesh = self._flesh
        held = flesh.fixed
        moved = x[held] - flesh.rest[held]
        skin = target - self._embed @ flesh.rest - self._embed[:, np.flatnonzero(held)] @ moved
        right = self._embed_free_t @ (self._smooth_pull * skin) - self._laplacian[flesh.free][:, held] @ moved
        return self._extend.solve(np.asarray(right))
