# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""New Sculpt: a shape key of the face as it is, to sculpt on and to fit."""

import bpy

from ...core import MuscleFaceError
from .. import bridge, drive, requirements, staleness, storage
from ..fit import meshes, shown
from ..properties.fit import SOURCES

NAME = "Sculpt"


class MUSCLE_FACE_OT_sculpt_target(bpy.types.Operator):
    """Sculpt what the sliders shall reproduce, in a shape key that begins as the face is now; then press Fit"""

    bl_idname = "muscle_face.sculpt_target"
    bl_label = "New Sculpt"
    bl_options = {"UNDO"}

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.sculpt_problem(context))

    def execute(self, context):
        obj = context.object
        try:
            drive.sim_key(obj.data)
            if storage.topology_changed(obj.data):
                raise MuscleFaceError(f"{staleness.TOPOLOGY}.")
        except MuscleFaceError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        keys, settings = obj.data.shape_keys.key_blocks, obj.muscle_face
        if settings.fit_sculpt_key not in keys:
            settings.fit_sculpt_key = bridge.add_key(obj, NAME, shown.positions(obj)).name
        key = meshes.sculpt_key(obj)
        for source in SOURCES:
            settings.property_unset(source)
        obj.active_shape_key_index = keys.find(key.name)
        # Alone, the view shows what is sculpted: the whole face.
        obj.show_only_shape_key = True
        bpy.ops.object.mode_set(mode="SCULPT")
        return {"FINISHED"}
