# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Gauss-Newton over controls in their box and the head's place, for any sum of terms."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import scipy.sparse as sp

from .box import box_minimum
from .head import Head
from .residuals import Frozen, Term
from .skins import Posed, Skin

VISIBLE = 4e-3
"""Least RMS motion of the points [mm] at full value for a control to be fitted: what moves them less (pupils) cannot be
told from them."""

EXACT = 1e-3
"""Mean square of the residuals, in units of the noise, below which there is nothing left to fit."""

LITTLE = 1e-3
"""Share of the sum of squares that is not worth a step."""

STILL = 1e-3
"""Largest change of a control, and of the head in cm, after which a fit has come to rest."""

TRUST = 8.0
"""Noise, in units of the target's own, up to which no residual is taken for an outlier's at first."""

TRIES = 6
"""Dampings tried for one step."""

Watch = Callable[["Found"], None]


@dataclass(frozen=True)
class Prior:
    """Where the controls (n,) are pulled to, each with the weight (n,) of a residual per unit."""

    centre: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True)
class Found:
    """Where an optimisation stands: controls (n,), head, the face, and the sum of squares with the prior's. jacobian:
    (3p, k) of the points by the active controls, as last worked out."""

    controls: np.ndarray
    head: Head
    posed: Posed
    value: float = np.inf
    jacobian: np.ndarray | None = None

    @property
    def world(self) -> np.ndarray:
        """(p, 3) the points where the head takes them."""
        return self.head.at(self.posed.points)


@dataclass(frozen=True)
class Problem:
    """What to minimise. terms: over consecutive ranges of the skin's points · bounds: (n, 2) · freedoms: 0, 6 or 7 of
    the head · mm: millimetres in the user's unit · reach: radius of the face, user's unit."""

    skin: Skin
    terms: Sequence[Term]
    bounds: np.ndarray
    prior: Prior
    freedoms: int
    mm: float
    reach: float

    def frozen(self, world: np.ndarray, trust: float = 1.0) -> list[Frozen]:
        """All terms frozen at points (p, 3), see ``Term``."""
        return [t.frozen(world[part], trust) for t, part in zip(self.terms, self.parts(), strict=True)]

    def parts(self) -> list[slice]:
        """Which points each term has."""
        ends = np.cumsum([0, *[len(t.points) for t in self.terms]])
        return [slice(a, b) for a, b in pairwise(ends)]

    def value(self, frozen: list[Frozen], found: Found) -> float:
        """Sum of squares of frozen terms and prior."""
        world, total = found.world, 0.0
        for rows, part in zip(frozen, self.parts(), strict=True):
            value = rows(world[part]).value
            total += float(value @ value)
        pull = self.prior.weight * (found.controls - self.prior.centre)
        return total + float(pull @ pull)

    def normal_equations(self, frozen: list[Frozen], found: Found) -> tuple[np.ndarray, np.ndarray, int]:
        """H = J.J and g = J.r over active controls and head [mm], and the number of rows; the prior is not in them."""
        k = len(self.skin.active)
        n = k + self.freedoms
        H, g, count = np.zeros((n, n)), np.zeros(n), 0
        world, turned = found.world, found.head.scale * found.head.rotation
        pivot = world.mean(0) if len(world) else np.zeros(3)
        for rows, part in zip(frozen, self.parts(), strict=True):
            value, gradient = rows(world[part])
            # The head turns the gradient back into the face's frame: cheaper than to turn the Jacobian.
            of_skin = found.jacobian[3 * part.start : 3 * part.stop]
            J = np.hstack([_turned(gradient, turned) @ of_skin, gradient @ self._of_head(world[part], pivot)])
            H += J.T @ J
            g += J.T @ value
            count += len(value)
        return H, g, count

    def _of_head(self, world: np.ndarray, pivot: np.ndarray) -> np.ndarray:
        """(3p, freedoms) motion of world points per mm that the head turns (at the face's radius), moves and grows."""
        y = (world - pivot) / (self.reach * self.mm)
        out = np.zeros((len(world), 3, 7))
        # omega x y
        out[:, 0, 1], out[:, 0, 2] = y[:, 2], -y[:, 1]
        out[:, 1, 0], out[:, 1, 2] = -y[:, 2], y[:, 0]
        out[:, 2, 0], out[:, 2, 1] = y[:, 1], -y[:, 0]
        out[:, [0, 1, 2], [3, 4, 5]] = 1.0 / self.mm
        out[:, :, 6] = y
        return out.reshape(-1, 7)[:, : self.freedoms]

    def stepped(self, found: Found, step: np.ndarray) -> Found:
        """The face after a step (k + freedoms,) of active controls and head."""
        k = len(self.skin.active)
        controls, head = found.controls.copy(), found.head
        low, high = self.bounds[self.skin.active].T
        controls[self.skin.active] = np.clip(controls[self.skin.active] + step[:k], low, high)
        if self.freedoms:
            unit = self.mm * np.array([self.reach] * 3 + [1.0] * 3 + [self.reach])
            head = head.moved(step[k:] / unit[: self.freedoms], found.world.mean(0))
        posed = self.skin.at(controls, found.posed) if k else found.posed
        return Found(controls, head, posed, np.inf, found.jacobian)


