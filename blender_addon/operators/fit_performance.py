# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Fit Frames: fit a range of frames and key the sliders."""

import bpy
import numpy as np
from bpy.props import IntProperty

from .. import animation, drive, frame_range, head_pose, heat, jobs, requirements, sliders, storage
from ..fit import footage, options, report, source


class MUSCLE_FACE_OT_fit_performance(jobs.JobOperator, bpy.types.Operator):
    """Fit every frame of a range and key the sliders and the head; Esc keeps the frames that are done"""

    bl_idname = "muscle_face.fit_performance"
    bl_label = "Fit Frames"
    bl_options = {"UNDO"}

    keeps_best = True

    frame_start: IntProperty(name="Start", description="First frame to fit; the scene's own when not given")
    frame_end: IntProperty(name="End", description="Last frame to fit; the scene's own when not given")
    frame_step: IntProperty(name="Step", description="Fit every so many frames", min=1, default=1)

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, source.frames_problem(context))

    def plan(self, context):
        obj, scene = context.object, context.scene
        self._object, self._frame = obj.name, frame_range.now(scene)
        frames = frame_range.chosen(self, scene, "fit", self.frame_step)
        drive.sim_key(obj.data)
        animation.check_writable(obj, obj.data.shape_keys)
        animation.check_untweaked(obj, obj.data.shape_keys)
        animation.check_replacing(obj, obj.data.shape_keys)
        model = yield from storage.loading(obj.data)
        aim, settings = source.of(context, obj, model), obj.muscle_face
        self._names = aim.names
        head_pose.note_rest(obj)

        def read(frame):
            scene.frame_set(frame)
            yield from source.simulating(context, obj)
            # A head that is fixed is where its own keys put it; of one that is found, these are written anew.
            rest = obj.matrix_world.copy() if settings.fit_head_pose == "OFF" else head_pose.rest_matrix(obj)
            return rest, source.target(context, obj, model, aim, rest)

        self._rests, self._controls, targets = [], [], []
        for frame in frames:
            rest, target = yield from read(frame)
            self._rests.append(rest)
            self._controls.append(drive.read(obj, model, context.evaluated_depsgraph_get()).controls)
            targets.append(target)
            yield len(targets) / len(frames), "Reading frames"
        neutral, slide = source.neutral_frame(settings), source.slides(settings, aim)
        if neutral is not None:
            _, neutral = yield from read(neutral)
        frame_range.show(scene, self._frame)
        yield from source.simulating(context, obj)
        now = drive.read(obj, model)
        chosen = options.of(obj, model, now)

        def work(progress):
            refined = footage.refined(targets, model, neutral, slide, progress)
            return model, now.on(model).fit_performance(
                refined, chosen, frames=np.array(frames), gravity=now.gravity, progress=progress
            )

        return work

    def finish(self, context, result):
        model, found = result
        obj = self.subject(context)
        held = options.held(obj, model)
        curves = {n: c for n, c in zip(model.controls().names, found.controls.T, strict=True) if n not in held}
        for muscle in (m for m in obj.muscle_face.muscles if m.name in curves):
            # A muscle's slider makes up for its strength.
            curves[muscle.name] = np.array([drive.slider_for(obj.muscle_face, muscle, v) for v in curves[muscle.name]])
        # A slider that rests all the time is set to rest, and only keyed where it has keys to replace.
        still = {n for n, (owner, path) in sliders.places(obj, model).items()
                 if n in curves and not np.any(curves[n]) and animation.find_curve(owner, path) is None}  # fmt: skip
        sliders.write(obj, model, dict.fromkeys(still, 0.0))
        at = frame_range.on_curves(context.scene, found.frames)
        sliders.write_keys(obj, model, at, {n: c for n, c in curves.items() if n not in still})
        motions = np.array([head.matrix() for head in found.heads])
        if not np.allclose(motions, np.eye(4), atol=1e-9):
            head_pose.write_keys(obj, model, at, motions, obj.muscle_face.fit_head, self._rests[: len(at)])
        acting = sliders.note_on_keys(
            {n: p for n, p in sliders.places(obj, model).items() if n in curves and n not in still}
        )
        added = [key.name for key in drive.added_keys(obj, model)]
        note = report.note(sliders.driven(obj, model), added, report.often_far(self._names, found))
        span = np.ptp(self._controls, axis=0)
        moving = [n for n, way in zip(model.controls().names, span, strict=True) if n in held and way > sliders.UNSEEN]
        moving = report.moving_note(moving, self._frame[0])
        note = "; ".join(filter(None, (note, moving, acting)))
        text = report.write_performance(obj, found, source.is_footage(obj.muscle_face), note)
        frame_range.show(context.scene, self._frame)
        heat.follow(obj)
        self.report({"WARNING" if found.unconverged or moving or acting else "INFO"}, text)

    def abort(self, context):
        frame_range.put_back(self, context.scene)
        target = context.object.muscle_face.fit_target if context.object else None
        if target is not None:
            # A live face among the targets showed other frames meanwhile.
            target.update_tag()
