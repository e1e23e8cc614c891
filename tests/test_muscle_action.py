# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What each muscle does on its own: which landmark it moves, where to, and how far at least.

Directions follow the action units of Ekman and Friesen (FACS). A full-strength lip-corner muscle moves an adult's
corner some 11 to 14 mm in life (Flynn et al. 2015); the least distances here are what a viewer would see.
"""

from functools import cache

import numpy as np
import pytest
from anatomy_heads import head, mesh, model, muscles
from muscle_face.core import FaceModel
from muscle_face.core.anatomy.composition import REGIONS

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
HEADS = ("demo", "ict_whole")


@cache
def spring_free(name: str) -> FaceModel:
    """The same rig with its track springs taken away (a thousandth of them keeps lone flesh in place)."""
    return model(name).with_track_stiffness(dict.fromkeys(REGIONS, 1e-3))


@cache
def motion(name: str, muscle: str, free: bool = False) -> np.ndarray:
    """(V, 3) skin motion [mm] at activation 1."""
    m = spring_free(name) if free else model(name)
    pose = m.solve({muscle: 1.0})
    assert pose.converged and pose.inverted == 0
    return (pose.skin - mesh(name)[0]) * m.mm_per_unit


def moved(name: str, muscle: str, landmark: str) -> np.ndarray:
    """(3,) motion of a landmark, or the mean motion of the skin within 7 mm of the muscle's insertion."""
    d = motion(name, muscle)
    if landmark != "insertion":
        return d[head(name).landmark_vertices[landmark]]
    ends = np.array([p[-1] for p in muscles(name)[muscle].paths])
    skin = model(name).skin_vertices
    x = head(name).vertices[skin]
    near = np.min([np.linalg.norm(x - e, axis=1) for e in ends], axis=0) < 0.7
    return d[skin[near]].mean(0)


def test_every_muscle_has_its_action_stated():
    """No muscle of the rig is left out of the table."""
    stated = {a[0] for a in ACTIONS} | {a[0][:-1] + "R" for a in ACTIONS if a[0].endswith("_L")}
    assert set(model("demo").muscles) == stated


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize(("muscle", "landmark", "direction", "least"), ACTIONS)
def test_muscle_moves_its_landmark(name, muscle, landmark, direction, least):
    """Tracks in place, the muscle alone moves its landmark the anatomical way by at least the stated distance."""
    assert moved(name, muscle, landmark) @ direction >= least


@pytest.mark.parametrize("name", HEADS)
def test_left_zygomaticus_smiles_on_the_left_only(name):
    """The left corner moves 6-16 mm up and back, the right one less than 1 mm."""
    left, right = (moved(name, "zygomaticus_major_L", f"mouth_corner_{s}") for s in "LR")
    assert 6.0 <= np.linalg.norm(left) <= 16.0
    assert np.linalg.norm(right) < 1.0


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("muscle", sorted({a[0] for a in ACTIONS}))
def test_tracks_leave_a_muscle_most_of_its_motion(name, muscle):
    """Where the muscle moves the skin most, the track springs take at most 40 % of the motion."""
    free = np.linalg.norm(motion(name, muscle, True), axis=1)
    held = np.linalg.norm(motion(name, muscle), axis=1)
    assert held[free.argmax()] >= 0.6 * free.max()


@pytest.mark.parametrize("name", HEADS)
def test_the_right_muscle_mirrors_the_left(name):
    """Right and left zygomaticus make mirrored smiles, as far as the two sides' tets differ."""
    left = moved(name, "zygomaticus_major_L", "mouth_corner_L")
    right = moved(name, "zygomaticus_major_R", "mouth_corner_R")
    assert np.linalg.norm(right * [-1, 1, 1] - left) < 0.25 * np.linalg.norm(left)
