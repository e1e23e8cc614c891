# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Sliders in the hand: what Blender shows while they move and when they rest."""

import threading
import time
from types import SimpleNamespace

import bpy
import numpy as np
import pytest
from muscle_face.blender_addon import drive, engine, frame_range, live, preferences, storage
from muscle_face.core.live import PRECISION, LiveFace
from muscle_face.core.physics.follow import NEAR
from readings import shown

PATIENCE = 60.0


@pytest.fixture
def watched(monkeypatch):
    """As if somebody looked: background Blender only ever shows settled faces."""
    monkeypatch.setattr(live, "watched", lambda: True)
    monkeypatch.setattr(live, "REST_SECONDS", 0.0)
    # On a busy machine every answer is late.
    monkeypatch.setattr(live, "WAIT_SECONDS", PATIENCE)
    yield
    live.clear()


def pump(obj) -> None:
    """Run the timer, which background Blender does not, until nothing is left to wait for."""
    until = time.perf_counter() + PATIENCE
    timers = bpy.app.timers
    while timers.is_registered(live._poll):
        if live._poll() is None:
            timers.unregister(live._poll)
        shown(obj)
        assert time.perf_counter() < until, "the face never settled"
        time.sleep(0.01)


def error_mm(obj, values) -> float:
    """Largest distance of the head's shown skin to the settled answer."""
    model = storage.load(obj.data)
    skin = model.skin_vertices
    gap = shown(obj) - model.solve(values, tolerance=1e-6).skin
    return float(np.linalg.norm(gap[skin], axis=1).max()) * model.mm_per_unit


def test_a_viewport_render_waits_for_settled_faces(monkeypatch):
    """Nobody tells that it runs but the window's operators: a late answer would be missing in its frame."""
    window, app = SimpleNamespace(modal_operators=[]), SimpleNamespace(background=False, is_job_running=lambda _: False)
    context = SimpleNamespace(window_manager=SimpleNamespace(windows=[window]))
    monkeypatch.setattr(live, "bpy", SimpleNamespace(app=app, context=context))
    assert live.watched()
    window.modal_operators.append(SimpleNamespace(bl_idname="RENDER_OT_opengl"))
    assert not live.watched()


def test_a_slider_that_rests_shows_the_settled_face(rig, watched):
    """First use makes the face ready in the background; the answer then settles."""
    rig.muscle_face.jaw_open = 0.5
    shown(rig)
    pump(rig)
    assert error_mm(rig, {"jaw_open": 0.5}) < 0.05
    assert rig.muscle_face.last_residual <= 1e-4


def test_a_model_is_read_while_the_window_lives(rig, watched):
    """The first touch after loading a file waits for nothing; the face follows once the model is there."""
    rig.muscle_face.jaw_open = 0.5
    bpy.context.view_layer.update()
    assert live._reading and not live._sessions
    pump(rig)
    assert not live._reading and live._sessions
    assert error_mm(rig, {"jaw_open": 0.5}) < 0.05


def test_a_script_that_changes_frames_gets_settled_faces(rig, watched):
    """It waits for none, nor does a viewport render that it runs; our own buttons need no more than the view."""
    for frame, value in ((1, 0.0), (3, 0.6)):
        rig.muscle_face.jaw_open = value
        rig.muscle_face.keyframe_insert("jaw_open", frame=frame)
    bpy.context.scene.frame_set(3)
    assert not live._sessions and error_mm(rig, {"jaw_open": 0.6}) < 0.05
    frame_range.show(bpy.context.scene, (1, 0.0))
    frame_range.show(bpy.context.scene, (3, 0.0))
    assert live._sessions


def test_an_export_in_the_background_gets_settled_faces(rig, watched, tmp_path):
    """As File > Export has it in a window: a thread of Blender's plays the frames."""
    for frame, value in ((1, 0.0), (3, 0.6)):
        rig.muscle_face.jaw_open = value
        rig.muscle_face.keyframe_insert("jaw_open", frame=frame)
    bpy.context.scene.frame_set(2)
    faces, until = [], time.perf_counter() + PATIENCE

    def note(scene, _depsgraph):
        faces.append((scene.frame_current, error_mm(rig, {"jaw_open": 0.6})))

    bpy.app.handlers.frame_change_post.append(note)
    bpy.ops.wm.alembic_export(filepath=str(tmp_path / "face.abc"), start=1, end=3, as_background_job=True)
    # At the end it goes back to where it was.
    while [frame for frame, _ in faces] != [1, 2, 3, 2]:
        assert time.perf_counter() < until, "nothing was exported"
        time.sleep(0.05)
    bpy.app.handlers.frame_change_post.remove(note)
    assert faces[2][1] < 0.05 and not live._sessions


def test_an_answer_waits_while_the_mesh_is_edited(rig, watched, monkeypatch):
    """What comes in Edit Mode, which ends with the shape keys that it began with, is not lost."""
    rig.muscle_face.jaw_open = 0.1
    shown(rig)
    pump(rig)
    monkeypatch.setattr(live, "WAIT_SECONDS", 0.0)
    rig.muscle_face.jaw_open = 0.6
    bpy.context.view_layer.update()
    bpy.ops.object.mode_set(mode="EDIT")
    until = time.perf_counter() + PATIENCE
    while live._poll() is not None:
        assert time.perf_counter() < until
        time.sleep(0.01)
    bpy.ops.object.mode_set(mode="OBJECT")
    shown(rig)
    pump(rig)
    assert error_mm(rig, {"jaw_open": 0.6}) < 0.05


