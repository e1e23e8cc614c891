# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Equilibrium of a whole face: flesh, fibres, track springs, moving bones and teeth; and its linearisation."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import RLock

import numpy as np
import scipy.sparse as sp

from .. import blas
from .cholesky import Cholesky, NotDefinite, nearest_inverse
from .contact import Contact
from .equilibrium import Energy, Operator, Report, factor, minimise
from .flesh import Flesh
from .lanes import Strain, roomy
from .lbfgs import Memory
from .packed import PackedFactor
from .pattern import dofs
from .smooth import smooth_inverse
from .workspace import LaneWorkspace, Workspace

EPS = 1e-6
"""Forces below this [N] are rounding: the face is not loaded."""

BULK = 1.0
"""Weight of the bulk modulus in the Laplacian that stands for the stiffness."""


@dataclass(frozen=True)
class Load:
    """What drives the flesh. fixed: (N, 3) positions of bone nodes (others ignored) · anchor: (N, 3) where the track
    springs pull without load · force: (N, 3) constant force on nodes [N] · activation: (M,) · strain: logarithmic
    strain at which the passive flesh is free of stress · contact: the teeth that the lining must not pass."""

    fixed: np.ndarray
    anchor: np.ndarray
    force: np.ndarray
    activation: np.ndarray
    strain: Strain = None
    contact: Contact | None = None


def stiffness_blocks(flesh: Flesh, x: np.ndarray, load: Load, *, definite: bool = False) -> np.ndarray:
    """``Flesh.stiffness_blocks`` between free nodes, with that of the contact."""
    blocks = flesh.stiffness_blocks(x, load.activation, load.strain, definite=definite, free=True)
    if load.contact is not None:
        touching = flesh.rank_of(load.contact.teeth.node)
        blocks[flesh.pattern(free=True).diagonal[touching]] += load.contact.stiffness(x, definite=definite)[0]
    return blocks


