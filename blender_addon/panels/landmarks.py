# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Sub-panel Landmarks, below Rig: where eyes, mouth and nose are, checked before the rig is created."""

import bpy

from .. import jobs, landmarks, requirements
from . import rows
from .base import Panel


class MUSCLE_FACE_PT_landmarks(Panel, bpy.types.Panel):
    """The places on the face that the rig is built by"""

    bl_label = "Landmarks"
    bl_parent_id = "MUSCLE_FACE_PT_rig"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context):
        obj = context.object
        # A rig has them in it: what there is to do is done before.
        return obj is not None and obj.type == "MESH" and (not requirements.is_rig(obj) or landmarks.count(obj) > 0)

    def draw(self, context):
        layout = self.layout
        layout.enabled = not jobs.busy()
        count = landmarks.count(context.object)
        layout.operator("muscle_face.find_landmarks", icon="VIEWZOOM")
        if not count:
            rows.paragraph(layout, "Needed only when Create Muscle Rig cannot find the face", icon="INFO")
            return
        layout.operator("muscle_face.pick_landmarks", icon="CURSOR")
        layout.label(text=f"{count} landmarks: move them as you like", icon="EMPTY_AXIS")
        layout.operator("muscle_face.remove_landmarks", icon="X")
