# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Landmarks that are guessed, shown to the artist, and placed by the artist."""

import numpy as np
import pytest
from anatomy_heads import head, mesh
from muscle_face.core import MuscleFaceError, guess_landmarks
from muscle_face.core.anatomy.head import analyse_head
from muscle_face.core.anatomy.picked import PICKED
from muscle_face.core.anatomy.rays import sphere
from scipy.spatial.transform import Rotation

SIX = ("eye_inner_L", "eye_outer_L", "eye_inner_R", "eye_outer_R", "mouth_corner_L", "mouth_corner_R")


def test_the_list_for_the_artist_is_whole():
    """About twenty landmarks, each with a label and a sentence; partners mirror each other."""
    assert 18 <= len(PICKED) <= 24
    names = {p.name: p for p in PICKED}
    assert len(names) == len({p.label for p in PICKED}) == len(PICKED)
    for p in PICKED:
        assert p.label and p.help and not p.help.endswith(".")
        assert p.partner is None or names[p.partner].partner == p.name


def test_the_guess_is_in_the_frame_of_the_mesh():
    """A head in another unit, turned, has its landmarks guessed where its vertices are."""
    v, faces, shapes = mesh("demo")
    turn = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    guess = guess_landmarks(100.0 * v @ turn.T, faces, {n: 100.0 * d @ turn.T for n, d in shapes.items()})
    assert set(guess) == {p.name for p in PICKED}
    assert max(np.linalg.norm(guess[n] - 100.0 * turn @ head("demo").landmarks[n]) for n in guess) < 1e-3


def test_a_placed_landmark_stays_where_it_was_put():
    """One moved landmark is kept to rounding, its neighbours follow on the skin, the far ones do not."""
    v, faces, shapes = mesh("demo")
    known = head("demo").landmarks
    place = known["pogonion"] + [0.0, -0.6, 0.1]
    found = analyse_head(v, faces, shapes, landmarks={"pogonion": place}).landmarks
    assert np.allclose(found["pogonion"], place, atol=1e-9)
    assert 0.1 < np.linalg.norm(found["gnathion"] - known["gnathion"]) < 1.2
    assert np.allclose(found["brow_inner_L"], known["brow_inner_L"], atol=1e-6)


def test_eyes_and_mouth_placed_by_the_artist_fix_the_frame():
    """Six clicks on a tilted head without shapes stand for the search: all else is found as on the upright head."""
    v, faces, _ = mesh("demo")
    a, b = 0.9, 0.5
    turn = np.array([[np.cos(a), -np.sin(a), 0.0], [np.sin(a), np.cos(a), 0.0], [0.0, 0.0, 1.0]])
    turn = turn @ np.array([[1.0, 0.0, 0.0], [0.0, np.cos(b), -np.sin(b)], [0.0, np.sin(b), np.cos(b)]])
    known = head("demo").landmarks
    tilted = analyse_head(v @ turn.T, faces, landmarks={n: turn @ known[n] for n in SIX})
    found = {n: turn.T @ tilted.frame.to_user(p) for n, p in tilted.landmarks.items()}
    near = ("nose_tip", "subnasale", "pogonion", "labrale_superius", "ala_L", "upper_lid_R", "cheekbone_L")
    assert max(np.linalg.norm(found[n] - known[n]) for n in near) < 0.3


@pytest.mark.parametrize(
    ("landmarks", "said"),
    [
        ({"nose_tip": [0.0, np.nan, 0.0]}, "not a place"),
        ({"elbow": np.zeros(3)}, 'no landmark "elbow"'),
        ("exchanged", "exchange left and right"),
    ],
)
def test_wrong_landmarks_are_refused_in_a_sentence(landmarks, said):
    """Numbers that are none, unknown names, and left for right."""
    v, faces, shapes = mesh("demo")
    if landmarks == "exchanged":
        known = head("demo").landmarks
        landmarks = {n: known[n[:-1] + ("R" if n.endswith("L") else "L")] for n in SIX}
    with pytest.raises(MuscleFaceError) as caught:
        analyse_head(v, faces, shapes, landmarks=landmarks)
    assert said in str(caught.value)


TURNS = Rotation.random(3, random_state=2).as_matrix()


@pytest.mark.parametrize(("turn", "scale"), list(zip(TURNS, (1.0, 0.01, 40.0), strict=True)))
def test_a_bare_head_is_found_in_any_orientation_and_scale(turn, scale):
    """Without shapes, turned at random: landmarks within 5 mm of those that the shapes show (brows: no relief)."""
    v, faces, _ = mesh("demo")
    known = head("demo").landmarks
    guess = guess_landmarks(scale * v @ turn.T, faces)
    off = {n: np.linalg.norm(turn.T @ p / scale - known[n]) for n, p in guess.items()}
    assert max(d for n, d in off.items() if "brow" not in n) < 0.5
    assert max(off.values()) < 1.2


def test_a_face_is_found_beside_larger_parts():
    """A bell jar over the head, larger than the head itself, is not taken for the skin."""
    v, faces, _ = mesh("demo")
    jar, jar_faces = sphere(np.array([0.0, -3.0, 0.0]), 25.0)
    faces = [*faces, *(jar_faces + len(v)).tolist()]
    guess = guess_landmarks(np.concatenate([v, jar]), faces)
    assert np.linalg.norm(guess["nose_tip"] - head("demo").landmarks["nose_tip"]) < 0.3
