# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Motion of the whole head as keyframes, on the face object itself or on an empty between its ears."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import bpy
import numpy as np
from mathutils import Euler, Matrix, Quaternion, Vector

from . import animation

if TYPE_CHECKING:
    from ..core import FaceModel

TARGETS = (
    ("OBJECT", "Face Object", "Key the location and rotation of the face object"),
    ("EMPTY", "Empty", "Key an empty between the ears, to parent things to"),
    ("NONE", "None", "Leave the motion of the head out"),
)

SAME_SIZE = 1e-4
"""Difference of a scale that single precision may make."""


def turns(model: FaceModel, rotations: np.ndarray) -> np.ndarray:
    """(F, 4, 4) motions in the mesh's own frame: rotations (F, 3, 3) of the normalised frame about the ears' middle."""
    pivot = _pivot(model)
    motions = np.tile(np.eye(4), (len(rotations), 1, 1))
    motions[:, :3, :3] = model.rotation.T @ rotations @ model.rotation
    motions[:, :3, 3] = pivot - motions[:, :3, :3] @ pivot
    return motions


def write_keys(
    obj: bpy.types.Object,
    model: FaceModel,
    frames: np.ndarray,
    motions: np.ndarray,
    target: str,
    rests: Sequence[Matrix],
) -> None:
    """Key motions (F, 4, 4) of the head in the mesh's own frame. rests: ``rest_matrix`` on each of the frames."""
    if target == "OBJECT":
        rest = _noted_rest(obj)
        _key(obj, frames, [rest @ Matrix(m.tolist()) for m in motions])
    elif target == "EMPTY":
        places = [rest @ Matrix(m.tolist()) for rest, m in zip(rests, motions, strict=True)]
        _key(_empty(obj), frames, [_of_empty(rests[0], model, place) for place in places])


def place(obj: bpy.types.Object, model: FaceModel, motion: np.ndarray, target: str) -> None:
    """Move the head once by a motion (4, 4) in the mesh's own frame."""
    if target == "OBJECT":
        obj.matrix_basis = obj.matrix_basis @ Matrix(motion.tolist())
    elif target == "EMPTY":
        place = obj.matrix_world @ Matrix(motion.tolist())
        _empty(obj).matrix_world = _of_empty(obj.matrix_world, model, place)


def animated(obj: bpy.types.Object) -> bool:
    """Whether keys or NLA strips take back where the object is placed."""
    paths = {curve.data_path for curve in animation.curves(obj)} | animation.in_strips(obj)
    return any(path.startswith(("location", "rotation")) for path in paths)


def _of_empty(rest: Matrix, model: FaceModel, place: Matrix) -> Matrix:
    """Where the empty goes when the head is at a place in the world: at rest it stands upright between the ears, so
    that only the motion shows in it."""
    centre = Matrix.Translation(_pivot(model).tolist())
    home = rest @ centre
    return place @ centre @ home.inverted() @ Matrix.Translation(home.translation)


def _pivot(model: FaceModel) -> np.ndarray:
    """(3,) the point half way between the ears, user's frame."""
    marks = model.landmarks
    return 0.5 * (marks["tragus_L"] + marks["tragus_R"])


def note_rest(obj: bpy.types.Object) -> None:
    """Note the object's own transform of before the head's motion is keyed."""
    settings = obj.muscle_face
    if animation.find_curve(obj, "location") is None or not any(settings.head_rest):
        settings.head_rest = [x for row in obj.matrix_basis for x in row]


def rest_matrix(obj: bpy.types.Object) -> Matrix:
    """Where the object stands at this frame without the head's motion: parents and constraints go on moving it."""
    # Animators hide things by scaling them to 0: then nothing tells what else moves it.
    above = obj.matrix_world @ obj.matrix_basis.inverted() if obj.matrix_basis.determinant() else Matrix()
    return above @ _noted_rest(obj)


def _noted_rest(obj: bpy.types.Object) -> Matrix:
    values = list(obj.muscle_face.head_rest)
    return Matrix([values[4 * k : 4 * k + 4] for k in range(4)])


def _empty(obj: bpy.types.Object) -> bpy.types.Object:
    # Cut to what Blender takes (63 bytes up to 4.5): a longer one would not be found again.
    name = f"{obj.name.encode()[:58].decode(errors='ignore')} Head"
    empty = bpy.data.objects.get(name)
    if empty is None or empty.type != "EMPTY":
        empty = bpy.data.objects.new(name, None)
        empty.empty_display_size = 0.5 * max(obj.dimensions)
        (obj.users_collection or (bpy.context.scene.collection,))[0].objects.link(empty)
    return empty


def _key(owner: bpy.types.Object, frames: np.ndarray, matrices: list[Matrix]) -> None:
    if owner.rotation_mode == "AXIS_ANGLE" or (owner.type == "EMPTY" and not owner.animation_data):
        owner.rotation_mode = "QUATERNION"
    places, angles, sizes, last = [], [], [], None
    moved, turned, grown = _deltas(owner)
    for matrix in matrices:
        location, rotation, scale = matrix.decompose()
        location, rotation = location - moved, turned.inverted() @ rotation
        sizes.append(Vector(s / g if g else s for s, g in zip(scale, grown, strict=True)))
        if owner.rotation_mode == "QUATERNION":
            if last is not None:
                rotation.make_compatible(last)
            last = rotation
        else:
            last = rotation.to_euler(owner.rotation_mode, last) if last else rotation.to_euler(owner.rotation_mode)
        places.append(location)
        angles.append(last)
    turn = "rotation_quaternion" if owner.rotation_mode == "QUATERNION" else "rotation_euler"
    rows_of = {"location": np.array(places), turn: np.array(angles)}
    # A head that does not grow leaves the scale to the artist.
    if np.ptp(sizes, axis=0).max() > SAME_SIZE or np.abs(np.array(sizes[0]) - owner.scale).max() > SAME_SIZE:
        rows_of["scale"] = np.array(sizes)
    for path, rows in rows_of.items():
        for index in range(rows.shape[1]):
            animation.write_samples(owner, path, frames, rows[:, index], index)


def _deltas(owner: bpy.types.Object) -> tuple[Vector, Quaternion, Vector]:
    """The delta transforms that Blender adds to an object's location, rotation and scale."""
    if owner.rotation_mode == "QUATERNION":
        turned = owner.delta_rotation_quaternion.copy()
    else:
        turned = Euler(owner.delta_rotation_euler, owner.rotation_mode).to_quaternion()
    return owner.delta_location.copy(), turned, owner.delta_scale.copy()
