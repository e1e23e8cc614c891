# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Sub-panel Shapes: the mesh's own shape keys by part of the face."""

import bpy

from ...core.sliders import SHAPE_GROUPS
from .. import editing, requirements
from . import rows
from .base import RigPanel


class MUSCLE_FACE_PT_shapes(RigPanel, bpy.types.Panel):
    """The mesh's own shape keys"""

    bl_label = "Shapes"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        obj, layout = context.object, self.layout
        rows.next_step(layout, requirements.drive_problem(context))
        shapes, searched = rows.wanted(obj, "shape"), rows.searched(layout, obj.muscle_face)
        if not shapes:
            text = "No shape is called so" if searched else "No shape keys here: use the muscles"
            layout.label(text=text, icon="INFO")
        elif searched:
            draw_rows(layout, obj, shapes, "")
        else:
            for group, some in rows.by_group(shapes, SHAPE_GROUPS).items():
                header, body = rows.heading(layout, f"shapes_{group}", group)
                rows.reset_button(header, "shape", group)
                if body is not None:
                    draw_rows(body, obj, some, group)


def label_under(heading: str, label: str) -> str:
    """What a shape is called below the name of its part of the face."""
    return "To the Side" if label == heading else label.removeprefix(f"{heading} ")


def draw_rows(layout, obj: bpy.types.Object, shapes, heading: str) -> None:
    """One row per shape or pair of shapes."""
    keys = editing.key_blocks(obj)
    column = layout.column(align=True)
    pairs = rows.pairs(shapes)
    if any(len(pair) == 2 for pair in pairs):
        # The sliders of a pair are too narrow for their own letters.
        split = column.split(factor=0.34)
        split.label(text="")
        sides = split.row(align=True)
        for side in "RL":
            sides.label(text=side)
        sides.label(text="", icon="BLANK1")
    for pair in pairs:
        split = column.split(factor=0.34)
        # The part of the face stands above, except in the answers to a search.
        split.label(text=label_under(heading, pair[0].label))
        row = split.row(align=True)
        for slider in pair:
            item = row.row(align=True)
            item.active = not keys[slider.name].mute
            item.prop(keys[slider.name], "value", text="", slider=True)
        simulated = pair[0].name not in obj.muscle_face.excluded
        button = row.operator("muscle_face.exclude_shape", text="", icon="PHYSICS", depress=simulated)
        button.shape = pair[0].name
