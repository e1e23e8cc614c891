# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What each muscle does on its own, as the table in ``muscle_actions`` states it."""

from functools import cache

import muscle_actions
import numpy as np
import pytest
from anatomy_heads import head, mesh, model, muscles
from muscle_actions import ACTIONS
from muscle_face.core import FaceModel
from muscle_face.core.anatomy.composition import REGIONS

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
    """(3,) motion of a landmark or of the muscle's insertion [mm]."""
    return muscle_actions.moved(head(name), muscles(name)[muscle], motion(name, muscle), landmark)


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
