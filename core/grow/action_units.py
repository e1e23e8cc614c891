# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""FACS action units (Ekman and Friesen; Ekman, Friesen and Hager 2002), one recipe each: AU12_L, AU12_R, AU18.

Units of muscles in pairs come as two shapes, those of the midline as one. Numbers have two digits, as in OpenFace and
Py-Feat. Left and right are the character's. Blinking and winking (45, 46) are the closed lids of AU43.
"""

from .arkit import ARKIT_RECIPES, CLOSED, LOOK, OPEN
from .recipe import Recipe, made, sided

_UPPER_FACE = {
    "AU01": made(frontalis_medial=1.0),
    "AU02": made(frontalis_lateral=1.0),
    "AU04": made(corrugator_supercilii=1.0, depressor_supercilii=0.8, procerus=0.4),
    "AU05": made(levator_palpebrae_superioris=0.3, lids=(0.22, 0.0)),
    "AU06": made(orbicularis_oculi_orbital=0.8, lids=(0.0, 0.12)),
    "AU07": made(orbicularis_oculi_palpebral=0.3, lids=(-0.14, 0.24)),
    "AU43": made(orbicularis_oculi_palpebral=0.1, lids=CLOSED),
}

_LOWER_FACE = {
    "AU09": made(levator_labii_superioris_alaeque_nasi=1.0, nasalis_transverse=0.4, procerus=0.3),
    "AU10": made(levator_labii_superioris=1.0),
    "AU11": made(zygomaticus_minor=1.0),
    "AU12": made(zygomaticus_major=1.0),
    "AU13": made(levator_anguli_oris=1.0),
    "AU14": made(buccinator=1.0),
    "AU15": made(depressor_anguli_oris=1.0),
    "AU16": made(depressor_labii_inferioris=1.0),
    "AU20": made(risorius=1.0, platysma=0.2),
    "AU21": made(platysma=0.8),
    "AU30": made(jaw=(0.0, 0.0, 1.0)),
    "AU38": made(nasalis_alar=1.0),
    "AU39": made(nasalis_transverse=1.0, depressor_septi_nasi=0.3),
}

_WHOLE = {
    "AU08": made(orbicularis_oris_upper_marginal=0.5, orbicularis_oris_lower_marginal=0.5),
    "AU17": made(mentalis=1.0),
    "AU18": ARKIT_RECIPES["mouthPucker"],
    "AU22": ARKIT_RECIPES["mouthFunnel"],
    "AU23": made(orbicularis_oris_upper_marginal=0.6, orbicularis_oris_lower_marginal=0.4),
    "AU24": made(orbicularis_oris_upper_marginal=0.5, orbicularis_oris_lower_marginal=0.3, mentalis=0.4),
    "AU25": made(depressor_labii_inferioris=0.5, levator_labii_superioris=0.1),
    "AU26": made(jaw=(0.4, 0.0, 0.0)),
    "AU27": made(jaw=OPEN),
    "AU28": made(
        orbicularis_oris_upper_marginal=0.8,
        orbicularis_oris_lower_marginal=0.5,
        mentalis=0.3,
        jaw=(0.1, 0.0, 0.0),
    ),
    "AU29": made(jaw=(0.0, 1.0, 0.0)),
    "AU33": made(orbicularis_oris_upper_marginal=0.4, orbicularis_oris_lower_marginal=0.4, cheeks=12.0),
    "AU34": ARKIT_RECIPES["cheekPuff"],
    "AU35": made(buccinator=0.5, cheeks=-5.0),
    "AU61": made(gaze=(0.0, LOOK)),
    "AU62": made(gaze=(0.0, -LOOK)),
    "AU63": made(gaze=(LOOK, 0.0), lids=(0.16, 0.05)),
    "AU64": made(gaze=(-LOOK, 0.0), lids=(-0.36, -0.08)),
}

ACTION_UNIT_RECIPES: dict[str, Recipe] = dict(
    sorted({**sided({**_UPPER_FACE, **_LOWER_FACE}, "_L", "_R"), **_WHOLE}.items())
)
