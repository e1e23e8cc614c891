# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Mirror: the same expression on the other side of the face."""

import bpy

from ...core.sliders import mirrored
from .. import editing, requirements, sliders


class MUSCLE_FACE_OT_mirror_sliders(bpy.types.Operator):
    """Swap the sliders of the left and the right side"""

    bl_idname = "muscle_face.mirror_sliders"
    bl_label = "Mirror"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.rig_problem(context))

    def execute(self, context):
        obj = context.object
        cut = editing.write(obj, mirrored(editing.values(obj), editing.all_of(obj)))
        editing.remember(obj)
        if cut:
            self.report({"WARNING"}, f"Mirrored; {sliders.beyond_note(cut)}")
        return {"FINISHED"}
