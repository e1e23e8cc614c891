# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Fit through a camera: tracks of the Movie Clip Editor and track files."""

import json

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector
from muscle_face.blender_addon import storage
from muscle_face.blender_addon.fit import cameras, footage, places, source
from muscle_face.core.fit.landmark_sets import SETS
from readings import fingerprint, shown

SIZE = (640, 480)
SMILE = {"mouthSmileLeft": 0.8, "mouthSmileRight": 0.6, "jawOpen": 0.35}
# Enough of the face to hold the head still and see the mouth.
NUMBERS = sorted(SETS["ibug"].places)


@pytest.fixture
def camera(small_rig) -> bpy.types.Object:
    """A camera before the face, a little to the side, that films SIZE."""
    render = bpy.context.scene.render
    render.resolution_x, render.resolution_y = SIZE
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    bpy.context.collection.objects.link(camera)
    bpy.context.scene.camera = camera
    camera.data.lens = 70.0
    size = max(small_rig.dimensions)
    face = Vector(np.mean([small_rig.matrix_world @ Vector(c) for c in small_rig.bound_box], axis=0))
    camera.location = face + Vector((0.6, -3.0, 0.2)) * size
    camera.rotation_euler = (face - camera.location).to_track_quat("-Z", "Y").to_euler()
    bpy.context.view_layer.update()
    return camera


def lens_of(rig, camera, clip=None, size=SIZE, aspect=1.0):
    """The core's camera, in the rig's own space."""
    model = storage.load(rig.data)
    depsgraph = bpy.context.evaluated_depsgraph_get()
    return cameras.read(camera, depsgraph, rig.matrix_world.inverted(), model, size, clip, aspect=aspect)


def tracked(rig, camera, clip=None) -> dict[str, np.ndarray]:
    """Pixels of the 68-point set's places on the face as it is, from the lower left."""
    named = SETS["ibug"].places
    points = places.of(storage.load(rig.data)).points([named[n] for n in NUMBERS])
    pixels = lens_of(rig, camera, clip).project(points.at(shown(rig)))
    return {str(n): p for n, p in zip(NUMBERS, pixels, strict=True)}


def pose(rig, values) -> None:
    """Set shape keys and solve; all others rest."""
    for key in rig.data.shape_keys.key_blocks[1:]:
        if key.name != storage.SIM_KEY:
            key.value = values.get(key.name, 0.0)
    bpy.ops.muscle_face.solve()


def found(rig, values, tolerance=0.1) -> None:
    """The sliders are at the values again."""
    for name, value in values.items():
        assert rig.data.shape_keys.key_blocks[name].value == pytest.approx(value, abs=tolerance), name


@pytest.fixture
def clip(tmp_path) -> bpy.types.MovieClip:
    """An empty clip of SIZE."""
    image = bpy.data.images.new("Black", *SIZE)
    image.filepath_raw, image.file_format = str(tmp_path / "shot_0001.png"), "PNG"
    image.save()
    clip = bpy.data.movieclips.load(image.filepath_raw)
    clip.tracking.camera.principal_point_pixels = (0.5 * SIZE[0], 0.5 * SIZE[1])
    return clip


def track(clip, pixels: dict, frame=1, prefix="Point ") -> None:
    """Tracks at pixels on a clip frame."""
    for name, pixel in pixels.items():
        tracks = clip.tracking.tracks
        one = tracks.get(prefix + name) or tracks.new(name=prefix + name, frame=frame)
        one.markers.insert_frame(frame, co=tuple(pixel / SIZE))


