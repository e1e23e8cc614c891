# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Whether landmarks can be those of a face: distances between them against those of living people."""

from collections.abc import Mapping
from itertools import chain

import numpy as np

from .frame import EYE_DISTANCE, EYE_TO_MOUTH
from .picked import PICKED
from .proportions import face_size

# First and second landmark, what was not found right when they do not fit, and the smallest and largest distance of
# adults [cm]: mean less and plus three standard deviations of either sex (Farkas 1994, North Americans).
_DISTANCES = [
    ("eye_inner_L", "eye_inner_R", "eyes", 2.3, 4.1),  # en-en
    ("eye_outer_L", "eye_outer_R", "eyes", 7.5, 10.3),  # ex-ex
    ("nasion", "subnasale", "nose", 4.1, 6.6),  # n-sn
    ("nose_tip", "subnasale", "nose base", 1.3, 2.5),  # prn-sn
    ("ala_L", "ala_R", "nose wings", 2.4, 4.3),  # al-al
    ("subnasale", "stomion", "upper lip", 1.5, 2.9),  # sn-sto
    ("mouth_corner_L", "mouth_corner_R", "mouth corners", 4.0, 6.6),  # ch-ch
    ("stomion", "pogonion", "chin", 2.4, 5.2),  # sto-pg
]
SLACK = 1.6  # children and drawn faces have other proportions
UNEVEN = 1.0  # [cm] that one side may differ from the other's mirror image

USUAL_RATIO = 0.8, 1.25  # width over height of the middle of the face, in adult units
WIDE_EYE = 3.2  # [cm] width of an eye, in adult units

Points = Mapping[str, np.ndarray]


def doubtful(points: Points) -> list[str]:
    """Plain names of what is hardly where the landmarks (normalised cm) say, such as "nose base"."""
    across = float(np.linalg.norm(points["pupil_L"] - points["pupil_R"])) / EYE_DISTANCE
    up = float((0.5 * (points["pupil_L"] + points["pupil_R"]) - points["stomion"])[1]) / EYE_TO_MOUTH
    size = float(np.sqrt(max(across * up, 1e-12)))
    out = []
    for a, b, name, least, most in _DISTANCES:
        distance = float(np.linalg.norm(points[a] - points[b])) / size
        if not least / SLACK < distance < most * SLACK:
            out.append(name)
    for left, right, label in _pairs():
        image = points[right] * [-1.0, 1.0, 1.0] + [2.0 * points["stomion"][0], 0.0, 0.0]
        if np.linalg.norm(points[left] - image) > UNEVEN * size:
            out.append(label)
    return list(dict.fromkeys(out))


def has_nose(points: Points) -> bool:
    """Whether the landmarks show a nose that stands out of the face."""
    side = 0.5 * (points["infraorbital_L"] + points["infraorbital_R"])[2]
    relief = points["nose_tip"][2] - side
    dip = points["nose_tip"][2] - points["nasion"][2]
    return bool(relief >= 1.0 and dip >= 0.4)


def unusual(points: Points) -> bool:
    """Whether a face is so wide, long or large-eyed that the proportions of people do not tell where its brows are."""
    across, up, size = face_size(points)
    eyes = [np.linalg.norm(points[f"eye_outer_{s}"] - points[f"eye_inner_{s}"]) / size for s in "LR"]
    return not USUAL_RATIO[0] < across / up < USUAL_RATIO[1] or max(eyes) > WIDE_EYE


def _pairs() -> list[tuple[str, str, str]]:
    """Left and right landmark of each pair that is picked, and what it is called."""
    named = {"eye": "eyes", "mouth": "mouth corners", "ala": "nose wings", "brow": "brows", "gonion": "jaw angles"}
    pairs = ((p.name, p.partner, named.get(p.name.split("_")[0])) for p in PICKED if p.name.endswith("_L"))
    return [pair for pair in chain(pairs, [("ala_base_L", "ala_base_R", "nose base")]) if pair[2]]
