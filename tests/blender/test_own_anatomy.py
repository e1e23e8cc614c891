# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The artist's own bones and muscles in Blender."""

from types import SimpleNamespace

import bpy
import numpy as np
import pytest
from conftest import FACES
from muscle_face.blender_addon import anatomy, bridge, muscle_curves, staleness, storage
from muscle_face.blender_addon.operators import fit_bones
from readings import moved, shown

MUSCLE = "zygomaticus_major_L"


def curve_of(head: bpy.types.Object, name: str) -> bpy.types.Object:
    """The object that shows a muscle."""
    return next(o for o in muscle_curves.collection(head).objects if o[muscle_curves.PROPERTY] == name)


def test_muscles_are_shown_as_curves_in_the_head(small_rig):
    """One object per muscle, one spline per path, parented to the head, inside its bounds; showing again makes no
    doubles; undo takes them away."""
    bpy.ops.ed.undo_push(message="before")
    assert bpy.ops.muscle_face.show_muscles() == {"FINISHED"}
    model, holder = storage.load(small_rig.data), muscle_curves.collection(small_rig)
    assert sorted(o[muscle_curves.PROPERTY] for o in holder.objects) == sorted(model.muscles)
    assert all(o.parent == small_rig for o in holder.objects)
    rest = bridge.vertex_positions(small_rig.data)
    for name, curve in muscle_curves.read(small_rig).items():
        assert model.muscle_curves()[name].same(curve), name
        assert (curve.points > rest.min(0) - 0.01).all() and (curve.points < rest.max(0) + 0.01).all()
    fan = curve_of(small_rig, "frontalis_medial_L").data.splines
    assert len(fan) == len(model.muscle_curves()["frontalis_medial_L"].sizes) > 1
    assert bpy.ops.muscle_face.show_muscles() == {"FINISHED"}
    assert len(holder.objects) == len(model.muscles)
    bpy.ops.ed.undo_push(message="after")
    bpy.ops.ed.undo()
    assert not any("thickness" in o for o in bpy.data.objects)


def test_edited_curves_become_the_muscles(small_rig):
    """A thinned curve and a further one are applied: the face moves otherwise, sliders stay in their places, and a
    second press without edits changes nothing."""
    small_rig.muscle_face.muscles[MUSCLE].activation = 1.0
    before, rest = shown(small_rig), bridge.vertex_positions(small_rig.data)
    names = [m.name for m in small_rig.muscle_face.muscles]
    bpy.ops.muscle_face.show_muscles()
    obj = curve_of(small_rig, MUSCLE)
    for point in obj.data.splines[0].points:
        point.radius *= 0.3
    copy = obj.copy()
    copy.data = obj.data.copy()
    copy.name = "mine"
    muscle_curves.collection(small_rig).objects.link(copy)
    bpy.context.view_layer.objects.active = small_rig
    assert bpy.ops.muscle_face.apply_muscles() == {"FINISHED"}
    assert [m.name for m in small_rig.muscle_face.muscles] == [*names, "mine"]
    assert small_rig.muscle_face.muscles[MUSCLE].activation == 1.0
    after = shown(small_rig)
    assert 0.1 < moved(rest, after) / moved(rest, before) < 0.9
    digest = storage.digest(small_rig.data)
    assert bpy.ops.muscle_face.apply_muscles() == {"FINISHED"}
    assert storage.digest(small_rig.data) == digest
    assert staleness.changes(small_rig) is None


def test_edits_of_curves_wait_to_be_applied(small_rig, monkeypatch):
    """Neither Show Muscles nor Update Rig draws over them; deleted, the muscles are drawn anew."""
    model = storage.load(small_rig.data)
    monkeypatch.setattr(type(model), "updated", lambda self, *_args, **_options: self)
    bpy.ops.muscle_face.show_muscles()
    assert bpy.ops.muscle_face.update_rig() == {"FINISHED"} and not muscle_curves.edited(small_rig)
    copy = curve_of(small_rig, MUSCLE).copy()
    muscle_curves.collection(small_rig).objects.link(copy)
    assert muscle_curves.edited(small_rig)
    bpy.data.objects.remove(copy)
    curve_of(small_rig, MUSCLE).data.splines[0].points[0].co.x += 0.01
    edit = muscle_curves.read(small_rig)[MUSCLE].points
    with pytest.raises(RuntimeError, match="were edited: apply them, or delete them"):
        bpy.ops.muscle_face.show_muscles()
    assert bpy.ops.muscle_face.update_rig() == {"FINISHED"}
    assert np.array_equal(muscle_curves.read(small_rig)[MUSCLE].points, edit)
    muscle_curves.remove(muscle_curves.collection(small_rig))
    assert bpy.ops.muscle_face.show_muscles() == {"FINISHED"}
    assert not np.array_equal(muscle_curves.read(small_rig)[MUSCLE].points, edit)


