# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""A range of frames becomes keyframes; Esc keeps the best so far."""

import json
import time
from types import SimpleNamespace

import bpy
import numpy as np
import pytest
from mathutils import Vector
from muscle_face.blender_addon import animation, bridge, jobs, storage
from muscle_face.blender_addon.fit import cameras, places, report, source
from muscle_face.core import Cancelled, MuscleFaceError
from muscle_face.core.fit.landmark_sets import SETS
from readings import moved, shown

SIZE = (640, 480)
OPEN = (0.0, 0.15, 0.35, 0.5, 0.55)
FIRST = 11


@pytest.fixture
def scene(small_rig) -> bpy.types.Scene:
    """A scene of the performance's frames; the rig waits to be asked."""
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = FIRST, FIRST + len(OPEN) - 1
    scene.frame_set(FIRST)
    scene.render.fps = 24
    small_rig.muscle_face.live = False
    return scene


def skins(rig) -> list[np.ndarray]:
    """(V, 3) of every frame; the rig rests afterwards."""
    key, out = rig.data.shape_keys.key_blocks["jawOpen"], []
    for value in (*OPEN, 0.0):
        key.value = value
        bpy.ops.muscle_face.solve()
        out.append(shown(rig))
    return out[:-1]


def jaw(rig) -> list[float]:
    """The jaw's slider on every frame."""
    curve = animation.find_curve(rig.data.shape_keys, 'key_blocks["jawOpen"].value')
    return [curve.evaluate(FIRST + k) for k in range(len(OPEN))]


def test_moving_markers_key_the_sliders(small_rig, scene):
    """Animated empties bound to the resting face: the jaw's curve comes back, sliders that rest get no keys."""
    model = storage.load(small_rig.data)
    chosen = model.skin_vertices[model.rig.exposure > 0.7][::60]
    collection = markers_on(small_rig, chosen)
    for frame, skin in enumerate(skins(small_rig)):
        for vertex, empty in zip(chosen, collection.objects, strict=True):
            empty.location = small_rig.matrix_world @ Vector(skin[vertex])
            empty.keyframe_insert("location", frame=FIRST + frame)
    scene.frame_set(FIRST)
    assert bpy.ops.muscle_face.bind_markers() == {"FINISHED"}
    assert bpy.ops.muscle_face.fit_performance() == {"FINISHED"}
    assert np.allclose(jaw(small_rig), OPEN, atol=0.05)
    assert scene.frame_current == FIRST
    assert animation.find_curve(small_rig, "scale") is None
    path = small_rig.muscle_face.muscles["zygomaticus_major_L"].path_from_id("activation")
    assert animation.find_curve(small_rig, path) is None
    assert f"{len(OPEN)} frames" in small_rig.muscle_face.fit_message
    assert "do not act" not in small_rig.muscle_face.fit_message
    animation.find_curve(small_rig.data.shape_keys, 'key_blocks["jawOpen"].value').mute = True
    assert bpy.ops.muscle_face.fit_performance(frame_start=FIRST + 3, frame_end=FIRST + 4) == {"FINISHED"}
    assert "muted, so that keys do not act: jawOpen" in small_rig.muscle_face.fit_message


def markers_on(rig, vertices) -> bpy.types.Collection:
    """Empties for vertices of the rig, chosen for its fit."""
    collection = bpy.data.collections.new("Markers")
    bpy.context.scene.collection.children.link(collection)
    for vertex in vertices:
        collection.objects.link(bpy.data.objects.new(f"m{vertex:05d}", None))
    rig.muscle_face.fit_markers, rig.muscle_face.fit_use_muscles = collection, False
    return collection


@pytest.mark.parametrize(
    ("mover", "head"), [("parent", "AUTO"), ("constraint", "AUTO"), ("parent", "OFF"), ("itself", "OFF")]
)
def test_a_face_that_moves_already(small_rig, scene, mover, head):
    """Its body takes the face along, or the artist has keyed its head: what moves it is not keyed once more,
    and a fixed head is fitted where it is on each frame."""
    model = storage.load(small_rig.data)
    moves = small_rig
    if mover != "itself":
        moves = bpy.data.objects.new("Body", None)
        scene.collection.objects.link(moves)
        if mover == "parent":
            small_rig.parent = moves
        else:
            small_rig.constraints.new("CHILD_OF").target = moves
    frames = range(FIRST, FIRST + 3)
    for frame in frames:
        moves.location.x = 0.2 * (frame - FIRST)
        moves.keyframe_insert("location", frame=frame)
    chosen = model.skin_vertices[model.rig.exposure > 0.7][::60]
    collection, stood = markers_on(small_rig, chosen), []
    for frame, skin in zip(frames, skins(small_rig), strict=False):
        scene.frame_set(frame)
        stood.append(small_rig.matrix_world.translation.x)
        for vertex, empty in zip(chosen, collection.objects, strict=True):
            empty.location = small_rig.matrix_world @ Vector(skin[vertex])
            empty.keyframe_insert("location", frame=frame)
    scene.frame_set(FIRST)
    bpy.ops.muscle_face.bind_markers()
    small_rig.muscle_face.fit_head_pose = head
    assert bpy.ops.muscle_face.fit_performance(frame_end=frames[-1]) == {"FINISHED"}
    assert np.allclose(jaw(small_rig)[:3], OPEN[:3], atol=0.02)
    for frame, x in zip(frames, stood, strict=True):
        scene.frame_set(frame)
        assert small_rig.matrix_world.translation.x == pytest.approx(x, abs=1e-3)


