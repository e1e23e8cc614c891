# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The anatomy drawn over the 3D view: muscles, bones, tets and landmarks of every rig that wants to show them.

While no rig shows anything there is no draw handler, and nothing costs time.
"""

import bpy

from ...core import MuscleFaceError
from .. import requirements, storage
from . import batches

TOGGLES = ("show_muscles", "show_bones", "show_tets", "show_landmarks")

_handle: object | None = None


def shows(obj: bpy.types.Object) -> bool:
    """Whether an object is to show some anatomy."""
    return any(getattr(obj.muscle_face, name) for name in TOGGLES)


def shown_objects() -> list[bpy.types.Object]:
    """The rigs that show some anatomy."""
    return [obj for obj in storage.rigged_objects() if requirements.is_rig(obj) and shows(obj)]


def synchronise(*_args) -> None:
    """Have a draw handler when, and only when, something is shown."""
    global _handle
    wanted = bool(shown_objects())
    if wanted and _handle is None:
        _handle = bpy.types.SpaceView3D.draw_handler_add(_draw, (), "WINDOW", "POST_VIEW")
    elif not wanted and _handle is not None:
        bpy.types.SpaceView3D.draw_handler_remove(_handle, "WINDOW")
        _handle = None
        batches.clear()


def active() -> bool:
    """Whether there is a draw handler."""
    return _handle is not None


def _draw() -> None:
    space = bpy.context.space_data
    if not space.overlay.show_overlays:
        return
    for obj in shown_objects():
        if obj.visible_in_viewport_get(space) and obj.visible_get():
            try:
                batches.draw(obj)
            except MuscleFaceError as error:
                # A draw handler that raises is removed by nobody and fails again at every redraw.
                # Written once: what is written has the view drawn again.
                if obj.muscle_face.message != str(error):
                    obj.muscle_face.message = str(error)


def unregister() -> None:
    """Take the draw handler out."""
    global _handle
    if _handle is not None:
        bpy.types.SpaceView3D.draw_handler_remove(_handle, "WINDOW")
        _handle = None
    batches.clear()
