# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Fit to a mesh of the same topology: Gauss-Newton through the simulation, in the box of the sliders."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import lsq_linear

from .. import blas
from ..errors import MuscleFaceError
from ..skinning import shape_deltas

if TYPE_CHECKING:
    from ..face import FaceModel
    from ..pose import Pose

PRIOR = 2e-4
"""Pull of each slider to zero, against the RMS motion of the most mobile one: breaks ties, moves nothing else."""

VISIBLE = 4e-3
"""Least RMS motion of the skin [mm] at full value for a slider to be fitted."""

EXACT = 1e-3
"""RMS distance [mm] below which there is nothing left to fit."""


@dataclass(frozen=True)
class FitResult:
    """values: {name: value} · controls: (n,) · pose · rms_mm, p95_mm, max_mm: distance of the skin to the target ·
    seconds · blendshape_only_rms_mm: the same for bounded linear least squares on the shapes alone."""

    values: dict[str, float]
    controls: np.ndarray
    pose: "Pose"
    rms_mm: float
    p95_mm: float
    max_mm: float
    seconds: float
    blendshape_only_rms_mm: float


@blas.one_thread()
def fit_vertices(
    model: "FaceModel",
    target: np.ndarray,
    *,
    weights: np.ndarray | None = None,
    gravity: Sequence[float] | None = None,
    start: "Pose | None" = None,
    progress: Callable[[float, str], None] | None = None,
    iterations: int = 12,
) -> FitResult:
    """Slider values (bounded) that bring the skin to ``target`` (V, 3); see FaceModel.fit."""
    began = time.perf_counter()
    say = progress or (lambda share, text: None)
    target = _checked(model, target)
    skin = model.skin_vertices
    weight = np.sqrt(np.ones(len(skin)) if weights is None else np.asarray(weights, np.float64)[skin])[:, None]
    names, bounds, neutral = model.controls()
    active = _active(model)
    say(0.02, "Fitting the shapes alone")
    linear, blend_rms = _blendshape_fit(model, target, weight)
    c = neutral.copy()
    if start is not None:
        c = np.clip(start.controls, bounds[:, 0], bounds[:, 1])
    else:
        # Small weights of linear least squares are shapes that cancel as skins but tear at the flesh.
        c[: len(linear)] = np.where(linear > 0.1, linear, 0.0)

    def residual(pose: "Pose") -> np.ndarray:
        return (weight * (pose.skin[skin] - target[skin])).ravel()

    def solve(values: np.ndarray, before: "Pose | None") -> "Pose":
        return model.solve(values, gravity=gravity, start=before, tolerance=1e-5, progress=tick)

    share = 0.05

    def tick(_: float, text: str) -> None:
        say(share, text)

    pose = solve(c, None)
    while not pose.converged and np.abs(c).max() > 0.1:
        c = 0.5 * c
        pose = solve(c, None)
    r = residual(pose)
    damping, rows = 1e-6, (3 * skin[:, None] + np.arange(3)).ravel()
    for step in range(iterations):
        share = 0.08 + 0.9 * step / iterations
        say(share, f"Fitting: {_rms_mm(model, pose, target):.3f} mm")
        J = np.repeat(weight.ravel(), 3)[:, None] * model.jacobian(pose)[rows][:, active]
        mobile = np.linalg.norm(J, axis=0)
        scale = np.percentile(mobile, 90)
        # What hardly moves the skin (pupils) cannot be told from it: it stays neutral.
        mute = mobile / np.sqrt(len(skin)) * model.mm_per_unit < VISIBLE
        J[:, mute] = 0.0
        c[active[mute]] = neutral[active[mute]]
        for _ in range(6):
            d = _box_step(J, r, c[active], bounds[active], PRIOR * scale, np.sqrt(damping) * scale)
            trial_c = c.copy()
            trial_c[active] = np.clip(c[active] + d, bounds[active, 0], bounds[active, 1])
            trial = solve(trial_c, pose)
            trial_r = residual(trial)
            before = r @ r + (PRIOR * scale) ** 2 * (c[active] @ c[active])
            after = trial_r @ trial_r + (PRIOR * scale) ** 2 * (trial_c[active] @ trial_c[active])
            if trial.converged and after < before:
                break
            damping = max(10.0 * damping, 1e-4)
        else:
            break
        moved = np.abs(trial_c - c).max()
        c, pose, r, damping = trial_c, trial, trial_r, 0.1 * damping
        if moved < 1e-3 or before - after < 1e-4 * before or _rms_mm(model, pose, target) < EXACT:
            break
    error = np.linalg.norm(pose.skin[skin] - target[skin], axis=1) * model.mm_per_unit
    say(1.0, "Fit done")
    return FitResult(
        values=dict(zip(names, c.tolist(), strict=True)),
        controls=c,
        pose=pose,
        rms_mm=float(np.sqrt((error**2).mean())),
        p95_mm=float(np.percentile(error, 95)),
        max_mm=float(error.max()),
        seconds=time.perf_counter() - began,
        blendshape_only_rms_mm=blend_rms,
    )


