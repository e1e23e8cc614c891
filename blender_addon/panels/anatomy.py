# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Sub-panel Own Anatomy, below Rig: the artist's bones and muscles."""

import bpy

from .. import jobs, requirements
from . import rows
from .base import Panel


class MUSCLE_FACE_PT_anatomy(Panel, bpy.types.Panel):
    """Your own bones and muscles in the place of those that are found"""

    bl_label = "Own Anatomy"
    bl_parent_id = "MUSCLE_FACE_PT_rig"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context):
        return context.object is not None and context.object.type == "MESH"

    def draw(self, context):
        layout, obj = self.layout, context.object
        layout.enabled = not jobs.busy()
        settings = obj.muscle_face
        layout.use_property_split, layout.use_property_decorate = True, False
        column = layout.column(align=True)
        column.prop(settings, "skull")
        column.prop(settings, "jaw_bone")
        if settings.skull or settings.jaw_bone:
            column.operator("muscle_face.fit_bones", icon="MOD_SHRINKWRAP")
            column.prop(settings, "fit_bones")
        layout.prop(settings, "own_muscles", text="Muscles")
        if requirements.is_rig(obj):
            row = layout.row(align=True)
            row.operator("muscle_face.show_muscles", icon="OUTLINER_OB_CURVE")
            row.operator("muscle_face.apply_muscles", icon="CHECKMARK")
            problem = requirements.apply_muscles_problem(context)
            rows.next_step(layout, problem or "Edit the curves or meshes, then apply them")
