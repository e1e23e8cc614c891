# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Fit Bones: a copy of the artist's skull and jaw, laid into the head."""

import bpy

from .. import anatomy, bridge, engine, jobs, landmarks, requirements, staleness

SETTING = {"cranium": "skull", "mandible": "jaw_bone"}


class MUSCLE_FACE_OT_fit_bones(jobs.JobOperator, bpy.types.Operator):
    """Lay a copy of skull and jaw under the skin: scaled, turned and smoothly deformed, wherever they are"""

    bl_idname = "muscle_face.fit_bones"
    bl_label = "Fit Bones"
    bl_options = {"UNDO"}

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.fit_bones_problem(context))

    def plan(self, context):
        obj = context.object
        self._object = obj.name
        vertices, faces, shapes = yield from staleness.read_head(obj)
        fit, given, marks = engine.fitted_bones(), anatomy.bones(obj), landmarks.positions(obj)
        return lambda progress: fit(vertices, faces, shapes, given, landmarks=marks, progress=progress)

    def finish(self, context, result):
        head = self.subject(context)
        for name, positions in result.items():
            source = getattr(head.muscle_face, SETTING[name])
            setattr(head.muscle_face, SETTING[name], _fitted_copy(head, source, positions))
        head.muscle_face.fit_bones = False


def _fitted_copy(head: bpy.types.Object, source: bpy.types.Object, positions) -> bpy.types.Object:
    """A copy of a bone, a child of the head, with its vertices at positions (V, 3) of the head's space."""
    copy = source.copy()
    copy.data = source.data.copy()
    copy.name = copy.data.name = f"{source.name} in {head.name}"
    copy.animation_data_clear()
    copy.modifiers.clear()
    copy.constraints.clear()
    copy.shape_key_clear()
    bridge.write_vertex_positions(copy.data, positions)
    (head.users_collection or [bpy.context.scene.collection])[0].objects.link(copy)
    copy.parent = head
    copy.matrix_parent_inverse.identity()
    copy.matrix_basis.identity()
    # One in an excluded collection or another scene is out of sight already.
    if source.name in bpy.context.view_layer.objects:
        source.hide_set(True)
    return copy
