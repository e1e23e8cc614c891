# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Sliders are edited in groups and pairs, keyed, and kept as pose assets."""

from types import SimpleNamespace

import bpy
import pytest
from muscle_face.blender_addon import animation, drive, editing, poses, storage
from muscle_face.core import MuscleFaceError
from readings import moved, shown

LEFT, RIGHT = "zygomaticus_major_L", "zygomaticus_major_R"


def value(rig, name: str) -> float:
    return editing.values(rig)[name]


def test_symmetric_moves_the_other_side(rig):
    """With Symmetric on, a slider takes its partner along, for shapes and muscles, and the face shows both."""
    rig.muscle_face.symmetric = True
    shown(rig)
    rig.data.shape_keys.key_blocks["mouthSmileLeft"].value = 0.6
    rig.muscle_face.muscles[RIGHT].activation = 0.4
    shown(rig)
    assert value(rig, "mouthSmileRight") == pytest.approx(0.6)
    assert value(rig, LEFT) == pytest.approx(0.4)
    model = storage.load(rig.data)
    assert drive.is_solved(rig.data, drive.read(rig, model))
    rig.muscle_face.symmetric = False
    rig.data.shape_keys.key_blocks["mouthSmileLeft"].value = 0.1
    shown(rig)
    assert value(rig, "mouthSmileRight") == pytest.approx(0.6)


def test_symmetric_leaves_animation_alone(rig):
    """A frame that moves one side only is no edit."""
    key = rig.data.shape_keys.key_blocks["mouthSmileLeft"]
    for frame, amount in ((1, 0.0), (5, 0.8)):
        key.value = amount
        key.keyframe_insert("value", frame=frame)
    rig.muscle_face.symmetric = True
    for frame in (1, 3, 5):
        bpy.context.scene.frame_set(frame)
        shown(rig)
    assert value(rig, "mouthSmileRight") == 0.0


def test_mirror_swaps_the_sides(rig):
    """Mirror puts the left side's values on the right and back."""
    rig.muscle_face.muscles[LEFT].activation = 0.5
    rig.muscle_face.jaw_side = 0.3
    assert bpy.ops.muscle_face.mirror_sliders() == {"FINISHED"}
    assert value(rig, RIGHT) == pytest.approx(0.5) and value(rig, LEFT) == 0.0
    assert rig.muscle_face.jaw_side == pytest.approx(-0.3)


def test_reset_of_a_group_and_of_all(rig):
    """Reset of the mouth's shapes leaves the brow; reset of all leaves nothing, and the face is at rest."""
    rest = shown(rig)
    keys = rig.data.shape_keys.key_blocks
    keys["mouthSmileLeft"].value = keys["browInnerUp"].value = rig.muscle_face.muscles[LEFT].activation = 0.5
    bpy.ops.muscle_face.reset_sliders(kind="shape", group="Mouth")
    assert (keys["mouthSmileLeft"].value, keys["browInnerUp"].value) == (0.0, 0.5)
    bpy.ops.muscle_face.reset_sliders()
    assert not any(editing.values(rig).values())
    assert moved(rest, shown(rig)) == 0.0


def test_muted_and_solo_groups(rig):
    """A muted group does not pull, and a solo group silences the others."""
    rest = shown(rig)
    rig.muscle_face.muscles[LEFT].activation = 1.0
    group = rig.muscle_face.muscle_groups[rig.muscle_face.muscles[LEFT].group]
    assert moved(rest, shown(rig)) > 0.005
    group.mute = True
    assert moved(rest, shown(rig)) == 0.0
    group.mute = False
    rig.muscle_face.muscle_groups["Brow"].solo = True
    assert moved(rest, shown(rig)) == 0.0
    group.solo = True
    assert moved(rest, shown(rig)) > 0.005


