# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Following loads that change from frame to frame: a few quasi-Newton steps each, near enough to the equilibrium.

The flesh starts where it was, moved by what the shapes moved, and steps by the inverse of a stiffness factored nearby
and turned with the flesh. A few such factors are kept (a blink comes back); where they serve less well another thread
factors a new one. Where they mislead, a few steps by the Laplacian come between, and where that does not help the frame
waits for a factor of its own.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from ..parallel import in_background
from .equilibrium import Energy, Report, line_search, squared_lengths
from .face_flesh import FaceFlesh, Load
from .flesh import Flesh
from .lanes import roomy
from .lbfgs import Memory, Operator
from .packed import PackedFactor
from .warped import Warping

NEAR = 0.02
"""Distance to the equilibrium [cm] at which a drag is near enough, as the steps tell, where none is asked for."""

AHEAD = 0.75
"""Share of it that the next step may be for a drag to be near whatever the steps before it tell. One longer than all of
it shows a drag that is not near: beside a fold, and where the flesh is soft, short steps come before long ones."""

STEPS = 7
"""Steps with one factor at most."""

FRESH = 5
"""Factors that a frame may wait for."""

AGED = 2
"""Steps of a frame beyond which its factor is replaced in the background."""

RELAX, RELAXED = 3, 3
"""Steps by the Laplacian in a frame whose factor misleads, before the nearest, turned anew, is tried again; and how
often: the Laplacian settles what is stiff in a small place, a factor what is soft in the large."""

FACTORS = 4
"""Factored stiffnesses kept, of poses that lie apart."""

STALE = 0.02
"""Move of a node [cm] up to which a factor stays turned as it is."""

SLOWEST, FIRST, DRIFT = 0.9, 0.7, 1.15
"""Ratio of one step to the last: the largest that is believed, what is assumed of a new factor, and how much faster it
may have become with each frame in which a factor took one step only."""

REACH = 1.0
"""Move [cm] after which nothing is believed of the next: what a step misses grows with its square."""

SHORT, BOLD = 0.5, 0.1
"""A step is cut short which the energy lets go less than this share of its way, and which as a whole would move the
skin by more than this [cm]: what is soft then waits for what is stiff, and small steps say nothing of the distance."""

MISLED = 2
"""Steps cut short, one after another, by which a factor is known to mislead: after one, L-BFGS may mend it."""

SHARES = (1.0, 0.5, 0.0)
"""Shares of what the shapes moved that are tried at the start where that is bold: summed shapes tangle lips."""


@dataclass(eq=False)
class _Factor:
    """nodes: (N, 3) where it was factored · used: last turn that it served · rate: of its second step to its first, in
    the last frames · turned: nodes (N, 3) for which it was turned last, and the inverse turned."""

    nodes: np.ndarray
    inverse: PackedFactor
    used: int = 0
    rate: float = FIRST
    turned: tuple[np.ndarray, Operator] | None = None


