# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What productions do to a rigged head: instances, shared meshes and actions, layers, edits under the rig."""

import bpy
import numpy as np
import pytest
from muscle_face.blender_addon import anatomy, animation, bridge, drive, handlers, staleness, storage
from readings import fingerprint, moved, shown

SAME = 1e-4
"""Two ways to one pose, as a share of the head's size."""


def at(obj: bpy.types.Object, frame: int) -> np.ndarray:
    """What an object shows on a frame."""
    bpy.context.scene.frame_set(frame)
    return shown(obj)


def move_to_collection(obj: bpy.types.Object) -> bpy.types.Collection:
    """Take an object out of the scene, into a fresh collection outside of it."""
    collection = bpy.data.collections.new("Character")
    collection.objects.link(obj)
    bpy.context.scene.collection.objects.unlink(obj)
    return collection


def shown_instance(scene: bpy.types.Scene) -> np.ndarray:
    """Positions of the one mesh that a scene shows."""
    (mesh,) = (i.object.data for i in scene.view_layers[0].depsgraph.object_instances if i.object.type == "MESH")
    positions = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.attributes["position"].data.foreach_get("vector", positions)
    return positions.reshape(-1, 3)


def test_an_instanced_face_follows_frames(keyed):
    """The face of a collection that the scene shows by an instance only."""
    expected = at(keyed, 6)
    bpy.context.scene.frame_set(1)
    empty = bpy.data.objects.new("Instance", None)
    empty.instance_type, empty.instance_collection = "COLLECTION", move_to_collection(keyed)
    bpy.context.scene.collection.objects.link(empty)
    bpy.context.scene.frame_set(6)
    assert moved(expected, shown_instance(bpy.context.scene)) < SAME


def test_a_face_in_a_background_scene_follows_frames(keyed):
    """The set of a shot is another scene."""
    expected = at(keyed, 6)
    bpy.context.scene.frame_set(1)
    shot = bpy.data.scenes.new("Shot")
    shot.background_set = bpy.context.scene
    bpy.context.window.scene = shot
    shot.frame_set(1)
    shot.frame_set(6)
    assert moved(expected, shown_instance(shot)) < SAME


def rendered(path) -> np.ndarray:
    """Frame 6 of the scene as an animation render sees it."""
    scene = bpy.context.scene
    scene.frame_start = scene.frame_end = 6
    scene.render.filepath = str(path)
    bpy.ops.render.render(animation=True)
    image = bpy.data.images.load(f"{path}0006.png")
    return np.array(image.pixels[:])


def test_a_render_shows_keyed_shapes(keyed, tmp_path):
    """A render and a still mesh of the same face give the same picture, while the window shows another frame."""
    scene = bpy.context.scene
    still = keyed.copy()
    still.data = bridge.new_mesh("Still", at(keyed, 6), bridge.faces(keyed.data))
    still.muscle_face.is_rig = False
    scene.frame_set(1)
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.location, camera.rotation_euler = (0.0, -0.6, -0.05), (np.pi / 2, 0.0, 0.0)
    sun = bpy.data.objects.new("Sun", bpy.data.lights.new("Sun", "SUN"))
    sun.rotation_euler = (0.9, 0.4, 0.0)
    for obj in (camera, sun):
        scene.collection.objects.link(obj)
    scene.camera, scene.render.engine = camera, "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising = 1, False
    scene.render.resolution_x = scene.render.resolution_y = 48
    live = rendered(tmp_path / "live")
    scene.collection.objects.unlink(keyed)
    rest = rendered(tmp_path / "nobody")
    scene.collection.objects.link(still)
    assert np.abs(live - rest).max() > 0.2
    np.testing.assert_allclose(live, rendered(tmp_path / "still"), atol=0.02)


