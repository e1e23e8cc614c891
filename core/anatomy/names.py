# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""ARKit's 52 face shapes, recognised in every common spelling."""

import re
from collections.abc import Iterable

_SIDED = (
    "browDown browOuterUp cheekSquint eyeBlink eyeLookDown eyeLookIn eyeLookOut eyeLookUp eyeSquint eyeWide "
    "mouthDimple mouthFrown mouthLowerDown mouthPress mouthSmile mouthStretch mouthUpperUp noseSneer"
).split()
_SINGLE = (
    "browInnerUp cheekPuff jawForward jawLeft jawOpen jawRight mouthClose mouthFunnel mouthLeft mouthPucker "
    "mouthRight mouthRollLower mouthRollUpper mouthShrugLower mouthShrugUpper tongueOut"
).split()
ARKIT = tuple(sorted([f"{name}{side}" for name in _SIDED for side in ("Left", "Right")] + _SINGLE))
_CANONICAL = {name.lower(): name for name in ARKIT}
_SIDE_WORDS = {"l": "left", "r": "right", "left": "left", "right": "right"}


def words_of(name: str) -> list[re.Match]:
    """The words of a name in camel case, with underscores or with spaces; figures are words."""
    return list(re.finditer(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name))


def without_side(landmark: str) -> str:
    """The name of a landmark of one side, such as `alare_L`, without the side."""
    return landmark.removesuffix("_L").removesuffix("_R")


def canonical_name(given: str) -> tuple[str, str] | None:
    """(ARKit name, side) that a given shape name spells, or None.

    The side is "" for the whole shape and "left" or "right" for one half of a shape that ARKit has only whole
    (`browInnerUp_L`). Prefixes up to the last ":" or a leading "blendShape1." are ignored.
    """
    name = re.sub(r"^blend_?shapes?\d*[._]", "", given.rsplit(":", 1)[-1].strip(), flags=re.IGNORECASE)
    words = [w.group().lower() for w in words_of(name)]
    if "".join(words) in _CANONICAL:
        return _CANONICAL["".join(words)], ""
    for at in (-1, 0):
        if len(words) > 1 and words[at] in _SIDE_WORDS:
            side = _SIDE_WORDS[words[at]]
            rest = "".join(words[:-1] if at == -1 else words[1:])
            if rest + side in _CANONICAL:
                return _CANONICAL[rest + side], ""
            if rest in _CANONICAL:
                return _CANONICAL[rest], side
    return None


def swap_sides(arkit: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The same shapes under the names of the other side."""
    other = {"Left": "Right", "Right": "Left"}
    return {re.sub(r"(Left|Right)$", lambda m: other[m.group()], name): given for name, given in arkit.items()}


def match_arkit(given: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Map each ARKit name found to the given names that make it up.

    One name for a whole shape; the two halves where the head has it split. A whole shape wins over halves, and
    the first spelling over later ones.
    """
    whole: dict[str, str] = {}
    halves: dict[str, dict[str, str]] = {}
    for name in given:
        found = canonical_name(name)
        if found is None:
            continue
        canonical, side = found
        if side:
            halves.setdefault(canonical, {}).setdefault(side, name)
        else:
            whole.setdefault(canonical, name)
    result = {canonical: tuple(pair[s] for s in sorted(pair)) for canonical, pair in halves.items()}
    result.update({canonical: (name,) for canonical, name in whole.items()})
    return {name: result[name] for name in ARKIT if name in result}
