# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""An animation read frame by frame, and its simulated skins written as shape keys that play without this extension."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

import bpy
import numpy as np

from ..core import MuscleFaceError
from ..core.anatomy.names import ARKIT, match_arkit
from . import animation, baked, bridge, drive, engine, frame_range, staleness, storage
from .fit import shown

if TYPE_CHECKING:
    from ..core import FaceModel


SCULPTED = "{} Sculpted"
"""What a baked key is called that an artist has worked on, when the bake goes."""


def read_frames(
    context: bpy.types.Context, obj: bpy.types.Object, model: FaceModel, frames: range
) -> Generator[tuple[float, str], None, list[drive.Drive]]:
    """What each frame asks of the face, as if nothing were baked; the scene returns to its frame."""
    shown.check(context, obj)
    scene, mutes, drives = context.scene, source_mutes(obj, model), []
    before = frame_range.now(scene)
    try:
        for frame in frames:
            scene.frame_set(frame)
            drives.append(drive.read(obj, model, context.evaluated_depsgraph_get(), mutes))
            yield len(drives) / len(frames), "Reading frames"
    finally:
        frame_range.show(scene, before)
    return drives


def check(obj: bpy.types.Object, model: FaceModel, method: str) -> None:
    """Raise MuscleFaceError where the shape keys' animation would play over what is baked."""
    keys = obj.data.shape_keys
    animation.check_untweaked(keys)
    if method != "SLIDERS":
        animation.check_in_full(keys)
    animation.check_unanimated(keys, "value", [storage.SIM_KEY], "delete that and animate the rig's Influence instead")
    names = [storage.SIM_KEY, *source_mutes(obj, model)]
    animation.check_unanimated(
        keys, "mute", dict.fromkeys(names), "a bake mutes it for all frames: delete that and animate its value instead"
    )


def source_mutes(obj: bpy.types.Object, model: FaceModel) -> dict[str, bool]:
    """Mutes of the shape keys that the rig reads, from before a bake where there is one."""
    keys = obj.data.shape_keys.key_blocks
    mutes = storage.bake_mutes(obj.data)
    if mutes is not None:
        return mutes
    # Excluded shapes are no part of what is baked: they go on being added to it.
    names = [n for n in drive.shape_names(model) if n in keys and n not in obj.muscle_face.excluded]
    return {name: keys[name].mute for name in names}


def solve_frames(model: FaceModel, drives: list[drive.Drive], progress, doing: str = "Baking") -> list:
    """Pose of each frame (None at neutral), every solve starting at the frame before."""
    pose, poses = None, []
    for index, item in enumerate(drives):
        share = index / len(drives)

        def tick(_fraction, _text, share=share, number=index + 1):
            progress(share, f"{doing} frame {number} of {len(drives)}")

        tick(0.0, "")
        pose = (
            item.on(model).solve(item.controls, gravity=item.gravity, start=pose, progress=tick)
            if item.moves(model)
            else None
        )
        poses.append(pose)
    return poses


def solve_independent(model: FaceModel, drives: list[drive.Drive]) -> Generator[object, None, None]:
    """Pose of each frame (None at neutral), the same to the last bit whatever other frames are solved."""
    for item in drives:
        yield (
            next(engine.bake().independent_poses(item.on(model), [(item.controls, item.gravity)]))
            if item.moves(model)
            else None
        )


def offsets_of(obj: bpy.types.Object, model: FaceModel, drives: list[drive.Drive], poses: list) -> list[np.ndarray]:
    """What the mesh shows beyond its rest in each frame, (V, 3) each."""
    skins = [None if pose is None else pose.skin for pose in poses]
    return [drive.skin_offset(obj, model, d, skin) for d, skin in zip(drives, skins, strict=True)]


