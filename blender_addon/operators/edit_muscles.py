# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Show Muscles and Apply Muscles: the muscles of a rig as curves in the scene, and the curves as muscles of the rig."""

import bpy

from ...core import MuscleFaceError
from .. import anatomy, drive, jobs, muscle_curves, requirements, staleness, storage, watching
from . import create_rig


class MUSCLE_FACE_OT_show_muscles(bpy.types.Operator):
    """Draw each muscle as a curve as wide as the muscle is, to be looked at and edited"""

    bl_idname = "muscle_face.show_muscles"
    bl_label = "Show Muscles"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.rig_problem(context))

    def execute(self, context):
        try:
            if muscle_curves.edited(context.object):
                raise MuscleFaceError(
                    "The curves of the muscles were edited: apply them, or delete them to have the muscles drawn anew."
                )
            muscle_curves.show(context.object, storage.load(context.object.data).muscle_curves())
        except MuscleFaceError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class MUSCLE_FACE_OT_apply_muscles(jobs.JobOperator, bpy.types.Operator):
    """Lay the muscles along their curves as they are now, and those of your own meshes; shapes and animation stay"""

    bl_idname = "muscle_face.apply_muscles"
    bl_label = "Apply Muscles"
    bl_options = {"UNDO"}

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.apply_muscles_problem(context))

    def plan(self, context):
        obj = context.object
        self._object = obj.name
        drive.sim_key(obj.data)
        model = yield from storage.loading(obj.data)
        yield 0.0, "Reading the muscles"
        curves, meshes = muscle_curves.read(obj), anatomy.muscle_meshes(obj)
        # A mesh is what its muscle is made of: the curve only shows it.
        curves = {name: curve for name, curve in curves.items() if name not in meshes}

        def work(progress):
            changed = model.with_muscles(curves, progress) if curves else model
            changed = changed.with_muscle_meshes(meshes, progress) if meshes else changed
            return changed, changed.to_bytes()

        return work

    def finish(self, context, result):
        model, blob = result
        obj = self.subject(context)
        storage.store(obj.data, model, blob, storage.before(obj.data), fingerprint=staleness.with_muscles(obj))
        watching.forget()
        create_rig.fill_settings(obj, model)
        if muscle_curves.collection(obj) is not None:
            muscle_curves.show(obj, model.muscle_curves())
        self.committed = True
        yield from drive.solving(obj, model, drive.read(obj, model, context.evaluated_depsgraph_get()))
