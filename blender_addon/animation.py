# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Animation curves of a data block, in the layered actions of Blender 4.4+ and the flat ones before."""

import bpy
import numpy as np

_LINEAR = 1  # of Keyframe.interpolation, as foreach_set wants it


def write_curve(owner: bpy.types.ID, path: str, points: list[tuple[int, float]]) -> None:
    """Replace the curve of a property by linear keys at (frame, value)."""
    remove_curve(owner, path)
    frames, values = zip(*points, strict=True)
    write_samples(owner, path, np.array(frames), np.array(values))


def write_samples(owner: bpy.types.ID, path: str, frames: np.ndarray, values: np.ndarray, index: int = -1) -> None:
    """Linear keys at frames (F,), rising; keys before the first and after the last stay as they are.

    `index` picks the component of a vector property.
    """
    curve = find_curve(owner, path, index) or _new_curve(owner, path, index, float(frames[0]))
    points = curve.keyframe_points
    for k in range(len(points) - 1, -1, -1):
        if frames[0] - 1e-3 <= points[k].co[0] <= frames[-1] + 1e-3:
            points.remove(points[k], fast=True)
    before = len(points)
    points.add(len(frames))
    # Blender writes whole collections only: read what is there, fill in the rest.
    places, kinds = np.empty(2 * len(points), np.float32), np.empty(len(points), np.int32)
    points.foreach_get("co", places)
    points.foreach_get("interpolation", kinds)
    places[2 * before :: 2], places[2 * before + 1 :: 2] = frames, values
    kinds[before:] = _LINEAR
    points.foreach_set("co", places)
    points.foreach_set("interpolation", kinds)
    curve.update()


def find_curve(owner: bpy.types.ID, path: str, index: int = -1):
    """The F-Curve of a property (of one component of it), or None."""
    return next((c for c in _curves(owner) if c.data_path == path and index in (-1, c.array_index)), None)


def remove_curve(owner: bpy.types.ID, path: str) -> None:
    """Delete the curve of a property where there is one."""
    curve = find_curve(owner, path)
    if curve is not None:
        _curves(owner).remove(curve)


def _new_curve(owner: bpy.types.ID, path: str, index: int, frame: float):
    # Keying once makes the action, its slot and its layers, whatever they are called in this version.
    owner.keyframe_insert(path, index=index, frame=frame)
    return find_curve(owner, path, index)


def _curves(owner: bpy.types.ID):
    data = owner.animation_data
    if data is None or data.action is None:
        return ()
    if not hasattr(data.action, "layers"):
        return data.action.fcurves
    for layer in data.action.layers:
        for strip in layer.strips:
            bag = strip.channelbag(data.action_slot) if data.action_slot else None
            if bag is not None:
                return bag.fcurves
    return ()
