# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The part "View and Pick" of the sub-panel Rig: see the anatomy, click it, drag it."""

from ...core.sliders import label_of
from .. import editing, heat, overlay, storage
from . import rows


def draw(layout, obj) -> None:
    """Toggles of the overlay, heat maps and the tools that work in the view."""
    settings = obj.muscle_face
    _, body = rows.heading(layout, "view", "View and Pick")
    if body is None:
        return
    body.use_property_split = False
    grid = body.grid_flow(columns=2, align=True)
    for name in ("show_muscles", "show_bones", "show_tets", "show_landmarks"):
        grid.prop(settings, name, toggle=True)
    body.prop(settings, "heat_map", text="")
    if settings.heat_map != "NONE":
        body.prop(settings, "heat_full")
        unit = "%" if settings.heat_map == "STRAIN" else "mm"
        if heat.ATTRIBUTE in obj.data.color_attributes:
            body.label(text=f"Largest on the face: {settings.heat_largest:.2f} {unit}")
    if storage.bake_mutes(obj.data) is not None and (settings.heat_map != "NONE" or overlay.shows(obj)):
        body.label(text="Baked: this view does not follow the face", icon="INFO")
    column = body.column(align=True)
    column.operator("muscle_face.pick_muscle", icon="EYEDROPPER")
    column.operator("muscle_face.pick_point", icon="VIEWZOOM")
    column.operator("muscle_face.drag_point", icon="VIEW_PAN")
    muscle = settings.muscles.get(settings.active_muscle)
    if muscle is not None:
        row = body.row(align=True)
        row.prop(muscle, "activation", text=rows.short(label_of(muscle.name)), slider=True)
    draw_influences(body, obj)


def draw_influences(layout, obj) -> None:
    """What moves the picked point, as sliders to move it with."""
    settings, sliders = obj.muscle_face, {slider.name: slider for slider in editing.all_of(obj)}
    if settings.picked_vertex < 0:
        return
    box = layout.box().column(align=True)
    box.label(text=f"What moves vertex {settings.picked_vertex}")
    for item in settings.influences:
        if item.name not in sliders:
            continue
        text = label_of(item.name)
        # The jaw bone's sliders are called like the shapes that move it. In a slider, long names would lose their side.
        box.label(text=f"{text} (Bone)" if item.kind == "jaw" else rows.short(text, 30))
        split = box.split(factor=0.78)
        split.prop(*editing.owner_of(obj, sliders[item.name]), text="", slider=True)
        value = split.row()
        value.alignment = "RIGHT"
        value.label(text=f"{item.millimetres:.1f} mm")
