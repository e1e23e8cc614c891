# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""A Live Link Face take becomes keyframes."""

import bpy
import numpy as np
import pytest
from mathutils import Vector
from muscle_face.blender_addon import animation
from readings import fingerprint

HEADER = "Timecode,BlendshapeCount,MouthSmileLeft,JawOpen,TongueOut,HeadYaw,HeadPitch,HeadRoll"


def take(path, rows, header=HEADER) -> str:
    """A take at 30 frames a second, its timecode counted at 60."""
    lines = [f"10:00:{2 * k // 60:02d}:{2 * k % 60:02d},61," + ",".join(map(str, row)) for k, row in enumerate(rows)]
    path.write_text("\n".join([header, *lines]) + "\n")
    return str(path)


def curve(rig, name):
    """The curve of a shape key."""
    return animation.find_curve(rig.data.shape_keys, f'key_blocks["{name}"].value')


def test_take_keys_the_sliders_by_name(rig, tmp_path):
    """Columns go to the sliders that they name, at the scene's rate; what has no slider is told."""
    rig.shape_key_remove(rig.data.shape_keys.key_blocks["tongueOut"])
    path = take(tmp_path / "take.csv", [(0.0, 0.01 * k, 0.5, 0, 0, 0) for k in range(61)], HEADER)
    bpy.context.scene.render.fps = 24
    rig.muscle_face.live = False
    assert bpy.ops.muscle_face.import_livelink(filepath=path, frame_start=11) == {"FINISHED"}
    # 60 steps of a 30th are two seconds: 48 frames at 24, the value 0.3 a second.
    points = curve(rig, "jawOpen").keyframe_points
    assert [p.co[0] for p in points] == [float(f) for f in range(11, 60)]
    assert np.allclose([p.co[1] for p in points], 0.3 * np.arange(49) / 24.0, atol=1e-6)
    assert curve(rig, "mouthSmileRight") is None and curve(rig, "mouthSmileLeft") is not None
    bpy.context.scene.frame_set(35)
    assert rig.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(0.3, abs=1e-6)


def test_importing_again_replaces_the_frames_it_covers(rig, tmp_path):
    """Keys before and after the second take stay."""
    rig.muscle_face.live = False
    bpy.context.scene.render.fps = 30
    long = take(tmp_path / "long.csv", [(0.1, 0.1, 0, 0, 0, 0)] * 20)
    short = take(tmp_path / "short.csv", [(0.1, 0.9, 0, 0, 0, 0)] * 5)
    bpy.ops.muscle_face.import_livelink(filepath=long, frame_start=1)
    bpy.ops.muscle_face.import_livelink(filepath=short, frame_start=8)
    points = [tuple(p.co) for p in curve(rig, "jawOpen").keyframe_points]
    assert [f for f, _ in points] == [float(f) for f in range(1, 21)]
    assert [f for f, value in points if value > 0.5] == [8.0, 9.0, 10.0, 11.0, 12.0]


def test_values_above_one_are_kept_or_cut(rig, tmp_path):
    """A slider's range is widened for a value above 1, unless the artist wants it cut."""
    rig.muscle_face.live = False
    bpy.context.scene.render.fps = 30
    path = take(tmp_path / "take.csv", [(0.0, 1.3, 0, 0, 0, 0)] * 3)
    key = rig.data.shape_keys.key_blocks["jawOpen"]
    bpy.ops.muscle_face.import_livelink(filepath=path, frame_start=1, clamp=True)
    assert key.slider_max == 1.0 and key.value == 1.0
    bpy.ops.muscle_face.import_livelink(filepath=path, frame_start=1)
    assert key.value == pytest.approx(1.3) and "jawOpen" in rig.muscle_face.take_report


