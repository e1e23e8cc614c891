# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Copy Animation: one face's curves to another's sliders, by name."""

import bpy
import pytest
from muscle_face.blender_addon import animation, sliders

MUSCLE = "zygomaticus_major_L"


@pytest.fixture
def pair(small_rig) -> tuple[bpy.types.Object, bpy.types.Object]:
    """An animated face, active, and a selected other one whose shape keys are spelled otherwise and whose muscles come
    in another order."""
    other = small_rig.copy()
    other.data = small_rig.data.copy()
    bpy.context.collection.objects.link(other)
    other.name = "Other"
    blocks = other.data.shape_keys.key_blocks
    blocks["mouthSmileLeft"].name = "mouthSmile_L"
    blocks["mouthPucker"].name = "Pucker of mine"
    other.muscle_face.muscles.move(other.muscle_face.muscles.find(MUSCLE), 0)
    keys = small_rig.data.shape_keys.key_blocks
    for frame, value in ((1, 0.0), (11, 0.8), (30, 0.1)):
        keys["mouthSmileLeft"].value = keys["mouthPucker"].value = value
        small_rig.muscle_face.muscles[MUSCLE].activation = small_rig.muscle_face.jaw_open = value
        keys["mouthSmileLeft"].keyframe_insert("value", frame=frame)
        keys["mouthPucker"].keyframe_insert("value", frame=frame)
        small_rig.muscle_face.muscles[MUSCLE].keyframe_insert("activation", frame=frame)
        small_rig.muscle_face.keyframe_insert("jaw_open", frame=frame)
        small_rig.keyframe_insert("location", frame=frame)
    curve = animation.find_curve(small_rig, "muscle_face.jaw_open")
    curve.extrapolation = "LINEAR"
    curve.modifiers.new("NOISE").strength = 0.05
    point = curve.keyframe_points[1]
    point.interpolation, point.easing = "BOUNCE", "EASE_OUT"
    first = curve.keyframe_points[0]
    first.handle_right_type = first.handle_left_type = "FREE"
    first.handle_right = (4.0, 0.3)
    small_rig.select_set(True)
    other.select_set(True)
    bpy.context.view_layer.objects.active = small_rig
    return small_rig, other


def described(curve: bpy.types.FCurve) -> list:
    """All that shapes a curve."""
    points = [
        (tuple(p.co), tuple(p.handle_left), tuple(p.handle_right), p.handle_left_type, p.handle_right_type,
         p.interpolation, p.easing, p.type)
        for p in curve.keyframe_points
    ]  # fmt: skip
    return [points, curve.extrapolation, [(m.type, getattr(m, "strength", 0.0)) for m in curve.modifiers]]


def paths(owner: bpy.types.ID) -> set[str]:
    """What is animated of a data block."""
    return {c.data_path for c in animation.curves(owner)}


def test_whole_curves_go_to_the_sliders_of_the_same_name(pair):
    """Keys, handles, interpolation and modifiers arrive; ARKit spellings and the order of muscles do not matter; what
    has no counterpart is listed, and what is no slider stays away."""
    source, other = pair
    assert bpy.ops.muscle_face.copy_animation() == {"FINISHED"}
    ours, theirs = source.data.shape_keys, other.data.shape_keys
    muscle = other.muscle_face.muscles[MUSCLE].path_from_id("activation")
    assert muscle != source.muscle_face.muscles[MUSCLE].path_from_id("activation")
    assert paths(theirs) == {'key_blocks["mouthSmile_L"].value'}
    assert paths(other) == {muscle, "muscle_face.jaw_open"}
    pairs = [
        (animation.find_curve(source, "muscle_face.jaw_open"), animation.find_curve(other, "muscle_face.jaw_open")),
        (
            animation.find_curve(source, source.muscle_face.muscles[MUSCLE].path_from_id("activation")),
            animation.find_curve(other, muscle),
        ),
        (
            animation.find_curve(ours, 'key_blocks["mouthSmileLeft"].value'),
            animation.find_curve(theirs, 'key_blocks["mouthSmile_L"].value'),
        ),
    ]
    for mine, copied in pairs:
        assert described(copied) == described(mine)
        assert [copied.evaluate(f) for f in (0.0, 6.5, 20.0, 40.0)] == [
            mine.evaluate(f) for f in (0.0, 6.5, 20.0, 40.0)
        ]


