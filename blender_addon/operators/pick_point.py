# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What Moves This Point: the muscles and shapes that move a clicked point of the skin, strongest first."""

import bpy
from bpy.props import IntProperty

from ...core import MuscleFaceError
from .. import drive, editing, engine, jobs, picking, requirements, storage

MOST = 12
"""Entries that are kept: the rest moves the point little."""


class MUSCLE_FACE_OT_influences(jobs.JobOperator, bpy.types.Operator):
    """Rank the sliders by how far they move a vertex of the face as it is now"""

    bl_idname = "muscle_face.influences"
    bl_label = "Rank Sliders"
    bl_options = {"UNDO"}

    vertex: IntProperty(name="Vertex", description="Index of the vertex", min=0, options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.drive_problem(context))

    def plan(self, context):
        obj, vertex = context.object, self.vertex
        self._object = obj.name
        model = yield from storage.loading(obj.data)
        check_vertex(model, vertex)
        influence = engine.influence()
        wanted, last = drive.read(obj, model, context.evaluated_depsgraph_get()), drive.last_pose(obj)
        reach = editing.reach(obj)
        yield 0.0, "Reading the face"

        def work(progress):
            face = wanted.on(model)
            pose = face.solve(wanted.controls, gravity=wanted.gravity, start=last, progress=progress)
            progress(0.5, "Ranking the sliders")
            return influence.ranked(face, reach * influence.point_jacobian(face, pose, vertex))[:MOST]

        return work

    def finish(self, context, result):
        settings = self.subject(context).muscle_face
        settings.picked_vertex = self.vertex
        settings.influences.clear()
        for entry in result:
            item = settings.influences.add()
            item.name, item.kind, item.millimetres, item.direction = entry.name, entry.kind, entry.mm, entry.direction


class MUSCLE_FACE_OT_pick_point(picking.ClickOperator, bpy.types.Operator):
    """Click a point of the skin to see which muscles and shapes move it"""

    bl_idname = "muscle_face.pick_point"
    bl_label = "What Moves This Point"

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.drive_problem(context))

    def invoke(self, context, _event):
        self._vertex = None
        return self.wait(context)

    def prompt(self, _context):
        return "Click a point of the skin - Esc to cancel"

    def clicked(self, context, spot):
        self._vertex = picking.vertex_under(context, context.object, spot)
        return None if self._vertex is None else {"FINISHED"}

    def tidy(self, _context):
        # Last of all: the ranking shows its progress where the prompt was.
        if self._vertex is not None:
            bpy.ops.muscle_face.influences("INVOKE_DEFAULT", vertex=self._vertex)


def check_vertex(model, vertex: int) -> None:
    """Raises MuscleFaceError for a vertex that the mesh does not have."""
    if not 0 <= vertex < model.vertex_count:
        raise MuscleFaceError(f"The face has no vertex {vertex}: click a point of its skin.")
