# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The frames that an operator with `frame_start` and `frame_end` works on, and the one that it came from."""

from collections.abc import Sequence

import bpy
import numpy as np

from ..core import MuscleFaceError


def chosen(operator: bpy.types.Operator, scene: bpy.types.Scene, purpose: str, step: int = 1) -> range:
    """The operator's frames, the scene's where it was not told. Raises MuscleFaceError for an empty range."""
    given = operator.properties.is_property_set
    first = operator.frame_start if given("frame_start") else scene.frame_start
    last = operator.frame_end if given("frame_end") else scene.frame_end
    if last < first:
        raise MuscleFaceError(f"The last frame to {purpose} ({last}) lies before the first ({first}).")
    return range(first, last + 1, step)


def stretch(scene: bpy.types.Scene) -> float:
    """Frames of an F-Curve per frame of the scene: other than 1 under Output > Frame Range > Time Stretching."""
    return scene.render.frame_map_old / scene.render.frame_map_new


def on_curves(scene: bpy.types.Scene, frames: Sequence[int]) -> np.ndarray:
    """(F,) where the frames of a scene lie on F-Curves."""
    return stretch(scene) * np.array(frames, float)


def propose(operator: bpy.types.Operator, scene: bpy.types.Scene) -> None:
    """Where a dialog shows the operator's frames: the scene's, unless others were given."""
    for name in ("frame_start", "frame_end"):
        if not operator.properties.is_property_set(name):
            setattr(operator, name, getattr(scene, name))


def now(scene: bpy.types.Scene) -> tuple[int, float]:
    """The frame that a scene shows, and how far it is on the way to the next one."""
    return scene.frame_current, scene.frame_subframe


def show(scene: bpy.types.Scene, at: tuple[int, float]) -> None:
    """Show a frame that `now` has given."""
    scene.frame_set(at[0], subframe=at[1])


def put_back(operator: bpy.types.Operator, scene: bpy.types.Scene) -> None:
    """Show the frame that the operator noted in ``_frame``, if it got so far and another is shown."""
    if now(scene) != getattr(operator, "_frame", now(scene)):
        show(scene, operator._frame)
