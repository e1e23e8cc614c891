# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Factored stiffness that is turned with the flesh."""

import numpy as np
import pytest
from flesh_blocks import MODULI, block, fibres_along
from muscle_face.core.physics.cholesky import Cholesky
from muscle_face.core.physics.face_flesh import Load, stiffness_blocks
from muscle_face.core.physics.flesh import Flesh
from muscle_face.core.physics.warped import Warping
from scipy.spatial.transform import Rotation


@pytest.fixture(scope="module")
def flesh() -> Flesh:
    """A bar on springs, held at one end."""
    b = block((2.4, 0.5, 0.5), (8, 3, 3), shake=0.02)
    moduli = np.tile(MODULI["mooney_rivlin"], (len(b.tets), 1))
    spring = np.full(len(b.nodes), 0.1)
    return Flesh(b.nodes, b.tets, moduli, fibres_along((1, 0, 0), len(b.tets)), b.nodes[:, 0] < 1e-9, spring)


def inverse_at(flesh: Flesh, x: np.ndarray):
    """Inverse of the stiffness in a pose, projected to be definite."""
    still = Load(x, flesh.rest, np.zeros_like(x), np.zeros(flesh.fibres.count))
    return Cholesky(flesh.ordering, stiffness_blocks(flesh, x, still, definite=True), single=True).packed()


def test_flesh_that_turns_whole_turns_its_stiffness(flesh):
    """Laws do not know where space is: of a pose turned by 100 degrees the turned inverse is the true one."""
    R = Rotation.from_rotvec([0.9, -1.2, 0.8]).as_matrix()
    turned = flesh.rest @ R.T + [0.3, 0.0, -0.2]
    g = np.random.default_rng(1).standard_normal((len(flesh.free), 3))
    ours = Warping(flesh).turned(inverse_at(flesh, flesh.rest), flesh.rest, turned)(g)
    true = inverse_at(flesh, turned)(g)
    # Factors are in single precision.
    assert np.linalg.norm(ours - true) < 1e-4 * np.linalg.norm(true)


def test_bent_flesh_is_served_better(flesh):
    """In a bar bent by 60 degrees, a step by the turned inverse misses the true step by two thirds of what one by the
    inverse as it was misses: what is left is strain."""
    x, y, z = flesh.rest.T
    angle = np.pi / 3 * x / x.max()
    radius = x.max() / (np.pi / 3) - (y - y.mean())
    bent = np.stack([radius * np.sin(angle), -radius * np.cos(angle), z], axis=1)
    g = np.random.default_rng(2).standard_normal((len(flesh.free), 3))
    old = inverse_at(flesh, flesh.rest)
    true = inverse_at(flesh, bent)(g)
    plain, ours = old(g), Warping(flesh).turned(old, flesh.rest, bent)(g)
    assert np.linalg.norm(ours - true) < 2 / 3 * np.linalg.norm(plain - true)


def test_flesh_that_is_turned_over_has_no_rotation(flesh):
    """A mirrored block has no rotation, and none is made up."""
    rotations = Warping(flesh).rotations(flesh.rest, flesh.rest * [-1.0, 1.0, 1.0])
    assert (rotations == np.eye(3)).all()
