# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Rigs in the company that they keep in a scene: other rigs, copies, libraries, modifiers, other files."""

import bpy
import numpy as np
import pytest
from muscle_face.blender_addon import bridge, drive, handlers, storage
from readings import SINGLE, blend_sum, moved, shown

MUSCLE = "zygomaticus_major_L"


def duplicate(rig) -> bpy.types.Object:
    """A copy with its own mesh, beside the original."""
    bpy.ops.object.select_all(action="DESELECT")
    rig.select_set(True)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.duplicate()
    return bpy.context.object


def test_two_rigs_move_on_their_own(rig):
    """A duplicate has its own sliders, its own pose and its own frame's answer."""
    other = duplicate(rig)
    rest = shown(rig)
    rig.muscle_face.muscles[MUSCLE].activation = 1.0
    other.data.shape_keys.key_blocks["jawOpen"].value = 0.5
    one, two = shown(rig), shown(other)
    assert moved(rest, one) > 0.005 and moved(rest, two) > 0.01 and moved(one, two) > 0.01
    assert moved(drive.last_pose(rig).skin, one) < SINGLE
    assert moved(drive.last_pose(other).skin, two) < SINGLE


def test_a_linked_rig_must_be_made_local(rig, tmp_path):
    """Buttons on a linked face say that it must be made local; once local it works."""
    path = str(tmp_path / "library.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(path, link=True) as (source, into):
        into.objects = [source.objects[0]]
    obj = into.objects[0]
    bpy.context.collection.objects.link(obj)
    bpy.context.view_layer.objects.active = obj
    with pytest.raises(RuntimeError, match="make the object and its mesh local"):
        bpy.ops.muscle_face.solve()
    with pytest.raises(RuntimeError, match="make the object and its mesh local"):
        bpy.ops.muscle_face.mirror_sliders()
    obj.select_set(True)
    bpy.ops.object.make_local(type="ALL")
    local = bpy.context.view_layer.objects.active
    rest = shown(local)
    local.muscle_face.muscles[MUSCLE].activation = 1.0
    assert moved(rest, shown(local)) > 0.005


def test_an_appended_rig_works(rig, tmp_path):
    """A face appended from another file keeps rig, sliders and simulation."""
    path = str(tmp_path / "library.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(path, link=False) as (source, into):
        into.objects = [source.objects[0]]
    obj = into.objects[0]
    bpy.context.collection.objects.link(obj)
    rest = shown(obj)
    obj.muscle_face.muscles[MUSCLE].activation = 1.0
    assert moved(rest, shown(obj)) > 0.005


@pytest.mark.parametrize("kind", ["ARMATURE", "SUBSURF"])
def test_modifiers_work_on_the_simulated_face(rig, kind):
    """With a modifier the simulation is the same, and the modifier acts on top of it."""
    rig.muscle_face.muscles[MUSCLE].activation = 1.0
    bare = shown(rig)
    key = bridge.key_positions(rig.data.shape_keys.key_blocks["Muscle Sim"])
    modifier = rig.modifiers.new("After", kind)
    if kind == "SUBSURF":
        modifier.levels = 1
        assert len(shown(rig)) > 3 * len(bare)
    else:
        assert moved(bare, shown(rig)) < SINGLE
    bpy.ops.muscle_face.solve()
    assert moved(key, bridge.key_positions(rig.data.shape_keys.key_blocks["Muscle Sim"])) < 1e-4


def test_values_above_one(rig):
    """A shape key whose range goes to 2 drives the simulation at 1.5."""
    key = rig.data.shape_keys.key_blocks["mouthSmileLeft"]
    rest = shown(rig)
    key.value = 1.0
    whole = np.abs(shown(rig) - rest).max()
    key.slider_max = 2.0
    key.value = 1.5
    assert 1.2 * whole < np.abs(shown(rig) - rest).max() < 1.8 * whole


def test_a_mirrored_object_shows_the_same_face(rig):
    """Negative and uneven scale change nothing in the object's own space."""
    rig.muscle_face.muscles[MUSCLE].activation = 1.0
    before = shown(rig)
    rig.scale = (-1.0, 2.0, 0.5)
    rig.muscle_face.muscles[MUSCLE].activation = 0.5
    rig.muscle_face.muscles[MUSCLE].activation = 1.0
    # A solve from another start ends within the solver's tolerance.
    assert moved(before, shown(rig)) < 5e-4


def test_an_excluded_shape_is_added_as_it_is(rig):
    """An excluded shape does not reach the flesh, shows as the artist made it, and survives a bake."""
    assert bpy.ops.muscle_face.exclude_shape(shape="browDownLeft") == {"FINISHED"}
    assert {item.name for item in rig.muscle_face.excluded} == {"browDownLeft", "browDownRight"}
    rig.data.shape_keys.key_blocks["browDownLeft"].value = 1.0
    assert moved(blend_sum(rig), shown(rig)) < SINGLE
    assert drive.last_pose(rig) is None
    rig.data.shape_keys.key_blocks["jawOpen"].value = 0.5
    live = shown(rig)
    bpy.ops.muscle_face.bake(frame_start=1, frame_end=1)
    assert not rig.data.shape_keys.key_blocks["browDownLeft"].mute
    assert moved(live, shown(rig)) < 0.002
    bpy.ops.muscle_face.remove_bake()
    bpy.ops.muscle_face.exclude_shape(shape="browDownRight")
    assert not rig.muscle_face.excluded
    shown(rig)
    assert drive.read(rig, storage.load(rig.data)).controls.any()


def test_other_objects_cost_a_frame_nothing(small_rig, monkeypatch):
    """Of a scene's objects only those with a rig in their mesh are looked at."""
    for number in range(20):
        other = bpy.data.objects.new(f"Prop {number}", bpy.data.meshes.new("Prop"))
        bpy.context.collection.objects.link(other)
    depsgraph = bpy.context.evaluated_depsgraph_get()
    asked, driven = [], handlers._is_driven
    monkeypatch.setattr(handlers, "_is_driven", lambda obj, hand: asked.append(obj.name) or driven(obj, hand))
    handlers.on_frame_change(bpy.context.scene, depsgraph)
    assert asked == [small_rig.name]
