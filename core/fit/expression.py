# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Fit one expression to one target: place the head, fit the shapes as plain sums, then through the simulation."""

import time
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING

import numpy as np

from .. import blas
from ..errors import Cancelled, MuscleFaceError
from ..progress import Progress, silent
from .engine import EXACT, LITTLE, Found, Problem, Watch, descend
from .goals import Goal, goal_of
from .head import Head
from .options import FitOptions
from .result import Figures, FitResult
from .setting import Setting
from .skins import BlendSkin, FollowedSkin, Posed, SimulatedSkin
from .targets import SkinPoints, Target

if TYPE_CHECKING:
    from ..face import FaceModel
    from ..pose import Pose


ITERATIONS = 12
"""Gauss-Newton steps at most, each with fresh derivatives."""

SURE = 0.1
"""Weight of a shape in the plain fit from which it is believed: smaller ones are shapes that cancel as skins but tear
at the flesh."""


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
    setting = Setting(model, options or FitOptions(), gravity)
    fit = ExpressionFit(setting, goal_of(model, target, weights), start, progress)
    found = fit.run()
    first = len(model.shapes)
    pulls = zip(model.muscles, found.controls[first : first + len(model.muscles)].tolist(), strict=True)
    figures = fit.goal.measure(found)
    return FitResult(
        values=dict(zip(model.controls().names, found.controls.tolist(), strict=True)),
        controls=found.controls,
        pose=found.posed.pose,
        head=found.head,
        seconds=time.perf_counter() - began,
        blendshape_only=fit.blend,
        active_muscles=sorted([(n, a) for n, a in pulls if a > 0.01], key=lambda pair: -pair[1]),
        stopped=fit.stopped,
        **{f.name: getattr(figures, f.name) for f in fields(figures)},
    )


class ExpressionFit:
    """The stages of one fit. blend: how near the plain sum of shapes came · stopped: progress broke it off."""

    def __init__(
        self, setting: Setting, goal: Goal, start: "Pose | FitResult | None" = None, progress: Progress | None = None
    ) -> None:
        self.setting, self.goal, self.blend, self.stopped = setting, goal, Figures(), False
        self._progress, self._share = progress or silent, 0.02
        self._points = SkinPoints.joined([t.points for t in goal.terms])
        neutral = setting.model.controls().neutral
        if not len(setting.active) and not setting.freedoms(goal):
            raise MuscleFaceError("Nothing may move: allow shapes, muscles or the jaw.")
        self._given = None if start is None else np.clip(start.controls, *setting.bounds.T)
        self._pose = getattr(start, "pose", start)
        self._head = getattr(start, "head", None)
        self._prior = setting.prior(np.clip(neutral, *setting.bounds.T) if self._given is None else self._given)

    def run(self) -> Found:
        """The face nearest to the goal, or the best one until progress broke off."""
        model, goal = self.setting.model, self.goal
        self._say("Placing the head")
        c = self._prior.centre.copy()
        at = self._points.at(model.neutral if self._pose is None else self._pose.skin)
        found = Found(c, self._placed(at), Posed(at))
        self._say("Fitting the shapes alone")
        plain = BlendSkin(model, self._points, self.setting.active, c)
        problem = self.setting.problem(goal, plain, self._prior)
        blend = descend(problem, replace(found, posed=plain.at(c, None)), iterations=ITERATIONS)
        self.blend = goal.measure(blend)
        if self._given is None:
            c[plain.active] = np.where(blend.controls[plain.active] > SURE, blend.controls[plain.active], 0.0)
            found = replace(found, controls=c, head=blend.head)
        return self._through_simulation(found)

    def _say(self, text: str) -> None:
        self._progress(self._share, text)

    def _placed(self, at: np.ndarray) -> Head:
        """Where the head is; raises MuscleFaceError where the target is nowhere near."""
        head, freedoms = self._head or Head(), self.setting.freedoms(self.goal)
        if freedoms and self._head is None:
            head = self.goal.first_head(at, freedoms == 7)
        self.goal.check(at, head)
        return head

    def _through_simulation(self, found: Found) -> Found:
        self._share = 0.05
        skin = FollowedSkin(self.setting.model, self._points, self.setting.active, self.setting.gravity,
                            tick=lambda _share, text: self._say(text))  # fmt: skip
        before = None if self._pose is None else Posed(found.posed.points, self._pose)
        c = found.controls
        best = replace(found, posed=skin.at(c, before))
        while not best.posed.sound and np.abs(c[skin.active]).max(initial=0.0) > 0.1:
            c = np.clip(0.5 * c, *self.setting.bounds.T)
            best = replace(found, controls=c, posed=skin.at(c, None))

        def watch(now: Found) -> None:
            nonlocal best
            best = now
            self._share = min(0.95, self._share + 0.9 / ITERATIONS)
            self._say(f"Fitting: {self.goal.near(now)}")

        try:
            return self._descended(skin, best, watch)
        except Cancelled:
            self.stopped = True
            return best

    def _descended(self, skin: SimulatedSkin, found: Found, watch: Watch) -> Found:
        problem = self.setting.problem(self.goal, skin, self._prior)
        found = descend(problem, found, iterations=ITERATIONS, watch=watch)
        while self.goal.sharpen(found):
            found = descend(problem, found, iterations=ITERATIONS, watch=watch)
        found = self._from_rest(skin, problem, found, watch)
        if self.setting.options.mode == "readable" and len(self.setting.active):
            found = self._readable(skin, problem, found, watch)
        self._progress(1.0, "Fit done")
        return found

    def _from_rest(self, skin: SimulatedSkin, problem: Problem, found: Found, watch: Watch) -> Found:
        """The fit from where its sliders lead from rest, if that is nearer: flesh may have two equilibria (lips that
        close over teeth), the small steps of a fit stay in one, and the artist who sets these sliders sees the other.
        """
        frozen = problem.frozen(found.world)
        now = problem.value(frozen, found)
        if not len(skin.active) or now < EXACT * len(found.world):
            return found
        there = replace(found, posed=skin.at(found.controls, None))
        if not there.posed.sound or problem.value(frozen, there) > (1.0 - LITTLE) * now:
            return found
        return descend(problem, there, iterations=ITERATIONS, watch=watch)

    def _readable(self, skin: SimulatedSkin, problem: Problem, found: Found, watch: Watch) -> Found:
        """The fit with few sliders: chosen where the faithful one ended, and fitted again."""
        self._say("Choosing few sliders")
        found = replace(found, jacobian=skin.jacobian(found.posed))
        base = self._prior.centre
        few = self.setting.few([self.setting.quadratic(problem, found)], base)
        c = base.copy()
        c[few.only] = found.controls[few.only]
        some = FollowedSkin(self.setting.model, self._points, few.active, self.setting.gravity)
        start = replace(found, controls=c, posed=some.at(c, found.posed))
        if not start.posed.sound:
            return found
        return descend(few.problem(self.goal, some, self._prior), start, iterations=ITERATIONS, watch=watch)
