# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Landmarks in the scene: found, moved, mirrored, undone, and used by the rig."""

import bpy
import numpy as np
import pytest
from mathutils import Matrix, Vector
from muscle_face.blender_addon import engine, landmarks, live, storage
from muscle_face.blender_addon.operators import pick_landmarks
from muscle_face.core.demo_head.landmarks import SKIN_LANDMARKS
from readings import fingerprint


@pytest.fixture
def bare_head(head) -> bpy.types.Object:
    """The demo head without any shape key."""
    head.shape_key_clear()
    return head


def test_landmarks_are_found_on_a_bare_sculpt(bare_head):
    """One press marks every landmark of the list within 5 mm of where the head's maker put it; the mesh stays."""
    before = fingerprint(bare_head)
    assert bpy.ops.muscle_face.find_landmarks() == {"FINISHED"}
    found = landmarks.positions(bare_head)
    assert set(found) == {mark.name for mark in engine.picked_landmarks()}
    for name, made in {"nasion": "nasion", "nose_tip": "tip", "subnasale": "subnasale", "ala_L": "ala"}.items():
        assert np.linalg.norm(found[name][[0, 2]] - 0.01 * np.array(SKIN_LANDMARKS[made])) < 0.005, name
    assert fingerprint(bare_head) == before


def test_a_moved_head_takes_its_landmarks_along(bare_head):
    """Landmarks are children of the head: transforms of the object do not change where they lie on the skin."""
    bpy.ops.muscle_face.find_landmarks()
    before = landmarks.positions(bare_head)
    bare_head.matrix_world = Matrix.Translation((1.0, 2.0, 3.0)) @ Matrix.Rotation(0.7, 4, "X") @ Matrix.Scale(3.0, 4)
    bpy.context.view_layer.update()
    after = landmarks.positions(bare_head)
    for name, point in before.items():
        # Matrices are single precision.
        assert np.allclose(point, after[name], atol=1e-6), name


def test_a_click_places_a_landmark_and_its_partner(bare_head):
    """A ray on the left mouth corner lands on the skin there, and the right one is its mirror image on the skin."""
    bpy.ops.muscle_face.find_landmarks()
    bpy.context.view_layer.update()
    aim = landmarks.positions(bare_head)["mouth_corner_L"] + [0.003, 0.0, 0.002]
    depsgraph = bpy.context.evaluated_depsgraph_get()
    from_front = Vector((aim[0], aim[1] - 1.0, aim[2]))
    point = pick_landmarks.skin_under_ray(bare_head, depsgraph, from_front, Vector((0.0, 1.0, 0.0)))
    assert point is not None and np.allclose(point[[0, 2]], aim[[0, 2]], atol=1e-6)
    mark = next(m for m in engine.picked_landmarks() if m.name == "mouth_corner_L")
    pick_landmarks.put(bare_head, mark, point, True)
    bpy.context.view_layer.update()
    placed = landmarks.positions(bare_head)
    assert np.allclose(placed["mouth_corner_L"], point, atol=1e-6)
    # The demo head is symmetric, the midplane is found from guesses that are so to half a millimetre.
    assert np.allclose(placed["mouth_corner_R"], point * [-1.0, 1.0, 1.0], atol=1e-3)


def test_the_rig_is_built_by_the_landmarks_as_they_were_moved(bare_head):
    """A mouth corner moved by hand is where the rig has it."""
    bpy.ops.muscle_face.find_landmarks()
    marks = landmarks.empties(bare_head)
    marks["mouth_corner_L"].location.z += 0.004
    bpy.context.view_layer.update()
    wanted = landmarks.positions(bare_head)["mouth_corner_L"]
    assert bpy.ops.muscle_face.create_rig(quality="draft") == {"FINISHED"}
    assert np.linalg.norm(storage.load(bare_head.data).landmarks["mouth_corner_L"] - wanted) < 0.002


def test_removing_and_undoing(bare_head):
    """Remove Landmarks leaves the scene as it was; undo brings them back."""
    objects = set(bpy.data.objects.keys())
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.muscle_face.find_landmarks()
    bpy.ops.ed.undo_push(message="found")
    assert bpy.ops.muscle_face.remove_landmarks() == {"FINISHED"}
    assert set(bpy.data.objects.keys()) == objects
    assert not [c for c in bpy.data.collections if landmarks.PROPERTY in c]
    bpy.ops.ed.undo_push(message="removed")
    bpy.ops.ed.undo()
    assert len(landmarks.empties(bpy.context.object)) == len(engine.picked_landmarks())


def test_without_landmarks_the_buttons_say_what_to_do(bare_head):
    """Pick and Remove want landmarks first."""
    for operator in (bpy.ops.muscle_face.pick_landmarks, bpy.ops.muscle_face.remove_landmarks):
        with pytest.raises(RuntimeError, match="Find Landmarks first"):
            operator()


def test_buttons_do_not_go_through_all_objects_at_every_drawing(bare_head, monkeypatch):
    """Asked again and again they look once; a landmark that comes or goes is known at once."""
    walks, empties = [], landmarks.empties
    monkeypatch.setattr(landmarks, "empties", lambda head: walks.append(head) or empties(head))
    monkeypatch.setattr(live, "watched", lambda: True)
    assert [landmarks.count(bare_head) for _ in range(5)] == [0] * 5 and len(walks) == 1
    landmarks.place(bare_head, "nose_tip", "Nose Tip", (0.0, 0.0, 0.0))
    assert landmarks.count(bare_head) == 1
    landmarks.remove(bare_head)
    assert landmarks.count(bare_head) == 0