def reduced(
    obj: bpy.types.Object, model: FaceModel, offsets: list[np.ndarray], method: str, bound_mm: float
) -> Callable[..., object]:
    """What a method makes of the frames, as work that needs Blender no more; `write` takes its result."""
    if method == "COMPRESSED":
        return lambda *report: engine.bake().compress(np.array(offsets), bound_mm / model.mm_per_unit, *report)
    if method == "SLIDERS":
        names, skin = engine_shapes(obj, model), model.skin_vertices
        deltas = np.array([bridge.key_delta(obj, obj.data.shape_keys.key_blocks[n])[skin] for n in names])
        return lambda *_: (names, *engine.bake().shape_weights(deltas, np.array(offsets)[:, skin]))
    return lambda *_: None


def write(
    scene: bpy.types.Scene,
    obj: bpy.types.Object,
    model: FaceModel,
    frames: range,
    offsets: list[np.ndarray],
    method: str,
    found: object,
) -> Generator[tuple[float, str], None, str]:
    """Replace what is baked on the object by these frames, step by step; returns one sentence about it."""
    kept = remove(obj)
    note = f"; {kept_note(kept)}" if kept else ""
    mutes, sim = source_mutes(obj, model), drive.sim_key(obj.data)
    if method == "SLIDERS":
        names, weights, left = found
        _write_sliders(
            obj, model, frame_range.on_curves(scene, frames), dict(zip(names, weights.T, strict=True)), mutes
        )
        return f"Keyed {len(names)} shapes, RMS {left.mean() * model.mm_per_unit:.2f} mm from the simulation{note}"
    own = animation.make_own(obj.data.shape_keys)
    if method == "COMPRESSED":
        _write_parts(obj, frame_range.on_curves(scene, frames), found)
        worst = found.error * model.mm_per_unit
        count = "1 shape holds" if len(found.shapes) == 1 else f"{len(found.shapes)} shapes hold"
        text = f"{count} {len(frames)} frames, at most {worst:.3f} mm off"
    else:
        yield from _write_frames(scene, obj, frames, offsets)
        text = f"Baked {len(frames)} frames"
    for name in mutes:
        obj.data.shape_keys.key_blocks[name].mute = True
    storage.set_bake_mutes(obj.data, {**mutes, storage.SIM_KEY: sim.mute})
    sim.mute = True
    return text + (f", into its own copy of the action, '{own.name}'" if own else "") + note


def kept_note(names: list[str]) -> str:
    """That keys of a bake have stayed, as part of a sentence."""
    return f"kept as shape keys at 0, being sculpted or renamed since: {', '.join(names)}"


def engine_shapes(obj: bpy.types.Object, model: FaceModel) -> list[str]:
    """The shapes that a game engine would drive: those with ARKit names where most of ARKit's are there, else all.

    A few such names may be there by chance: other shapes are what makes the face then. Raises MuscleFaceError.
    """
    keys = obj.data.shape_keys.key_blocks
    names = [name for name in drive.shape_names(model) if name in keys and name not in obj.muscle_face.excluded]
    arkit = match_arkit(names)
    if not names:
        raise MuscleFaceError(f"'{obj.name}' has no shape keys to put keys on: bake every frame or compressed.")
    return [n for whole in arkit.values() for n in whole] if len(arkit) > len(ARKIT) / 2 else names


def _write_frames(
    scene: bpy.types.Scene, obj: bpy.types.Object, frames: range, offsets: list[np.ndarray]
) -> Generator[tuple[float, str], None, None]:
    """One key per frame, 1 at its frame and 0 at the next ones; the ends hold beyond the range."""
    rest, stretch, written = bridge.vertex_positions(obj.data), frame_range.stretch(scene), []
    try:
        for frame, offset in zip(frames, offsets, strict=True):
            key = bridge.add_key(obj, baked.FRAME.format(frame), rest + offset)
            written.append(key.name)
            points = [(stretch * f, float(f == frame)) for f in (frame - 1, frame, frame + 1) if f in frames]
            animation.write_curve(obj.data.shape_keys, key.path_from_id("value"), points)
            yield (frame - frames[0]) / len(frames), "Writing shape keys"
    finally:
        baked.note(obj.data, written)
    obj.data.update()


