# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Drag Point: pull a point of the skin, and the sliders follow."""

import bpy
import numpy as np
from bpy.props import FloatVectorProperty, IntProperty

from ...core import MuscleFaceError
from .. import drive, editing, engine, jobs, picking, requirements, storage
from .pick_point import check_vertex


class MUSCLE_FACE_OT_drag_point(jobs.JobOperator, bpy.types.Operator):
    """Press on the skin and drag: the sliders that move this point best follow the mouse"""

    bl_idname = "muscle_face.drag_point"
    bl_label = "Drag Point"
    bl_options = {"UNDO"}

    vertex: IntProperty(name="Vertex", description="Index of the vertex to drag", default=-1, options={"SKIP_SAVE"})
    offset: FloatVectorProperty(
        name="Offset", description="Where to drag it, along the object's axes", subtype="TRANSLATION", unit="LENGTH"
    )

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.drive_problem(context))

    def plan(self, context):
        obj, vertex, offset = context.object, self.vertex, np.array(self.offset)
        self._object = obj.name
        drive.sim_key(obj.data)
        model = yield from storage.loading(obj.data)
        check_vertex(model, vertex)
        wanted, last, frozen = drive.read(obj, model), drive.last_pose(obj), editing.frozen(obj, model)
        yield 0.0, "Reading the face"

        def work(progress):
            face = wanted.on(model)
            pose = face.solve(wanted.controls, gravity=wanted.gravity, start=last, progress=progress)
            target = pose.skin[vertex] + offset
            return model, engine.influence().drag(face, pose, vertex, target, frozen=frozen, progress=progress)

        return work

    def finish(self, context, result):
        model, pose = result
        obj = self.subject(context)
        editing.write_controls(obj, model, pose.controls)
        self.committed = True
        yield from drive.solving(obj, model, drive.read(obj, model), start=pose)

    def invoke(self, context, event):
        if self.vertex >= 0:
            return super().invoke(context, event)
        if jobs.busy():
            self.report({"ERROR"}, "Muscle Face is still busy; press Esc to stop it first")
            return {"CANCELLED"}
        self._dragged = None
        self._timer = context.window_manager.event_timer_add(0.04, window=context.window)
        context.workspace.status_text_set("Press on the skin and drag - Esc to cancel")
        context.window.cursor_modal_set("HAND")
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        if self.vertex >= 0:
            return super().modal(context, event)
        try:
            return self._answer(context, event)
        except MuscleFaceError as error:
            self.report({"ERROR"}, str(error))
            return self._end(context, {"CANCELLED"})
        except Exception:
            # The hand and the timer would stay.
            self._end(context, set())
            raise

    def _answer(self, context, event):
        if event.type in {"ESC", "RIGHTMOUSE"}:
            if self._dragged is not None:
                self._dragged.put_back(context.object)
            return self._end(context, {"CANCELLED"})
        if self._dragged is None:
            return self._press(context, event)
        if event.type == "LEFTMOUSE" and event.value == "RELEASE":
            self._dragged.stop()
            return self._end(context, {"FINISHED"})
        with picking.view_under(context, event) as place:
            if event.type in {"MOUSEMOVE", "TIMER"} and place is not None:
                self._dragged.follow(context, place)
        return {"RUNNING_MODAL"}

    def _press(self, context, event):
        if event.type != "LEFTMOUSE" or event.value != "PRESS":
            return {"PASS_THROUGH"} if event.type in picking.VIEW_EVENTS else {"RUNNING_MODAL"}
        with picking.view_under(context, event) as place:
            vertex = None if place is None else picking.vertex_under(context, context.object, place)
        if vertex is not None:
            self._dragged = Dragged(context.object, vertex)
        return {"RUNNING_MODAL"}

    def _end(self, context, answer):
        context.window_manager.event_timer_remove(self._timer)
        context.workspace.status_text_set(None)
        context.window.cursor_modal_restore()
        return answer


class Dragged:
    """A point in the hand: its derivatives at the press, worked out in a thread, and what the sliders were."""

    def __init__(self, obj: bpy.types.Object, vertex: int) -> None:
        model = storage.load(obj.data)
        self.vertex, self.before, self.frozen = vertex, editing.values(obj), editing.frozen(obj, model)
        self.last = None
        wanted, last = drive.read(obj, model), drive.last_pose(obj)

        def work(_progress):
            face = wanted.on(model)
            pose = face.solve(wanted.controls, gravity=wanted.gravity, start=last)
            return pose.skin[vertex], engine.influence().point_jacobian(face, pose, vertex)

        self._job = jobs.Job(work)

    def follow(self, context: bpy.types.Context, mouse: tuple[float, float]) -> None:
        """One step of the sliders towards the mouse, from the face as it is shown now."""
        if not self._job.done or mouse == self.last:
            return
        if self._job.error is not None:
            raise self._job.error
        self.last = mouse
        obj, (start, jacobian) = context.object, self._job.result
        model, pose = storage.load(obj.data), drive.last_pose(obj)
        now = start if pose is None else pose.skin[self.vertex]
        controls = drive.read(obj, model).controls
        target = picking.under_mouse(context, obj, mouse, start)
        bounds = model.controls().bounds
        step = engine.influence().drag_step(jacobian, target - now, controls, bounds, frozen=self.frozen)
        editing.write_controls(obj, model, step)

    def stop(self) -> None:
        """The hand lets go."""
        self._job.cancel()

    def put_back(self, obj: bpy.types.Object) -> None:
        """The sliders as they were before."""
        self.stop()
        editing.write(obj, self.before)
