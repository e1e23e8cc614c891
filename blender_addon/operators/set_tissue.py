# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Set Tissue: give a rigged face another kind of flesh."""

import bpy
from bpy.props import EnumProperty

from .. import drive, jobs, requirements, storage
from ..properties import TISSUES


class MUSCLE_FACE_OT_set_tissue(jobs.JobOperator, bpy.types.Operator):
    """Change what the flesh is made of; the neutral and the shapes stay as they are"""

    bl_idname = "muscle_face.set_tissue"
    bl_label = "Set Tissue"
    bl_options = {"UNDO"}

    tissue: EnumProperty(name="Tissue", description="What the flesh is made of", items=TISSUES)

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.drive_problem(context))

    def plan(self, context):
        obj, tissue = context.object, self.tissue
        self._object = obj.name
        drive.sim_key(obj.data)
        model = yield from storage.loading(obj.data)
        yield 0.0, "Changing the tissue"

        def work(progress):
            changed = model.with_tissue(tissue, progress)
            return changed, changed.to_bytes()

        return work

    def finish(self, context, result):
        model, blob = result
        obj = self.subject(context)
        storage.store(obj.data, model, blob, storage.before(obj.data))
        obj.muscle_face.tissue = model.tissue
        self.committed = True
        yield from drive.solving(obj, model, drive.read(obj, model, context.evaluated_depsgraph_get()))