@pytest.mark.parametrize("how", ["object", "collection"])
def test_a_disabled_face_is_not_baked(keyed, how):
    """Blender does not animate it: every frame would be the same."""
    if how == "object":
        keyed.hide_viewport = True
    else:
        bpy.context.scene.collection.children.link(move_to_collection(keyed))
        bpy.context.view_layer.layer_collection.children["Character"].exclude = True
    with (
        bpy.context.temp_override(object=keyed, active_object=keyed),
        pytest.raises(RuntimeError, match="is disabled, and Blender keeps it as it was: enable it"),
    ):
        bpy.ops.muscle_face.bake(frame_start=1, frame_end=2)
    assert storage.bake_mutes(keyed.data) is None


def test_linked_duplicates_show_the_face_of_the_first(small_rig):
    """The original's sliders move both, whatever those of the copy say, and the copy tells whose they are."""
    rest = shown(small_rig)
    bpy.ops.object.duplicate(linked=True)
    copy = bpy.context.object
    small_rig.muscle_face.jaw_open = 0.3
    assert moved(rest, shown(small_rig)) > 0.01
    assert moved(shown(small_rig), at(copy, 2)) == 0.0
    with pytest.raises(RuntimeError, match=f"shares its mesh with '{small_rig.name}'.*single-user"):
        bpy.ops.muscle_face.bake(frame_start=1, frame_end=1)
    small_rig.hide_viewport = True
    copy.muscle_face.jaw_open = 0.6
    assert moved(rest, shown(copy)) > 0.03
    small_rig.hide_viewport = False
    bpy.ops.object.make_single_user(object=True, obdata=True)
    copy.muscle_face.jaw_open = 0.6
    assert moved(shown(small_rig), shown(copy)) > 0.01


def test_linked_duplicates_in_another_scene_have_one_leader(small_rig):
    """A render of a scene that is not worked in: its first face moves the mesh, as it would in its own window."""
    other = bpy.data.scenes.new("Other")
    first, second = small_rig.copy(), small_rig.copy()
    for obj in (first, second):
        other.collection.objects.link(obj)
    assert [drive.leader(obj) for obj in (small_rig, first, second)] == [small_rig, first, first]


def test_bakes_of_faces_that_share_an_action_stay_apart(keyed):
    """The second bake neither cuts the keys of the first, nor takes them away with it."""
    bpy.ops.object.duplicate()
    other = bpy.context.object
    mine, its = keyed.data.shape_keys.animation_data, other.data.shape_keys.animation_data
    its.action = mine.action
    if hasattr(its, "action_slot"):
        its.action_slot = mine.action_slot
    expected = at(keyed, 3)
    for obj, first in ((keyed, 2), (other, 4)):
        bpy.context.view_layer.objects.active = obj
        assert bpy.ops.muscle_face.bake(frame_start=first, frame_end=5) == {"FINISHED"}
    assert moved(expected, at(keyed, 3)) < SAME
    assert bpy.ops.muscle_face.remove_bake() == {"FINISHED"}
    assert moved(expected, at(keyed, 3)) < SAME


def test_a_slider_bake_is_not_changed_by_layers(keyed):
    """Its action shows its values over NLA strips, and what it set aside comes back though it was renamed."""
    keys = keyed.data.shape_keys
    data, top = keys.animation_data, "Top Layer"
    strip = data.nla_tracks.new().strips.new("Below", 1, data.action)
    if hasattr(strip, "action_slot"):
        strip.action_slot = data.action_slot
    data.action, data.action_blend_type, data.action_influence = None, "ADD", 0.5
    animation.give_action(keys, "New")
    keys.key_blocks["mouthPucker"].keyframe_insert("value", frame=1)
    bpy.context.scene.frame_set(6)
    before = keys.key_blocks["jawOpen"].value
    assert before == pytest.approx(0.5)
    with pytest.raises(RuntimeError, match="set its influence to 1"):
        bpy.ops.muscle_face.bake(frame_start=6, frame_end=7)
    assert bpy.ops.muscle_face.bake(frame_start=6, frame_end=7, method="SLIDERS") == {"FINISHED"}
    assert keys.key_blocks["jawOpen"].value == pytest.approx(before, abs=0.1)
    bpy.data.actions["New"].name = top
    assert bpy.ops.muscle_face.remove_bake() == {"FINISHED"}
    assert (data.action.name, data.action_blend_type, data.action_influence) == (top, "ADD", 0.5)