class FaceFlesh:
    """Solver for one flesh. The Laplacian's factor serves all poses; the last stiffness factored serves its neighbours:
    a slider dragged on needs some four iterations with it, a jump factors anew where it lands. Threads that share one
    take turns; those with a ``twin`` each solve side by side."""

    PATIENCE = (16, 8)
    """Iterations that the first preconditioner and later ones get before the stiffness at hand is factored."""

    WORTH = 24.0
    """Iterations with the Laplacian that a factor saves, at its price of some forty and the few that follow it."""

    def __init__(self, flesh: Flesh) -> None:
        self.flesh = flesh
        self._workspace, self._memory = flesh.workspace(), Memory()
        self._laplacian: tuple[Operator, sp.csr_matrix] | None = None
        self._response: tuple[Operator, sp.csr_matrix] | None = None
        self._kept: Operator | None = None
        self._busy = RLock()

    def twin(self, flesh: Flesh | None = None) -> "FaceFlesh":
        """Another solver of the same flesh, for another thread; it shares what poses do not change. Or one of the flesh
        with other moduli (``Flesh.stiffened``), which begins with the matrices of this: they only precondition."""
        self._smooth()
        if flesh is not None:
            # Whose response it begins with must not hang on who was solved before: answers are the same bit by bit.
            self._rest_response()
        other = FaceFlesh(flesh or self.flesh)
        other._laplacian, other._response = self._laplacian, self._response
        return other

    def keep(self, inverse: Operator) -> None:
        """Begin the next solve with the inverse of a stiffness factored near its answer."""
        self._kept = inverse

    def forget(self) -> None:
        """Drop the last factored stiffness: the next solve begins with the Laplacian."""
        self._kept = None

    @property
    def smooth_inverse(self) -> Operator:
        """Inverse of the Laplacian that stands for the stiffness of all poses."""
        return self._smooth()[0]

    def _smooth(self) -> tuple[Operator, sp.csr_matrix]:
        """Inverse of the scalar Laplacian of the order of the bulk term plus the springs, and its bone columns."""
        if self._laplacian is None:
            f = self.flesh
            weight = f.shear + BULK * f.bulk
            np.add.at(weight, f.fibres.tet, 0.3 * f.fibres.stress)
            matrix = f.laplacian(weight) + sp.diags(f.spring)
            rows = matrix[f.free]
            self._laplacian = smooth_inverse(f.ordering, rows[:, f.free]), rows[:, np.flatnonzero(f.fixed)]
        return self._laplacian

    def _linear(self, load: Load, gradient: np.ndarray) -> np.ndarray:
        """Nodes (N, 3) by the stiffness at rest; ``gradient`` is that of the free nodes at rest under the load."""
        f = self.flesh
        inverse, coupling = self._rest_response()
        out = np.where(f.fixed[:, None], load.fixed, f.rest)
        moved = (load.fixed - f.rest)[f.fixed]
        out[f.free] -= inverse(gradient + (coupling @ moved.ravel()).reshape(-1, 3))
        return out

    def _rest_response(self) -> tuple[Operator, sp.csr_matrix]:
        """Inverse of the stiffness at rest and its bone columns."""
        if self._response is None:
            f = self.flesh
            still = Load(f.rest, f.rest, np.zeros_like(f.rest), np.zeros(f.fibres.count))
            rows = f.stiffness(f.rest, still.activation).tocsr()[dofs(f.free)]
            coupling = rows[:, dofs(np.flatnonzero(f.fixed))].tocsr()
            self._response = self.inverse_stiffness(f.rest, still), coupling
        return self._response

    def carried(self, x: np.ndarray, bones: np.ndarray) -> np.ndarray:
        """Nodes x (N, 3) with the bone nodes moved to ``bones`` (N, 3) and the flesh taken along smoothly."""
        inverse, coupling = self._smooth()
        f, out = self.flesh, x.copy()
        moved = (bones - x)[f.fixed]
        if moved.any():
            out[f.fixed] = bones[f.fixed]
            out[f.free] -= inverse(np.asarray(coupling @ moved))
        return out

    def turned_over(self, x: np.ndarray) -> int:
        """Number of tets that nodes x (N, 3) turn over or flatten."""
        with self._busy:
            return self._workspace.turned_over(x)

    def _start(self, starts: list[np.ndarray], bones: np.ndarray, energy: Callable) -> np.ndarray:
        """The most promising free nodes: of the starts with fewest tets turned over that of least energy.

        Summed shapes tangle; when all starts are tangled, flesh that only follows its bones is another one.
        """
        f, turned = self.flesh, self._workspace.turned_over
        ranked = [(turned(x), x) for x in (self.carried(s, bones) for s in starts)]
        if min(count for count, _ in ranked):
            x = self.carried(f.rest, bones)
            ranked.append((turned(x), x))
        least = min(count for count, _ in ranked)
        sound = [x[f.free] for count, x in ranked if count == least]
        return min(sound, key=lambda x: energy(x)[0]) if len(sound) > 1 else sound[0]

    def energy(
        self, load: Load, x: np.ndarray, workspace: LaneWorkspace | Workspace, balance: list[float] | None = None
    ) -> Energy:
        """Energy of the free nodes (and its gradient) under a load, with the bones where x (N, 3; ``lanes.roomy``) has
        them. One workspace serves one load at a time.

        Every evaluation leaves the free nodes in x; ``balance`` is told the size of the forces that balance each other.
        """
        workspace.set_activation(load.activation)
        workspace.set_strain(load.strain)
        workspace.pull(x, load.anchor, load.force)
        return self._energy(load, x, workspace, balance)

    def _energy(
        self, load: Load, x: np.ndarray, workspace: LaneWorkspace | Workspace, balance: list[float] | None
    ) -> Energy:
        """``energy`` in a workspace that knows the load's activation and strain."""
        contact = load.contact
        touching = None if contact is None else self.flesh.rank_of(contact.teeth.node)

        def energy(xf: np.ndarray) -> tuple[float, np.ndarray]:
            e, gradient, size = workspace.free_energy(xf)
            if balance is not None:
                balance[0] = size
            if contact is not None:
                pressed, pressure = contact.energy_and_force(x)
                gradient[touching] -= pressure
                e += pressed
            return e, gradient

        return energy

    def solve(
        self,
        load: Load,
        starts: list[np.ndarray],
        *,
        tolerance: float = 1e-4,
        step_tolerance: float = 2e-3,
        tick: Callable[[], None] | None = None,
    ) -> tuple[np.ndarray, Report]:
        """Equilibrium nodes (N, 3) from the best of ``starts`` (N, 3), and how it was reached.

        The residual is the norm of the forces on the free nodes, divided by the norm of these forces where only bones
        and controls have moved and the flesh is still at rest. Where moved bones turn tets over in that state, this
        reference is enormous and says nothing: convergence is then judged against the forces that balance each other
        in the answer (bone reactions, springs, loads), or against those of the controls alone.
        """
        with self._busy:
            return self._solve(load, starts, tolerance, step_tolerance, tick)

    def _solve(
        self,
        load: Load,
        starts: list[np.ndarray],
        tolerance: float,
        step_tolerance: float,
        tick: Callable[[], None] | None,
    ) -> tuple[np.ndarray, Report]:
        f, free, fixed = self.flesh, self.flesh.free, self.flesh.fixed
        x = roomy(np.where(fixed[:, None], load.fixed, f.rest))
        balance = [0.0]
        energy = self.energy(load, x, self._workspace, balance)
        # Teeth moved into flesh at rest would outweigh all that drives it.
        driving = self._energy(replace(load, contact=None), x, self._workspace, balance)
        gradient = driving(f.rest[free])[1]
        reference = float(np.linalg.norm(gradient))
        if reference < EPS:
            return f.rest.copy(), Report(0.0, 0.0, 0, 1, True, 0.0)
        driven = reference
        if not np.array_equal(load.fixed[fixed], f.rest[fixed]):
            x[fixed] = f.rest[fixed]
            gradient = driving(f.rest[free])[1]
            driven = float(np.linalg.norm(gradient))
            x[fixed] = load.fixed[fixed]
        if len(starts) == 1:
            # Nobody knows the neighbourhood of the answer.
            starts = [*starts, self._linear(load, gradient)]
        start = self._start(starts, load.fixed, energy)

        def stiffness_inverse(xf: np.ndarray) -> Operator:
            x[free] = xf
            try:
                self._kept = self.inverse_stiffness(x, load)
            except NotDefinite:
                # Flesh blown up to stiffnesses that single precision does not hold.
                return self._smooth()[0]
            return self._kept

        with blas.one_thread():
            best, report = minimise(
                energy,
                start,
                self._kept or self._smooth()[0],
                lambda: min(reference, max(driven, balance[0])),
                tolerance=tolerance,
                step_tolerance=step_tolerance,
                stiffness_inverse=stiffness_inverse,
                patience=self.PATIENCE,
                worth=self.WORTH,
                iterations=200,
                tick=tick,
                memory=self._memory,
            )
        x[free] = best
        return x, replace(report, residual=report.force / reference)

    def inverse_stiffness(self, x: np.ndarray, load: Load) -> PackedFactor:
        """Inverse of the stiffness at x (N, 3): of the exact one where that is definite, else of the projected."""
        f = self.flesh

        def blocks(definite: bool) -> np.ndarray:
            return stiffness_blocks(f, x, load, definite=definite)

        return nearest_inverse(f.ordering, f.pattern(free=True).diagonal, blocks)

    def linearise(self, x: np.ndarray, load: Load, *, single: bool = False) -> "Linearisation":
        """The equilibrium's derivative operator at x, with the unprojected stiffness factored (in ``single``
        precision half as long, to some five digits)."""
        return Linearisation(self.flesh, x, load, single=single)


