# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Sliders in the hand: a near answer at once, the settled one when the hand rests.

Follows only where somebody looks: renders, scripts and background Blender get settled answers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import bpy
import numpy as np

from ..core import Cancelled, MuscleFaceError
from ..core.progress import Progress
from . import drive, engine, jobs, storage

if TYPE_CHECKING:
    from ..core import FaceModel
    from ..core.pose import Pose

REST_SECONDS = 0.2
"""Time without a change after which a face settles."""

POLL_SECONDS = 0.02

WAIT_SECONDS = 0.08
"""How long the interface waits for answers at a time; one that takes longer is shown when it comes."""

MOST = 3
"""Faces that are kept ready while they rest: each keeps some 200 MB of factored stiffness."""

IDLE_SECONDS = 20.0
"""Time without a change after which a face is at rest."""


class _Task:
    """Core code in a thread."""

    def __init__(self, work: Callable[[Progress], object]) -> None:
        self.result, self.error, self._stop = None, None, threading.Event()
        self.progress = (0.0, "")
        self._thread = threading.Thread(target=self._run, args=(work,), name="Muscle Face live")
        self._thread.start()

    def _run(self, work) -> None:
        try:
            self.result = work(self._tick)
        # What goes wrong is shown in the panel by whoever collects the result.
        except Exception as error:
            self.error = error

    def _tick(self, share: float, text: str) -> None:
        if self._stop.is_set():
            raise Cancelled
        self.progress = (share, text)

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    def wait(self, seconds: float) -> bool:
        """Wait a while for the end; whether it came."""
        self._thread.join(seconds)
        return self.done

    def stop(self) -> None:
        """Ask the work to end at its next tick."""
        self._stop.set()

    def end(self) -> None:
        """Stop the work and wait for it."""
        self.stop()
        self._thread.join()


def _prepared(work: Callable[[], object]) -> _Task:
    """Work that may be the first to run kernels: they are compiled before, which takes a while once on a computer."""
    prepare = engine.preparer()

    def prepared(tick):
        prepare(tick)
        return work()

    return _Task(prepared)


class _Session:
    """One face that is followed: ``drive`` is what it answered last, ``touched`` when it was asked."""

    def __init__(self, model: FaceModel) -> None:
        self.making = _prepared(lambda: engine.live_face()(model))
        self.following: _Task | None = None
        self.settling: _Task | None = None
        # One that was stopped: the next may begin when it has ended.
        self._leaving: _Task | None = None
        # What is asked for, and what the running answer is to; None where nobody waits for it any more.
        self.wanted: drive.Drive | None = None
        self.asked: drive.Drive | None = None
        self.drive: drive.Drive | None = None
        self.pose, self.touched, self.settled = None, 0.0, True

    def begin_following(self, wanted: drive.Drive, start: Pose | None) -> None:
        """Work out a near answer in a thread."""
        face, near = self.making.result, engine.live_nearness()
        self.asked = wanted
        self.following = _Task(
            lambda _tick: face.follow(
                wanted.controls, gravity=wanted.gravity, start=start, model=wanted.on(face.model), near=near
            )
        )

    def begin_settling(self) -> None:
        """Work out the equilibrium in a thread."""
        face, pose, wanted = self.making.result, self.pose, self.drive
        self.settling = _Task(lambda tick: face.settle(pose, tick, model=wanted.on(face.model)))

    @property
    def may_settle(self) -> bool:
        """Whether the face rests, and nothing of before is at work on it."""
        free = self._leaving is None or self._leaving.done
        return free and self.wanted is None and time.perf_counter() - self.touched > REST_SECONDS

    def stop_settling(self) -> None:
        """A new drive makes the answer to the last one worthless. Nobody waits for the end: a factor takes a while."""
        if self.settling is not None:
            self.settling.stop()
            self._leaving, self.settling = self.settling, None

    def forget(self) -> None:
        """What was followed is no more."""
        self.stop_settling()
        self.wanted = self.asked = self.pose = None
        self.settled = True

    def close(self) -> None:
        self.stop_settling()
        for task in (self._leaving, self.following, self.making):
            if task is not None:
                task.end()
        if self.making.result is not None:
            self.making.result.close()


_sessions: dict[tuple[str, str], _Session] = {}
# Models that are read in the background, by their digests, and those that could not be read.
_reading: dict[str, _Task] = {}
_unreadable: set[str] = set()
_rendering = False
# What the sidebars showed of faces that get ready.
_told: list = []


def getting_ready(obj: bpy.types.Object) -> tuple[float, str] | None:
    """How far a face is that cannot follow yet: on first use its kernels are compiled. None when it can."""
    session = _sessions.get(drive.pose_key(obj))
    task = _reading.get(storage.digest(obj.data)) or (session.making if session else None)
    if task is None or task.done:
        return None
    share, text = task.progress
    return share, text or "Getting ready"


def watched() -> bool:
    """Whether somebody looks at the face as it moves."""
    return not (bpy.app.background or _rendering or bpy.app.is_job_running("RENDER") or _recorded())


def _recorded() -> bool:
    """Whether a viewport render runs, of which Blender tells no handler and which is no job of its own."""
    windows = bpy.context.window_manager.windows
    return any(operator.bl_idname == "RENDER_OT_opengl" for window in windows for operator in window.modal_operators)


def set_rendering(rendering: bool) -> None:
    """Note that a render begins or ends: it waits for settled faces."""
    global _rendering
    _rendering = rendering


def ready(obj: bpy.types.Object) -> bool:
    """Whether the model is in memory; else it is read in the background, and the object comes again after that."""
    name = storage.digest(obj.data)
    if name in _reading:
        return False
    read = storage.reader(obj.data)
    # A baked face needs no model; what cannot be read says why where it is read in the open.
    if read is None or name in _unreadable or storage.bake_mutes(obj.data) is not None:
        return True
    _reading[name] = _prepared(read)
    _watch()
    return False


