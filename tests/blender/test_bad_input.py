# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Bad input: one clear sentence each, and nothing changed."""

import bpy
import muscle_face
import numpy as np
import pytest
from muscle_face.blender_addon import bridge, editing, jobs, storage
from readings import fingerprint


def refused(operator, words: str, **options) -> None:
    """The operator fails with a sentence that holds the words."""
    with pytest.raises(RuntimeError, match=words):
        operator(**options)
    assert not jobs.busy()


def add_mesh(vertices, faces) -> bpy.types.Object:
    """An active mesh object."""
    mesh = bpy.data.meshes.new("Mesh")
    mesh.from_pydata(vertices, [], faces)
    obj = bpy.data.objects.new("Mesh", mesh)
    bpy.context.collection.objects.link(obj)
    bpy.context.view_layer.objects.active = obj
    return obj


def test_no_object():
    """Nothing selected."""
    refused(bpy.ops.muscle_face.create_rig, "Select a mesh object")


def test_not_a_mesh():
    """A light is no face."""
    bpy.ops.object.light_add()
    refused(bpy.ops.muscle_face.create_rig, "Select a mesh object")


def test_mesh_without_faces():
    """Points alone make no skin."""
    obj = add_mesh([(float(i), 0.0, 0.0) for i in range(10)], [])
    before = fingerprint(obj)
    refused(bpy.ops.muscle_face.create_rig, "face")
    assert fingerprint(obj) == before


def test_empty_mesh():
    """A mesh without anything."""
    add_mesh([], [])
    refused(bpy.ops.muscle_face.create_rig, "face|vert")


def test_cube():
    """A cube is no head."""
    bpy.ops.mesh.primitive_cube_add()
    before = fingerprint(bpy.context.object)
    refused(bpy.ops.muscle_face.create_rig, "head|mouth|face")
    assert fingerprint(bpy.context.object) == before


def test_nan_coordinates(head):
    """Coordinates that are no numbers."""
    head.shape_key_clear()
    positions = bridge.vertex_positions(head.data)
    positions[7] = np.nan
    bridge.write_vertex_positions(head.data, positions)
    before = fingerprint(head)
    refused(bpy.ops.muscle_face.create_rig, "NaN|not numbers|finite")
    assert fingerprint(head) == before


def test_rig_twice(rig):
    """A rigged mesh is not rigged again."""
    refused(bpy.ops.muscle_face.create_rig, "already")


def test_operators_without_a_rig(head):
    """Solve, fit, bake and remove ask for a rig first."""
    for operator in (
        bpy.ops.muscle_face.solve,
        bpy.ops.muscle_face.fit,
        bpy.ops.muscle_face.bake,
        bpy.ops.muscle_face.remove_rig,
    ):
        refused(operator, "no muscle rig")


def test_vertex_count_changed_under_the_rig(rig):
    """Vertices deleted in Edit Mode: solve says so, and the rig can still be removed."""
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="DESELECT")
    bpy.ops.object.mode_set(mode="OBJECT")
    rig.data.vertices[5].select = True
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.delete(type="VERT")
    bpy.ops.object.mode_set(mode="OBJECT")
    before = fingerprint(rig)
    refused(bpy.ops.muscle_face.solve, "vertices now")
    rig.muscle_face.fit_target = add_mesh([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [(0, 1, 2)])
    bpy.context.view_layer.objects.active = rig
    refused(bpy.ops.muscle_face.fit, "vertices now")
    refused(bpy.ops.muscle_face.bake, "vertices now")
    rig.muscle_face.fit_target = None
    after = fingerprint(rig)
    assert {k: after[k] for k in ("vertices", "keys")} == {k: before[k] for k in ("vertices", "keys")}
    assert bpy.ops.muscle_face.remove_rig() == {"FINISHED"}


def test_edit_mode(rig):
    """Edit Mode has its own copy of the mesh."""
    bpy.ops.object.mode_set(mode="EDIT")
    refused(bpy.ops.muscle_face.solve, "Object Mode")
    bpy.ops.object.mode_set(mode="OBJECT")


def test_fit_without_target(rig):
    """Fit asks for something to reproduce."""
    refused(bpy.ops.muscle_face.fit, "Nothing is sculpted")
    twin = rig.copy()
    bpy.context.collection.objects.link(twin)
    for target in (rig, twin):
        rig.muscle_face.fit_target = target
        refused(bpy.ops.muscle_face.fit, "another object")


def test_fit_target_that_is_no_face(rig):
    """A single triangle, a mesh without faces, numbers that are none."""
    positions = bridge.vertex_positions(rig.data)
    positions[3] = np.nan
    before = fingerprint(rig)
    for vertices, faces, words in (
        ([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [(0, 1, 2)], "scan|target"),
        ([(0, 0, 0), (1, 0, 0)], [], "no faces"),
        (positions.tolist(), bridge.faces(rig.data), "not numbers"),
    ):
        rig.muscle_face.fit_target = add_mesh(vertices, faces)
        bpy.context.view_layer.objects.active = rig
        refused(bpy.ops.muscle_face.fit, words)
    assert fingerprint(rig) == before


def test_bake_range_backwards(rig):
    """The last frame before the first."""
    before = fingerprint(rig)
    refused(bpy.ops.muscle_face.bake, "before the first", frame_start=5, frame_end=4)
    assert fingerprint(rig) == before


def test_lost_muscle_sim_key(rig):
    """The rig's key was deleted by hand."""
    rig.shape_key_remove(rig.data.shape_keys.key_blocks["Muscle Sim"])
    before = storage.digest(rig.data), editing.values(rig)
    face = bpy.ops.muscle_face
    refused(face.solve, "lost its 'Muscle Sim'")
    refused(face.set_tissue, "lost its 'Muscle Sim'", tissue="stanford")
    refused(face.set_hold, "lost its 'Muscle Sim'", region="MOUTH", factor=2.0)
    refused(face.drag_point, "lost its 'Muscle Sim'", vertex=0, offset=(0.0, 0.0, 0.01))
    assert (storage.digest(rig.data), editing.values(rig)) == before
    assert bpy.ops.muscle_face.remove_rig() == {"FINISHED"}


def test_an_export_to_nowhere(rig):
    """A script gave no path."""
    refused(bpy.ops.muscle_face.export_cache, "no file to write to", format="MDD")


def test_linked_data(rig_file):
    """A linked head must be made local first."""
    with bpy.data.libraries.load(str(rig_file), link=True) as (source, target):
        target.objects = [name for name in source.objects]
    obj = target.objects[0]
    bpy.context.collection.objects.link(obj)
    bpy.context.view_layer.objects.active = obj
    refused(bpy.ops.muscle_face.solve, "local first")


def test_absolute_shape_keys(head):
    """Absolute keys are an animation of their own, not sliders."""
    head.data.shape_keys.use_relative = False
    refused(bpy.ops.muscle_face.create_rig, "Relative")


def test_rig_of_another_version(rig):
    """A rig from the future is named as such."""
    rig.data["muscle_face_rig"]["version"] = 999
    refused(bpy.ops.muscle_face.solve, "another version")


def test_shared_mesh(head):
    """Two objects on one mesh: the sentence says what to do."""
    bpy.context.collection.objects.link(bpy.data.objects.new("Twin", head.data))
    refused(bpy.ops.muscle_face.create_rig, "single-user")


def test_unregistered_operators_are_gone():
    """After unregister the operators do not exist."""
    muscle_face.unregister()
    with pytest.raises((AttributeError, RuntimeError)):
        bpy.ops.muscle_face.solve()
    muscle_face.register()