def test_what_finds_no_slider_is_told(pair):
    """The report names the shape keys that the other face does not have."""
    from muscle_face.blender_addon.operators.copy_animation import copy_sliders
    from muscle_face.blender_addon.sliders import animated

    source, other = pair
    owners = (source, source.data.shape_keys)
    found = animated(source, [c for owner in owners for c in animation.curves(owner)])
    assert copy_sliders(found, other) == ["mouthPucker"]


def test_what_does_not_move_the_other_face_is_told(pair):
    """Copies on a shape key that the artist has muted, and of a channel that is muted itself."""
    from muscle_face.blender_addon.operators.copy_animation import copy_sliders, some_of
    from muscle_face.blender_addon.sliders import animated

    source, other = pair
    found = animated(source, [c for owner in (source, source.data.shape_keys) for c in animation.curves(owner)])
    copy_sliders(found, other)
    assert some_of(found, other, sliders.deaf) == []
    other.data.shape_keys.key_blocks["mouthSmile_L"].mute = True
    animation.find_curve(source, "muscle_face.jaw_open").mute = True
    copy_sliders(found, other)
    assert sorted(some_of(found, other, sliders.deaf)) == ["jaw_open", "mouthSmileLeft"]


def test_keys_beyond_a_range_are_told(pair, capfd):
    """Those below it: above it, the range is widened."""
    keys = pair[0].data.shape_keys.key_blocks["mouthSmileLeft"]
    keys.slider_min, keys.slider_max, keys.value = -1.0, 2.0, 1.5
    keys.keyframe_insert("value", frame=5)
    assert bpy.ops.muscle_face.copy_animation() == {"FINISHED"}
    assert "range" not in capfd.readouterr().out
    keys.value = -0.5
    keys.keyframe_insert("value", frame=5)
    assert bpy.ops.muscle_face.copy_animation() == {"FINISHED"}
    assert "held at the end of their range: mouthSmileLeft (Other)" in capfd.readouterr().out


def test_a_chosen_action_is_copied_and_the_copy_is_the_others_own(pair):
    """An action that the face does not play can be given; a face that shares the action gets one of its own."""
    source, other = pair
    action = source.animation_data.action
    other.animation_data_create().action = action
    source_paths = paths(source)
    assert bpy.ops.muscle_face.copy_animation(action=action.name) == {"FINISHED"}
    assert other.animation_data.action != action
    assert paths(source) == source_paths
    assert other.muscle_face.muscles[MUSCLE].path_from_id("activation") in paths(other)
    source.animation_data.action = None
    source.data.shape_keys.animation_data.action = None
    assert bpy.ops.muscle_face.copy_animation(action=action.name) == {"FINISHED"}
    with pytest.raises(RuntimeError, match="No slider of"):
        bpy.ops.muscle_face.copy_animation()
    other.select_set(False)
    with pytest.raises(RuntimeError, match="Select the faces to copy to"):
        bpy.ops.muscle_face.copy_animation()


def test_halves_and_wholes_of_a_shape_meet(pair):
    """A whole shape drives both halves of a face that has it split."""
    source, other = pair
    keys = source.data.shape_keys.key_blocks
    for frame in (1, 5):
        keys["browInnerUp"].value = frame / 5
        keys["browInnerUp"].keyframe_insert("value", frame=frame)
    blocks = other.data.shape_keys.key_blocks
    blocks["browInnerUp"].name = "browInnerUp_L"
    blocks["Pucker of mine"].name = "browInnerUp_R"
    assert bpy.ops.muscle_face.copy_animation() == {"FINISHED"}
    assert {'key_blocks["browInnerUp_L"].value', 'key_blocks["browInnerUp_R"].value'} <= paths(other.data.shape_keys)
