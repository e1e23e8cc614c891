# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Grow Shapes: muscle-made shape keys on a bare head and on a rig."""

import bpy
import numpy as np
import pytest
from muscle_face.blender_addon import bridge, staleness, storage
from muscle_face.core import grow
from readings import SINGLE, shown

FEW = ("jawOpen", "mouthFrownLeft", "mouthFrownRight", "eyeBlinkLeft")


@pytest.fixture
def few(monkeypatch) -> tuple[str, ...]:
    """A set of few shapes in the place of ARKit's."""
    monkeypatch.setitem(grow.SETS, "arkit", FEW)
    return FEW


def key_names(obj: bpy.types.Object) -> list[str]:
    """Names of the shape keys in their order."""
    return [key.name for key in obj.data.shape_keys.key_blocks]


def test_a_bare_head_grows_shapes_without_a_rig(head, few):
    """One press on a head without shape keys adds a Basis and the set at value 0, and nothing else."""
    head.shape_key_clear()
    rest = bridge.vertex_positions(head.data)
    head.muscle_face.quality = "draft"
    assert bpy.ops.muscle_face.grow_shapes(shapes="arkit") == {"FINISHED"}
    assert key_names(head) == ["Basis", *few]
    assert not storage.has_rig(head.data)
    assert np.array_equal(shown(head), rest)
    head.data.shape_keys.key_blocks["jawOpen"].value = 1.0
    assert np.abs(shown(head) - rest).max() > 0.02


def test_grown_keys_leave_a_rig_as_it_is(small_rig, few):
    """Names that are there stay; grown keys add to the simulation as plain shape keys; Update Rig is offered."""
    blocks = small_rig.data.shape_keys.key_blocks
    before = {key.name: bridge.key_positions(key) for key in blocks}
    small_rig.muscle_face.muscles["zygomaticus_major_L"].activation = 0.5
    smile = shown(small_rig)
    sim = bridge.key_positions(blocks[storage.SIM_KEY])
    assert bpy.ops.muscle_face.grow_shapes(shapes="arkit") == {"FINISHED"}
    blocks = small_rig.data.shape_keys.key_blocks
    assert key_names(small_rig) == [*before, *(n for n in few if n not in before)]
    assert np.array_equal(bridge.key_positions(blocks["jawOpen"]), before["jawOpen"])
    assert np.array_equal(shown(small_rig), smile)
    blocks["mouthFrownLeft"].value = 1.0
    delta = bridge.key_delta(small_rig, blocks["mouthFrownLeft"])
    assert np.abs(shown(small_rig) - smile - delta).max() < SINGLE
    assert np.array_equal(bridge.key_positions(blocks[storage.SIM_KEY]), sim)
    assert "mouthFrownLeft" in staleness.changes(small_rig)


def test_grown_keys_outlive_the_rig(small_rig, few):
    """Remove Rig takes the simulation and leaves the grown keys."""
    bpy.ops.muscle_face.grow_shapes(shapes="arkit")
    bpy.ops.muscle_face.remove_rig()
    assert "mouthFrownLeft" in key_names(small_rig)
    assert storage.SIM_KEY not in key_names(small_rig)


def test_a_set_that_is_there_is_not_grown_again(small_rig, monkeypatch):
    """When every name exists, in whichever spelling, the operator says so and changes nothing."""
    monkeypatch.setitem(grow.SETS, "arkit", ("jawOpen", "mouthPucker"))
    small_rig.data.shape_keys.key_blocks["jawOpen"].name = "Jaw_Open"
    names = key_names(small_rig)
    with pytest.raises(RuntimeError, match="has all shapes"):
        bpy.ops.muscle_face.grow_shapes(shapes="arkit")
    assert key_names(small_rig) == names


def test_what_the_flesh_does_not_bear_is_named_and_not_added(small_rig, few, monkeypatch, capfd):
    """Where no try settles, the mesh keeps its keys and the report says which shapes are lacking."""
    monkeypatch.setattr(grow.shapes, "TRIES", 0)
    names = key_names(small_rig)
    assert bpy.ops.muscle_face.grow_shapes(shapes="arkit") == {"FINISHED"}
    assert key_names(small_rig) == names
    said = capfd.readouterr().out
    assert "does not bear" in said and "mouthFrownLeft" in said