@pytest.mark.parametrize("fit", ["AUTO", "HORIZONTAL", "VERTICAL"])
@pytest.mark.parametrize(
    ("size", "aspect"), [((640, 480), 1.0), ((480, 640), 1.0), ((640, 480), 0.5), ((480, 640), 2.0)]
)
def test_camera_is_blenders(small_rig, camera, fit, size, aspect):
    """Points land where Blender's own camera puts them, for every way to fit the sensor, with lens shift and pixels
    that are not square."""
    small_rig.scale = (2.0, 2.0, 2.0)
    render = bpy.context.scene.render
    render.resolution_x, render.resolution_y = size
    render.pixel_aspect_x, render.pixel_aspect_y = max(aspect, 1.0), max(1.0 / aspect, 1.0)
    data = camera.data
    data.sensor_fit, data.sensor_width, data.sensor_height = fit, 30.0, 20.0
    data.shift_x, data.shift_y = 0.05, -0.03
    bpy.context.view_layer.update()
    points = shown(small_rig)[::500]
    expected = [world_to_camera_view(bpy.context.scene, camera, small_rig.matrix_world @ Vector(p))[:2] for p in points]
    # Blender computes in single precision: a thousandth of a pixel.
    assert np.allclose(
        lens_of(small_rig, camera, size=size, aspect=aspect).project(points), np.array(expected) * size, atol=2e-3
    )


@pytest.mark.parametrize("scale", [(2.0, 1.0, 1.0), (1.0, 3.0, 0.5), (-1.0, 1.0, 1.0), (2.0, -1.0, 0.5)])
def test_a_scaled_camera_is_blenders(small_rig, camera, scale):
    """Blender films with the directions of its axes alone; a negative one mirrors the image."""
    camera.scale = scale
    bpy.context.view_layer.update()
    points = shown(small_rig)[::97]
    expected = [world_to_camera_view(bpy.context.scene, camera, small_rig.matrix_world @ Vector(p)) for p in points]
    pixels = np.array(expected)[:, :2] * SIZE
    np.testing.assert_allclose(lens_of(small_rig, camera).project(points), pixels, atol=1e-3)


def test_clip_with_a_bent_lens(small_rig, camera, clip):
    """Tracks named by number, through the scene's camera and the clip's distortion, give the sliders back."""
    clip.tracking.camera.distortion_model = "POLYNOMIAL"
    clip.tracking.camera.k1 = -1.0
    pose(small_rig, SMILE)
    bent = tracked(small_rig, camera, clip)
    straight = tracked(small_rig, camera)
    assert max(np.linalg.norm(bent[n] - straight[n]) for n in bent) > 0.5
    # All 68 must be there for their numbering to be known; the outline has no place.
    track(clip, {str(n): bent.get(str(n), np.array([5.0, 5.0])) for n in range(68)})
    pose(small_rig, {})
    small_rig.muscle_face.fit_clip = clip
    assert bpy.ops.muscle_face.map_tracks() == {"FINISHED"}
    assert len(small_rig.muscle_face.fit_tracks) == len(NUMBERS)
    assert bpy.ops.muscle_face.fit() == {"FINISHED"}
    found(small_rig, SMILE)
    assert 0.0 < small_rig.muscle_face.fit_pixels_rms < 1.0 and small_rig.muscle_face.fit_percent < 2.0


def test_markers_of_the_scene_switch_cameras(small_rig, camera, clip):
    """After a cut the footage is seen through the camera that films then."""
    second = camera.copy()
    second.location.x -= 0.1
    bpy.context.collection.objects.link(second)
    scene = bpy.context.scene
    for frame, films in ((1, camera), (5, second)):
        scene.timeline_markers.new(films.name, frame=frame).camera = films
    track(clip, {"nose_tip": np.array([300.0, 200.0])}, prefix="")
    small_rig.muscle_face.fit_clip = clip
    scene.frame_set(1)
    model = storage.load(small_rig.data)
    aim = source.of(bpy.context, small_rig, model)
    for frame, films in ((1, camera), (6, second)):
        scene.frame_set(frame)
        seen = source.target(bpy.context, small_rig, model, aim).camera
        assert np.allclose(seen.world_to_camera, lens_of(small_rig, films).world_to_camera)


def test_small_test_renders_are_not_the_footage(small_rig, tmp_path):
    """The percentage of the resolution says nothing of the image that a file's points were tracked in."""
    render = bpy.context.scene.render
    render.resolution_x, render.resolution_y, render.resolution_percentage = *SIZE, 25
    path = tmp_path / "tracks.json"
    path.write_text(json.dumps({"points": [[[300.0, 200.0]] * 68] * 2}))
    small_rig.muscle_face.fit_track_file = str(path)
    tracks = footage.read_file(bpy.context, small_rig)
    assert (tracks.width, tracks.height) == SIZE


