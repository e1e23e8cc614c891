# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Sub-panel Bake: animation as shape keys."""

import bpy

from .. import requirements, storage
from . import rows
from .base import RigPanel


class MUSCLE_FACE_PT_bake(RigPanel, bpy.types.Panel):
    """Animation as shape keys"""

    bl_label = "Bake"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        layout, scene = self.layout, context.scene
        layout.use_property_split = True
        column = layout.column(align=True)
        column.prop(scene, "frame_start", text="Frame Start")
        column.prop(scene, "frame_end", text="End")
        settings = context.object.muscle_face
        layout.prop(settings, "bake_method")
        if settings.bake_method == "COMPRESSED":
            layout.prop(settings, "bake_bound", text="Error (mm)")
        if rows.progress(layout):
            return
        layout.operator("muscle_face.bake", icon="REC")
        rows.next_step(layout, requirements.bake_problem(context))
        if storage.bake_mutes(context.object.data) is not None:
            layout.operator("muscle_face.remove_bake", icon="X")
        layout.operator("muscle_face.export_cache", icon="EXPORT")
