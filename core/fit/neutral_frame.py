# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""One frame as the resting face: what then differs between the person and this head is no expression."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ..progress import Progress
from .options import FitOptions
from .robust import robust_weights
from .targets import CameraTarget, MarkerTarget

if TYPE_CHECKING:
    from ..face import FaceModel

_Target = TypeVar("_Target", CameraTarget, MarkerTarget)

STEADY = 0.01
"""Spread of image points about a motion of the whole face that is no expression yet, in sizes of the face."""

LEAST = 3
"""Points from which the motion of the face in the image is told."""


class NeutralFrame:
    """Offsets of a person's image points or markers from where the head at rest would have them.

    Those of markers turn with the head. Those of image points turn and grow with the face in the image: exact for a
    head that rolls and comes nearer, and to first order of small offsets for one that turns away.
    """

    def __init__(self, model: FaceModel, target: _Target, progress: Progress | None = None) -> None:
        """Place the neutral face in the frame. Raises MuscleFaceError as a fit does."""
        still = FitOptions(shapes=False, muscles=False, jaw=False, head_pose=True)
        head = model.fit(target, still, progress=progress).head
        if isinstance(target, MarkerTarget):
            apart = head.back(np.asarray(target.positions, np.float64)) - target.points.at(model.neutral)
            self._beside = np.where(np.isfinite(apart), apart, 0.0)
            return
        self._pixels = np.asarray(target.pixels, np.float64)
        self._offsets = self._pixels - target.camera.project(head.at(target.points.at(model.neutral)))

    def corrected(self, target: _Target) -> _Target:
        """A frame's target without the offsets; points that the neutral frame lacks keep theirs."""
        if isinstance(target, MarkerTarget):
            return replace(target, points=target.points.moved(self._beside))
        pixels = np.asarray(target.pixels, np.float64)
        turn = _turn_between(self._pixels, pixels)
        offsets = np.where(np.isfinite(self._offsets), self._offsets, 0.0) @ turn.T
        return replace(target, pixels=pixels - offsets)


def _turn_between(before: np.ndarray, now: np.ndarray) -> np.ndarray:
    """(2, 2) rotation times scale that takes image points (p, 2) to others, those that an expression moves left out."""
    seen = np.isfinite(before).all(1) & np.isfinite(now).all(1)
    if seen.sum() < LEAST:
        return np.eye(2)
    # Complex numbers: one factor is a rotation and a scale.
    a, b = (p[seen] @ [1.0, 1.0j] for p in (before, now))
    weight = np.ones(len(a))
    for _ in range(10):
        share = weight / weight.sum()
        from_a, from_b = a - share @ a, b - share @ b
        size = share @ np.abs(from_a) ** 2
        if not size > 0.0:
            return np.eye(2)
        factor = (share * from_a.conj()) @ from_b / size
        gap = np.abs(from_b - factor * from_a)
        weight = robust_weights(gap / (STEADY * max(abs(factor) * np.sqrt(size), 1e-300)), dimensions=2, least=1.0)
    return np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
