# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Fit: find the slider values that reproduce a target mesh."""

import bpy

from ...core import MuscleFaceError
from .. import bridge, drive, jobs, requirements, sliders, storage


class MUSCLE_FACE_OT_fit(jobs.JobOperator, bpy.types.Operator):
    """Find the sliders whose simulated face comes closest to the target object"""

    bl_idname = "muscle_face.fit"
    bl_label = "Fit"
    bl_options = {"UNDO"}

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.fit_problem(context))

    def plan(self, context):
        obj = context.object
        self._object = obj.name
        model = storage.load(obj.data)
        target = target_positions(obj, obj.muscle_face.fit_target, context.evaluated_depsgraph_get())
        yield 0.0, "Reading the target"
        gravity = drive.read(obj, model).gravity
        return lambda progress: (model, model.fit(target, gravity=gravity, progress=progress))

    def finish(self, context, result):
        model, fit = result
        obj = self.subject(context)
        sliders.write(obj, model, fit.values)
        settings = obj.muscle_face
        settings.fit_rms_mm, settings.fit_p95_mm, settings.fit_max_mm = fit.rms_mm, fit.p95_mm, fit.max_mm
        settings.fit_seconds, settings.fit_blendshape_rms_mm = fit.seconds, fit.blendshape_only_rms_mm
        # The sliders hold single precision: the face is solved at what they say, from the fit's own pose.
        controls = drive.read(obj, model)
        drive.solve(obj, model, controls, start=fit.pose)
        self.report(
            {"INFO"}, f"Fit: RMS {fit.rms_mm:.3f} mm, 95% under {fit.p95_mm:.3f} mm, at most {fit.max_mm:.3f} mm"
        )


def target_positions(obj: bpy.types.Object, target: bpy.types.Object, depsgraph: bpy.types.Depsgraph):
    """Evaluated positions of the target in its own space, (V, 3). Raises MuscleFaceError for another topology."""
    positions = bridge.evaluated_positions(target, depsgraph)
    count = len(obj.data.vertices)
    if len(positions) != count:
        raise MuscleFaceError(
            f"The target '{target.name}' has {len(positions)} vertices and '{obj.name}' has {count}; "
            "a fit needs a target with the same topology, such as a sculpted copy of the face."
        )
    if bridge.topology_hash(target.evaluated_get(depsgraph).data) != bridge.topology_hash(obj.data):
        raise MuscleFaceError(
            f"The faces of the target '{target.name}' join other vertices than those of '{obj.name}'; "
            "a fit needs a target with the same topology, such as a sculpted copy of the face."
        )
    return positions