def test_another_live_face_is_followed(small_rig, scene):
    """A face that is a rig itself is fitted to as it is simulated on each frame, and shows its own frame afterwards."""
    other = small_rig.copy()
    other.data = small_rig.data.copy()
    scene.collection.objects.link(other)
    other.muscle_face.live = True
    muscle = other.muscle_face.muscles["zygomaticus_major_L"]
    for frame, value in ((FIRST, 0.0), (FIRST + 2, 0.8)):
        muscle.activation = value
        muscle.keyframe_insert("activation", frame=frame)
    scene.frame_set(FIRST)
    before = shown(other)
    small_rig.muscle_face.fit_target = other
    # What a fit before has left over is not this one's.
    assert bpy.ops.muscle_face.fit() == {"FINISHED"} and report.remainder(small_rig.data) is not None
    assert bpy.ops.muscle_face.fit_performance(frame_end=FIRST + 2) == {"FINISHED"}
    path = small_rig.muscle_face.muscles["zygomaticus_major_L"].path_from_id("activation")
    assert animation.find_curve(small_rig, path).evaluate(FIRST + 2) == pytest.approx(0.8, abs=0.1)
    assert moved(before, shown(other)) < 1e-4
    assert report.remainder(small_rig.data) is None


def test_a_head_that_is_hidden_by_its_scale_on_a_frame(small_rig, scene):
    """Animators hide things so: such a frame has no place to carry a target to, and is fitted all the same."""
    for frame, size in ((FIRST, 1.0), (FIRST + 1, 0.0)):
        small_rig.scale = (size,) * 3
        small_rig.keyframe_insert("scale", frame=frame)
    scene.frame_set(FIRST)
    small_rig.muscle_face.fit_target = resting(small_rig)
    assert bpy.ops.muscle_face.fit_performance(frame_end=FIRST + 1) == {"FINISHED"}


def resting(rig) -> bpy.types.Object:
    """A mesh of the face as it is."""
    other = bpy.data.objects.new("Other", bridge.new_mesh("Other", shown(rig), bridge.faces(rig.data)))
    bpy.context.scene.collection.objects.link(other)
    return other


def test_sliders_that_drivers_move_are_told(small_rig, scene):
    """A performance holds what is driven as it is on the frame that was shown."""
    keys = small_rig.data.shape_keys.key_blocks
    keys["jawOpen"].driver_add("value").driver.expression = f"0.1 * (frame - {FIRST})"
    keys["browInnerUp"].driver_add("value").driver.expression = "0.2"
    small_rig.muscle_face.fit_target = resting(small_rig)
    assert bpy.ops.muscle_face.fit_performance(frame_end=FIRST + 1) == {"FINISHED"}
    expected = f"with jawOpen as on frame {FIRST}, but keys or drivers move these"
    assert expected in small_rig.muscle_face.fit_message


def test_keys_of_sliders_that_may_not_move_stay(keyed):
    """An animator's jaw stays while the muscles are fitted, and that it moves is told."""
    curve = animation.find_curve(keyed.data.shape_keys, 'key_blocks["jawOpen"].value')
    before = [tuple(point.co) for point in curve.keyframe_points]
    keyed.muscle_face.fit_target, keyed.muscle_face.fit_use_shapes = resting(keyed), False
    assert bpy.ops.muscle_face.fit_performance(frame_start=1, frame_end=2) == {"FINISHED"}
    assert [tuple(point.co) for point in curve.keyframe_points] == before
    assert "with jawOpen as on frame 1, but keys or drivers move these" in keyed.muscle_face.fit_message


def test_a_stopped_fit_leaves_another_live_face_alone(small_rig, scene, monkeypatch):
    """It showed other frames while they were read."""
    other = small_rig.copy()
    other.data = small_rig.data.copy()
    scene.collection.objects.link(other)
    other.muscle_face.live = True
    for frame, value in ((FIRST, 0.0), (FIRST + 1, 0.8)):
        other.muscle_face.jaw_open = value
        other.keyframe_insert("muscle_face.jaw_open", frame=frame)
    scene.frame_set(FIRST)
    before, read = shown(other), source.target

    def target(context, *given):
        if context.scene.frame_current > FIRST:
            raise MuscleFaceError("Stopped.")
        return read(context, *given)

    monkeypatch.setattr(source, "target", target)
    small_rig.muscle_face.fit_target = other
    with pytest.raises(RuntimeError, match="Stopped"):
        bpy.ops.muscle_face.fit_performance(frame_end=FIRST + 2)
    bpy.context.view_layer.update()
    assert moved(before, shown(other)) < 1e-4