def test_keyframe_all(rig, capfd):
    """Every slider gets a key at the current frame; where that does nothing is told."""
    bpy.context.scene.frame_set(7)
    rig.muscle_face.jaw_open = 0.25
    assert bpy.ops.muscle_face.keyframe_sliders() == {"FINISHED"}
    rig.muscle_face.jaw_open = 0.9
    bpy.context.scene.frame_set(7)
    assert rig.muscle_face.jaw_open == pytest.approx(0.25)
    keys = rig.data.shape_keys
    animation.find_curve(keys, keys.key_blocks["jawOpen"].path_from_id("value")).lock = True
    animation.find_curve(rig, "muscle_face.jaw_side").mute = True
    assert editing.key(rig, editing.all_of(rig), 8) == (["jawOpen"], ["jaw_side"])
    assert bpy.ops.muscle_face.keyframe_sliders() == {"FINISHED"}
    said = capfd.readouterr().out
    assert "locked: jawOpen; their channels are muted, so that keys do not act: jaw_side" in said


def test_pose_assets(rig):
    """A saved pose is an asset and comes back by name, in part, and mirrored."""
    rig.data.shape_keys.key_blocks["mouthSmileLeft"].value = 0.8
    rig.muscle_face.muscles[LEFT].activation = 0.6
    rig.muscle_face.jaw_side = 0.2
    kept = editing.values(rig)
    assert bpy.ops.muscle_face.save_pose(name="Smirk") == {"FINISHED"}
    assert poses.is_pose(bpy.data.actions["Smirk"])
    bpy.ops.muscle_face.reset_sliders()
    assert bpy.ops.muscle_face.apply_pose(pose="Smirk", blend=0.5) == {"FINISHED"}
    assert value(rig, "mouthSmileLeft") == pytest.approx(0.4) and value(rig, LEFT) == pytest.approx(0.3)
    bpy.ops.muscle_face.apply_pose(pose="Smirk")
    assert editing.values(rig) == pytest.approx(kept)
    bpy.ops.muscle_face.apply_pose(pose="Smirk", mirrored=True)
    assert value(rig, RIGHT) == pytest.approx(0.6) and rig.muscle_face.jaw_side == pytest.approx(-0.2)
    with pytest.raises(RuntimeError, match="Save Pose Asset"):
        bpy.ops.muscle_face.apply_pose(pose="Nobody")


def test_a_pose_beyond_the_range_of_sliders_is_told(rig, capfd):
    """The face keeps the limits that its artist set, and names the sliders that they hold; Mirror does too."""
    keys = rig.data.shape_keys.key_blocks
    keys["jawOpen"].slider_max, keys["mouthSmileLeft"].slider_min = 2.0, -1.0
    keys["jawOpen"].value, keys["mouthSmileLeft"].value = 1.5, -0.5
    assert bpy.ops.muscle_face.save_pose(name="Scream") == {"FINISHED"}
    capfd.readouterr()
    assert bpy.ops.muscle_face.mirror_sliders() == {"FINISHED"}
    assert "Mirrored; held at the end of their range: mouthSmileRight" in capfd.readouterr().out
    keys["jawOpen"].slider_max, keys["mouthSmileLeft"].slider_min = 1.0, 0.0
    assert bpy.ops.muscle_face.apply_pose(pose="Scream") == {"FINISHED"}
    assert (keys["jawOpen"].value, keys["mouthSmileLeft"].value) == (1.0, 0.0)
    assert "held at the end of their range: mouthSmileLeft, jawOpen" in capfd.readouterr().out
    assert bpy.ops.muscle_face.apply_pose(pose="Scream", blend=0.0) == {"FINISHED"}
    assert "range" not in capfd.readouterr().out


def test_symmetric_leaves_a_wider_slider_where_it_is(rig):
    """Its partner goes as far as it can, and does not pull it back."""
    rig.muscle_face.symmetric = True
    shown(rig)
    rig.data.shape_keys.key_blocks["mouthSmileLeft"].slider_max = 2.0
    rig.data.shape_keys.key_blocks["mouthSmileLeft"].value = 1.5
    for _ in range(3):
        rig.update_tag()
        shown(rig)
    assert (value(rig, "mouthSmileLeft"), value(rig, "mouthSmileRight")) == (1.5, 1.0)


def test_a_pose_whose_file_is_lost_is_told():
    """The asset shelf still shows it; no traceback."""
    asset = SimpleNamespace(name="Smirk", id_type="ACTION", local_id=None, full_library_path="/nowhere/poses.blend")
    with pytest.raises(MuscleFaceError, match="of the pose 'Smirk' cannot be read"):
        with poses.found(SimpleNamespace(asset=asset), ""):
            pass
