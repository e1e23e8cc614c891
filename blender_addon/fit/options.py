# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The options of the Fit panel as the core wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from .. import drive, editing

if TYPE_CHECKING:
    from ...core import FaceModel
    from ...core.fit.options import FitOptions
    from ...core.pose import Pose

_HEAD = {"AUTO": "auto", "ON": True, "OFF": False}


def of(obj: bpy.types.Object, model: FaceModel, now: drive.Drive) -> FitOptions:
    """What the artist chose, and what the sliders can show."""
    from ...core.fit.options import FitOptions

    settings = obj.muscle_face
    return FitOptions(
        mode=settings.fit_mode,
        shapes=settings.fit_use_shapes,
        muscles=settings.fit_use_muscles,
        jaw=settings.fit_use_jaw,
        head_pose=_HEAD[settings.fit_head_pose],
        scale=settings.fit_scale,
        prior=settings.fit_prior,
        smoothness=settings.fit_smoothness,
        limits=_limits(obj, model, now),
    )


def held(obj: bpy.types.Object, model: FaceModel) -> set[str]:
    """The sliders that a fit leaves alone: muted ones, muscles without strength, those that drivers set, and those that
    the artist does not let it move."""
    from ...core.fit.setting import turns_jaw

    names, settings = model.controls().names, obj.muscle_face
    may = {"shape": settings.fit_use_shapes, "muscle": settings.fit_use_muscles, "jaw": settings.fit_use_jaw}
    found = {name for name, kind in zip(names, model.control_kinds, strict=True) if not may[kind]}
    if not may["jaw"]:
        found |= {names[k] for k in turns_jaw(model).nonzero()[0]}
    return found | {names[k] for k in editing.frozen(obj, model)}


def _limits(obj: bpy.types.Object, model: FaceModel, now: drive.Drive) -> dict[str, tuple[float, float]]:
    """A shape key's own range, a muscle's strength, and the value of what is held."""
    still, settings, keys, found = held(obj, model), obj.muscle_face, editing.key_blocks(obj), {}
    for name, kind, value in zip(model.controls().names, model.control_kinds, now.controls.tolist(), strict=True):
        if name in still:
            found[name] = value, value
        elif kind == "shape":
            found[name] = keys[name].slider_min, keys[name].slider_max
        elif kind == "muscle":
            found[name] = 0.0, drive.share(settings, settings.muscles[name])
    return found


def start(hold: bool, model: FaceModel, now: drive.Drive, last: Pose | None, progress) -> Pose | None:
    """The pose to begin from and to be held to: that of the sliders, or none where the fit is free. Any thread."""
    if not hold:
        return None
    return now.on(model).solve(now.controls, gravity=now.gravity, start=last, progress=progress)
