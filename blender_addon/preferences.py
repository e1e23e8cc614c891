# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Add-on preferences: where to compute and where compiled kernels are kept."""

import bpy
from bpy.props import EnumProperty, IntProperty, StringProperty

from . import engine, jobs

PACKAGE = __package__.rpartition(".")[0]


def _use_threads(self, _context) -> None:
    from ..core import parallel

    parallel.use_workers(self.threads)


def _use_log_level(self, _context) -> None:
    engine.use_log_level(self.log_level)


def _check_folder(self, _context) -> None:
    folder = bpy.path.abspath(self.cache_folder)
    self.findings = (engine.folder_problem(folder) if folder else None) or ""


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
    threads: IntProperty(
        name="Threads",
        description="Processor threads for the simulation; 0 takes one per core, at most four",
        min=0,
        max=64,
        update=_use_threads,
    )
    precision: EnumProperty(
        name="Live Precision",
        description="How near to its settled shape the face is while a slider moves. It settles when the slider rests; "
        "renders, bakes and fits are always settled",
        items=(
            ("QUICK", "Quick", "Up to half a millimeter away, for slow computers"),
            ("STANDARD", "Standard", "A few tenths of a millimeter away at most"),
            ("FINE", "Fine", "A tenth of a millimeter away at most in most poses; a fifth slower"),
        ),
        default="STANDARD",
    )
    log_level: EnumProperty(
        name="Console",
        description="How much the simulation writes to the console",
        items=(
            ("WARNING", "Warnings", "Only what went wrong"),
            ("INFO", "Information", "Also what is compiled and loaded"),
            ("DEBUG", "Everything", "For reporting a bug"),
        ),
        update=_use_log_level,
    )
    cache_folder: StringProperty(
        name="Kernel Cache",
        description="Folder for the compiled simulation, Blender's own for this extension when empty; takes effect "
        "after a restart",
        subtype="DIR_PATH",
        update=_check_folder,
    )

    findings: StringProperty(
        name="Findings", description="What the self-test found, or what is wrong with a folder", options={"SKIP_SAVE"}
    )

    def draw(self, _context: bpy.types.Context) -> None:
        """One column, labels to the left as everywhere in Preferences."""
        layout = self.layout
        layout.use_property_split = True
        for name in ("device", "precision", "threads", "cache_folder", "log_level"):
            layout.prop(self, name)
        if jobs.status is not None:
            fraction, text = jobs.status
            layout.progress(factor=fraction, text=f"{text} (Esc Stops)")
        else:
            layout.operator("muscle_face.self_test", icon="CHECKMARK")
        box = layout.column(align=True)
        for line in self.findings.splitlines():
            box.label(text=line)


def register() -> None:
    """Register the preferences."""
    bpy.utils.register_class(MuscleFacePreferences)


def unregister() -> None:
    """The mirror of register."""
    bpy.utils.unregister_class(MuscleFacePreferences)
