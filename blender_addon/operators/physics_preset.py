# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Physics Preset: strengths and weight set together; every one of them can be changed and keyed afterwards."""

from dataclasses import dataclass

import bpy
from bpy.props import EnumProperty

from .. import requirements

FOREHEAD = ("frontalis", "corrugator", "procerus", "depressor_supercilii")


@dataclass(frozen=True)
class Preset:
    """muscles: strength of all · weight: of the flesh · weak: beginnings or sides of the muscles that do not act."""

    label: str
    tip: str
    muscles: float = 1.0
    weight: float = 1.0
    weak: tuple[str, ...] = ()


PRESETS = {
    "HEALTHY": Preset("Healthy", "Every muscle at full strength, the flesh as heavy as it was sculpted"),
    "AGED": Preset("Aged", "Weaker muscles under flesh that sags", muscles=0.75, weight=1.8),
    "HEAVY": Preset("Heavy", "Flesh twice as heavy", weight=2.0),
    "FLOATING": Preset("Weightless", "As in orbit: nothing pulls on the flesh", weight=0.0),
    "BOTOX": Preset("Still Forehead", "The muscles of brow and forehead do not act, as after botox", weak=FOREHEAD),
    "LEFT_PALSY": Preset("Left Side Paralysed", "The muscles of the face's own left side do not act", weak=("_L",)),
    "RIGHT_PALSY": Preset("Right Side Paralysed", "The muscles of the face's own right side do not act", weak=("_R",)),
}


class MUSCLE_FACE_OT_physics_preset(bpy.types.Operator):
    """Set the strength of the muscles and the weight of the flesh"""

    bl_idname = "muscle_face.physics_preset"
    bl_label = "Physics Preset"
    bl_options = {"REGISTER", "UNDO"}

    preset: EnumProperty(
        name="Preset",
        description="What state the face is in",
        items=[(key, preset.label, preset.tip) for key, preset in PRESETS.items()],
    )

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.drive_problem(context))

    def execute(self, context):
        preset, settings = PRESETS[self.preset], context.object.muscle_face
        settings.muscle_strength, settings.flesh_weight = preset.muscles, preset.weight
        for muscle in settings.muscles:
            still = any(muscle.name.startswith(w) or (w[0] == "_" and muscle.name.endswith(w)) for w in preset.weak)
            muscle.strength = 0.0 if still else 1.0
        return {"FINISHED"}
