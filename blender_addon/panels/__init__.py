# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The sidebar tab "Muscle Face": one sub-panel per file, registered in the order of work."""

import bpy

from .anatomy import MUSCLE_FACE_PT_anatomy
from .animation import MUSCLE_FACE_PT_animation
from .bake import MUSCLE_FACE_PT_bake
from .fit import (
    MUSCLE_FACE_PT_fit,
    MUSCLE_FACE_PT_fit_options,
    MUSCLE_FACE_PT_fit_report,
    MUSCLE_FACE_UL_tracks,
)
from .jaw import MUSCLE_FACE_PT_jaw
from .landmarks import MUSCLE_FACE_PT_landmarks
from .muscles import MUSCLE_FACE_PT_muscles
from .physics import MUSCLE_FACE_PT_physics
from .pose_shelf import MUSCLE_FACE_AST_poses, register_keymap, unregister_keymap
from .rig import MUSCLE_FACE_PT_rig
from .shapes import MUSCLE_FACE_PT_shapes

CLASSES = (
    MUSCLE_FACE_PT_rig,
    MUSCLE_FACE_PT_landmarks,
    MUSCLE_FACE_PT_anatomy,
    MUSCLE_FACE_PT_shapes,
    MUSCLE_FACE_PT_muscles,
    MUSCLE_FACE_PT_jaw,
    MUSCLE_FACE_UL_tracks,
    MUSCLE_FACE_PT_fit,
    MUSCLE_FACE_PT_fit_options,
    MUSCLE_FACE_PT_fit_report,
    MUSCLE_FACE_PT_physics,
    MUSCLE_FACE_PT_animation,
    MUSCLE_FACE_PT_bake,
    MUSCLE_FACE_AST_poses,
)


def register() -> None:
    """Register the panels in their order."""
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    register_keymap()


def unregister() -> None:
    """The mirror of register."""
    unregister_keymap()
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
