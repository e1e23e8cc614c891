# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Sub-panel Muscles: one activation per muscle, by part of the face."""

import bpy

from ...core.sliders import MUSCLE_GROUPS
from .. import requirements
from . import rows
from .base import RigPanel

NONE_FOUND = "No muscle is called so"


class MUSCLE_FACE_PT_muscles(RigPanel, bpy.types.Panel):
    """One activation per muscle, left and right side by side"""

    bl_label = "Muscles"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        obj, layout = context.object, self.layout
        rows.next_step(layout, requirements.drive_problem(context))
        muscles, searched = rows.wanted(obj, "muscle"), rows.searched(layout, obj.muscle_face)
        if not muscles:
            layout.label(text=NONE_FOUND, icon="INFO")
            return
        rows.paragraph(layout, "Beside each name: how hard the muscle pulls in this face", icon="INFO")
        if searched:
            draw_rows(layout, obj, muscles)
            return
        for group, some in rows.by_group(muscles, MUSCLE_GROUPS).items():
            header, body = rows.heading(layout, f"muscles_{group}", group)
            state = obj.muscle_face.muscle_groups.get(group)
            if state is not None:
                header.prop(state, "solo", text="", icon="SOLO_ON" if state.solo else "SOLO_OFF", emboss=False)
                header.prop(state, "mute", text="", icon="HIDE_ON" if state.mute else "HIDE_OFF", emboss=False)
            rows.reset_button(header, "muscle", group)
            if body is not None:
                draw_rows(body, obj, some)


def draw_rows(layout, obj: bpy.types.Object, muscles, name: str = "activation") -> None:
    """A heading with the reading and a row of sliders, of one property, for each muscle or pair."""
    column = layout.column(align=True)
    for pair in rows.pairs(muscles):
        members = [(s.side[:1].upper(), obj.muscle_face.muscles[s.name]) for s in pair]
        line = column.split(factor=0.68)
        line.label(text=rows.short(pair[0].label))
        reading = line.row()
        reading.alignment = "RIGHT"
        # What the face implies, beside what the slider asks for.
        if name == "activation" and max(muscle.implied_activation for _, muscle in members) >= 0.005:
            # In the order of the sliders below, whose letters would leave no room for three digits.
            reading.label(text=" / ".join(f"{100.0 * m.implied_activation:.0f}" for _, m in members) + " %")
        row = column.row(align=True)
        for side, muscle in members:
            row.prop(muscle, name, text=side, slider=True)
