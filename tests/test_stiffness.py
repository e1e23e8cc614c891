# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Flesh made softer or stiffer for a while: mechanics say by how much it gives way, and shapes stay the artist's."""

import numpy as np
import pytest
from anatomy_heads import model
from flesh_blocks import MODULI, block, flesh_of
from muscle_face.core import MuscleFaceError
from muscle_face.core.live import LiveFace
from muscle_face.core.physics.face_flesh import FaceFlesh, Load

PARTS = ("brow", "eye", "nose", "cheek", "mouth", "jaw", "neck")


def hung(flesh, force: np.ndarray, solver: FaceFlesh | None = None) -> np.ndarray:
    """(N, 3) nodes of a block under forces (N, 3) on them."""
    load = Load(flesh.rest, flesh.rest, force, np.zeros(0))
    x, report = (solver or FaceFlesh(flesh)).solve(load, [flesh.rest], tolerance=1e-8)
    assert report.converged
    return x


@pytest.mark.parametrize("law", MODULI)
@pytest.mark.parametrize("factor", [0.25, 3.0])
def test_stiffer_flesh_takes_as_much_more_force(law, factor):
    """Energy is linear in the moduli: k times as stiff under k times the force is the same shape, at any strain."""
    b = block()
    flesh = flesh_of(b.nodes, b.tets, law, fixed=b.nodes[:, 0] < 1e-9)
    force = np.where(b.face(0)[:, None], [0.004, -0.006, 0.003], 0.0)
    plain = hung(flesh, force)
    assert np.abs(plain - flesh.rest).max() > 0.05
    other = flesh.stiffened(np.full(len(b.tets), factor))
    # By a solver that begins with the factors of the flesh as it was.
    assert np.abs(hung(other, factor * force, FaceFlesh(flesh).twin(other)) - plain).max() < 1e-6


def test_halves_of_a_bar_stretch_by_their_own_stiffness():
    """A bar whose far half is three times as stiff: that half stretches a third (springs in series)."""
    b = block((8.0, 0.5, 0.5), (32, 3, 3), 0.0)
    flesh = flesh_of(b.nodes, b.tets, "mooney_rivlin", fixed=b.nodes[:, 0] < 1e-9)
    force = np.where(b.face(0)[:, None], [1e-4, 0.0, 0.0], 0.0)
    far = b.nodes[b.tets].mean(1)[:, 0] > 4.0
    middle = np.abs(b.nodes[:, 0] - 4.0) < 1e-9

    def stretches(flesh) -> np.ndarray:
        move = (hung(flesh, force) - flesh.rest)[:, 0]
        return np.array([move[middle].mean(), move[b.face(0)].mean() - move[middle].mean()])

    ratio = stretches(flesh.stiffened(np.where(far, 3.0, 1.0))) / stretches(flesh)
    # Where the halves meet, the stiff one hinders the other's narrowing.
    assert ratio == pytest.approx([1.0, 1.0 / 3.0], rel=0.03)


def test_soft_flesh_sags_and_gives_way_to_muscles_but_not_to_shapes():
    """Half as stiff: the face hangs lower, a muscle moves it further, an expression comes out as it was sculpted."""
    m = model("demo")
    soft, firm = (m.with_stiffness(dict.fromkeys(PARTS, factor)) for factor in (0.5, 2.0))
    skin, mm = m.skin_vertices, m.mm_per_unit
    down = m.rest_gravity / np.linalg.norm(m.rest_gravity)
    rest = {face: face.solve() for face in (soft, firm)}
    drop = [float(((rest[face].skin - m.neutral)[skin] @ down).mean()) for face in (soft, firm)]
    assert drop[0] > 0.0 > drop[1]

    def moved(face, name: str) -> np.ndarray:
        still = rest[face].skin if face in rest else m.neutral
        return (face.solve({name: 1.0}).skin - still)[skin] * mm

    way = [np.linalg.norm(moved(face, "zygomaticus_major_L"), axis=1).max() for face in (soft, m, firm)]
    assert way[0] > 1.1 * way[1] > 1.2 * way[2]
    for face in (soft, firm):
        assert np.linalg.norm(moved(face, "jawOpen") - moved(m, "jawOpen"), axis=1).max() < 0.2


