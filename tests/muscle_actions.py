# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The table of what each muscle does on its own: which landmark it moves, where to, and how far at least.

Directions follow the action units of Ekman and Friesen (FACS). A full-strength lip-corner muscle moves an adult's
corner some 11 to 14 mm in life (Flynn et al. 2015); the least distances here are what a viewer would see.
"""

import numpy as np
from muscle_face.core import FaceModel
from muscle_face.core.anatomy.head import Head
from muscle_face.core.anatomy.muscles import Muscle, place_muscles

LEFT, RIGHT, UP, DOWN, FRONT, BACK = np.array(
    [[1.0, 0, 0], [-1.0, 0, 0], [0, 1.0, 0], [0, -1.0, 0], [0, 0, 1.0], [0, 0, -1.0]]
)

# Muscle (left one where paired), landmark ("insertion": the skin over the muscle's end), direction, least motion [mm].
ACTIONS = [
    ("frontalis_medial_L", "brow_inner_L", UP, 4.0),
    ("frontalis_lateral_L", "brow_outer_L", UP, 1.8),
    ("corrugator_supercilii_L", "brow_mid_L", RIGHT, 3.0),
    ("procerus", "glabella", DOWN, 3.0),
    ("depressor_supercilii_L", "brow_inner_L", DOWN, 2.0),
    ("orbicularis_oculi_orbital_L", "lower_lid_L", UP, 2.5),
    ("orbicularis_oculi_palpebral_L", "lower_lid_L", UP, 2.5),
    ("levator_palpebrae_superioris_L", "upper_lid_L", UP, 3.0),
    ("nasalis_transverse_L", "rhinion", LEFT, 0.4),
    ("nasalis_alar_L", "ala_L", DOWN, 0.7),
    ("depressor_septi_nasi", "nose_tip", DOWN, 1.2),
    ("levator_labii_superioris_alaeque_nasi_L", "ala_crease_L", UP, 1.8),
    ("levator_labii_superioris_L", "insertion", UP, 1.5),
    ("zygomaticus_minor_L", "insertion", UP, 1.5),
    ("zygomaticus_major_L", "mouth_corner_L", UP, 3.0),
    ("zygomaticus_major_L", "mouth_corner_L", BACK, 2.0),
    ("levator_anguli_oris_L", "mouth_corner_L", UP, 3.0),
    ("buccinator_L", "mouth_corner_L", BACK, 4.0),
    ("depressor_anguli_oris_L", "mouth_corner_L", DOWN, 3.0),
    ("depressor_labii_inferioris_L", "insertion", DOWN, 1.5),
    ("mentalis_L", "insertion", UP, 1.5),
    ("incisivus_labii_superioris_L", "mouth_corner_L", RIGHT, 0.8),
    ("incisivus_labii_inferioris_L", "mouth_corner_L", RIGHT, 0.8),
    ("risorius_L", "mouth_corner_L", BACK, 3.0),
    ("platysma_L", "mouth_corner_L", DOWN, 3.0),
    ("orbicularis_oris_upper_peripheral", "mouth_corner_L", RIGHT, 1.4),
    ("orbicularis_oris_upper_marginal", "mouth_corner_L", RIGHT, 1.2),
    ("orbicularis_oris_lower_peripheral", "mouth_corner_L", RIGHT, 3.0),
    ("orbicularis_oris_lower_marginal", "mouth_corner_L", RIGHT, 3.0),
]

INSERTION = 0.7
"""Radius about a muscle's end in which the skin is its insertion [cm]."""


def moved(head: Head, muscle: Muscle, motion: np.ndarray, landmark: str) -> np.ndarray:
    """(3,) motion of a landmark, or the mean motion of the skin over the muscle's insertion, of a motion (V, 3)."""
    if landmark != "insertion":
        return motion[head.landmark_vertices[landmark]]
    ends = np.array([p[-1] for p in muscle.paths])
    gap = np.min([np.linalg.norm(head.vertices[head.skin] - e, axis=1) for e in ends], axis=0)
    return motion[head.skin[gap < INSERTION]].mean(0)


def failures(model: FaceModel, head: Head) -> list[str]:
    """The rows of the table that a rigged head does not meet, each with the motion found [mm]."""
    muscles = {m.name: m for m in place_muscles(head)}
    failed, motions = [], {}
    for name, landmark, direction, least in ACTIONS:
        if name not in motions:
            pose = model.solve({name: 1.0})
            motions[name] = head.frame.vector_to_norm(pose.skin - model.neutral) * 10.0
            if not pose.converged or pose.inverted:
                failed.append(f"{name}: not settled")
        way = float(moved(head, muscles[name], motions[name], landmark) @ direction)
        if not way >= least:
            failed.append(f"{name} {landmark} {way:.1f} of {least}")
    return failed