@pytest.mark.parametrize("target", ["EMPTY", "OBJECT"])
def test_head_turns_about_the_ears(rig, tmp_path, target):
    """A yaw of a right angle to the face's right, on an empty or on the face object, wherever it stands."""
    rig.muscle_face.live = False
    rig.location, rig.rotation_euler = (1.0, 2.0, 3.0), (0.3, 0.2, 0.1)
    bpy.context.view_layer.update()
    bpy.context.scene.render.fps = 30
    ahead, right = (rig.matrix_world.to_3x3() @ Vector(v) for v in ((0, -1, 0), (-1, 0, 0)))
    path = take(tmp_path / "take.csv", [(0, 0, 0, 0.0, 0, 0), (0, 0, 0, np.pi / 2, 0, 0)] * 2)
    bpy.context.scene.frame_set(2)
    # Twice: the second import starts from the same rest as the first.
    for _ in range(2):
        bpy.ops.muscle_face.import_livelink(filepath=path, frame_start=1, head=target)
    owner = rig if target == "OBJECT" else bpy.data.objects[f"{rig.name} Head"]
    matrices = []
    for frame in (1, 2):
        bpy.context.scene.frame_set(frame)
        matrices.append(owner.matrix_world.copy())
    turn = matrices[1] @ matrices[0].inverted()
    assert (turn.to_3x3() @ ahead - right).length < 1e-5
    size = max(rig.dimensions)
    # The axis runs through the head: the point between the ears stays, and lies in the bounding box's middle part.
    if target == "EMPTY":
        assert (matrices[1].translation - matrices[0].translation).length < 1e-5 * size
        local = np.array(rig.matrix_world.inverted() @ matrices[0].translation)
        corners = np.array(rig.bound_box)
        assert (corners.min(0) < local).all() and (local < corners.max(0)).all()


def test_other_files_change_nothing(rig, tmp_path):
    """A file that is no take is refused with a sentence, and so is one that fits no slider."""
    before = fingerprint(rig)
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    for path, words in ((str(other), "not a Live Link Face take"), (str(tmp_path / "none.csv"), "cannot be read")):
        with pytest.raises(RuntimeError, match=words):
            bpy.ops.muscle_face.import_livelink(filepath=path)
    assert fingerprint(rig) == before and rig.data.shape_keys.animation_data is None


@pytest.mark.parametrize("how", ["driver", "channel", "key", "modifier"])
def test_sliders_on_which_keys_do_not_act_are_told(rig, tmp_path, how):
    """A driver, a mute or a modifier of the artist's stays; that the take does not move such a slider so is told."""
    rig.muscle_face.live = False
    keys = rig.data.shape_keys
    if how == "driver":
        keys.key_blocks["jawOpen"].driver_add("value").driver.expression = "0.25"
    elif how in ("channel", "modifier"):
        keys.key_blocks["jawOpen"].keyframe_insert("value", frame=1)
        curve(rig, "jawOpen").mute = how == "channel"
        if how == "modifier":
            curve(rig, "jawOpen").modifiers.new("NOISE")
    else:
        keys.key_blocks["jawOpen"].mute = True
    path = take(tmp_path / "take.csv", [(0.0, 0.3, 0, 0, 0, 0)] * 3)
    assert bpy.ops.muscle_face.import_livelink(filepath=path, frame_start=1) == {"FINISHED"}
    changed, silent = "F-Curve modifiers change what the keys say", "driven or muted, so that keys do not act"
    assert f"{changed if how == 'modifier' else silent}: jawOpen" in rig.muscle_face.take_report


def test_values_beyond_a_range_that_cannot_be_widened_are_told(small_rig, tmp_path):
    """The jaw's own slider, where the head has no shape for it, ends at 1."""
    small_rig.muscle_face.live = False
    path = take(tmp_path / "take.csv", [(0.0, 1.3, 0, 0, 0, 0)] * 3, HEADER.replace("JawOpen", "JawForward"))
    assert bpy.ops.muscle_face.import_livelink(filepath=path, frame_start=1) == {"FINISHED"}
    assert "held at the end of their range: jaw_forward" in small_rig.muscle_face.take_report


def test_a_take_beside_the_file(rig, tmp_path):
    """A path beside the .blend, as Blender writes it, is found."""
    take(tmp_path / "take.csv", [(0.0, 0.1, 0.0, 0, 0, 0)] * 3)
    rig.muscle_face.live = False
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"), copy=False)
    assert bpy.ops.muscle_face.import_livelink(filepath="//take.csv") == {"FINISHED"}