def descend(
    problem: Problem,
    start: Found,
    *,
    iterations: int,
    little: float = LITTLE,
    watch: Watch = lambda found: None,
) -> Found:
    """The least sum of squares that Gauss-Newton steps with Levenberg's damping lead to from ``start``.

    Steps stay in the box exactly (``box``); those that would lower the sum by less than the share ``little`` are not
    made. A step counts when the flesh settled and the sum fell. What only a few points show (a blink) must not pass for
    an outlier: trust in residuals shrinks as the face comes near (graduated non-convexity, Blake & Zisserman 1987).
    """
    found, damping, skin, trust = start, 1e-6, problem.skin, TRUST
    for _ in range(iterations):
        found = replace(found, jacobian=skin.jacobian(found.posed))
        frozen = problem.frozen(found.world, trust)
        H, g, count = problem.normal_equations(frozen, found)
        found = replace(found, value=problem.value(frozen, found))
        watch(found)
        better, step, damping, spent = _better(problem, found, frozen, (H, g), damping, little)
        if better is None and not spent and not skin.exact:
            skin.renew()
            continue
        done = better is None
        if better is not None:
            turned = np.abs(step[len(skin.active) :]).max(initial=0.0) / 10.0
            moved = max(np.abs(better.controls - found.controls).max(initial=0.0), turned)
            fell = found.value - better.value
            done = moved < STILL or fell < little * found.value or better.value < EXACT * count
            found, damping = better, 0.1 * damping
        if done and trust == 1.0:
            break
        trust = 1.0 if done else max(1.0, 0.5 * trust)
    return found


def _better(
    problem: Problem,
    found: Found,
    frozen: list[Frozen],
    model: tuple[np.ndarray, np.ndarray],
    damping: float,
    little: float,
) -> tuple[Found | None, np.ndarray, float, bool]:
    """A face with a smaller sum of squares (None where there is none), the step to it, its damping, and whether the
    model promises no more that is worth a step."""
    H, g = model
    weight = problem.prior.weight[problem.skin.active]
    mute = _mute(found.jacobian, len(weight), problem.mm)
    scale = float(np.percentile(H.diagonal(), 90)) if len(H) else 0.0
    for _ in range(TRIES if problem.skin.exact else 2):
        step, gain = _step(problem, found, H, g, weight, mute, damping * scale)
        if gain < little * found.value:
            return None, step, damping, True
        trial = problem.stepped(found, step)
        trial = replace(trial, value=problem.value(frozen, trial))
        if trial.posed.sound and trial.value < found.value:
            return trial, step, damping, False
        damping = max(10.0 * damping, 1e-4)
    return None, step, damping, False


def _step(
    problem: Problem, found: Found, H: np.ndarray, g: np.ndarray, weight: np.ndarray, mute: np.ndarray, damping: float
) -> tuple[np.ndarray, float]:
    """Minimiser of the damped quadratic model with prior, in the box, and by how much it lowers the sum of squares;
    mute controls go to the prior's centre."""
    active, k = problem.skin.active, len(weight)
    at, centre = found.controls[active], problem.prior.centre[active]
    A, b = H.copy(), g.copy()
    still = np.flatnonzero(mute)
    A[still], A[:, still], b[still] = 0.0, 0.0, 0.0
    pull = np.concatenate([weight**2, np.zeros(len(g) - k)])
    A[np.diag_indices(len(A))] += pull + damping + 1e-12 * max(A.diagonal().max(initial=0.0), 1e-12)
    b[:k] += weight**2 * (at - centre)
    low = np.concatenate([problem.bounds[active, 0] - at, np.full(len(g) - k, -np.inf)])
    high = np.concatenate([problem.bounds[active, 1] - at, np.full(len(g) - k, np.inf)])
    step = box_minimum(A, b, np.minimum(low, 0.0), np.maximum(high, 0.0))
    step[:k][mute] = np.clip(centre - at, low[:k], high[:k])[mute]
    return step, -float(step @ (2.0 * b + A @ step))


def _mute(jacobian: np.ndarray, k: int, mm: float) -> np.ndarray:
    """(k,) controls that hardly move the points."""
    if not len(jacobian):
        return np.ones(k, bool)
    return np.sqrt(3.0 * (jacobian**2).mean(0)) * mm < VISIBLE


def _turned(gradient: sp.csr_matrix, turned: np.ndarray) -> sp.csr_matrix:
    """Gradient (m, 3p) by world positions as one by positions in the face's frame: blocks times s R."""
    blocks = gradient.shape[1] // 3
    return gradient @ sp.kron(sp.identity(blocks, format="csr"), turned, format="csr")