def test_a_slider_that_moves_shows_a_near_face(rig, watched, monkeypatch):
    """While the hand moves, every answer is within the drag's tolerance."""
    rig.muscle_face.jaw_open = 0.1
    shown(rig)
    pump(rig)
    monkeypatch.setattr(live, "REST_SECONDS", 1e9)
    for value in np.linspace(0.15, 0.6, 10):
        rig.muscle_face.jaw_open = value
        shown(rig)
        # The steps only tell how near it is; half a millimetre is what the eye is promised.
        assert error_mm(rig, {"jaw_open": float(value)}) < 25.0 * NEAR
    monkeypatch.setattr(live, "REST_SECONDS", 0.0)
    pump(rig)
    assert error_mm(rig, {"jaw_open": 0.6}) < 0.05


def test_the_face_is_as_near_as_preferred(rig, watched, monkeypatch):
    """The preference acts on the next answer; its choices are those that the simulation knows."""
    choices = preferences.MuscleFacePreferences.bl_rna.properties["precision"].enum_items
    assert {choice.identifier for choice in choices} == set(PRECISION)
    asked, follow = [], LiveFace.follow

    def noted(*args, near, **options):
        asked.append(near)
        return follow(*args, near=near, **options)

    monkeypatch.setattr(LiveFace, "follow", noted)
    chosen = SimpleNamespace(cache_folder="", log_level="WARNING", device="auto", threads=0)
    monkeypatch.setattr(engine, "preferences", lambda: chosen)
    for value, chosen.precision in ((0.1, "STANDARD"), (0.2, "FINE"), (0.3, "QUICK")):
        rig.muscle_face.jaw_open = value
        shown(rig)
        pump(rig)
        assert asked[-1] == PRECISION[chosen.precision]


def test_a_late_answer_is_shown_when_it_comes(rig, watched, monkeypatch):
    """The interface goes on without it; what the slider said last is what is shown in the end."""
    rig.muscle_face.jaw_open = 0.1
    shown(rig)
    pump(rig)
    monkeypatch.setattr(live, "WAIT_SECONDS", 0.0)
    before = shown(rig)
    for value in (0.3, 0.5, 0.4):
        rig.muscle_face.jaw_open = value
        # No answer to the last slider yet: the face waits as it was.
        assert np.array_equal(shown(rig), before)
    pump(rig)
    assert error_mm(rig, {"jaw_open": 0.4}) < 0.05


def test_back_to_neutral_is_the_neutral_mesh(rig, watched):
    """Zero everywhere needs no simulation and leaves nothing behind."""
    neutral = shown(rig)
    rig.muscle_face.jaw_open = 0.4
    shown(rig)
    pump(rig)
    rig.muscle_face.jaw_open = 0.0
    shown(rig)
    pump(rig)
    assert np.abs(shown(rig) - neutral).max() < 1e-6


def test_faces_that_move_together_are_all_kept(rig, watched, monkeypatch):
    """More faces than are kept at rest follow side by side; those that rest make room."""
    monkeypatch.setattr(live, "MOST", 1)
    copy = rig.copy()
    copy.data = rig.data.copy()
    bpy.context.collection.objects.link(copy)
    for face in (rig, copy):
        face.muscle_face.jaw_open = 0.3
    shown(rig)
    pump(rig)
    assert len(live._sessions) == 2
    assert error_mm(rig, {"jaw_open": 0.3}) < 0.05 and error_mm(copy, {"jaw_open": 0.3}) < 0.05
    monkeypatch.setattr(live, "IDLE_SECONDS", 0.0)
    live._make_room()
    assert not live._sessions


def test_first_use_is_told(rig, watched, monkeypatch):
    """While kernels are compiled the panel shows how far that is, and nothing is followed."""
    begun, go_on = threading.Event(), threading.Event()

    def prepare(progress):
        progress(0.4, "First use: preparing")
        begun.set()
        go_on.wait(PATIENCE)

    monkeypatch.setattr(engine, "preparer", lambda: prepare)
    rig.muscle_face.jaw_open = 0.3
    bpy.context.view_layer.update()
    assert begun.wait(PATIENCE) and live.getting_ready(rig) == (0.4, "First use: preparing")
    go_on.set()
    pump(rig)
    assert live.getting_ready(rig) is None
    assert error_mm(rig, {"jaw_open": 0.3}) < 0.05


def test_a_face_that_is_gone_is_let_go(rig, watched):
    """Deleting the object while it is made ready or settles ends the work."""
    rig.muscle_face.jaw_open = 0.4
    shown(rig)
    bpy.data.objects.remove(rig)
    until = time.perf_counter() + PATIENCE
    # What the file's rig is read from is worth keeping: another object may use it.
    while live._poll() is not None:
        assert time.perf_counter() < until, "the work went on"
        time.sleep(0.01)


def test_undo_keeps_following(rig, watched):
    """What was shown before an undo is no start for what comes after."""
    rig.muscle_face.jaw_open = 0.3
    shown(rig)
    pump(rig)
    live.forget()
    drive.clear_cache()
    rig.muscle_face.jaw_open = 0.6
    shown(rig)
    pump(rig)
    assert error_mm(rig, {"jaw_open": 0.6}) < 0.05
