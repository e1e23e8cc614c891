# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""One Fit button: what the artist points at decides the kind."""

import bpy
import numpy as np
import pytest
from mathutils import Matrix, Vector
from muscle_face.blender_addon import bridge, drive, heat, staleness, storage
from muscle_face.blender_addon.fit import places, report
from readings import fingerprint, moved, shown

SMILE = {"mouthSmileLeft": 0.7, "jawOpen": 0.3}


def pose(rig, values) -> None:
    """Set shape keys and solve."""
    for name, value in values.items():
        rig.data.shape_keys.key_blocks[name].value = value
    bpy.ops.muscle_face.solve()


def rest(rig) -> None:
    """All sliders at neutral."""
    for key in rig.data.shape_keys.key_blocks[1:]:
        if key.name != storage.SIM_KEY:
            key.value = 0.0
    bpy.ops.muscle_face.solve()


def found(rig, values) -> None:
    """The sliders are at the values again, to the 0.05 that self-made targets allow."""
    for name, value in values.items():
        assert rig.data.shape_keys.key_blocks[name].value == pytest.approx(value, abs=0.05)


def mesh_object(name, positions, faces) -> bpy.types.Object:
    """A mesh object in the scene; the rig stays active."""
    obj = bpy.data.objects.new(name, bridge.new_mesh(name, positions, faces))
    bpy.context.collection.objects.link(obj)
    return obj


def test_choosing_one_target_lets_the_others_go(small_rig):
    """Only one thing is aimed at."""
    settings = small_rig.muscle_face
    settings.fit_target = mesh_object("Other", np.eye(3), [(0, 1, 2)])
    settings.fit_markers = bpy.data.collections.new("Markers")
    assert settings.fit_target is None
    settings.fit_track_file = "/tmp/tracks.json"
    assert settings.fit_markers is None
    settings.fit_target = bpy.data.objects["Other"]
    assert settings.fit_track_file == "" and settings.fit_target is not None


def test_sculpt_in_a_key_of_its_own(small_rig):
    """A key sculpted on the posed face is explained by the sliders and then switched off."""
    pose(small_rig, SMILE)
    sculpted = shown(small_rig)
    rest(small_rig)
    key = bridge.add_key(small_rig, "My Sculpt", sculpted)
    key.value = 1.0
    small_rig.muscle_face.fit_sculpt_key = "My Sculpt"
    assert bpy.ops.muscle_face.fit() == {"FINISHED"}
    found(small_rig, SMILE)
    assert key.value == 0.0 and small_rig.muscle_face.fit_rms_mm < 0.05
    assert moved(sculpted, shown(small_rig)) < 0.002


def left_to_sculpt(obj) -> np.ndarray:
    """(V, 3) what the smile adds to the open jaw at which it leaves the face."""
    pose(obj, {"jawOpen": 0.3})
    before = shown(obj)
    pose(obj, SMILE)
    more = shown(obj) - before
    pose(obj, {"mouthSmileLeft": 0.0})
    return more


def test_sculpt_on_what_the_face_shows(small_rig):
    """A sculpt over the simulated face itself, which is at a pose already, needs no key of its own."""
    more = left_to_sculpt(small_rig)
    sim = drive.sim_key(small_rig.data)
    bridge.write_key_positions(sim, bridge.key_positions(sim) + more)
    small_rig.data.update()
    assert bpy.ops.muscle_face.fit() == {"FINISHED"}
    found(small_rig, SMILE)


def test_a_new_sculpt_begins_as_the_face_is(small_rig):
    """New Sculpt is a key of its own, made of what the face shows and shown alone; no slider, and gone once fitted."""
    more = left_to_sculpt(small_rig)
    before = shown(small_rig)
    assert bpy.ops.muscle_face.sculpt_target() == {"FINISHED"}
    assert small_rig.mode == "SCULPT"
    bpy.ops.object.mode_set(mode="OBJECT")
    key = small_rig.active_shape_key
    assert key.name == small_rig.muscle_face.fit_sculpt_key and moved(before, shown(small_rig)) < 1e-6
    bridge.write_key_positions(key, bridge.key_positions(key) + more)
    small_rig.data.update()
    assert staleness.changes(small_rig) is None
    assert bpy.ops.muscle_face.fit() == {"FINISHED"}
    found(small_rig, SMILE)
    assert not small_rig.show_only_shape_key and key.value == 0.0


@pytest.mark.parametrize("hide", ["hide_set", "hide_viewport"])
def test_a_hidden_face_is_not_sculpted_on(small_rig, hide):
    """Blender has no Sculpt Mode for it: the button says so, and makes no key."""
    if hide == "hide_set":
        small_rig.hide_set(True)
    else:
        small_rig.hide_viewport = True
    bpy.context.view_layer.update()
    before = fingerprint(small_rig)
    with pytest.raises(RuntimeError, match="is hidden; show it first"):
        bpy.ops.muscle_face.sculpt_target()
    assert fingerprint(small_rig) == before


