# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The muscles of expression as data: where each runs between landmarks, how wide and thick it is, and its action unit.

Origins and insertions follow Gray's Anatomy (41st ed., chapter 30) and Freilinger et al. 1987 (Plast. Reconstr. Surg.
80, 686); action units follow Ekman and Friesen's FACS. Widths are anatomical. Thicknesses are about twice the
cadaveric ones, because the flesh model's tets are 3 to 6 mm wide.

Orbicularis oris has four bands without a side (upper and lower lip, marginal in the red lip and peripheral around it):
each runs from one modiolus to the other, and artists purse, press and roll whole lips.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Spot:
    """A place in the flesh: a weighted mean of landmarks plus an offset, put on the skin and sunk into it.

    `offset` is (lateral, up, front) in cm of an adult face. `depth` is the share of the flesh above the bone, 1 on
    the bone; where there is no bone, of the flesh above the next surface. `free` spots stay where landmarks and
    offset put them.
    """

    landmarks: tuple[tuple[str, float], ...]
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    depth: float = 0.5
    free: bool = False


@dataclass(frozen=True)
class MuscleSpec:
    """One muscle (or one pair): `routes` are its edges (or its middle), `fibres` how many paths fill it."""

    name: str
    au: tuple[int, ...]
    kind: str  # "strap" | "sheet" | "ring"
    routes: tuple[tuple[Spot, ...], ...]
    width: float  # [cm] over all fibres
    thickness: float  # [cm]
    bone: str = "cranium"  # that carries the origin: "cranium" | "mandible" | "" (fascia or skin)
    paired: bool = True
    fibres: int = 1
    lip: str = ""  # "upper" | "lower": stays on its side of the mouth line
    closed: bool = False
    mirrored: bool = False  # the route runs from the left to the midline and on, mirrored, to the right


def at(*parts: str | float, offset: tuple[float, float, float] = (0.0, 0.0, 0.0), depth: float = 0.5) -> Spot:
    """Spot at one landmark, `at("ala")`, or between several, `at("ala", 0.3, "cheek", 0.7)`."""
    pairs = ((parts[0], 1.0),) if len(parts) == 1 else tuple(zip(parts[::2], parts[1::2], strict=True))
    return Spot(pairs, offset, depth)


BONE = 1.0
MODIOLUS = at("mouth_corner", offset=(0.7, 0.0, 0.0), depth=0.55)


def _strap(
    name: str, au: tuple[int, ...], route: tuple[Spot, ...], width: float, thickness: float, **more
) -> MuscleSpec:
    return MuscleSpec(name, au, "strap", (route,), width, thickness, **more)


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
    ),
    MuscleSpec(
        "frontalis_lateral",
        (2,),
        "sheet",
        (
            (
                at("mid_forehead", 0.45, "forehead_side", 0.55, offset=(0.0, 1.3, 0.0), depth=BONE),
                at("brow_mid", depth=0.4),
            ),
            (
                at("forehead_side", offset=(0.4, 0.4, 0.0), depth=BONE),
                at("brow_outer", offset=(-0.1, 0.0, 0.0), depth=0.4),
            ),
        ),
        1.9,
        0.3,
        fibres=3,
    ),
    _strap(
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
    _strap(
        "procerus",
        (4,),
        (at("rhinion", 0.5, "nasion", 0.5, depth=BONE), at("glabella", offset=(0.0, 0.3, 0.0), depth=0.35)),
        1.0,
        0.3,
        paired=False,
    ),
    _strap(
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
                at("eye_outer", offset=(1.3, -0.2, -0.4)),
                at("cheekbone", 0.55, "eye_outer", 0.45),
                at("infraorbital", 0.9, "lower_lid", 0.1),
                at("infraorbital", 0.55, "eye_inner", 0.45, offset=(-0.4, 0.0, 0.0)),
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
            (
                at("eye_inner", offset=(-0.2, 0.0, 0.0), depth=0.5),
                at("upper_lid", 0.85, "brow_mid", 0.15, depth=0.5),
                at("eye_outer", offset=(0.3, 0.0, 0.0)),
            ),
            (
                at("eye_inner", offset=(-0.2, 0.0, 0.0), depth=0.5),
                at("lower_lid", 0.7, "infraorbital", 0.3, depth=0.5),
                at("eye_outer", offset=(0.3, 0.0, 0.0)),
            ),
        ),
        1.2,
        0.25,
        fibres=2,
    ),
    _strap(
        "levator_palpebrae_superioris",
        (5,),
        (
            Spot((("upper_lid", 1.0),), (0.0, 1.5, -3.0), BONE, free=True),
            Spot((("upper_lid", 1.0),), (0.0, 1.45, -1.2), BONE, free=True),
            at("upper_lid", 0.6, "brow_mid", 0.4, depth=0.8),
            at("upper_lid", offset=(0.0, 0.1, 0.0), depth=0.5),
        ),
        0.8,
        0.3,
    ),
)

