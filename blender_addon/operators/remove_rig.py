# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Remove Muscle Rig: the mesh as it was before, baked keys kept."""

import bpy

from .. import baked, bridge, heat, muscle_curves, overlay, requirements, staleness, storage
from ..fit import report


class MUSCLE_FACE_OT_remove_rig(bpy.types.Operator):
    """Take the muscle rig off and put the mesh back as it was; baked keys and edited muscle curves stay"""

    bl_idname = "muscle_face.remove_rig"
    bl_label = "Remove Muscle Rig"
    bl_options = {"UNDO"}

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.rig_problem(context))

    def execute(self, context):
        obj = context.object
        muscle_curves.clear(obj)
        restore_keys(obj, storage.before(obj.data), storage.bake_mutes(obj.data) is not None)
        heat.remove(obj.data)
        report.remove(obj.data)
        storage.remove(obj.data)
        baked.end(obj.data)
        obj.property_unset("muscle_face")
        overlay.synchronise()
        obj.data.update()
        return {"FINISHED"}


def restore_keys(obj: bpy.types.Object, before: dict, playing: bool) -> None:
    """Remove what the rig added and put back values and mutes.

    A bake that is ``playing`` keeps its sources muted and its Basis: it has to go on playing.
    """
    blocks = obj.data.shape_keys.key_blocks if obj.data.shape_keys else {}
    for key in staleness.correctives(obj.data):
        key.driver_remove("value")
        obj.shape_key_remove(key)
    if storage.SIM_KEY in blocks:
        obj.shape_key_remove(blocks[storage.SIM_KEY])
    for name, (value, mute) in before["keys"].items():
        if name in blocks:
            blocks[name].value = value
            blocks[name].mute = blocks[name].mute if playing else mute
    if not before["has_keys"] and not playing and len(blocks) == 1:
        rest = bridge.vertex_positions(obj.data)
        obj.shape_key_clear()
        bridge.write_vertex_positions(obj.data, rest)
    else:
        obj.active_shape_key_index = before["active"]
