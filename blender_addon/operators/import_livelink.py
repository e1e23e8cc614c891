# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Import a Live Link Face take: its channels become keyframes on the sliders of the same name."""

import bpy
import numpy as np
from bpy.props import BoolProperty, EnumProperty, IntProperty, StringProperty
from bpy_extras.io_utils import ImportHelper

from ...core import MuscleFaceError
from .. import animation, frame_range, head_pose, jobs, requirements, sliders, storage


class MUSCLE_FACE_OT_import_livelink(jobs.JobOperator, ImportHelper, bpy.types.Operator):
    """Key the sliders by the columns of a Live Link Face or ARKit CSV file"""

    bl_idname = "muscle_face.import_livelink"
    bl_label = "Import Live Link Take"
    bl_options = {"UNDO"}

    filename_ext = ".csv"
    filter_glob: StringProperty(default="*.csv", options={"HIDDEN"})
    frame_start: IntProperty(
        name="Start Frame", description="Scene frame on which the take begins; the scene's own start when not given"
    )
    clamp: BoolProperty(
        name="Clamp to 1",
        description="Cut values above 1 off; otherwise the ranges of the shape keys are widened for them",
    )
    head: EnumProperty(
        name="Head",
        description="What takes the rotation of the head, where the take has it",
        items=head_pose.TARGETS,
        default="EMPTY",
    )

    @classmethod
    def poll(cls, context):
        problem = requirements.rig_problem(context) or requirements.slider_bake_problem(context.object.data)
        return requirements.check(cls, problem or requirements.size_problem(context.object))

    def invoke(self, context, event):
        self._chosen = True
        if not self.properties.is_property_set("frame_start"):
            self.frame_start = context.scene.frame_start
        return ImportHelper.invoke(self, context, event)

    def execute(self, context):
        # The file browser comes back here; scripts come here at once and wait.
        if getattr(self, "_chosen", False):
            return jobs.JobOperator.invoke(self, context, None)
        return super().execute(context)

    def plan(self, context):
        obj, scene = context.object, context.scene
        self._object = obj.name
        animation.check_writable(obj, obj.data.shape_keys)
        animation.check_untweaked(obj, obj.data.shape_keys)
        animation.check_replacing(obj, obj.data.shape_keys)
        model = yield from storage.loading(obj.data)
        rate, path = scene.render.fps / scene.render.fps_base, bpy.path.abspath(self.filepath)

        def work(_progress):
            # Not at the top: SciPy takes a moment, which only those who import pay for.
            from ...core.fit import livelink

            take = livelink.read_take(path)
            moved = take.resampled(rate)
            return model, take, moved, *livelink.slider_curves(moved.channels, model)

        return work

    def finish(self, context, result):
        model, take, moved, curves, left = result
        obj, scene = self.subject(context), context.scene
        if not curves:
            raise MuscleFaceError(
                f"'{obj.name}' has no slider for any channel of the take: name its shape keys as ARKit does."
            )
        if self.clamp:
            curves = {name: curve.clip(-1.0, 1.0) for name, curve in curves.items()}
        start = self.frame_start if self.properties.is_property_set("frame_start") else scene.frame_start
        frames, widened = start + np.arange(len(moved.times)), []
        at = frame_range.on_curves(scene, frames)
        self.committed = True
        for number, (name, curve) in enumerate(curves.items()):
            widened += sliders.write_keys(obj, model, at, {name: curve})
            yield number / len(curves), "Writing keys"
        rotations = moved.head_rotations()
        if rotations is not None:
            head_pose.note_rest(obj)
            rests = [head_pose.rest_matrix(obj)] * len(at)
            head_pose.write_keys(obj, model, at, head_pose.turns(model, rotations), self.head, rests)
        frame_range.show(scene, frame_range.now(scene))
        text = f"{len(take.times)} frames at {take.rate:.3g} fps became frames {frames[0]} to {frames[-1]}"
        text += f" on {len(curves)} sliders"
        text += f", {take.missing} lost ones bridged" if take.missing else ""
        text += f"; widened: {', '.join(widened)}" if widened else ""
        note = sliders.note_on_keys({n: p for n, p in sliders.places(obj, model).items() if n in curves})
        text += f"; {note}" if note else ""
        missed = left + take.unknown
        text += f"; not mapped: {', '.join(missed)}" if missed else ""
        obj.muscle_face.take_report = text
        self.report({"WARNING" if missed or note else "INFO"}, text)