def _checked(model: "FaceModel", target: np.ndarray) -> np.ndarray:
    target = np.asarray(target, np.float64)
    if target.shape != (model.vertex_count, 3):
        count = len(target) if target.ndim == 2 else 0
        raise MuscleFaceError(
            f"The target has {count} vertices and the rig {model.vertex_count}: choose a mesh of the same topology."
        )
    if not np.isfinite(target).all():
        raise MuscleFaceError("The target has vertices that are not numbers: repair or re-export it.")
    return target


def _active(model: "FaceModel") -> np.ndarray:
    """Controls that a fit may move: not the jaw sliders that only repeat a shape of the head."""
    kinds = np.array(model.control_kinds)
    active = kinds != "jaw"
    active[-3:] = ~np.array(model.jaw_repeats_shapes)
    return np.flatnonzero(active)


def _box_step(
    J: np.ndarray, r: np.ndarray, c: np.ndarray, bounds: np.ndarray, prior: float, damping: float
) -> np.ndarray:
    """Minimiser of |J d + r|^2 + prior^2 |c + d|^2 + damping^2 |d|^2 with c + d in the bounds."""
    n = len(c)
    H = J.T @ J + (prior**2 + damping**2) * np.eye(n)
    g = J.T @ r + prior**2 * c
    L = np.linalg.cholesky(H)
    low, high = bounds[:, 0] - c, bounds[:, 1] - c
    return lsq_linear(L.T, -np.linalg.solve(L, g), (low - 1e-12, high + 1e-12), method="bvls", tol=1e-12).x


def _blendshape_fit(model: "FaceModel", target: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, float]:
    """Bounded linear least squares on the shapes alone: weights and their RMS distance [mm]."""
    skin = model.skin_vertices
    deltas = shape_deltas(model)
    wanted = target[skin] - model.neutral[skin]
    if not len(deltas):
        return np.zeros(0), float(np.sqrt((wanted**2).sum(1).mean())) * model.mm_per_unit
    A = (deltas * weight).reshape(len(deltas), -1).T
    H = A.T @ A
    ridge = 1e-6 * max(H.diagonal().max(), 1e-300)
    L = np.linalg.cholesky(H + ridge * np.eye(len(H)))
    w = lsq_linear(L.T, np.linalg.solve(L, A.T @ (wanted * weight).ravel()), (0.0, 1.0), method="bvls").x
    gap = np.tensordot(w, deltas, 1) - wanted
    return w, float(np.sqrt((gap**2).sum(1).mean())) * model.mm_per_unit


def _rms_mm(model: "FaceModel", pose: "Pose", target: np.ndarray) -> float:
    skin = model.skin_vertices
    return float(np.sqrt(((pose.skin[skin] - target[skin]) ** 2).sum(1).mean())) * model.mm_per_unit
