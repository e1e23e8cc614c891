# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""How far a face is from its target: rows of residuals over skin points in the world, and their derivatives.

A term is first frozen at a face: correspondences and robust weights are chosen there and kept for one step of the
optimiser, so that this step lowers one and the same sum of squares.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np
import scipy.sparse as sp

from .robust import outliers, robust_weights
from .targets import SkinPoints


class Rows(NamedTuple):
    """value: (m,) residuals in units of the target's noise · gradient: (m, 3p) by the world positions of the points."""

    value: np.ndarray
    gradient: sp.csr_matrix


Frozen = Callable[[np.ndarray], Rows]


class Term(Protocol):
    """One part of a target."""

    points: SkinPoints

    def frozen(self, world: np.ndarray, trust: float) -> Frozen:
        """The rows of faces near the one whose points are at world (p, 3). trust: noise, in units of the target's own,
        up to which no residual is taken for an outlier's."""
        ...


def rows_of(value: np.ndarray, gradient: np.ndarray, point: np.ndarray, points: int) -> Rows:
    """Rows that hang on one point each: value (m, k) of m points with k rows, gradient (m, k, 3), point (m,)."""
    m, k = value.shape
    column = np.repeat(3 * point[:, None] + np.arange(3), k, axis=0)
    start = np.arange(0, 3 * m * k + 1, 3)
    matrix = sp.csr_matrix((gradient.ravel(), column.ravel(), start), shape=(m * k, 3 * points))
    return Rows(value.ravel(), matrix)


class PositionTerm:
    """Distances of points to positions (p, 3), those that are NaN left out. noise: user's unit · weights: (p,)."""

    def __init__(
        self, points: SkinPoints, positions: np.ndarray, noise: float, weights: np.ndarray | None, robust: bool = False
    ) -> None:
        self.points, self._positions, self._robust = points, np.asarray(positions, np.float64), robust
        weights = np.ones(len(points)) if weights is None else np.asarray(weights, np.float64)
        self._seen = np.flatnonzero(np.isfinite(self._positions).all(1) & (weights > 0.0))
        self._scale = np.sqrt(weights[self._seen]) / noise

    def frozen(self, world: np.ndarray, trust: float) -> Frozen:
        """See ``Term``."""
        seen, scale = self._seen, self._scale
        if self._robust:
            gap = np.linalg.norm(world[seen] - self._positions[seen], axis=1)
            scale = scale * np.sqrt(robust_weights(gap * self._scale, 3, trust))
        gradient = scale[:, None, None] * np.eye(3)

        def rows(world: np.ndarray) -> Rows:
            value = scale[:, None] * (world[seen] - self._positions[seen])
            return rows_of(value, gradient, seen, len(self.points))

        return rows

    def far(self, world: np.ndarray) -> np.ndarray:
        """(f,) indices of the points that are too far off to pull."""
        gap = np.linalg.norm(world[self._seen] - self._positions[self._seen], axis=1)
        return self._seen[outliers(gap * self._scale, 3)]

    def error(self, world: np.ndarray) -> np.ndarray:
        """(p,) distance of each point, user's unit; NaN where missing."""
        return np.linalg.norm(world - self._positions, axis=1)
