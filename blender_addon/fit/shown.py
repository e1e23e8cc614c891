# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Whether Blender evaluates what a fit points at: what is disabled keeps the shape and place of an earlier frame."""

import bpy

from ...core import MuscleFaceError


def check(context: bpy.types.Context, obj: bpy.types.Object) -> None:
    """Raise MuscleFaceError where the view layer does not evaluate an object. A closed eye does no harm."""
    if obj == context.scene.camera or (not obj.hide_viewport and _holds(context.view_layer.layer_collection, obj)):
        return
    # A background scene's objects are in no collection of this one.
    if not any(found.original == obj for found in context.evaluated_depsgraph_get().objects):
        raise MuscleFaceError(
            f"'{obj.name}' is disabled, and Blender keeps it as it was: enable it and its collection in the Outliner "
            "(the eye may stay closed)."
        )


def _holds(layer: bpy.types.LayerCollection, obj: bpy.types.Object) -> bool:
    """Whether the object is in an enabled collection."""
    if layer.exclude or layer.collection.hide_viewport:
        return False
    return obj.name in layer.collection.objects or any(_holds(child, obj) for child in layer.children)
