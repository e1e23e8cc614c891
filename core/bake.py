# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""A simulated animation as data that play without the simulation."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from scipy.optimize import lsq_linear

from .errors import MuscleFaceError
from .progress import Progress, silent

if TYPE_CHECKING:
    from .face import FaceModel
    from .pose import Pose


def independent_poses(
    model: "FaceModel", frames: Iterable[tuple[np.ndarray, np.ndarray | None]], progress: Progress | None = None
) -> Iterator["Pose"]:
    """The pose of each frame (its controls (n,) and gravity), solved from rest with nothing left of the frame before.

    A frame's answer depends on the frame alone, to the last bit, so that machines may share an animation; the price
    is two to four times the time of solves that begin at the frame before.
    """
    solver = model.solver.twin()
    for controls, gravity in frames:
        solver.forget()
        yield model.solve_with(solver, controls, gravity, None, 1e-4, progress)


INSIDE = 0.95
"""Share of the bound within which the frames are sought: what iterates towards it then also arrives."""

STEPS = 150
"""Steps that one number of shapes may take."""

WORK = 2e11
"""Numbers times shapes that all steps together may take, a minute or two: a long take is left as it is by then."""

STALLED = 30, 0.93
"""Steps in which the largest distance must fall to this share of what it was, or fewer shapes do not do."""


@dataclass(frozen=True)
class Compressed:
    """offsets (F, V, 3) ~ weights (F, K) @ shapes (K, V, 3). Weights lie in -1 .. 1 · error: largest distance of any
    vertex in any frame, in the unit of the offsets."""

    shapes: np.ndarray
    weights: np.ndarray
    error: float


