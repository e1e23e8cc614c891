# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The artist's own bones, muscle meshes and landmarks as the core wants them: in the head's own space."""

import re

import bpy
import numpy as np

from . import bridge, landmarks

Mesh = tuple[np.ndarray, list[np.ndarray]]

MUSCLE = "muscle "
"""What the summary calls muscles, before their names."""

SAME = 1e-4
"""Share of a mesh's size within which it has not moved."""


def bone_objects(head: bpy.types.Object) -> dict[str, bpy.types.Object]:
    """ "cranium" and "mandible" where the artist gave them."""
    given = {"cranium": head.muscle_face.skull, "mandible": head.muscle_face.jaw_bone}
    return {name: obj for name, obj in given.items() if obj is not None}


def bones(head: bpy.types.Object) -> dict[str, Mesh]:
    """The meshes of the artist's bones."""
    return {name: _mesh(head, obj) for name, obj in bone_objects(head).items()}


def muscle_meshes(head: bpy.types.Object) -> dict[str, Mesh]:
    """The meshes of the artist's own muscles by name."""
    return {name: _mesh(head, obj) for name, obj in muscle_objects(head).items()}


def muscle_objects(head: bpy.types.Object) -> dict[str, bpy.types.Object]:
    """The artist's own muscles by name; a number that Blender put behind a name does not count."""
    holder = head.muscle_face.own_muscles
    if holder is None:
        return {}
    objects = [obj for obj in holder.all_objects if obj.type == "MESH" and obj != head]
    return {re.sub(r"\.\d{3,}$", "", obj.name): obj for obj in objects}


def options(head: bpy.types.Object) -> dict:
    """What the artist's anatomy adds to the arguments of FaceModel.build."""
    return {
        "landmarks": landmarks.positions(head),
        "bones": bones(head),
        "fit_bones": head.muscle_face.fit_bones,
    }


def summary(head: bpy.types.Object) -> dict[str, list[float]]:
    """What tells whether bones and muscle meshes were moved, exchanged or edited; plain data for JSON."""
    given = {**bone_objects(head), **{MUSCLE + n: obj for n, obj in muscle_objects(head).items()}}
    placed = {name: _vertices(head, obj) for name, obj in given.items()}
    return {n: [float(len(v)), *v.mean(axis=0).tolist(), *v.std(axis=0).tolist()] for n, v in placed.items() if len(v)}


def same(now: list[float], before: list[float]) -> bool:
    """Whether two summaries of one mesh agree up to rounding."""
    return now[0] == before[0] and np.allclose(now, before, rtol=0.0, atol=SAME * max(before[4:]))


def _vertices(head: bpy.types.Object, obj: bpy.types.Object) -> np.ndarray:
    """Vertices (V, 3) of another object in the head's space."""
    matrix = np.array(head.matrix_world.inverted_safe() @ obj.matrix_world, np.float64)
    return bridge.vertex_positions(obj.data) @ matrix[:3, :3].T + matrix[:3, 3]


def _mesh(head: bpy.types.Object, obj: bpy.types.Object) -> Mesh:
    """Vertices (V, 3) in the head's space and faces of another object."""
    return _vertices(head, obj), bridge.faces(obj.data)
