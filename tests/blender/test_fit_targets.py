# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""One Fit button: what the artist points at decides the kind."""

import bpy
import numpy as np
import pytest
from fit_scenes import SMILE, found, mesh_object, pose, rest
from mathutils import Matrix
from muscle_face.blender_addon import bridge, drive, heat, staleness, storage
from muscle_face.blender_addon.fit import places, report
from readings import fingerprint, moved, shown


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


@pytest.mark.parametrize("how", ["load", "undo", "influence"])
def test_a_posed_face_is_no_sculpt(small_rig, tmp_path, how):
    """What the sliders show is told from a sculpt, also half way to the simulation and when its pose is forgotten."""
    pose(small_rig, SMILE)
    if how == "load":
        path = str(tmp_path / "posed.blend")
        bpy.ops.wm.save_as_mainfile(filepath=path)
        bpy.ops.wm.open_mainfile(filepath=path)
    elif how == "undo":
        for step in range(2):
            small_rig.location.x = step
            bpy.ops.ed.undo_push(message="Move")
        bpy.ops.ed.undo()
    else:
        small_rig.muscle_face.influence = 0.5
        bpy.ops.muscle_face.solve()
    with pytest.raises(RuntimeError, match="Nothing is sculpted"):
        bpy.ops.muscle_face.fit()


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
    """Without Shapes, only muscles and jaw move: shapes stay as they are, a part of the face that is fitted."""
    pose(small_rig, SMILE)
    small_rig.muscle_face.fit_target = mesh_object("Sculpt", shown(small_rig), bridge.faces(small_rig.data))
    rest(small_rig)
    kept = {"jawOpen": pytest.approx(SMILE["jawOpen"]), "mouthSmileLeft": 0.0}
    pose(small_rig, {"jawOpen": SMILE["jawOpen"]})
    small_rig.muscle_face.fit_use_shapes = False
    bpy.ops.muscle_face.fit()
    assert {name: small_rig.data.shape_keys.key_blocks[name].value for name in SMILE} == kept
    assert small_rig.muscle_face.jaw_open < 0.05
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


@pytest.mark.parametrize("how", ["deleted", "edited"])
def test_a_target_that_blender_does_not_show(small_rig, how):
    """The property keeps a target that was deleted; a mesh in Edit Mode is kept by that."""
    target = mesh_object("Sculpt", shown(small_rig), bridge.faces(small_rig.data))
    small_rig.muscle_face.fit_target = target
    small_rig.select_set(False)
    target.select_set(True)
    bpy.context.view_layer.objects.active = target
    if how == "deleted":
        bpy.ops.object.delete()
    else:
        bpy.ops.object.mode_set(mode="EDIT")
    bpy.context.view_layer.objects.active = small_rig
    words = "was deleted or is in another scene" if how == "deleted" else "is in Edit Mode: leave that first"
    with pytest.raises(RuntimeError, match=f"'Sculpt' {words}"):
        bpy.ops.muscle_face.fit()


def test_a_target_that_was_converted(small_rig):
    """The property goes on pointing at what is a curve now."""
    target = mesh_object("Sculpt", np.eye(3), [(0, 1, 2)])
    small_rig.muscle_face.fit_target = target
    small_rig.select_set(False)
    target.select_set(True)
    bpy.context.view_layer.objects.active = target
    assert bpy.ops.object.convert(target="CURVE") == {"FINISHED"} and target.type == "CURVE"
    bpy.context.view_layer.objects.active = small_rig
    for operator in (bpy.ops.muscle_face.fit, bpy.ops.muscle_face.fit_performance):
        with pytest.raises(RuntimeError, match="'Sculpt' is no mesh any more"):
            operator()


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
    # Fitted again, it is told to be no part of the figures, and leaves nothing to another one.
    assert bpy.ops.muscle_face.fit() == {"FINISHED"}
    assert "so not counted: Corrective" in small_rig.muscle_face.fit_message
    bpy.context.view_layer.update()
    with pytest.raises(RuntimeError, match="nothing to correct"):
        bpy.ops.muscle_face.add_corrective()
    rest(small_rig)
    bpy.context.view_layer.update()
    assert key.value == 0.0
    bpy.ops.muscle_face.remove_rig()
    assert "Corrective" not in small_rig.data.shape_keys.key_blocks and report.error(small_rig.data) is None


def test_a_corrective_of_a_weak_muscle_follows_its_slider(small_rig):
    """The slider, not the weaker pull, tells how far the corrective is on."""
    model, muscle = storage.load(small_rig.data), small_rig.muscle_face.muscles["zygomaticus_major_L"]
    muscle.strength, muscle.activation = 0.5, 0.8
    bpy.ops.muscle_face.solve()
    left = small_rig.data.attributes.new(report.REMAINDER, "FLOAT_VECTOR", "POINT")
    near = np.linalg.norm(shown(small_rig) - model.landmarks["mouth_corner_L"], axis=1).argmin()
    left.data[near].vector = (0.0, -1.0 / model.mm_per_unit, 0.0)
    assert bpy.ops.muscle_face.add_corrective() == {"FINISHED"}
    key = small_rig.data.shape_keys.key_blocks["Corrective"]
    for activation, value in ((0.8, 1.0), (0.4, 0.5)):
        muscle.activation = activation
        bpy.context.view_layer.update()
        assert key.value == pytest.approx(value, abs=1e-4)


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


def test_a_fit_over_strips_is_told_to_be_lost(keyed):
    """NLA strips take the sliders back at the next frame, as keys do."""
    pose(keyed, {"mouthPucker": 0.5})
    keyed.muscle_face.fit_target = mesh_object("Sculpt", shown(keyed), bridge.faces(keyed.data))
    data = keyed.data.shape_keys.animation_data
    strip = data.nla_tracks.new().strips.new("Below", 1, data.action)
    if hasattr(strip, "action_slot"):
        strip.action_slot = data.action_slot
    data.action = None
    assert bpy.ops.muscle_face.fit() == {"FINISHED"}
    assert "Keyframe All" in keyed.muscle_face.fit_message


def test_places_can_be_searched(small_rig):
    """The table's search offers places that exist on every head."""
    model = storage.load(small_rig.data)
    offered = places.suggestions()
    assert {"nose_tip", "lip_outer_upper:0.5"} <= set(offered)
    assert all(places.spelled(model, name) == name for name in offered)
