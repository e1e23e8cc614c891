# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The jaw's rigid motion and its derivatives."""

import numpy as np
import pytest
from anatomy_heads import head, mesh
from muscle_face.core.anatomy import jaw as jaws
from muscle_face.core.anatomy.head import analyse_head


def adult() -> jaws.Jaw:
    """A mean jaw that also slides and advances sideways, so that no term of the motion vanishes."""
    jaw = jaws.default_jaw(np.array([0.0, 1.0, 2.0]))
    slide = jaw.slide + np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.4, 0.0, 0.0]])
    return jaws.Jaw(jaw.hinge, jaw.spin, slide, jaw.side_advance)


def moved(jaw: jaws.Jaw, point: np.ndarray, *q: float) -> np.ndarray:
    """How far (3,) the jaw carries a point [cm]."""
    r, t = jaw.motion(*q)
    return r @ point + t - point


def random_controls(count: int) -> np.ndarray:
    """Controls (count, 3) inside, at and far beyond the limits."""
    inside = [(0.0, 0.0, 0.0), (0.7, 0.2, -0.5), (0.0, 1.0, 0.8), (1.0, 0.0, 0.0)]
    return np.concatenate([inside, np.random.default_rng(5).uniform(-2.0, 3.0, (count - len(inside), 3))])


@pytest.mark.parametrize("q", random_controls(60))
def test_derivatives_match_finite_differences(q):
    """Central differences of the motion agree to 1e-6 inside and beyond the limits (step 1e-5, stops yield over 5 %
    of the range, hence third derivatives up to 1e3)."""
    jaw = adult()
    dr, dt = jaw.motion_derivatives(*q)
    for m in range(3):
        step = 1e-5 * np.eye(3)[m]
        (r1, t1), (r0, t0) = jaw.motion(*(q + step)), jaw.motion(*(q - step))
        assert np.abs((r1 - r0) / 2e-5 - dr[m]).max() < 1e-6
        assert np.abs((t1 - t0) / 2e-5 - dt[m]).max() < 1e-6


@pytest.mark.parametrize("q", random_controls(60))
def test_limits_have_exact_derivatives(q):
    """The limits' Jacobian agrees with central differences to 1e-6, coupling to the opening included."""
    steps = 1e-5 * np.eye(3)
    slope = np.stack([(jaws.Jaw.limited(q + h)[0] - jaws.Jaw.limited(q - h)[0]) / 2e-5 for h in steps], axis=1)
    assert np.abs(slope - jaws.Jaw.limited(q)[1]).max() < 1e-6


def test_limits_leave_ordinary_motion_alone():
    """Each control by itself is met bit for bit up to its limit, and so is speech (half open, a little aside)."""
    for value in np.linspace(0.0, 1.0, 41):
        for q in ((value, 0.0, 0.0), (0.0, value, 0.0), (0.0, 0.0, value), (0.0, 0.0, -value)):
            p, slope = jaws.Jaw.limited(np.array(q))
            assert np.array_equal(p, q) and np.array_equal(slope, np.eye(3))
    assert np.array_equal(jaws.Jaw.limited(np.array([0.5, 0.3, -0.4]))[0], [0.5, 0.3, -0.4])


@pytest.mark.parametrize("control", range(3))
@pytest.mark.parametrize("opening", [0.0, 0.6, 1.0])
def test_limits_rise_and_end(control, opening):
    """Beyond its limit a control still rises but by no more than a quarter; open and forward end just below zero."""
    q = np.tile([opening, 0.0, 0.0], (401, 1))
    q[:, control] = np.linspace(-1.5, 2.5, 401)
    p = np.array([jaws.Jaw.limited(row)[0][control] for row in q])
    assert np.all(np.diff(p) >= 0.0) and np.all(np.diff(p)[(q[1:, control] > 0.0) & (q[1:, control] < 1.2)] > 0.0)
    room = (1.0, 1.0 - 0.7 * opening, 1.0 - 0.6 * opening)[control]
    assert room < p[-1] <= 1.25 * room
    assert p[0] == pytest.approx((-0.05, -0.2, -p[-1])[control], rel=0.03)


def test_limits_are_smooth_where_they_begin():
    """Slope and curvature of the limits are continuous at every stop (the slope changes by less than 1e-5 over 1e-4,
    where a jump in curvature of one would change it by 1e-4)."""
    for opening in (0.0, 0.5):
        stops = [(0, 0.0), (0, 1.0), (1, 0.0), (1, 1.0 - 0.7 * opening), (2, 1.0 - 0.6 * opening), (2, 0.0)]
        for control, stop in stops:
            q = np.array([opening, 0.0, 0.0])
            slopes = []
            for side in (-1e-4, 1e-4):
                q[control] = stop + side
                slopes.append(jaws.Jaw.limited(q)[1])
            assert np.abs(slopes[1] - slopes[0]).max() < 1e-5


@pytest.mark.parametrize("control", [1, 2])
def test_border_movements_narrow_with_opening(control):
    """The wider the jaw is open, the less far the chin gets forward or sideways (Posselt 1952)."""
    jaw, chin, reach = adult(), np.array([0.0, -7.0, 10.0]), []
    for opening in (0.0, 0.4, 0.7, 1.0):
        q = np.array([opening, 0.0, 0.0])
        aside = q + np.eye(3)[control]
        reach.append(np.linalg.norm(moved(jaw, chin, *aside) - moved(jaw, chin, *q)))
    assert np.all(np.diff(reach) < -0.05 * reach[0]) and reach[-1] < 0.6 * reach[0]


