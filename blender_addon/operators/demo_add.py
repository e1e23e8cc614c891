# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Add > Mesh > Muscle Face Demo Head: the project's own head with its shape keys."""

from collections.abc import Iterator
from functools import cache

import bpy
import numpy as np
from bpy_extras.object_utils import AddObjectHelper, object_data_add

from .. import bridge, jobs

# The head is made in centimetres, Y up and facing +Z; Blender's faces look along -Y, Z up, in metres.
TO_BLENDER = 0.01 * np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])


class MESH_OT_muscle_face_demo_add(jobs.JobOperator, bpy.types.Operator, AddObjectHelper):
    """Add a life-size head with the usual expression shape keys, ready for a muscle rig"""

    bl_idname = "mesh.muscle_face_demo_add"
    bl_label = "Muscle Face Demo Head"
    bl_options = {"REGISTER", "UNDO"}
    simulates = False

    def plan(self, context):
        yield 0.0, "Making the head"
        return lambda _progress: _head()

    def finish(self, context, result):
        vertices, faces, shapes = result
        obj = object_data_add(context, bridge.new_mesh("Demo Head", vertices @ TO_BLENDER.T, faces), operator=self)
        self.committed = True
        yield from shape_keys_added(obj, {name: delta @ TO_BLENDER.T for name, delta in shapes.items()})


@cache
def _head() -> tuple[np.ndarray, list[list[int]], dict[str, np.ndarray]]:
    """The demo head; Adjust Last Operation asks for it again."""
    from ...core.demo_head import demo_head

    return demo_head()


def shape_keys_added(obj: bpy.types.Object, shapes: dict[str, np.ndarray]) -> Iterator[tuple[float, str]]:
    """Give an object a Basis and one shape key per delta, (V, 3), step by step."""
    bridge.add_key(obj, "Basis")
    rest = bridge.vertex_positions(obj.data)
    for number, (name, delta) in enumerate(shapes.items()):
        bridge.add_key(obj, name, rest + delta)
        yield number / len(shapes), "Adding its shapes"
    obj.data.update()


def draw_menu(self, _context: bpy.types.Context) -> None:
    """The entry in Add > Mesh."""
    self.layout.operator(MESH_OT_muscle_face_demo_add.bl_idname, text="Muscle Face Demo Head", icon="USER")
