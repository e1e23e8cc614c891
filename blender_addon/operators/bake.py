# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Bake: the simulated animation as one shape key per frame, which plays without this extension."""

import bpy
import numpy as np
from bpy.props import IntProperty

from ...core import MuscleFaceError
from .. import animation, bridge, drive, jobs, requirements, storage
from ..staleness import BAKED_KEY


class MUSCLE_FACE_OT_bake(jobs.JobOperator, bpy.types.Operator):
    """Simulate a range of frames into one shape key each; they play without Muscle Face"""

    bl_idname = "muscle_face.bake"
    bl_label = "Bake"
    bl_options = {"UNDO"}

    frame_start: IntProperty(name="Start", description="First frame to bake; the scene's own when not given")
    frame_end: IntProperty(name="End", description="Last frame to bake; the scene's own when not given")

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.rig_problem(context))

    def plan(self, context):
        obj, scene = context.object, context.scene
        self._object, self._frame = obj.name, scene.frame_current
        frames = self._frames(scene)
        model = storage.load(obj.data)
        drive.sim_key(obj.data)
        self._mutes = storage.bake_mutes(obj.data) or source_mutes(obj.data, model)
        drives = []
        for frame in frames:
            scene.frame_set(frame)
            drives.append(drive.read(obj, model, context.evaluated_depsgraph_get(), self._mutes))
            yield len(drives) / len(frames), "Reading frames"
        scene.frame_set(self._frame)
        return lambda progress: (model, frames, drives, solve_frames(model, drives, progress))

    def finish(self, context, result):
        model, frames, drives, poses = result
        obj = context.scene.objects[self._object]
        remove_baked_keys(obj)
        skins = [None if pose is None else pose.skin for pose in poses]
        offsets = [drive.skin_offset(obj, model, d, skin) for d, skin in zip(drives, skins, strict=True)]
        write_baked_keys(obj, frames, offsets)
        for name in self._mutes:
            obj.data.shape_keys.key_blocks[name].mute = True
        drive.sim_key(obj.data).mute = True
        storage.set_bake_mutes(obj.data, self._mutes)
        context.scene.frame_set(self._frame)
        rough = [frame for frame, pose in zip(frames, poses, strict=True) if pose is not None and not pose.converged]
        if rough:
            self.report({"WARNING"}, f"Baked {len(frames)} frames; {len(rough)} did not settle, first {rough[0]}")
        else:
            self.report({"INFO"}, f"Baked {len(frames)} frames")

    def abort(self, context):
        if context.scene.frame_current != getattr(self, "_frame", context.scene.frame_current):
            context.scene.frame_set(self._frame)

    def _frames(self, scene: bpy.types.Scene) -> range:
        given = self.properties.is_property_set
        start = self.frame_start if given("frame_start") else scene.frame_start
        end = self.frame_end if given("frame_end") else scene.frame_end
        if end < start:
            raise MuscleFaceError(f"The last frame to bake ({end}) lies before the first ({start}).")
        return range(start, end + 1)


class MUSCLE_FACE_OT_remove_bake(bpy.types.Operator):
    """Delete the baked keys and drive the face by the simulation again"""

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
        obj = context.object
        remove_baked_keys(obj)
        for name, mute in storage.bake_mutes(obj.data).items():
            if name in obj.data.shape_keys.key_blocks:
                obj.data.shape_keys.key_blocks[name].mute = mute
        drive.sim_key(obj.data).mute = False
        storage.set_bake_mutes(obj.data, None)
        context.scene.frame_set(context.scene.frame_current)
        return {"FINISHED"}


def source_mutes(mesh: bpy.types.Mesh, model) -> dict[str, bool]:
    """Mutes of the shape keys that the rig reads."""
    keys = mesh.shape_keys.key_blocks
    return {name: keys[name].mute for name in drive.shape_names(model) if name in keys}


def solve_frames(model, drives: list, progress) -> list:
    """Pose of each frame (None at neutral), every solve starting at the frame before."""
    pose, poses = None, []
    for index, item in enumerate(drives):
        share = index / len(drives)

        def tick(_fraction, _text, share=share, number=index + 1):
            progress(share, f"Baking frame {number} of {len(drives)}")

        tick(0.0, "")
        pose = (
            model.solve(item.controls, gravity=item.gravity, start=pose, progress=tick) if item.moves(model) else None
        )
        poses.append(pose)
    return poses


def remove_baked_keys(obj: bpy.types.Object) -> None:
    """Delete the keys and curves of an earlier bake."""
    active = obj.active_shape_key_index
    for key in [key for key in obj.data.shape_keys.key_blocks if BAKED_KEY.match(key.name)]:
        animation.remove_curve(obj.data.shape_keys, key.path_from_id("value"))
        obj.shape_key_remove(key)
    obj.active_shape_key_index = min(active, len(obj.data.shape_keys.key_blocks) - 1)


def write_baked_keys(obj: bpy.types.Object, frames: range, offsets: list[np.ndarray]) -> None:
    """One key per frame, 1 at its frame and 0 at the next ones; the ends hold beyond the range."""
    rest = bridge.vertex_positions(obj.data)
    for frame, offset in zip(frames, offsets, strict=True):
        key = bridge.add_key(obj, f"Bake {frame:04d}", rest + offset)
        points = [(f, float(f == frame)) for f in (frame - 1, frame, frame + 1) if f in frames]
        animation.write_curve(obj.data.shape_keys, key.path_from_id("value"), points)
    obj.data.update()
