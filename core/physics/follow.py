# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Following loads that change from frame to frame: a few quasi-Newton steps each, near enough to the equilibrium.

The flesh starts where it was, moved by what the shapes moved, and steps by the inverse of a stiffness factored nearby.
A few such factors are kept (a blink comes back); where they serve badly another thread factors a new one.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from ..parallel import in_background
from .equilibrium import Memory, Operator, Report, line_search
from .face_flesh import FaceFlesh, Load

NEAR = 0.02
"""Distance to the equilibrium [cm] at which a drag is near enough, as the steps tell."""

STEPS = 5
"""Steps of one frame at most; the next one goes on."""

FACTORS = 4

SLOWEST, FIRST = 0.9, 0.7
"""Ratio of one step to the last: the largest that is believed, and what is assumed before there are two."""


@dataclass(eq=False)
class _Factor:
    nodes: np.ndarray
    inverse: Operator
    used: int = 0


class Follower:
    """Follows one face. visible: (N,) bool, the nodes whose distance to the equilibrium counts."""

    def __init__(self, solver: FaceFlesh, visible: np.ndarray) -> None:
        self._solver, self._flesh = solver.twin(), solver.flesh
        self._other = solver.twin()
        self._visible = visible[self._flesh.free]
        self._workspace = self._flesh.workspace()
        self._thread = ThreadPoolExecutor(1, "muscle_face_factor")
        self._pending: Future | None = None
        self._turn = 0
        rest = self._flesh.rest
        still = Load(rest, rest, np.zeros_like(rest), np.zeros(self._flesh.fibres.count))
        self._factors = [_Factor(rest[self._flesh.free], self._other.inverse_stiffness(rest, still))]

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def follow(self, load: Load, start: np.ndarray) -> tuple[np.ndarray, Report]:
        """Nodes (N, 3) near the equilibrium, from ``start`` (N, 3). ``Report.step`` estimates the distance [cm]."""
        f, free = self._flesh, self._flesh.free
        self._turn += 1
        x = np.where(f.fixed[:, None], load.fixed, start)
        energy = self._solver.energy(load, x, self._workspace)
        self._take_ready()
        factor = self._nearest(x)
        factor.used = self._turn
        memory, at, last, left, length = Memory(), x[free], None, np.inf, 1.0
        value, g = energy(at)
        size = float(np.linalg.norm(g))
        evaluations = taken = 0
        while taken < STEPS and left > NEAR and size > 0.0:
            p = memory.direction(g, factor.inverse)
            slope = float(np.vdot(g, p))
            t, trial, value, h, tries = line_search(energy, at, p, value, g, slope, min(1.0, 2.0 * length))
            evaluations, taken = evaluations + tries, taken + 1
            if t == 0.0:
                break
            length = t
            memory.add(trial - at, h - g)
            moved = float(np.sqrt(((trial - at)[self._visible] ** 2).sum(1).max()))
            rate = FIRST if last is None else min(moved / last, SLOWEST)
            at, g, last, left = trial, h, max(moved, 1e-12), moved * rate / (1.0 - rate)
        x[free] = at
        if taken > 1 and self._pending is None:
            self._pending = self._thread.submit(self._factored, x.copy(), load)
        return x, Report(float(np.linalg.norm(g)), taken, evaluations, left <= NEAR, left)

    def _factored(self, x: np.ndarray, load: Load) -> _Factor:
        with in_background():
            return _Factor(x[self._flesh.free], self._other.inverse_stiffness(x, load))

    def nearest(self, nodes: np.ndarray) -> Operator:
        """Inverse of the stiffness that was factored nearest to nodes (N, 3)."""
        return self._nearest(nodes).inverse

    def _nearest(self, nodes: np.ndarray) -> _Factor:
        at = nodes[self._flesh.free]
        return min(list(self._factors), key=lambda k: float(((k.nodes - at) ** 2).sum()))

    def _take_ready(self) -> None:
        """Add a factor that is done; the one that served longest ago gives way."""
        if self._pending is not None and self._pending.done():
            new = self._pending.result()
            self._pending, new.used = None, self._turn
            kept = sorted(self._factors, key=lambda k: k.used)[1 - FACTORS :]
            self._factors = [*kept, new]
