# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Checks of targets: what no face can be fitted to is refused with a sentence."""

from typing import TYPE_CHECKING

import numpy as np

from ..errors import MuscleFaceError

if TYPE_CHECKING:
    from ..face import FaceModel

ELSEWHERE = 2.0
"""Distance of a target's middle from the face's, in head heights, at which the artist has not brought them together."""

FARTHEST = 0.5
"""Mean distance of points from where they belong at which a target is elsewhere, in head heights: no face, and no head
that an artist has placed, is so far off."""

LARGEST = 3.0
"""Ratio of sizes of target and face, either way, beyond which the unit is wrong."""

OTHER_SIZE = 1.25
"""The same ratio beyond which no expression of a whole face makes up for it: the head would have to grow."""

WHOLE = 0.12
"""Standard deviation of points about their mean, in head heights, from which they lie over the whole face."""

NO_EXTENT = 1e-6
"""The same ratio, below which a target has collapsed into a point: no other unit would mend it."""


def check_weights(weights: np.ndarray | None, count: int) -> np.ndarray | None:
    """Weights (count,) as numbers. Raises MuscleFaceError."""
    if weights is None:
        return None
    weights = np.asarray(weights, np.float64)
    if weights.shape != (count,) or not np.isfinite(weights).all() or (weights < 0.0).any():
        raise MuscleFaceError(f"The weights are not {count} numbers of at least 0: make them again.")
    return weights


def check_place(model: "FaceModel", target: np.ndarray, points: np.ndarray) -> None:
    """Raise MuscleFaceError when target points (p, 3) are not where a face with points (p, 3) could reach them."""
    check_size(_spread(target), _spread(points))
    apart = float(np.linalg.norm(target - points, axis=1).mean())
    height = head_height(model)
    if apart > FARTHEST * height:
        raise MuscleFaceError(
            f"The target lies {apart / height:,.1f} head heights away from the face: move it onto the face."
        )


def check_near(model: "FaceModel", target: np.ndarray, points: np.ndarray) -> None:
    """Raise MuscleFaceError when the middle of target points (p, 3) is far from that of a face's points (p, 3)."""
    apart = float(np.linalg.norm(target.mean(0) - points.mean(0))) / head_height(model)
    if apart > ELSEWHERE:
        raise MuscleFaceError(f"The target lies {apart:,.1f} head heights away from the face: move it onto the face.")


def check_size(target: float, face: float) -> None:
    """Raise MuscleFaceError when a target's size is not a face's."""
    if face == 0.0:
        return
    ratio = target / face
    check_extent(ratio)
    if not 1.0 / LARGEST < ratio < LARGEST:
        raise MuscleFaceError(f"The target is {times_as_large(ratio)} the face: scale it to the face's size.")


def check_growth(model: "FaceModel", ratio: float, points: np.ndarray) -> None:
    """Raise MuscleFaceError when a target is of another size than a face with points (p, 3) that must not grow."""
    check_extent(ratio)
    if _spread(points) > WHOLE * head_height(model) and not 1.0 / OTHER_SIZE < ratio < OTHER_SIZE:
        raise MuscleFaceError(
            f"The target is {times_as_large(ratio)} the face: turn on the fit's Scale, or scale the target."
        )


def check_extent(ratio: float) -> None:
    """Raise MuscleFaceError when a target of this ratio to the face's size has collapsed into a point."""
    if ratio < NO_EXTENT:
        raise MuscleFaceError("All points of the target lie in one place: choose one that is as large as the face.")


def times_as_large(ratio: float) -> str:
    """A ratio of sizes in words."""
    return f"{ratio:,.1f} times as large as" if ratio > 1.0 else f"{1.0 / ratio:,.1f} times smaller than"


def head_height(model: "FaceModel") -> float:
    """Height of the head in the user's unit; the normalised head is 23 cm tall."""
    return 230.0 / model.mm_per_unit


def _spread(points: np.ndarray) -> float:
    """Standard deviation of points (n, 3) about their mean."""
    return float(np.sqrt(((points - points.mean(0)) ** 2).sum(1).mean()))
