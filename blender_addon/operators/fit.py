# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Fit: find the slider values that reproduce what the Fit panel points at."""

import bpy
import numpy as np

from .. import drive, editing, head_pose, heat, jobs, requirements, storage
from ..fit import options, report, source


class MUSCLE_FACE_OT_fit(jobs.JobOperator, bpy.types.Operator):
    """Find the sliders whose simulated face comes closest to a sculpt, mesh, scan, markers or footage"""

    bl_idname = "muscle_face.fit"
    bl_label = "Fit"
    bl_options = {"UNDO"}

    keeps_best = True

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, source.problem(context))

    def plan(self, context):
        obj, frame = context.object, context.scene.frame_current
        self._object = obj.name
        model = storage.load(obj.data)
        yield 0.0, "Reading the target"
        target = source.of(context, obj, model).read(
            context.evaluated_depsgraph_get(), frame, obj.matrix_world.inverted_safe()
        )
        chosen, hold = options.of(obj.muscle_face), obj.muscle_face.fit_hold
        now, last = drive.read(obj, model), drive.last_pose(obj)

        def work(progress):
            start = options.start(hold, model, now, last, progress)
            return model, model.fit(target, chosen, gravity=now.gravity, start=start, progress=progress)

        return work

    def finish(self, context, result):
        model, fit = result
        obj = self.subject(context)
        settings = obj.muscle_face
        editing.write(obj, {name: float(value) for name, value in fit.values.items()})
        if obj.data.shape_keys.key_blocks.get(settings.fit_sculpt_key) is not None and _aims_at_sculpt(settings):
            # The sliders show the sculpt now: together with its key it would count twice.
            obj.data.shape_keys.key_blocks[settings.fit_sculpt_key].value = 0.0
            obj.show_only_shape_key = False
        text = report.write(obj, model, fit)
        if not np.allclose(fit.head.matrix(), np.eye(4), atol=1e-9):
            head_pose.place(obj, model, fit.head.matrix(), settings.fit_head)
        # The sliders hold single precision: the face is solved at what they say, from the fit's own pose.
        drive.solve(obj, model, drive.read(obj, model), start=fit.pose)
        heat.follow(obj)
        self.report({"INFO"}, f"Fit: {text}" + ("; stopped early" if fit.stopped else ""))


def _aims_at_sculpt(settings) -> bool:
    return not (settings.fit_target or settings.fit_markers or settings.fit_clip or settings.fit_track_file)