def test_remove_rig_takes_its_curves_along(small_rig):
    """Those that only show muscles: not one that was edited, nor one that is the artist's own."""
    bpy.ops.muscle_face.show_muscles()
    assert bpy.ops.muscle_face.remove_rig() == {"FINISHED"}
    assert list(bpy.data.objects) == [small_rig] and not bpy.data.collections and not bpy.data.curves


@pytest.mark.parametrize("applied", [False, True])
def test_remove_rig_leaves_the_artists_curves(small_rig, applied):
    """Edited ones and further ones are what a new rig gets its muscles from, also when they were applied before."""
    bpy.ops.muscle_face.show_muscles()
    edited = curve_of(small_rig, MUSCLE)
    edited.data.splines[0].points[0].radius *= 0.5
    mine = curve_of(small_rig, "zygomaticus_major_R").copy()
    mine.name = "mine"
    muscle_curves.collection(small_rig).objects.link(mine)
    if applied:
        assert bpy.ops.muscle_face.apply_muscles() == {"FINISHED"}
    kept = muscle_curves.read(small_rig)
    assert bpy.ops.muscle_face.remove_rig() == {"FINISHED"}
    left = muscle_curves.read(small_rig)
    assert {MUSCLE, "mine"} <= set(left) and len(left) < 4
    assert all(curve.same(kept[name]) for name, curve in left.items())


def test_a_bezier_curve_is_a_muscle(small_rig):
    """Of a hand-drawn Bezier curve the samples count, with the head moved and scaled."""
    bpy.ops.muscle_face.show_muscles()
    small_rig.location, small_rig.scale = (1.0, 2.0, 3.0), (2.0, 2.0, 2.0)
    bpy.context.view_layer.update()
    data = bpy.data.curves.new("drawn", "CURVE")
    data.dimensions, data.bevel_depth = "3D", 0.002
    spline = data.splines.new("BEZIER")
    spline.bezier_points.add(1)
    for k, point in enumerate(spline.bezier_points):
        point.co, point.handle_left, point.handle_right = (k, 0, 0), (k - 0.3, 0.3, 0), (k + 0.3, 0.3, 0)
    drawn = bpy.data.objects.new("drawn", data)
    muscle_curves.collection(small_rig).objects.link(drawn)
    curve = muscle_curves.read(small_rig)["drawn"]
    assert np.allclose(curve.points[[0, -1]], np.array([[-1.0, -2.0, -3.0], [0.0, -2.0, -3.0]]) / 2.0, atol=1e-6)
    assert np.allclose(curve.width, 0.002) and len(curve.points) == 9


def test_an_own_mesh_replaces_a_muscle(small_rig):
    """A closed mesh in the chosen collection takes the muscle's place, Update Rig keeps it, and moving it says so."""
    vertices, faces = tube_of(storage.load(small_rig.data).muscle_curves()[MUSCLE])
    mesh = bridge.new_mesh(MUSCLE, vertices, faces)
    obj = bpy.data.objects.new(MUSCLE, mesh)
    holder = bpy.data.collections.new("mine")
    bpy.context.scene.collection.children.link(holder)
    holder.objects.link(obj)
    obj.matrix_world = small_rig.matrix_world
    bpy.context.view_layer.update()
    small_rig.muscle_face.own_muscles = holder
    assert MUSCLE in staleness.changes(small_rig)
    assert bpy.ops.muscle_face.apply_muscles() == {"FINISHED"}
    assert staleness.changes(small_rig) is None
    rig = storage.load(small_rig.data).rig
    assert rig.muscle_source[list(rig.muscle_names).index(MUSCLE)] == 2
    rest = bridge.vertex_positions(small_rig.data)
    small_rig.muscle_face.muscles[MUSCLE].activation = 1.0
    assert moved(rest, shown(small_rig)) > 0.005
    obj.location.x += 0.1 * max(small_rig.dimensions)
    bpy.context.view_layer.update()
    assert MUSCLE in staleness.changes(small_rig)


def tube_of(curve) -> tuple[np.ndarray, list]:
    """A square closed tube around a curve."""
    p, corners = curve.points, np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * 0.5 * curve.width.mean()
    tangent = np.gradient(p, axis=0)
    side = np.cross(tangent, [0.3, -1.0, 0.2])
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    up = np.cross(tangent / np.linalg.norm(tangent, axis=1, keepdims=True), side)
    rings = [x + c[0] * s + 0.7 * c[1] * u for x, s, u in zip(p, side, up, strict=True) for c in corners]
    faces = [[4 * i + j, 4 * i + (j + 1) % 4, 4 * i + 4 + (j + 1) % 4, 4 * i + 4 + j]
             for i in range(len(p) - 1) for j in range(4)]  # fmt: skip
    last = 4 * (len(p) - 1)
    return np.array(rings), [*faces, [3, 2, 1, 0], [last, last + 1, last + 2, last + 3]]


