# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""A point of the skin knows what moves it and can be dragged."""

import numpy as np
from anatomy_heads import model
from muscle_face.core import influence


def corner(side: float) -> int:
    """The skin vertex at a mouth corner, +1 left."""
    face = model("demo")
    name = "mouth_corner_L" if side > 0 else "mouth_corner_R"
    at = face.rig.landmarks[[str(n) for n in face.rig.landmark_names].index(name)]
    skin = face.rig.skin
    return int(skin[np.linalg.norm(face.neutral[skin] - at, axis=1).argmin()])


def test_point_jacobian_is_three_rows_of_the_whole():
    """Three adjoint solves give what the full forward Jacobian has for the vertex."""
    face = model("demo")
    pose = face.solve({"jawOpen": 0.3, "zygomaticus_major_L": 0.5})
    vertex = corner(1)
    whole = face.jacobian(pose).reshape(-1, 3, len(pose.controls))[vertex]
    rows = influence.point_jacobian(face, pose, vertex)
    # Two ways through one factorisation: they part by its rounding.
    assert np.abs(rows - whole).max() < 1e-8 * np.abs(whole).max()


def test_what_moves_the_mouth_corner():
    """The muscles of the left corner lead the list of the left corner, and none of the brow is in it."""
    face = model("demo")
    rows = influence.ranked(face, influence.point_jacobian(face, face.solve({}), corner(1)), least_mm=0.5)
    muscles = [r.name for r in rows if r.kind == "muscle"]
    assert "zygomaticus_major_L" in muscles[:6] and "zygomaticus_major_R" not in muscles[:6]
    assert not any(name.startswith(("frontalis", "corrugator")) for name in muscles)
    assert [r.mm for r in rows] == sorted((r.mm for r in rows), reverse=True)


def test_a_dragged_point_arrives():
    """Dragging the corner to where a smile of 0.6 takes it brings it within a tenth of the way."""
    face = model("demo")
    rest, vertex = face.solve({}), corner(1)
    target = face.solve({"mouthSmileLeft": 0.6}).skin[vertex]
    pose = influence.drag(face, rest, vertex, target)
    way = np.linalg.norm(target - rest.skin[vertex])
    # The damping holds the sliders back by a few per cent of the way.
    assert np.linalg.norm(pose.skin[vertex] - target) < 0.1 * way
    bounds = face.controls().bounds
    assert (pose.controls >= bounds[:, 0]).all() and (pose.controls <= bounds[:, 1]).all()
    other = corner(-1)
    assert np.linalg.norm(pose.skin[other] - rest.skin[other]) < 0.5 * way


def test_a_drag_stays_in_bounds_and_leaves_frozen_sliders():
    """A drag far beyond what the face can do ends at the bounds; frozen sliders do not move."""
    jacobian = np.array([[1.0, 0.5, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    bounds = np.array([[0.0, 1.0]] * 3)
    values = influence.drag_step(jacobian, np.array([10.0, -10.0, 0.0]), np.array([0.2, 0.0, 0.0]), bounds)
    assert np.allclose(values, [1.0, 1.0, 0.0])
    values = influence.drag_step(jacobian, np.array([10.0, 0.0, 0.0]), np.zeros(3), bounds, frozen=[0])
    assert values[0] == 0.0 and values[1] == 1.0


def test_small_drags_are_the_least_squares_answer():
    """Away from the bounds a step solves the damped normal equations."""
    rng = np.random.default_rng(4)
    jacobian, offset = rng.normal(size=(3, 5)), 1e-3 * rng.normal(size=3)
    values = influence.drag_step(jacobian, offset, np.full(5, 0.5), np.array([[0.0, 1.0]] * 5))
    length = np.linalg.norm(jacobian, axis=0)
    cost = influence.DAMPING * length.max() ** 4 / length**2
    expected = np.linalg.solve(jacobian.T @ jacobian + np.diag(cost), jacobian.T @ offset)
    # lsq_linear stops at a relative 1e-10 of the cost.
    assert np.allclose(values - 0.5, expected, atol=1e-6 * np.abs(expected).max())


def test_nearest_line():
    """The nearest stroke counts its whole length, ends included."""
    lines = np.array([[[0.0, 0.0], [10.0, 0.0]], [[5.0, 3.0], [5.0, 9.0]]])
    assert influence.nearest_line(lines, np.array([5.0, 1.0])) == (0, 1.0)
    assert influence.nearest_line(lines, np.array([6.0, 5.0])) == (1, 1.0)
