# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What Blender evaluates of the objects that a fit reads: where they stand, and what modifiers make of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import bpy
import numpy as np
from mathutils import Matrix

from ...core import MuscleFaceError
from .. import bridge

if TYPE_CHECKING:
    from ...core import FaceModel

REFINING = ("SUBSURF", "TRIANGULATE")
"""Modifiers that only divide faces."""


def check(context: bpy.types.Context, obj: bpy.types.Object) -> None:
    """Raise MuscleFaceError where the view layer does not evaluate an object: it stays as it was on another frame. A
    closed eye does no harm."""
    if obj == context.scene.camera or (not obj.hide_viewport and in_collection(context.view_layer, obj)):
        return
    # A background scene's objects are in no collection of this one.
    if not any(found.original == obj for found in context.evaluated_depsgraph_get().objects):
        if not any(found == obj for found in context.scene.objects):
            # What a property still points to outlives Delete.
            raise MuscleFaceError(
                f"'{obj.name}' was deleted or is in another scene: choose another one, or link it to this scene."
            )
        raise MuscleFaceError(
            f"'{obj.name}' is disabled, and Blender keeps it as it was: enable it and its collection in the Outliner "
            "(the eye may stay closed)."
        )


def check_apart(face: bpy.types.Object, obj: bpy.types.Object) -> None:
    """Raise MuscleFaceError where an object that a fit reads moves with the head that the fit moves: it would never get
    there."""
    settings, above = face.muscle_face, obj.parent
    while above not in (None, face):
        above = above.parent
    if above is not None and settings.fit_head == "OBJECT" and settings.fit_head_pose != "OFF":
        raise MuscleFaceError(
            f"'{obj.name}' is a child of '{face.name}' and moves with it: clear its parent, or set the fit's Head Pose "
            "to Fixed."
        )


def in_collection(view_layer: bpy.types.ViewLayer, obj: bpy.types.Object, disabled: str = "hide_viewport") -> bool:
    """Whether the object is in an enabled collection; ``disabled`` names the property that says which is not."""

    def holds(layer: bpy.types.LayerCollection) -> bool:
        if layer.exclude or getattr(layer.collection, disabled):
            return False
        return obj.name in layer.collection.objects or any(map(holds, layer.children))

    # Blender 5.2 makes them when the layer is first evaluated; nothing is excluded before.
    root = view_layer.layer_collection
    return root is None or holds(root)


@contextmanager
def unrefined(obj: bpy.types.Object, depsgraph: bpy.types.Depsgraph) -> Iterator[None]:
    """An object without the modifiers that only divide its faces: below them it may be of the rig's topology."""
    off = [m for m in obj.modifiers if m.type in REFINING and m.show_viewport]
    try:
        for modifier in off:
            modifier.show_viewport = False
        if off:
            depsgraph.update()
        yield
    finally:
        for modifier in off:
            modifier.show_viewport = True
        if off:
            depsgraph.update()


def positions(obj: bpy.types.Object, sculpt: bpy.types.ShapeKey | None = None) -> np.ndarray:
    """(V, 3) what the shape keys of a face show, a sculpt in full; without modifiers, which may change the topology.

    A sculpt that the viewport does not show, or shows alone, was made from the mix: it is the whole face.
    """
    mesh = obj.data
    keys = mesh.shape_keys
    if sculpt is not None and (sculpt.mute or sculpt.value == 0.0 or obj.show_only_shape_key):
        return bridge.key_positions(sculpt)
    out = bridge.vertex_positions(mesh)
    for key in keys.key_blocks:
        if key != keys.reference_key and not key.mute and key.value:
            out = out + (1.0 if key == sculpt else key.value) * bridge.key_delta(obj, key)
    return out


def to_face(
    obj: bpy.types.Object, model: FaceModel, depsgraph: bpy.types.Depsgraph, rest: Matrix | None = None
) -> Matrix:
    """From the world to a face's own space, before its modifiers: an armature moves what the object's place does not.

    rest: where the object stands without the motion of its head; as it is where not given.
    """
    now = obj.matrix_world
    moved = now @ _by_modifiers(obj, model, depsgraph) @ now.inverted_safe()
    return (moved @ (now if rest is None else rest)).inverted_safe()


def _by_modifiers(obj: bpy.types.Object, model: FaceModel, depsgraph: bpy.types.Depsgraph) -> Matrix:
    """The rigid motion of the skull, in the object's own space, that its modifiers make."""
    if all(m.type in REFINING or not m.show_viewport for m in obj.modifiers):
        return Matrix()
    with unrefined(obj, depsgraph):
        posed = bridge.evaluated_positions(obj, depsgraph)
    plain = positions(obj)
    if posed.shape != plain.shape:
        return Matrix()
    from ...core.fit.head import head_between

    upwards = model.neutral @ model.rotation[1]
    skull = model.skin_vertices[upwards[model.skin_vertices] > model.landmarks["stomion"] @ model.rotation[1]]
    return Matrix(head_between(plain[skull], posed[skull], np.ones(len(skull)), scale=False).matrix().tolist())
