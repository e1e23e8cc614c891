# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""When a drag is near enough: what its steps tell, against energies whose minimum is known."""

import numpy as np
import pytest
from muscle_face.core.physics.follow import NEAR, _Descent
from muscle_face.core.physics.lbfgs import Memory

SOFT = np.array([[1.0, 0.1, 1.0]])
"""Stiffness by axis; the inverse that the steps use takes it for one on all of them."""


def descent(start: list[float], stiffness: np.ndarray = SOFT, rate: float = 0.2) -> _Descent:
    """Down a parabola whose minimum is at the origin, from a start [cm], until it says that it is near."""
    energy = lambda x: (0.5 * float((stiffness * x * x).sum()), stiffness * x)  # noqa: E731
    descent = _Descent(energy, [np.array([start])], np.ones(1, bool), Memory())
    descent.begin(lambda g: g, rate)
    while not descent.near and not descent.spent:
        descent.step()
    return descent


@pytest.mark.parametrize("stiff", [0.05, 0.1, 0.3])
def test_short_steps_do_not_end_a_drag_that_is_far(stiff):
    """A step settles what is stiff, the one after is short: only the next shows how far the soft still has to go."""
    far = descent([stiff, 0.2, 0.0])
    assert far.near
    assert np.linalg.norm(far.at) <= NEAR


def test_one_good_step_is_enough():
    """With the true stiffness the minimum is one step away, and nothing more is spent on it."""
    good = descent([0.3, 0.2, -0.1], np.ones((1, 3)))
    assert good.near
    assert (good.taken, good.evaluations) == (1, 2)
    assert np.allclose(good.at, 0.0)


def test_a_drag_at_its_minimum_takes_no_step():
    assert descent([0.0, 0.0, 0.0]).taken == 0
