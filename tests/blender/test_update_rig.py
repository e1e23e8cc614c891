# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Update Rig: a face that was edited after it was rigged is rigged again and keeps its animation."""

import json

import bpy
import numpy as np
import pytest
from muscle_face.blender_addon import animation, bridge, staleness, storage
from readings import moved, shown

MUSCLE = "zygomaticus_major_L"


@pytest.fixture
def keyed(small_rig) -> bpy.types.Object:
    """The small rig with a keyed muscle, jaw and shape key."""
    muscle = small_rig.muscle_face.muscles[MUSCLE]
    key = small_rig.data.shape_keys.key_blocks["mouthSmileRight"]
    for frame, value in ((1, 0.0), (11, 1.0)):
        muscle.activation, small_rig.muscle_face.jaw_open, key.value = value, 0.5 * value, value
        muscle.keyframe_insert("activation", frame=frame)
        small_rig.muscle_face.keyframe_insert("jaw_open", frame=frame)
        key.keyframe_insert("value", frame=frame)
    bpy.context.scene.frame_set(1)
    return small_rig


def curves(obj: bpy.types.Object) -> list:
    """Paths and keys of all F-Curves of a rig."""
    owners = (obj, obj.data.shape_keys)
    return [(c.data_path, [tuple(p.co) for p in c.keyframe_points]) for o in owners for c in animation.curves(o)]


def sculpt(obj: bpy.types.Object, lift: float) -> None:
    """Move the Basis and what is relative to it, as a brush on the Basis does."""
    for key in obj.data.shape_keys.key_blocks:
        bridge.write_key_positions(key, bridge.key_positions(key) + [lift, 0.0, 0.0])
    obj.data.update()


def test_a_fresh_rig_is_up_to_date(small_rig):
    """Nothing to update after the rig was made, solved and its sliders moved."""
    assert staleness.changes(small_rig) is None
    small_rig.muscle_face.muscles[MUSCLE].activation = 0.7
    shown(small_rig)
    assert staleness.changes(small_rig) is None


def test_edits_are_noticed(small_rig):
    """A sculpted neutral, a further and a deleted shape key each say so; undone they say nothing."""
    keys = small_rig.data.shape_keys.key_blocks
    kept = {k.name: bridge.key_positions(k) for k in keys}
    sculpt(small_rig, 0.01)
    assert "neutral" in staleness.changes(small_rig)
    for name, positions in kept.items():
        bridge.write_key_positions(keys[name], positions)
    assert staleness.changes(small_rig) is None
    bridge.write_key_positions(keys["mouthPucker"], kept["mouthPucker"] + 0.01)
    assert "mouthPucker" in staleness.changes(small_rig)
    bridge.write_key_positions(keys["mouthPucker"], kept["mouthPucker"])
    bridge.add_key(small_rig, "sneer", kept["Basis"])
    assert "added: sneer" in staleness.changes(small_rig)
    small_rig.shape_key_remove(keys["sneer"])
    small_rig.shape_key_remove(keys["mouthPucker"])
    assert "gone: mouthPucker" in staleness.changes(small_rig)


def test_another_tissue_leaves_it_out_of_date(small_rig):
    """Set Tissue works on the rig as it is: it does not make the rig that of the sculpted mesh."""
    sculpt(small_rig, 0.01)
    assert bpy.ops.muscle_face.set_tissue(tissue="stanford") == {"FINISHED"}
    assert "neutral" in staleness.changes(small_rig)


def test_update_follows_the_mesh_and_keeps_the_animation(keyed):
    """Re-sculpted, with one shape key fewer and one more: the update simulates the new mesh, all curves stay, and every
    muscle has the slider that it had."""
    keys, before = keyed.data.shape_keys.key_blocks, curves(keyed)
    muscles = [m.name for m in keyed.muscle_face.muscles]
    sculpt(keyed, 0.02 * max(keyed.dimensions))
    keyed.shape_key_remove(keys["browInnerUp"])
    bridge.add_key(
        keyed, "halfSmile", 0.5 * (bridge.key_positions(keys["mouthSmileLeft"]) + bridge.key_positions(keys[0]))
    )
    assert bpy.ops.muscle_face.update_rig() == {"FINISHED"}
    assert staleness.changes(keyed) is None
    assert curves(keyed) == before
    assert [m.name for m in keyed.muscle_face.muscles] == muscles
    model = storage.load(keyed.data)
    assert "halfSmile" in model.shapes and "browInnerUp" not in model.shapes
    assert np.allclose(model.neutral, bridge.vertex_positions(keyed.data))
    assert str(model.rig.quality) == "draft"
    rest = shown(keyed)
    assert moved(rest, bridge.vertex_positions(keyed.data)) == 0.0
    bpy.context.scene.frame_set(11)
    assert np.isclose(keyed.muscle_face.muscles[MUSCLE].activation, 1.0)
    assert moved(rest, shown(keyed)) > 0.01
    assert set(storage.before(keyed.data)["keys"]) == {"Basis", *model.shapes}
    bpy.context.scene.frame_set(1)
    assert bpy.ops.muscle_face.remove_rig() == {"FINISHED"}
    assert "halfSmile" in keyed.data.shape_keys.key_blocks


def test_update_reads_a_rig_that_is_too_old(keyed):
    """A rig whose data this version cannot read is made anew from the mesh; its sliders and keys stay."""
    before = curves(keyed)
    group = keyed.data[storage.PROPERTY]
    group["model"]["model"], group["digest"] = b"no rig", "old"
    storage.clear_cache()
    assert bpy.ops.muscle_face.update_rig() == {"FINISHED"}
    assert curves(keyed) == before
    assert storage.load(keyed.data).tissue == keyed.muscle_face.tissue


def test_update_repairs_lost_keys(small_rig):
    """When Muscle Sim was deleted, or all shape keys with it, the update puts it back."""
    keys = small_rig.data.shape_keys.key_blocks
    small_rig.shape_key_remove(keys[storage.SIM_KEY])
    group = small_rig.data[storage.PROPERTY]
    assert json.loads(group["fingerprint"])[staleness.SHAPES].keys() == {
        k.name for k in staleness.shape_sources(small_rig.data)
    }
    small_rig.shape_key_clear()
    assert bpy.ops.muscle_face.update_rig() == {"FINISHED"}
    assert storage.SIM_KEY in small_rig.data.shape_keys.key_blocks


def test_other_topology_is_still_refused(small_rig):
    """A mesh with other vertices is another mesh: the sentence of before, and nothing changes."""
    bpy.ops.object.shape_key_remove(all=True)
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.mesh.subdivide()
    bpy.ops.object.mode_set(mode="OBJECT")
    blob = small_rig.data[storage.PROPERTY]["digest"]
    assert staleness.changes(small_rig) == staleness.TOPOLOGY
    with pytest.raises(RuntimeError, match="undo the edit"):
        bpy.ops.muscle_face.update_rig()
    assert small_rig.data[storage.PROPERTY]["digest"] == blob
