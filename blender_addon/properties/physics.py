# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What changes the flesh over time: all of it can be keyed."""

from bpy.props import EnumProperty, FloatProperty, FloatVectorProperty, StringProperty

from .slider import touch

REGIONS = tuple(
    (name.upper(), name.title(), f"The flesh of the {name}")
    for name in ("brow", "eye", "nose", "cheek", "mouth", "jaw", "neck")
)


class PhysicsProperties:
    """The flesh's part of `object.muscle_face`."""

    muscle_strength: FloatProperty(
        name="Muscle Strength",
        description="How much of all the muscles' sliders acts; less than 1 tires the face",
        min=0.0,
        max=1.0,
        default=1.0,
        subtype="FACTOR",
        update=touch,
    )
    flesh_weight: FloatProperty(
        name="Weight",
        description="How heavy the flesh is: 1 as it was sculpted, more makes it sag, 0 lets it float",
        min=0.0,
        max=5.0,
        soft_max=3.0,
        default=1.0,
        update=touch,
    )
    stiffness: FloatVectorProperty(
        name="Stiffness",
        description="How stiff the flesh of each part is: 1 as its tissue; softer flesh sags and gives way to muscles",
        size=len(REGIONS),
        min=0.1,
        max=10.0,
        soft_min=0.2,
        soft_max=4.0,
        default=(1.0,) * len(REGIONS),
        update=touch,
    )
    stiffness_painted: FloatProperty(
        name="Painted Stiffness",
        description="How stiff the flesh under the vertex group is, beside the stiffness of its part",
        min=0.1,
        max=10.0,
        soft_min=0.2,
        soft_max=4.0,
        default=1.0,
        update=touch,
    )
    stiffness_group: StringProperty(
        name="Stiffness Group",
        description="Where the painted stiffness acts: fully at weight 1",
        update=touch,
    )
    swelling: FloatProperty(
        name="Swelling",
        description="How much the flesh under the vertex group has swollen: 1 doubles its volume, below 0 it shrinks",
        min=-0.8,
        max=4.0,
        soft_max=1.0,
        default=0.0,
        update=touch,
    )
    swelling_group: StringProperty(
        name="Swelling Group", description="Where the flesh swells: fully at weight 1", update=touch
    )
    hold_region: EnumProperty(
        name="Part", description="The part of the face whose shape hold is set", items=REGIONS, default="MOUTH",
        options=set(),
    )  # fmt: skip
    hold_factor: FloatProperty(
        name="Hold",
        description="How hard shapes hold on to the flesh there: 1 as it was made, more wins against muscles",
        min=0.0,
        max=20.0,
        default=1.0,
        options=set(),
    )