def test_a_sculpt_is_no_performance(keyed):
    """It is one face, and what an animated face shows on other frames is none: its keys stay."""
    with pytest.raises(RuntimeError, match="one face, for Fit alone"):
        bpy.ops.muscle_face.fit_performance(frame_start=1, frame_end=2)


def test_track_file_with_a_lost_frame(small_rig, scene, tmp_path):
    """2D tracks with one frame lost: it is bridged and named, and the head's motion lands on the empty."""
    model = storage.load(small_rig.data)
    named = SETS["ibug"].places
    points = places.of(model).points([named[n] for n in sorted(named)])
    lens = cameras.read(None, None, None, model, SIZE)
    frames = []
    for k, skin in enumerate(skins(small_rig)):
        at = np.zeros((68, 2))
        # The head moves to the right of the image by a hundredth of its distance a frame.
        pixels = lens.project(points.at(skin)) + [0.01 * k * lens.fx, 0.0]
        at[sorted(named)] = [[x, SIZE[1] - y] for x, y in pixels]
        frames.append(np.where(k == 2, 0.0, at).tolist())
    path = tmp_path / "tracks.json"
    path.write_text(json.dumps({"fps": 24, "image_size": SIZE, "points": frames}))
    settings = small_rig.muscle_face
    settings.fit_track_file, settings.fit_track_start = str(path), FIRST
    settings.fit_use_muscles, settings.fit_head = False, "EMPTY"
    assert bpy.ops.muscle_face.fit_performance() == {"FINISHED"}
    assert np.allclose(jaw(small_rig), OPEN, atol=0.12)
    assert f"bridged: {FIRST + 2}" in settings.fit_message
    empty = bpy.data.objects[f"{small_rig.name} Head"]
    curve = animation.find_curve(empty, "location", 0)
    steps = np.diff([curve.evaluate(FIRST + k) for k in range(len(OPEN))])
    depth = cameras.UNKNOWN_DISTANCE * 230.0 / model.mm_per_unit
    assert np.allclose(steps, 0.01 * depth, rtol=0.3)


def test_range_backwards_is_refused(small_rig, scene):
    """The last frame before the first."""
    small_rig.muscle_face.fit_markers = bpy.data.collections.new("Markers")
    with pytest.raises(RuntimeError, match="before the first"):
        bpy.ops.muscle_face.fit_performance(frame_start=5, frame_end=4)


class Watched(jobs.JobOperator):
    """A job without Blender around it, which counts until it is stopped."""

    keeps_best = True

    def __init__(self):
        self.reports, self.result, self.aborted = [], None, False

    def report(self, kinds, text):
        """What the artist reads."""
        self.reports.append((kinds, text))

    def plan(self, context):
        """Nothing to read."""
        yield 0.0, "Reading"
        return self.count

    def count(self, progress):
        """The best so far is how far it got."""
        best = 0
        try:
            while True:
                best += 1
                progress(0.5, "Counting")
        except Cancelled:
            if self.keeps_best:
                return best
            raise

    def finish(self, context, result):
        """Keep it."""
        self.result = result

    def abort(self, context):
        """Throw it away."""
        self.aborted = True


def stopped_by(escapes: int, keeps: bool) -> tuple[Watched, set[str]]:
    """A job after so many presses of Esc, and its answer."""
    nothing = SimpleNamespace(
        window=None,
        workspace=SimpleNamespace(status_text_set=lambda text: None),
        window_manager=SimpleNamespace(
            windows=[],
            event_timer_add=lambda step, window: None,
            event_timer_remove=lambda timer: None,
            modal_handler_add=lambda operator: None,
        ),
    )
    job = Watched()
    job.keeps_best = keeps
    job.start(nothing)
    tick, escape = SimpleNamespace(type="TIMER", value="NOTHING"), SimpleNamespace(type="ESC", value="PRESS")
    job.modal(nothing, tick)
    while job._job.progress[1] != "Counting":
        time.sleep(0.01)
    answer = {"RUNNING_MODAL"}
    for _ in range(escapes):
        answer = job.modal(nothing, escape)
    while answer == {"RUNNING_MODAL"}:
        answer = job.modal(nothing, tick)
    jobs.join_all()
    return job, answer


def test_escape_keeps_the_best_so_far():
    """The first Esc of a fit takes what there is, a second one throws it away; other jobs change nothing at once."""
    job, answer = stopped_by(1, keeps=True)
    assert answer == {"FINISHED"} and job.result >= 1 and not job.aborted
    for job, answer in (stopped_by(2, keeps=True), stopped_by(1, keeps=False)):
        assert answer == {"CANCELLED"} and job.result is None and job.aborted
    assert not jobs.busy() and jobs.status is None
