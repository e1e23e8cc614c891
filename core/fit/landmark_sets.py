# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Which point of a tracker's set is which place on the skin, so that tracks bind to any rigged head without clicks.

A place is the name of a landmark (``nose_tip``) or a share of a curve's length (``lip_outer_upper:0.5``), see
``face_curves``. Numberings: iBUG 300-W (Sagonas et al. 2013) with 68 points, which dlib and OpenFace use and to which
OpenPose adds the pupils; MediaPipe Face Mesh with 468 points, or 478 with the irises, or some of these by number.
Left and right are the character's. The outline of the face, which slides over the skin as the head turns, and the
pupils, which are not skin, are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .face_curves import Curve, face_curves
from .targets import SkinPoints

if TYPE_CHECKING:
    from ..face import FaceModel

UNSURE = 0.3
"""Importance of points that trackers place by the outline or by texture that a mesh does not have."""


@dataclass(frozen=True)
class LandmarkSet:
    """places: point number -> place on the skin · weights: point number -> importance where it is not 1."""

    label: str
    places: Mapping[int, str]
    weights: Mapping[int, float]


def _row(curve: str, numbers: Sequence[int], shares: Sequence[float] | None = None) -> dict[int, str]:
    """Points along a curve, evenly unless told otherwise."""
    shares = np.linspace(0.0, 1.0, len(numbers)) if shares is None else shares
    return {n: f"{curve}:{s:.3g}" for n, s in zip(numbers, shares, strict=True)}


def _ibug() -> dict[int, str]:
    # The middle three of the upper lip are the peaks of its bow and the dip between.
    bow = [0.0, 0.17, 0.39, 0.5, 0.61, 0.83, 1.0]
    return {
        8: "gnathion",
        **_row("brow_R", range(17, 22)),
        **_row("brow_L", range(26, 21, -1)),
        **_row("nose_bridge", range(27, 31)),
        **_row("nose_base", range(31, 36)),
        **_row("lid_lower_R", [36, 41, 40, 39]),
        **_row("lid_upper_R", [36, 37, 38, 39]),
        **_row("lid_lower_L", [45, 46, 47, 42]),
        **_row("lid_upper_L", [45, 44, 43, 42]),
        **_row("lip_outer_lower", [48, 59, 58, 57, 56, 55, 54]),
        **_row("lip_outer_upper", range(48, 55), bow),
        **_row("lip_inner_lower", [60, 67, 66, 65, 64]),
        **_row("lip_inner_upper", range(60, 65)),
    }


def _mediapipe() -> dict[int, str]:
    return {
        152: "gnathion",
        9: "glabella",
        2: "subnasale",
        98: "ala_base_R",
        327: "ala_base_L",
        129: "ala_crease_R",
        358: "ala_crease_L",
        **_row("nose_bridge", [168, 6, 197, 195, 5, 4]),
        **_row("brow_upper_R", [70, 63, 105, 66, 107]),
        **_row("brow_lower_R", [46, 53, 52, 65, 55]),
        **_row("brow_upper_L", [300, 293, 334, 296, 336]),
        **_row("brow_lower_L", [276, 283, 282, 295, 285]),
        **_row("lid_lower_R", [33, 7, 163, 144, 145, 153, 154, 155, 133]),
        **_row("lid_upper_R", [33, 246, 161, 160, 159, 158, 157, 173, 133]),
        **_row("lid_lower_L", [263, 249, 390, 373, 374, 380, 381, 382, 362]),
        **_row("lid_upper_L", [263, 466, 388, 387, 386, 385, 384, 398, 362]),
        **_row("lip_outer_lower", [61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291]),
        **_row("lip_outer_upper", [61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291]),
        **_row("lip_inner_lower", [78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308]),
        **_row("lip_inner_upper", [78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308]),
    }


def _weights(places: Mapping[int, str]) -> dict[int, float]:
    return {n: UNSURE for n, place in places.items() if place.startswith(("brow", "gnathion"))}


SETS = {
    "ibug": LandmarkSet("iBUG / dlib / OpenPose", _ibug(), _weights(_ibug())),
    "mediapipe": LandmarkSet("MediaPipe", _mediapipe(), _weights(_mediapipe())),
}


def set_of(names: Sequence[str]) -> LandmarkSet | None:
    """The set whose numbering the points of a track file follow, told by their count and numbers; None when none is."""
    numbers = [number_of(n) for n in names]
    if None in numbers or len(set(numbers)) < len(numbers):
        return None
    if len(numbers) in (68, 70) and max(numbers) < 70:
        return SETS["ibug"]
    known = len(SETS["mediapipe"].places.keys() & set(numbers))
    if known >= 30 and 100 <= max(numbers) < 478:
        return SETS["mediapipe"]
    return None


def number_of(name: str) -> int | None:
    """The number at the end of a point's name."""
    found = re.search(r"(\d+)$", name.strip())
    return None if found is None else int(found[1])


def place_of(name: str, landmarks: Sequence[str]) -> str | None:
    """The place that a track's or an empty's name spells, in any case and with any spacing; None when it is none.

    Blender's endings of copies (``.001``) do not count.
    """
    plain, _, share = name.strip().partition(":")
    plain = plain if share else re.sub(r"\.\d{3}$", "", plain)
    words = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")
    words = re.sub(r"^(left|right)_(.*)$", r"\2_\1", words)
    words = re.sub(r"_(l|left)$", "_L", re.sub(r"_(r|right)$", "_R", words))
    if words in landmarks and not share:
        return words
    if words in CURVES and re.fullmatch(r"[01]|[01]?\.\d+", share):
        return f"{words}:{share}"
    return None


CURVES = tuple(
    dict.fromkeys(place.partition(":")[0] for s in SETS.values() for place in s.places.values() if ":" in place)
)


class Places:
    """Finds places on one head; the curves are found once."""

    def __init__(self, model: FaceModel) -> None:
        self._model = model
        self.landmarks = model.landmarks
        self.curves: dict[str, Curve] = face_curves(model)

    def points(self, places: Sequence[str]) -> SkinPoints:
        """The skin points of places, all of which must exist."""
        marks = [p for p in places if ":" not in p]
        found = {}
        if marks:
            bound = SkinPoints.nearest(self._model, np.array([self.landmarks[p] for p in marks]))
            found = {p: bound.some([k]) for k, p in enumerate(marks)}
        for place in places:
            curve, _, share = place.partition(":")
            if share:
                found[place] = self.curves[curve].at(float(share))
        return SkinPoints.joined([found[p] for p in places])


def bind(model: FaceModel, names: Sequence[str]) -> tuple[np.ndarray, SkinPoints, np.ndarray]:
    """Bind tracked points (p) to the skin: indices (b,) of those that have a place, the places, their weights (b,).

    Points are known by the numbering of their set, or by the names of landmarks.
    """
    numbering, places = set_of(names), Places(model)
    index, where, weights = [], [], []
    for k, name in enumerate(names):
        if numbering is None:
            place, weight = place_of(name, list(places.landmarks)), 1.0
        else:
            number = number_of(name)
            place, weight = numbering.places.get(number), numbering.weights.get(number, 1.0)
        if place is not None:
            index.append(k)
            where.append(place)
            weights.append(weight)
    return np.array(index, np.int64), places.points(where), np.array(weights, np.float64)
