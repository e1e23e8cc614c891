# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Sub-panel Jaw & Head: the jaw bone."""

import bpy

from .base import RigPanel


class MUSCLE_FACE_PT_jaw(RigPanel, bpy.types.Panel):
    """The jaw bone"""

    bl_label = "Jaw & Head"

    def draw(self, context):
        layout, settings = self.layout, context.object.muscle_face
        layout.use_property_split = True
        for name in ("jaw_open", "jaw_forward", "jaw_side"):
            layout.prop(settings, name)
