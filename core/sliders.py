# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""How an artist finds a slider: its part of the face, its side, its partner on the other side."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .anatomy import muscles_mouth, muscles_upper_face
from .anatomy.names import canonical_name, words_of

if TYPE_CHECKING:
    from .face import FaceModel

SHAPE_GROUPS = ("Brow", "Eye", "Nose", "Cheek", "Mouth", "Jaw", "Other")

MUSCLE_GROUPS = {
    "Brow": muscles_upper_face.BROW,
    "Eye": muscles_upper_face.EYE,
    "Nose": muscles_upper_face.NOSE,
    "Upper Lip": muscles_mouth.UPPER_LIP,
    "Mouth Corner": muscles_mouth.CORNER,
    "Lower Lip and Chin": muscles_mouth.LOWER_LIP,
    "Lips": muscles_mouth.MOUTH_RING,
    "Other": (),
}
"""Muscle groups, each with its table."""

MAIN_SHARE = 0.4
"""Share of a shape's motion (squared) that must lie in one part of the face for the shape to belong there."""

_LEFT_RIGHT = (("left", "right"), ("l", "r"))
_OPPOSED = ("jaw", "mouth")
"""Stems whose two sides are directions: moving both at once would cancel."""


@dataclass(frozen=True)
class Slider:
    """One slider. kind: "shape", "muscle" or "jaw" · side: "left", "right" or "" · partner: the slider of the other
    side, or "" · twins: whether both sides move together in a symmetric face · label: the name without side."""

    name: str
    kind: str
    group: str
    side: str = ""
    partner: str = ""
    twins: bool = False
    label: str = ""


def sliders(model: "FaceModel") -> list[Slider]:
    """All sliders of a model in its order."""
    out = _grouped("shape", {n: _shape_group(model, k, n) for k, n in enumerate(model.shapes)})
    out += _grouped("muscle", {n: _muscle_group(model, k, n) for k, n in enumerate(model.muscles)})
    jaw = model.controls().names[-3:]
    return out + [Slider(name, "jaw", "Jaw", label=name.replace("_", " ").title()) for name in jaw]


def _grouped(kind: str, groups: Mapping[str, str]) -> list[Slider]:
    pairs = partners(groups)
    out = []
    for name, group in groups.items():
        side, partner = pairs.get(name, ("", ""))
        stem = without_side(name) if side else name
        twins = bool(partner) and stem.lower().strip("._- ") not in _OPPOSED
        out.append(Slider(name, kind, group, side, partner, twins, label_of(stem)))
    return out


def partners(names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """name -> (side, partner) of all names that come in pairs, in any common spelling of left and right."""
    spelled: dict[tuple[str, str], str] = {}
    for name in names:
        side = side_of(name)
        if side:
            spelled.setdefault((without_side(name).lower(), side), name)
    other = {"left": "right", "right": "left"}
    return {
        name: (side, spelled[stem, other[side]])
        for (stem, side), name in spelled.items()
        if (stem, other[side]) in spelled
    }


def side_of(name: str) -> str:
    """ "left", "right", or "" for a name without a side at its beginning or end."""
    found = _side_word(name)
    return found[1] if found else ""


def without_side(name: str) -> str:
    """The name with its word for the side cut out."""
    found = _side_word(name)
    if not found:
        return name
    start, end = found[0].span()
    return (name[:start] + name[end:]).strip("._- ")


def _side_word(name: str) -> tuple[re.Match, str] | None:
    words = words_of(name)
    for word in (words[-1:] + words[:1]) if len(words) > 1 else []:
        for pair in _LEFT_RIGHT:
            if word.group().lower() in pair:
                return word, ("left", "right")[pair.index(word.group().lower())]
    return None


def label_of(name: str) -> str:
    """A name in words: `zygomaticus_major` and `mouthUpperUp` as "Zygomaticus Major" and "Mouth Upper Up"."""
    words = [word.group() for word in words_of(name)]
    return " ".join(word[:1].upper() + word[1:] for word in words) or name


def _shape_group(model: "FaceModel", index: int, name: str) -> str:
    known = canonical_name(name)
    if known is not None:
        stem = re.match(r"[a-z]+", known[0]).group()
        return {"tongue": "Mouth"}.get(stem, stem.title())
    motion = (model.rig.displacement(index) ** 2).sum(1)
    return _main_region(model, motion)


def _muscle_group(model: "FaceModel", index: int, name: str) -> str:
    stem = without_side(name)
    for group, table in MUSCLE_GROUPS.items():
        if any(spec.name in (name, stem) for spec in table):
            return group
    return "Other"


def _main_region(model: "FaceModel", weight: np.ndarray) -> str:
    # Not at the top: panels read this module before anybody waits for Warp.
    from .anatomy.composition import REGIONS

    share = np.bincount(model.rig.region, weight, len(REGIONS))
    if share.sum() <= 0.0 or share.max() < MAIN_SHARE * share.sum():
        return "Other"
    name = list(REGIONS)[int(share.argmax())].title()
    return name if name in SHAPE_GROUPS else "Other"


def mirrored(values: Mapping[str, float], layout: Iterable[Slider]) -> dict[str, float]:
    """The values with their sides swapped; a sideways jaw goes to the other side."""
    out = {}
    for slider in layout:
        if slider.name in values:
            value = values[slider.name]
            sideways = slider.kind == "jaw" and slider.name.endswith("jaw_side")
            out[slider.partner or slider.name] = -value if sideways else value
    return out


def followed(before: Mapping[str, float], now: Mapping[str, float], layout: Iterable[Slider]) -> dict[str, float]:
    """What symmetric editing sets: sliders whose partner has moved while they stayed, with the partner's value."""
    out = {}
    for slider in layout:
        name, partner = slider.name, slider.partner
        if slider.twins and name in now and partner in now:
            stayed = before.get(name) == now[name]
            if stayed and before.get(partner) != now[partner] and now[name] != now[partner]:
                out[name] = now[partner]
    return out