def test_rotation_vector_round_trip():
    """log undoes exp, also for tiny turns."""
    for w in ([0.3, -0.2, 0.1], [1e-9, 0, 0], [0, 0, 0]):
        assert np.allclose(jaws.rotation_vector(jaws.rotation_matrix(np.array(w, float))), w, atol=1e-12)


def test_neutral_jaw_does_not_move():
    """All controls at zero is the identity."""
    r, t = head("ict").jaw.motion(0.0, 0.0, 0.0)
    assert np.array_equal(r, np.eye(3)) and not t.any()


@pytest.mark.parametrize("name", ["ict", "mpfb", "demo"])
def test_jaw_opens_about_the_condyles_as_the_shape_does(name):
    """The axis lies at the condyles by landmarks within 4 mm, the opening is a human one, and the chin goes where
    jawOpen takes it within 3 mm (chin skin slides that much on the bone), no shorter and no further than 3 %."""
    h = head(name)
    assert 0.15 < h.jaw.open_angle < 0.5
    assert np.linalg.norm(h.jaw.hinge - jaws.condyle(h.landmarks)) < 0.4
    near = h.skin[np.linalg.norm(h.vertices[h.skin] - h.landmarks["pogonion"], axis=1) < 1.0]
    x, shape = h.vertices[near], h.shape("jawOpen")[near]
    r, t = h.jaw.motion(1.0, 0.0, 0.0)
    motion = x @ r.T + t - x
    assert np.linalg.norm(motion.mean(axis=0) - shape.mean(axis=0)) < 0.3
    assert np.linalg.norm(motion.mean(axis=0)) == pytest.approx(np.linalg.norm(shape.mean(axis=0)), rel=0.03)


@pytest.mark.parametrize("name", ["ict", "mpfb", "demo", "mean"])
def test_condyles_slide_down_the_eminence(name):
    """Opening carries the condyles forward and down, 20 to 45 degrees steep, by 4 to 12 mm (Travers et al. 2000: 12 mm
    at the widest), twice as far at twice the opening."""
    jaw = adult() if name == "mean" else head(name).jaw
    half, whole = moved(jaw, jaw.hinge, 0.5, 0.0, 0.0), moved(jaw, jaw.hinge, 1.0, 0.0, 0.0)
    assert abs(whole[0]) < 1e-12 and 20.0 < np.rad2deg(np.arctan2(-whole[1], whole[2])) < 45.0
    assert 0.4 < np.linalg.norm(whole) < 1.2 and np.allclose(whole, 2.0 * half, atol=1e-12)


def test_ict_jaw_moves_as_its_lower_teeth():
    """ICT's lower teeth, which the fit does not see, are rigid under jawOpen: turn within 0.07 rad (the whole chin's
    skin lags behind them by 4 mm), way of the condyles within 2 mm, teeth within 4.5 mm of 40."""
    h = head("ict_whole")
    teeth = np.concatenate([p.vertices for p in h.parts if p.kind == "teeth_lower"])
    x = h.vertices[teeth]
    r, t, residual = jaws.rigid_fit(x, x + h.shape("jawOpen")[teeth])
    assert residual.max() < 0.2
    assert abs(jaws.rotation_vector(r)[0] - h.jaw.open_angle) < 0.07
    hinge = h.jaw.hinge
    assert np.linalg.norm(r @ hinge + t - hinge - h.jaw.slide[0]) < 0.2
    motion, shift = h.jaw.motion(1.0, 0.0, 0.0)
    assert np.sqrt(np.mean(np.sum((x @ (motion - r).T + shift - t) ** 2, axis=1))) < 0.45


@pytest.mark.parametrize("names", [("jawLeft",), ("jawRight",), ("jawLeft", "jawRight")])
def test_one_sideways_shape_is_enough(names):
    """A known sideways motion comes back from jawLeft, jawRight or both (1 mm)."""
    jaw, chin = adult(), np.array([0.0, -7.0, 10.0]) + np.random.default_rng(1).normal(size=(40, 3))
    side = {"jawLeft": 1.0, "jawRight": -1.0}
    deltas = {n: np.array([moved(jaw, x, 0.0, 0.0, side[n]) for x in chin]) for n in names}
    found = jaws.fit_jaw(jaw.hinge, chin, deltas, {})
    for q in (1.0, -1.0):
        assert np.linalg.norm(moved(found, chin[0], 0.0, 0.0, q) - moved(jaw, chin[0], 0.0, 0.0, q)) < 0.1


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


def test_halves_of_a_jaw_shape_share_its_motion():
    """A jawOpen in two halves opens the jaw once when both are on."""
    chin = np.array([[x, -9.0 + 0.3 * y, 10.0] for x in (-1.0, 0.0, 1.0) for y in (0.0, 1.0, 2.0)])
    names = {"jawOpen": ("jawOpen_L", "jawOpen_R"), "jawForward": ("jawForward",)}
    of_shape = jaws.fit_jaw(np.array([0.0, -1.0, 1.0]), chin, {}, names).jaw_of_shape
    assert np.array_equal(np.add(of_shape["jawOpen_L"], of_shape["jawOpen_R"]), [1.0, 0.0, 0.0])
    assert of_shape["jawForward"] == (0.0, 1.0, 0.0)
