# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Fit to markers: empties that follow points of the skin."""

import bpy
import numpy as np
import pytest
from fit_scenes import SMILE, found, pose, rest
from mathutils import Matrix, Vector
from muscle_face.blender_addon import storage
from readings import fingerprint, shown


def markers_at(positions: dict) -> bpy.types.Collection:
    """A collection of empties in the world."""
    collection = bpy.data.collections.new("Markers")
    bpy.context.scene.collection.children.link(collection)
    for name, position in positions.items():
        empty = bpy.data.objects.new(name, None)
        empty.location = position
        collection.objects.link(empty)
    bpy.context.view_layer.update()
    return collection


def spread_vertices(rig, count: int = 60) -> np.ndarray:
    """Vertices of the open skin, apart from each other."""
    model = storage.load(rig.data)
    near = model.skin_vertices[model.rig.exposure > 0.6]
    # Rounded and stable: on every machine the same of the mirrored pairs, which are equally far in front.
    depths = np.round((model.neutral[near] @ model.rotation.T)[:, 2], 6)
    front = near[np.argsort(depths, kind="stable")[-len(near) // 3 :]]
    return front[:: max(1, len(front) // count)]


def in_world(obj, vertices) -> list[Vector]:
    """Where vertices of an object are shown in the world."""
    return [obj.matrix_world @ Vector(v) for v in shown(obj)[vertices]]


def test_markers_are_bound_where_they_lie(small_rig):
    """Beads that stand off the skin, bound to the neutral face and then moved with an expression, give its sliders."""
    small_rig.location = (0.3, 0.2, 0.1)
    bpy.context.view_layer.update()
    chosen, bead = spread_vertices(small_rig), Vector((0.0, -0.002, 0.0))
    neutral = [p + bead for p in in_world(small_rig, chosen)]
    pose(small_rig, SMILE)
    smiling = [p + bead for p in in_world(small_rig, chosen)]
    rest(small_rig)
    collection = markers_at({f"m{k:03d}": p for k, p in enumerate(neutral)})
    small_rig.muscle_face.fit_markers = collection
    assert bpy.ops.muscle_face.bind_markers() == {"FINISHED"}
    for k, p in enumerate(smiling):
        bpy.data.objects[f"m{k:03d}"].location = p
    small_rig.keyframe_insert("location", frame=1)
    bpy.data.objects["m005"].hide_viewport = True
    bpy.data.objects["m006"].name = "renamed"
    bpy.data.objects["m007"].location.x += 1.0
    bpy.context.view_layer.update()
    assert bpy.ops.muscle_face.fit() == {"FINISHED"}
    found(small_rig, SMILE)
    assert 0.0 < small_rig.muscle_face.fit_p95_mm < 0.3
    assert "The head is animated" in small_rig.muscle_face.fit_message
    assert "Too far off to count: m007" in small_rig.muscle_face.fit_message


def test_markers_are_bound_to_the_face_of_a_file(small_rig, tmp_path):
    """After load nothing is known of the pose but what the face shows."""
    chin = storage.load(small_rig.data).landmarks["pogonion"]
    vertex = int(np.linalg.norm(shown(small_rig) - chin, axis=1).argmin())
    pose(small_rig, {"jawOpen": 0.8})
    small_rig.muscle_face.fit_markers = markers_at({"chin": in_world(small_rig, [vertex])[0]})
    path = str(tmp_path / "posed.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert bpy.ops.muscle_face.bind_markers() == {"FINISHED"}
    (row,) = bpy.context.object.muscle_face.fit_marker_bindings
    assert row.corners[int(np.argmax(row.weights))] == vertex and max(row.weights) > 0.99


def test_head_that_an_armature_has_moved(small_rig):
    """Markers on a face whose armature turns the head: the sliders come back, and the object stays where it is."""
    chosen = spread_vertices(small_rig)
    pose(small_rig, SMILE)
    smiling = in_world(small_rig, chosen)
    rest(small_rig)
    neutral = in_world(small_rig, chosen)
    armature = bpy.data.objects.new("Body", bpy.data.armatures.new("Body"))
    bpy.context.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    bone = armature.data.edit_bones.new("head")
    bone.tail.z = 0.1
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.context.view_layer.objects.active = small_rig
    small_rig.vertex_groups.new(name="head").add(range(len(small_rig.data.vertices)), 1.0, "REPLACE")
    small_rig.modifiers.new("Body", "ARMATURE").object = armature
    small_rig.modifiers.new("Smooth", "SUBSURF").levels = 1
    small_rig.muscle_face.fit_markers = markers_at({f"m{k:03d}": p for k, p in enumerate(neutral)})
    assert bpy.ops.muscle_face.bind_markers() == {"FINISHED"}
    motion = Matrix.Translation((0.1, 0.0, 0.05)) @ Matrix.Rotation(0.6, 4, "Z")
    armature.pose.bones["head"].matrix = motion @ armature.data.bones["head"].matrix_local
    for k, p in enumerate(smiling):
        bpy.data.objects[f"m{k:03d}"].location = motion @ p
    bpy.context.view_layer.update()
    small_rig.data.shape_keys.key_blocks["jawOpen"].keyframe_insert("value", frame=1)
    assert bpy.ops.muscle_face.fit() == {"FINISHED"}
    found(small_rig, SMILE)
    # A head of 23 cm stays within half a millimetre and a tenth of a degree.
    assert small_rig.location.length < 5e-4 and np.abs(small_rig.rotation_euler).max() < 2e-3
    assert "Keyframe All" in small_rig.muscle_face.fit_message


def test_markers_that_move_with_the_face(small_rig):
    """Children of a face whose head may move would go along with every fit; with a fixed head they serve."""
    chosen = spread_vertices(small_rig)
    neutral = shown(small_rig)[chosen]
    pose(small_rig, SMILE)
    smiling = shown(small_rig)[chosen]
    rest(small_rig)
    collection = markers_at({f"m{k:03d}": p for k, p in enumerate(neutral)})
    for empty in collection.objects:
        empty.parent = small_rig
    small_rig.muscle_face.fit_markers = collection
    small_rig.location.x = 0.3
    bpy.context.view_layer.update()
    assert bpy.ops.muscle_face.bind_markers() == {"FINISHED"}
    for k, p in enumerate(smiling):
        bpy.data.objects[f"m{k:03d}"].location = p
    bpy.context.view_layer.update()
    with pytest.raises(RuntimeError, match="'m000' is a child of 'Demo Head' and moves with it"):
        bpy.ops.muscle_face.fit()
    small_rig.muscle_face.fit_head_pose = "OFF"
    assert bpy.ops.muscle_face.fit() == {"FINISHED"}
    found(small_rig, SMILE)


def test_markers_named_after_landmarks(small_rig):
    """A marker with a landmark's name is bound to it, wherever it stands."""
    model = storage.load(small_rig.data)
    names = ("nose_tip", "mouth_corner_L", "mouth_corner_R", "nasion", "pogonion", "Left Eye Outer", "eye_outer_R")
    collection = markers_at({name: (50.0 + k, 0.0, 0.0) for k, name in enumerate(names)})
    small_rig.muscle_face.fit_markers = collection
    assert bpy.ops.muscle_face.bind_markers() == {"FINISHED"}
    rows = {row.marker.name: row for row in small_rig.muscle_face.fit_marker_bindings}
    at = np.array(rows["Left Eye Outer"].weights) @ model.neutral[list(rows["Left Eye Outer"].corners)]
    assert np.linalg.norm(at - model.landmarks["eye_outer_L"]) * model.mm_per_unit < 1.0


def test_markers_off_the_face_are_refused(small_rig):
    """A marker somewhere else has no point on the skin, and unbound ones are not guessed; none is a sentence too."""
    before = fingerprint(small_rig)
    small_rig.muscle_face.fit_markers = markers_at({"far": (100.0, 0.0, 0.0)})
    with pytest.raises(RuntimeError, match="'far' is not on the face"):
        bpy.ops.muscle_face.bind_markers()
    with pytest.raises(RuntimeError, match="'far' is not bound"):
        bpy.ops.muscle_face.fit()
    small_rig.muscle_face.fit_markers = bpy.data.collections.new("Empty")
    with pytest.raises(RuntimeError, match="holds no empties"):
        bpy.ops.muscle_face.fit()
    assert fingerprint(small_rig) == before
