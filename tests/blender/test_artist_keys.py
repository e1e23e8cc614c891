# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What artists set on shape keys and on the scene's time is what bakes and exports see."""

import bpy
import numpy as np
import pytest
from muscle_face.blender_addon import bridge, storage
from readings import moved, shown

SAME = 1e-4
"""Two ways to one pose, as a share of the head's size."""


def at(obj: bpy.types.Object, frame: int) -> np.ndarray:
    """What an object shows on a frame."""
    bpy.context.scene.frame_set(frame)
    return shown(obj)


@pytest.mark.parametrize("method", ["FRAMES", "COMPRESSED"])
def test_bakes_keep_time_under_time_stretching(keyed, method):
    """Frames of the scene and of F-Curves are not the same then."""
    render = bpy.context.scene.render
    render.frame_map_old, render.frame_map_new = 100, 200
    expected = at(keyed, 9)
    assert bpy.ops.muscle_face.bake(frame_start=8, frame_end=10, method=method, bound=0.01) == {"FINISHED"}
    assert moved(expected, at(keyed, 9)) < SAME
    assert bpy.ops.muscle_face.remove_bake() == {"FINISHED"}


def test_a_time_between_two_frames_is_kept(keyed, tmp_path):
    """What plays frames comes back to where the artist was."""
    scene = bpy.context.scene
    scene.frame_set(5, subframe=0.5)
    path = str(tmp_path / "face.mdd")
    assert bpy.ops.muscle_face.export_cache(filepath=path, format="MDD", frame_start=5, frame_end=6) == {"FINISHED"}
    assert bpy.ops.muscle_face.bake(frame_start=5, frame_end=6) == {"FINISHED"}
    assert bpy.ops.muscle_face.remove_bake() == {"FINISHED"}
    assert (scene.frame_current, scene.frame_subframe) == (5, 0.5)


def test_sliders_are_keyed_on_the_frame_that_is_shown(small_rig):
    """Under time stretching, and between two frames."""
    scene, key = bpy.context.scene, small_rig.data.shape_keys.key_blocks["jawOpen"]
    scene.render.frame_map_old, scene.render.frame_map_new = 100, 200
    for frame, value in ((4, 0.0), (6, 1.0)):
        scene.frame_set(frame, subframe=0.5)
        key.value = value
        assert bpy.ops.muscle_face.keyframe_sliders() == {"FINISHED"}
    scene.frame_set(5, subframe=0.5)
    assert key.value == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("edit", ["mute", "mask"])
def test_an_artists_hold_on_the_simulation_is_baked(keyed, edit):
    """Muted, or under a vertex group, the Muscle Sim key shows less than the whole simulation: so does the bake."""
    key = keyed.data.shape_keys.key_blocks[storage.SIM_KEY]
    full = at(keyed, 6)
    if edit == "mute":
        key.mute = True
    else:
        left = np.flatnonzero(bridge.vertex_positions(keyed.data)[:, 0] > 0.0)
        keyed.vertex_groups.new(name="Left").add(left.tolist(), 1.0, "REPLACE")
        key.vertex_group = "Left"
    bpy.context.view_layer.update()
    expected = shown(keyed)
    assert moved(full, expected) > 10 * SAME
    assert bpy.ops.muscle_face.bake(frame_start=6, frame_end=6) == {"FINISHED"}
    assert bpy.ops.muscle_face.bake(frame_start=6, frame_end=7) == {"FINISHED"}
    assert moved(expected, at(keyed, 6)) < SAME
    assert bpy.ops.muscle_face.remove_bake() == {"FINISHED"}
    assert keyed.data.shape_keys.key_blocks[storage.SIM_KEY].mute == (edit == "mute")


def test_a_pinned_key_does_not_stop_an_export(keyed, tmp_path):
    """With its active key shown alone the face does not move in the view; the file has the motion all the same."""
    expected = at(keyed, 6)
    keyed.active_shape_key_index, keyed.show_only_shape_key = 1, True
    path = tmp_path / "face.mdd"
    assert bpy.ops.muscle_face.export_cache(filepath=str(path), format="MDD", frame_start=1, frame_end=6) == {
        "FINISHED"
    }
    assert keyed.show_only_shape_key
    last = np.frombuffer(path.read_bytes()[-12 * len(expected) :], ">f4").reshape(-1, 3)
    assert moved(expected, last) < SAME


def test_an_animated_mute_is_refused_by_a_bake(keyed):
    """It would bring the source back on top of the baked face."""
    key = keyed.data.shape_keys.key_blocks["jawOpen"]
    key.keyframe_insert("mute", frame=1)
    for method in ("FRAMES", "SLIDERS"):
        with pytest.raises(RuntimeError, match=r"mute of the shape key 'jawOpen' is animated or driven; .* its value"):
            bpy.ops.muscle_face.bake(frame_start=6, frame_end=6, method=method)
    assert storage.bake_mutes(keyed.data) is None and not key.mute


def test_absolute_keys_are_refused(keyed):
    """Blender adds nothing up then: what is simulated or baked would not be seen."""
    keyed.data.shape_keys.use_relative = False
    for operator in (bpy.ops.muscle_face.bake, bpy.ops.muscle_face.solve, bpy.ops.muscle_face.update_rig):
        with pytest.raises(RuntimeError, match="are absolute; turn on Relative"):
            operator()
    bpy.context.scene.frame_set(6)
    assert "are absolute; turn on Relative" in keyed.muscle_face.message
    keyed.data.shape_keys.use_relative = True
    bpy.context.scene.frame_set(7)
    assert keyed.muscle_face.message == ""


def test_keys_on_the_simulation_itself_are_refused_by_a_bake(keyed):
    """The view shows them, and Influence is what is read: the bake would show another face."""
    keyed.data.shape_keys.key_blocks[storage.SIM_KEY].keyframe_insert("value", frame=1)
    with pytest.raises(RuntimeError, match="'Muscle Sim' is animated or driven; delete that and animate the rig's Inf"):
        bpy.ops.muscle_face.bake(frame_start=6, frame_end=6)
    assert storage.bake_mutes(keyed.data) is None
