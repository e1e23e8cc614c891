# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Sub-panel Animation: from one face to others."""

import bpy

from .. import requirements
from . import rows
from .base import RigPanel


class MUSCLE_FACE_PT_animation(RigPanel, bpy.types.Panel):
    """Carry animation over to other faces"""

    bl_label = "Animation"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        self.layout.operator("muscle_face.copy_animation", icon="COPYDOWN")
        rows.next_step(self.layout, requirements.copy_animation_problem(context))
