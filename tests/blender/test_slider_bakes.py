# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The actions around a bake: what an artist made is neither lost nor in the way."""

import bpy
import pytest
from muscle_face.blender_addon import baking, bridge, drive, storage

BAKED = {"frame_start": 1, "frame_end": 2, "method": "SLIDERS"}


@pytest.fixture
def baked(keyed) -> tuple[bpy.types.Object, bpy.types.Action]:
    """A face whose sliders hold a bake, and the action that was set aside."""
    action = keyed.data.shape_keys.animation_data.action
    assert bpy.ops.muscle_face.bake(**BAKED) == {"FINISHED"}
    return keyed, action


def test_a_bake_goes_without_a_trace(baked):
    """Its own action is deleted, the artist's plays again."""
    face, action = baked
    assert bpy.ops.muscle_face.remove_bake() == {"FINISHED"}
    assert list(bpy.data.actions) == [action] and (action.users, action.use_fake_user) == (1, False)
    assert face.data.shape_keys.animation_data.action == action


@pytest.mark.parametrize("method", ["FRAMES", "SLIDERS"])
def test_a_source_renamed_under_a_bake_comes_back(keyed, method):
    """By Remove Bake its mute, its value, its driver and its curve are what they were."""
    keys = keyed.data.shape_keys
    keys.key_blocks["mouthPucker"].driver_add("value").driver.expression = "0.25"
    assert bpy.ops.muscle_face.bake(**{**BAKED, "method": method}) == {"FINISHED"}
    keys.key_blocks["jawOpen"].name, keys.key_blocks["mouthPucker"].name = 'Kiefer "auf"', "Kuss"
    assert bpy.ops.muscle_face.remove_bake() == {"FINISHED"}
    jaw, pucker = keys.key_blocks['Kiefer "auf"'], keys.key_blocks["Kuss"]
    assert not jaw.mute and not pucker.mute
    bpy.context.scene.frame_set(11)
    assert (jaw.value, pucker.value) == pytest.approx((1.0, 0.25))


def test_an_action_made_on_top_of_a_bake_stays(baked):
    """Only the bake's own action is deleted; what would be lost when the file is saved is kept."""
    face, action = baked
    face.data.shape_keys.animation_data.action = bpy.data.actions.new("Mine")
    assert bpy.ops.muscle_face.remove_bake() == {"FINISHED"}
    assert set(bpy.data.actions) == {action, bpy.data.actions["Mine"]} and bpy.data.actions["Mine"].users
    assert face.data.shape_keys.animation_data.action == action


def test_the_action_set_aside_survives_the_rig(baked):
    """The baked keys stay when the rig goes, and so does what they were made from."""
    _, action = baked
    assert bpy.ops.muscle_face.remove_rig() == {"FINISHED"}
    assert action.users


def test_bakes_that_name_the_action_set_aside(baked):
    """Files of before hold a name and no pointer, and not how the action played."""
    face, action = baked
    mutes, aside = storage.bake_mutes(face.data), storage.bake_aside(face.data)
    aside = {"action": action.name, "kept": False, **{n: aside[n] for n in ("values", "drivers", "slot")}}
    action.use_fake_user = True
    storage.set_bake_mutes(face.data, {n: m for n, m in mutes.items() if n != storage.SIM_KEY}, aside)
    assert bpy.ops.muscle_face.remove_bake() == {"FINISHED"}
    assert face.data.shape_keys.animation_data.action == action


def test_nothing_is_copied_into_a_bake(baked):
    """Remove Bake would take it away."""
    face, _ = baked
    source = face.copy()
    source.data = face.data.copy()
    bpy.context.collection.objects.link(source)
    source.select_set(True)
    bpy.context.view_layer.objects.active = source
    with pytest.raises(RuntimeError, match="'Demo Head' hold a bake; press Remove Bake"):
        bpy.ops.muscle_face.copy_animation()


def test_a_shape_deleted_after_a_bake_does_not_stop_the_next(keyed):
    """Its mute of before the bake is noted all the same."""
    assert bpy.ops.muscle_face.bake(frame_start=1, frame_end=2) == {"FINISHED"}
    keyed.shape_key_remove(keyed.data.shape_keys.key_blocks["browInnerUp"])
    assert bpy.ops.muscle_face.bake(frame_start=1, frame_end=2) == {"FINISHED"}


def test_a_few_arkit_names_do_not_leave_the_other_shapes_out(rig, monkeypatch):
    """Where most of ARKit's shapes are, a bake keys only those; five may be there by chance, and all get keys."""
    model = storage.load(rig.data)
    arkit = drive.shape_names(model)
    bridge.add_key(rig, "sneer")
    for some, expected in ((arkit, arkit), (arkit[:5], [*arkit[:5], "sneer"])):
        monkeypatch.setattr(drive, "shape_names", lambda _model, some=some: [*some, "sneer"])
        assert set(baking.engine_shapes(rig, model)) == set(expected)
