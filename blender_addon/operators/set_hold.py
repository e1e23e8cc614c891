# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Set Shape Hold: how hard shapes hold on to the flesh of a part of the face."""

import bpy
from bpy.props import EnumProperty, FloatProperty

from .. import drive, jobs, requirements, storage
from ..properties import REGIONS


class MUSCLE_FACE_OT_set_hold(jobs.JobOperator, bpy.types.Operator):
    """Set how hard shapes hold on to the flesh of a part of the face, against muscles and gravity"""

    bl_idname = "muscle_face.set_hold"
    bl_label = "Set Shape Hold"
    bl_options = {"UNDO"}

    region: EnumProperty(
        name="Part",
        description="The part of the face",
        items=REGIONS,
    )
    factor: FloatProperty(
        name="Hold", description="1 as it was made, more for shapes that win against muscles", min=0.0, max=20.0,
        default=1.0,
    )  # fmt: skip

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.drive_problem(context))

    def plan(self, context):
        obj, region, factor = context.object, self.region.lower(), self.factor
        self._object = obj.name
        drive.sim_key(obj.data)
        model = yield from storage.loading(obj.data)
        yield 0.0, "Changing the flesh"

        def work(_progress):
            changed = model.with_track_stiffness({region: factor})
            return changed, changed.to_bytes()

        return work

    def finish(self, context, result):
        model, blob = result
        obj = self.subject(context)
        storage.store(obj.data, model, blob, storage.before(obj.data))
        self.committed = True
        yield from drive.solving(obj, model, drive.read(obj, model, context.evaluated_depsgraph_get()))
