# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""How sliders are found and moved."""

import bpy
from bpy.props import BoolProperty, CollectionProperty, StringProperty

from .slider import touch


class MuscleFaceExcluded(bpy.types.PropertyGroup):
    """A shape key that is not simulated; `name` is the key's."""


class EditProperties:
    """What `object.muscle_face` holds for editing by hand."""

    symmetric: BoolProperty(
        name="Symmetric",
        description="When a slider of one side moves, move its partner on the other side too",
        options=set(),
        update=touch,
    )
    search: StringProperty(
        name="Search",
        description="Show only the sliders whose name or part of the face holds these words",
        options={"TEXTEDIT_UPDATE"},
    )
    pose: StringProperty(name="Pose", description="The pose asset to apply")
    excluded: CollectionProperty(
        type=MuscleFaceExcluded,
        name="Excluded Shapes",
        description="Shape keys that are added to the simulated face as they are",
    )
