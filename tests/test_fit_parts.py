# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The pieces of the fit by themselves, against SciPy, differences and what they were made from."""

from types import SimpleNamespace

import numpy as np
import pytest
from anatomy_heads import model
from muscle_face.core.fit.box import box_minimum
from muscle_face.core.fit.camera import Camera
from muscle_face.core.fit.head import Head, carried, head_between
from muscle_face.core.fit.image import ContourTerm, placed_by_image
from muscle_face.core.fit.options import FitOptions
from muscle_face.core.fit.readable import Quadratic, few_controls
from muscle_face.core.fit.robust import robust_weights
from muscle_face.core.fit.setting import movable
from muscle_face.core.fit.smoothing import smoothed
from muscle_face.core.fit.targets import Contour, SkinPoints
from scipy.optimize import lsq_linear
from scipy.spatial.transform import Rotation


def a_camera() -> Camera:
    place = np.eye(4)
    place[:3, :3] = Rotation.from_rotvec([0.1, -0.4, 0.2]).as_matrix()
    place[:3, 3] = [1.0, -2.0, -60.0]
    return Camera(900.0, 950.0, 410.0, 290.0, 800, 600, place, (-0.2, 0.05, 0.01))


def some_points(count: int = 40) -> np.ndarray:
    return np.random.default_rng(0).normal(0.0, 6.0, (count, 3))


def test_pixels_and_their_derivative():
    """A point before Blender's camera lands where its formulas say; the derivative agrees with differences."""
    camera, points = a_camera(), some_points()
    at = points @ camera.world_to_camera[:3, :3].T + camera.world_to_camera[:3, 3]
    x, y = at[:, 0] / -at[:, 2], at[:, 1] / -at[:, 2]
    r2 = x**2 + y**2
    bent = 1.0 - 0.2 * r2 + 0.05 * r2**2 + 0.01 * r2**3
    pixels, slope = camera.project_with_derivative(points)
    assert np.allclose(pixels, np.stack([410.0 + 900.0 * bent * x, 290.0 + 950.0 * bent * y], 1))
    for k in range(3):
        step = 1e-5 * np.eye(3)[k]
        difference = (camera.project(points + step) - camera.project(points - step)) / 2e-5
        assert np.allclose(slope[:, :, k], difference, atol=1e-6)
    assert np.allclose(camera.straightened(pixels), np.stack([x, y], 1), atol=1e-12)


def test_behind_the_camera_is_nowhere():
    """What a camera cannot see has no pixel."""
    camera = a_camera()
    behind = -np.linalg.inv(camera.world_to_camera)[:3, :3] @ [0.0, 0.0, -70.0]
    assert np.isnan(camera.project(behind[None])).all()


@pytest.mark.parametrize("hidden", [3, 1])
def test_a_contour_behind_the_camera_is_no_good_step(hidden):
    """All or some of a curve out of the camera's sight: its rows are numbers, and far off where nothing is seen."""
    camera, spots = a_camera(), np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [2.0, 0.0, 0.0]])
    pixels = camera.project(spots) + 3.0
    spots[:hidden] -= np.linalg.inv(camera.world_to_camera)[:3, :3] @ [0.0, 0.0, -200.0]
    rows = ContourTerm(Contour(SkinPoints.of_vertices(range(3)), pixels), camera, 1.0).frozen(spots, 1.0)(spots)
    assert np.isfinite(rows.value).all() and np.isfinite(rows.gradient.data).all()
    assert hidden < 3 or (rows.value == 1e6).all()


@pytest.mark.parametrize("seed", range(5))
def test_least_squares_in_a_box_like_scipy(seed):
    """The minimiser in a box is that of SciPy's exact solver, with most bounds active."""
    rng = np.random.default_rng(seed)
    A, b = rng.standard_normal((60, 40)), rng.standard_normal(60)
    low, high = -rng.uniform(0.0, 0.1, 40), rng.uniform(0.0, 0.2, 40)
    ours = box_minimum(A.T @ A, -A.T @ b, low, high)
    theirs = lsq_linear(A, b, (low - 1e-15, high + 1e-15), method="bvls", tol=1e-14).x
    assert ((ours <= low) | (ours >= high)).sum() > 5
    assert np.allclose(ours, theirs, atol=1e-9)


def test_a_head_is_found_from_points():
    """Turn, move and scale of points are recovered, and undone by ``back``."""
    head = Head(Rotation.from_rotvec([0.3, -1.0, 0.2]).as_matrix(), np.array([3.0, -1.0, 8.0]), 1.3)
    points = some_points()
    found = head_between(points, head.at(points), np.ones(len(points)), scale=True)
    assert np.allclose(found.matrix(), head.matrix())
    assert np.allclose(head.back(head.at(points)), points)
    moved = head.moved(np.array([0.1, 0.0, 0.0, 1.0, 2.0, 3.0, 0.0]), head.at(points).mean(0))
    assert np.allclose(moved.at(points).mean(0), head.at(points).mean(0) + [1.0, 2.0, 3.0])