class _Descent:
    """Steps down one energy, from where of several starts that is least, until it is ``near`` [cm].

    at: (n, 3) free nodes · left: distance to the equilibrium that the steps tell [cm] · misled: whether steps are cut
    short · taken, evaluations: counts · found: ratio of the second step by this inverse to its first.
    """

    def __init__(
        self, energy: Energy, starts: list[np.ndarray], visible: np.ndarray, memory: Memory, near: float = NEAR
    ) -> None:
        self._energy, self._visible, self._memory, self._near = energy, visible, memory, near
        at = ((*energy(start), start) for start in starts)
        self._value, self._gradient, self.at = min(at, key=lambda known: known[0])
        self.taken, self.evaluations = 0, len(starts)

    @property
    def force(self) -> float:
        """Size of the gradient [N]."""
        return float(np.linalg.norm(self._gradient))

    def begin(self, inverse: Operator, rate: float = FIRST) -> None:
        """Go on with another inverse, whose second step is to its first as ``rate``."""
        self._inverse, self._last, self._length, self._next = inverse, None, 1.0, None
        self._memory.clear()
        self._end, self.left, self.misled = self.taken + STEPS, np.inf, False
        self._rate, self.found, self._short = rate, None, 0

    def relax(self, smooth: Operator) -> None:
        """Some steps by the inverse of a Laplacian, which nothing misleads: tangled flesh comes apart."""
        self.begin(smooth)
        for _ in range(RELAX):
            self.step()

    @property
    def near(self) -> bool:
        """Whether the equilibrium is near enough, as far as the steps can tell, the next among them."""
        if self._last is None or self.force == 0.0:
            return self.force == 0.0 or self.left <= self._near
        if self._last <= AHEAD * self._near and self._length == 1.0:
            return self.left <= self._near
        # As much as of the last will have to be cut off it.
        ahead = self._reach(self._direction) / self._length
        return ahead <= (self._near if self.left <= self._near else AHEAD * self._near)

    @property
    def _direction(self) -> np.ndarray:
        """The next step as a whole (n, 3)."""
        if self._next is None:
            self._next = self._memory.direction(self._gradient, self._inverse)
        return self._next

    @property
    def spent(self) -> bool:
        """Whether this inverse has had its steps."""
        return self.taken >= self._end

    def _reach(self, step: np.ndarray) -> float:
        """Largest move of a visible node [cm]."""
        return float(np.sqrt(squared_lengths(step)[self._visible].max(initial=0.0)))

    def step(self) -> None:
        """One step, if the energy grants one."""
        g, p = self._gradient, self._direction
        slope, first = float(np.vdot(g, p)), min(1.0, 2.0 * self._length)
        t, at, value, new, tries = line_search(self._energy, self.at, p, self._value, g, slope, first)
        self.taken, self.evaluations = self.taken + 1, self.evaluations + tries
        if t == 0.0:
            # At the equilibrium rounding hides what is left to gain.
            self.left, self._length = self._reach(p), 1.0
            self.misled, self._end = self.left > self._near, self.taken
            return
        self._memory.add(p, t, g, new)
        moved = t * self._reach(p)
        rate = self._rate
        if self._last is not None:
            rate = min(moved / self._last, SLOWEST)
            self.found = self.found or rate
        rate = max(rate, min(moved / REACH, SLOWEST))
        # What was cut off a step is still to come.
        self.left = max(moved * rate / (1.0 - rate), moved * (1.0 - t) / t)
        self._short = self._short + 1 if t < SHORT and moved > BOLD * t else 0
        self.misled = self._short >= MISLED
        self.at, self._value, self._gradient, self._next = at, value, new, None
        self._last, self._length = max(moved, 1e-12), t


