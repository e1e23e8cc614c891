# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Fit a performance: frame after frame from the one before, then all frames together, smooth in time.

Forward, every frame is a fit of its own that starts where the last one ended, with its Jacobian. What each frame saw is
kept as a quadratic in controls and head, and one smoothing pass over all of them (``smoothing``) trades these against
steady motion; frames that saw nothing, or what cannot be meant, are filled in by it. Where progress raises Cancelled
the frames until then are kept.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.transform import Rotation

from .. import blas
from ..errors import Cancelled, MuscleFaceError
from ..progress import Progress, silent
from .engine import Found, Prior, descend
from .expression import ExpressionFit
from .goals import Goal, goal_of
from .head import Head
from .options import FitOptions
from .readable import Quadratic, without_head
from .result import Figures, Performance
from .setting import Setting
from .skins import FollowedSkin, Posed, StillSkin
from .smoothing import smoothed
from .targets import SkinPoints, Target

if TYPE_CHECKING:
    from ..face import FaceModel
    from ..pose import Pose

ITERATIONS = 6
"""Gauss-Newton steps at most for a frame, which begins near the one before."""

TOLERANCE = 1e-4

LITTLE = 1e-2
"""``engine.LITTLE`` of a frame that its neighbours will change."""

CHANGE = 0.3
"""Standard deviation of a slider's change from one frame to the next, as far as the prior knows."""

STEADY = 0.2
"""Standard deviation of a slider's second difference between frames in steady motion."""

STEADY_HEAD = 0.5
"""The same of the head [mm]."""


@dataclass
class _Frame:
    """What one frame gave: controls (n,), head, and the information (k + freedoms)^2 on both; None = nothing seen."""

    controls: np.ndarray
    head: Head
    information: np.ndarray | None


@blas.one_thread()
def fit_performance(
    model: "FaceModel",
    targets: "Sequence[Target | np.ndarray]",
    options: FitOptions | None = None,
    *,
    frames: Sequence[float] | None = None,
    gravity: Sequence[float] | None = None,
    progress: Progress | None = None,
) -> Performance:
    """Slider values of every frame for one target each. frames: (F,) rising numbers, default 0, 1, ... Raises
    MuscleFaceError when no frame can be fitted."""
    began = time.perf_counter()
    numbers = np.arange(len(targets)) if frames is None else np.asarray(frames, np.float64)
    if len(numbers) != len(targets) or not len(targets):
        raise MuscleFaceError("There are no frames to fit: choose a range of frames in which the target moves.")
    if not (np.diff(numbers) > 0.0).all():
        raise MuscleFaceError("The numbers of the frames do not rise: give the targets in the order of their frames.")
    take = _Take(Setting(model, options or FitOptions(), gravity), targets, numbers, progress)
    take.forward()
    if take.readable:
        take = take.again_with_few_controls()
    take.smooth()
    return take.performance(began)


