# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Physics Preset: strengths, weight and stiffness set together; each can be changed and keyed afterwards."""

from dataclasses import dataclass, field

import bpy
from bpy.props import EnumProperty

from .. import requirements
from ..properties import REGIONS

PARTS = [key for key, _label, _tip in REGIONS]

# Lower and outer parts of a face lose most of their hold with age.
SLACK = {"BROW": 0.8, "EYE": 0.6, "CHEEK": 0.5, "MOUTH": 0.7, "JAW": 0.6, "NECK": 0.5}

FOREHEAD = ("frontalis", "corrugator", "procerus", "depressor_supercilii")


@dataclass(frozen=True)
class Preset:
    """muscles: strength of all · weight: of the flesh · weak: beginnings or sides of the muscles that do not act ·
    stiff: factors of the flesh's stiffness by part of the face, 1 where none is given."""

    label: str
    tip: str
    muscles: float = 1.0
    weight: float = 1.0
    weak: tuple[str, ...] = ()
    stiff: dict[str, float] = field(default_factory=dict)


PRESETS = {
    "HEALTHY": Preset("Healthy", "Every muscle at full strength, the flesh as heavy as it was sculpted"),
    "AGED": Preset("Aged", "Weaker muscles under slack flesh that sags", muscles=0.75, weight=1.8, stiff=SLACK),
    "FIRM": Preset("Firm Flesh", "Flesh twice as stiff: muscles move it less", stiff=dict.fromkeys(PARTS, 2.0)),
    "SLACK": Preset("Slack Flesh", "Flesh half as stiff, that muscles move more", stiff=dict.fromkeys(PARTS, 0.5)),
    "HEAVY": Preset("Heavy", "Flesh twice as heavy", weight=2.0),
    "FLOATING": Preset("Weightless", "As in orbit: nothing pulls on the flesh", weight=0.0),
    "BOTOX": Preset("Still Forehead", "The muscles of brow and forehead do not act, as after botox", weak=FOREHEAD),
    "LEFT_PALSY": Preset("Left Side Paralyzed", "The muscles of the face's own left side do not act", weak=("_L",)),
    "RIGHT_PALSY": Preset("Right Side Paralyzed", "The muscles of the face's own right side do not act", weak=("_R",)),
}


class MUSCLE_FACE_OT_physics_preset(bpy.types.Operator):
    """Set the strength of the muscles, the weight of the flesh and how stiff it is"""

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
        settings.stiffness_painted = 1.0
        settings.stiffness = [preset.stiff.get(part, 1.0) for part in PARTS]
        for muscle in settings.muscles:
            still = any(muscle.name.startswith(w) or (w[0] == "_" and muscle.name.endswith(w)) for w in preset.weak)
            muscle.strength = 0.0 if still else 1.0
        return {"FINISHED"}