def test_one_part_is_softened_alone():
    """Slack cheeks leave the brow where it was."""
    m = model("demo")
    moved = np.linalg.norm(m.with_stiffness({"cheek": 0.2}).solve().skin - m.neutral, axis=1) * m.mm_per_unit
    cheek, brow = (np.linalg.norm(m.neutral - m.landmarks[n], axis=1).argmin() for n in ("cheek_L", "brow_mid_L"))
    assert moved[cheek] > 10.0 * moved[brow]


def test_painted_flesh_is_as_stiff_as_it_is_painted():
    """Painted all over it is the face whose parts all have that factor; painted on one side, the other stays."""
    m = model("demo")
    whole = m.with_stiffness({}, np.full(m.vertex_count, 2.0)).flesh.moduli
    assert np.allclose(whole, m.with_stiffness(dict.fromkeys(PARTS, 2.0)).flesh.moduli, rtol=1e-12)
    left = m.neutral[:, 0] > 0.0
    half = m.with_stiffness({"cheek": 0.5}, np.where(left, 0.4, 1.0))
    factor = half.flesh.moduli[:, 0] / m.with_stiffness({"cheek": 0.5}).flesh.moduli[:, 0]
    side = m.rig.nodes[m.rig.tets].mean(1)[:, 0]
    assert np.allclose(factor[side < -2.0], 1.0) and np.allclose(factor[side > 2.0], 0.4)


def test_derivatives_of_a_stiffened_face_are_its_own():
    """The Jacobian by a muscle and a shape is the central difference of its own solves."""
    m = model("demo").with_stiffness({"cheek": 0.4, "mouth": 2.5})
    values = m.vector({"mouthSmileLeft": 0.5, "mentalis_L": 0.4})
    pose = m.solve(values, tolerance=1e-10)
    columns = m.jacobian(pose)
    for name in ("mouthSmileLeft", "mentalis_L"):
        k, step = m.controls().names.index(name), 1e-4
        ends = [m.solve(values + s * step * np.eye(len(values))[k], start=pose, tolerance=1e-10) for s in (1, -1)]
        slope = (ends[0].skin - ends[1].skin).ravel() / (2.0 * step)
        assert np.linalg.norm(columns[:, k] - slope) < 1e-4 * np.linalg.norm(slope)


def test_a_drag_follows_the_stiffened_face():
    """Near answers and the settled one are those of the face as stiff as it is now."""
    m = model("demo")
    firm, values = m.with_stiffness({"mouth": 3.0, "cheek": 3.0}), {"zygomaticus_major_L": 0.6}
    live = LiveFace(m)
    try:
        near = live.follow(values, model=firm)
        exact = firm.solve(values, tolerance=1e-7)
        assert np.linalg.norm(near.skin - exact.skin, axis=1).max() * m.mm_per_unit < 0.5
        settled = live.settle(near, model=firm)
        assert np.linalg.norm(settled.skin - exact.skin, axis=1).max() * m.mm_per_unit < 0.05
        back = live.settle(live.follow(values))
        assert np.linalg.norm(back.skin - m.solve(values).skin, axis=1).max() * m.mm_per_unit < 0.1
    finally:
        live.close()


def test_stiffness_is_remembered_once():
    """The same factors are the same face, all ones are the face as it was."""
    m = model("demo")
    firm = m.with_stiffness({"jaw": 2.0})
    assert m.with_stiffness({"jaw": 2.0}) is firm
    same, plain = (face.solve({"jaw_open": 0.5}, tolerance=1e-8).skin for face in (m.with_stiffness({}), m))
    assert np.abs(same - plain).max() < 1e-5


@pytest.mark.parametrize("factors", [{"ear": 2.0}, {"cheek": 0.0}, {"cheek": float("nan")}])
def test_what_no_flesh_can_be_is_refused(factors):
    """Unknown parts and factors that are no stiffness are told."""
    with pytest.raises(MuscleFaceError, match=r"no region|goes from"):
        model("demo").with_stiffness(factors)


@pytest.mark.parametrize("painted", [np.ones(3), np.zeros(12)])
def test_paint_that_is_no_stiffness_is_refused(painted):
    """Another number of vertices, and a stiffness of nothing."""
    m = model("demo")
    painted = np.full(m.vertex_count, painted[0]) if painted[0] == 0.0 else painted
    with pytest.raises(MuscleFaceError, match=r"one number|goes from"):
        m.with_stiffness({}, painted)
