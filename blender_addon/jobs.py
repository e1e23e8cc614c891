# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Long work without a frozen window: the core computes in a thread, a modal operator watches it.

Blender's data are touched on the main thread only: `plan` reads them, `finish` writes them, both in small steps.
"""

import contextlib
import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager

import bpy

from ..core import Cancelled, MuscleFaceError
from ..core.progress import Progress
from . import engine, picking

Work = Callable[[Progress], object]
Plan = Generator[tuple[float, str] | Work, object, Work]
Finish = Generator[tuple[float, str] | Work, object, None]

READ_SECONDS = 0.05
POLL_SECONDS = 0.2

# Warp's caches are not made for two callers at once: an abandoned job ends before the next one starts.
_core_lock = threading.Lock()
_jobs: list["Job"] = []
_running = 0
# What the panel shows: (fraction, text) of the running job.
status: tuple[float, str] | None = None


def busy() -> bool:
    """Whether a job owns the rigs, so that handlers must not solve."""
    return _running > 0


@contextmanager
def held() -> Iterator[None]:
    """While somebody else than a job operator works on the rigs: handlers must not solve."""
    _enter()
    try:
        yield
    finally:
        _leave()


class Job:
    """One call of core code in a thread."""

    def __init__(self, work: Work, *, simulates: bool = True) -> None:
        self.progress = (0.0, "Starting")
        self.result: object = None
        self.error: Exception | None = None
        self._stop, self._prepare = threading.Event(), engine.preparer() if simulates else lambda _report: None
        self._thread = threading.Thread(target=self._run, args=(work,), name="Muscle Face job")
        _jobs.append(self)
        self._thread.start()

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    def cancel(self) -> None:
        """Ask the work to stop; it does so at its next report of progress."""
        self._stop.set()

    def _report(self, fraction: float, text: str) -> None:
        if self._stop.is_set():
            raise Cancelled
        self.progress = (fraction, text)

    def _run(self, work: Work) -> None:
        try:
            with _core_lock:
                self._report(0.0, "Starting")
                self._prepare(self._report)
                self.result = work(self._report)
        # Anything that goes wrong belongs to the operator: a thread has no report.
        except Exception as error:
            self.error = error
        finally:
            _jobs.remove(self)

    def join(self) -> None:
        """Wait for the work to end."""
        self._thread.join()


def join_all() -> None:
    """Stop all jobs and wait for their end (before the add-on goes away, also with Blender itself)."""
    global _running, status
    for job in list(_jobs):
        job.cancel()
        job.join()
    _running, status = 0, None


class JobOperator:
    """Mixin for operators whose work is long. Subclasses give `plan`, `finish` and, if they must tidy up, `abort`.

    Where a subclass `keeps_best`, its work answers Cancelled with the best result so far: the first Esc asks for that,
    a second one throws it away.
    """

    keeps_best = False

    simulates = True
    """Whether the work runs kernels, which are compiled before on a computer's first use."""

    committed = False
    """Whether `finish` has begun to change what it cannot put back: Esc comes too late then."""

    def plan(self, context: bpy.types.Context) -> Plan:
        """Read Blender's data, yielding progress, or work to be done first; return the work for the thread."""
        raise NotImplementedError

    def finish(self, context: bpy.types.Context, result: object) -> Finish | None:
        """Write the result into Blender's data; where that is long as a generator, which may yield more work, too."""
        raise NotImplementedError

    def abort(self, context: bpy.types.Context) -> None:
        """Put back what `plan` changed; also called after an error."""

    def execute(self, context: bpy.types.Context) -> set[str]:
        """The whole job at once, for scripts and background Blender."""
        _enter()
        try:
            steps, answer = self._steps(context), None
            with contextlib.suppress(StopIteration):
                while True:
                    step, answer = steps.send(answer), None
                    if callable(step):
                        with _core_lock:
                            answer = step(lambda _fraction, _text: None)
        except MuscleFaceError as error:
            self.abort(context)
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        except Exception:
            self.abort(context)
            raise
        finally:
            _leave()
        return {"FINISHED"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start the job and come back at once."""
        if bpy.app.background:
            return self.execute(context)
        if busy():
            self.report({"ERROR"}, "Muscle Face is still busy; press Esc to stop it first")
            return {"CANCELLED"}
        return self.start(context)

    def start(self, context: bpy.types.Context) -> set[str]:
        """Begin, and be called back by a timer."""
        _enter()
        self._todo, self._job, self._stopping = self._steps(context), None, False
        self._timer = context.window_manager.event_timer_add(POLL_SECONDS, window=context.window)
        context.window_manager.modal_handler_add(self)
        self._show(context, 0.0, "Starting")
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """One look at the job per timer tick; Esc stops it."""
        escaped = event.type == "ESC" and event.value == "PRESS" and not self.committed
        if escaped and self.keeps_best and self._job and not self._stopping:
            self._stopping = True
            self._job.cancel()
            return {"RUNNING_MODAL"}
        if escaped:
            if self._job:
                self._job.cancel()
            self.abort(context)
            return self._close(context, {"CANCELLED"}, "INFO", "Stopped; nothing was changed")
        if event.type in picking.VIEW_EVENTS:
            return {"PASS_THROUGH"}
        if event.type != "TIMER":
            return {"RUNNING_MODAL"}
        try:
            return self._tick(context)
        except Cancelled:
            self.abort(context)
            return self._close(context, {"CANCELLED"}, "INFO", "Stopped; nothing was changed")
        except MuscleFaceError as error:
            self.abort(context)
            return self._close(context, {"CANCELLED"}, "ERROR", str(error))
        except Exception as error:
            traceback.print_exception(error)
            self.abort(context)
            return self._close(context, {"CANCELLED"}, "ERROR", f"Muscle Face failed: {error} (see the console)")

    def cancel(self, _context: bpy.types.Context) -> None:
        """Blender ends the operator itself: another file is loaded, or the window closes. Its data may be gone."""
        global status
        if getattr(self, "_todo", None) is None:
            return
        if self._job:
            self._job.cancel()
        status = None
        _leave()

    def subject(self, context: bpy.types.Context) -> bpy.types.Object:
        """The object named ``self._object`` by `plan`. Raises MuscleFaceError when it has gone meanwhile."""
        obj = context.scene.objects.get(self._object)
        if obj is None:
            raise MuscleFaceError(f"'{self._object}' was deleted or renamed while Muscle Face worked; start again.")
        return obj

    def _steps(self, context: bpy.types.Context) -> Finish:
        """Reading, work and writing as one row of steps: (fraction, text), or work whose result is sent back."""
        work = yield from self.plan(context)
        writing = self.finish(context, (yield work))
        if writing is not None:
            yield from writing

    def _tick(self, context: bpy.types.Context) -> set[str]:
        answer = None
        if self._job is not None:
            if not self._job.done:
                fraction, text = self._job.progress
                self._show(context, fraction, f"Stopping: {text}" if self._stopping else text)
                return {"RUNNING_MODAL"}
            if self._job.error is not None:
                raise self._job.error
            answer, self._job = self._job.result, None
        until = time.perf_counter() + READ_SECONDS
        try:
            while time.perf_counter() < until:
                step, answer = self._todo.send(answer), None
                if callable(step):
                    self._job = Job(step, simulates=self.simulates)
                    if self._stopping and not self.committed:
                        self._job.cancel()
                    break
                self._show(context, *step)
        except StopIteration:
            return self._close(context, {"FINISHED"})
        return {"RUNNING_MODAL"}

    def _show(self, context: bpy.types.Context, fraction: float, text: str) -> None:
        global status
        if status == (fraction, text):
            return
        status = (fraction, text)
        escape = "Esc keeps the best so far" if self.keeps_best and not self._stopping else "Esc to cancel"
        context.workspace.status_text_set(f"{text} ({fraction:.0%}) - {escape}")
        # Only sidebars and preferences: drawing the whole viewport would take the time that the job needs.
        for window in context.window_manager.windows:
            for area in window.screen.areas:
                for region in area.regions:
                    if (area.type, region.type) in (("VIEW_3D", "UI"), ("PREFERENCES", "WINDOW")):
                        region.tag_redraw()

    def _close(self, context: bpy.types.Context, answer: set[str], kind: str = "", text: str = "") -> set[str]:
        global status
        context.window_manager.event_timer_remove(self._timer)
        self._show(context, 1.0, "")
        context.workspace.status_text_set(None)
        status = None
        _leave()
        if text:
            self.report({kind}, text)
        return answer


def _enter() -> None:
    global _running
    _running += 1


def _leave() -> None:
    global _running
    # Blender may end an operator after join_all has.
    _running = max(_running - 1, 0)
