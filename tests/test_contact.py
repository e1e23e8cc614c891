# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Lips on teeth: the obstacle's derivatives, its balance with a known pressure, and what it does on a face."""

import numpy as np
import pytest
from anatomy_heads import model
from face_proofs import jacobian_errors
from flesh_blocks import MODULI, block
from muscle_face.core.geometry.arch import heights
from muscle_face.core.physics.contact import ONSET, Contact, Teeth
from muscle_face.core.physics.face_flesh import FaceFlesh, Load
from muscle_face.core.physics.flesh import Fibres, Flesh
from scipy.spatial.transform import Rotation

STEP = 1e-6
PRESSES = {"orbicularis_oris_upper_peripheral": 0.8, "orbicularis_oris_lower_peripheral": 0.8, "jaw_forward": 0.4}


def pressed() -> tuple[Contact, np.ndarray]:
    """Points in front of and behind two arches, the lower of which is moved."""
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.uniform(-2.5, 2.5, 60), rng.normal(size=60), rng.uniform(1.0, 4.5, 60)])
    arch = np.array([[0.2, 3.0, 4.0], [0.1, 2.8, 4.4]])
    teeth = Teeth(np.arange(60), np.arange(60) % 2, rng.uniform(1.0, 2.0, 60), arch, x)
    return Contact(teeth, Rotation.from_rotvec([0.2, 0.05, 0.1]).as_matrix(), np.array([0.1, -0.2, 0.1]),
                   rng.uniform(-0.6, 0.0, 60)), x  # fmt: skip


def centred(function, steps: np.ndarray) -> np.ndarray:
    """Central differences of a function along each of the steps."""
    return np.array([(function(s) - function(-s)) / (2.0 * STEP) for s in STEP * steps])


def test_force_and_stiffness_are_derivatives_of_the_energy() -> None:
    """Force = -dE/dx and stiffness = -df/dx by finite differences, on the arch's front and sides."""
    contact, x = pressed()
    energies = centred(lambda s: contact.energy_and_force(x + s)[0], np.eye(3))
    forces = centred(lambda s: contact.energy_and_force(x + s)[1].copy(), np.eye(3))
    assert np.count_nonzero(contact.energy_and_force(x)[1].any(1)) > 20
    assert contact.energy_and_force(x)[1].sum(0) == pytest.approx(-energies, rel=1e-6)
    assert contact.stiffness(x)[0].transpose(2, 0, 1) == pytest.approx(-forces, abs=1e-6)


def test_force_follows_the_jaw_and_the_allowed_depth() -> None:
    """Its changes with the mandible's motion and with the floor by finite differences."""
    contact, x = pressed()
    spin, way = np.array([0.3, 0.2, -0.1]), np.array([0.3, 0.1, 0.2])

    def moved(by: float) -> np.ndarray:
        turn = Rotation.from_rotvec(by * spin).as_matrix() @ contact.turn
        return Contact(contact.teeth, turn, contact.shift + by * way, contact.floor).energy_and_force(x)[1].copy()

    def deeper(by: float) -> np.ndarray:
        floor = contact.floor + by
        return Contact(contact.teeth, contact.turn, contact.shift, floor).energy_and_force(x)[1].copy()

    turning = np.cross(spin, contact.turn.T).T
    one = np.ones(1)
    K, lift = contact.stiffness(x)
    assert contact.by_motion(x, K, turning[None], way[None]) == pytest.approx(centred(moved, one), abs=1e-6)
    assert lift == pytest.approx(centred(deeper, one)[0], abs=1e-6)


def test_heights_on_a_circle_are_distances() -> None:
    """An arch of equal half axes is a cylinder, whose distance is known."""
    _, x = pressed()
    assert heights(x, np.array([0.5, 2.0, 2.0])) == pytest.approx(np.hypot(x[:, 0], x[:, 2] - 0.5) - 2.0)


