# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Fit one expression to one target: place the head, fit the shapes as plain sums, then through the simulation."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from .. import blas
from ..errors import Cancelled, MuscleFaceError
from .checks import head_height
from .engine import Found, Prior, Problem, descend
from .head import Head
from .image import CameraGoal
from .options import FitOptions
from .points import MarkerGoal, VertexGoal
from .residuals import Term
from .result import Figures, FitResult
from .scan import ScanGoal
from .skins import BlendSkin, Posed, SimulatedSkin, Skin
from .targets import CameraTarget, MarkerTarget, ScanTarget, SkinPoints, Target, VertexTarget

if TYPE_CHECKING:
    from ..face import FaceModel
    from ..pose import Pose

Progress = Callable[[float, str], None]

ITERATIONS = 12

SURE = 0.1
"""Weight of a shape in the plain fit from which it is believed: smaller ones are shapes that cancel as skins but tear
at the flesh."""


class Goal(Protocol):
    """A target made ready for one model."""

    terms: list[Term]
    moves_head: bool

    def first_head(self, points: np.ndarray, scale: bool) -> Head:
        """Where the head is as a whole when its points (p, 3) are to reach the target."""
        ...

    def check(self, points: np.ndarray, head: Head) -> None:
        """Raise MuscleFaceError where the target is nowhere near a face with points (p, 3)."""
        ...

    def sharpen(self, found: Found) -> bool:
        """Ask more of a face that has come near; False when there is no more to ask."""
        ...

    def measure(self, found: Found) -> Figures:
        """How near the face came."""
        ...


def goal_of(model: "FaceModel", target: "Target | np.ndarray", weights: np.ndarray | None = None) -> Goal:
    """The goal that a target means; a bare array (V, 3) is a mesh of the same topology."""
    if isinstance(target, ScanTarget):
        return ScanGoal(model, target)
    if isinstance(target, CameraTarget):
        return CameraGoal(model, target)
    if isinstance(target, MarkerTarget):
        return MarkerGoal(model, target)
    if isinstance(target, VertexTarget):
        return VertexGoal(model, target)
    return VertexGoal(model, VertexTarget(target, weights))


def movable(model: "FaceModel", options: FitOptions) -> np.ndarray:
    """Indices of the controls that a fit may move: a jaw slider only where no movable shape does the same."""
    kinds = np.array(model.control_kinds)
    shapes = len(model.shapes)
    may = {"shape": options.shapes, "muscle": options.muscles, "jaw": options.jaw}
    active = np.array([may[kind] for kind in kinds])
    turns = np.abs(model.rig.jaw_of_track[:shapes]).sum(1) > 0.0
    if not options.jaw:
        active[:shapes] &= ~turns
    if options.shapes:
        active[-3:] &= ~np.array(model.jaw_repeats_shapes)
    if not active.any() and not options.head_pose:
        raise MuscleFaceError("Nothing may move: allow shapes, muscles or the jaw.")
    return np.flatnonzero(active)


@blas.one_thread()
def fit_expression(
    model: "FaceModel",
    target: "Target | np.ndarray",
    options: FitOptions | None = None,
    *,
    weights: np.ndarray | None = None,
    gravity: Sequence[float] | None = None,
    start: "Pose | FitResult | None" = None,
    progress: Progress | None = None,
) -> FitResult:
    """Slider values (bounded) whose skin comes nearest to a target; see FaceModel.fit."""
    began = time.perf_counter()
    options = options or FitOptions()
    fit = _Fit(model, goal_of(model, target, weights), options, gravity, start, progress)
    found = fit.run()
    names = model.controls().names
    figures, blend = fit.goal.measure(found), fit.blend
    first = len(model.shapes)
    pulls = zip(model.muscles, found.controls[first : first + len(model.muscles)].tolist(), strict=True)
    return FitResult(
        values=dict(zip(names, found.controls.tolist(), strict=True)),
        controls=found.controls,
        pose=found.posed.pose,
        head=found.head,
        seconds=time.perf_counter() - began,
        blendshape_only_rms_mm=blend.rms_mm,
        blendshape_only_pixels_rms=blend.pixels_rms,
        active_muscles=sorted([(n, a) for n, a in pulls if a > 0.01], key=lambda pair: -pair[1]),
        stopped=fit.stopped,
        **_fields(figures),
    )


