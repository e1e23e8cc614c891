# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Muscles of the brow, the eyes and the nose; see muscle_table for the sources."""

from .muscle_spec import BONE, MuscleSpec, Spot, at, strap

BROW = (
    MuscleSpec(
        "frontalis_medial",
        (1,),
        "sheet",
        (
            (
                at("mid_forehead", offset=(0.5, 1.6, 0.0), depth=BONE),
                at("brow_inner", offset=(-0.3, 0.0, 0.0), depth=0.4),
            ),
            (
                at("mid_forehead", offset=(2.5, 1.5, 0.0), depth=BONE),
                at("brow_inner", 0.4, "brow_mid", 0.6, depth=0.4),
            ),
        ),
        2.1,
        0.3,
        fibres=3,
        strength=1.4,
    ),
    MuscleSpec(
        "frontalis_lateral",
        (2,),
        "sheet",
        (
            (
                at("mid_forehead", 0.3, "forehead_side", 0.7, offset=(0.0, 1.2, 0.0), depth=BONE),
                at("brow_mid", offset=(-0.1, 0.0, 0.0), depth=0.4),
            ),
            (
                at("forehead_side", offset=(0.7, 0.3, 0.0), depth=BONE),
                at("brow_outer", offset=(0.2, 0.0, 0.0), depth=0.4),
            ),
        ),
        1.9,
        0.3,
        fibres=3,
        strength=1.4,
    ),
    strap(
        "corrugator_supercilii",
        (4,),
        (
            at("brow_inner", 0.6, "nasion", 0.4, offset=(0.1, 0.4, 0.0), depth=BONE),
            at("brow_inner", 0.55, "brow_mid", 0.45, depth=0.6),
            at("brow_mid", offset=(-0.1, 0.15, 0.0), depth=0.3),
        ),
        0.7,
        0.4,
    ),
    strap(
        "procerus",
        (4,),
        (at("rhinion", 0.5, "nasion", 0.5, depth=BONE), at("glabella", offset=(0.0, 0.3, 0.0), depth=0.35)),
        1.0,
        0.3,
        paired=False,
    ),
    strap(
        "depressor_supercilii",
        (4,),
        (
            at("frontal_process", 0.55, "brow_inner", 0.45, depth=BONE),
            at("brow_inner", offset=(0.0, 0.1, 0.0), depth=0.35),
        ),
        0.5,
        0.3,
    ),
)


def _lid_band(middle: Spot) -> tuple[Spot, ...]:
    """From the inner palpebral ligament over the middle of a lid to the outer one; both hold on to the orbit's rim."""
    return (
        at("eye_inner", offset=(-0.3, 0.0, 0.0), depth=0.85),
        middle,
        at("eye_outer", offset=(0.6, 0.0, 0.0), depth=0.85),
    )


EYE = (
    MuscleSpec(
        "orbicularis_oculi_orbital",
        (6,),
        "ring",
        (
            (
                at("eye_inner", offset=(-0.55, 0.1, 0.0), depth=0.8),
                at("brow_inner", 0.5, "eye_inner", 0.5, offset=(0.1, 0.0, 0.0)),
                at("brow_mid", 0.65, "upper_lid", 0.35),
                at("brow_outer", 0.65, "eye_outer", 0.35),
                at("eye_outer", offset=(1.4, -0.2, -0.4)),
                at("cheekbone", 0.75, "eye_outer", 0.25),
                at("infraorbital", offset=(0.0, -0.35, 0.0)),
                at("infraorbital", 0.65, "eye_inner", 0.35, offset=(-0.4, -0.1, 0.0)),
            ),
        ),
        1.0,
        0.35,
        closed=True,
    ),
    MuscleSpec(
        "orbicularis_oculi_palpebral",
        (7, 45),
        "ring",
        (
            _lid_band(at("upper_lid", 0.9, "brow_mid", 0.1)),
            _lid_band(at("upper_lid", 0.72, "brow_mid", 0.28)),
            _lid_band(at("lower_lid", 0.9, "infraorbital", 0.1)),
            _lid_band(at("lower_lid", 0.7, "infraorbital", 0.3)),
        ),
        2.0,
        0.25,
        strength=0.75,
        fibres=4,
    ),
    strap(
        "levator_palpebrae_superioris",
        (5,),
        (
            Spot((("upper_lid", 1.0),), (0.0, 1.5, -3.0), BONE, free=True),
            Spot((("upper_lid", 1.0),), (0.0, 1.45, -1.2), BONE, free=True),
            at("upper_lid", 0.6, "brow_mid", 0.4, depth=0.8),
            at("upper_lid", offset=(0.0, 0.1, 0.0), depth=0.35),
        ),
        0.8,
        0.3,
    ),
)

NOSE = (
    strap(
        "nasalis_transverse",
        (39,),
        (
            at("ala_crease", 0.75, "canine_fossa", 0.25, depth=0.9),
            at("rhinion", 0.3, "ala_crease", 0.4, "canine_fossa", 0.1, "nose_tip", 0.2, depth=0.45),
            at("rhinion", 0.6, "nose_tip", 0.4, offset=(0.1, 0.0, 0.0), depth=0.3),
        ),
        0.8,
        0.2,
    ),
    strap(
        "nasalis_alar",
        (38,),
        (at("ala_base", offset=(0.2, -0.7, 0.0), depth=BONE), at("ala", 0.6, "ala_base", 0.4, depth=0.25)),
        0.5,
        0.3,
    ),
    strap(
        "depressor_septi_nasi",
        (39,),
        (
            at("mid_philtrum", offset=(0.0, -0.15, 0.0), depth=BONE),
            at("subnasale", 0.45, "nose_tip", 0.55, offset=(0.0, -0.3, 0.0), depth=0.12),
        ),
        0.8,
        0.4,
        paired=False,
        lip="upper",
    ),
    MuscleSpec(
        "levator_labii_superioris_alaeque_nasi",
        (9,),
        "sheet",
        (
            (
                at("frontal_process", depth=BONE),
                at("frontal_process", 0.45, "ala_crease", 0.55, depth=0.55),
                at("ala", 0.5, "ala_crease", 0.5, offset=(0.0, 0.2, 0.0), depth=0.4),
            ),
            (
                at("frontal_process", offset=(0.2, 0.0, 0.0), depth=BONE),
                at("ala_crease", offset=(0.35, 0.2, 0.0), depth=0.55),
                at("ala_base", 0.75, "mouth_corner", 0.25, offset=(0.2, -0.5, 0.0), depth=0.4),
            ),
        ),
        0.8,
        0.35,
        fibres=2,
        lip="upper",
    ),
)
