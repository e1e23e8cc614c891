# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Bind Markers: note which point of the skin each marker follows."""

import bpy

from ...core import MuscleFaceError
from .. import requirements, storage
from ..fit import markers


class MUSCLE_FACE_OT_bind_markers(bpy.types.Operator):
    """Bind the markers to the points of the skin that they lie on or beside at this frame, or that their names tell"""

    bl_idname = "muscle_face.bind_markers"
    bl_label = "Bind Markers"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        problem = requirements.rig_problem(context)
        if problem is None and context.object.muscle_face.fit_markers is None:
            problem = "Choose a collection of markers in the Fit panel first"
        return requirements.check(cls, problem)

    def execute(self, context):
        obj = context.object
        try:
            count = markers.bind(context, obj, storage.load(obj.data))
        except MuscleFaceError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"{count} markers bound to the skin")
        return {"FINISHED"}
