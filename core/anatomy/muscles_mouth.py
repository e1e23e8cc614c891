# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Muscles of the lips, the mouth corners, the chin and the neck; see muscle_table for the sources."""

from .muscle_spec import BONE, MODIOLUS, MuscleSpec, at, strap

UPPER_LIP = (
    MuscleSpec(
        "levator_labii_superioris",
        (10,),
        "sheet",
        (
            (
                at("infraorbital", offset=(-0.6, 0.1, 0.0), depth=BONE),
                at("mouth_corner", 0.15, "labrale_superius", 0.85, offset=(0.0, 0.55, 0.0), depth=0.4),
            ),
            (
                at("infraorbital", offset=(0.4, 0.1, 0.0), depth=BONE),
                at("mouth_corner", 0.7, "labrale_superius", 0.3, offset=(0.0, 0.6, 0.0), depth=0.4),
            ),
        ),
        1.4,
        0.35,
        fibres=4,
        lip="upper",
    ),
    strap(
        "zygomaticus_minor",
        (11,),
        (
            at("cheekbone", offset=(-0.7, 0.1, 0.0), depth=BONE),
            at("mouth_corner", 0.7, "labrale_superius", 0.3, offset=(0.0, 0.6, 0.0), depth=0.4),
        ),
        0.6,
        0.4,
        lip="upper",
    ),
    strap("zygomaticus_major", (12,), (at("cheekbone", 0.8, "zygion", 0.2, depth=BONE), MODIOLUS), 0.9, 0.6),
    strap(
        "levator_anguli_oris",
        (13,),
        (
            at("canine_fossa", offset=(0.2, 0.0, 0.0), depth=BONE),
            at("mouth_corner", offset=(0.5, 0.1, 0.0), depth=0.65),
        ),
        0.8,
        0.4,
    ),
    strap(
        "incisivus_labii_superioris",
        (18,),
        (
            at("ala_base", 0.7, "mid_philtrum", 0.3, offset=(0.0, -0.4, 0.0), depth=BONE),
            at("mouth_corner", 0.85, "labrale_superius", 0.15, offset=(0.2, 0.35, 0.0), depth=0.7),
        ),
        0.5,
        0.3,
        lip="upper",
    ),
)

CORNER = (
    strap(
        "risorius",
        (20,),
        (at("ramus", 0.45, "cheek", 0.55, offset=(0.0, -1.2, 0.0), depth=0.45), MODIOLUS),
        0.9,
        0.35,
        bone="",
    ),
    MuscleSpec(
        "buccinator",
        (14,),
        "sheet",
        (
            (
                at("ramus", 0.4, "cheek", 0.6, offset=(0.0, 0.0, 0.0), depth=0.85),
                at("mouth_corner", offset=(0.6, 0.3, 0.0), depth=0.75),
            ),
            (
                at("ramus", 0.4, "cheek", 0.6, offset=(0.0, -2.0, 0.0), depth=0.85),
                at("mouth_corner", offset=(0.6, -0.3, 0.0), depth=0.75),
            ),
        ),
        2.0,
        0.25,
        fibres=3,
    ),
    MuscleSpec(
        "depressor_anguli_oris",
        (15,),
        "sheet",
        (
            (at("chin_side", 0.6, "jaw_body", 0.4, offset=(0.0, -0.9, 0.0), depth=BONE), MODIOLUS),
            (at("jaw_body", 0.75, "chin_side", 0.25, offset=(0.0, -0.9, 0.0), depth=BONE), MODIOLUS),
        ),
        2.0,
        0.45,
        bone="mandible",
        fibres=2,
    ),
)

