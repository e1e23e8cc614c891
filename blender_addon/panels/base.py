# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What all sub-panels of the sidebar tab "Muscle Face" share."""

import bpy

from .. import requirements


class Panel:
    """In the sidebar of the 3D view."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Muscle Face"


class RigPanel(Panel):
    """Shown only where there is a rig: an empty panel would only be in the way."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """The active object is a rig."""
        return context.object is not None and context.object.type == "MESH" and requirements.is_rig(context.object)
