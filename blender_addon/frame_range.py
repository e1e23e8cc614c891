# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The frames that an operator with `frame_start` and `frame_end` works on, and the one that it came from."""

import bpy

from ..core import MuscleFaceError


def chosen(operator: bpy.types.Operator, scene: bpy.types.Scene, purpose: str, step: int = 1) -> range:
    """The operator's frames, the scene's where it was not told. Raises MuscleFaceError for an empty range."""
    given = operator.properties.is_property_set
    first = operator.frame_start if given("frame_start") else scene.frame_start
    last = operator.frame_end if given("frame_end") else scene.frame_end
    if last < first:
        raise MuscleFaceError(f"The last frame to {purpose} ({last}) lies before the first ({first}).")
    return range(first, last + 1, step)


def propose(operator: bpy.types.Operator, scene: bpy.types.Scene) -> None:
    """Where a dialog shows the operator's frames: the scene's, unless others were given."""
    for name in ("frame_start", "frame_end"):
        if not operator.properties.is_property_set(name):
            setattr(operator, name, getattr(scene, name))


def put_back(operator: bpy.types.Operator, scene: bpy.types.Scene) -> None:
    """Show the frame that the operator noted in ``_frame``, if it got so far and another is shown."""
    if scene.frame_current != getattr(operator, "_frame", scene.frame_current):
        scene.frame_set(operator._frame)
