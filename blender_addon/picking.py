# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""From the mouse to the head: what lies under a point of the region, where a point lies in the region, and operators
that wait for clicks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy
import numpy as np
from bpy_extras import view3d_utils
from mathutils import Vector

from . import bridge

VIEW_EVENTS = {"MIDDLEMOUSE", "WHEELUPMOUSE", "WHEELDOWNMOUSE", "WHEELINMOUSE", "WHEELOUTMOUSE", "TRACKPADPAN",
               "TRACKPADZOOM", "TRACKPADROTATE", "MOUSEROTATE", "NDOF_MOTION", "NUMPAD_0", "NUMPAD_1", "NUMPAD_2",
               "NUMPAD_3", "NUMPAD_4", "NUMPAD_5", "NUMPAD_6", "NUMPAD_7", "NUMPAD_8", "NUMPAD_9",
               "NUMPAD_PERIOD", "MOUSEMOVE"}  # fmt: skip
"""Events that turn the view, or only move the pointer, while something waits for a click or works."""


@contextmanager
def view_under(context: bpy.types.Context, event: bpy.types.Event) -> Iterator[tuple[float, float] | None]:
    """The mouse in the 3D view that it is over, with the context of that view; None over anything else."""
    for area in context.window.screen.areas:
        if area.type != "VIEW_3D":
            continue
        over = [r for r in area.regions if 0 <= event.mouse_x - r.x < r.width and 0 <= event.mouse_y - r.y < r.height]
        # The sidebar lies over the main region.
        if over and all(r.type == "WINDOW" for r in over):
            region = over[0]
            space = area.spaces.active
            with context.temp_override(area=area, region=region, region_data=space.region_3d, space_data=space):
                yield event.mouse_x - region.x, event.mouse_y - region.y
            return
    yield None


def in_region(context: bpy.types.Context, obj: bpy.types.Object, points: np.ndarray) -> np.ndarray:
    """Pixels (n, 2) in the region of points (n, 3) in the object's space; far away for points behind the viewer."""
    region, view = context.region, context.region_data
    matrix = np.array(view.perspective_matrix @ obj.matrix_world)
    projected = points @ matrix[:, :3].T + matrix[:, 3]
    depth = projected[:, 3:]
    seen = depth > 0.0
    shares = np.where(seen, projected[:, :2] / np.where(seen, depth, 1.0), 1e6)
    return 0.5 * (shares + 1.0) * (region.width, region.height)


def vertex_under(context: bpy.types.Context, obj: bpy.types.Object, mouse: tuple[float, float]) -> int | None:
    """The vertex nearest to the point of the object under the mouse, or None beside it."""
    region, view = context.region, context.region_data
    inverse = obj.matrix_world.inverted_safe()
    origin = inverse @ view3d_utils.region_2d_to_origin_3d(region, view, mouse)
    along = inverse.to_3x3() @ view3d_utils.region_2d_to_vector_3d(region, view, mouse)
    depsgraph = context.evaluated_depsgraph_get()
    hit, place, _normal, _face = obj.evaluated_get(depsgraph).ray_cast(origin, along)
    if not hit:
        return None
    positions = bridge.evaluated_positions(obj, depsgraph)
    if len(positions) != len(obj.data.vertices):
        # A modifier has changed the topology: the rest positions are near enough to name the vertex.
        positions = bridge.vertex_positions(obj.data)
    return int(np.linalg.norm(positions - np.array(place), axis=1).argmin())


def under_mouse(
    context: bpy.types.Context, obj: bpy.types.Object, mouse: tuple[float, float], depth_of: np.ndarray
) -> np.ndarray:
    """The point (3,) in the object's space under the mouse, as deep in the view as another point (3,)."""
    world = obj.matrix_world @ Vector(depth_of)
    place = view3d_utils.region_2d_to_location_3d(context.region, context.region_data, mouse, world)
    return np.array(obj.matrix_world.inverted_safe() @ place)


class ClickOperator:
    """Mixin for operators that wait for clicks in the 3D view. Subclasses give `prompt` and `clicked`."""

    lets_others_work = False
    """Whether clicks outside the 3D view reach what they meet."""

    stopped = frozenset({"CANCELLED"})
    """What Esc answers: FINISHED where earlier clicks have done something."""

    def prompt(self, context: bpy.types.Context) -> str:
        """What to click, for the status bar."""
        raise NotImplementedError

    def clicked(self, context: bpy.types.Context, spot: tuple[float, float]) -> set[str] | None:
        """Answer a click at a point of the region in the context; None waits for the next one."""
        raise NotImplementedError

    def pressed(self, _context: bpy.types.Context, _key: str) -> set[str] | None:
        """Answer a key; None waits on."""
        return None

    def tidy(self, context: bpy.types.Context) -> None:
        """Put away what is shown while waiting."""

    def wait(self, context: bpy.types.Context) -> set[str]:
        """Begin to wait; the answer of `invoke`."""
        self._head = context.object.name
        context.window.cursor_modal_set("CROSSHAIR")
        context.window_manager.modal_handler_add(self)
        self.say(context)
        return {"RUNNING_MODAL"}

    def say(self, context: bpy.types.Context) -> None:
        """Show the prompt."""
        context.workspace.status_text_set(self.prompt(context))

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """One event: navigation passes, a click or a key is answered, Esc ends."""
        pressed = event.value == "PRESS"
        gone = context.object is None or context.object.name != self._head
        if gone or (pressed and event.type in {"ESC", "RIGHTMOUSE"}):
            return self.leave(context, set(self.stopped))
        if event.type in VIEW_EVENTS or event.ctrl or event.oskey:
            return {"PASS_THROUGH"}
        if not pressed:
            return {"RUNNING_MODAL"}
        if event.type == "LEFTMOUSE":
            with view_under(context, event) as spot:
                if spot is None:
                    return {"PASS_THROUGH"} if self.lets_others_work else {"RUNNING_MODAL"}
                answer = self.clicked(context, spot)
        else:
            answer = self.pressed(context, event.type)
        if answer is None:
            self.say(context)
            return {"RUNNING_MODAL"}
        return self.leave(context, answer)

    def leave(self, context: bpy.types.Context, answer: set[str]) -> set[str]:
        """Stop waiting."""
        context.workspace.status_text_set(None)
        context.window.cursor_modal_restore()
        self.tidy(context)
        return answer
