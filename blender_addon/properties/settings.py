# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The rig's own settings, and the parts that features add to `object.muscle_face`."""

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    FloatVectorProperty,
    StringProperty,
)

from .. import storage
from .anatomy import AnatomyProperties
from .bake import BakeProperties
from .edit import EditProperties
from .fit import FitProperties
from .muscles import MuscleFaceMuscle, MuscleFaceMuscleGroup
from .physics import PhysicsProperties
from .slider import touch
from .view import ViewProperties

TISSUES = (
    ("soft_tissue", "Soft Tissue", "Fat, muscle and skin as soft as in life: muscles move the face"),
    (
        "soft_tissue_neo_hookean",
        "Soft Tissue, Tolerant",
        "As soft; also bears flesh that extreme poses press inside out",
    ),
    ("stanford", "Firm", "Ten times firmer: for faces that their shape keys drive"),
)


class MuscleFaceSettings(
    FitProperties,
    EditProperties,
    ViewProperties,
    BakeProperties,
    PhysicsProperties,
    AnatomyProperties,
    bpy.types.PropertyGroup,
):
    """Everything that Muscle Face keeps on an object.

    A feature adds a mixin (its properties appear here by their names) or a PointerProperty to its own group.
    """

    is_rig: BoolProperty(name="Is Rig", description="Whether this object carries a muscle rig")
    live: BoolProperty(
        name="Live", description="Simulate again whenever a slider or the frame changes", default=True, update=touch
    )
    influence: FloatProperty(
        name="Influence",
        description="How much of the simulation shows, from plain shape keys to the simulated skin",
        min=0.0,
        max=1.0,
        default=1.0,
        subtype="FACTOR",
        update=touch,
    )
    quality: EnumProperty(
        name="Quality",
        description="How finely the flesh is filled when the rig is created",
        items=(
            ("standard", "Standard", "Fine enough for final animation"),
            ("draft", "Draft", "Coarser and faster, for trying out"),
        ),
    )
    tissue: EnumProperty(name="Tissue", description="What the flesh is made of when the rig is created", items=TISSUES)
    use_gravity: BoolProperty(
        name="Gravity",
        description="Let the flesh sag when gravity differs from the one that the head was sculpted under. It turns "
        "with the object; where bones turn the head, key the direction of gravity instead",
        update=touch,
    )
    gravity: FloatVectorProperty(
        name="Gravity",
        description="Pull on the flesh along the axes of the world",
        subtype="ACCELERATION",
        default=(0.0, 0.0, -9.81),
        update=touch,
    )
    jaw_open: FloatProperty(
        name="Open", description="Drop the jaw around its hinge", min=0.0, max=1.0, subtype="FACTOR", update=touch
    )
    jaw_forward: FloatProperty(
        name="Forward", description="Slide the jaw forward", min=0.0, max=1.0, subtype="FACTOR", update=touch
    )
    jaw_side: FloatProperty(
        name="Side",
        description="Slide the jaw to the side; positive is the face's own left",
        min=-1.0,
        max=1.0,
        subtype="FACTOR",
        update=touch,
    )
    muscle_groups: CollectionProperty(
        type=MuscleFaceMuscleGroup, name="Muscle Groups", description="The parts of the face that have muscles"
    )
    muscles: CollectionProperty(
        type=MuscleFaceMuscle, name="Muscles", description="The muscles of the rig in the model's order"
    )
    # Not stored: a property that is set has every editor drawn again, and these would be set at every answer.
    last_residual: FloatProperty(
        name="Residual",
        description="Unbalanced share of the forces in the last solve",
        precision=6,
        get=lambda self: storage.readings(self.id_data.data)[1],
    )
    last_solve_ms: FloatProperty(
        name="Solve Time (ms)",
        description="Time that the last solve took",
        get=lambda self: storage.readings(self.id_data.data)[0],
    )
    message: StringProperty(name="Message", description="What the last solve has to say; empty when all is well")
