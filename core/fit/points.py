# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Goals in space whose points are known: a mesh of the same topology, markers."""

from typing import TYPE_CHECKING

import numpy as np

from ..errors import MuscleFaceError, as_numbers
from .checks import check_growth, check_near, check_place, check_weights
from .engine import Found
from .head import Head, head_between
from .residuals import PositionTerm
from .result import Figures
from .targets import MarkerTarget, SkinPoints, VertexTarget

if TYPE_CHECKING:
    from ..face import FaceModel

VERTEX_NOISE = 0.03
"""Of a vertex of a sculpt [mm]: small enough that the prior only breaks ties."""

SAMPLES = 5000
"""Vertices that are compared at most; all are measured."""

MARKER_NOISE = 0.3
"""Of a marker [mm]: what motion capture systems reach on a face."""

STRAY = 10.0
"""Distance from the middle of all, in median distances, at which a marker was lost: motion capture systems send those
to the origin."""


class VertexGoal:
    """Reach a mesh of the same topology."""

    moves_head = False

    def __init__(self, model: "FaceModel", target: VertexTarget) -> None:
        positions = as_numbers(
            target.positions, "The target has vertices that are not numbers: repair or re-export it."
        )
        if positions.shape != (model.vertex_count, 3):
            count = len(positions) if positions.ndim == 2 else 0
            raise MuscleFaceError(
                f"The target has {count} vertices and the rig {model.vertex_count}: choose a mesh of the same topology."
            )
        if not np.isfinite(positions).all():
            raise MuscleFaceError("The target has vertices that are not numbers: repair or re-export it.")
        weights = check_weights(target.weights, model.vertex_count)
        skin = model.skin_vertices
        used = skin if weights is None else skin[weights[skin] > 0.0]
        if not len(used):
            raise MuscleFaceError("All weights of the target are zero: paint some of the skin into the vertex group.")
        # Neighbours in a mesh mostly follow one another, so that every third vertex is everywhere.
        some = used[:: -(-len(used) // SAMPLES)]
        self._model, self._positions, self._used, self._some = model, positions, used, some
        weights = None if weights is None else weights[some]
        points = SkinPoints.of_vertices(some)
        self.terms = [PositionTerm(points, positions[some], VERTEX_NOISE / model.mm_per_unit, weights)]

    def first_head(self, points: np.ndarray, scale: bool) -> Head:
        """Where the head is as a whole when its points (p, 3) are to reach the target."""
        return sized_head(self._model, points, self._positions[self._some], np.ones(len(self._some)), scale)

    def check(self, points: np.ndarray, head: Head) -> None:
        """Raise MuscleFaceError where the target is nowhere near a face with points (p, 3)."""
        check_place(self._model, self._positions[self._some], head.at(points))

    def sharpen(self, found: Found) -> bool:
        """Ask more of a face that has come near: False, there is no more."""
        return False

    def near(self, found: Found) -> str:
        """How near the face is, for the artist who waits."""
        return _near(self.terms[0].error(found.world), self._model)

    def measure(self, found: Found) -> Figures:
        """How near the face came."""
        pose, positions = found.posed.pose, self._positions
        if pose is None:
            return Figures.of_mm(self.terms[0].error(found.world) * self._model.mm_per_unit)
        error = np.full(self._model.vertex_count, np.nan)
        gap = found.head.at(pose.skin[self._used]) - positions[self._used]
        error[self._used] = np.linalg.norm(gap, axis=1) * self._model.mm_per_unit
        figures = Figures.of_mm(error)
        figures.residual_skin = found.head.back(positions) - pose.skin
        return figures


class MarkerGoal:
    """Reach markers in space."""

    moves_head = True

    def __init__(self, model: "FaceModel", target: MarkerTarget) -> None:
        positions = np.asarray(target.positions, np.float64)
        if positions.shape != (len(target.points), 3):
            raise MuscleFaceError(f"There are {len(target.points)} points on the skin and {len(positions)} markers: "
                                  "give every marker one point.")  # fmt: skip
        weights = check_weights(target.weights, len(positions))
        seen = np.isfinite(positions).all(1) & (True if weights is None else weights > 0.0)
        if not seen.any():
            raise MuscleFaceError("No marker can be seen: enable some, or choose another frame.")
        self._model, self._positions, self._seen, self._weights = model, positions, seen, weights
        self._together = seen.copy()
        self._together[seen] = _together(positions[seen])
        # Three points leave a head's place open about their plane's noise; below that only sliders can move.
        self.moves_head = int(seen.sum()) >= 6
        self.terms = [PositionTerm(target.points, positions, MARKER_NOISE / model.mm_per_unit, weights, robust=True)]

    def first_head(self, points: np.ndarray, scale: bool) -> Head:
        """See ``VertexGoal``."""
        some = self._together
        check_near(self._model, self._positions[some], points[some])
        weights = np.ones(some.sum()) if self._weights is None else self._weights[some]
        return sized_head(self._model, points[some], self._positions[some], weights, scale)

    def check(self, points: np.ndarray, head: Head) -> None:
        """See ``VertexGoal``."""
        some = self._together
        check_place(self._model, self._positions[some], head.at(points)[some])

    def sharpen(self, found: Found) -> bool:
        """See ``VertexGoal``."""
        return False

    def near(self, found: Found) -> str:
        """See ``VertexGoal``."""
        return _near(self.terms[0].error(found.world)[self._seen], self._model)

    def measure(self, found: Found) -> Figures:
        """See ``VertexGoal``."""
        error = self.terms[0].error(found.world) * self._model.mm_per_unit
        figures = Figures.of_mm(np.where(self._seen, error, np.nan))
        figures.far = self.terms[0].far(found.world)
        return figures


def sized_head(model: "FaceModel", points: np.ndarray, positions: np.ndarray, weights: np.ndarray, scale: bool) -> Head:
    """``head_between``. Raises MuscleFaceError where only a head that grows would reach the positions (p, 3)."""
    if not scale:
        check_growth(model, _radius(positions) / max(_radius(points), 1e-300), points)
    return head_between(points, positions, weights, scale=scale)


def _from_middle(points: np.ndarray) -> np.ndarray:
    """(n,) distance of points (n, 3) from their median, which strays do not change."""
    return np.linalg.norm(points - np.median(points, axis=0), axis=1)


def _radius(points: np.ndarray) -> float:
    """Median distance of points (n, 3) from their median."""
    return float(np.median(_from_middle(points)))


def _together(points: np.ndarray) -> np.ndarray:
    """(n,) which of points (n, 3) are no strays, which say nothing of where a face is and how large."""
    return _from_middle(points) <= STRAY * _radius(points)


def _near(error: np.ndarray, model: "FaceModel") -> str:
    return f"{np.sqrt((error**2).mean()) * model.mm_per_unit:.3f} mm"