def test_excluded_shapes_go_on_in_a_slider_bake(keyed):
    """They are no part of what is baked: their keys play on."""
    assert bpy.ops.muscle_face.exclude_shape(shape="jawOpen") == {"FINISHED"}
    expected = at(keyed, 6)
    assert bpy.ops.muscle_face.bake(frame_start=1, frame_end=2, method="SLIDERS") == {"FINISHED"}
    assert moved(expected, at(keyed, 6)) < SAME
    assert bpy.ops.muscle_face.remove_bake() == {"FINISHED"}
    assert keyed.data.shape_keys.animation_data.action.users == 1


def test_a_linked_action_says_so_and_can_be_baked(keyed, tmp_path):
    """Nothing can be keyed into another file; a bake gives the face a copy."""
    data, path = keyed.data.shape_keys.animation_data, str(tmp_path / "library.blend")
    expected = at(keyed, 6)
    bpy.data.libraries.write(path, {data.action})
    name = data.action.name
    bpy.data.actions.remove(data.action)
    with bpy.data.libraries.load(path, link=True) as (_, into):
        into.actions = [name]
    data.action = into.actions[0]
    if hasattr(data, "action_slot"):
        data.action_slot = data.action.slots[0]
    with pytest.raises(RuntimeError, match="linked from another file; make the action local first"):
        bpy.ops.muscle_face.keyframe_sliders()
    assert bpy.ops.muscle_face.bake(frame_start=6, frame_end=7) == {"FINISHED"}
    assert data.action.library is None and moved(expected, at(keyed, 6)) < SAME


def test_a_head_scaled_to_nothing(small_rig, tmp_path, capfd):
    """Animators hide things so; gravity has no direction in it then, and a motion of the head no place."""
    small_rig.muscle_face.use_gravity, small_rig.scale = True, (0.0, 0.0, 0.0)
    small_rig.muscle_face.jaw_open = 0.3
    assert np.isfinite(at(small_rig, 2)).all()
    assert anatomy.options(small_rig)["landmarks"] == {}
    before = fingerprint(small_rig)
    for operator in (bpy.ops.muscle_face.fit, bpy.ops.muscle_face.fit_performance):
        with pytest.raises(RuntimeError, match="is scaled to 0; give it a size first"):
            operator()
    with pytest.raises(RuntimeError, match="is scaled to 0; give it a size first"):
        bpy.ops.muscle_face.import_livelink(filepath=str(tmp_path / "take.csv"))
    assert fingerprint(small_rig) == before
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("edit", ["sculpted", "scaled"])
def test_an_edited_neutral_keeps_its_shape(small_rig, edit):
    """Until Update Rig simulates it, it moves as the old one does: a small slider makes a small motion."""
    if edit == "scaled":
        small_rig.scale = (0.01, 0.01, 0.01)
        bpy.ops.object.transform_apply(scale=True)
    else:
        for key in small_rig.data.shape_keys.key_blocks:
            points = bridge.key_positions(key)
            points[points[:, 2] > np.percentile(points[:, 2], 90)] += [0.0, 0.0, 0.02]
            bridge.write_key_positions(key, points)
        small_rig.data.update()
    rest = shown(small_rig)
    small_rig.muscle_face.jaw_open = 0.01
    assert 0.0 < moved(rest, shown(small_rig)) < 0.01
    assert staleness.changes(small_rig) == "The neutral was sculpted since"


