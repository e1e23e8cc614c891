# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The jaw's rigid motion and its derivatives."""

import numpy as np
import pytest
from anatomy_heads import head, mesh
from muscle_face.core.anatomy import jaw as jaws
from muscle_face.core.anatomy.head import analyse_head


@pytest.mark.parametrize("q", [(0.0, 0.0, 0.0), (0.7, 0.3, -0.5), (0.0, 1.0, 0.8), (1.0, 0.0, 0.0)])
def test_derivatives_match_finite_differences(q):
    """Central differences of the motion agree to 1e-7 (step 1e-5, motions of a few cm)."""
    jaw = head("ict").jaw
    dr, dt = jaw.motion_derivatives(*q)
    for m in range(3):
        step = 1e-5 * np.eye(3)[m]
        (r1, t1), (r0, t0) = jaw.motion(*(q + step)), jaw.motion(*(q - step))
        assert np.abs((r1 - r0) / 2e-5 - dr[m]).max() < 1e-7
        assert np.abs((t1 - t0) / 2e-5 - dt[m]).max() < 1e-7


def test_rotation_vector_round_trip():
    """log undoes exp, also for tiny turns."""
    for w in ([0.3, -0.2, 0.1], [1e-9, 0, 0], [0, 0, 0]):
        assert np.allclose(jaws.rotation_vector(jaws.rotation_matrix(np.array(w, float))), w, atol=1e-12)


def test_neutral_jaw_does_not_move():
    """All controls at zero is the identity."""
    r, t = head("ict").jaw.motion(0.0, 0.0, 0.0)
    assert np.array_equal(r, np.eye(3)) and np.abs(t).max() < 1e-12


@pytest.mark.parametrize("name", ["ict", "mpfb", "demo"])
def test_jaw_opens_about_the_ears_as_the_shape_does(name):
    """The hinge lies by the ear, the opening is a human one, and the chin goes where jawOpen takes it within 5 mm
    (chin skin slides that much on the bone)."""
    h = head(name)
    assert 0.15 < h.jaw.open_angle < 0.5
    ear = 0.5 * (h.landmarks["tragus_L"] + h.landmarks["tragus_R"])
    assert abs(h.jaw.hinge[0]) < 0.01 and abs(h.jaw.hinge[2] - ear[2]) < 2.5 and -3.5 < h.jaw.hinge[1] - ear[1] < 1.5
    r, t = h.jaw.motion(1.0, 0.0, 0.0)
    chin = h.landmark_vertices["pogonion"]
    x = h.vertices[chin]
    assert np.linalg.norm(r @ x + t - x - h.shape("jawOpen")[chin]) < 0.5


def test_jaw_left_moves_the_chin_left():
    """Side +1 is the character's left, forward is forward, with or without shapes for them."""
    for jaw in (head("ict").jaw, jaws.default_jaw(np.array([0.0, 1.0, 2.0]))):
        chin = np.array([0.0, -7.0, 10.0])
        for q, axis in (((0, 0, 1), 0), ((0, 1, 0), 2)):
            r, t = jaw.motion(*q)
            assert (r @ chin + t - chin)[axis] > 0.3
    assert head("ict").jaw.jaw_of_shape["jawRight"] == (0.0, 0.0, -1.0)


def test_rigid_fit_sees_through_soft_points():
    """A fifth of the points sliding by centimetres does not disturb the fit of the others (1e-3 cm)."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(100, 3))
    r, t = jaws.rotation_matrix(np.array([0.3, 0.0, 0.05])), np.array([0.1, -0.5, 0.2])
    y = x @ r.T + t
    y[:20] += rng.normal(size=(20, 3))
    fitted, shift, _ = jaws.rigid_fit(x, y, rounds=40)
    assert np.abs(fitted - r).max() < 1e-3 and np.abs(shift - t).max() < 1e-3


def test_shapes_of_other_names_open_the_jaw_too():
    """A viseme that turns the chin about the hinge drives the jaw; one that leaves it does not."""
    v, faces, shapes = mesh("ict")
    named = {"viseme_aa": 0.4 * shapes["jawOpen"], "viseme_uu": shapes["mouthPucker"]}
    found = analyse_head(v, faces, {**shapes, **named}).jaw.jaw_of_shape
    assert abs(found["viseme_aa"][0] - 0.4) < 0.1
    assert "viseme_uu" not in found
