# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What tests read off a scene."""

import bpy
import numpy as np
from muscle_face.blender_addon import bridge

# Shape keys are single precision; a sum of a few of them is exact to some 1e-7 of the head's size.
SINGLE = 2e-6


def shown(obj: bpy.types.Object) -> np.ndarray:
    """What the viewport shows of an object, in its own space, (V, 3)."""
    return bridge.evaluated_positions(obj, bpy.context.evaluated_depsgraph_get())


def blend_sum(obj: bpy.types.Object) -> np.ndarray:
    """The plain blendshape sum of a rigged object's sliders, (V, 3), computed without Blender's evaluation."""
    total = bridge.vertex_positions(obj.data)
    for key in obj.data.shape_keys.key_blocks[1:]:
        if key.name != "Muscle Sim" and not key.mute:
            total = total + key.value * bridge.key_delta(obj, key)
    return total


def moved(before: np.ndarray, after: np.ndarray) -> float:
    """Largest distance between two states of a mesh, as a share of the mesh's size."""
    return float(np.linalg.norm(after - before, axis=1).max() / np.ptp(before, axis=0).max())


def fingerprint(obj: bpy.types.Object) -> dict:
    """All of a mesh that a rig could change: positions, shape keys with values and mutes, ID properties."""
    mesh = obj.data
    keys = mesh.shape_keys.key_blocks if mesh.shape_keys else []
    vertices = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.attributes["position"].data.foreach_get("vector", vertices)
    return {
        "vertices": vertices.tobytes(),
        "keys": [
            (
                k.name,
                bridge.key_positions(k).tobytes(),
                k.value,
                k.mute,
                k.slider_min,
                k.slider_max,
                k.relative_key.name,
            )
            for k in keys
        ],
        "active": obj.active_shape_key_index,
        "mesh properties": sorted(mesh.keys()),
        # Blender 4 lists a registered property among the ID properties as soon as somebody reads it.
        "object properties": sorted(set(obj.keys()) - {"muscle_face"}),
        "modifiers": len(obj.modifiers),
        "matrix": tuple(map(tuple, obj.matrix_world)),
    }
