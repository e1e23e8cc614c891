# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Sub-panel Shapes: the mesh's own shape keys."""

import bpy

from .. import storage
from .base import RigPanel


class MUSCLE_FACE_PT_shapes(RigPanel, bpy.types.Panel):
    """The mesh's own shape keys"""

    bl_label = "Shapes"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        keys = context.object.data.shape_keys
        names = storage.before(context.object.data)["keys"]
        shapes = [key for key in keys.key_blocks if key.name in names and key != keys.reference_key] if keys else []
        column = self.layout.column(align=True)
        for key in shapes:
            row = column.row(align=True)
            row.active = not key.mute
            row.prop(key, "value", text=key.name, slider=True)
        if not shapes:
            column.label(text="This mesh has no shape keys: use the muscles", icon="INFO")