@pytest.mark.parametrize("baked", [False, True])
def test_a_face_without_its_shape_keys_says_what_to_do(small_rig, baked, capfd):
    """After Delete All Shape Keys buttons send to Update Rig, also of a bake; a heat map still shows."""
    if baked:
        bpy.ops.muscle_face.bake(frame_start=1, frame_end=1)
    small_rig.shape_key_clear()
    assert "All shape keys are gone" in staleness.changes(small_rig)
    small_rig.muscle_face.heat_map = "BLENDSHAPE"
    assert "Muscle Face Heat" in small_rig.data.attributes and "Traceback" not in capfd.readouterr().err
    if baked:
        assert bpy.ops.muscle_face.remove_bake() == {"FINISHED"}
    for operator in (bpy.ops.muscle_face.fit, bpy.ops.muscle_face.sculpt_target, bpy.ops.muscle_face.export_cache):
        with pytest.raises(RuntimeError, match="press Update Rig"):
            operator()
    assert bpy.ops.muscle_face.remove_rig() == {"FINISHED"}


@pytest.mark.parametrize("what", ["eye", "camera", "collection"])
def test_a_hidden_face_is_exported_or_refused(keyed, tmp_path, what):
    """Blender's exporters leave out what is hidden, and say that all went well."""
    path = str(tmp_path / "face.usdc")
    if what == "eye":
        keyed.hide_set(True)
    elif what == "camera":
        keyed.hide_render = True
    else:
        collection = move_to_collection(keyed)
        bpy.context.scene.collection.children.link(collection)
        collection.hide_render = True
        bpy.context.view_layer.objects.active = keyed
        with pytest.raises(RuntimeError, match="is hidden or disabled in renders; show it first"):
            bpy.ops.muscle_face.export_cache(filepath=path, format="USD", frame_start=1, frame_end=2)
        return
    hidden = keyed.hide_get(), keyed.hide_render
    assert bpy.ops.muscle_face.export_cache(filepath=path, format="USD", frame_start=1, frame_end=2) == {"FINISHED"}
    assert (keyed.hide_get(), keyed.hide_render) == hidden
    bpy.ops.wm.usd_import(filepath=path)
    (found,) = (o for o in bpy.data.objects if o.type == "MESH" and o != keyed)
    assert len(found.data.vertices) == len(keyed.data.vertices)


def test_a_face_of_which_modifiers_leave_nothing_is_not_exported(keyed, tmp_path):
    """An empty file would look like a finished export."""
    keyed.modifiers.new("Nothing", "MASK").vertex_group = keyed.vertex_groups.new(name="Empty").name
    path = tmp_path / "face.abc"
    with pytest.raises(RuntimeError, match="leave no vertices to write"):
        bpy.ops.muscle_face.export_cache(filepath=str(path), frame_start=1, frame_end=2)
    assert not path.exists()


def test_eyes_joined_into_the_head_are_told_before_a_sculpt(small_rig):
    """The rig knows nothing of their vertices: no fit could follow."""
    bpy.ops.mesh.primitive_uv_sphere_add(radius=0.01)
    small_rig.select_set(True)
    bpy.context.view_layer.objects.active = small_rig
    assert bpy.ops.object.join() == {"FINISHED"}
    count = len(small_rig.data.shape_keys.key_blocks)
    with pytest.raises(RuntimeError, match="Vertices or faces were changed"):
        bpy.ops.muscle_face.sculpt_target()
    assert small_rig.mode == "OBJECT" and len(small_rig.data.shape_keys.key_blocks) == count


def test_a_usd_file_before_frame_0_is_refused(keyed, tmp_path):
    """Blender would write another range of frames and say that all went well."""
    path = tmp_path / "face.usdc"
    with pytest.raises(RuntimeError, match="no USD before frame 0"):
        bpy.ops.muscle_face.export_cache(filepath=str(path), format="USD", frame_start=-3, frame_end=2)
    assert not path.exists()


def into_a_strip(keys) -> bpy.types.NlaTrack:
    """Push the action of shape keys down into the NLA."""
    data = keys.animation_data
    track = data.nla_tracks.new()
    strip = track.strips.new("Below", 1, data.action)
    if hasattr(strip, "action_slot"):
        strip.action_slot = data.action_slot
    data.action = None
    return track


