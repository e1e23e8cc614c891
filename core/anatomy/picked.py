# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The landmarks that an artist is walked through, and what a landmark that the artist placed does to the others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..errors import MuscleFaceError, as_numbers
from .frame import FaceMarks, sides_swapped

Points = dict[str, np.ndarray]
FOLLOW_RADIUS = 3.0  # [cm]


@dataclass(frozen=True)
class PickedLandmark:
    """name: key of the landmark; label: Title for a list; help: where to click; partner: the same on the other side."""

    name: str
    label: str
    help: str
    partner: str | None = None


def _pair(stem: str, label: str, help: str) -> list[PickedLandmark]:
    left, right = f"{stem}_L", f"{stem}_R"
    return [
        PickedLandmark(left, f"Left {label}", f"{help}, on the character's left", right),
        PickedLandmark(right, f"Right {label}", f"{help}, on the character's right", left),
    ]


PICKED: list[PickedLandmark] = [
    *_pair("eye_inner", "Inner Eye Corner", "Where upper and lower lid meet beside the nose"),
    *_pair("eye_outer", "Outer Eye Corner", "Where upper and lower lid meet towards the temple"),
    *_pair("mouth_corner", "Mouth Corner", "Where upper and lower lip meet"),
    PickedLandmark("nasion", "Nose Root", "The deepest point of the profile between the eyes"),
    PickedLandmark("nose_tip", "Nose Tip", "The foremost point of the nose"),
    PickedLandmark("subnasale", "Nose Base", "Where the underside of the nose meets the upper lip, in the middle"),
    *_pair("ala", "Nose Wing", "The outermost point of the nostril's wing"),
    PickedLandmark("labrale_superius", "Upper Lip", "The foremost point of the upper lip's red, in the middle"),
    PickedLandmark("labrale_inferius", "Lower Lip", "The foremost point of the lower lip's red, in the middle"),
    PickedLandmark("pogonion", "Chin", "The foremost point of the chin, in the middle"),
    *_pair("brow_inner", "Inner Brow", "The inner end of the eyebrow"),
    *_pair("brow_outer", "Outer Brow", "The outer end of the eyebrow"),
    *_pair("gonion", "Jaw Angle", "The corner of the jaw below the ear"),
    *_pair("tragus", "Ear", "The small flap of the ear before the ear canal"),
]
"""The landmarks that fix all others well, in the order in which they are easiest to place."""


def checked_landmarks(landmarks: Mapping[str, np.ndarray] | None) -> Points:
    """The artist's landmarks as float arrays (3,). Raises MuscleFaceError."""
    placed = {}
    for name, place in (landmarks or {}).items():
        sentence = f'The landmark "{name}" is not a place in space: place it again or remove it.'
        point = as_numbers(place, sentence)
        if point.shape != (3,) or not np.isfinite(point).all():
            raise MuscleFaceError(sentence)
        placed[name] = point
    return placed


def placed_marks(placed: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Those of the four marks of a frame that the artist's landmarks give: {"eye_left": (3,) ...}."""
    marks = {}
    for word, s in (("left", "L"), ("right", "R")):
        corners = [placed[n] for n in (f"eye_inner_{s}", f"eye_outer_{s}") if n in placed]
        if f"pupil_{s}" in placed:
            marks[f"eye_{word}"] = placed[f"pupil_{s}"]
        elif len(corners) == 2:
            marks[f"eye_{word}"] = 0.5 * (corners[0] + corners[1])
        if f"mouth_corner_{s}" in placed:
            marks[f"mouth_{word}"] = placed[f"mouth_corner_{s}"]
    return marks


def corrected_marks(marks: FaceMarks | None, own: Mapping[str, np.ndarray], skin: np.ndarray) -> FaceMarks | None:
    """`marks` with the artist's `own` in place; None when there are neither. Raises MuscleFaceError.

    skin: (n, 3) vertices of the head, all in the user's frame.
    """
    if len(own) < 4:
        return None if marks is None else replace(marks, **own)
    marks = FaceMarks(**own)
    if sides_swapped(marks, skin):
        raise MuscleFaceError("The landmarks named left lie on the character's right side: exchange left and right.")
    return marks


def follow_placed(found: Points, placed: Mapping[str, np.ndarray], snap: Callable[[np.ndarray], np.ndarray]) -> Points:
    """`found` with the `placed` ones of its names put in; their neighbours move along and are snapped to the skin.

    snap: function (n, 3) -> (n, 3) onto the skin.
    """
    moved = {n: placed[n] - p for n, p in found.items() if n in placed}
    if not moved:
        return found
    at = np.array([found[n] for n in moved])
    shift = np.array(list(moved.values()))
    others = [n for n in found if n not in moved]
    result = dict(found)
    if others:
        x = np.array([found[n] for n in others])
        weight = np.exp(-((np.linalg.norm(x[:, None] - at[None], axis=2) / FOLLOW_RADIUS) ** 2))
        step = weight @ shift / np.maximum(weight.sum(axis=1, keepdims=True), 1.0)
        far = np.linalg.norm(step, axis=1) > 0.02
        x[far] = snap(x[far] + step[far]) if far.any() else x[far]
        result.update(zip(others, x, strict=True))
    return result | {n: placed[n] for n in moved}
