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

from ..core import Cancelled, MuscleFaceError
from . import drive, engine, jobs, storage

if TYPE_CHECKING:
    from ..core import FaceModel

REST_SECONDS = 0.2
"""Time without a change after which a face settles."""

POLL_SECONDS = 0.04

MOST = 3
"""Faces followed at a time: each keeps some 200 MB of factored stiffness."""


class _Task:
    """Core code in a thread."""

    def __init__(self, work: Callable[[Callable[[float, str], None]], object]) -> None:
        self.result, self.error, self._stop = None, None, threading.Event()
        self._thread = threading.Thread(target=self._run, args=(work,), name="Muscle Face live")
        self._thread.start()

    def _run(self, work) -> None:
        try:
            self.result = work(self._tick)
        # What goes wrong is shown in the panel by whoever collects the result.
        except Exception as error:
            self.error = error

    def _tick(self, _share: float, _text: str) -> None:
        if self._stop.is_set():
            raise Cancelled

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    def end(self) -> None:
        """Stop the work and wait for it."""
        self._stop.set()
        self._thread.join()


class _Session:
    """One face that is followed: ``drive`` is what it answered last, ``touched`` when."""

    def __init__(self, model: FaceModel) -> None:
        self.making = _Task(lambda _tick: engine.live_face()(model))
        self.settling: _Task | None = None
        self.drive: drive.Drive | None = None
        self.pose, self.touched, self.settled = None, 0.0, True

    def stop_settling(self) -> None:
        """A new drive makes the answer to the last one worthless."""
        if self.settling is not None:
            self.settling.end()
            self.settling = None

    def close(self) -> None:
        self.stop_settling()
        self.making.end()
        if self.making.result is not None:
            self.making.result.close()


_sessions: dict[tuple[str, str], _Session] = {}
# Models that are read in the background, by their digests, and those that could not be read.
_reading: dict[str, _Task] = {}
_unreadable: set[str] = set()
_rendering = False


def getting_ready(obj: bpy.types.Object) -> bool:
    """Whether the face cannot follow yet: on first use its kernels are compiled."""
    session = _sessions.get(drive.pose_key(obj))
    return session is not None and not session.making.done


def watched() -> bool:
    """Whether somebody looks at the face as it moves."""
    return not (bpy.app.background or _rendering or bpy.app.is_job_running("RENDER"))


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
    _reading[name] = _Task(lambda _tick: read())
    _watch()
    return False


def _watch() -> None:
    if not bpy.app.timers.is_registered(_poll):
        bpy.app.timers.register(_poll, first_interval=POLL_SECONDS)


def follow(obj: bpy.types.Object, model: FaceModel, wanted: drive.Drive) -> None:
    """Show a near answer now, or as soon as the face can be followed; it settles when the sliders rest."""
    key = drive.pose_key(obj)
    if key not in _sessions:
        while len(_sessions) >= MOST:
            _sessions.pop(min(_sessions, key=lambda k: _sessions[k].touched)).close()
        _sessions[key] = _Session(model)
    session = _sessions[key]
    session.stop_settling()
    session.touched = time.perf_counter()
    _watch()
    if not session.making.done:
        return
    if session.making.error is not None:
        raise session.making.error
    began = time.perf_counter()
    pose = None
    if wanted.moves(model):
        last = drive.last_pose(obj)
        start = None if last is session.pose else last
        pose = session.making.result.follow(wanted.controls, gravity=wanted.gravity, start=start)
    drive.write(obj, model, wanted, pose, (time.perf_counter() - began) * 1e3, settled=pose is None)
    session.drive, session.pose, session.settled = wanted, pose, pose is None


def _poll() -> float | None:
    """Look after all sessions; comes back while there is something to wait for."""
    waiting = _collect()
    for (name, _), session in list(_sessions.items()):
        obj = bpy.data.objects.get(name)
        if obj is not None and storage.has_rig(obj.data) and not jobs.busy():
            waiting |= _look_after(obj, session)
        else:
            session.stop_settling()
    return POLL_SECONDS if waiting else None


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
    """Make, settle, show; whether there is more to come."""
    if session.drive is None:
        if session.making.done:
            # What was asked for while the face was made ready.
            obj.update_tag()
            return False
        return True
    if session.settled:
        return False
    model = session.making.result.model
    if session.settling is None:
        if time.perf_counter() - session.touched > REST_SECONDS:
            face, pose = session.making.result, session.pose
            session.settling = _Task(lambda tick: face.settle(pose, tick))
    elif session.settling.done:
        task, session.settling, session.settled = session.settling, None, True
        if isinstance(task.error, MuscleFaceError):
            obj.muscle_face.message = str(task.error)
        elif task.error is not None:
            raise task.error
        elif drive.is_solved(obj.data, session.drive):
            drive.write(obj, model, session.drive, task.result, task.result.ms)
            session.pose = task.result
    return not session.settled


def forget() -> None:
    """Undo and redo replace what was followed; the faces may be followed on."""
    for session in _sessions.values():
        session.stop_settling()
        session.pose, session.settled = None, True


def clear() -> None:
    """Stop following (a new file, the add-on's end)."""
    for session in _sessions.values():
        session.close()
    _sessions.clear()
    for task in _reading.values():
        task.end()
    _reading.clear()
    _unreadable.clear()