def test_a_sculpted_neutral_is_no_expression(small_rig):
    """Sculpted with the Basis active, which changes the neutral itself: the fit would count it twice, and says so."""
    keys = small_rig.data.shape_keys.key_blocks
    for key in keys:
        positions = bridge.key_positions(key)
        positions[100:200, 1] -= 0.005
        bridge.write_key_positions(key, positions)
    small_rig.data.update()
    before = fingerprint(small_rig)
    with pytest.raises(RuntimeError, match="neutral was sculpted"):
        bpy.ops.muscle_face.fit()
    assert fingerprint(small_rig) == before


def test_nothing_to_fit(small_rig):
    """A face that nobody has touched, a slider in place of a sculpt, a key or group that is gone: a sentence each."""
    before = fingerprint(small_rig)
    settings = small_rig.muscle_face
    for name, value, words in (
        ("fit_sculpt_key", "", "Nothing is sculpted"),
        ("fit_sculpt_key", "jawOpen", "slider of the rig"),
        ("fit_sculpt_key", "gone", "no shape key 'gone'"),
        ("fit_group", "gone", "no vertex group 'gone'"),
    ):
        settings.fit_sculpt_key = settings.fit_group = ""
        setattr(settings, name, value)
        with pytest.raises(RuntimeError, match=words):
            bpy.ops.muscle_face.fit()
    assert fingerprint(small_rig) == before


def test_part_of_a_mesh_by_a_vertex_group(small_rig):
    """With the weights of a vertex group the rest of the target plays no part."""
    pose(small_rig, {"mouthSmileLeft": 0.8})
    positions = shown(small_rig)
    rest(small_rig)
    low = np.flatnonzero(positions[:, 2] < np.median(positions[:, 2]))
    high = np.setdiff1d(np.arange(len(positions)), low)
    positions[high] += 0.1 * np.ptp(positions, axis=0).max()
    group = small_rig.vertex_groups.new(name="Lower Face")
    group.add(low.tolist(), 1.0, "REPLACE")
    small_rig.muscle_face.fit_target = mesh_object("Sculpt", positions, bridge.faces(small_rig.data))
    small_rig.muscle_face.fit_group = "Lower Face"
    assert bpy.ops.muscle_face.fit() == {"FINISHED"}
    found(small_rig, {"mouthSmileLeft": 0.8})
    assert small_rig.muscle_face.fit_max_mm < 1.0


def test_groups_that_may_not_move_stay(small_rig):
    """Without Shapes, only muscles and jaw move."""
    pose(small_rig, SMILE)
    small_rig.muscle_face.fit_target = mesh_object("Sculpt", shown(small_rig), bridge.faces(small_rig.data))
    rest(small_rig)
    small_rig.muscle_face.fit_use_shapes = False
    bpy.ops.muscle_face.fit()
    assert all(small_rig.data.shape_keys.key_blocks[name].value == 0.0 for name in SMILE)
    assert small_rig.muscle_face.muscles["zygomaticus_major_L"].activation > 0.1
    assert "Zygomaticus Major L" in small_rig.muscle_face.fit_muscles


def test_what_cannot_move_is_left_alone(small_rig):
    """Muted and driven shapes, muscles without strength and ranges of sliders: the fit's figures are what is shown."""
    pose(small_rig, {**SMILE, "mouthSmileRight": 0.7})
    made = shown(small_rig)
    small_rig.muscle_face.fit_target = mesh_object("Sculpt", made, bridge.faces(small_rig.data))
    rest(small_rig)
    keys, settings = small_rig.data.shape_keys.key_blocks, small_rig.muscle_face
    keys["jawOpen"].mute, keys["jawOpen"].value = True, 0.1
    keys["mouthSmileLeft"].driver_add("value").driver.expression = "0.25"
    keys["mouthSmileRight"].slider_max = 0.5
    for muscle in settings.muscles:
        muscle.strength = 0.5 if muscle.name.endswith("_R") else 0.0
    bpy.context.view_layer.update()
    assert bpy.ops.muscle_face.fit() == {"FINISHED"}
    assert keys["jawOpen"].value == pytest.approx(0.1) and keys["mouthSmileLeft"].value == pytest.approx(0.25)
    assert not any(m.activation for m in settings.muscles if m.name.endswith("_L"))
    assert any(m.activation > 0.1 for m in settings.muscles if m.name.endswith("_R"))
    assert "mouthSmileLeft" in settings.fit_message
    model = storage.load(small_rig.data)
    apart = np.linalg.norm((shown(small_rig) - made)[model.skin_vertices], axis=1) * model.mm_per_unit
    assert settings.fit_rms_mm == pytest.approx(np.sqrt((apart**2).mean()), rel=0.01)


def test_subdivided_copy_is_of_the_same_topology(small_rig):
    """A copy under a subdivision surface is compared below it, wherever it stands; disabled it is refused."""
    pose(small_rig, SMILE)
    copy = mesh_object("Sculpt", shown(small_rig), bridge.faces(small_rig.data))
    rest(small_rig)
    copy.location.x = 100.0
    copy.modifiers.new("Smooth", "SUBSURF").levels = 1
    small_rig.muscle_face.fit_target = copy
    copy.hide_viewport = True
    with pytest.raises(RuntimeError, match="'Sculpt' is disabled"):
        bpy.ops.muscle_face.fit()
    copy.hide_viewport = False
    bpy.context.view_layer.update()
    assert bpy.ops.muscle_face.fit() == {"FINISHED"}
    found(small_rig, SMILE)
    assert copy.modifiers["Smooth"].show_viewport


