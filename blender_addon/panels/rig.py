# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Sub-panel Rig: create, solve and remove."""

import bpy

from .. import live, poses, requirements, staleness, watching
from . import anatomy_view, rows
from .base import Panel


class MUSCLE_FACE_PT_rig(Panel, bpy.types.Panel):
    """Create, solve and remove"""

    bl_label = "Rig"

    def draw(self, context):
        layout = self.layout
        if rows.progress(layout):
            return
        obj = context.object
        if obj is None or obj.type != "MESH":
            column = layout.column()
            column.label(text="Select a head mesh,", icon="INFO")
            column.label(text="or add one to try:", icon="BLANK1")
            layout.operator("mesh.muscle_face_demo_add", text="Add Demo Head", icon="USER")
        elif not requirements.is_rig(obj):
            layout.use_property_split, layout.use_property_decorate = True, False
            layout.prop(obj.muscle_face, "quality")
            layout.prop(obj.muscle_face, "tissue")
            layout.operator("muscle_face.create_rig", icon="OUTLINER_OB_ARMATURE")
            rows.next_step(layout, requirements.create_problem(context))
            draw_grow(layout)
        else:
            self._draw_rig(context, obj)

    def _draw_rig(self, context, obj):
        layout, settings = self.layout, obj.muscle_face
        layout.use_property_split = True
        row = layout.row(align=True)
        # Beside a split, a toggle has its name outside and says nothing.
        row.use_property_split = False
        row.prop(settings, "live", toggle=True, icon="PLAY")
        row.operator("muscle_face.solve", icon="FILE_REFRESH")
        layout.prop(settings, "influence")
        rows.next_step(layout, requirements.drive_problem(context))
        ready = live.getting_ready(obj)
        if ready is not None:
            layout.progress(factor=ready[0], text=ready[1])
        if settings.message:
            rows.paragraph(layout, settings.message, icon="ERROR")
        if obj.show_only_shape_key:
            rows.paragraph(layout, "Only the active shape key is shown: you do not see what sliders do", icon="INFO")
            draw_switch(layout, obj, "show_only_shape_key", "Show Active Key Alone")
        if settings.live and not context.scene.render.use_lock_interface:
            rows.paragraph(layout, "Blender can crash when it renders a live face that it also shows", icon="ERROR")
            draw_switch(layout, context.scene.render, "use_lock_interface", "Lock Interface in Renders")
        draw_sliders(layout, settings)
        draw_poses(layout, settings)
        anatomy_view.draw(layout, obj)
        draw_grow(layout)
        draw_update(layout, obj)
        layout.operator("muscle_face.remove_rig", icon="X")


def draw_switch(layout, owner, name: str, text: str) -> None:
    """A switch of Blender's own with its name in it: beside a split, its icon would take the name's room."""
    row = layout.row()
    row.use_property_split = False
    row.prop(owner, name, text=text)


def draw_sliders(layout, settings) -> None:
    """What works on all sliders."""
    _, body = rows.heading(layout, "sliders", "Sliders", closed=False)
    if body is None:
        return
    body.use_property_split = False
    body.prop(settings, "search", text="", icon="VIEWZOOM")
    row = body.row(align=True)
    row.prop(settings, "symmetric", toggle=True, icon="MOD_MIRROR")
    row.operator("muscle_face.mirror_sliders", icon="ARROW_LEFTRIGHT")
    row = body.row(align=True)
    row.operator("muscle_face.reset_sliders", text="Reset All", icon="LOOP_BACK")
    row.operator("muscle_face.keyframe_sliders", icon="KEY_HLT")


def draw_poses(layout, settings) -> None:
    """The pose assets of this file."""
    _, body = rows.heading(layout, "poses", "Poses")
    if body is None:
        return
    body.use_property_split = False
    if poses.all_poses():
        body.prop_search(settings, "pose", bpy.data, "actions", text="")
        row = body.row(align=True)
        row.enabled = bool(settings.pose)
        row.operator("muscle_face.apply_pose", text="Apply").pose = settings.pose
        mirrored = row.operator("muscle_face.apply_pose", text="Mirrored")
        mirrored.pose, mirrored.mirrored = settings.pose, True
    else:
        body.label(text="No poses yet: set sliders and save", icon="INFO")
    body.operator("muscle_face.save_pose", icon="ASSET_MANAGER")


def draw_grow(layout) -> None:
    """The sets of shapes that can be grown."""
    layout.operator_menu_enum("muscle_face.grow_shapes", "shapes", icon="SHAPEKEY_DATA")


def draw_update(layout, obj) -> None:
    """Whether the rig still is that of the mesh, and the button that makes it so."""
    changed = watching.reason(obj)
    if changed:
        rows.paragraph(layout, changed, icon="ERROR")
    row = layout.row(align=True)
    row.alert = changed not in (None, staleness.TOPOLOGY)
    row.operator("muscle_face.update_rig", icon="FILE_REFRESH")
