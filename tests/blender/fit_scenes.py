# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Posed faces and targets for the tests of the fit."""

import bpy
import pytest
from muscle_face.blender_addon import bridge, storage

SMILE = {"mouthSmileLeft": 0.7, "jawOpen": 0.3}


def pose(rig, values) -> None:
    """Set shape keys and solve."""
    for name, value in values.items():
        rig.data.shape_keys.key_blocks[name].value = value
    bpy.ops.muscle_face.solve()


def rest(rig) -> None:
    """All sliders at neutral."""
    for key in rig.data.shape_keys.key_blocks[1:]:
        if key.name != storage.SIM_KEY:
            key.value = 0.0
    bpy.ops.muscle_face.solve()


def found(rig, values) -> None:
    """The sliders are at the values again, to the 0.05 that self-made targets allow."""
    for name, value in values.items():
        assert rig.data.shape_keys.key_blocks[name].value == pytest.approx(value, abs=0.05)


def mesh_object(name, positions, faces) -> bpy.types.Object:
    """A mesh object in the scene; the rig stays active."""
    obj = bpy.data.objects.new(name, bridge.new_mesh(name, positions, faces))
    bpy.context.collection.objects.link(obj)
    return obj
