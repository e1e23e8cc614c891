# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The landmarks of the midline, read off the profile of a face; everything in normalised centimetres."""

from typing import TYPE_CHECKING

import numpy as np

from ..errors import MuscleFaceError
from .proportions import parted

if TYPE_CHECKING:
    from .landmarks import SkinView

LONGEST_NOSE = 2.7  # [cm] of the tip before the glabella
NASION = (-0.7, 1.6)  # [cm] over the pupils
Points = dict[str, np.ndarray]


def _farthest_from_chord(curve: np.ndarray, a: int, b: int, behind: bool) -> int:
    """Index between a and b of the (z, y) profile point farthest behind (or before) the chord from a to b."""
    if b <= a:
        return a
    chord = curve[b, 1:] - curve[a, 1:]
    rel = curve[a:b, 1:] - curve[a, 1:]
    gap = (chord[0] * rel[:, 1] - chord[1] * rel[:, 0]) / max(np.linalg.norm(chord), 1e-9)
    gap = gap if behind else -gap
    return a + int(np.argmax(gap))


def _nasion(curve: np.ndarray, glabella: int, tip: int, eye_y: float, u: float) -> int:
    """Index of the profile point farthest behind the line from the glabella to the nose's tip, at the eyes' height.

    A nose longer than people's has a root like theirs: the line ends no farther in front than LONGEST_NOSE.
    """
    line = curve[glabella : tip + 1].copy()
    line[-1, 2] = min(line[-1, 2], line[0, 2] + LONGEST_NOSE * u)
    about = (line[:, 1] < eye_y + NASION[1] * u) & (line[:, 1] > eye_y + NASION[0] * u)
    zone = np.flatnonzero(about)
    if len(zone) < 2:
        return _farthest_from_chord(curve, glabella, tip, behind=True)
    first, last = int(zone[0]), int(zone[-1])
    chord = np.concatenate([line[:1], line[first:last], line[-1:]])
    found = _farthest_from_chord(chord, 0, len(chord) - 1, behind=True)
    return glabella + first + max(found - 1, 0)


def _hollow(depth: np.ndarray, u: float) -> np.ndarray:
    """How far (n,) a profile's depth lies behind the mean of that 4 mm above and below; its steps are 0.5 mm."""
    step = max(1, round(8 * u))
    ahead = np.pad(depth, step, mode="edge")
    return 0.5 * (ahead[2 * step :] + ahead[: -2 * step]) - depth


def profile_landmarks(view: "SkinView", points: Points, unit: np.ndarray) -> Points:
    """Landmarks of the midline {name: (3,)} from the profile curve, walked downwards from the forehead.

    points: those of eyes and lips; unit: (3,) size of the face. Raises MuscleFaceError when the curve shows no face.
    """
    eye_y = 0.5 * (points["pupil_L"] + points["pupil_R"])[1]
    lip_y, u = points["stomion"][1] + parted(points), unit[1]
    lower_y = lip_y - 2.0 * parted(points)
    middle = points["stomion"][0]
    y = np.arange(eye_y + 7.0 * u, lower_y - 7.0 * u, -0.05)
    curve = view.hit(np.stack([np.full_like(y, middle), y, np.zeros_like(y)], axis=1), [0.0, 0.0, -1.0])
    curve[:, 0] = middle
    # Open lips, nostrils cut by the midplane and holes let rays in.
    face = (y < eye_y + 2.5 * u) & (y > lower_y - 2.0 * u)
    gone = face & (curve[:, 2] < points["stomion"][2] - 2.5 * u)
    whole = np.flatnonzero(face & ~gone)
    if len(whole):
        after = np.clip(np.searchsorted(whole, np.flatnonzero(gone)), 1, max(len(whole) - 1, 1)) % len(whole)
        beside = curve[whole[np.maximum(after - 1, 0)], 2], curve[whole[after], 2]
        curve[gone, 1], curve[gone, 2] = y[gone], np.minimum(*beside)

    def between(top: float, bottom: float) -> np.ndarray:
        zone = np.flatnonzero((y < top) & (y > bottom))
        if len(zone) == 0:
            raise MuscleFaceError("The features of the face were not found: select a head mesh that stands upright.")
        return zone

    nose_zone = between(eye_y, lip_y + 1.0 * u)
    # Full lips may stand out farther than the nose: the tip is what stands out from the line over them.
    tip = _farthest_from_chord(curve, nose_zone[0], nose_zone[-1], behind=False)
    near_tip = nose_zone[np.abs(y[nose_zone] - y[tip]) < 0.6 * u]
    tip = near_tip[np.argmax(curve[near_tip, 2])]
    brow_zone = between(eye_y + 3.2 * u, eye_y + 1.0 * u)
    glabella = brow_zone[np.argmax(curve[brow_zone, 2] - 0.15 * np.abs(y[brow_zone] - eye_y - 2.2 * u))]
    nasion = _nasion(curve, glabella, tip, eye_y, u)
    upper_zone = between(lip_y + 1.4 * u, lip_y + 0.05)
    upper = upper_zone[np.argmax(curve[upper_zone, 2])]
    subnasale = _farthest_from_chord(curve, tip, upper, behind=True)
    lower_zone = between(lower_y - 0.05, lower_y - 1.4 * u)
    lower = lower_zone[np.argmax(curve[lower_zone, 2])]
    chin_zone = between(lower_y - 2.0 * u, lower_y - 4.8 * u)
    # Full lips reach into the zone of the chin, which begins under the hollow of the profile.
    below_lip = between(y[lower] - 0.4 * u, lower_y - 3.2 * u)
    hollow = below_lip[np.argmax(_hollow(curve[:, 2], u)[below_lip])]
    chin_zone = chin_zone[y[chin_zone] < y[hollow] - 0.4 * u]
    pogonion = chin_zone[np.argmax(curve[chin_zone, 2] + 0.12 * curve[chin_zone, 1])]
    fold = _farthest_from_chord(curve, lower, pogonion, behind=True) if pogonion > lower + 4 else pogonion
    found = {
        "glabella": curve[glabella],
        "nasion": curve[nasion],
        "nose_tip": curve[tip],
        "subnasale": curve[subnasale],
        "labrale_superius": curve[upper],
        "labrale_inferius": curve[lower],
        "mentolabial": curve[fold],
        "pogonion": curve[pogonion],
        "rhinion": view.front(middle, curve[nasion][1] - 0.4 * (curve[nasion][1] - curve[tip][1])),
        "mid_philtrum": view.front(middle, 0.5 * (curve[subnasale][1] + curve[upper][1])),
        "mid_forehead": view.front(middle, curve[glabella][1] + 3.5 * u),
    }
    chin = view.vertices[view.used]
    near = chin[(np.abs(chin[:, 0] - middle) < 1.2) & (np.linalg.norm(chin - curve[pogonion], axis=1) < 3.0 * u)]
    if len(near):
        found["gnathion"] = near[np.argmax(near @ [0.0, -0.75, 0.66])]
        found["menton"] = near[np.argmax(near @ [0.0, -0.96, 0.28])]
    else:
        found["gnathion"] = found["menton"] = curve[pogonion] - [0.0, 0.8 * u, 0.5 * u]
    for name in ("gnathion", "menton"):
        found[name] = found[name] * [0.0, 1.0, 1.0] + [middle, 0.0, 0.0]
    return found
