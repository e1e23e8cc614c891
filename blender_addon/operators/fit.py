# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Fit: find the slider values that reproduce what the Fit panel points at."""

import bpy
import numpy as np

from .. import drive, editing, frame_range, head_pose, heat, jobs, requirements, storage
from ..fit import footage, options, report, source


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
        obj, scene = context.object, context.scene
        self._object, self._frame, settings = obj.name, scene.frame_current, obj.muscle_face
        model = yield from storage.loading(obj.data)
        yield 0.0, "Reading the target"
        aim, to_face = source.of(context, obj, model), obj.matrix_world.inverted_safe()
        target = aim.read(context.evaluated_depsgraph_get(), self._frame, to_face)
        chosen, hold, slide = options.of(settings), settings.fit_hold, source.slides(settings, aim)
        now, last, neutral = drive.read(obj, model), drive.last_pose(obj), source.neutral_frame(settings)
        if neutral is not None:
            scene.frame_set(neutral)
            neutral = aim.read(context.evaluated_depsgraph_get(), neutral, to_face)
            scene.frame_set(self._frame)

        def work(progress):
            (refined,) = footage.refined([target], model, neutral, slide, progress)
            start = options.start(hold, model, now, last, progress)
            return model, now.on(model).fit(refined, chosen, gravity=now.gravity, start=start, progress=progress)

        return work

    def finish(self, context, result):
        model, fit = result
        obj = self.subject(context)
        settings = obj.muscle_face
        editing.write_controls(obj, model, fit.controls)
        if obj.data.shape_keys.key_blocks.get(settings.fit_sculpt_key) is not None and _aims_at_sculpt(settings):
            # The sliders show the sculpt now: together with its key it would count twice.
            obj.data.shape_keys.key_blocks[settings.fit_sculpt_key].value = 0.0
            obj.show_only_shape_key = False
        text = report.write(obj, model, fit)
        if not np.allclose(fit.head.matrix(), np.eye(4), atol=1e-9):
            head_pose.place(obj, model, fit.head.matrix(), settings.fit_head)
        # The sliders hold single precision: the face is solved at what they say, from the fit's own pose.
        self.committed = True
        yield from drive.solving(obj, model, drive.read(obj, model), start=fit.pose)
        heat.follow(obj)
        self.report({"INFO"}, f"Fit: {text}" + ("; stopped early" if fit.stopped else ""))

    def abort(self, context):
        frame_range.put_back(self, context.scene)


def _aims_at_sculpt(settings) -> bool:
    return not (settings.fit_target or settings.fit_markers or settings.fit_clip or settings.fit_track_file)
