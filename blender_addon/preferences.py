# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Add-on preferences: where to compute and where compiled kernels are kept."""

import bpy
from bpy.props import EnumProperty, StringProperty

PACKAGE = __package__.rpartition(".")[0]


class MuscleFacePreferences(bpy.types.AddonPreferences):
    """Preferences of Muscle Face."""

    bl_idname = PACKAGE

    device: EnumProperty(
        name="Device",
        description="Where the simulation runs; takes effect after a restart",
        items=(
            ("auto", "Automatic", "The first NVIDIA GPU, or the processor where there is none"),
            ("cpu", "Processor", "Always the processor"),
            ("cuda:0", "GPU 1", "The first NVIDIA GPU"),
            ("cuda:1", "GPU 2", "The second NVIDIA GPU"),
        ),
    )
    cache_folder: StringProperty(
        name="Kernel Cache",
        description="Folder for compiled kernels; empty means Blender's folder for this extension",
        subtype="DIR_PATH",
    )

    def draw(self, _context: bpy.types.Context) -> None:
        """One column, labels to the left as everywhere in Preferences."""
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "device")
        layout.prop(self, "cache_folder")


def register() -> None:
    """Register the preferences."""
    bpy.utils.register_class(MuscleFacePreferences)


def unregister() -> None:
    """The mirror of register."""
    bpy.utils.unregister_class(MuscleFacePreferences)
