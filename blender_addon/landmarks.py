# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Landmarks in the scene: one empty each, a child of the head, that the artist may move like any object.

An empty is a landmark by its custom property, not by its name, so that renaming and duplicate heads do no harm.
"""

import time

import bpy
import numpy as np

from . import live

PROPERTY = "muscle_face_landmark"
# Of the head's largest dimension.
EMPTY_SIZE = 0.012
SECONDS = 0.5

# Of each head: when they were counted, among how many objects, and the answer.
_counts: dict[str, tuple[float, int, int]] = {}


def empties(head: bpy.types.Object) -> dict[str, bpy.types.Object]:
    """Landmark name -> empty, of one head."""
    return {child[PROPERTY]: child for child in head.children if PROPERTY in child}


def count(head: bpy.types.Object) -> int:
    """How many landmarks a head has, for panels and buttons: to find children, Blender goes through all objects of the
    file, and they ask at every drawing. While somebody looks, an answer holds a while or until objects come or go."""
    at, among, found = _counts.get(head.name_full, (0.0, -1, 0))
    now, objects = time.monotonic(), len(bpy.data.objects)
    if objects != among or now - at >= SECONDS or not live.watched():
        found = len(empties(head))
        _counts[head.name_full] = now, objects, found
    return found


def forget() -> None:
    """Drop the counts: other data have the same names now."""
    _counts.clear()


def positions(head: bpy.types.Object) -> dict[str, np.ndarray]:
    """Landmark name -> (3,) float64 in the head's own space."""
    to_head = head.matrix_world.inverted_safe()
    return {n: np.array(to_head @ e.matrix_world.translation, np.float64) for n, e in empties(head).items()}


def place(head: bpy.types.Object, name: str, label: str, position: np.ndarray) -> None:
    """Put a landmark at a position (3,) of the head's own space, with a new empty where it has none."""
    empty = empties(head).get(name)
    if empty is None:
        empty = bpy.data.objects.new(label, None)
        empty[PROPERTY] = name
        empty.empty_display_type = "SPHERE"
        empty.empty_display_size = EMPTY_SIZE * max(_local_size(head))
        empty.show_in_front = True
        _collection(head).objects.link(empty)
        empty.parent = head
    empty.matrix_parent_inverse.identity()
    empty.location = [float(v) for v in position]


def remove(head: bpy.types.Object) -> None:
    """Delete the landmarks of a head and the collection that held them, if nothing else is in it."""
    holders = set()
    for empty in empties(head).values():
        holders.update(c for c in empty.users_collection if PROPERTY in c)
        bpy.data.objects.remove(empty)
    for holder in holders:
        if not holder.objects and not holder.children:
            bpy.data.collections.remove(holder)


def _local_size(head: bpy.types.Object) -> np.ndarray:
    corners = np.array([tuple(c) for c in head.bound_box])
    return np.ptp(corners, axis=0)


def _collection(head: bpy.types.Object) -> bpy.types.Collection:
    """The collection for this head's landmarks, beside the head."""
    for empty in empties(head).values():
        for holder in empty.users_collection:
            return holder
    holder = bpy.data.collections.new(f"Landmarks of {head.name}")
    holder[PROPERTY] = True
    parent = head.users_collection[0] if head.users_collection else bpy.context.scene.collection
    parent.children.link(holder)
    return holder