LOWER_LIP = (
    strap(
        "depressor_labii_inferioris",
        (16, 25),
        (
            at("chin_side", offset=(0.4, -1.2, 0.0), depth=BONE),
            at("mouth_corner", 0.45, "labrale_inferius", 0.55, offset=(0.0, -0.35, 0.0), depth=0.4),
        ),
        1.3,
        0.4,
        bone="mandible",
        lip="lower",
    ),
    strap(
        "mentalis",
        (17,),
        (
            at("mentolabial", 0.8, "labrale_inferius", 0.2, offset=(0.4, 0.2, 0.0), depth=BONE),
            at("pogonion", 0.35, "gnathion", 0.65, offset=(0.6, 0.0, 0.0), depth=0.1),
        ),
        0.9,
        0.5,
        bone="mandible",
        lip="lower",
    ),
    strap(
        "incisivus_labii_inferioris",
        (18,),
        (
            at("mentolabial", offset=(0.7, 0.0, 0.0), depth=BONE),
            at("mouth_corner", 0.85, "labrale_inferius", 0.15, offset=(0.2, -0.35, 0.0), depth=0.7),
        ),
        0.5,
        0.3,
        bone="mandible",
        lip="lower",
    ),
    MuscleSpec(
        "platysma",
        (20, 21),
        "sheet",
        (
            (
                at("neck_front", 0.75, "neck_side", 0.25, offset=(0.0, -1.0, 0.0), depth=0.08),
                at("neck_front", 0.4, "menton", 0.6, offset=(1.5, 0.0, 0.0), depth=0.1),
                at("jaw_body", 0.4, "menton", 0.6, depth=0.35),
                at("chin_side", offset=(0.7, -0.3, 0.0), depth=0.35),
            ),
            (
                at("neck_side", offset=(0.0, -1.0, 0.8), depth=0.08),
                at("neck_side", 0.4, "gonion", 0.6, offset=(0.0, 0.0, 0.6), depth=0.15),
                at("gonion", 0.4, "jaw_body", 0.6, offset=(0.0, -0.8, 0.0), depth=0.3),
                at("mouth_corner", offset=(1.2, -0.5, 0.0), depth=0.4),
            ),
        ),
        4.0,
        0.2,
        bone="",
        fibres=4,
    ),
)

MOUTH_RING = (
    strap(
        "orbicularis_oris_upper_peripheral",
        (18, 22),
        (
            at("mouth_corner_L", offset=(0.5, 0.15, 0.0)),
            at("mouth_corner_L", 0.5, "mid_philtrum", 0.5, offset=(0.0, 0.25, 0.0)),
            at("mid_philtrum"),
        ),
        0.9,
        0.4,
        bone="",
        paired=False,
        lip="upper",
        strength=0.5,
        mirrored=True,
    ),
    strap(
        "orbicularis_oris_upper_marginal",
        (23, 24, 28),
        (
            at("mouth_corner_L", offset=(0.25, 0.0, 0.0)),
            at("mouth_corner_L", 0.5, "labrale_superius", 0.5, offset=(0.0, 0.05, 0.0)),
            at("labrale_superius", 0.7, "upper_lip", 0.3),
        ),
        0.5,
        0.4,
        bone="",
        paired=False,
        lip="upper",
        strength=0.5,
        mirrored=True,
    ),
    strap(
        "orbicularis_oris_lower_peripheral",
        (18, 22),
        (
            at("mouth_corner_L", offset=(0.5, -0.15, 0.0)),
            at("mouth_corner_L", 0.5, "mentolabial", 0.5, offset=(0.0, -0.15, 0.0)),
            at("mentolabial", 0.7, "labrale_inferius", 0.3),
        ),
        0.9,
        0.4,
        bone="",
        paired=False,
        lip="lower",
        mirrored=True,
    ),
    strap(
        "orbicularis_oris_lower_marginal",
        (23, 24, 28),
        (
            at("mouth_corner_L", offset=(0.25, 0.0, 0.0)),
            at("mouth_corner_L", 0.5, "labrale_inferius", 0.5, offset=(0.0, -0.05, 0.0)),
            at("labrale_inferius", 0.7, "lower_lip", 0.3),
        ),
        0.5,
        0.4,
        bone="",
        paired=False,
        lip="lower",
        mirrored=True,
    ),
)