def test_an_offset_track_counts_where_its_offset_is(small_rig, camera, clip):
    """A track that follows another pattern, moved by Blender's offset, stands for the place that the offset shows."""
    track(clip, {"nose_tip": np.array([300.0, 200.0])}, prefix="")
    clip.tracking.tracks["nose_tip"].offset = (0.1, -0.05)
    small_rig.muscle_face.fit_clip = clip
    aim = source.of(bpy.context, small_rig, storage.load(small_rig.data))
    pixels = source.target(bpy.context, small_rig, storage.load(small_rig.data), aim).pixels
    assert np.allclose(pixels, [[300.0 + 0.1 * SIZE[0], 200.0 - 0.05 * SIZE[1]]], atol=1e-3)


def test_tracks_of_two_tracking_objects_may_share_a_name(clip):
    """Blender numbers names within one object only: that of the camera comes first, none is lost."""
    camera = clip.tracking.tracks.new(name="Track", frame=1)
    prop = clip.tracking.objects.new(name="Prop").tracks.new(name="Track", frame=1)
    assert footage.tracks_of(clip) == {"Track": camera, "Track (Prop)": prop}


def test_tracks_by_name_and_by_click(small_rig, camera, clip):
    """Names of landmarks fill the table; the others wait for a click, disabled ones are left out."""
    model = storage.load(small_rig.data)
    pose(small_rig, {"jawOpen": 0.5})
    pixels = tracked(small_rig, camera)
    chin = np.linalg.norm(model.neutral[model.skin_vertices] - model.landmarks["pogonion"], axis=1)
    vertex = int(model.skin_vertices[chin.argmin()])
    at = lens_of(small_rig, camera).project(shown(small_rig)[[vertex]])[0]
    track(clip, {SETS["ibug"].places[n]: pixels[str(n)] for n in NUMBERS if n not in (8, 30)}, prefix="")
    track(clip, {"Track.001": at, "Bad": np.array([1.0, 1.0])}, prefix="")
    settings = small_rig.muscle_face
    settings.fit_clip = clip
    bpy.ops.muscle_face.map_tracks()
    rows = settings.fit_tracks
    assert rows["nose_bridge:0"].place == "nose_bridge:0" and not rows["Track.001"].place
    settings.fit_active_track = rows.find("Track.001")
    assert bpy.ops.muscle_face.pick_track_place(vertex=vertex) == {"FINISHED"}
    assert tuple(rows["Track.001"].corners) == (vertex,) * 3
    pose(small_rig, {})
    assert bpy.ops.muscle_face.fit() == {"FINISHED"}
    found(small_rig, {"jawOpen": 0.5}, tolerance=0.05)
    # Mapping again keeps what was clicked.
    bpy.ops.muscle_face.map_tracks()
    assert rows["Track.001"].clicked


def write_tracks(path, frames, rate=24.0) -> str:
    """A track file of 68 numbered points over frames."""
    away = np.zeros(2)
    points = [[list(map(float, f.get(str(n), away))) for n in range(68)] for f in frames]
    # Trackers count downwards.
    flipped = [[[x, SIZE[1] - y] if x or y else [0.0, 0.0] for x, y in frame] for frame in points]
    path.write_text(json.dumps({"fps": rate, "image_size": SIZE, "points": flipped}))
    return str(path)


def test_track_file_and_a_moving_head(small_rig, camera, tmp_path):
    """A file of another tracker: sliders and the head's place are found though the head was elsewhere."""
    pose(small_rig, SMILE)
    small_rig.location, small_rig.rotation_euler = (0.01, 0.0, 0.005), (0.0, 0.1, 0.12)
    bpy.context.view_layer.update()
    path = write_tracks(tmp_path / "tracks.json", [tracked(small_rig, camera)])
    wanted = np.array([small_rig.matrix_world @ Vector(p) for p in shown(small_rig)[::100]])
    pose(small_rig, {})
    small_rig.location, small_rig.rotation_euler = (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)
    bpy.context.view_layer.update()
    small_rig.muscle_face.fit_track_file = path
    small_rig.muscle_face.fit_track_start = bpy.context.scene.frame_current
    assert bpy.ops.muscle_face.fit() == {"FINISHED"}
    bpy.context.view_layer.update()
    found(small_rig, SMILE, tolerance=0.15)
    at = np.array([small_rig.matrix_world @ Vector(p) for p in shown(small_rig)[::100]])
    mm = storage.load(small_rig.data).mm_per_unit
    # What one camera sees worst is depth: 3 mm of half a metre and more.
    assert np.sqrt(((at - wanted) ** 2).sum(1).mean()) * mm < 3.0


