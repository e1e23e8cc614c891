# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Sub-panel Landmarks, below Rig: where eyes, mouth and nose are, checked before the rig is created."""

import bpy

from .. import landmarks, requirements
from . import rows
from .base import Panel


class MUSCLE_FACE_PT_landmarks(Panel, bpy.types.Panel):
    """The places on the face that the rig is built by"""

    bl_label = "Landmarks"
    bl_parent_id = "MUSCLE_FACE_PT_rig"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context):
        return context.object is not None and context.object.type == "MESH"

    def draw(self, context):
        layout = self.layout
        count = len(landmarks.empties(context.object))
        layout.operator("muscle_face.find_landmarks", icon="VIEWZOOM")
        if not count:
            rigged = requirements.is_rig(context.object)
            text = "Landmarks are placed before the rig is created" if rigged else "For heads whose face is not found"
            rows.paragraph(layout, text, icon="INFO")
            return
        layout.operator("muscle_face.pick_landmarks", icon="CURSOR")
        layout.label(text=f"{count} landmarks: move them as you like", icon="EMPTY_AXIS")
        layout.operator("muscle_face.remove_landmarks", icon="X")
