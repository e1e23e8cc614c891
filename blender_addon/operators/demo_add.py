# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Add > Mesh > Muscle Face Demo Head: the project's own head with its shape keys."""

import bpy
import numpy as np
from bpy_extras.object_utils import AddObjectHelper, object_data_add

from .. import bridge

# The head is made in centimetres, Y up and facing +Z; Blender's faces look along -Y, Z up, in metres.
TO_BLENDER = 0.01 * np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])


class MESH_OT_muscle_face_demo_add(bpy.types.Operator, AddObjectHelper):
    """Add a life-size head with the usual expression shape keys, ready for a muscle rig"""

    bl_idname = "mesh.muscle_face_demo_add"
    bl_label = "Muscle Face Demo Head"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context):
        from ...core.demo_head import demo_head

        vertices, faces, shapes = demo_head()
        obj = object_data_add(context, bridge.new_mesh("Demo Head", vertices @ TO_BLENDER.T, faces), operator=self)
        add_shape_keys(obj, {name: delta @ TO_BLENDER.T for name, delta in shapes.items()})
        return {"FINISHED"}


def add_shape_keys(obj: bpy.types.Object, shapes: dict[str, np.ndarray]) -> None:
    """Give an object a Basis and one shape key per delta, (V, 3)."""
    bridge.add_key(obj, "Basis")
    rest = bridge.vertex_positions(obj.data)
    for name, delta in shapes.items():
        bridge.add_key(obj, name, rest + delta)
    obj.data.update()


def draw_menu(self, _context: bpy.types.Context) -> None:
    """The entry in Add > Mesh."""
    self.layout.operator(MESH_OT_muscle_face_demo_add.bl_idname, text="Muscle Face Demo Head", icon="USER")
