# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""A bake tells the shape keys that it wrote from those of an artist that are called the same."""

import bpy
import numpy as np
import pytest
from muscle_face.blender_addon import animation, baked, bridge, staleness, storage

FRAMES = {"frame_start": 1, "frame_end": 2}


def add(obj: bpy.types.Object, name: str) -> bpy.types.ShapeKey:
    """A shape key of the artist's, keyed as artists do."""
    key = bridge.add_key(obj, name, bridge.vertex_positions(obj.data) + 0.01)
    key.keyframe_insert("value", frame=1)
    return key


def names(obj: bpy.types.Object) -> list[str]:
    """The shape keys that are called like those of a bake."""
    return [key.name for key in obj.data.shape_keys.key_blocks if key.name.startswith("Bake")]


def bake(**options) -> None:
    assert bpy.ops.muscle_face.bake(**{**FRAMES, **options}) == {"FINISHED"}


def test_keys_called_like_those_of_a_bake_stay(keyed):
    """Two bakes, Remove Bake and Remove Rig leave the artist's keys, their shape and their curves."""
    mine = ["Bake 001", "Bake 0002", "Bake Part 001"]
    kept = {name: bridge.key_positions(add(keyed, name)) for name in mine}
    bake()
    assert names(keyed) == [*mine, "Bake 0001", "Bake 0002.001"]
    bake(method="COMPRESSED")
    assert names(keyed) == [*mine, "Bake Part 001.001"]
    bpy.ops.muscle_face.remove_bake()
    bpy.ops.muscle_face.remove_rig()
    keys = keyed.data.shape_keys
    assert names(keyed) == mine and baked.PROPERTY not in keyed.data
    for name, positions in kept.items():
        assert np.array_equal(bridge.key_positions(keys.key_blocks[name]), positions)
        assert animation.find_curve(keys, keys.key_blocks[name].path_from_id("value")) is not None


def test_keys_called_like_results_are_sliders(small_rig):
    """What an artist calls like a baked frame or a corrective is offered to the simulation, and survives the rig."""
    add(small_rig, "Bake 0001")
    add(small_rig, "Corrective")
    assert {"Bake 0001", "Corrective"} <= {key.name for key in staleness.shape_sources(small_rig.data)}
    bake()
    assert "Bake 0001" in staleness.changes(small_rig) and "Bake 0002" not in staleness.changes(small_rig)
    bpy.ops.muscle_face.remove_bake()
    bpy.ops.muscle_face.remove_rig()
    assert {"Bake 0001", "Corrective"} <= set(small_rig.data.shape_keys.key_blocks.keys())


@pytest.mark.parametrize("sculpted", [False, True])
def test_a_renamed_baked_key_is_the_artists(keyed, capfd, sculpted):
    """It stays, as a shape to use, and no longer plays over the face that is driven again, which is told."""
    bpy.context.scene.frame_set(6)
    bake(frame_start=5, frame_end=6)
    keys = keyed.data.shape_keys.key_blocks
    keys["Bake 0006"].name = "Scream"
    if sculpted:
        bridge.write_key_positions(keys["Scream"], bridge.key_positions(keys["Scream"]) + 0.01)
    scream = bridge.key_positions(keys["Scream"])
    bake(frame_start=5, frame_end=6)
    assert names(keyed) == ["Bake 0005", "Bake 0006"]
    assert "sculpted or renamed since: Scream" in capfd.readouterr().out
    assert np.array_equal(bridge.key_positions(keys["Scream"]), scream) and keys["Scream"].value == 0.0
    assert animation.find_curve(keyed.data.shape_keys, 'key_blocks["Scream"].value') is None


@pytest.mark.parametrize("then", ["bake", "remove", "new rig"])
def test_a_sculpted_baked_key_is_the_artists(keyed, capfd, then):
    """Baking again and Remove Bake keep it under another name, at 0, and say so."""
    bake(frame_start=5, frame_end=6)
    key = keyed.data.shape_keys.key_blocks["Bake 0006"]
    bridge.write_key_positions(key, bridge.key_positions(key) + 0.01)
    mine = bridge.key_positions(key)
    if then == "new rig":
        bpy.ops.muscle_face.remove_rig()
        assert bpy.ops.muscle_face.create_rig(quality="draft") == {"FINISHED"}
    if then == "remove":
        bpy.ops.muscle_face.remove_bake()
    else:
        bake(frame_start=5, frame_end=6)
    assert "being sculpted or renamed since: Bake 0006 Sculpted" in capfd.readouterr().out
    keys = keyed.data.shape_keys
    assert np.array_equal(bridge.key_positions(keys.key_blocks["Bake 0006 Sculpted"]), mine)
    assert keys.key_blocks["Bake 0006 Sculpted"].value == 0.0
    assert animation.find_curve(keys, 'key_blocks["Bake 0006 Sculpted"].value') is None
    assert names(keyed) == ["Bake 0006 Sculpted", *([] if then == "remove" else ["Bake 0005", "Bake 0006"])]


def test_a_bake_on_another_neutral_is_replaced(keyed):
    """To sculpt the neutral moves all keys: none of them is the artist's work."""
    bake()
    for key in keyed.data.shape_keys.key_blocks:
        bridge.write_key_positions(key, bridge.key_positions(key) + 0.01)
    bake()
    assert names(keyed) == ["Bake 0001", "Bake 0002"]


def test_what_a_bake_wrote_is_known_in_another_file(keyed, tmp_path):
    """Appended, its mesh renamed and its rig gone: a new rig's bake replaces the keys of the old one, no others."""
    add(keyed, "Bake 0001")
    bake()
    path = str(tmp_path / "shot.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(path) as (found, into):
        into.objects = found.objects
    (face,) = (obj for obj in into.objects if obj.type == "MESH")
    bpy.context.collection.objects.link(face)
    bpy.context.view_layer.objects.active = face
    face.data.name = "Other"
    bpy.ops.muscle_face.remove_rig()
    assert names(face) == ["Bake 0001", "Bake 0001.001", "Bake 0002"]
    assert baked.names(face.data) == {"Bake 0001.001", "Bake 0002"}
    assert not {"Bake 0001.001", "Bake 0002"} & {key.name for key in staleness.shape_sources(face.data)}


@pytest.mark.parametrize("method", ["FRAMES", "COMPRESSED"])
@pytest.mark.parametrize("rigged", [True, False])
def test_bakes_without_a_note_can_be_removed(keyed, method, rigged):
    """Files of before have none: a bake's own keys are told by name and curve, with and without the rig."""
    add(keyed, "Bake 001")
    bake(method=method)
    written = baked.names(keyed.data)
    assert written
    del keyed.data[baked.PROPERTY]
    if not rigged:
        storage.remove(keyed.data)
        add(keyed, "Bake 0007")
        assert baked.names(keyed.data) == written
    else:
        bpy.ops.muscle_face.remove_bake()
        assert names(keyed) == ["Bake 001"]
