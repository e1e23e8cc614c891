# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Sub-panel Fit: what to aim at, what may move, and how near the last fit came."""

import bpy

from .. import requirements
from ..fit import source
from ..properties.fit import SOURCES
from . import rows
from .base import RigPanel

LABELS = {"fit_target": "Mesh", "fit_markers": "Markers", "fit_clip": "Clip", "fit_track_file": "Track File"}


class MUSCLE_FACE_UL_tracks(bpy.types.UIList):
    """Tracks and the places on the face that they follow"""

    def draw_item(self, _context, layout, _data, item, _icon, _active, _property, _index):
        row = layout.split(factor=0.4)
        left = row.row(align=True)
        left.prop(item, "use", text="")
        left.label(text=item.name)
        if item.clicked:
            row.label(text="Clicked", icon="RESTRICT_SELECT_OFF")
        else:
            row.prop(item, "place", text="", emboss=False, icon="NONE" if item.place else "ERROR")


class MUSCLE_FACE_PT_fit(RigPanel, bpy.types.Panel):
    """Sliders from a sculpt, a mesh, markers or footage"""

    bl_label = "Fit"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        layout, obj = self.layout, context.object
        settings = obj.muscle_face
        layout.use_property_split, layout.use_property_decorate = True, False
        chosen = next((name for name in SOURCES if getattr(settings, name)), None)
        column = layout.column()
        for name in SOURCES if chosen is None else (chosen,):
            column.prop(settings, name, text=LABELS[name])
        if chosen is None and obj.data.shape_keys:
            column.prop_search(settings, "fit_sculpt_key", obj.data.shape_keys, "key_blocks", text="or Sculpt")
            if not settings.fit_sculpt_key:
                rows.paragraph(layout, "Choose what to fit to, or sculpt on the face itself", icon="INFO")
        if chosen in (None, "fit_target"):
            column.prop_search(settings, "fit_group", obj, "vertex_groups", text="Weights")
        elif chosen == "fit_markers":
            layout.operator("muscle_face.bind_markers", icon="PINNED")
            self._draw_neutral(settings)
        else:
            self._draw_footage(context, settings)
        if rows.progress(layout):
            return
        if chosen is None:
            text = "Go On Sculpting" if settings.fit_sculpt_key else "New Sculpt"
            layout.operator("muscle_face.sculpt_target", text=text, icon="SCULPTMODE_HLT")
        row = layout.row(align=True)
        row.operator("muscle_face.fit", icon="CON_SHRINKWRAP")
        row.operator("muscle_face.fit_performance", icon="RENDER_ANIMATION")
        rows.next_step(layout, requirements.drive_problem(context))

    def _draw_footage(self, context, settings):
        layout = self.layout
        layout.prop(settings, "fit_camera")
        if settings.fit_track_file:
            layout.prop(settings, "fit_track_start")
        self._draw_neutral(settings)
        layout.prop(settings, "fit_slide", text="Slide on Lips, Lids")
        layout.template_list("MUSCLE_FACE_UL_tracks", "", settings, "fit_tracks", settings, "fit_active_track", rows=4)
        row = layout.row(align=True)
        row.operator("muscle_face.map_tracks", icon="FILE_REFRESH")
        row.operator("muscle_face.pick_track_place", icon="RESTRICT_SELECT_OFF")
        if context.scene.camera is None and settings.fit_camera is None:
            rows.paragraph(layout, "No camera: only the head's own motion counts", icon="INFO")

    def _draw_neutral(self, settings):
        row = self.layout.row(heading="Neutral Frame")
        row.prop(settings, "fit_use_neutral", text="")
        sub = row.row()
        sub.active = settings.fit_use_neutral
        sub.prop(settings, "fit_neutral_frame", text="")


class MUSCLE_FACE_PT_fit_options(RigPanel, bpy.types.Panel):
    """What a fit may move and what it prefers"""

    bl_label = "Options"
    bl_parent_id = "MUSCLE_FACE_PT_fit"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        layout, settings = self.layout, context.object.muscle_face
        layout.use_property_split, layout.use_property_decorate = True, False
        layout.row().prop(settings, "fit_mode", expand=True)
        column = layout.column(heading="May Move", align=True)
        for name in ("shapes", "muscles", "jaw"):
            column.prop(settings, f"fit_use_{name}")
        layout.prop(settings, "fit_head_pose")
        sub = layout.column()
        sub.active = settings.fit_head_pose != "OFF"
        sub.prop(settings, "fit_scale")
        sub.prop(settings, "fit_head")
        layout.prop(settings, "fit_hold", text="Hold to Pose")
        layout.prop(settings, "fit_prior")
        layout.prop(settings, "fit_smoothness")


class MUSCLE_FACE_PT_fit_report(RigPanel, bpy.types.Panel):
    """How near the last fit came"""

    bl_label = "Last Fit"
    bl_parent_id = "MUSCLE_FACE_PT_fit"

    @classmethod
    def poll(cls, context):
        if not super().poll(context):
            return False
        settings = context.object.muscle_face
        return settings.fit_max_mm > 0.0 or settings.fit_pixels_rms > 0.0 or bool(settings.fit_message)

    def draw(self, context):
        layout, settings = self.layout, context.object.muscle_face
        column = layout.column(align=True)
        if settings.fit_pixels_rms > 0.0:
            column.label(text=f"RMS {settings.fit_pixels_rms:.2f} px")
            column.label(text=f"{settings.fit_percent:.2f}% of the distance between the eyes")
            plain = f"{settings.fit_blendshape_pixels_rms:.2f} px, {settings.fit_blendshape_percent:.2f}%"
            column.label(text=f"Shape keys alone: {plain}")
        elif settings.fit_max_mm > 0.0:
            column.label(text=f"RMS {settings.fit_rms_mm:.3f} mm")
            column.label(text=f"95% under {settings.fit_p95_mm:.3f} mm, at most {settings.fit_max_mm:.3f} mm")
            plain = (getattr(settings, f"fit_blendshape_{name}_mm") for name in ("rms", "p95", "max"))
            column.label(text="Shape keys alone: {:.3f}, {:.3f}, {:.3f} mm".format(*plain))
        for text in (settings.fit_muscles, settings.fit_message):
            if text:
                rows.paragraph(layout, text)
        if not source.is_footage(settings):
            layout.prop(settings, "heat_map", text="Heat Map")
            layout.operator("muscle_face.add_corrective", icon="SHAPEKEY_DATA")
