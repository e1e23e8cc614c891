# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Update Rig: make the rig of a face anew from the mesh as it is now, and keep its animation."""

import bpy

from .. import anatomy, drive, engine, jobs, muscle_curves, requirements, staleness, storage, watching
from . import create_rig


class MUSCLE_FACE_OT_update_rig(jobs.JobOperator, bpy.types.Operator):
    """Build the rig again after the mesh, its shape keys or its anatomy were edited; sliders keep their animation"""

    bl_idname = "muscle_face.update_rig"
    bl_label = "Update Rig"
    bl_options = {"UNDO"}

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.drive_problem(context))

    def plan(self, context):
        obj = context.object
        self._object = obj.name
        read = storage.reader_to_update(obj.data)
        vertices, faces, shapes = yield from staleness.read_head(obj)
        options, meshes = anatomy.options(obj), anatomy.muscle_meshes(obj)
        made = {"quality": obj.muscle_face.quality, "tissue": obj.muscle_face.tissue}

        def work(progress):
            model = read()
            if model is not None:
                fresh = model.updated(vertices, faces, shapes, progress=progress, **options)
            else:
                fresh = engine.face_model().build(vertices, faces, shapes, progress=progress, **made, **options)
            fresh = fresh.with_muscle_meshes(meshes, progress) if meshes else fresh
            return fresh, fresh.to_bytes()

        return work

    def finish(self, context, result):
        model, blob = result
        obj = self.subject(context)
        before = described_again(obj, storage.before(obj.data))
        if obj.data.shape_keys is None or storage.SIM_KEY not in obj.data.shape_keys.key_blocks:
            create_rig.add_sim_key(obj)
        storage.store(obj.data, model, blob, before, fingerprint=staleness.fingerprint(obj))
        watching.forget()
        create_rig.fill_settings(obj, model)
        if muscle_curves.edited(obj):
            self.report({"INFO"}, "The edited curves of the muscles were left as they are: apply them to use them")
        elif muscle_curves.collection(obj) is not None:
            muscle_curves.show(obj, model.muscle_curves())
        self.committed = True
        yield from drive.solving(obj, model, drive.read(obj, model, context.evaluated_depsgraph_get()))
        for warning in model.warnings:
            self.report({"WARNING"}, warning)


def described_again(obj: bpy.types.Object, before: dict) -> dict:
    """What remove_rig puts back, with the shape keys that are there now."""
    now = create_rig.describe(obj)["keys"]
    for name in (storage.SIM_KEY, staleness.sculpt(obj), *(k.name for k in staleness.correctives(obj.data))):
        now.pop(name, None)
    return {**before, "keys": {**now, **{n: v for n, v in before["keys"].items() if n in now}}}
