# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Names of places on a face, for the table of tracks."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from ...core import MuscleFaceError

if TYPE_CHECKING:
    from ...core import FaceModel
    from ...core.fit.landmark_sets import Places
    from ...core.fit.targets import SkinPoints

# Those of the last model that was asked for: the curves of a head are found once, and models are immutable.
_places: dict[int, tuple[FaceModel, Places]] = {}


@cache
def suggestions() -> list[str]:
    """Landmarks, and curves at the shares that trackers use."""
    from ...core.anatomy.picked import PICKED
    from ...core.fit.landmark_sets import SETS

    placed = [place for numbering in SETS.values() for place in numbering.places.values()]
    return list(dict.fromkeys([*(p.name for p in PICKED), *sorted(placed)]))


def of(model: FaceModel) -> Places:
    """The places of a model."""
    from ...core.fit.landmark_sets import Places

    if id(model) not in _places:
        _places.clear()
        _places[id(model)] = model, Places(model)
    return _places[id(model)][1]


def clear_cache() -> None:
    """Forget the model in memory."""
    _places.clear()


def spelled(model: FaceModel, name: str) -> str | None:
    """The place that a name spells, or None."""
    from ...core.fit.landmark_sets import place_of

    return place_of(name, list(model.landmarks))


def bound_rows(model: FaceModel, rows: list) -> SkinPoints:
    """Skin points of rows with a place by name or a click on the skin. Raises MuscleFaceError for a name unknown."""
    from ...core.fit.targets import SkinPoints

    parts = []
    for row in rows:
        if row.clicked:
            parts.append(SkinPoints(np.array([row.corners]), np.array([row.weights], np.float64)))
            continue
        place = spelled(model, row.place)
        if place is None:
            raise MuscleFaceError(f"Track '{row.name}' follows '{row.place}', which is no place on the face.")
        parts.append(of(model).points([place]))
    return SkinPoints.joined(parts)
