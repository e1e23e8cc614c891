# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What a fit may move and what it prefers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Literal

from ..errors import MuscleFaceError


@dataclass(frozen=True)
class FitOptions:
    """mode: "faithful" comes as near as it can; "readable" with few sliders · shapes, muscles, jaw: whether these may
    move (a jaw that stays also holds the shapes that turn it) · head_pose: whether the head may move as a whole; "auto"
    for all targets but a mesh of the same topology · scale: whether it may also grow · prior: pull of the sliders to
    the start (neutral where there is none), in units of what suits the kind of target · smoothness: pull of a
    performance to steady motion, likewise · limits: {control: (lowest, highest)} within its own bounds; a control whose
    limits are one value is held there. Raises MuscleFaceError.
    """

    mode: Literal["faithful", "readable"] = "faithful"
    shapes: bool = True
    muscles: bool = True
    jaw: bool = True
    head_pose: bool | Literal["auto"] = "auto"
    scale: bool = False
    prior: float = 1.0
    smoothness: float = 1.0
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.mode not in ("faithful", "readable"):
            raise MuscleFaceError(f'A fit has no mode "{self.mode}": use "faithful" or "readable".')
        if not (0.0 <= self.prior < inf and 0.0 <= self.smoothness < inf):
            raise MuscleFaceError("Prior and smoothness of a fit are not numbers of at least 0: set them again.")
