# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The muscles' sliders and readings."""

import bpy
from bpy.props import FloatProperty

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
    implied_activation: FloatProperty(
        name="Implied Activation",
        description="How hard the muscle would pull to be as short as it is in this face; 0 when it is stretched",
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        options=set(),
    )
