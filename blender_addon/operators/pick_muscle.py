# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Pick Muscle: click a muscle in the view to get its slider."""

import bpy
import numpy as np
from bpy.props import StringProperty

from ...core import MuscleFaceError
from ...core.sliders import label_of
from .. import drive, engine, picking, requirements, storage

REACH = 25.0
"""Pixels from a fibre within which a click counts."""


class MUSCLE_FACE_OT_pick_muscle(picking.ClickOperator, bpy.types.Operator):
    """Click a muscle in the 3D view to select its slider"""

    bl_idname = "muscle_face.pick_muscle"
    bl_label = "Pick Muscle"
    bl_options = {"UNDO"}

    muscle: StringProperty(name="Muscle", description="The muscle to select; empty to click one", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.rig_problem(context))

    def execute(self, context):
        settings = context.object.muscle_face
        if self.muscle not in settings.muscles:
            self.report({"ERROR"}, f"This face has no muscle '{self.muscle}'")
            return {"CANCELLED"}
        settings.active_muscle = self.muscle
        return {"FINISHED"}

    def invoke(self, context, _event):
        if self.muscle:
            return self.execute(context)
        context.object.muscle_face.show_muscles = True
        return self.wait(context)

    def prompt(self, _context):
        return "Click a muscle - Esc to cancel"

    def clicked(self, context, spot):
        try:
            name = muscle_at(context, spot)
        except MuscleFaceError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if name is None:
            self.report({"WARNING"}, "There is no muscle here; click nearer to a fibre")
            return None
        context.object.muscle_face.active_muscle = name
        self.report({"INFO"}, label_of(name))
        return {"FINISHED"}


def muscle_at(context: bpy.types.Context, mouse: tuple[float, float]) -> str | None:
    """Name of the muscle whose fibre is nearest to a point of the region, or None far from all."""
    obj = context.object
    model, pose = storage.load(obj.data), drive.last_pose(obj)
    lines, owner = engine.views().fibre_lines(model, model.rig.nodes if pose is None else pose.nodes)
    if not len(lines):
        return None
    flat = picking.in_region(context, obj, lines.reshape(-1, 3)).reshape(-1, 2, 2)
    best, distance = engine.influence().nearest_line(flat, np.array(mouse, float))
    return model.muscles[int(owner[best])] if distance <= REACH else None
