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


def bones(head: bpy.types.Object) -> dict[str, Mesh]:
    """ "cranium" and "mandible" where the artist gave them."""
    given = {"cranium": head.muscle_face.skull, "mandible": head.muscle_face.jaw_bone}
    return {name: _mesh(head, obj) for name, obj in given.items() if obj is not None}


def muscle_meshes(head: bpy.types.Object) -> dict[str, Mesh]:
    """The artist's own muscles by name; a number that Blender put behind a name does not count."""
    holder = head.muscle_face.own_muscles
    if holder is None:
        return {}
    objects = [obj for obj in holder.all_objects if obj.type == "MESH" and obj != head]
    return {re.sub(r"\.\d{3,}$", "", obj.name): _mesh(head, obj) for obj in objects}


def options(head: bpy.types.Object) -> dict:
    """What the artist's anatomy adds to the arguments of FaceModel.build."""
    return {
        "landmarks": landmarks.positions(head),
        "bones": bones(head),
        "fit_bones": head.muscle_face.fit_bones,
    }


def summary(head: bpy.types.Object) -> dict[str, list[float]]:
    """What tells whether bones and muscle meshes were moved, exchanged or edited; plain data for JSON."""
    given = {**bones(head), **{MUSCLE + n: m for n, m in muscle_meshes(head).items()}}
    return {
        n: [float(len(v)), *v.mean(axis=0).tolist(), *v.std(axis=0).tolist()] for n, (v, _) in given.items() if len(v)
    }


def same(now: list[float], before: list[float]) -> bool:
    """Whether two summaries of one mesh agree up to rounding."""
    return now[0] == before[0] and np.allclose(now, before, rtol=0.0, atol=SAME * max(before[4:]))


def _mesh(head: bpy.types.Object, obj: bpy.types.Object) -> Mesh:
    """Vertices (V, 3) in the head's space and faces of another object."""
    matrix = np.array(head.matrix_world.inverted_safe() @ obj.matrix_world, np.float64)
    return bridge.vertex_positions(obj.data) @ matrix[:3, :3].T + matrix[:3, 3], bridge.faces(obj.data)
