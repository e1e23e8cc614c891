# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Trackers' points find their places on a head."""

import json
from functools import cache

import numpy as np
import pytest
from anatomy_heads import mesh, model
from conftest import FACES
from muscle_face.core.fit import landmark_sets
from muscle_face.core.fit.head import head_between
from muscle_face.core.fit.targets import SkinPoints

DEMO = "demo"


@cache
def bound(count: int) -> tuple[np.ndarray, SkinPoints]:
    """A numbered set bound to the demo head."""
    return landmark_sets.bind(model(DEMO), [str(k) for k in range(count)])[:2]


def test_lips_are_told_apart():
    """The jaw takes the lower lip's points along and leaves the upper lip's, inner and outer."""
    index, points = bound(68)
    drop = -points.at(mesh(DEMO)[2]["jawOpen"]) @ model(DEMO).rotation.T
    drop = dict(zip(index.tolist(), (drop[:, 1] * model(DEMO).mm_per_unit).tolist(), strict=True))
    # The jaw drops the lip by centimetres; the upper lip is carried by a few millimetres at most.
    assert min(drop[n] for n in (56, 57, 58, 65, 66, 67)) > 15.0
    assert max(drop[n] for n in (50, 51, 52, 61, 62, 63, 33)) < 5.0
    assert drop[8] > 15.0


def test_lids_are_told_apart():
    """A blink brings the upper lid's points down and leaves the other eye alone."""
    index, points = bound(68)
    moved = np.linalg.norm(points.at(mesh(DEMO)[2]["eyeBlinkLeft"]), axis=1) * model(DEMO).mm_per_unit
    moved = dict(zip(index.tolist(), moved.tolist(), strict=True))
    assert min(moved[n] for n in (43, 44)) > 4.0 > max(moved[n] for n in (46, 47))
    assert max(moved[n] for n in (36, 37, 38, 39)) < 0.5


@pytest.mark.parametrize("count, mirror", [(68, [(36, 45), (48, 54), (17, 26), (31, 35), (62, 62)]),
                                           (468, [(33, 263), (61, 291), (70, 300), (159, 386), (13, 13)])])  # fmt: skip
def test_sides_mirror_each_other(count, mirror):
    """On the symmetric demo head a point and its partner lie mirrored, the character's left at +X."""
    index, points = bound(count)
    at = dict(zip(index.tolist(), points.at(model(DEMO).neutral) @ model(DEMO).rotation.T, strict=True))
    for right, left in mirror:
        # Curves are sampled: a sample's distance along a lip, 1.5 mm, is the tolerance.
        assert np.allclose(at[right] * [-1, 1, 1], at[left], atol=1.5 / model(DEMO).mm_per_unit)
        assert at[left][0] >= -1e-9


def test_ibug_points_lie_where_the_ict_head_has_them():
    """Against the 68 points that came with the ICT head: 2.5 mm RMS without the outline, half a tracker's spread."""
    path = FACES / "ict" / "meta.json"
    if not path.exists():
        pytest.skip(f"no test head at {path}")
    face = model("ict_whole")
    index, points, _weights = landmark_sets.bind(face, [f"FB_{k}" for k in range(70)])
    # The skin comes first in the whole head, so that the skin's indices hold.
    known = face.neutral[json.loads(path.read_text())["landmarks68"]]
    apart = np.linalg.norm(points.at(face.neutral) - known[index], axis=1) * face.mm_per_unit
    assert len(index) == 52 and np.sqrt((apart**2).mean()) < 2.5


def test_mediapipe_points_agree_with_its_canonical_face():
    """Against another person's face, brought over by a similarity: as near as two persons are, 5 mm RMS."""
    path = FACES / "mediapipe" / "mediapipe_face.npz"
    if not path.exists():
        pytest.skip(f"no face at {path}")
    face = model("ict_whole")
    canonical = np.load(path)["canonical_verts"].astype(float)
    index, points, weights = landmark_sets.bind(face, [str(k) for k in range(468)])
    at = points.at(face.neutral)
    brought = head_between(canonical[index], at, weights, scale=True).at(canonical[index])
    apart = np.linalg.norm(at - brought, axis=1) * face.mm_per_unit
    assert len(index) > 90 and np.sqrt((apart**2).mean()) < 5.0


def test_sets_are_known_by_their_numbers():
    """68, 70, 468, 478 and chosen points of 478; other counts and names are no set."""
    numbers = landmark_sets.SETS
    assert landmark_sets.set_of([str(k) for k in range(68)]) is numbers["ibug"]
    assert landmark_sets.set_of([f"FB_{k}" for k in range(70)]) is numbers["ibug"]
    assert landmark_sets.set_of([str(k) for k in range(478)]) is numbers["mediapipe"]
    assert landmark_sets.set_of([str(3 * k) for k in range(156)]) is numbers["mediapipe"]
    assert landmark_sets.set_of([str(k) for k in range(21)]) is None
    assert landmark_sets.set_of([f"Track.{k:03d}" for k in range(90)]) is None
    assert landmark_sets.set_of(["nose_tip", "chin"]) is None


def test_names_of_landmarks_are_understood():
    """Any case and spacing, sides in front or behind, Blender's numbered copies."""
    known = list(model(DEMO).landmarks)
    spelled = {
        "Nose Tip": "nose_tip",
        "mouth_corner.L": "mouth_corner_L",
        "Left Eye Outer": "eye_outer_L",
        "pupil_R.001": "pupil_R",
        "lip_outer_upper:0.25": "lip_outer_upper:0.25",
        "Track.001": None,
        "lip_outer_upper": None,
    }
    for name, place in spelled.items():
        assert landmark_sets.place_of(name, known) == place
    index, points, weights = landmark_sets.bind(model(DEMO), ["Track", "nose_tip", "subnasale"])
    assert index.tolist() == [1, 2] and weights.tolist() == [1.0, 1.0]
    apart = points.at(model(DEMO).neutral) - [model(DEMO).landmarks[n] for n in ("nose_tip", "subnasale")]
    assert np.abs(apart).max() * model(DEMO).mm_per_unit < 0.5
