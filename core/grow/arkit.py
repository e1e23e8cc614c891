# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The ARKit shapes by the muscles that make them.

Muscles and action units correspond as in Ekman and Friesen's FACS. Activations began as a sparse fit of the muscles to
the demo head's own shapes and were then rounded and adjusted by eye; the upper lip's ring, whose fibres count half in
the muscle table, goes above 1.
"""

from .recipe import Recipe, made, sided

LOOK = 0.42
"""Turn of an eye that looks to the side, up or down [rad]."""

CLOSED = (-0.88, 0.12)
"""Rise of both lids of a closed eye."""

OPEN = (1.3, 0.0, 0.0)
"""The jaw of a mouth opened wide."""

_BROW = {
    "browDown": made(corrugator_supercilii=1.0, depressor_supercilii=1.0, procerus=0.6, orbicularis_oculi_orbital=0.15),
    "browOuterUp": made(frontalis_lateral=1.0, frontalis_medial=0.3),
}

_EYE = {
    "cheekSquint": made(orbicularis_oculi_orbital=0.65, zygomaticus_minor=0.25, lids=(0.0, 0.12)),
    "eyeBlink": made(orbicularis_oculi_palpebral=0.1, lids=CLOSED),
    "eyeLookDown": made(lids=(-0.36, -0.08), gaze=(-LOOK, 0.0)),
    "eyeLookIn": made(gaze=(0.0, -LOOK)),
    "eyeLookOut": made(gaze=(0.0, LOOK)),
    "eyeLookUp": made(lids=(0.16, 0.05), gaze=(LOOK, 0.0)),
    "eyeSquint": made(orbicularis_oculi_palpebral=0.3, orbicularis_oculi_orbital=0.1, lids=(-0.14, 0.24)),
    "eyeWide": made(levator_palpebrae_superioris=0.3, lids=(0.22, -0.05)),
}

_NOSE = {
    "noseSneer": made(
        levator_labii_superioris_alaeque_nasi=1.0,
        nasalis_transverse=0.4,
        depressor_supercilii=0.4,
        procerus=0.4,
        orbicularis_oculi_orbital=0.15,
    ),
}

_MOUTH = {
    "mouthDimple": made(buccinator=0.2, risorius=0.5, zygomaticus_major=0.2),
    "mouthFrown": made(depressor_anguli_oris=1.0, platysma=0.2),
    "mouthLowerDown": made(depressor_labii_inferioris=0.6),
    "mouthPress": made(
        orbicularis_oris_upper_marginal=0.15, orbicularis_oris_lower_marginal=0.15, buccinator=0.2, mentalis=0.2
    ),
    "mouthSmile": made(
        zygomaticus_major=1.0,
        zygomaticus_minor=0.5,
        levator_anguli_oris=0.6,
        risorius=0.3,
        orbicularis_oculi_orbital=0.3,
    ),
    "mouthStretch": made(risorius=0.9, buccinator=0.3, platysma=0.3, depressor_anguli_oris=0.3),
    "mouthUpperUp": made(levator_labii_superioris=0.4, levator_labii_superioris_alaeque_nasi=0.6),
}

_WHOLE = {
    "browInnerUp": made(frontalis_medial=1.0, frontalis_lateral=0.2, corrugator_supercilii=0.1),
    # Air puffs the cheeks; the ring only keeps the lips shut.
    "cheekPuff": made(
        orbicularis_oris_upper_marginal=0.3,
        orbicularis_oris_lower_marginal=0.3,
        orbicularis_oris_upper_peripheral=0.3,
        orbicularis_oris_lower_peripheral=0.15,
        cheeks=32.0,
        seal=0.0,
    ),
    "jawForward": made(jaw=(0.0, 1.0, 0.0)),
    "jawOpen": made(jaw=OPEN),
    "mouthClose": made(jaw=OPEN, seal=0.45, beyond_jaw=True),
    "mouthFunnel": made(
        orbicularis_oris_upper_peripheral=1.0,
        orbicularis_oris_lower_peripheral=0.4,
        incisivus_labii_superioris=0.4,
        incisivus_labii_inferioris=0.4,
        depressor_labii_inferioris=0.4,
        levator_labii_superioris=0.35,
        pout=(40.0, 40.0),
    ),
    "mouthPucker": made(
        orbicularis_oris_upper_peripheral=1.2,
        orbicularis_oris_lower_peripheral=0.7,
        orbicularis_oris_upper_marginal=0.4,
        orbicularis_oris_lower_marginal=0.4,
        incisivus_labii_superioris=0.6,
        incisivus_labii_inferioris=0.3,
        pout=(32.0, 30.0),
    ),
    "mouthRollLower": made(
        orbicularis_oris_lower_marginal=0.5, orbicularis_oris_lower_peripheral=0.2, mentalis=0.2, buccinator=0.2
    ),
    "mouthRollUpper": made(
        orbicularis_oris_upper_marginal=0.5,
        orbicularis_oris_upper_peripheral=0.4,
        depressor_septi_nasi=0.1,
        buccinator=0.2,
    ),
    "mouthShrugLower": made(mentalis=1.4, orbicularis_oris_lower_peripheral=0.3, pout=(0.0, 6.0)),
    "mouthShrugUpper": made(levator_labii_superioris=0.15, levator_labii_superioris_alaeque_nasi=0.15),
}

_TO_THE_LEFT = {
    "jaw": made(jaw=(0.0, 0.0, 1.0)),
    # The whole ring goes along with the corner that is drawn.
    "mouth": made(
        risorius_L=0.8,
        buccinator_L=1.0,
        zygomaticus_major_L=0.4,
        incisivus_labii_superioris_R=1.0,
        incisivus_labii_inferioris_R=1.0,
        orbicularis_oris_upper_marginal=0.6,
        orbicularis_oris_upper_peripheral=0.6,
        orbicularis_oris_lower_marginal=0.3,
        orbicularis_oris_lower_peripheral=0.3,
    ),
}

ARKIT_RECIPES: dict[str, Recipe] = dict(
    sorted({**sided({**_BROW, **_EYE, **_NOSE, **_MOUTH, **_TO_THE_LEFT}, "Left", "Right"), **_WHOLE}.items())
)
"""All but tongueOut: the tongue is none of the muscles of expression."""
