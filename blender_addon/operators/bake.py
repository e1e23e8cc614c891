# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Bake: the simulated animation as shape keys that play without this extension."""

import bpy
from bpy.props import EnumProperty, FloatProperty, IntProperty

from .. import baking, drive, frame_range, jobs, requirements, storage
from ..properties import METHODS


class MUSCLE_FACE_OT_bake(jobs.JobOperator, bpy.types.Operator):
    """Simulate a range of frames into shape keys; they play without Muscle Face"""

    bl_idname = "muscle_face.bake"
    bl_label = "Bake"
    bl_options = {"UNDO"}

    frame_start: IntProperty(name="Start", description="First frame to bake; the scene's own when not given")
    frame_end: IntProperty(name="End", description="Last frame to bake; the scene's own when not given")
    method: EnumProperty(name="Method", description="What the animation is baked to", items=METHODS)
    bound: FloatProperty(
        name="Largest Error (mm)",
        description="How far any vertex of a compressed bake may be from the simulation, in millimeters",
        min=0.001,
        default=0.1,
    )

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.bake_problem(context))

    def invoke(self, context, event):
        settings = context.object.muscle_face
        for name in ("method", "bound"):
            if not self.properties.is_property_set(name):
                setattr(self, name, getattr(settings, f"bake_{name}"))
        return super().invoke(context, event)

    def plan(self, context):
        obj, scene = context.object, context.scene
        self._object, self._frame = obj.name, frame_range.now(scene)
        frames = frame_range.chosen(self, scene, "bake")
        model = yield from storage.loading(obj.data)
        drive.sim_key(obj.data)
        baking.check(obj, model, self.method)
        drives = yield from baking.read_frames(context, obj, model, frames)
        return lambda progress: (model, frames, drives, baking.solve_frames(model, drives, progress))

    def finish(self, context, result):
        model, frames, drives, poses = result
        obj = self.subject(context)
        offsets = []
        for item, pose in zip(drives, poses, strict=True):
            offsets += baking.offsets_of(obj, model, [item], [pose])
            yield len(offsets) / len(frames), "Reading the faces"
        found = yield baking.reduced(obj, model, offsets, self.method, self.bound)
        self.committed = True
        text = yield from baking.write(context.scene, self.subject(context), model, frames, offsets, self.method, found)
        frame_range.show(context.scene, self._frame)
        rough = [frame for frame, pose in zip(frames, poses, strict=True) if pose is not None and not pose.converged]
        if rough:
            self.report({"WARNING"}, f"{text}; {len(rough)} frames did not settle, first {rough[0]}")
        else:
            self.report({"INFO"}, text)

    def abort(self, context):
        frame_range.put_back(self, context.scene)


class MUSCLE_FACE_OT_remove_bake(bpy.types.Operator):
    """Delete the baked keys, but for those that were sculpted or renamed, and drive the face by the simulation again"""

    bl_idname = "muscle_face.remove_bake"
    bl_label = "Remove Bake"
    bl_options = {"UNDO"}

    @classmethod
    def poll(cls, context):
        problem = requirements.rig_problem(context)
        if problem is None and storage.bake_mutes(context.object.data) is None:
            problem = "Nothing is baked on this face"
        return requirements.check(cls, problem)

    def execute(self, context):
        kept = baking.remove(context.object)
        frame_range.show(context.scene, frame_range.now(context.scene))
        if kept:
            self.report({"INFO"}, f"Removed the bake; {baking.kept_note(kept)}")
        return {"FINISHED"}
