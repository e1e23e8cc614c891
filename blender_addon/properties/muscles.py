# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The muscles' sliders and readings."""

import bpy
from bpy.props import BoolProperty, FloatProperty, StringProperty

from .slider import touch


class MuscleFaceMuscle(bpy.types.PropertyGroup):
    """One muscle of the rig; `name` is the model's."""

    activation: FloatProperty(
        name="Activation",
        description="How hard the muscle pulls, from relaxed to full strength",
        min=0.0,
        max=1.0,
        update=touch,
    )
    strength: FloatProperty(
        name="Strength",
        description="How much of the slider acts: 0 for a paralyzed muscle, 1 for a healthy one",
        min=0.0,
        max=1.0,
        default=1.0,
        subtype="FACTOR",
        update=touch,
    )
    group: StringProperty(name="Group", description="The part of the face that the muscle belongs to", options=set())
    implied_activation: FloatProperty(
        name="Implied Activation",
        description="How hard the muscle would pull to be as short as it is in this face; 0 when it is stretched",
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        options=set(),
    )


class MuscleFaceMuscleGroup(bpy.types.PropertyGroup):
    """The muscles of one part of the face; `name` is what the muscles' `group` says."""

    mute: BoolProperty(name="Mute", description="Keep these muscles relaxed whatever their sliders say", update=touch)
    solo: BoolProperty(
        name="Solo", description="Relax all muscles but those of the groups that are marked so", update=touch
    )
