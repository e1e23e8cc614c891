# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Exclude: a shape key that is added to the simulated face as it is."""

import bpy
from bpy.props import StringProperty

from .. import editing, requirements, storage


class MUSCLE_FACE_OT_exclude_shape(bpy.types.Operator):
    """Simulate this shape, or add it to the simulated face as it is (for wrinkles and other fine shapes)"""

    bl_idname = "muscle_face.exclude_shape"
    bl_label = "Simulate"
    bl_options = {"REGISTER", "UNDO"}

    shape: StringProperty(name="Shape", description="Name of the shape key; its other side goes with it")

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.drive_problem(context))

    def execute(self, context):
        obj = context.object
        excluded, keys = obj.muscle_face.excluded, editing.key_blocks(obj)
        slider = next((s for s in storage.sliders(obj.data) if s.kind == "shape" and s.name == self.shape), None)
        if slider is None or slider.name not in keys:
            self.report({"ERROR"}, f"The rig knows no shape '{self.shape}'")
            return {"CANCELLED"}
        pair = [name for name in (slider.name, slider.partner) if name in keys]
        if slider.name in excluded:
            for name in pair:
                if name in excluded:
                    excluded.remove(excluded.find(name))
        else:
            for name in pair:
                if name not in excluded:
                    excluded.add().name = name
        obj.update_tag()
        return {"FINISHED"}