def compress(offsets: np.ndarray, bound: float, progress: Progress | None = None) -> Compressed:
    """Few shapes whose combinations keep every vertex of every frame within ``bound``.

    offsets: (F, V, 3) from rest; the bound has their unit; progress(share, text) may raise Cancelled. Principal shapes
    are the fewest in the least-squares sense, but the bound is on the worst vertex. So frames are sought that lie
    within the bound of the given ones *and* are combinations of few shapes, by projecting onto the one set and the
    other in turn, with momentum; with fewer and fewer shapes as long as that succeeds. The error is checked on the
    rounded result. Raises MuscleFaceError.
    """
    offsets = np.asarray(offsets, np.float64)
    if not len(offsets) or not np.isfinite(offsets).all():
        raise MuscleFaceError("The animation has no frames, or places that are not numbers: bake other frames.")
    flat = offsets.reshape(len(offsets), -1)
    say = progress or silent
    best = _fewest_principal(offsets, flat, bound)
    if best.error > bound:
        raise MuscleFaceError(f"Single precision cannot hold this animation to {bound:g}: allow a larger error.")
    # Single precision halves the time; rounding then is 1e-7 of the largest offset.
    search = _Search(flat.astype(np.float32), bound)
    count, drop = len(best.shapes), max(len(best.shapes) // 10, 1)
    while count > 1:
        start = search.state
        text = f"Looking for fewer than {count} shapes"
        found = search.within(count - drop, lambda text=text: say(0.5, text))
        tried = None if found is None else _packed(offsets, *found, bound)
        if tried is not None and tried.error <= bound:
            best, count = tried, count - drop
            drop = max(min(drop, count // 10), 1)
        elif drop == 1:
            break
        else:
            search.state, drop = start, 1
    return best


class _Search:
    """Frames within ``bound`` of (F, 3V) that are combinations of few shapes. state: (weights (F, k) or None, the
    frames near them within the bound), from which the next search goes on."""

    def __init__(self, flat: np.ndarray, bound: float) -> None:
        self._flat, self._bound = flat, bound
        self.state: tuple[np.ndarray | None, np.ndarray] = (None, flat)
        self._work = WORK

    def within(self, count: int, tick: Callable[[], None]) -> tuple[np.ndarray, np.ndarray] | None:
        """Weights (F, count) and shapes (count, 3V) that keep the bound; None where they were not found."""
        weights, near = self.state
        weights = _principal(near)[:, :count] if weights is None else weights[:, :count]
        last, age, misses = near, 1.0, []
        for step in range(STEPS):
            self._work -= near.size * count
            if self._work < 0.0:
                return None
            tick()
            shapes = weights.T @ near
            gap = (weights @ shapes - self._flat).reshape(len(near), -1, 3)
            far = np.sqrt(np.einsum("fvi,fvi->fv", gap, gap))
            misses.append(float(far.max()))
            if misses[-1] <= self._bound:
                # The strongest first, so that fewer of them are a good beginning.
                turn = np.linalg.eigh(shapes @ shapes.T)[1][:, ::-1]
                self.state = weights @ turn, last
                return weights @ turn, turn.T @ shapes
            if step > STALLED[0] and misses[-1] > STALLED[1] * misses[-STALLED[0]]:
                return None
            held = np.minimum(1.0, INSIDE * self._bound / np.maximum(far, 1e-30))
            moved = self._flat + (gap * held[..., None]).reshape(near.shape)
            older, age = age, 0.5 + np.sqrt(0.25 + age * age)
            if step and misses[-1] > 1.02 * misses[-2]:
                older = age = 1.0
            near, last = moved + ((older - 1.0) / age) * (moved - last), moved
            # One step of a subspace iteration: the frames hardly change, and neither do their strongest shapes.
            weights = np.linalg.qr(near @ shapes.T)[0]
        return None


def _principal(flat: np.ndarray) -> np.ndarray:
    """(F, r) left singular vectors of offsets (F, 3V), strongest first."""
    # F is far smaller than 3V: they are the eigenvectors of F x F.
    values, left = np.linalg.eigh(flat @ flat.T)
    return left[:, ::-1][:, : int((values > values.max(initial=0.0) * 1e-14).sum())]


def _fewest_principal(offsets: np.ndarray, flat: np.ndarray, bound: float) -> Compressed:
    """The fewest principal shapes that keep the bound; all of them where they do not."""
    left = _principal(flat)

    def first(rank: int) -> Compressed:
        return _packed(offsets, left[:, :rank], left[:, :rank].T @ flat, bound)

    # -1 shapes never do; the largest error need not fall with every shape, but almost does.
    low, high = -1, left.shape[1]
    while high - low > 1:
        middle = (low + high) // 2
        if first(middle).error <= bound:
            high = middle
        else:
            low = middle
    return first(high)


def _packed(offsets: np.ndarray, weights: np.ndarray, shapes: np.ndarray, bound: float) -> Compressed:
    """Weights (F, K) brought within -1 .. 1 with their shapes (K, 3V), rounded, and the error of the result."""
    size = np.abs(weights).max(0, initial=0.0)
    rounded = (shapes * size[:, None]).astype(np.float32).reshape(len(shapes), *offsets.shape[1:])
    weights = (weights / np.where(size > 0, size, 1)).astype(np.float32)
    return Compressed(rounded, weights, _error(offsets, rounded, weights, bound))


def _error(offsets: np.ndarray, shapes: np.ndarray, weights: np.ndarray, bound: float) -> float:
    """Largest distance over all frames; stops at the first frame beyond the bound."""
    worst = 0.0
    flat = shapes.reshape(len(shapes), offsets[0].size).astype(np.float64)
    for offset, row in zip(offsets, weights.astype(np.float64), strict=True):
        miss = offset - (row @ flat).reshape(offset.shape)
        worst = max(worst, float(np.sqrt((miss**2).sum(-1)).max(initial=0.0)))
        if worst > bound:
            break
    return worst


def shape_weights(shapes: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """((F, S) weights in 0 .. 1 of shapes (S, V, 3) nearest to offsets (F, V, 3), (F,) RMS distance left)."""
    basis = np.asarray(shapes, np.float64).reshape(len(shapes), -1).T
    q, r = np.linalg.qr(basis)
    weights = np.zeros((len(offsets), len(shapes)))
    left = np.zeros(len(offsets))
    # A little weight on small values: shapes that can stand in for each other share what is asked.
    damping = 1e-4 * np.abs(np.diag(r)).max(initial=0.0) * np.eye(len(shapes))
    system = np.vstack([r, damping])
    for k, offset in enumerate(offsets):
        wanted = np.concatenate([q.T @ np.ravel(offset), np.zeros(len(shapes))])
        weights[k] = lsq_linear(system, wanted, bounds=(0.0, 1.0)).x
        miss = (np.ravel(offset) - basis @ weights[k]).reshape(-1, 3)
        left[k] = np.sqrt((miss**2).sum(1).mean())
    return weights, left


def write_mdd(file: BinaryIO, frames: np.ndarray, rate: float) -> None:
    """Positions (F, V, 3) as a NewTek MDD point cache: counts, times in seconds, points; all big-endian, 32 bits."""
    count, points = frames.shape[:2]
    file.write(np.array([count, points], ">i4").tobytes())
    file.write((np.arange(count) / rate).astype(">f4").tobytes())
    for frame in frames:
        file.write(np.ascontiguousarray(frame, ">f4").tobytes())
