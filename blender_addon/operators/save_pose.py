# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Save Pose Asset: the sliders as an action that Blender's asset browser keeps."""

import bpy
from bpy.props import StringProperty

from .. import pose_preview, poses, requirements


class MUSCLE_FACE_OT_save_pose(bpy.types.Operator):
    """Keep the expression as a pose asset, for this head and others"""

    bl_idname = "muscle_face.save_pose"
    bl_label = "Save Pose Asset"
    bl_options = {"REGISTER", "UNDO"}

    name: StringProperty(name="Name", description="What the pose is called", default="Expression")

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.rig_problem(context))

    def invoke(self, context, _event):
        return context.window_manager.invoke_props_dialog(self)

    def execute(self, context):
        if not self.name.strip():
            self.report({"ERROR"}, "Give the pose a name first")
            return {"CANCELLED"}
        action = poses.save(context.object, self.name.strip())
        pose_preview.draw(context, context.object, action)
        context.object.muscle_face.pose = action.name
        self.report({"INFO"}, f"Saved the pose '{action.name}'")
        return {"FINISHED"}
