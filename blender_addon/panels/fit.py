# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Sub-panel Fit: sliders from a sculpt."""

import textwrap

import bpy

from .base import RigPanel


class MUSCLE_FACE_PT_fit(RigPanel, bpy.types.Panel):
    """Sliders from a sculpt"""

    bl_label = "Fit"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        layout, settings = self.layout, context.object.muscle_face
        layout.use_property_split = True
        layout.prop(settings, "fit_target")
        layout.operator("muscle_face.fit", icon="CON_SHRINKWRAP")
        if settings.fit_max_mm > 0.0:
            column = layout.column(align=True)
            column.label(text=f"RMS {settings.fit_rms_mm:.3f} mm")
            column.label(text=f"95% under {settings.fit_p95_mm:.3f} mm, at most {settings.fit_max_mm:.3f} mm")
            column.label(text=f"Shape keys alone: RMS {settings.fit_blendshape_rms_mm:.3f} mm")
        layout.separator()
        layout.operator("muscle_face.import_livelink", icon="IMPORT")
        if settings.take_report:
            paragraph(layout, settings.take_report)


def paragraph(layout: bpy.types.UILayout, text: str, width: int = 44) -> None:
    """A long text as lines: labels do not wrap."""
    column = layout.column(align=True)
    for line in textwrap.wrap(text, width):
        column.label(text=line)
