# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Keyframe All: the whole expression on one frame."""

import bpy
from bpy.props import StringProperty

from ...core import MuscleFaceError
from .. import animation, editing, requirements


class MUSCLE_FACE_OT_keyframe_sliders(bpy.types.Operator):
    """Insert a keyframe on every slider of the face at the current frame"""

    bl_idname = "muscle_face.keyframe_sliders"
    bl_label = "Keyframe All"
    bl_options = {"REGISTER", "UNDO"}

    kind: StringProperty(name="Kind", description="shape, muscle or jaw; empty for all", options={"SKIP_SAVE"})
    group: StringProperty(name="Group", description="The part of the face to key; empty for all", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.rig_problem(context))

    def execute(self, context):
        obj, frame = context.object, context.scene.frame_current
        some = editing.in_group(obj, self.kind, self.group)
        try:
            animation.check_writable(obj, obj.data.shape_keys)
        except MuscleFaceError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        locked, muted = editing.key(obj, some, context.scene.frame_current_final)
        text = f"Keyed {len(some) - len(locked)} sliders at frame {frame}"
        text += f"; their channels are locked: {', '.join(locked)}" if locked else ""
        text += f"; their channels are muted, so that keys do not act: {', '.join(muted)}" if muted else ""
        self.report({"WARNING" if locked or muted else "INFO"}, text)
        return {"FINISHED"}
