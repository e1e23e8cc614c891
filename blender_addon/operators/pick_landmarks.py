# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Pick Landmarks: walk through them one by one, a click on the skin each."""

import bpy
import numpy as np
from bpy_extras import view3d_utils

from ...core.anatomy.mirror import mirrored_in
from .. import engine, landmarks, picking, requirements


class MUSCLE_FACE_OT_pick_landmarks(bpy.types.Operator):
    """Click the landmarks on the skin one after the other; Enter keeps one as it is"""

    bl_idname = "muscle_face.pick_landmarks"
    bl_label = "Pick Landmarks"

    mirror: bpy.props.BoolProperty(
        name="Mirror", description="Place the landmark of the other side along with each", default=True
    )

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.landmark_problem(context))

    def invoke(self, context, _event):
        if context.area is None or context.area.type != "VIEW_3D":
            self.report({"ERROR"}, "Run Pick Landmarks from a 3D viewport")
            return {"CANCELLED"}
        self._head, self._step = context.object.name, 0
        self._marks = engine.picked_landmarks()
        context.window_manager.modal_handler_add(self)
        self._show(context)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        head = context.scene.objects.get(self._head)
        if head is None or (event.type in {"ESC", "RIGHTMOUSE"} and event.value == "PRESS"):
            return self._end(context)
        if event.type in picking.VIEW_EVENTS or event.ctrl or event.oskey:
            return {"PASS_THROUGH"}
        if event.value != "PRESS":
            return {"RUNNING_MODAL"}
        if event.type == "LEFTMOUSE":
            with picking.view_under(context, event) as spot:
                if spot is None:
                    return {"PASS_THROUGH"}
                self._click(context, head, spot)
        elif event.type in {"RET", "NUMPAD_ENTER", "SPACE"}:
            self._step += 1
        elif event.type == "BACK_SPACE":
            self._step = max(self._step - 1, 0)
        elif event.type == "M":
            self.mirror = not self.mirror
        if self._step >= len(self._marks):
            return self._end(context)
        self._show(context)
        return {"RUNNING_MODAL"}

    def _click(self, context, head, spot):
        # Of the view under the mouse, which is not the region of the button that started this.
        region, view = context.region, context.region_data
        origin = view3d_utils.region_2d_to_origin_3d(region, view, spot)
        direction = view3d_utils.region_2d_to_vector_3d(region, view, spot)
        point = skin_under_ray(head, context.evaluated_depsgraph_get(), origin, direction)
        if point is None:
            self.report({"INFO"}, "Click on the skin of the head")
            return
        mark = self._marks[self._step]
        put(head, mark, point, self.mirror)
        bpy.ops.ed.undo_push(message=f"Place {mark.label}")
        self._step += 1

    def _show(self, context):
        mark = self._marks[self._step]
        _highlight(context.scene.objects[self._head], mark.name)
        context.area.header_text_set(f"{mark.label} ({self._step + 1} of {len(self._marks)}): {mark.help}")
        mirror = "on" if self.mirror else "off"
        context.workspace.status_text_set(
            f"Click: place   Enter: keep   Backspace: back   M: mirror is {mirror}   Esc: done"
        )

    def _end(self, context):
        context.area.header_text_set(None)
        context.workspace.status_text_set(None)
        head = context.scene.objects.get(self._head)
        if head is not None:
            _highlight(head, None)
        return {"FINISHED"}


def skin_under_ray(head, depsgraph, origin, direction) -> np.ndarray | None:
    """Where a ray of the world first meets a head, (3,) in the head's own space; None where it misses."""
    to_head = head.matrix_world.inverted()
    start = to_head @ origin
    found, point, _normal, _face = head.ray_cast(start, (to_head @ (origin + direction)) - start, depsgraph=depsgraph)
    return np.array(point, np.float64) if found else None


def put(head, mark, point: np.ndarray, both: bool) -> None:
    """Place a landmark at a point (3,) of the head's own space and, with ``both``, its partner on the other side."""
    partner = next((m for m in engine.picked_landmarks() if m.name == mark.partner), None)
    if both and partner is not None:
        across = mirrored_in(landmarks.positions(head), point)
        found, on_skin, _normal, _face = head.closest_point_on_mesh([float(v) for v in across])
        landmarks.place(head, partner.name, partner.label, np.array(on_skin) if found else across)
    landmarks.place(head, mark.name, mark.label, point)


def _highlight(head, name: str | None) -> None:
    for other, empty in landmarks.empties(head).items():
        empty.show_name = other == name
        empty.empty_display_type = "PLAIN_AXES" if other == name else "SPHERE"