class _Take:
    """The frames of a performance, as far as they have been fitted."""

    def __init__(self, setting: Setting, targets: Sequence, numbers: np.ndarray, progress: Callable | None) -> None:
        self._setting, self._targets, self._numbers = setting, targets, numbers
        self._progress, self._share = progress or silent, 0.0
        self._frames: list[_Frame] = []
        self._skin: FollowedSkin | None = None
        self._skin_points: SkinPoints | None = None
        self._now: Found | None = None
        self._trouble: MuscleFaceError | None = None
        self._stopped = False

    def _say(self, share: float, text: str) -> None:
        self._share = share
        self._progress(share, text)

    @property
    def readable(self) -> bool:
        """Whether few sliders are to tell all of it, and there is time for that."""
        return self._setting.options.mode == "readable" and not self._stopped and len(self._setting.active) > 0

    def again_with_few_controls(self) -> "_Take":
        """The same take fitted again with the few sliders that explain all its frames; itself where nobody waits."""
        active = self._setting.active
        seen = [Quadratic(without_head(f.information, len(active)), f.controls[active])
                for f in self._frames if f.information is not None]  # fmt: skip
        few = self._setting.few(seen, np.zeros(len(self._frames[0].controls)))
        again = _Take(few, self._targets, self._numbers, self._progress)
        try:
            again.forward()
        except Cancelled:
            self._stopped = True
            return self
        return again

    def forward(self) -> None:
        """Fit frame after frame. Raises MuscleFaceError when no frame can be fitted."""
        count = len(self._targets)
        try:
            for index, target in enumerate(self._targets):
                self._say(0.8 * index / count, f"Fitting frame {self._numbers[index]:g} ({index + 1} of {count})")
                self._frames.append(self._fitted(target))
        except Cancelled:
            self._stopped = True
            if not any(f.information is not None for f in self._frames):
                raise
        if self._now is None:
            raise self._trouble
        # What lies before the first frame that saw something is like it.
        first = next(f for f in self._frames if f.information is not None)
        self._frames = [replace(first, information=None) if f.controls is None else f for f in self._frames]

    def _fitted(self, target: "Target | np.ndarray") -> _Frame:
        try:
            goal = goal_of(self._setting.model, target)
            found = self._first(goal) if self._now is None else self._followed(goal, self._now)
        except MuscleFaceError as trouble:
            self._trouble = self._trouble or trouble
            now = self._now
            return _Frame(None, Head(), None) if now is None else _Frame(now.controls, now.head, None)
        self._now = found
        return _Frame(found.controls, found.head, self._information(goal, found))

    def _first(self, goal: Goal) -> Found:
        tick = lambda _share, text: self._progress(self._share, text)  # noqa: E731
        fit = ExpressionFit(self._setting, goal, progress=tick)
        found = fit.run()
        if fit.stopped:
            raise Cancelled
        return self._followed(goal, found)

    def _followed(self, goal: Goal, before: Found) -> Found:
        setting = self._setting
        points = SkinPoints.joined([t.points for t in goal.terms])
        posed = Posed(points.at(before.posed.pose.skin), before.posed.pose)
        freedoms = setting.freedoms(goal)
        nothing = np.zeros(0)
        if freedoms:
            still = setting.problem(goal, StillSkin(posed.points), Prior(nothing, nothing))
            head = descend(still, Found(nothing, before.head, posed), iterations=10).head
            try:
                goal.check(posed.points, head)
            except MuscleFaceError:
                head = goal.first_head(posed.points, freedoms == 7)
        else:
            head = before.head
        goal.check(posed.points, head)
        if not self._same_points(points):
            tick = lambda _share, text: self._progress(self._share, text)  # noqa: E731
            self._skin = FollowedSkin(setting.model, points, setting.active, setting.gravity, TOLERANCE, tick)
            self._skin_points = points
        problem = setting.problem(goal, self._skin, self._prior(before.controls))
        found = descend(problem, Found(before.controls, head, posed), iterations=ITERATIONS, little=LITTLE)
        return replace(found, jacobian=self._skin.jacobian(found.posed))

    def _same_points(self, points: SkinPoints) -> bool:
        last = self._skin_points
        return last is not None and np.array_equal(last.corners, points.corners) and np.array_equal(
            last.weights, points.weights
        )  # fmt: skip

    def _prior(self, before: np.ndarray) -> Prior:
        """Near neutral, and not far from the frame before."""
        neutral = self._setting.prior(np.zeros(len(before)))
        change = self._setting.options.smoothness / CHANGE**2
        weight = neutral.weight**2 + change
        return Prior(change * before / np.maximum(weight, 1e-300), np.sqrt(weight))

    def _information(self, goal: Goal, found: Found) -> np.ndarray:
        problem = self._setting.problem(goal, self._skin, self._setting.prior(found.controls))
        H, _, _ = problem.normal_equations(problem.frozen(found.world), found)
        k = len(self._setting.active)
        H[np.arange(k), np.arange(k)] += problem.prior.weight[self._setting.active] ** 2
        return H.astype(np.float32)

    # All frames together

    def smooth(self) -> None:
        """Trade what the frames saw against steady motion, and fill in those that saw nothing."""
        frames, setting = self._frames, self._setting
        seen = np.array([f.information is not None for f in frames])
        k, numbers = len(setting.active), self._numbers[: len(frames)]
        size = max(len(f.information) for f in frames if f.information is not None)
        freedoms = size - k
        # Frames on which few points are seen tell of the sliders, but not where the head is.
        placed = np.array([f.information is not None and len(f.information) == size for f in frames])
        path = np.hstack([np.array([f.controls[setting.active] for f in frames]), self._head_path(freedoms)])
        for index, column in enumerate(path.T):
            told = seen if index < k else placed
            column[~told] = np.interp(numbers[~told], numbers[told], column[told])
        try:
            self._say(0.8, "Smoothing in time")
        except Cancelled:
            # Who has asked to stop once may do so at every report: what is there is smoothed all the same.
            self._stopped = True
        if setting.options.smoothness > 0.0 and len(frames) > 2:
            steady = np.concatenate([np.full(k, STEADY), np.full(freedoms, STEADY_HEAD)])
            information = [_of_size(f.information, size) for f in frames]
            path = smoothed(path, information, steady / np.sqrt(setting.options.smoothness), numbers)
        low, high = setting.bounds[setting.active].T
        for frame, values in zip(frames, path, strict=True):
            frame.controls = frame.controls.copy()
            frame.controls[setting.active] = np.clip(values[:k], low, high)
            frame.head = self._head_of(values[k:]) if freedoms else frame.head

    @property
    def _reference(self) -> tuple[np.ndarray, np.ndarray, float]:
        """A rotation among the heads', the middle of the face, and its radius in mm."""
        first = next(f for f in self._frames if f.information is not None)
        model = self._setting.model
        middle = np.mean([model.landmarks[n] for n in ("pupil_L", "pupil_R", "stomion")], axis=0)
        return first.head.rotation, middle, self._setting.reach * model.mm_per_unit

    def _head_path(self, freedoms: int) -> np.ndarray:
        """(F, freedoms) places of the heads in mm: turn at the face's radius, place of its middle, growth."""
        if not freedoms:
            return np.zeros((len(self._frames), 0))
        turned, middle, reach = self._reference
        mm, rows = self._setting.model.mm_per_unit, []
        for f in self._frames:
            turn = Rotation.from_matrix(f.head.rotation @ turned.T).as_rotvec()
            place = f.head.at(middle[None])[0]
            rows.append(np.concatenate([reach * turn, mm * place, [reach * np.log(f.head.scale)]])[:freedoms])
        return np.array(rows)

    def _head_of(self, row: np.ndarray) -> Head:
        turned, middle, reach = self._reference
        R = Rotation.from_rotvec(row[:3] / reach).as_matrix() @ turned
        scale = float(np.exp(row[6] / reach)) if len(row) > 6 else 1.0
        return Head(R, row[3:6] / self._setting.model.mm_per_unit - scale * R @ middle, scale)

    def performance(self, began: float) -> Performance:
        """The frames as they are, each solved once more at its final controls."""
        setting, frames, before = self._setting, self._frames, None
        rms, unconverged, far = np.full(len(frames), np.nan), [], [np.zeros(0, np.int64)]
        try:
            for index, frame in enumerate(frames):
                self._say(0.85 + 0.15 * index / len(frames), f"Settling frame {self._numbers[index]:g}")
                pose = setting.model.solve(frame.controls, gravity=setting.gravity, start=before)
                before = pose if pose.converged else before
                if not pose.converged or frame.information is None:
                    unconverged.append(index)
                if frame.information is not None:
                    figures = self._figures(goal_of(setting.model, self._targets[index]), frame, pose)
                    rms[index] = figures.rms_mm if np.isfinite(figures.rms_mm) else figures.pixels_rms
                    far.append(figures.far)
        except Cancelled:
            self._stopped = True
        return Performance(
            frames=self._numbers[: len(frames)],
            controls=np.array([f.controls for f in frames]),
            heads=[f.head for f in frames],
            rms=rms,
            unconverged=unconverged,
            far=np.bincount(np.concatenate(far)),
            seconds=time.perf_counter() - began,
            stopped=self._stopped,
        )

    def _figures(self, goal: Goal, frame: _Frame, pose: "Pose") -> Figures:
        points = SkinPoints.joined([t.points for t in goal.terms])
        return goal.measure(Found(frame.controls, frame.head, Posed(points.at(pose.skin), pose)))


def _of_size(information: np.ndarray | None, size: int) -> np.ndarray:
    """(size, size) the information of one frame, 0 on what it tells nothing of."""
    if information is not None and len(information) == size:
        return information
    out = np.zeros((size, size), np.float32)
    if information is not None:
        out[: len(information), : len(information)] = information
    return out
