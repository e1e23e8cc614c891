# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""A simulated animation as data that play without the simulation."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from scipy.optimize import lsq_linear

from .errors import MuscleFaceError

if TYPE_CHECKING:
    from .face import FaceModel
    from .pose import Pose


def independent_poses(
    model: "FaceModel", frames: Iterable[tuple[np.ndarray, np.ndarray | None]], progress=None
) -> Iterator["Pose"]:
    """The pose of each frame (its controls (n,) and gravity), solved from rest with nothing left of the frame before.

    A frame's answer depends on the frame alone, to the last bit, so that machines may share an animation; the price
    is two to four times the time of solves that begin at the frame before.
    """
    solver = model.solver.twin()
    for controls, gravity in frames:
        solver.forget()
        yield model.solve_with(solver, controls, gravity, None, 1e-4, progress)


ROUNDS = 8
"""Rounds of new weights: later ones hardly save a shape."""


@dataclass(frozen=True)
class Compressed:
    """offsets (F, V, 3) ~ weights (F, K) @ shapes (K, V, 3). Weights lie in -1 .. 1 · error: largest distance of any
    vertex in any frame, in the unit of the offsets."""

    shapes: np.ndarray
    weights: np.ndarray
    error: float


def compress(offsets: np.ndarray, bound: float) -> Compressed:
    """The fewest principal shapes whose combinations keep every vertex of every frame within ``bound``.

    offsets: (F, V, 3) from rest; the bound has their unit. Truncated SVD (the best in the least-squares sense), cut
    where the largest distance, checked on the rounded single-precision result, meets the bound. The bound is on the
    worst vertex: rounds with more weight on the vertices that one shape less leaves beyond it save further shapes.
    """
    offsets = np.asarray(offsets, np.float64)
    flat, weight = offsets.reshape(len(offsets), -1), np.ones(offsets.shape[1])
    best = _fewest(offsets, flat, weight, bound)
    for _ in range(ROUNDS if len(best.shapes) > 1 else 0):
        left = _principal(flat, weight)[:, : len(best.shapes) - 1]
        miss = np.sqrt(((flat - left @ (left.T @ flat)).reshape(offsets.shape) ** 2).sum(-1)).max(0)
        weight = weight * np.sqrt(0.05 + miss / miss.max())
        found = _fewest(offsets, flat, weight, bound, most=len(best.shapes) - 1)
        best = best if found is None else found
    if best.error > bound:
        raise MuscleFaceError(f"Single precision cannot hold this animation to {bound:g}: allow a larger error.")
    return best


def _principal(flat: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(F, r) left singular vectors of offsets (F, 3V) with weighted vertices (V,), strongest first."""
    weighted = flat * np.repeat(weight, 3)
    # F is far smaller than 3V: they are the eigenvectors of F x F.
    values, left = np.linalg.eigh(weighted @ weighted.T)
    return left[:, ::-1][:, : int((values > values.max(initial=0.0) * 1e-14).sum())]


def _fewest(
    offsets: np.ndarray, flat: np.ndarray, weight: np.ndarray, bound: float, most: int | None = None
) -> Compressed | None:
    """The fewest principal shapes that keep the bound; None when ``most`` of them do not, all of them else."""
    left = _principal(flat, weight)
    # -1 shapes never do; the largest error need not fall with every shape, but almost does.
    low, high = -1, left.shape[1] if most is None else min(most, left.shape[1])
    if most is not None and _error(offsets, _truncated(flat, left, high), bound) > bound:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        if _error(offsets, _truncated(flat, left, middle), bound) <= bound:
            high = middle
        else:
            low = middle
    return _truncated(flat, left, high, _error(offsets, _truncated(flat, left, high), bound))


def _truncated(flat: np.ndarray, left: np.ndarray, rank: int, error: float = 0.0) -> Compressed:
    weights = left[:, :rank]
    size = np.abs(weights).max(0, initial=0.0) if rank else np.zeros(0)
    shapes = (weights.T @ flat) * size[:, None]
    return Compressed(
        shapes.astype(np.float32).reshape(rank, flat.shape[1] // 3, 3),
        (weights / np.where(size > 0, size, 1)).astype(np.float32),
        error,
    )


def _error(offsets: np.ndarray, found: Compressed, bound: float) -> float:
    """Largest distance over all frames; stops at the first frame beyond the bound."""
    worst = 0.0
    flat = found.shapes.reshape(len(found.shapes), offsets[0].size).astype(np.float64)
    for offset, weights in zip(offsets, found.weights.astype(np.float64), strict=True):
        miss = offset - (weights @ flat).reshape(offset.shape)
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