def test_teeth_carry_what_presses_on_them() -> None:
    """A slab pressed on an arch as good as flat sinks in by pressure / stiffness, and the forces balance."""
    b = block((1.0, 1.0, 0.4))
    radius, pressure, stiffness = 1e4, 1.2, 40.0
    node = np.flatnonzero(b.nodes[:, 2] < 1e-9)
    top = np.flatnonzero(b.face(2))
    shares = np.zeros((2, len(b.nodes)))
    for side, nodes in enumerate((node, top)):
        # Each node's share of its face: cells of the grid meet in one, two or four of their corners.
        edge = sum(np.isin(b.nodes[nodes, axis], (0.0, 1.0)).astype(int) for axis in (0, 1))
        shares[side, nodes] = 0.5**edge
        shares[side] /= shares[side].sum()
    flesh = Flesh(b.nodes, b.tets, np.tile(MODULI["mooney_rivlin"], (len(b.tets), 1)), Fibres.none(),
                  np.zeros(len(b.nodes), bool),
                  np.full(len(b.nodes), 1e-4))  # fmt: skip
    teeth = Teeth(node, np.zeros(len(node), int), stiffness * shares[0, node],
                  np.array([[-radius, radius, radius]] * 2), b.nodes)  # fmt: skip
    contact = teeth.in_pose(np.eye(3), np.zeros(3), np.zeros(len(node)))
    push = np.zeros_like(b.nodes)
    push[:, 2] = -pressure * shares[1]
    load = Load(b.nodes, b.nodes, push, np.zeros(0), contact=contact)
    x, report = FaceFlesh(flesh).solve(load, [b.nodes], tolerance=1e-5)
    assert report.converged
    force = contact.energy_and_force(x)[1]
    assert force.sum(0) == pytest.approx((0.0, 0.0, pressure), abs=1e-3)
    depth = np.average(-x[node, 2], weights=shares[0, node])
    assert depth == pytest.approx(pressure / stiffness + 0.5 * float(ONSET), abs=1e-4)


def test_lips_stay_off_the_teeth() -> None:
    """The ring muscle at full strength presses the lining into the teeth by less than a millimetre; without them, it
    goes through."""
    face = model("demo")
    values = {n: 1.0 for n in face.muscles if n.startswith("orbicularis_oris")}
    held, through = (_depth_mm(face, x) for x in (face.solve(values).nodes, _through(face, values)))
    assert held < 1.0 < 2.0 < through


def test_shapes_and_neutral_meet_no_teeth() -> None:
    """At rest and in every shape at 1 the teeth push with no force: the artist's shape is the artist's."""
    face = model("demo")
    for k, name in enumerate([None, *face.shapes]):
        c = face.vector({name: 1.0} if name else {})
        contact = face.load_of(c, face.rest_gravity)[0].contact
        x = face.rig.nodes + (face.rig.displacement(k - 1) if name else 0.0)
        assert np.abs(contact.energy_and_force(x)[1]).max() < 1e-9, name


def test_derivatives_hold_on_the_teeth() -> None:
    """Columns of the Jacobian with lips pressed on a moved row of teeth, by central differences of the whole solve."""
    face = model("demo")
    pose = face.solve(PRESSES, tolerance=1e-9)
    assert face.load_of(pose.controls, pose.gravity)[0].contact.energy_and_force(pose.nodes)[0] > 1e-4
    names = ["jaw_forward", "jaw_open", "orbicularis_oris_lower_peripheral", "mouthRollLower"]
    errors, still = jacobian_errors(face, pose, names)
    assert not still
    assert max(errors.values()) < 1e-4, errors


def _depth_mm(model, x: np.ndarray) -> float:
    """How far the lining lies under the teeth beyond where it lies at rest, at its deepest, with the jaw at rest."""
    teeth = model.teeth.teeth
    return float(10.0 * (teeth.at_rest - teeth.height(x, np.eye(3), np.zeros(3))).max())


def _through(model, values: dict) -> np.ndarray:
    """Nodes (N, 3) of the same pose without teeth."""
    load = model.load_of(model.vector(values), model.rest_gravity)[0]
    bare = Load(load.fixed, load.anchor, load.force, load.activation, load.strain)
    return FaceFlesh(model.flesh).solve(bare, [model.rig.nodes])[0]