NOSE = (
    _strap(
        "nasalis_transverse",
        (39,),
        (
            at("ala_crease", 0.75, "canine_fossa", 0.25, depth=0.9),
            at("rhinion", 0.3, "ala_crease", 0.4, "canine_fossa", 0.1, "nose_tip", 0.2, depth=0.45),
            at("rhinion", 0.6, "nose_tip", 0.4, offset=(0.1, 0.0, 0.0), depth=0.3),
        ),
        0.8,
        0.25,
    ),
    _strap(
        "nasalis_alar",
        (38,),
        (at("ala_base", offset=(0.2, -0.7, 0.0), depth=BONE), at("ala", 0.6, "ala_base", 0.4, depth=0.4)),
        0.5,
        0.3,
    ),
    _strap(
        "depressor_septi_nasi",
        (39,),
        (
            at("mid_philtrum", offset=(0.0, 0.1, 0.0), depth=BONE),
            at("subnasale", 0.55, "nose_tip", 0.45, offset=(0.0, -0.3, 0.0), depth=0.12),
        ),
        0.6,
        0.3,
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

UPPER_LIP = (
    MuscleSpec(
        "levator_labii_superioris",
        (10,),
        "sheet",
        (
            (
                at("infraorbital", offset=(-0.6, 0.1, 0.0), depth=BONE),
                at("mouth_corner", 0.3, "labrale_superius", 0.7, offset=(0.0, 0.5, 0.0), depth=0.4),
            ),
            (
                at("infraorbital", offset=(0.4, 0.1, 0.0), depth=BONE),
                at("mouth_corner", 0.55, "labrale_superius", 0.45, offset=(0.0, 0.55, 0.0), depth=0.4),
            ),
        ),
        1.1,
        0.4,
        fibres=2,
        lip="upper",
    ),
    _strap(
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
    _strap("zygomaticus_major", (12,), (at("cheekbone", 0.8, "zygion", 0.2, depth=BONE), MODIOLUS), 0.9, 0.6),
    _strap(
        "levator_anguli_oris",
        (13,),
        (
            at("canine_fossa", offset=(0.2, 0.0, 0.0), depth=BONE),
            at("mouth_corner", offset=(0.5, 0.1, 0.0), depth=0.65),
        ),
        0.8,
        0.4,
    ),
    _strap(
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
    _strap(
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
        0.35,
        fibres=3,
    ),
    MuscleSpec(
        "depressor_anguli_oris",
        (15,),
        "sheet",
        (
            (at("chin_side", 0.8, "menton", 0.2, offset=(0.9, -0.6, 0.0), depth=BONE), MODIOLUS),
            (at("jaw_body", 0.5, "chin_side", 0.5, offset=(0.0, -0.9, 0.0), depth=BONE), MODIOLUS),
        ),
        1.2,
        0.4,
        bone="mandible",
        fibres=2,
    ),
)

LOWER_LIP = (
    _strap(
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
    _strap(
        "mentalis",
        (17,),
        (
            at("mentolabial", offset=(0.45, 0.2, 0.0), depth=BONE),
            at("pogonion", 0.7, "gnathion", 0.3, offset=(0.7, 0.0, 0.0), depth=0.2),
        ),
        0.9,
        0.5,
        bone="mandible",
        lip="lower",
    ),
    _strap(
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
        0.3,
        bone="",
        fibres=4,
    ),
)

MOUTH_RING = (
    _strap(
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
        mirrored=True,
    ),
    _strap(
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
        mirrored=True,
    ),
    _strap(
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
    _strap(
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

MUSCLE_TABLE: tuple[MuscleSpec, ...] = BROW + EYE + NOSE + UPPER_LIP + CORNER + LOWER_LIP + MOUTH_RING
