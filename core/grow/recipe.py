# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""How a grown shape is written down: which muscles pull, what the jaw, the lids, the eyes and the air do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

_OTHER = {"L": "R", "R": "L", "": ""}


@dataclass(frozen=True)
class Recipe:
    """One expression as data.

    muscles: (name, activation) of muscles with their side, `zygomaticus_major_L`, or without: both, or the midline's
    · jaw: (open, forward, side) as the jaw sliders · lids: rise of the upper and of the lower lid as shares of the
    fissure's height, (-0.88, 0.12) closes the eye · gaze: eyeballs' turn up and to the character's left [rad] · eyes:
    "L", "R" or "LR", which eyes lids and gaze are of · cheeks: pressure of air in them [kPa] · pout: pressure that
    turns the upper and the lower lip outwards [kPa] · seal: holds the lips together, at a share of the jaw's way
    · beyond_jaw: the shape is what is left when the jaw's own motion is taken away.
    """

    muscles: tuple[tuple[str, float], ...] = ()
    jaw: tuple[float, float, float] = (0.0, 0.0, 0.0)
    lids: tuple[float, float] = (0.0, 0.0)
    gaze: tuple[float, float] = (0.0, 0.0)
    eyes: str = "LR"
    cheeks: float = 0.0
    pout: tuple[float, float] = (0.0, 0.0)
    seal: float | None = None
    beyond_jaw: bool = False

    def mirrored(self) -> "Recipe":
        """The same on the other side of the face."""
        opening, forward, side = self.jaw
        return replace(
            self,
            muscles=tuple(sorted((_other_side(name), value) for name, value in self.muscles)),
            jaw=(opening, forward, -side if side else 0.0),
            gaze=(self.gaze[0], -self.gaze[1] if self.gaze[1] else 0.0),
            eyes="".join(sorted(_OTHER[side] for side in self.eyes)),
        )

    def activations(self, names: Sequence[str]) -> dict[str, float]:
        """Activation of the muscles among `names`; names without a side stand for both."""
        out: dict[str, float] = {}
        for name, value in self.muscles:
            for full in (name,) if name in names else (f"{name}_L", f"{name}_R"):
                if full in names:
                    out[full] = out.get(full, 0.0) + value
        return out

    def jaw_alone(self) -> "Recipe":
        """Only the jaw's part."""
        return Recipe(jaw=self.jaw)


def made(
    *,
    jaw: tuple[float, float, float] = (0.0, 0.0, 0.0),
    lids: tuple[float, float] = (0.0, 0.0),
    gaze: tuple[float, float] = (0.0, 0.0),
    cheeks: float = 0.0,
    pout: tuple[float, float] = (0.0, 0.0),
    seal: float | None = None,
    beyond_jaw: bool = False,
    **muscles: float,
) -> Recipe:
    """A recipe of muscles by keyword, name=activation, and the rest as in Recipe."""
    return Recipe(
        tuple(sorted(muscles.items())),
        jaw=jaw,
        lids=lids,
        gaze=gaze,
        cheeks=cheeks,
        pout=pout,
        seal=seal,
        beyond_jaw=beyond_jaw,
    )


def on_the_left(recipe: Recipe) -> Recipe:
    """A recipe written without sides, for the left half only; muscles of the midline act as they are written."""
    midline = ("procerus", "depressor_septi_nasi", "orbicularis_oris")
    muscles = [
        (name if name.endswith(("_L", "_R")) or name.startswith(midline) else f"{name}_L", value)
        for name, value in recipe.muscles
    ]
    return replace(recipe, muscles=tuple(sorted(muscles)), eyes="L" if recipe.eyes == "LR" else recipe.eyes)


def sided(table: Mapping[str, Recipe], left: str, right: str) -> dict[str, Recipe]:
    """A table of left halves under both sides' names: name + left, name + right."""
    out = {}
    for name, recipe in table.items():
        half = on_the_left(recipe)
        out[name + left] = half
        out[name + right] = half.mirrored()
    return out


def _other_side(name: str) -> str:
    return name[:-1] + _OTHER[name[-1]] if name.endswith(("_L", "_R")) else name