def test_bad_footage_changes_nothing(small_rig, camera, clip, tmp_path):
    """No tracks, no places, all disabled, another frame, a camera that looks away or has no perspective."""
    settings = small_rig.muscle_face
    settings.fit_clip = clip
    refused("no tracks")
    track(clip, {"a": np.array([5.0, 5.0]), "b": np.array([9.0, 5.0])}, prefix="Free ")
    refused("No track has a place")
    pixels = tracked(small_rig, camera)
    track(clip, {str(n): pixels.get(str(n), np.zeros(2)) for n in range(68)})
    for name in ("Free a", "Free b"):
        settings.fit_tracks[name].place = "nowhere"
    refused("which is no place on the face")
    settings.fit_tracks.clear()
    for item in clip.tracking.tracks:
        if item.name.startswith("Free"):
            item.name = f"Point {68 if item.name.endswith('a') else 69}"
    before = fingerprint(small_rig)
    settings.fit_head_pose = "OFF"
    camera.rotation_euler.z += np.pi
    bpy.context.view_layer.update()
    refused("behind the camera")
    camera.rotation_euler.z -= np.pi
    settings.fit_head_pose = "AUTO"
    camera.data.type = "ORTHO"
    refused("no perspective camera")
    camera.data.type = "PERSP"
    settings.fit_camera = bpy.data.objects.new("Gone", camera.data)
    refused("'Gone' was deleted or is in another scene")
    settings.fit_camera = None
    camera.parent = small_rig
    refused("'Camera' is a child of 'Demo Head' and moves with it")
    camera.parent = None
    clip.tracking.camera.distortion_model, clip.tracking.camera.brown_p1 = "BROWN", 0.01
    refused("cannot be fitted through")
    clip.tracking.camera.distortion_model = "POLYNOMIAL"
    bpy.context.scene.frame_set(50)
    for item in clip.tracking.tracks:
        item.markers.insert_frame(50).mute = True
    refused("No image point can be seen")
    bpy.context.scene.frame_set(1)
    settings.fit_use_neutral, settings.fit_neutral_frame = True, 50
    refused("Neutral frame: No image point can be seen")
    bpy.context.scene.frame_set(50)
    for row in settings.fit_tracks:
        row.use = False
    refused("No track has a place")
    settings.fit_track_file = str(tmp_path / "none.json")
    refused("cannot be read")
    assert fingerprint(small_rig) == before


def refused(words: str) -> None:
    """The fit fails with a sentence that holds the words."""
    with pytest.raises(RuntimeError, match=words):
        bpy.ops.muscle_face.fit()


def test_a_guessed_camera_finds_the_expression(small_rig, tmp_path):
    """Without any camera the file's own image size is all that is known, and the mouth still opens."""
    model = storage.load(small_rig.data)
    lens = cameras.read(None, None, None, model, SIZE)
    pose(small_rig, SMILE)
    named = SETS["ibug"].places
    points = places.of(model).points([named[n] for n in NUMBERS])
    pixels = dict(zip(map(str, NUMBERS), lens.project(points.at(shown(small_rig))), strict=True))
    small_rig.muscle_face.fit_track_file = write_tracks(tmp_path / "tracks.json", [pixels])
    small_rig.muscle_face.fit_track_start = bpy.context.scene.frame_current
    pose(small_rig, {})
    assert bpy.ops.muscle_face.fit() == {"FINISHED"}
    found(small_rig, {"jawOpen": SMILE["jawOpen"]})
