# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Strengths, weight and presets change the face and can be keyed."""

import bpy
import numpy as np
import pytest
from muscle_face.blender_addon import drive, storage
from readings import moved, shown

LEFT, RIGHT = "zygomaticus_major_L", "zygomaticus_major_R"


def test_strength_scales_the_pull(rig):
    """Half the strength is half the activation, none is none, whatever the slider says."""
    model = storage.load(rig.data)
    index = model.controls().names.index(LEFT)
    rig.muscle_face.muscles[LEFT].activation = 0.8
    rig.muscle_face.muscles[LEFT].strength = 0.5
    assert drive.read(rig, model).controls[index] == pytest.approx(0.4)
    rig.muscle_face.muscle_strength = 0.5
    assert drive.read(rig, model).controls[index] == pytest.approx(0.2)
    rest = shown(rig)
    rig.muscle_face.muscles[LEFT].strength = 0.0
    assert moved(rest, shown(rig)) > 0.0
    assert drive.last_pose(rig) is None


def test_palsy_holds_one_side_through_an_animation(rig):
    """With the left side paralysed an animated smile moves the right corner only."""
    for frame, value in ((1, 0.0), (5, 1.0)):
        for name in (LEFT, RIGHT):
            rig.muscle_face.muscles[name].activation = value
            rig.keyframe_insert(f'muscle_face.muscles["{name}"].activation', frame=frame)
    bpy.context.scene.frame_set(1)
    rest = shown(rig)
    bpy.ops.muscle_face.physics_preset(preset="LEFT_PALSY")
    bpy.context.scene.frame_set(5)
    way = np.linalg.norm(shown(rig) - rest, axis=1)
    assert way[rest[:, 0] < -0.01].max() > 5.0 * way[rest[:, 0] > 0.03].max()
    bpy.ops.muscle_face.physics_preset(preset="HEALTHY")
    way = np.linalg.norm(shown(rig) - rest, axis=1)
    assert way[rest[:, 0] > 0.03].max() > 0.005


def test_weight_sags_and_is_keyed(rig):
    """Heavier flesh hangs lower, weightless flesh higher; weight 1 is the sculpt; the value follows its keys."""
    rest = shown(rig)
    for frame, value in ((1, 1.0), (3, 3.0), (5, 0.0)):
        rig.muscle_face.flesh_weight = value
        rig.keyframe_insert("muscle_face.flesh_weight", frame=frame)
    heights = []
    for frame in (1, 3, 5):
        bpy.context.scene.frame_set(frame)
        heights.append(float((shown(rig) - rest)[:, 2].mean()))
    assert heights[0] == 0.0 and heights[1] < -1e-5 and heights[2] > 1e-5


