# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Rows of sliders: grouped, pairs side by side, narrowed by a search."""

from __future__ import annotations

import blf
import bpy

from ...core.sliders import Slider
from .. import editing, jobs


def wanted(obj: bpy.types.Object, kind: str) -> list[Slider]:
    """The sliders of a kind whose name or part of the face holds every searched word."""
    words = obj.muscle_face.search.lower().split()
    texts = ((s, f"{s.name} {s.label} {s.group}".lower()) for s in editing.in_group(obj, kind, ""))
    return [s for s, text in texts if all(word in text for word in words)]


def searched(layout, settings) -> bool:
    """While a search narrows a panel's sliders: the field to change or empty it, there too. Whether one does."""
    if not settings.search.strip():
        return False
    layout.prop(settings, "search", text="", icon="VIEWZOOM")
    return True


def by_group(some: list[Slider], order) -> dict[str, list[Slider]]:
    """Sliders under the names of their groups, in the order given."""
    return {group: found for group in order if (found := [s for s in some if s.group == group])}


def pairs(some: list[Slider]) -> list[list[Slider]]:
    """Sliders with their partners; the face's right side comes first, as it does when one looks at the face."""
    names = {s.name: s for s in some}
    out = []
    for slider in some:
        partner = names.get(slider.partner)
        if partner is None:
            out.append([slider])
        elif slider.side == "left":
            out.append([partner, slider])
    return out


def heading(layout, identifier: str, text: str, *, closed: bool = True):
    """A foldable part of a panel: its header row and its body (None while folded)."""
    header, body = layout.panel(f"MUSCLE_FACE_{identifier}", default_closed=closed)
    header.label(text=text)
    return header, body


def short(label: str, most: int = 25) -> str:
    """A label that fits the sidebar: long words but the last are cut to four letters until it does."""
    words = label.split()
    for index in range(len(words) - 1):
        if len(" ".join(words)) <= most:
            break
        if len(words[index]) > 6:
            words[index] = words[index][:4] + "."
    return " ".join(words)


def reset_button(row, kind: str, group: str) -> None:
    """The small button that resets a group."""
    button = row.operator("muscle_face.reset_sliders", text="", icon="LOOP_BACK", emboss=False)
    button.kind, button.group = kind, group


NARROW, MARGINS, ICON = 256.0, 60.0, 20.0
"""Width of the sidebar as Blender opens it, what margins and tabs take of it, and an icon [px at a scale of 1]."""


def paragraph(layout, text: str, *, icon: str = "NONE") -> None:
    """A long text as lines that fit the region: labels do not wrap."""
    region, preferences = bpy.context.region, bpy.context.preferences
    width = region.width / preferences.system.ui_scale if region is not None else NARROW
    blf.size(0, preferences.ui_styles[0].widget.points)
    column = layout.column(align=True)
    for number, line in enumerate(wrapped(text, width - MARGINS - ICON * (icon != "NONE"))):
        column.label(text=line, icon="BLANK1" if number and icon != "NONE" else icon)


def wrapped(text: str, width: float) -> list[str]:
    """Lines of at most ``width`` pixels in the font as it is set; a word that is longer has a line of its own."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and blf.dimensions(0, longer)[0] <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def progress(layout) -> bool:
    """In the place of buttons while a job runs: how far it is. Whether one runs."""
    if jobs.status is None:
        return False
    fraction, text = jobs.status
    layout.progress(factor=fraction, text=f"{text} (Esc Stops)")
    return True


def next_step(layout, problem: str | None) -> None:
    """Below a button that is grey: what to do about it."""
    if problem is not None:
        paragraph(layout, problem, icon="INFO")
