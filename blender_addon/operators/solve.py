# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Solve: bring the skin to equilibrium at the sliders as they are."""

import bpy

from .. import drive, jobs, requirements, storage


class MUSCLE_FACE_OT_solve(jobs.JobOperator, bpy.types.Operator):
    """Simulate the face once at the current sliders (needed when Live is off)"""

    bl_idname = "muscle_face.solve"
    bl_label = "Solve"
    bl_options = {"UNDO"}

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.drive_problem(context))

    def plan(self, context):
        self._object = context.object.name
        model = yield from storage.loading(context.object.data)
        return lambda _progress: model

    def finish(self, context, result):
        obj = self.subject(context)
        yield from drive.solving(obj, result, drive.read(obj, result, context.evaluated_depsgraph_get()))
        if obj.muscle_face.message:
            self.report({"WARNING"}, obj.muscle_face.message)