class Follower:
    """Follows one face. visible: (N,) bool, the nodes whose distance to the equilibrium counts."""

    def __init__(self, solver: FaceFlesh, visible: np.ndarray) -> None:
        self._solver, self._flesh = solver.twin(), solver.flesh
        self._other, self._warping = solver.twin(), Warping(solver.flesh)
        self._visible = visible[self._flesh.free]
        self._workspace, self._memory = self._flesh.workspace(), Memory()
        self._thread = ThreadPoolExecutor(1, "muscle_face_factor")
        self._pending: Future | None = None
        self._turn = 0
        rest = self._flesh.rest
        still = Load(rest, rest, np.zeros_like(rest), np.zeros(self._flesh.fibres.count))
        self._factors = [_Factor(rest, self._other.inverse_stiffness(rest, still))]

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _turn_to(self, flesh: Flesh) -> None:
        """Follow the flesh with other moduli; the factors at hand still show the way."""
        if flesh is not self._flesh:
            self._flesh, self._workspace = flesh, flesh.workspace()
            self._solver, self._other = self._solver.twin(flesh), self._other.twin(flesh)

    def follow(
        self, load: Load, before: np.ndarray, moved: np.ndarray, flesh: Flesh | None = None, near: float = NEAR
    ) -> tuple[np.ndarray, Report]:
        """Nodes (N, 3) near the equilibrium, from where they were ``before`` (N, 3) and what the shapes ``moved`` since
        (N, 3), of the flesh or of that with other moduli (``Flesh.stiffened``), within ``near`` [cm] as the steps tell.
        ``Report.step`` estimates the distance [cm]."""
        self._turn_to(flesh or self._flesh)
        f, free = self._flesh, self._flesh.free
        self._turn += 1
        self._take_ready()
        x = roomy(np.where(f.fixed[:, None], load.fixed, before))
        energy = self._solver.energy(load, x, self._workspace)
        far = np.abs(moved).max(initial=0.0) > BOLD
        starts = [(before + s * moved)[free] for s in (SHARES if far else SHARES[:1])]
        descent = _Descent(energy, starts, self._visible, self._memory, near)
        x[free] = descent.at
        factor = self._begin(descent, x)
        fresh, relaxed = 0, 0
        while not descent.near:
            if descent.spent and fresh == FRESH:
                break
            if (descent.spent or descent.misled) and relaxed < RELAXED:
                relaxed += 1
                descent.relax(self._solver.smooth_inverse)
                x[free] = descent.at
                factor = self._begin(descent, x, FIRST)
            elif descent.spent or (descent.misled and fresh < FRESH):
                fresh += 1
                x[free] = descent.at
                factor = _Factor(x.copy(), self._solver.inverse_stiffness(x, load))
                self._keep(factor)
                descent.begin(factor.inverse)
            descent.step()
        factor.rate = min(descent.found or DRIFT * factor.rate, FIRST)
        x[free] = descent.at
        if descent.taken > AGED and not fresh and self._pending is None:
            self._pending = self._thread.submit(self._factored, self._other, x.copy(), load)
        return x, Report(np.nan, descent.force, descent.taken, descent.evaluations, descent.near, descent.left)

    @staticmethod
    def _factored(solver: FaceFlesh, x: np.ndarray, load: Load) -> _Factor:
        with in_background():
            return _Factor(x, solver.inverse_stiffness(x, load))

    def nearest(self, nodes: np.ndarray) -> Operator:
        """Inverse of the stiffness that was factored nearest to nodes (N, 3), turned there."""
        return self._turned(self._nearest(nodes), nodes)

    def _begin(self, descent: _Descent, nodes: np.ndarray, rate: float | None = None) -> _Factor:
        """Go on with the nearest factor, at its own rate where none is given."""
        factor = self._nearest(nodes)
        factor.used = self._turn
        descent.begin(self._turned(factor, nodes), rate or factor.rate)
        return factor

    def _nearest(self, nodes: np.ndarray) -> _Factor:
        return min(list(self._factors), key=lambda k: float(((k.nodes - nodes) ** 2).sum()))

    def _turned(self, factor: _Factor, nodes: np.ndarray) -> Operator:
        # One look, and one answer: a face that settles in another thread may turn the same factor meanwhile.
        turned = factor.turned
        if turned is None or np.abs(turned[0] - nodes).max() > STALE:
            turned = factor.turned = nodes.copy(), self._warping.turned(factor.inverse, factor.nodes, nodes)
        return turned[1]

    def _keep(self, new: _Factor) -> None:
        """Add a factor; the one that served longest ago gives way."""
        new.used = self._turn
        kept = sorted(self._factors, key=lambda k: k.used)[1 - FACTORS :]
        self._factors = [*kept, new]

    def _take_ready(self) -> None:
        """Keep what the other thread has done."""
        if self._pending is not None and self._pending.done():
            # Put aside first: one that could not be factored raises once, not at every frame from now on.
            ready, self._pending = self._pending, None
            self._keep(ready.result())
