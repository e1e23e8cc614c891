# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The artist's own anatomy: bones and muscles that replace what the rig would find by itself."""

import bpy
from bpy.props import BoolProperty, PointerProperty


def _is_other_mesh(self, obj: bpy.types.Object) -> bool:
    return obj.type == "MESH" and obj != self.id_data


class AnatomyProperties:
    """Mixin of the settings."""

    skull: PointerProperty(
        type=bpy.types.Object,
        name="Skull",
        description="Your own mesh of the skull without the jaw; the flesh then ends on it",
        poll=_is_other_mesh,
    )
    jaw_bone: PointerProperty(
        type=bpy.types.Object,
        name="Jaw",
        description="Your own mesh of the lower jaw; the flesh then ends on it",
        poll=_is_other_mesh,
    )
    fit_bones: BoolProperty(
        name="Fit Bones When Rigging",
        description="Scale, turn and deform skull and jaw to lie under the skin; otherwise they count where they are",
    )
    own_muscles: PointerProperty(
        type=bpy.types.Collection,
        name="Muscle Meshes",
        description="Closed meshes of muscles; one that is called like a muscle of the rig replaces it",
    )