def _fields(figures: Figures) -> dict:
    return {name: getattr(figures, name) for name in asdict(Figures())}


class _Fit:
    """The stages of one fit, and the best face so far."""

    def __init__(self, model, goal: Goal, options: FitOptions, gravity, start, progress: Progress | None) -> None:
        self.model, self.goal, self.options, self.gravity = model, goal, options, gravity
        self._progress, self._share, self.stopped = progress or (lambda share, text: None), 0.02, False
        _, self.bounds, neutral = model.controls()
        self.points = SkinPoints.joined([t.points for t in goal.terms])
        self.given = None if start is None else np.clip(start.controls, self.bounds[:, 0], self.bounds[:, 1])
        self.start_pose = getattr(start, "pose", start)
        self.start_head = getattr(start, "head", None)
        centre = neutral if self.given is None else self.given
        self.prior = Prior(centre, np.full(len(centre), np.sqrt(options.prior)))
        self.active = movable(model, options)
        head = goal.moves_head if options.head_pose == "auto" else options.head_pose
        self.freedoms = (7 if options.scale else 6) if head else 0
        self.blend = Figures()

    def say(self, text: str) -> None:
        self._progress(self._share, text)

    def problem(self, skin: Skin, *, freedoms: int | None = None) -> Problem:
        freedoms = self.freedoms if freedoms is None else freedoms
        mm = self.model.mm_per_unit
        reach = 0.4 * head_height(self.model)
        return Problem(skin, self.goal.terms, self.bounds, self.prior, freedoms, mm, reach)

    def run(self) -> Found:
        self.say("Placing the head")
        c = self.prior.centre.copy()
        at = self.points.at(self.model.neutral if self.start_pose is None else self.start_pose.skin)
        found = Found(c, self._placed(at), Posed(at))
        self.say("Fitting the shapes alone")
        plain = BlendSkin(self.model, self.points, self.active)
        blend = descend(self.problem(plain), replace(found, posed=plain.at(c, None)), iterations=ITERATIONS)
        self.blend = self.goal.measure(blend)
        if self.given is None:
            c[plain.active] = np.where(blend.controls[plain.active] > SURE, blend.controls[plain.active], 0.0)
            found = replace(found, controls=c, head=blend.head)
        return self._through_simulation(found)

    def _placed(self, at: np.ndarray) -> Head:
        head = self.start_head or Head()
        if self.freedoms and self.start_head is None:
            head = self.goal.first_head(at, self.freedoms == 7)
        self.goal.check(at, head)
        return head

    def _through_simulation(self, found: Found) -> Found:
        self._share = 0.05
        skin = SimulatedSkin(
            self.model, self.points, self.active, self.gravity, tick=lambda _share, text: self.say(text)
        )
        before = None if self.start_pose is None else Posed(found.posed.points, self.start_pose)
        c = found.controls
        best = replace(found, posed=skin.at(c, before))
        while not best.posed.sound and np.abs(c).max() > 0.1:
            c = 0.5 * c
            best = replace(found, controls=c, posed=skin.at(c, None))

        def watch(now: Found) -> None:
            nonlocal best
            best = now
            self._share = min(0.95, self._share + 0.9 / ITERATIONS)
            figures = self.goal.measure(now)
            near = f"{figures.rms_mm:.3f} mm" if np.isfinite(figures.rms_mm) else f"{figures.pixels_rms:.2f} px"
            self.say(f"Fitting: {near}")

        try:
            best = descend(self.problem(skin), best, iterations=ITERATIONS, watch=watch)
            while self.goal.sharpen(best):
                best = descend(self.problem(skin), best, iterations=ITERATIONS, watch=watch)
            self._progress(1.0, "Fit done")
        except Cancelled:
            self.stopped = True
        return best