def add_bone(name: str, file: str) -> bpy.types.Object:
    """A bone of the real skull, far off and turned."""
    path = FACES / "skull" / file
    if not path.exists():
        pytest.skip(f"no skull at {path}")
    rows = [line.split() for line in path.read_text().splitlines() if line[:2] in ("v ", "f ")]
    vertices = np.array([[float(x) for x in r[1:4]] for r in rows if r[0] == "v"])
    faces = [[int(x.split("/")[0]) - 1 for x in r[1:]] for r in rows if r[0] == "f"]
    obj = bpy.data.objects.new(name, bridge.new_mesh(name, vertices, faces))
    bpy.context.collection.objects.link(obj)
    obj.location, obj.rotation_euler, obj.scale = (5.0, 0.0, 1.0), (1.2, 0.3, 0.5), (0.02, 0.02, 0.02)
    return obj


def test_a_real_skull_is_fitted_and_used(small_head):
    """Fit Bones puts copies of skull and jaw into the head, hides the originals, and the rig is made on them."""
    settings = small_head.muscle_face
    settings.skull, settings.jaw_bone = add_bone("skull", "skull.obj"), add_bone("mandible", "jaw.obj")
    bpy.context.view_layer.update()
    assert bpy.ops.muscle_face.fit_bones() == {"FINISHED"}
    assert settings.skull.name == "skull in " + small_head.name and settings.skull.parent == small_head
    assert bpy.data.objects["skull"].hide_get()
    rest = bridge.vertex_positions(small_head.data)
    for vertices, _ in anatomy.bones(small_head).values():
        assert (vertices > rest.min(0)).all() and (vertices < rest.max(0)).all()
    bpy.context.view_layer.update()
    corners = np.array(settings.skull.bound_box)
    assert (corners > rest.min(0)).all() and (corners < rest.max(0)).all()
    assert bpy.ops.muscle_face.create_rig(quality="draft") == {"FINISHED"}
    model = storage.load(small_head.data)
    assert set(model.rig.bones) == {"cranium", "mandible"}
    assert staleness.changes(small_head) is None
    settings.jaw_bone = None
    assert "mandible" in staleness.changes(small_head)


def test_bones_out_of_sight_can_be_fitted(small_rig):
    """A skull in an excluded collection cannot be hidden any more; its copy lies in the head all the same."""
    bone = bpy.data.objects.new("skull", bridge.new_mesh("skull", [(0, 0, 0), (1, 0, 0), (0, 1, 0)], [(0, 1, 2)]))
    copy = fit_bones._fitted_copy(small_rig, bone, np.full((3, 3), 0.01))
    bpy.context.view_layer.update()
    assert copy.parent == small_rig and copy.name in bpy.context.view_layer.objects


def test_what_is_missing_is_said(small_rig):
    """Without curves, meshes or bones the buttons say what to do first; bones beside the head stop the update."""
    with pytest.raises(RuntimeError, match="Show Muscles and edit"):
        bpy.ops.muscle_face.apply_muscles()
    with pytest.raises(RuntimeError, match="Choose the objects of your skull"):
        bpy.ops.muscle_face.fit_bones()
    bpy.ops.mesh.primitive_uv_sphere_add(location=(9.0, 0.0, 0.0))
    small_rig.muscle_face.skull = bpy.context.object
    bpy.context.view_layer.objects.active = small_rig
    digest = storage.digest(small_rig.data)
    with pytest.raises(RuntimeError, match="does not lie in the head"):
        bpy.ops.muscle_face.update_rig()
    assert storage.digest(small_rig.data) == digest


def test_the_panel_shows_what_there_is(small_rig):
    """The panel draws with and without bones, before and after the muscles are shown."""
    from muscle_face.blender_addon.panels.anatomy import MUSCLE_FACE_PT_anatomy
    from recording_layout import RecordingLayout

    def operators() -> list[str]:
        layout = RecordingLayout()
        MUSCLE_FACE_PT_anatomy.draw(SimpleNamespace(layout=layout), bpy.context)
        return [name.rpartition(".")[2] for name in layout.operators]

    assert operators() == ["show_muscles", "apply_muscles"]
    bpy.ops.muscle_face.show_muscles()
    small_rig.muscle_face.skull = bpy.data.objects.new("skull", bpy.data.meshes.new("skull"))
    assert operators() == ["fit_bones", "show_muscles", "apply_muscles"]
