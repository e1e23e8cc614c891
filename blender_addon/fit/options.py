# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The options of the Fit panel as the core wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...core import FaceModel
    from ...core.fit.options import FitOptions
    from ...core.pose import Pose
    from ..drive import Drive

_HEAD = {"AUTO": "auto", "ON": True, "OFF": False}


def of(settings) -> FitOptions:
    """What the artist chose."""
    from ...core.fit.options import FitOptions

    return FitOptions(
        mode=settings.fit_mode,
        shapes=settings.fit_use_shapes,
        muscles=settings.fit_use_muscles,
        jaw=settings.fit_use_jaw,
        head_pose=_HEAD[settings.fit_head_pose],
        scale=settings.fit_scale,
        prior=settings.fit_prior,
        smoothness=settings.fit_smoothness,
    )


def start(hold: bool, model: FaceModel, now: Drive, last: Pose | None, progress) -> Pose | None:
    """The pose to begin from and to be held to: that of the sliders, or none where the fit is free. Any thread."""
    if not hold:
        return None
    return now.on(model).solve(now.controls, gravity=now.gravity, start=last, progress=progress)
