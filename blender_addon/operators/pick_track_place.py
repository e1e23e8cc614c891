# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Pick Place: click the skin point that the selected track follows."""

import bpy

from .. import picking, requirements


class MUSCLE_FACE_OT_pick_track_place(picking.ClickOperator, bpy.types.Operator):
    """Click the point of the skin that the selected track follows; Esc leaves it as it is"""

    bl_idname = "muscle_face.pick_track_place"
    bl_label = "Pick Place"
    bl_options = {"UNDO"}

    vertex: bpy.props.IntProperty(
        name="Vertex", description="The vertex to use instead of a click", default=-1, options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context):
        problem = requirements.rig_problem(context)
        if problem is None and _row(context.object) is None:
            problem = "Select a track in the table first"
        return requirements.check(cls, problem)

    def invoke(self, context, _event):
        return self.wait(context)

    def prompt(self, context):
        return f"Click the place of '{_row(context.object).name}' on the skin - Esc to cancel"

    def clicked(self, context, spot):
        vertex = picking.vertex_under(context, context.object, spot)
        if vertex is None:
            return None
        self.vertex = vertex
        return self.execute(context)

    def execute(self, context):
        obj = context.object
        if not 0 <= self.vertex < len(obj.data.vertices):
            self.report({"ERROR"}, "There is no such vertex: click a point of the skin.")
            return {"CANCELLED"}
        row = _row(obj)
        row.clicked, row.corners, row.weights = True, (self.vertex,) * 3, (1.0, 0.0, 0.0)
        return {"FINISHED"}


def _row(obj: bpy.types.Object):
    settings = obj.muscle_face
    index = settings.fit_active_track
    return settings.fit_tracks[index] if 0 <= index < len(settings.fit_tracks) else None
