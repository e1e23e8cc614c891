# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Targets made ready for one model: what an optimiser needs to know of each kind."""

from typing import TYPE_CHECKING, Protocol

import numpy as np

from ..errors import MuscleFaceError
from .engine import Found
from .head import Head
from .image import CameraGoal
from .points import MarkerGoal, VertexGoal
from .residuals import Term
from .result import Figures
from .scan import ScanGoal
from .targets import CameraTarget, MarkerTarget, ScanTarget, Target, VertexTarget

if TYPE_CHECKING:
    from ..face import FaceModel


class Goal(Protocol):
    """A target made ready for one model."""

    terms: list[Term]
    moves_head: bool

    def first_head(self, points: np.ndarray, scale: bool) -> Head:
        """Where the head is as a whole when its points (p, 3) are to reach the target."""
        ...

    def check(self, points: np.ndarray, head: Head) -> None:
        """Raise MuscleFaceError where the target is nowhere near a face with points (p, 3)."""
        ...

    def sharpen(self, found: Found) -> bool:
        """Ask more of a face that has come near; False when there is no more to ask."""
        ...

    def near(self, found: Found) -> str:
        """How near the face is, for the artist who waits."""
        ...

    def measure(self, found: Found) -> Figures:
        """How near the face came."""
        ...


def goal_of(model: "FaceModel", target: "Target | np.ndarray", weights: np.ndarray | None = None) -> Goal:
    """The goal that a target means; a bare array (V, 3) is a mesh of the same topology. Raises MuscleFaceError."""
    if weights is not None and isinstance(target, Target):
        raise MuscleFaceError("A target has weights of its own: give them to the target, not to the fit.")
    if isinstance(target, ScanTarget):
        return ScanGoal(model, target)
    if isinstance(target, CameraTarget):
        return CameraGoal(model, target)
    if isinstance(target, MarkerTarget):
        return MarkerGoal(model, target)
    if isinstance(target, VertexTarget):
        return VertexGoal(model, target)
    return VertexGoal(model, VertexTarget(target, weights))
