# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Solve: bring the skin to equilibrium at the sliders as they are."""

import bpy

from ...core import MuscleFaceError
from .. import drive, requirements, storage


class MUSCLE_FACE_OT_solve(bpy.types.Operator):
    """Simulate the face once at the current sliders (needed when Live is off)"""

    bl_idname = "muscle_face.solve"
    bl_label = "Solve"
    bl_options = {"UNDO"}

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.drive_problem(context))

    def execute(self, context):
        obj = context.object
        depsgraph = context.evaluated_depsgraph_get()
        try:
            model = storage.load(obj.data)
            drive.solve(obj, model, drive.read(obj, model, depsgraph))
        except MuscleFaceError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if obj.muscle_face.message:
            self.report({"WARNING"}, obj.muscle_face.message)
        return {"FINISHED"}
