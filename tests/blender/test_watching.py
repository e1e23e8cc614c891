# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What the panel says of edits: noticed whatever made them, and never worked out while it is drawn."""

import bpy
import pytest
from muscle_face.blender_addon import bridge, live, staleness, watching
from recording_layout import drawn


@pytest.fixture
def watched(monkeypatch):
    """As if somebody looked, who gives each mesh the shortest slices and no rest."""
    monkeypatch.setattr(live, "watched", lambda: True)
    monkeypatch.setattr(watching, "SLICE_SECONDS", 0.0)
    monkeypatch.setattr(watching, "REST_SECONDS", 0.0)
    yield
    watching.forget()


def told(obj) -> str | None:
    """What the panel says when the look after its drawing is over; background Blender runs no timers."""
    drawn()
    while watching._tick() is not None:
        pass
    return watching.reason(obj)


def by_script(obj) -> None:
    """Nothing in Blender hears of this."""
    bridge.write_key_positions(obj.data.shape_keys.key_blocks["mouthPucker"], bridge.vertex_positions(obj.data) + 0.01)


def in_edit_mode(obj) -> None:
    """The active shape key, as an artist moves its vertices."""
    obj.active_shape_key_index = obj.data.shape_keys.key_blocks.find("mouthPucker")
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.transform.translate(value=(0.0, 0.0, 0.01))
    bpy.ops.object.mode_set(mode="OBJECT")


@pytest.mark.parametrize("edit", [by_script, in_edit_mode])
def test_edits_are_told(small_rig, watched, edit):
    """After an edit of any kind the next look says so, and after an undo of it no more."""
    kept = bridge.key_positions(small_rig.data.shape_keys.key_blocks["mouthPucker"])
    assert told(small_rig) is None
    edit(small_rig)
    assert told(small_rig) == "Shape keys were sculpted since: mouthPucker"
    bridge.write_key_positions(small_rig.data.shape_keys.key_blocks["mouthPucker"], kept)
    assert told(small_rig) is None


def test_an_edit_during_a_look_is_seen_by_the_next(small_rig, watched):
    """A key that was seen already may change before the last one is."""
    drawn()
    watching._tick()
    by_script(small_rig)
    assert "mouthPucker" in told(small_rig)


def test_what_goes_during_a_look_does_no_harm(small_rig, watched):
    """A key, all keys, other faces, the object: what is gone between two slices is not touched."""
    keys = small_rig.data.shape_keys.key_blocks
    drawn()
    watching._tick()
    small_rig.shape_key_remove(keys["mouthPucker"])
    assert "gone: mouthPucker" in told(small_rig)
    drawn()
    watching._tick()
    small_rig.shape_key_clear()
    assert told(small_rig) == staleness.KEYS_LOST
    drawn()
    bpy.data.objects.remove(small_rig)
    assert watching._tick() is None


def test_drawing_reads_no_shape(small_rig, watched, monkeypatch):
    """However many keys a head has, its panels draw as fast; the looks come after."""
    read = []
    monkeypatch.setattr(bridge, "key_checksum", lambda key: read.append(key.name) or 0)
    drawn()
    assert not read
    while watching._tick() is not None:
        pass
    assert len(read) == len(staleness.sources(small_rig))


def test_a_vertex_without_faces_is_another_topology(small_rig):
    """Also for a mesh whose faces were compared before."""
    assert staleness.changes(small_rig) is None
    small_rig.data.vertices.add(1)
    assert staleness.changes(small_rig) == staleness.TOPOLOGY
