# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Apply Pose: set or blend the sliders to a pose asset."""

import bpy
from bpy.props import BoolProperty, FloatProperty, StringProperty

from ...core import MuscleFaceError
from .. import poses, requirements, sliders


class MUSCLE_FACE_OT_apply_pose(bpy.types.Operator):
    """Set the sliders to a pose asset, in part or in full"""

    bl_idname = "muscle_face.apply_pose"
    bl_label = "Apply Pose"
    bl_options = {"REGISTER", "UNDO"}

    pose: StringProperty(
        name="Pose", description="Name of the pose; empty for the asset that is clicked", options={"SKIP_SAVE"}
    )
    blend: FloatProperty(
        name="Blend",
        description="How far to go from the present expression to the pose",
        min=0.0,
        max=1.0,
        default=1.0,
        subtype="FACTOR",
    )
    mirrored: BoolProperty(name="Mirrored", description="Use the pose with its sides swapped", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.rig_problem(context))

    def execute(self, context):
        try:
            with poses.found(context, self.pose) as action:
                if action is None:
                    raise MuscleFaceError("There is no such pose; press Save Pose Asset to make one")
                missing, cut = poses.apply(context.object, action, self.blend, mirror=self.mirrored)
                notes = [f"this face lacks {len(missing)} of its sliders: {missing[0]} ..."] if missing else []
                notes += [sliders.beyond_note(cut)] if cut else []
                if notes:
                    self.report({"WARNING"}, f"Applied '{action.name}'; {'; '.join(notes)}")
        except MuscleFaceError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
