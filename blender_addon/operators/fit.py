# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Fit: find the slider values that reproduce what the Fit panel points at."""

import bpy
import numpy as np

from .. import drive, frame_range, head_pose, heat, jobs, requirements, sliders, storage
from ..fit import footage, meshes, options, report, source


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
        self._object, self._frame, settings = obj.name, frame_range.now(scene), obj.muscle_face
        drive.sim_key(obj.data)
        model = yield from storage.loading(obj.data)
        yield 0.0, "Reading the target"
        aim = source.of(context, obj, model)
        self._names = aim.names
        target = source.target(context, obj, model, aim)
        hold, slide, neutral = settings.fit_hold, source.slides(settings, aim), source.neutral_frame(settings)
        now, last = drive.read(obj, model), drive.last_pose(obj)
        chosen = options.of(obj, model, now)
        if neutral is not None:
            scene.frame_set(neutral)
            neutral = source.target(context, obj, model, aim)
            frame_range.show(scene, self._frame)

        def work(progress):
            (refined,) = footage.refined([target], model, neutral, slide, progress)
            start = options.start(hold, model, now, last, progress)
            return model, now.on(model).fit(refined, chosen, gravity=now.gravity, start=start, progress=progress)

        return work

    def finish(self, context, result):
        model, fit = result
        obj = self.subject(context)
        settings = obj.muscle_face
        held = options.held(obj, model)
        sliders.write(obj, model, {n: v for n, v in fit.values.items() if n not in held})
        obj.update_tag()
        if source.is_sculpt(settings):
            meshes.put_away_sculpt(obj)
        far, keyed = [self._names[k] for k in fit.far], sliders.keyed(obj, model)
        added = [key.name for key in drive.added_keys(obj, model)]
        note = report.note(sliders.driven(obj, model), added, far, keyed)
        if not np.allclose(fit.head.matrix(), np.eye(4), atol=1e-9):
            head_pose.place(obj, model, fit.head.matrix(), settings.fit_head)
            if settings.fit_head == "OBJECT" and head_pose.animated(obj):
                note = "; ".join(filter(None, (note, "The head is animated: key the face object to keep its place")))
        text = report.write(obj, model, fit, note)
        # The sliders hold single precision: the face is solved at what they say, from the fit's own pose.
        self.committed = True
        yield from drive.solving(obj, model, drive.read(obj, model), start=fit.pose)
        heat.follow(obj)
        self.report({"INFO"}, "; ".join(filter(None, (f"Fit: {text}", "stopped early" if fit.stopped else "", note))))

    def abort(self, context):
        frame_range.put_back(self, context.scene)
