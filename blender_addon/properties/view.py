# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What of the anatomy is shown, and what was picked on it."""

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    FloatVectorProperty,
    IntProperty,
    StringProperty,
)


def _synchronise(self, context) -> None:
    # Imported late: the overlay reads these properties.
    from .. import drive, overlay

    overlay.synchronise()
    drive.recall(self.id_data)
    _redraw(self, context)


def _redraw(_self, context) -> None:
    for window in context.window_manager.windows if context.window_manager else ():
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()


def _paint(self, context) -> None:
    from ...core import MuscleFaceError
    from .. import drive, heat

    obj = self.id_data
    drive.recall(obj)
    try:
        heat.update(obj)
        heat.activate(obj.data)
        self.message = ""
    except MuscleFaceError as error:
        heat.remove(obj.data)
        self.message = str(error)
    _show_colours(context, self.heat_map != "NONE")


def _show_colours(context, wanted: bool) -> None:
    """In solid shading, let the view of the user show the attribute."""
    space = context.space_data
    if space is not None and space.type == "VIEW_3D" and space.shading.type == "SOLID":
        if wanted and space.shading.color_type != "VERTEX":
            space.shading.color_type = "VERTEX"
        elif not wanted and space.shading.color_type == "VERTEX":
            space.shading.color_type = "MATERIAL"


class MuscleFaceInfluence(bpy.types.PropertyGroup):
    """One slider that moves the picked point; `name` is the slider's."""

    kind: StringProperty(name="Kind", description="shape, muscle or jaw", options=set())
    millimetres: FloatProperty(
        name="Millimeters", description="How far the whole range of the slider moves the point", options=set()
    )
    direction: FloatVectorProperty(
        name="Direction", description="Where it moves the point, along the object's axes", options=set()
    )


class ViewProperties:
    """What `object.muscle_face` holds for looking at the anatomy."""

    show_muscles: BoolProperty(
        name="Muscles",
        description="Draw the muscles' fibres, brighter the harder they pull",
        options=set(),
        update=_synchronise,
    )
    show_bones: BoolProperty(
        name="Bones", description="Draw skull and jaw under the skin", options=set(), update=_synchronise
    )
    show_tets: BoolProperty(
        name="Flesh",
        description="Draw the cells of the flesh in the left half of the face",
        options=set(),
        update=_synchronise,
    )
    show_landmarks: BoolProperty(
        name="Landmarks",
        description="Draw the points that the anatomy was laid out by, on the neutral face",
        options=set(),
        update=_synchronise,
    )
    heat_map: EnumProperty(
        name="Heat Map",
        description="A quantity to show as colors on the skin",
        items=(
            ("NONE", "No Heat Map", "Show the head's own colors"),
            ("STRAIN", "Strain", "How much the skin is stretched or pressed together, in percent"),
            ("BLENDSHAPE", "Difference to Shape Keys", "How far the simulation is from the plain shape keys, in mm"),
            ("FIT", "Difference to Target", "How far the face is from the target of the fit, in mm"),
        ),
        options=set(),
        update=_paint,
    )
    heat_full: FloatProperty(
        name="Brightest At",
        description="Value that has the brightest color; 0 takes the largest on the face",
        min=0.0,
        options=set(),
        update=_paint,
    )
    heat_largest: FloatProperty(
        name="Largest", description="The largest value of the heat map on the face", options=set()
    )
    active_muscle: StringProperty(
        name="Active Muscle", description="The muscle that was clicked", options=set(), update=_redraw
    )
    picked_vertex: IntProperty(
        name="Picked Vertex", description="The skin point that was clicked; -1 for none", default=-1, options=set()
    )
    influences: CollectionProperty(
        type=MuscleFaceInfluence, name="Influences", description="What moves the picked point, strongest first"
    )