class Linearisation:
    """K dx = df at an equilibrium: forward for many right sides, adjoint with the same factor (K is symmetric)."""

    def __init__(self, flesh: Flesh, x: np.ndarray, load: Load, *, single: bool) -> None:
        free, n = flesh.free, len(flesh.rest)
        self._free = dofs(free)
        self._held = np.setdiff1d(np.arange(3 * n), self._free)
        K = flesh.stiffness(x, load.activation, load.strain).tocsr()[self._free]
        self._coupling = K[:, self._held].tocsr()
        blocks = stiffness_blocks(flesh, x, load)
        self.inverse: Operator | None = None
        try:
            self._solve = self.inverse = Cholesky(flesh.ordering, blocks, single=single).solve
        except NotDefinite:
            # An equilibrium at a fold is no minimum, but its derivative may exist.
            pattern = flesh.pattern(free=True)
            self._solve = factor(sp.bsr_matrix((blocks, pattern.indices, pattern.indptr)).tocsr()).solve

    def forward(self, force: np.ndarray, moved: np.ndarray) -> np.ndarray:
        """(3N, c) node motion for columns of force (3N, c) on free nodes and of bone motion (3N, c)."""
        out = np.zeros_like(force)
        out[self._held] = moved[self._held]
        out[self._free] = self._solve(force[self._free] - self._coupling @ moved[self._held])
        return out

    def adjoint(self, sensitivity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pull a loss gradient over nodes (3N,) back to forces (3N,) and to bone positions (3N,)."""
        force = np.zeros_like(sensitivity)
        force[self._free] = self._solve(sensitivity[self._free])
        moved = np.zeros_like(sensitivity)
        moved[self._held] = sensitivity[self._held] - self._coupling.T @ force[self._free]
        return force, moved