def test_stiffness_of_a_part_is_keyed_and_kept(rig, tmp_path):
    """A muscle moves a slack cheek further by its keys; the values live through undo and the file."""
    rig.muscle_face.muscles[LEFT].activation = 1.0
    for frame, value in ((1, 1.0), (5, 0.25)):
        rig.muscle_face.stiffness[3] = rig.muscle_face.stiffness[4] = value
        rig.keyframe_insert("muscle_face.stiffness", frame=frame)
    faces = []
    for frame in (1, 5, 3, 1):
        bpy.context.scene.frame_set(frame)
        faces.append(shown(rig))
    rest = np.array([v.co for v in rig.data.shape_keys.reference_key.points])
    way = [np.linalg.norm(face - rest, axis=1).max() for face in faces]
    assert way[0] < way[2] < way[1] and way[1] > 1.1 * way[0]
    assert np.abs(faces[3] - faces[0]).max() < 1e-4
    rig.animation_data_clear()
    bpy.ops.ed.undo_push(message="Before")
    assert bpy.ops.muscle_face.physics_preset(preset="AGED") == {"FINISHED"}
    assert rig.muscle_face.stiffness[3] == 0.5 and rig.muscle_face.stiffness[2] == 1.0
    aged = shown(rig)
    path = str(tmp_path / "aged.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    rig = bpy.context.object
    assert rig.muscle_face.stiffness[3] == 0.5
    assert np.abs(shown(rig) - aged).max() < 1e-6
    assert bpy.ops.muscle_face.physics_preset(preset="HEALTHY") == {"FINISHED"}
    assert np.abs(shown(rig) - faces[0]).max() < 1e-4


def test_a_vertex_group_is_softened(rig):
    """A muscle moves a painted cheek further than the flesh as it was, by keys; without the group nothing changes."""
    rest = shown(rig)
    group = rig.vertex_groups.new(name="Soft")
    group.add(np.flatnonzero(rest[:, 0] > 0.01).tolist(), 1.0, "REPLACE")
    rig.muscle_face.muscles[LEFT].activation = 1.0
    rig.muscle_face.stiffness_group = "Soft"
    for frame, value in ((1, 1.0), (5, 0.25)):
        rig.muscle_face.stiffness_painted = value
        rig.keyframe_insert("muscle_face.stiffness_painted", frame=frame)
    faces = []
    for frame in (1, 3, 5):
        bpy.context.scene.frame_set(frame)
        faces.append(shown(rig))
    way = [np.linalg.norm(face - rest, axis=1).max() for face in faces]
    assert way[0] < way[1] < way[2] and way[2] > 1.1 * way[0]
    rig.vertex_groups.remove(group)
    rig.update_tag()
    assert np.abs(shown(rig) - faces[0]).max() < 1e-4


def test_a_fit_makes_up_for_strength(rig):
    """Sliders found for a weak muscle stand higher, so that it pulls as hard as was found."""
    rig.muscle_face.muscles[LEFT].strength = 0.5
    assert drive.slider_for(rig.muscle_face, rig.muscle_face.muscles[LEFT], 0.3) == pytest.approx(0.6)
    assert drive.slider_for(rig.muscle_face, rig.muscle_face.muscles[LEFT], 0.9) == 1.0


def test_shape_hold(rig):
    """Holding the mouth's shapes harder leaves a muscle less of its motion."""
    rest = shown(rig)
    rig.muscle_face.muscles[LEFT].activation = 1.0
    free = moved(rest, shown(rig))
    assert bpy.ops.muscle_face.set_hold(region="MOUTH", factor=10.0) == {"FINISHED"}
    assert moved(rest, shown(rig)) < 0.9 * free


def test_a_vertex_group_swells_and_is_keyed(rig):
    """The painted cheek bulges by its keys, the face still smiles, and without the group nothing has swollen."""
    rest = shown(rig)
    cheek = np.flatnonzero((rest[:, 0] > 0.04) & (np.abs(rest[:, 2]) < 0.05) & (rest[:, 1] < 0.0))
    group = rig.vertex_groups.new(name="Swollen")
    group.add(cheek.tolist(), 1.0, "REPLACE")
    rig.muscle_face.swelling_group = "Swollen"
    for frame, value in ((1, 0.0), (5, 0.5)):
        rig.muscle_face.swelling = value
        rig.keyframe_insert("muscle_face.swelling", frame=frame)
    bpy.context.scene.frame_set(1)
    assert np.array_equal(shown(rig), rest)
    bpy.context.scene.frame_set(5)
    way = np.linalg.norm(shown(rig) - rest, axis=1)
    assert way[cheek].max() > 0.003 > 10.0 * way[rest[:, 0] < -0.02].max()
    swollen = shown(rig)
    # Another painting is another face, also where nothing else has changed.
    group.add(cheek.tolist(), 0.5, "REPLACE")
    rig.update_tag()
    assert np.linalg.norm(shown(rig) - rest, axis=1)[cheek].max() < way[cheek].max()
    group.add(cheek.tolist(), 1.0, "REPLACE")
    rig.muscle_face.jaw_open = 0.5
    assert moved(swollen, shown(rig)) > 0.02
    rig.muscle_face.jaw_open = 0.0
    assert bpy.ops.muscle_face.bake(frame_start=1, frame_end=5) == {"FINISHED"}
    bpy.context.scene.frame_set(5)
    assert moved(swollen, shown(rig)) < 1e-4
    bpy.ops.muscle_face.remove_bake()
    rig.vertex_groups.remove(group)
    rig.update_tag()
    assert np.abs(shown(rig) - rest).max() < 1e-6
