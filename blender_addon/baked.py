# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Which shape keys a bake wrote: noted on the mesh, since keys of the artist's may be named like them.

The note outlives the rig, as baked keys do. Bakes of before have none: theirs are told by their names and curves.
"""

import json
import re

import bpy

from . import animation, bridge, storage

PROPERTY = "muscle_face_baked"
NEUTRAL = "muscle_face_baked_on"
"""On a mesh: a checksum of the neutral that its baked keys lie on."""
FRAME, PART = "Bake {:04d}", "Bake Part {:03d}"
_NAME = re.compile(r"Bake (-\d{3,}|\d{4,}|Part \d{3,})(\.\d{3,})?")


def keys(mesh: bpy.types.Mesh) -> list[bpy.types.ShapeKey]:
    """The shape keys that bakes wrote and that still have their names."""
    if mesh.shape_keys is None:
        return []
    noted = _noted(mesh)
    if noted is None:
        return _of_before(mesh)
    return [k for k in mesh.shape_keys.key_blocks if k.name in noted]


def names(mesh: bpy.types.Mesh) -> set[str]:
    """The names of `keys`."""
    return {key.name for key in keys(mesh)}


def is_name(name: str) -> bool:
    """Whether a bake may have called a shape key so: all that can be said of one that is not at hand."""
    return _NAME.fullmatch(name) is not None


def renamed(mesh: bpy.types.Mesh) -> list[bpy.types.ShapeKey]:
    """The shape keys that a bake wrote and that have another name now: whoever names a key wants to keep it.

    They are told by their shape or, when that was sculpted too, by the frame that they are on for.
    """
    noted = _noted(mesh) or {}
    blocks = mesh.shape_keys.key_blocks if mesh.shape_keys else {}
    lost = {name: checksum for name, checksum in noted.items() if name not in blocks}
    if not lost:
        return []
    curves = {curve.data_path: curve for curve in animation.curves(mesh.shape_keys)}
    some = [k for k in blocks if k.name not in noted and _plays_a_bake(k, curves.get(k.path_from_id("value")))]
    frames = {k.name: FRAME.format(round(_peak(curves[k.path_from_id("value")]))) for k in some}
    return [k for k in some if frames[k.name] in lost or bridge.key_checksum(k) in lost.values()]


def _peak(curve: bpy.types.FCurve) -> float:
    """The frame of the highest key."""
    return max(curve.keyframe_points, key=lambda point: point.co[1]).co[0]


def sculpted(mesh: bpy.types.Mesh) -> list[bpy.types.ShapeKey]:
    """The shape keys that a bake wrote and that have another shape now: somebody has worked on them.

    None where the neutral was edited too, which moves all keys.
    """
    noted, basis = _noted(mesh), mesh.shape_keys.reference_key if mesh.shape_keys else None
    if not noted or mesh.get(NEUTRAL) != str(bridge.key_checksum(basis)):
        return []
    return [key for key in keys(mesh) if bridge.key_checksum(key) != noted[key.name]]


def note(mesh: bpy.types.Mesh, written: list[str]) -> None:
    """Keep the names of the shape keys that a bake has written, in the place of those of the bake before it."""
    blocks = mesh.shape_keys.key_blocks if mesh.shape_keys else {}
    mesh[PROPERTY] = json.dumps({name: bridge.key_checksum(blocks[name]) for name in written})
    if mesh.shape_keys:
        # As text: a checksum may be larger than the integers that Blender stores.
        mesh[NEUTRAL] = str(bridge.key_checksum(mesh.shape_keys.reference_key))


def begin(mesh: bpy.types.Mesh) -> None:
    """For a fresh rig: from now on no key is taken for a bake's by its looks."""
    if _noted(mesh) is None:
        note(mesh, sorted(names(mesh)))


def end(mesh: bpy.types.Mesh) -> None:
    """When the rig goes: a note on no keys goes too."""
    if PROPERTY in mesh and not keys(mesh):
        for name in (PROPERTY, NEUTRAL):
            mesh.pop(name, None)


def _noted(mesh: bpy.types.Mesh) -> dict[str, int] | None:
    text = mesh.get(PROPERTY)
    return None if text is None else json.loads(text)


def _of_before(mesh: bpy.types.Mesh) -> list[bpy.types.ShapeKey]:
    """The baked keys of a mesh without a note."""
    blocks = mesh.shape_keys.key_blocks
    named = [k for k in blocks if _NAME.fullmatch(k.name)]
    if not named:
        return []
    curves = {curve.data_path: curve for curve in animation.curves(mesh.shape_keys)}
    baking = storage.has_rig(mesh) and storage.bake_mutes(mesh) is not None and storage.bake_aside(mesh) is None
    known = set(storage.before(mesh)["keys"]) if baking else {key.name for key in named}
    return [k for k in named if k.name not in known or _plays_a_bake(k, curves.get(k.path_from_id("value")))]


def _plays_a_bake(key: bpy.types.ShapeKey, curve: bpy.types.FCurve | None) -> bool:
    """Whether a key is animated as bakes do, with straight lines: on for one frame, or between -1 and 1."""
    points = list(curve.keyframe_points) if curve is not None else []
    if not points or any(point.interpolation != "LINEAR" for point in points):
        return False
    once = len(points) <= 3 and sorted(point.co[1] for point in points) == [0.0] * (len(points) - 1) + [1.0]
    return once or (key.slider_min, key.slider_max) == (-1.0, 1.0)
