# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Sub-panel Muscles: one activation per muscle."""

import bpy

from .base import RigPanel


class MUSCLE_FACE_PT_muscles(RigPanel, bpy.types.Panel):
    """One activation per muscle, left and right side by side"""

    bl_label = "Muscles"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        muscles = context.object.muscle_face.muscles
        column = self.layout.column(align=True)
        column.label(text="Per cent: what this face implies", icon="INFO")
        # The face's right side stands on the left of the panel, as it does when one looks at the face.
        for muscle in muscles:
            stem, side = muscle.name[:-2], muscle.name[-2:]
            if side == "_R" and f"{stem}_L" in muscles:
                continue
            pair = [("", muscle)]
            if side == "_L" and f"{stem}_R" in muscles:
                pair = [("R", muscles[f"{stem}_R"]), ("L", muscle)]
            heading = column.split(factor=0.7)
            heading.label(text=(stem if side == "_L" else muscle.name).replace("_", " ").title())
            reading = heading.row()
            reading.alignment = "RIGHT"
            # What the face implies, beside what the slider asks for.
            if max(member.implied_activation for _, member in pair) >= 0.005:
                reading.label(text="  ".join(f"{text} {m.implied_activation:.0%}".strip() for text, m in pair))
            row = column.row(align=True)
            for text, member in pair:
                row.prop(member, "activation", text=text, slider=True)
