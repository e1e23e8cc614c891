# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""How a muscle is written down: spots between landmarks, routes between spots."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Spot:
    """A place in the flesh: a weighted mean of landmarks plus an offset, put on the skin and sunk into it.

    `offset` is (lateral, up, front) in cm of an adult face. `depth` is the share of the flesh above the bone, 1 on
    the bone; where there is no bone, of the flesh above the next surface. `free` spots stay where landmarks and
    offset put them.
    """

    landmarks: tuple[tuple[str, float], ...]
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    depth: float = 0.5
    free: bool = False


@dataclass(frozen=True)
class MuscleSpec:
    """One muscle (or one pair): `routes` are its edges, its middle or (rings) its bands; `fibres` paths fill it."""

    name: str
    au: tuple[int, ...]
    kind: str  # "strap" | "sheet" | "ring"
    routes: tuple[tuple[Spot, ...], ...]
    width: float  # [cm] over all fibres
    thickness: float  # [cm]
    bone: str = "cranium"  # that carries the origin: "cranium" | "mandible" | "" (fascia or skin)
    paired: bool = True
    fibres: int = 1
    lip: str = ""  # "upper" | "lower": stays on its side of the mouth line
    strength: float = 1.0  # of its fibres against the others'
    closed: bool = False
    mirrored: bool = False  # the route runs from the left to the midline and on, mirrored, to the right


def at(*parts: str | float, offset: tuple[float, float, float] = (0.0, 0.0, 0.0), depth: float = 0.5) -> Spot:
    """Spot at one landmark, `at("ala")`, or between several, `at("ala", 0.3, "cheek", 0.7)`."""
    pairs = ((parts[0], 1.0),) if len(parts) == 1 else tuple(zip(parts[::2], parts[1::2], strict=True))
    return Spot(pairs, offset, depth)


BONE = 1.0
MODIOLUS = at("mouth_corner", offset=(0.7, 0.0, 0.0), depth=0.55)


def strap(
    name: str, au: tuple[int, ...], route: tuple[Spot, ...], width: float, thickness: float, **more
) -> MuscleSpec:
    return MuscleSpec(name, au, "strap", (route,), width, thickness, **more)
