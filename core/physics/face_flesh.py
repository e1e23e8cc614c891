# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Equilibrium of a whole face: flesh, fibres, track springs and moving bones; and its linearisation."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from .equilibrium import Operator, Report, factor, minimise
from .flesh import Flesh

EPS = 1e-6
"""Forces below this [N] are rounding: the face is not loaded."""


@dataclass(frozen=True)
class Load:
    """What drives the flesh. fixed: (N, 3) positions of bone nodes (others ignored) · anchor: (N, 3) where the track
    springs pull without load · force: (N, 3) constant force on nodes [N] · activation: (M,) · strain: (T, 6)
    logarithmic strain at which the passive flesh is free of stress, or None for the rest shape."""

    fixed: np.ndarray
    anchor: np.ndarray
    force: np.ndarray
    activation: np.ndarray
    strain: np.ndarray | None = None


class FaceFlesh:
    """Solver for one flesh. The Laplacian's factor serves all poses; the last stiffness factored serves its neighbours:
    a slider dragged on needs some four iterations with it, a jump factors anew where it lands."""

    PATIENCE = 16
    """Iterations that a preconditioner gets before the stiffness at hand is factored."""

    def __init__(self, flesh: Flesh) -> None:
        self.flesh = flesh
        self._workspace = flesh.workspace()
        self._laplacian: Operator | None = None
        self._kept: Operator | None = None
        free = flesh.free
        self._free_rows = (3 * free[:, None] + np.arange(3)).ravel()

    def forget(self) -> None:
        """Drop the last factored stiffness: the next solve begins with the Laplacian."""
        self._kept = None

    def _preconditioner(self) -> Operator:
        """Scalar Laplacian weighted to the order of the bulk term, plus the springs."""
        if self._laplacian is None:
            f = self.flesh
            weight = 2.0 * (f.moduli[:, 0] + f.moduli[:, 1]) + 0.6 * f.moduli[:, 2]
            np.add.at(weight, f.fibres.tet, 0.3 * f.fibres.stress)
            matrix = f.laplacian(weight) + sp.diags(f.spring)
            self._laplacian = factor(matrix[f.free][:, f.free]).solve
        return self._laplacian

    def solve(
        self,
        load: Load,
        starts: list[np.ndarray],
        *,
        tolerance: float = 1e-4,
        step_tolerance: float = 2e-3,
        tick: Callable[[], None] | None = None,
    ) -> tuple[np.ndarray, Report]:
        """Equilibrium nodes (N, 3) from the best of ``starts``; the residual as DESIGN.md defines it.

        The residual divides by the force with only bones and controls moved. Where moved bones turn tets over in
        that state, this force is enormous and says nothing, so that convergence is judged against the forces that
        balance each other in the answer (bone reactions, springs, loads) or those of the controls alone.
        """
        f, free, fixed = self.flesh, self.flesh.free, self.flesh.fixed
        workspace = self._workspace
        workspace.set_activation(load.activation)
        workspace.set_strain(load.strain)
        k = f.spring[free][:, None]
        anchor, push = load.anchor[free], load.force[free]
        x = np.where(fixed[:, None], load.fixed, f.rest)
        balance = [0.0]

        def energy(xf: np.ndarray) -> tuple[float, np.ndarray]:
            x[free] = xf
            e, force = workspace.tet_energy_and_force(x)
            pull = k * (anchor - xf) + push
            moved = xf - f.rest[free]
            r = xf - anchor
            balance[0] = float(np.sqrt((force[fixed] ** 2).sum() + (force[free] ** 2).sum()))
            return e + 0.5 * float((k * r * r).sum()) - float((push * moved).sum()), -(force[free] + pull)

        reference = float(np.linalg.norm(energy(f.rest[free])[1]))
        if reference < EPS:
            return f.rest.copy(), Report(0.0, 0, 1, True, 0.0)
        driven = reference
        if not np.array_equal(load.fixed[fixed], f.rest[fixed]):
            x[fixed] = f.rest[fixed]
            driven = float(np.linalg.norm(energy(f.rest[free])[1]))
            x[fixed] = load.fixed[fixed]
        values = [energy(s[free])[0] for s in starts] if len(starts) > 1 else [0.0]
        start = starts[int(np.argmin(values))][free]

        def stiffness_inverse(xf: np.ndarray) -> Operator:
            x[free] = xf
            K = self.stiffness(x, load, definite=True)
            lu = factor(K + 1e-4 * sp.diags(K.diagonal()))
            self._kept = lambda g: lu.solve(g.ravel()).reshape(-1, 3)
            return self._kept

        best, report = minimise(
            energy,
            start,
            self._kept or self._preconditioner(),
            lambda: min(reference, max(driven, balance[0])),
            tolerance=tolerance,
            step_tolerance=step_tolerance,
            stiffness_inverse=stiffness_inverse,
            patience=self.PATIENCE,
            iterations=150,
            tick=tick,
        )
        _, g = energy(best)
        residual = float(np.linalg.norm(g)) / reference
        x[free] = best
        return x.copy(), Report(residual, report.iterations, report.evaluations, report.converged, report.step)

    def stiffness(self, x: np.ndarray, load: Load, *, definite: bool = False) -> sp.csc_matrix:
        """Stiffness of the free unknowns at x, unprojected unless ``definite``."""
        K = self.flesh.stiffness(x, load.activation, load.strain, definite=definite).tocsr()
        return K[self._free_rows][:, self._free_rows].tocsc()

    def linearise(self, x: np.ndarray, load: Load) -> "Linearisation":
        """The equilibrium's derivative operator at x, with the unprojected stiffness factored."""
        return Linearisation(self.flesh, x, load)


class Linearisation:
    """K dx = df at an equilibrium: forward for many right sides, adjoint with the same factor (K is symmetric)."""

    def __init__(self, flesh: Flesh, x: np.ndarray, load: Load) -> None:
        free, n = flesh.free, len(flesh.rest)
        rows = (3 * free[:, None] + np.arange(3)).ravel()
        held = np.setdiff1d(np.arange(3 * n), rows)
        K = flesh.stiffness(x, load.activation, load.strain).tocsr()[rows]
        self._free, self._held = rows, held
        self._coupling = K[:, held].tocsr()
        self._factor = factor(K[:, rows])

    def forward(self, force: np.ndarray, moved: np.ndarray) -> np.ndarray:
        """(3N, c) node motion for columns of force (3N, c) on free nodes and of bone motion (3N, c)."""
        out = np.zeros_like(force)
        out[self._held] = moved[self._held]
        out[self._free] = self._factor.solve(force[self._free] - self._coupling @ moved[self._held])
        return out

    def adjoint(self, sensitivity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pull a loss gradient over nodes (3N,) back to forces (3N,) and to bone positions (3N,)."""
        force = np.zeros_like(sensitivity)
        force[self._free] = self._factor.solve(sensitivity[self._free])
        moved = np.zeros_like(sensitivity)
        moved[self._held] = sensitivity[self._held] - self._coupling.T @ force[self._free]
        return force, moved
