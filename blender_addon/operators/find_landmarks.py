# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Find Landmarks: a first guess of them all, as empties on the skin; and their removal."""

import bpy

from .. import engine, jobs, landmarks, requirements, staleness


class MUSCLE_FACE_OT_find_landmarks(jobs.JobOperator, bpy.types.Operator):
    """Mark eyes, nose, mouth and chin of the active mesh with empties, to be moved where they are wrong"""

    bl_idname = "muscle_face.find_landmarks"
    bl_label = "Find Landmarks"
    bl_options = {"UNDO"}

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.create_problem(context))

    def plan(self, context):
        obj = context.object
        self._object = obj.name
        vertices, faces, shapes = yield from staleness.read_head(obj)
        return lambda _progress: engine.guess_landmarks()(vertices, faces, shapes)

    def finish(self, context, result):
        head = self.subject(context)
        for mark in engine.picked_landmarks():
            landmarks.place(head, mark.name, mark.label, result[mark.name])


class MUSCLE_FACE_OT_remove_landmarks(bpy.types.Operator):
    """Delete the landmarks of the active mesh; a rig that exists keeps those that it was made with"""

    bl_idname = "muscle_face.remove_landmarks"
    bl_label = "Remove Landmarks"
    bl_options = {"UNDO"}

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.landmark_problem(context))

    def execute(self, context):
        landmarks.remove(context.object)
        return {"FINISHED"}