def _write_parts(obj: bpy.types.Object, at: np.ndarray, found) -> None:
    rest, written = bridge.vertex_positions(obj.data), []
    for index, (shape, weights) in enumerate(zip(found.shapes, found.weights.T, strict=True)):
        key = bridge.add_key(obj, baked.PART.format(index + 1), rest + shape)
        written.append(key.name)
        key.slider_min, key.slider_max = -1.0, 1.0
        animation.write_samples(obj.data.shape_keys, key.path_from_id("value"), at, weights)
    baked.note(obj.data, written)
    obj.data.update()


def _write_sliders(
    obj: bpy.types.Object,
    model: FaceModel,
    at: np.ndarray,
    curves: dict[str, np.ndarray],
    mutes: dict[str, bool],
) -> None:
    """Keys on shape keys in an action of their own; the artist's action waits for Remove Bake.

    What that action moves beside the sliders goes on in a copy.
    """
    keys = obj.data.shape_keys
    paths = {keys.key_blocks[name].path_from_id("value") for name in mutes}
    action, aside = animation.set_aside(keys, paths)
    sim, own = drive.sim_key(obj.data), animation.give_action(keys, f"{obj.name} Sliders", action, aside["slot"])
    storage.set_bake_mutes(obj.data, {**mutes, storage.SIM_KEY: sim.mute}, aside, action, own)
    for path in paths:
        animation.remove_curve(keys, path)
    for name in mutes:
        keys.key_blocks[name].value = 0.0
        keys.key_blocks[name].mute = name not in curves
    for name, values in curves.items():
        animation.write_samples(keys, keys.key_blocks[name].path_from_id("value"), at, values)
    sim.mute = True


def remove(obj: bpy.types.Object) -> list[str]:
    """Delete the keys and curves of a bake and put the sources back; nothing where nothing is baked.

    Keys that the artist has renamed or sculpted stay, and no longer play. Returns their names.
    """
    keys, active = obj.data.shape_keys, obj.active_shape_key_index
    if keys is None:
        storage.set_bake_mutes(obj.data, None)
        return []
    named, mine = baked.renamed(obj.data), baked.sculpted(obj.data)
    for key in (*named, *mine):
        animation.remove_curve(keys, key.path_from_id("value"))
        key.value = 0.0
    for key in mine:
        # The bake's own name is wanted again.
        key.name = SCULPTED.format(key.name)
    kept = [key.name for key in (*named, *mine)]
    for name in baked.names(obj.data):
        # By name: to remove one moves the others.
        animation.remove_curve(keys, keys.key_blocks[name].path_from_id("value"))
        obj.shape_key_remove(keys.key_blocks[name])
    baked.note(obj.data, [])
    obj.active_shape_key_index = min(active, len(keys.key_blocks) - 1)
    mutes = storage.bake_mutes(obj.data)
    if mutes is None:
        return kept
    # What was renamed meanwhile is the source that it was.
    names = staleness.renamed(obj.data, mutes)
    aside, own = storage.bake_aside(obj.data), storage.baked_action(obj.data)
    if aside is not None:
        playing, action = keys.animation_data.action if keys.animation_data else None, storage.bake_action(obj.data)
        if playing not in (None, own, action):
            # One that the artist has made since: without a user it would not be saved.
            playing.use_fake_user = True
        animation.put_back(keys, action, aside, names)
    for name, mute in {storage.SIM_KEY: False, **mutes}.items():
        key = keys.key_blocks.get(names.get(name, name))
        if key is not None:
            key.mute = mute
    storage.set_bake_mutes(obj.data, None)
    if own is not None and not own.users:
        bpy.data.actions.remove(own)
    return kept
