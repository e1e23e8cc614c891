# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Pick Landmarks: walk through them one by one, a click on the skin each."""

import bpy
import numpy as np
from bpy_extras import view3d_utils

from ...core.anatomy.mirror import mirrored_in
from .. import engine, landmarks, picking, requirements


class MUSCLE_FACE_OT_pick_landmarks(picking.ClickOperator, bpy.types.Operator):
    """Click the landmarks on the skin one after the other; Enter keeps one as it is"""

    bl_idname = "muscle_face.pick_landmarks"
    bl_label = "Pick Landmarks"

    lets_others_work = True
    stopped = frozenset({"FINISHED"})

    mirror: bpy.props.BoolProperty(
        name="Mirror", description="Place the landmark of the other side along with each", default=True
    )

    @classmethod
    def poll(cls, context):
        problem = requirements.landmark_problem(context) or requirements.size_problem(context.object)
        return requirements.check(cls, problem)

    def invoke(self, context, _event):
        if context.area is None or context.area.type != "VIEW_3D":
            self.report({"ERROR"}, "Run Pick Landmarks from a 3D viewport")
            return {"CANCELLED"}
        self._step, self._marks, self._area = 0, engine.picked_landmarks(), context.area
        return self.wait(context)

    def prompt(self, _context):
        mirror = "on" if self.mirror else "off"
        return f"Click: place   Enter: keep   Backspace: back   M: mirror is {mirror}   Esc: done"

    def say(self, context):
        super().say(context)
        mark = self._marks[self._step]
        _highlight(context.object, mark.name)
        self._area.header_text_set(f"{mark.label} ({self._step + 1} of {len(self._marks)}): {mark.help}")

    def pressed(self, _context, key):
        if key in {"RET", "NUMPAD_ENTER", "SPACE"}:
            self._step += 1
        elif key == "BACK_SPACE":
            self._step = max(self._step - 1, 0)
        elif key == "M":
            self.mirror = not self.mirror
        return self._answer()

    def clicked(self, context, spot):
        # Of the view under the mouse, which is not the region of the button that started this.
        region, view, head = context.region, context.region_data, context.object
        origin = view3d_utils.region_2d_to_origin_3d(region, view, spot)
        direction = view3d_utils.region_2d_to_vector_3d(region, view, spot)
        point = skin_under_ray(head, context.evaluated_depsgraph_get(), origin, direction)
        if point is None:
            self.report({"INFO"}, "Click on the skin of the head")
            return None
        mark = self._marks[self._step]
        put(head, mark, point, self.mirror)
        bpy.ops.ed.undo_push(message=f"Place {mark.label}")
        self._step += 1
        return self._answer()

    def _answer(self):
        return {"FINISHED"} if self._step >= len(self._marks) else None

    def tidy(self, context):
        self._area.header_text_set(None)
        head = context.scene.objects.get(self._head)
        if head is not None:
            _highlight(head, None)


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
