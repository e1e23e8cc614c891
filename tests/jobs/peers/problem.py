# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The one problem that every solver gets, the measure of its answers, and how a solver's process reports.

A solver's file is run as a process of its own and prints one line of JSON. It needs NumPy only, for it runs in the
environment of the solver it tests.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

ERROR_MM, RESIDUAL = 0.05, 1e-4
"""Largest distance of a free node from the reference [mm] and the relative residual at which a solver is done."""

ENOUGH_S = 60.0
"""After this long no further run begins: what takes so long varies little."""


@dataclass(frozen=True)
class Problem:
    """Flesh with bones to place; cm and N. rest, placed: (N, 3) at rest, and with the bones moved · tets: (T, 4) ·
    fixed: (N,) bool · mu, lam: Lame's moduli [N/cm2] · spring: (N,) [N/cm] · anchor: (N, 3) · reference: (N, 3) the
    answer · group: (N,) track group of a node, -1 for none · jaw: its nodes, turned by the angle at ``jaw_rate``
    (N, 3) · surface, target: skin nodes and the positions that the loss asks of them."""

    rest: np.ndarray
    placed: np.ndarray
    tets: np.ndarray
    fixed: np.ndarray
    mu: float
    lam: float
    spring: np.ndarray
    anchor: np.ndarray
    reference: np.ndarray
    group: np.ndarray
    jaw: np.ndarray
    jaw_rate: np.ndarray
    hinge: np.ndarray
    angle: float
    surface: np.ndarray
    target: np.ndarray

    @classmethod
    def load(cls, folder: Path, *, tracks: bool = True) -> "Problem":
        """Read problem.npz and the reference beside it, with or without the springs of the tracks."""
        data = np.load(folder / "problem.npz")
        rest = data["X"]
        fixed = np.ones(len(rest), bool)
        fixed[data["free"]] = False
        placed, anchor, rate = rest.copy(), rest.copy(), np.zeros_like(rest)
        placed[data["jaw"]] = data["jaw_pos"]
        rate[data["jaw"]] = data["jaw_dpos"]
        spring, group = np.zeros(len(rest)), np.full(len(rest), -1)
        if tracks:
            anchor[data["track"]] = data["track_target"]
            spring[data["track"]] = data["track_k"]
            group[data["track"]] = data["track_group"]
        reference = np.load(folder / ("ref_tracks.npy" if tracks else "ref_notracks.npy"))
        mu, lam, angle = (float(data[name]) for name in ("mu", "lam", "angle"))
        return cls(rest, placed, data["E"].astype(np.int32), fixed, mu, lam, spring, anchor, reference, group,
                   data["jaw"], rate, data["hinge"], angle, data["surf_nodes"], data["surf_target"])  # fmt: skip

    @property
    def free(self) -> np.ndarray:
        """Free nodes."""
        return np.flatnonzero(~self.fixed)

    def dofs(self, nodes: np.ndarray) -> np.ndarray:
        """Degrees of freedom of nodes, three to a node."""
        return (3 * nodes[:, None] + np.arange(3)).ravel()

    def bones(self, share: float) -> np.ndarray:
        """(N, 3) rest with the jaw turned by a share of the angle."""
        out = self.rest.copy()
        s, c = np.sin(share * self.angle), np.cos(share * self.angle)
        sign = np.sign(np.vdot(self._turned(s, c) - self.rest[self.jaw], (self.placed - self.rest)[self.jaw]))
        out[self.jaw] = self._turned(sign * s, c)
        return out

    def _turned(self, s: float, c: float) -> np.ndarray:
        """(jaw, 3) the jaw's nodes turned about the x axis through the hinge."""
        return (self.rest[self.jaw] - self.hinge) @ np.array([[1, 0, 0], [0, c, s], [0, -s, c]]) + self.hinge

    def error_mm(self, x: np.ndarray) -> float:
        """Largest distance [mm] of a free node from the reference."""
        return 10.0 * float(np.linalg.norm((x - self.reference)[self.free], axis=1).max())

    def force(self, x: np.ndarray) -> np.ndarray:
        """(N, 3) force [N] on every node from tets and springs, by the printed energy."""
        edges = (self.rest[self.tets[:, 1:]] - self.rest[self.tets[:, :1]]).transpose(0, 2, 1)
        inverse, volume = np.linalg.inv(edges), np.linalg.det(edges) / 6
        F = (x[self.tets[:, 1:]] - x[self.tets[:, :1]]).transpose(0, 2, 1) @ inverse
        a, b, c = F.transpose(2, 0, 1)
        cofactor = np.stack([np.cross(b, c), np.cross(c, a), np.cross(a, b)], axis=2)
        J = (a * cofactor[:, :, 0]).sum(1)
        P = self.mu * F + ((self.lam + self.mu) * (J - 1) - self.mu)[:, None, None] * cofactor
        corner = -(volume[:, None, None] * P @ inverse.transpose(0, 2, 1)).transpose(0, 2, 1)
        corner = np.concatenate([-corner.sum(1, keepdims=True), corner], axis=1).reshape(-1, 3)
        index = self.tets.ravel()
        out = np.stack([np.bincount(index, corner[:, i], len(x)) for i in range(3)], axis=1)
        return out + self.spring[:, None] * (self.anchor - x)

    def residual(self, x: np.ndarray) -> float:
        """Norm of the force on free nodes over the norm with only the bones moved."""
        free = self.free
        return float(np.linalg.norm(self.force(x)[free]) / np.linalg.norm(self.force(self.placed)[free]))

    def track_load(self) -> np.ndarray:
        """(N, 3) pull of the springs on the rest [N]."""
        return self.spring[:, None] * (self.anchor - self.rest)

    def controls_gradient(self, force: np.ndarray, moved: np.ndarray) -> np.ndarray:
        """(groups + 1,) loss by the weights of the track groups and the jaw's angle, from its adjoint (N, 3): what a
        force on the nodes and a motion of the held ones would change."""
        pull = (self.track_load() * force).sum(1)
        tracked = self.group >= 0
        return np.append(np.bincount(self.group[tracked], pull[tracked]), np.vdot(moved, self.jaw_rate))

    def loss_gradient(self, x: np.ndarray) -> np.ndarray:
        """(N, 3) gradient of half the squared distance of the skin from its target."""
        out = np.zeros_like(x)
        out[self.surface] = x[self.surface] - self.target
        return out


