# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Add Corrective: what the last fit could not reach, as a shape key that the sliders at fault switch on."""

import bpy
import numpy as np

from ...core import MuscleFaceError
from .. import bridge, drive, jobs, requirements, sliders, staleness, storage
from ..fit import report

SMALLEST = 1e-3
"""A remainder that is nowhere longer [mm] is not worth a shape key."""


class MUSCLE_FACE_OT_add_corrective(jobs.JobOperator, bpy.types.Operator):
    """Add what no slider could reach in the last fit as a shape key, driven by the sliders that cause it"""

    bl_idname = "muscle_face.add_corrective"
    bl_label = "Add Corrective"
    bl_options = {"UNDO"}

    @classmethod
    def poll(cls, context):
        problem = requirements.drive_problem(context)
        if problem is None and report.remainder(context.object.data) is None:
            problem = "Fit to a sculpt, a mesh or a scan first: a corrective is what the fit leaves over"
        return requirements.check(cls, problem)

    def plan(self, context):
        obj = context.object
        self._object = obj.name
        model, left = (yield from storage.loading(obj.data)), report.remainder(obj.data)
        # Less what other correctives do already.
        for key in drive.added_keys(obj, model):
            left = left - key.value * bridge.key_delta(obj, key)
        if np.linalg.norm(left, axis=1).max() * model.mm_per_unit < SMALLEST:
            raise MuscleFaceError("The last fit left nothing over: there is nothing to correct.")
        now, last = drive.read(obj, model), drive.last_pose(obj)
        yield 0.0, "Finding the sliders that cause it"

        def work(progress):
            from ...core.fit.corrective import causes

            face = now.on(model)
            pose = face.solve(now.controls, gravity=now.gravity, start=last, progress=progress)
            return model, left, causes(face, pose, left)

        return work

    def finish(self, context, result):
        model, left, found = result
        if not found:
            raise MuscleFaceError("The face is at rest: a corrective needs a slider that switches it on; fit first.")
        obj = self.subject(context)
        rest = bridge.vertex_positions(obj.data)
        key = bridge.add_key(obj, staleness.CORRECTIVE, rest + left)
        places = sliders.places(obj, model)
        _drive(key, [places[name] for name in found])
        obj.data.update()
        self.report({"INFO"}, f"'{key.name}' is switched on by {', '.join(found)}")


def _drive(key: bpy.types.ShapeKey, places: list[tuple[bpy.types.ID, str]]) -> None:
    """The key is on as far as the least of the sliders is at the value that it has in the fit."""
    driver = key.driver_add("value").driver
    driver.type = "SCRIPTED"
    terms = []
    for number, (owner, path) in enumerate(places):
        variable = driver.variables.new()
        variable.name = f"c{number}"
        target = variable.targets[0]
        if isinstance(owner, bpy.types.Key):
            target.id_type = "KEY"
        target.id, target.data_path = owner, path
        # The slider's own value: a muscle of little strength pulls less than that.
        terms.append(f"c{number} / {owner.path_resolve(path):.6g}")
    # Blender evaluates this itself: no script has to be trusted.
    driver.expression = f"{staleness.ON}{', '.join(terms)}))"
