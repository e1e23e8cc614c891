# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Sub-panel Physics: what the flesh is made of and how the last solve went."""

import bpy

from .. import requirements, storage
from ..properties import REGIONS, TISSUES
from . import muscles, rows
from .base import RigPanel


class MUSCLE_FACE_PT_physics(RigPanel, bpy.types.Panel):
    """What the flesh is made of and how the last solve went"""

    bl_label = "Physics"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        layout, settings = self.layout, context.object.muscle_face
        layout.use_property_split = True
        if rows.progress(layout):
            return
        rows.next_step(layout, requirements.drive_problem(context))
        layout.operator_menu_enum("muscle_face.set_tissue", "tissue", text=f"Tissue: {tissue_label(settings.tissue)}")
        row = layout.row(heading="Gravity")
        row.prop(settings, "use_gravity", text="")
        sub = row.row()
        sub.active = settings.use_gravity
        sub.prop(settings, "gravity", text="")
        layout.prop(settings, "muscle_strength", text="Strength")
        layout.prop(settings, "flesh_weight")
        layout.operator_menu_enum("muscle_face.physics_preset", "preset", text="Presets")
        self._draw_strengths(context.object)
        self._draw_stiffness(context.object)
        self._draw_swelling(context.object)
        _, body = rows.heading(layout, "hold", "Shape Hold")
        if body is not None:
            body.prop(settings, "hold_region")
            body.prop(settings, "hold_factor")
            button = body.operator("muscle_face.set_hold")
            button.region, button.factor = settings.hold_region, settings.hold_factor
        column = layout.column(align=True)
        stats = storage.stats(context.object.data)
        column.label(text=f"Flesh: {stats.get('tets', 0):,.0f} tets, {stats.get('nodes', 0):,.0f} nodes")
        column.label(text=f"Last solve: {settings.last_solve_ms:.0f} ms, residual {settings.last_residual:.1e}")

    def _draw_strengths(self, obj):
        _, body = rows.heading(self.layout, "strengths", "Strength of Each Muscle")
        if body is not None:
            body.use_property_split = False
            rows.searched(body, obj.muscle_face)
            some = rows.wanted(obj, "muscle")
            if not some:
                body.label(text=muscles.NONE_FOUND, icon="INFO")
            muscles.draw_rows(body, obj, some, "strength")

    def _draw_stiffness(self, obj):
        _, body = rows.heading(self.layout, "stiffness", "Stiffness of Each Part")
        if body is None:
            return
        column = body.column(align=True)
        for index, (_key, label, _tip) in enumerate(REGIONS):
            column.prop(obj.muscle_face, "stiffness", index=index, text=label, slider=True)
        draw_painted(body, obj, "stiffness_group", "stiffness_painted", "Painted")

    def _draw_swelling(self, obj):
        _, body = rows.heading(self.layout, "swelling", "Swelling")
        if body is None:
            return
        draw_painted(body, obj, "swelling_group", "swelling", "Amount")


def draw_painted(layout, obj, group: str, name: str, text: str) -> None:
    """A vertex group and the amount that acts where it is painted."""
    settings = obj.muscle_face
    layout.prop_search(settings, group, obj, "vertex_groups", text="Group")
    if not obj.vertex_groups:
        layout.label(text="Paint a vertex group first", icon="INFO")
    row = layout.row()
    row.active = getattr(settings, group) in obj.vertex_groups
    row.prop(settings, name, text=text)


def tissue_label(name: str) -> str:
    """What the interface calls a tissue."""
    return next(label for key, label, _tip in TISSUES if key == name)