class Settled(Exception):
    """Both stop criteria are met."""


@dataclass
class Watch:
    """Looks at the iterates of a running solver, off the clock, and stops it when it is done."""

    problem: Problem
    error_s: float | None = None
    residual_s: float | None = None
    error_cpu_s: float | None = None
    error_mm: float = np.inf
    residual: float = np.inf
    looks: int = 0
    _began: tuple[float, float] = (0.0, 0.0)
    _off: list[float] = field(default_factory=lambda: [0.0, 0.0])

    def start(self) -> None:
        """Start the clock."""
        self._began = _now()

    def elapsed(self) -> tuple[float, float]:
        """Seconds by the wall clock and of CPU time since the start, without the looks."""
        wall, cpu = (now - began - off for now, began, off in zip(_now(), self._began, self._off, strict=True))
        return wall, cpu

    def look(self, x: np.ndarray) -> None:
        """Measure nodes x (N, 3); raises Settled at the first that meet both criteria."""
        paused, (wall, cpu) = _now(), self.elapsed()
        self.looks += 1
        self.error_mm, self.residual = self.problem.error_mm(x), self.problem.residual(x)
        if self.error_s is None and self.error_mm <= ERROR_MM:
            self.error_s, self.error_cpu_s = wall, cpu
        if self.residual_s is None and self.residual <= RESIDUAL:
            self.residual_s = wall
        for i, (now, then) in enumerate(zip(_now(), paused, strict=True)):
            self._off[i] += now - then
        if self.error_s is not None and self.residual_s is not None:
            raise Settled


def _now() -> tuple[float, float]:
    """Wall clock and CPU time of this process [s]."""
    return time.perf_counter(), time.process_time()


Solve = Callable[[Callable[[np.ndarray], None]], None]
"""Solves from the rest and shows each iterate (N, 3) under the full load."""


def measure(problem: Problem, solve: Solve, repeats: int) -> dict:
    """Best of some runs after the solver is warm, as the bench reports it."""
    runs, began = [], time.perf_counter()
    for _ in range(repeats):
        if runs and time.perf_counter() - began > ENOUGH_S:
            break
        watch = Watch(problem)
        watch.start()
        try:
            solve(watch.look)
        except Settled:
            pass
        runs.append(watch)
    best = min(runs, key=lambda w: w.error_s or np.inf)
    reached = [w.residual_s for w in runs if w.residual_s is not None]
    return {
        "error_s": best.error_s,
        "error_cpu_s": min((w.error_cpu_s for w in runs if w.error_cpu_s is not None), default=None),
        "runs": len(runs),
        "residual_1e-4_s": min(reached, default=None),
        "iterates": best.looks,
        "last_error_mm": best.error_mm,
        "last_residual": best.residual,
    }


def fastest(call: Callable[[], object], repeats: int = 3) -> float:
    """Least seconds of some calls."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def report(main: Callable[[Problem, int], dict]) -> None:
    """Read the command line, run ``main(problem, repeats)`` and print what it returns as the last line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--no-tracks", action="store_true")
    given = parser.parse_args()
    began = os.times()
    result = main(Problem.load(given.folder, tracks=not given.no_tracks), given.repeats)
    ended = os.times()
    result["process_cpu_s"] = ended.user + ended.system - began.user - began.system
    print(json.dumps(result), flush=True)
