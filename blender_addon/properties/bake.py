# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""How an animation is baked."""

from bpy.props import EnumProperty, FloatProperty

METHODS = (
    ("FRAMES", "Every Frame", "One shape key per frame: exact, large"),
    ("COMPRESSED", "Compressed", "A few principal shapes with animated values, within an error that you set"),
    (
        "SLIDERS",
        "Sliders Only",
        "Keys on the face's own shapes, or ARKit's alone where most are there, for game engines",
    ),
)


class BakeProperties:
    """The bake's part of `object.muscle_face`."""

    bake_method: EnumProperty(name="Method", description="What the animation is baked to", items=METHODS, options=set())
    bake_bound: FloatProperty(
        name="Largest Error (mm)",
        description="How far any vertex of a compressed bake may be from the simulation, in millimeters",
        min=0.001,
        default=0.1,
        options=set(),
    )
