# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Flesh that swells: by the volume it was told where it is free, and outwards where it sits on bone."""

import numpy as np
import pytest
from anatomy_heads import model
from flesh_blocks import MODULI, block, edges, fibres_along, flesh_of
from muscle_face.core import MuscleFaceError
from muscle_face.core.physics.face_flesh import FaceFlesh, Load
from muscle_face.core.swelling import SwollenFace, growth_strain

CHEEK_MM = 40.0


@pytest.mark.parametrize("law", MODULI)
@pytest.mark.parametrize("swelling", [0.5, -0.3])
def test_a_free_block_grows_by_exactly_its_swelling(law, swelling):
    """A block with a muscle that is free to grow ends as its own larger copy, without stress."""
    b = block()
    held = b.nodes[:, 0] < 1e-9
    flesh = flesh_of(b.nodes, b.tets, law, fixed=held, fibres=fibres_along((0.6, 0.8, 0.0), len(b.tets)))
    # Every length grows by the cube root: so does the face that is held.
    larger = np.cbrt(1.0 + swelling) * b.nodes
    strain = growth_strain(np.full(len(b.tets), swelling))
    load = Load(larger, b.nodes, np.zeros_like(b.nodes), np.zeros(1), strain)
    x, report = FaceFlesh(flesh).solve(load, [b.nodes], tolerance=1e-10)
    assert report.converged
    assert np.abs(x - larger).max() < 1e-7
    volumes = np.linalg.det(edges(x, b.tets)) / np.linalg.det(edges(b.nodes, b.tets))
    assert np.abs(volumes - (1.0 + swelling)).max() < 1e-6


def cheek() -> np.ndarray:
    """(V,) a vertex group on the left cheek of the demo head, 1 in its middle."""
    m = model("demo")
    middle = 0.5 * (m.landmarks["mouth_corner_L"] + m.landmarks["tragus_L"])
    far = np.linalg.norm(m.neutral - middle, axis=1) * m.mm_per_unit
    return np.maximum(0.0, 1.0 - far / CHEEK_MM)


def test_a_swollen_cheek_bulges_on_its_side():
    """The flesh takes up the volume it was told, the cheek comes out, the other side stays; shapes still act."""
    m, weights = model("demo"), cheek()
    swollen = SwollenFace(m, 0.4 * weights)
    pose = swollen.solve()
    assert pose.converged and not pose.inverted
    told = float(m.flesh.volume @ swollen.swelling) / m.flesh.volume.sum()
    # Flesh gives way a little where bone holds it: it is only nearly incompressible.
    assert 0.95 * 100.0 * told < swollen.volume_change(pose) < 100.0 * told
    moved = (pose.skin - m.neutral) * m.mm_per_unit
    best = weights.argmax()
    away = m.neutral[best] - m.neutral[m.skin_vertices].mean(0)
    assert moved[best] @ away > 0.0 and np.linalg.norm(moved[best]) > 2.0
    across = np.linalg.norm(m.neutral - m.neutral[best] * [-1.0, 1.0, 1.0], axis=1).argmin()
    assert np.linalg.norm(moved[across]) < 0.2
    smiling = swollen.solve({"mouthSmileLeft": 1.0}, start=pose)
    plain = m.solve({"mouthSmileLeft": 1.0})
    corner = np.linalg.norm(m.neutral - m.landmarks["mouth_corner_L"], axis=1).argmin()
    smile = np.linalg.norm(plain.skin - m.neutral, axis=1)[corner]
    assert np.linalg.norm((smiling.skin - pose.skin)[corner]) > 0.7 * smile
    assert np.abs(SwollenFace(swollen, np.zeros(m.vertex_count)).solve().skin - m.neutral).max() == 0.0


def test_derivatives_of_a_swollen_face_are_its_own():
    """The Jacobian by a muscle and a shape at a swollen pose is the central difference of its solves."""
    m = model("demo")
    swollen = SwollenFace(m, 0.4 * cheek())
    values = swollen.vector({"mouthSmileLeft": 0.5, "mentalis_L": 0.4})
    pose = swollen.solve(values, tolerance=1e-10)
    columns = swollen.jacobian(pose)
    for name in ("mouthSmileLeft", "mentalis_L"):
        k, step = swollen.controls().names.index(name), 1e-4
        ends = [swollen.solve(values + s * step * np.eye(len(values))[k], start=pose, tolerance=1e-10) for s in (1, -1)]
        slope = (ends[0].skin - ends[1].skin).ravel() / (2.0 * step)
        assert np.linalg.norm(columns[:, k] - slope) < 1e-4 * np.linalg.norm(slope)
    # What another face has worked out at the same pose is not taken for this one's.
    again = swollen.solve(values, tolerance=1e-10)
    assert not np.allclose(m.jacobian(again)[:, k], columns[:, k], rtol=1e-3)
    assert np.allclose(swollen.jacobian(again), columns, atol=1e-6 * np.abs(columns).max())


@pytest.mark.parametrize("bad", [np.zeros(3), "less than nothing", "not a number"])
def test_what_cannot_swell_is_refused(bad):
    """One number a vertex, of flesh that stays: anything else is told."""
    m = model("demo")
    if isinstance(bad, str):
        bad = np.full(m.vertex_count, -1.0 if bad == "less than nothing" else np.nan)
    with pytest.raises(MuscleFaceError, match="Swelling is one number"):
        SwollenFace(m, bad)


def test_a_swollen_and_stiffened_face_stays_so_in_other_flesh():
    """Other tissue and other track springs leave the swelling and the stiffness; both are as if given afterwards."""
    m, swelling = model("demo"), 0.4 * cheek()
    held = SwollenFace(m, swelling).with_stiffness({"cheek": 2.0}).with_stiffness({"cheek": 0.25}, 1.0 + swelling)
    after = m.with_tissue("stanford")
    expected = SwollenFace(after, swelling).with_stiffness({"cheek": 0.5}, 1.0 + swelling)
    firm = held.with_tissue("stanford")
    assert firm.tissue == "stanford" and np.array_equal(firm.swelling, expected.swelling)
    assert np.allclose(firm.flesh.moduli, expected.flesh.moduli, rtol=1e-12)
    skins = [face.solve({"jaw_open": 0.3}, tolerance=1e-8).skin for face in (firm, expected, after)]
    assert np.abs(skins[0] - skins[1]).max() * m.mm_per_unit < 1e-3
    assert np.abs(skins[0] - skins[2]).max() * m.mm_per_unit > 1.0
    loose = SwollenFace(m, swelling).with_track_stiffness({"mouth": 2.0})
    assert isinstance(loose, SwollenFace) and loose.rig.track_stiffness.max() == 2.0
