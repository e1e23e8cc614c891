# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What all stages and frames of a fit share."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..errors import MuscleFaceError
from .checks import head_height
from .engine import Found, Prior, Problem
from .goals import Goal
from .options import FitOptions
from .readable import Quadratic, few_controls, without_head
from .skins import Skin

if TYPE_CHECKING:
    from ..face import FaceModel

SPREAD = 0.5
"""Standard deviation of a slider about its neutral, as far as the prior knows."""


@dataclass(frozen=True)
class Setting:
    """The model of a fit, its options and what follows from both."""

    model: "FaceModel"
    options: FitOptions
    gravity: Sequence[float] | None = None
    only: np.ndarray | None = None

    @cached_property
    def active(self) -> np.ndarray:
        """Indices of the controls that may move: those that the options allow, or `only` some of them."""
        return movable(self.model, self.options) if self.only is None else self.only

    @cached_property
    def bounds(self) -> np.ndarray:
        """(n, 2) of all controls, within the limits of the options."""
        return limited(self.model, self.options)

    @property
    def reach(self) -> float:
        """Radius of the face, user's unit."""
        return 0.4 * head_height(self.model)

    def quadratic(self, problem: Problem, found: Found) -> Quadratic:
        """What the terms know of the active controls at a face whose Jacobian is worked out."""
        H, _, _ = problem.normal_equations(problem.frozen(found.world), found)
        return Quadratic(without_head(H, len(self.active)), found.controls[self.active])

    def few(self, quadratics: Sequence[Quadratic], base: np.ndarray) -> "Setting":
        """The same with only the few controls that explain these faces, moved from base (n,)."""
        some = few_controls(quadratics, base[self.active], self.bounds[self.active])
        return replace(self, only=self.active[some])

    def freedoms(self, goal: Goal) -> int:
        """Degrees of freedom of the head: 0, 6 (rigid) or 7 (with its size)."""
        head = goal.moves_head if self.options.head_pose == "auto" else self.options.head_pose
        return (7 if self.options.scale else 6) if head else 0

    def prior(self, centre: np.ndarray) -> Prior:
        """The pull of the controls to ``centre`` (n,)."""
        return Prior(centre, np.full(len(centre), np.sqrt(self.options.prior) / SPREAD))

    def problem(self, goal: Goal, skin: Skin, prior: Prior) -> Problem:
        """The sum of squares to minimise."""
        mm = self.model.mm_per_unit
        return Problem(skin, goal.terms, self.bounds, prior, self.freedoms(goal), mm, self.reach)


def movable(model: "FaceModel", options: FitOptions) -> np.ndarray:
    """Indices of the controls that a fit may move: a jaw slider only where no movable shape does the same."""
    kinds = np.array(model.control_kinds)
    shapes = len(model.shapes)
    may = {"shape": options.shapes, "muscle": options.muscles, "jaw": options.jaw}
    active = np.array([may[kind] for kind in kinds])
    active &= np.ptp(limited(model, options), axis=1) > 0.0
    if not options.jaw:
        active[:shapes] &= ~turns_jaw(model)
    # Tracks of opening, forward, left and right.
    opened, ahead, left, right = ((model.rig.jaw_tracks[:, :shapes] > 0.0) & active[:shapes]).any(1)
    active[-3:] &= ~(np.array(model.jaw_repeats_shapes) & [opened, ahead, left and right])
    return np.flatnonzero(active)


def turns_jaw(model: "FaceModel") -> np.ndarray:
    """(s,) which of the shapes turn the jaw."""
    return np.abs(model.rig.jaw_of_track[: len(model.shapes)]).sum(1) > 0.0


def limited(model: "FaceModel", options: FitOptions) -> np.ndarray:
    """(n, 2) bounds of the controls within the limits that the options set. Raises MuscleFaceError."""
    names, bounds, _ = model.controls()
    bounds = bounds.copy()
    for name, (low, high) in options.limits.items():
        if name not in names:
            raise MuscleFaceError(f'This face has no slider "{name}" to limit: use one of controls().names.')
        if not low <= high:
            raise MuscleFaceError(f'The lower limit of "{name}" lies above the upper one: exchange them.')
        k = names.index(name)
        # What is held may stand beyond the bounds: an artist's driver or slider has put it there.
        bounds[k] = (low, high) if low == high else np.clip((low, high), *bounds[k])
    return bounds