def _watch() -> None:
    if not bpy.app.timers.is_registered(_poll):
        bpy.app.timers.register(_poll, first_interval=POLL_SECONDS)


def follow(obj: bpy.types.Object, model: FaceModel, wanted: drive.Drive) -> None:
    """Show a near answer now, or as soon as the face can be followed; it settles when the sliders rest."""
    key = drive.pose_key(obj)
    if key not in _sessions:
        _make_room()
        _sessions[key] = _Session(model)
    session = _sessions[key]
    if session.asked is not None and np.array_equal(session.asked.key, wanted.key):
        session.wanted = None
        return
    session.stop_settling()
    session.touched, session.wanted = time.perf_counter(), wanted
    _watch()
    if session.making.done:
        _advance(obj, session, WAIT_SECONDS)


def _make_room() -> None:
    """Forget the faces that have rested longest: those that move would only be made again at the next frame."""
    for key, session in sorted(_sessions.items(), key=lambda item: item[1].touched):
        if len(_sessions) >= MOST and time.perf_counter() - session.touched > IDLE_SECONDS:
            _sessions.pop(key).close()


def _advance(obj: bpy.types.Object, session: _Session, seconds: float) -> None:
    """Begin what is wanted and show what is done, waiting a little for it. Raises what went wrong."""
    if session.making.error is not None:
        raise session.making.error
    until = time.perf_counter() + seconds
    if session.following is not None and not session.following.wait(seconds):
        return
    _show(obj, session)
    if session.wanted is None:
        return
    wanted, session.wanted = session.wanted, None
    model = session.making.result.model
    if not wanted.moves(model):
        drive.write(obj, model, wanted, None, 0.0)
        session.drive, session.pose, session.settled = wanted, None, True
        return
    last = drive.last_pose(obj)
    session.begin_following(wanted, None if last is session.pose else last)
    if session.following.wait(max(until - time.perf_counter(), 0.0)):
        _show(obj, session)


def _show(obj: bpy.types.Object, session: _Session) -> None:
    """Write the answer that has come, if somebody still waits for it."""
    task, session.following = session.following, None
    wanted, session.asked = session.asked, None
    if task is None or wanted is None:
        return
    if task.error is not None:
        raise task.error
    drive.write(obj, session.making.result.model, wanted, task.result, task.result.ms, settled=False)
    session.drive, session.pose, session.settled = wanted, task.result, False


def draw(part: str = "WINDOW") -> None:
    """Have the 3D views drawn, or another part of their areas, and nothing else."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            for region in area.regions if area.type == "VIEW_3D" else ():
                if region.type == part:
                    region.tag_redraw()


def _tell() -> None:
    """Have the sidebars drawn when what they say of faces that get ready has changed."""
    global _told
    tasks = [*_reading.values(), *(session.making for session in _sessions.values())]
    now = [None if task.done else task.progress for task in tasks]
    if now != _told:
        _told = now
        draw("UI")


def _poll() -> float | None:
    """Look after all sessions; comes back while there is something to wait for."""
    waiting = _collect()
    _tell()
    for (name, _), session in list(_sessions.items()):
        obj = bpy.data.objects.get(name)
        if obj is None or not storage.has_rig(obj.data):
            session.forget()
        elif not drive.may_write(obj):
            _leave_to_editors(obj, session)
        elif jobs.busy():
            session.stop_settling()
            waiting |= not session.settled or session.wanted is not None
        else:
            waiting |= _look_after(obj, session)
    return POLL_SECONDS if waiting else None


def _leave_to_editors(obj: bpy.types.Object, session: _Session) -> None:
    """Write nothing into a mesh that is edited: Edit Mode would put back the keys that it began with. The face is asked
    for again when it is back in Object Mode."""
    if session.asked is not None or session.wanted is not None or not session.settled:
        storage.set_unsolved(obj.data)
        session.forget()


def _collect() -> bool:
    """Hand over the models that were read; whether some are still being read."""
    for name, task in list(_reading.items()):
        if not task.done:
            continue
        del _reading[name]
        if task.error is None:
            storage.keep(name, task.result)
        else:
            _unreadable.add(name)
        for obj in bpy.data.objects:
            if obj.type == "MESH" and storage.has_rig(obj.data) and storage.digest(obj.data) == name:
                obj.update_tag()
    return bool(_reading)


def _look_after(obj: bpy.types.Object, session: _Session) -> bool:
    """Make, follow, settle, show; whether there is more to come."""
    if not session.making.done:
        return True
    if session.following is not None or session.wanted is not None:
        shown = session.drive
        try:
            _advance(obj, session, 0.0)
        except MuscleFaceError as error:
            obj.muscle_face.message = str(error)
        if session.drive is not shown:
            draw()
        return True
    if session.settled:
        return False
    if session.settling is None:
        if session.may_settle:
            session.begin_settling()
    elif session.settling.done:
        task, session.settling, session.settled = session.settling, None, True
        if isinstance(task.error, MuscleFaceError):
            obj.muscle_face.message = str(task.error)
        elif task.error is not None:
            raise task.error
        elif drive.is_solved(obj.data, session.drive):
            drive.write(obj, session.making.result.model, session.drive, task.result, task.result.ms)
            session.pose = task.result
    return not session.settled


def forget() -> None:
    """Undo and redo replace what was followed; the faces may be followed on."""
    for session in _sessions.values():
        session.forget()


def clear() -> None:
    """Stop following (a new file, the add-on's end)."""
    for session in _sessions.values():
        session.close()
    _sessions.clear()
    for task in _reading.values():
        task.end()
    _reading.clear()
    _unreadable.clear()
