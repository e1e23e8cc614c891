# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Sub-panel Jaw & Head: the jaw bone, and how the head is held."""

import bpy

from .. import requirements
from . import rows
from .base import RigPanel


class MUSCLE_FACE_PT_jaw(RigPanel, bpy.types.Panel):
    """The jaw bone, and how the head is held"""

    bl_label = "Jaw & Head"

    def draw(self, context):
        layout, obj = self.layout, context.object
        layout.use_property_split = True
        rows.next_step(layout, requirements.drive_problem(context))
        for name in ("jaw_open", "jaw_forward", "jaw_side"):
            layout.prop(obj.muscle_face, name)
        turn = {"QUATERNION": "quaternion", "AXIS_ANGLE": "axis_angle"}.get(obj.rotation_mode, "euler")
        layout.column(align=True).prop(obj, f"rotation_{turn}", text="Head")