def test_a_motion_is_carried_to_a_turned_grown_and_sculpted_neutral():
    """A similarity, mirrored or not, takes the moved points where it takes the neutral's; a sculpt stays on top."""
    rng = np.random.default_rng(7)
    neutral = rng.normal(size=(200, 3))
    moved = neutral + 0.1 * rng.normal(size=(200, 3))
    head = Head(Rotation.from_rotvec([0.4, -1.0, 0.3]).as_matrix(), np.array([3.0, -1.0, 2.0]), 100.0)
    assert np.allclose(carried(moved, neutral, head.at(neutral)), head.at(moved), atol=1e-9)
    mirror = np.array([1.0, -1.0, 1.0])
    assert np.allclose(carried(moved, neutral, mirror * head.at(neutral)), mirror * head.at(moved), atol=1e-9)
    sculpt = np.zeros_like(neutral)
    sculpt[:3] = 1e-4
    assert np.allclose(carried(moved, neutral, neutral + sculpt), moved + sculpt, atol=1e-5)


def test_a_head_is_found_in_an_image():
    """Exact pixels of points place the head to a millimetre in 60 cm, from no guess at all."""
    camera, points = a_camera(), some_points()
    head = Head(Rotation.from_rotvec([0.2, 0.5, -0.1]).as_matrix(), np.array([1.0, 2.0, -3.0]))
    found = placed_by_image(points, camera.project(head.at(points)), camera)
    # POSIT's iteration is cut off; the fit goes on from here.
    assert np.abs(found.at(points) - head.at(points)).max() < 0.1


def test_outliers_lose_their_weight():
    """Points far off the rest hardly count, unless all may be far off."""
    lengths = np.array([0.5, 1.0, 0.8, 1.2, 0.9, 40.0])
    weights = robust_weights(lengths, 2, 1.0)
    assert weights[:5].min() > 0.7 and weights[5] < 1e-3
    assert robust_weights(lengths, 2, 50.0).min() > 0.8


def test_few_controls_are_the_ones_that_made_it():
    """Of forty sliders of which many are alike, the three that made a face are chosen."""
    rng = np.random.default_rng(3)
    J = rng.standard_normal((200, 12)) @ rng.standard_normal((12, 40)) + 0.3 * rng.standard_normal((200, 40))
    made = np.zeros(40)
    made[[4, 17, 30]] = [0.8, 0.5, 0.9]
    spread = made + 0.01 * rng.standard_normal(40)
    chosen = few_controls([Quadratic(J.T @ J, spread)], np.zeros(40), np.tile([0.0, 1.0], (40, 1)))
    assert chosen.tolist() == [4, 17, 30]


def test_smoothing_takes_jitter_and_leaves_blinks():
    """Noise on a slow curve shrinks to two thirds, a gap is filled, and a blink keeps nine tenths of its height."""
    rng, t = np.random.default_rng(0), np.arange(120.0)
    slow, blink = 0.5 + 0.4 * np.sin(t / 20.0), np.zeros(120)
    blink[60:66] = [0.4, 0.9, 1.0, 0.8, 0.4, 0.1]
    true = np.stack([slow, blink], 1)
    seen = true + 0.05 * rng.standard_normal(true.shape)
    information = [np.diag([400.0, 400.0])] * 120
    for gap in range(30, 33):
        information[gap], seen[gap] = np.zeros((2, 2)), 0.9
    found = smoothed(seen, information, np.array([0.05, 0.05]), t)
    away = np.r_[2:28, 36:58, 70:118]
    assert np.std((found - true)[away, 0]) < 0.67 * 0.05
    assert np.abs((found - true)[30:33, 0]).max() < 0.05
    assert found[60:66, 1].max() > 0.9


@pytest.mark.parametrize(("unit", "away"), [(1.0, 0.0), (1.0, 1e5), (1e-3, 30.0), (1e3, 1e7)])
def test_points_are_bound_far_from_the_origin_and_in_any_unit(unit, away):
    """Places on the skin of a head that stands a kilometre away are found to a thousandth of a millimetre."""
    m = model("demo")
    skin = unit * m.neutral + away
    there = SimpleNamespace(
        neutral=skin, triangles=m.triangles, skin_vertices=m.skin_vertices, mm_per_unit=m.mm_per_unit / unit
    )
    corners = m.triangles[::50]
    places = np.einsum("c,pci->pi", [0.5, 0.3, 0.2], skin[corners])
    gap = np.linalg.norm(SkinPoints.nearest(there, places).at(skin) - places, axis=1)
    assert gap.max() * there.mm_per_unit < 1e-3


def test_the_jaw_opens_what_no_shape_may():
    """A jaw slider rests where a shape that may move does the same, and moves where that shape is held."""
    m = model("demo")

    def names(**limits):
        return {m.controls().names[k] for k in movable(m, FitOptions(limits=limits))}

    assert "jawOpen" in names() and not {"jaw_open", "jaw_forward", "jaw_side"} & names()
    held = names(jawOpen=(0.2, 0.2), jawLeft=(0.0, 0.0))
    assert {"jaw_open", "jaw_side", "jawRight"} <= held and not {"jawOpen", "jaw_forward"} & held
