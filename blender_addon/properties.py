# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The sliders and readings that live on a rigged object: `object.muscle_face`."""

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    FloatVectorProperty,
    PointerProperty,
    StringProperty,
)


def _touch(self, _context) -> None:
    # A script's assignment alone does not tell the dependency graph; this makes the live solve see it.
    self.id_data.update_tag()


def _is_mesh(_self, obj: bpy.types.Object) -> bool:
    return obj.type == "MESH"


class MuscleFaceMuscle(bpy.types.PropertyGroup):
    """One muscle of the rig; `name` is the model's."""

    activation: FloatProperty(
        name="Activation",
        description="How hard the muscle pulls, from relaxed to full strength",
        min=0.0,
        max=1.0,
        update=_touch,
    )
    implied_activation: FloatProperty(
        name="Implied Activation",
        description="How hard the muscle would pull to be as short as it is in this face; 0 when it is stretched",
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        options=set(),
    )


TISSUES = (
    ("soft_tissue", "Soft Tissue", "Fat, muscle and skin as soft as in life: muscles move the face"),
    (
        "soft_tissue_neo_hookean",
        "Soft Tissue, Tolerant",
        "The same softness by a law that bears flesh turned inside out",
    ),
    ("stanford", "Firm", "Ten times firmer: for faces that their shape keys drive"),
)


class MuscleFaceSettings(bpy.types.PropertyGroup):
    """Everything that Muscle Face keeps on an object."""

    is_rig: BoolProperty(name="Is Rig", description="Whether this object carries a muscle rig")
    live: BoolProperty(
        name="Live", description="Solve again whenever a slider or the frame changes", default=True, update=_touch
    )
    influence: FloatProperty(
        name="Influence",
        description="How much of the simulation shows, from plain blendshapes to the simulated skin",
        min=0.0,
        max=1.0,
        default=1.0,
        subtype="FACTOR",
        update=_touch,
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
        description="Let the flesh sag when gravity differs from the one that the head was sculpted under",
        update=_touch,
    )
    gravity: FloatVectorProperty(
        name="Gravity",
        description="Pull on the flesh along the axes of the world",
        subtype="ACCELERATION",
        default=(0.0, 0.0, -9.81),
        update=_touch,
    )
    jaw_open: FloatProperty(
        name="Open", description="Drop the jaw around its hinge", min=0.0, max=1.0, subtype="FACTOR", update=_touch
    )
    jaw_forward: FloatProperty(
        name="Forward", description="Slide the jaw forward", min=0.0, max=1.0, subtype="FACTOR", update=_touch
    )
    jaw_side: FloatProperty(
        name="Side",
        description="Slide the jaw to the side; positive is the face's own left",
        min=-1.0,
        max=1.0,
        subtype="FACTOR",
        update=_touch,
    )
    muscles: CollectionProperty(
        type=MuscleFaceMuscle, name="Muscles", description="The muscles of the rig in the model's order"
    )
    fit_target: PointerProperty(
        type=bpy.types.Object,
        name="Target",
        description="A mesh of the same topology whose shape the fit reproduces",
        poll=_is_mesh,
    )
    fit_rms_mm: FloatProperty(name="RMS (mm)", description="Root mean square distance of the last fit in millimetres")
    fit_p95_mm: FloatProperty(name="95% (mm)", description="Distance that 95% of the points of the last fit stay under")
    fit_max_mm: FloatProperty(name="Max (mm)", description="Largest distance of the last fit in millimetres")
    fit_seconds: FloatProperty(name="Seconds", description="Time that the last fit took")
    fit_blendshape_rms_mm: FloatProperty(
        name="Blendshapes Alone (mm)",
        description="Root mean square distance that the shape keys reach without the simulation, in millimetres",
    )
    last_residual: FloatProperty(
        name="Residual", description="Unbalanced share of the forces in the last solve", precision=6
    )
    last_solve_ms: FloatProperty(name="Solve Time (ms)", description="Time that the last solve took")
    message: StringProperty(name="Message", description="What the last solve has to say; empty when all is well")


CLASSES = (MuscleFaceMuscle, MuscleFaceSettings)


def register() -> None:
    """Classes first, then the one property that refers to them."""
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Object.muscle_face = PointerProperty(type=MuscleFaceSettings, name="Muscle Face")


def unregister() -> None:
    """The mirror of register."""
    del bpy.types.Object.muscle_face
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
