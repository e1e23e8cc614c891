# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""A head that layout has placed by delta transforms stays there when its motion is keyed."""

import bpy
import numpy as np
import pytest
from mathutils import Matrix
from muscle_face.blender_addon import head_pose, storage


def key(rig, motions, target) -> None:
    """Key motions on the first frames, from where the rig stands."""
    head_pose.note_rest(rig)
    rests = [head_pose.rest_matrix(rig)] * len(motions)
    head_pose.write_keys(rig, storage.load(rig.data), np.arange(1, len(motions) + 1), motions, target, rests)


@pytest.mark.parametrize("mode", ["XYZ", "ZXY", "QUATERNION"])
def test_a_still_head_stays_with_delta_transforms(small_rig, mode):
    """Keys that hold no motion move nothing."""
    small_rig.rotation_mode, small_rig.location = mode, (1.0, 2.0, 3.0)
    small_rig.rotation_euler, small_rig.rotation_quaternion = (0.1, 0.2, 0.3), (0.8, 0.6, 0.0, 0.0)
    small_rig.delta_location, small_rig.delta_scale = (0.0, 0.0, 1.0), (2.0, 2.0, 2.0)
    small_rig.delta_rotation_euler, small_rig.delta_rotation_quaternion = (0.2, 0.3, -0.4), (0.8, 0.0, 0.6, 0.0)
    bpy.context.view_layer.update()
    before = np.array(small_rig.matrix_world)
    still = np.tile(np.eye(4), (2, 1, 1))
    key(small_rig, still, "OBJECT")
    bpy.context.scene.frame_set(2)
    np.testing.assert_allclose(np.array(small_rig.matrix_world), before, atol=1e-5)


@pytest.mark.parametrize("how", ["deltas", "parent", "constraint"])
def test_a_head_is_placed_under_what_moves_it(small_rig, how):
    """A motion of the head is added to what parents, constraints and delta transforms do."""
    body = bpy.data.objects.new("Body", None)
    bpy.context.collection.objects.link(body)
    if how == "deltas":
        small_rig.delta_location, small_rig.delta_rotation_euler = (0.0, 0.0, 1.0), (0.2, 0.3, -0.4)
    elif how == "parent":
        small_rig.parent = body
    else:
        small_rig.constraints.new("CHILD_OF").target = body
    bpy.context.view_layer.update()
    body.location, body.rotation_euler = (0.4, 0.0, 0.0), (0.0, 0.0, 0.5)
    bpy.context.view_layer.update()
    motion = Matrix.Translation((0.1, 0.2, 0.0)) @ Matrix.Rotation(0.3, 4, "X")
    expected = np.array(small_rig.matrix_world @ motion)
    head_pose.place(small_rig, storage.load(small_rig.data), np.array(motion), "OBJECT")
    bpy.context.view_layer.update()
    np.testing.assert_allclose(np.array(small_rig.matrix_world), expected, atol=1e-5)


@pytest.mark.parametrize("name", ["h" * 63, "頭" * 21])
def test_a_head_with_a_long_name_keeps_one_empty(small_rig, name):
    """Blender cuts names: the next take finds the empty of the one before."""
    small_rig.name, still = name, np.tile(np.eye(4), (2, 1, 1))
    for _ in range(2):
        key(small_rig, still, "EMPTY")
    assert [o.type for o in bpy.data.objects].count("EMPTY") == 1
