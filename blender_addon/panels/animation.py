# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Sub-panel Animation: from takes to the face, and from one face to others."""

import bpy

from .. import requirements
from . import rows
from .base import RigPanel


class MUSCLE_FACE_PT_animation(RigPanel, bpy.types.Panel):
    """Bring animation to this face and carry it over to others"""

    bl_label = "Animation"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        layout, settings = self.layout, context.object.muscle_face
        if rows.progress(layout):
            return
        layout.operator("muscle_face.import_livelink", icon="IMPORT")
        if settings.take_report:
            rows.paragraph(layout, settings.take_report)
        layout.operator("muscle_face.copy_animation", icon="COPYDOWN")
        rows.next_step(layout, requirements.copy_animation_problem(context))
