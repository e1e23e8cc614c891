# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Reset: sliders back to rest."""

import bpy
from bpy.props import StringProperty

from .. import editing, requirements


class MUSCLE_FACE_OT_reset_sliders(bpy.types.Operator):
    """Set the sliders to rest, all or those of a part of the face"""

    bl_idname = "muscle_face.reset_sliders"
    bl_label = "Reset"
    bl_options = {"REGISTER", "UNDO"}

    kind: StringProperty(name="Kind", description="shape, muscle or jaw; empty for all", options={"SKIP_SAVE"})
    group: StringProperty(
        name="Group", description="The part of the face to reset; empty for all", options={"SKIP_SAVE"}
    )

    @classmethod
    def description(cls, _context, properties):
        return f"Set all sliders of {properties.group} to rest" if properties.group else "Set all sliders to rest"

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.rig_problem(context))

    def execute(self, context):
        obj = context.object
        editing.write(obj, {s.name: 0.0 for s in editing.in_group(obj, self.kind, self.group)})
        return {"FINISHED"}