def test_scan_that_stands_turned_in_the_world(small_rig):
    """A scan of other topology: the sliders are found, and the head goes to where the scan stands."""
    pose(small_rig, SMILE)
    made = shown(small_rig)
    rest(small_rig)
    scan = mesh_object("Scan", made, bridge.faces(small_rig.data))
    mesh = scan.data
    mesh.calc_loop_triangles()
    cut = [tuple(t.vertices) for t in mesh.loop_triangles]
    scan.data = bridge.new_mesh("Triangles", made, cut)
    size = np.ptp(made, axis=0).max()
    motion = Matrix.Translation((0.05 * size, -0.03 * size, 0.04 * size)) @ Matrix.Rotation(0.15, 4, "Z")
    scan.matrix_world = motion
    bpy.context.view_layer.update()
    small_rig.muscle_face.fit_target = scan
    assert bpy.ops.muscle_face.fit() == {"FINISHED"}
    bpy.context.view_layer.update()
    # Vertices of a moved face against their own partners on the scan, in the world: half a millimetre.
    world = [np.array(o.matrix_world) for o in (small_rig, scan)]
    at = [x @ m[:3, :3].T + m[:3, 3] for x, m in zip((shown(small_rig), made), world, strict=True)]
    apart = np.linalg.norm(at[0] - at[1], axis=1)[storage.load(small_rig.data).skin_vertices]
    assert np.sqrt((apart**2).mean()) * storage.load(small_rig.data).mm_per_unit < 0.6
    found(small_rig, {"jawOpen": SMILE["jawOpen"]})


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
    bpy.data.objects["m005"].hide_viewport = True
    bpy.data.objects["m006"].name = "renamed"
    bpy.data.objects["m007"].location.x += 1.0
    bpy.context.view_layer.update()
    assert bpy.ops.muscle_face.fit() == {"FINISHED"}
    found(small_rig, SMILE)
    assert 0.0 < small_rig.muscle_face.fit_p95_mm < 0.3
    assert "Too far off to count: m007" in small_rig.muscle_face.fit_message


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


def test_remainder_becomes_a_corrective(small_rig):
    """What no slider reaches: shown as colours, and a shape key that the sliders at fault switch on."""
    pose(small_rig, SMILE)
    target = shown(small_rig)
    model = storage.load(small_rig.data)
    rest(small_rig)
    # A bump that no slider makes, on the left cheek.
    bump = model.landmarks["cheek_L"]
    near = np.exp(-((np.linalg.norm(target - bump, axis=1) * model.mm_per_unit / 6.0) ** 2))
    target += np.outer(near, model.rotation.T @ [0.0, 0.0, 1.0]) * 4.0 / model.mm_per_unit
    small_rig.muscle_face.fit_target = mesh_object("Sculpt", target, bridge.faces(small_rig.data))
    bpy.ops.muscle_face.fit()
    error = report.error(small_rig.data)
    assert error.max() == pytest.approx(small_rig.muscle_face.fit_max_mm, rel=1e-4) and error.max() > 2.0
    small_rig.muscle_face.heat_map = "FIT"
    assert heat.ATTRIBUTE in small_rig.data.color_attributes
    assert bpy.ops.muscle_face.add_corrective() == {"FINISHED"}
    bpy.context.view_layer.update()
    key = small_rig.data.shape_keys.key_blocks["Corrective"]
    assert key.value == pytest.approx(1.0, abs=1e-5)
    assert moved(target, shown(small_rig)) < 1e-4
    rest(small_rig)
    bpy.context.view_layer.update()
    assert key.value == 0.0
    bpy.ops.muscle_face.remove_rig()
    assert "Corrective" not in small_rig.data.shape_keys.key_blocks and report.error(small_rig.data) is None


def test_undo_puts_a_fit_back(small_rig):
    """One undo step: sliders, figures and the object's place."""
    pose(small_rig, SMILE)
    small_rig.muscle_face.fit_target = mesh_object("Sculpt", shown(small_rig), bridge.faces(small_rig.data))
    rest(small_rig)
    bpy.ops.ed.undo_push(message="Before")
    bpy.ops.muscle_face.fit()
    bpy.ops.ed.undo_push(message="Fit")
    bpy.ops.ed.undo()
    obj = bpy.context.object
    assert obj.data.shape_keys.key_blocks["jawOpen"].value == 0.0 and obj.muscle_face.fit_rms_mm == 0.0


def test_places_can_be_searched(small_rig):
    """The table's search offers places that exist on every head."""
    model = storage.load(small_rig.data)
    offered = places.suggestions()
    assert {"nose_tip", "lip_outer_upper:0.5"} <= set(offered)
    assert all(places.spelled(model, name) == name for name in offered)
