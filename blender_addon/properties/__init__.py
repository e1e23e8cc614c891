# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The sliders and readings that live on a rigged object: `object.muscle_face`; one file per feature."""

import bpy
from bpy.props import PointerProperty

from .bake import METHODS
from .edit import MuscleFaceExcluded
from .fit import MuscleFaceMarker, MuscleFaceTrack
from .muscles import MuscleFaceMuscle, MuscleFaceMuscleGroup
from .physics import REGIONS
from .settings import TISSUES, MuscleFaceSettings
from .view import MuscleFaceInfluence

__all__ = ["METHODS", "REGIONS", "TISSUES", "MuscleFaceMuscle", "MuscleFaceMuscleGroup", "MuscleFaceSettings"]

# Groups before those that point to them.
CLASSES = (
    MuscleFaceMuscle,
    MuscleFaceMuscleGroup,
    MuscleFaceInfluence,
    MuscleFaceExcluded,
    MuscleFaceMarker,
    MuscleFaceTrack,
    MuscleFaceSettings,
)


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
