# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Animation curves of a data block, in the layered actions of Blender 4.4+ and the flat ones before."""

import bpy


def write_curve(owner: bpy.types.ID, path: str, points: list[tuple[int, float]]) -> None:
    """Replace the curve of a property by linear keys at (frame, value)."""
    remove_curve(owner, path)
    for frame, value in points:
        owner.path_resolve(path.rpartition(".")[0]).value = value
        owner.keyframe_insert(path, frame=frame)
    for point in find_curve(owner, path).keyframe_points:
        point.interpolation = "LINEAR"


def find_curve(owner: bpy.types.ID, path: str):
    """The F-Curve of a property, or None."""
    return next((curve for curve in _curves(owner) if curve.data_path == path), None)


def remove_curve(owner: bpy.types.ID, path: str) -> None:
    """Delete the curve of a property where there is one."""
    curve = find_curve(owner, path)
    if curve is not None:
        _curves(owner).remove(curve)


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