def test_nothing_is_baked_while_a_strip_is_tweaked(keyed):
    """The strip's action runs on another time than the scene."""
    track, data = into_a_strip(keyed.data.shape_keys), keyed.data.shape_keys.animation_data
    track.select, track.strips[0].select, data.nla_tracks.active = True, True, track
    data.use_tweak_mode = True
    keyed.muscle_face.fit_markers = bpy.data.collections.new("Markers")
    for operator in (bpy.ops.muscle_face.bake, bpy.ops.muscle_face.fit_performance):
        with pytest.raises(RuntimeError, match="leave Tweak Mode"):
            operator(frame_start=1, frame_end=2)


@pytest.mark.parametrize(("blending", "influence"), [("ADD", 1.0), ("REPLACE", 0.0)])
def test_keys_that_strips_would_change_are_refused(keyed, tmp_path, blending, influence):
    """What is keyed into an action that only adds to strips, or plays in part, would not be what the face shows."""
    into_a_strip(keyed.data.shape_keys)
    data = keyed.data.shape_keys.animation_data
    data.action_blend_type, data.action_influence = blending, influence
    keyed.muscle_face.fit_markers = bpy.data.collections.new("Markers")
    for operator, options in (
        (bpy.ops.muscle_face.fit_performance, {"frame_start": 1, "frame_end": 2}),
        (bpy.ops.muscle_face.import_livelink, {"filepath": str(tmp_path / "take.csv")}),
    ):
        with pytest.raises(RuntimeError, match="set its blending to Replace and its influence to 1"):
            operator(**options)
    other = keyed.copy()
    other.data = keyed.data.copy()
    bpy.context.collection.objects.link(other)
    other.select_set(True)
    other.muscle_face.jaw_open = 0.5
    other.keyframe_insert("muscle_face.jaw_open", frame=1)
    bpy.context.view_layer.objects.active = other
    with pytest.raises(RuntimeError, match="set its blending to Replace and its influence to 1"):
        bpy.ops.muscle_face.copy_animation()


def test_a_render_tells_of_linked_faces(small_rig_file, registered, capfd):
    """They are not simulated: whoever reads a farm's log learns it."""
    with bpy.data.libraries.load(str(small_rig_file), link=True) as (source, into):
        into.objects = list(source.objects)
    bpy.context.scene.collection.objects.link(into.objects[0])
    handlers.on_render(bpy.context.scene)
    handlers.on_render_end(bpy.context.scene)
    assert "bake it in its own file" in capfd.readouterr().out


@pytest.mark.parametrize("mode", ["WEIGHT_PAINT", "VERTEX_PAINT", "TEXTURE_PAINT", "SCULPT"])
def test_a_face_saved_while_it_was_painted_follows_frames(keyed, tmp_path, mode):
    """A farm opens the file as the artist left it."""
    expected, path = at(keyed, 6), tmp_path / "shot.blend"
    bpy.context.scene.frame_set(1)
    bpy.ops.object.mode_set(mode=mode)
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.open_mainfile(filepath=str(path))
    assert bpy.context.object.mode == mode
    assert moved(expected, at(bpy.context.object, 6)) < SAME


def test_a_render_tells_of_faces_that_it_does_not_move(keyed, tmp_path, capfd):
    """One that was left in Edit Mode, and one whose rig is lost: the log of a farm says so, once."""
    bpy.ops.object.mode_set(mode="EDIT")
    handlers.on_render(bpy.context.scene)
    handlers.on_render_end(bpy.context.scene)
    assert capfd.readouterr().out.count("while it is edited or sculpted") == 1
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.data.texts.remove(keyed.data[storage.PROPERTY]["model"])
    path = tmp_path / "lost.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.open_mainfile(filepath=str(path))
    for frame in (5, 6, 7):
        bpy.context.scene.frame_set(frame)
    assert capfd.readouterr().out.count("keeps the face that it has: The muscle rig of 'Demo Head' was deleted") == 1
