# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The muscles lie in the face as in an anatomy atlas."""

import numpy as np
import pytest
from anatomy_heads import head, muscles
from muscle_face.core.anatomy.fibres import blurred_box, muscle_fibres
from muscle_face.core.anatomy.muscle_table import MUSCLE_TABLE
from muscle_face.core.anatomy.muscles import SkinDepth
from scipy.spatial import cKDTree

HEADS = ("ict", "mpfb", "demo")
PAIRED = (
    "zygomaticus_major zygomaticus_minor levator_labii_superioris levator_labii_superioris_alaeque_nasi "
    "levator_anguli_oris risorius buccinator depressor_anguli_oris depressor_labii_inferioris mentalis platysma "
    "frontalis_medial frontalis_lateral corrugator_supercilii depressor_supercilii orbicularis_oculi_orbital "
    "orbicularis_oculi_palpebral levator_palpebrae_superioris nasalis_transverse nasalis_alar "
    "incisivus_labii_superioris incisivus_labii_inferioris"
).split()
SINGLE = (
    "procerus depressor_septi_nasi orbicularis_oris_upper_marginal orbicularis_oris_upper_peripheral "
    "orbicularis_oris_lower_marginal orbicularis_oris_lower_peripheral"
).split()
# [cm], adult ranges: Gray's Anatomy; Freilinger 1987 for the lip muscles, rounded outwards.
LENGTHS = {
    "zygomaticus_major_L": (5.0, 7.2),
    "zygomaticus_minor_L": (4.0, 6.2),
    "levator_labii_superioris_L": (3.5, 5.8),
    "levator_anguli_oris_L": (2.5, 4.5),
    "levator_labii_superioris_alaeque_nasi_L": (3.0, 5.5),
    "depressor_anguli_oris_L": (2.5, 5.0),
    "depressor_labii_inferioris_L": (2.0, 4.0),
    "mentalis_L": (1.3, 3.0),
    "frontalis_medial_L": (3.5, 7.0),
    "corrugator_supercilii_L": (2.0, 4.0),
    "procerus": (2.0, 4.0),
    "risorius_L": (3.0, 6.0),
    "buccinator_L": (3.0, 6.5),
    "orbicularis_oculi_orbital_L": (9.0, 15.0),
    "orbicularis_oris_upper_peripheral": (5.0, 8.5),
}


def resampled(path: np.ndarray) -> np.ndarray:
    """30 points (30, 3) at equal steps along the path."""
    s = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    return np.stack([np.interp(np.linspace(0, s[-1], 30), s, path[:, k]) for k in range(3)], axis=1)


def test_the_table_is_complete():
    """Every muscle of the design is there once, with action units, a sensible size and a known bone."""
    assert sorted(s.name for s in MUSCLE_TABLE if s.paired) == sorted(PAIRED)
    assert sorted(s.name for s in MUSCLE_TABLE if not s.paired) == sorted(SINGLE)
    for spec in MUSCLE_TABLE:
        assert spec.au and spec.kind in ("strap", "sheet", "ring") and spec.bone in ("cranium", "mandible", "")
        assert 0.3 <= spec.width <= 5.0 and 0.1 <= spec.thickness <= 1.0
        assert all(len(route) == len(spec.routes[0]) for route in spec.routes)
    units = {u for s in MUSCLE_TABLE for u in s.au}
    assert {1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 22, 23, 24} <= units


@pytest.mark.parametrize("name", HEADS)
def test_every_muscle_is_placed(name):
    """Pairs come as _L and _R, the others as they are."""
    assert sorted(muscles(name)) == sorted([f"{n}_{s}" for n in PAIRED for s in "LR"] + SINGLE)


@pytest.mark.parametrize("name", ["ict", "mpfb"])
def test_sides_mirror_each_other(name):
    """On a symmetric head left and right agree within 2 mm."""
    placed = muscles(name)
    for base in PAIRED:
        for left, right in zip(placed[f"{base}_L"].paths, placed[f"{base}_R"].paths, strict=True):
            assert np.linalg.norm(resampled(left) * [-1, 1, 1] - resampled(right), axis=1).max() < 0.2, base


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("muscle", LENGTHS)
def test_lengths_are_anatomical(name, muscle):
    """Lengths lie in the adult range."""
    low, high = LENGTHS[muscle]
    assert low < muscles(name)[muscle].length < high


@pytest.mark.parametrize("name", HEADS)
def test_muscles_lie_between_skin_and_bone(name):
    """No path leaves the skin or sinks below the bone by more than 1.5 mm (paths are straightened over creases)."""
    h = head(name)
    flesh = SkinDepth(h)
    corners_tree = cKDTree(h.vertices[np.unique(flesh.outer)])
    for muscle in muscles(name).values():
        if muscle.name.startswith("levator_palpebrae"):
            continue
        points = np.concatenate(muscle.paths)
        corners, weights = flesh._target.closest(points)
        skin = np.einsum("ij,ijk->ik", weights, h.vertices[corners])
        normal = np.einsum("ij,ijk->ik", weights, flesh.normals[corners])
        inward = ((skin - points) * normal).sum(axis=1)
        depth = (weights * h.tissue_depth[corners]).sum(axis=1)
        assert inward.min() > -0.05, muscle.name
        assert (inward - depth).max() < 0.15, muscle.name
        assert corners_tree.query(points)[0].max() < 2.8, muscle.name


def test_origins_on_bone_are_at_bone_depth():
    """Muscles that arise from bone start where the bone is (2 mm), or at the lining where flesh hides none."""
    h = head("ict")
    flesh = SkinDepth(h)
    for name in ("zygomaticus_major_L", "levator_labii_superioris_L", "corrugator_supercilii_R", "mentalis_L"):
        start = muscles("ict")[name].paths[0][:1]
        corners, weights = flesh._target.closest(start)
        skin = np.einsum("ij,ijk->ik", weights, h.vertices[corners])
        depth = (weights * flesh.depth[corners]).sum(axis=1)
        assert abs(np.linalg.norm(skin - start) - depth[0]) < 0.2, name


@pytest.mark.parametrize("name", HEADS)
def test_muscles_pull_the_way_their_action_unit_says(name):
    """From insertion to origin: smile up and back, frown down, brow up, lip up, chin skin up."""
    placed = muscles(name)

    def pull(muscle: str) -> np.ndarray:
        path = placed[muscle].paths[0]
        return (path[0] - path[-1]) / np.linalg.norm(path[0] - path[-1])

    smile = pull("zygomaticus_major_L")
    assert smile[0] > 0.2 and smile[1] > 0.5 and smile[2] < -0.2
    assert pull("zygomaticus_major_R")[0] < -0.2
    assert pull("depressor_anguli_oris_L")[1] < -0.6
    assert pull("frontalis_medial_L")[1] > 0.8
    assert pull("levator_labii_superioris_L")[1] > 0.7
    assert pull("mentalis_L")[1] > 0.7
    assert pull("depressor_labii_inferioris_L")[1] < -0.6
    assert pull("corrugator_supercilii_L")[0] < -0.7
    assert pull("risorius_L")[0] > 0.3 and pull("risorius_L")[2] < -0.3


def grid(low: np.ndarray, high: np.ndarray, step: float) -> np.ndarray:
    """Regular points (n, 3) in a box."""
    axes = [np.arange(a, b, step) for a, b in zip(low, high, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)


@pytest.mark.parametrize("size", [0.2, 0.4, 0.6])
def test_coarse_tets_hold_the_muscles_volume(size):
    """Summed over a grid, a muscle's fractions give width x thickness x length within 15 % at any tet size."""
    for name in ("zygomaticus_major_L", "corrugator_supercilii_L", "orbicularis_oculi_orbital_L", "frontalis_medial_R"):
        muscle = muscles("ict")[name]
        around = np.concatenate(muscle.paths)
        points = grid(around.min(axis=0) - 2.0, around.max(axis=0) + 2.0, size)
        _, _, fraction, direction = muscle_fibres([muscle], points, np.full(len(points), size))
        assert fraction.max() <= 1.0
        assert np.allclose(np.linalg.norm(direction, axis=1), 1.0)
        assert abs(fraction.sum() * size**3 / muscle.volume - 1.0) < 0.15, name


def test_volumes_are_met_when_given():
    """With tet volumes the total is brought to the muscle's own within 2 %, even where a part of it has no flesh."""
    muscle = muscles("ict")["zygomaticus_major_L"]
    points = grid(*(np.concatenate(muscle.paths).min(axis=0) - 1, np.concatenate(muscle.paths).max(axis=0) + 1), 0.3)
    points = points[points[:, 0] > muscle.paths[0][:, 0].min() + 0.4]
    size = np.full(len(points), 0.3)
    _, _, fraction, _ = muscle_fibres([muscle], points, size, size**3)
    assert fraction.max() <= 1.0
    assert abs(fraction.sum() * 0.027 / muscle.volume - 1.0) < 0.02


@pytest.mark.parametrize("name", HEADS)
def test_lips_do_not_share_muscle(name):
    """Between the mouth corners nothing of the upper lip's muscles lies below the mouth line, and the reverse."""
    p = head(name).landmarks
    points = grid(p["mouth_corner_R"] - [-0.05, 1, 1], p["mouth_corner_L"] + [-0.05, 1, 2], 0.2)
    placed = [m for m in muscles(name).values() if m.lip]
    index, point, _, _ = muscle_fibres(placed, points, np.full(len(points), 0.5))
    line = placed[0].mouth_line
    above = points[:, 1] > np.interp(points[:, 0], line[:, 0], line[:, 1])
    lips = np.array([m.lip for m in placed])
    assert len(index) > 100
    assert ((lips[index] > 0) == above[point]).all()


def test_the_blurred_box_keeps_its_integral():
    """Whatever the blur, the profile integrates to the width and never exceeds one."""
    d = np.linspace(-5, 5, 20001)
    for width, blur in ((1.0, 0.3), (0.3, 1.0), (0.5, 0.5)):
        y = blurred_box(d, width, np.full_like(d, blur))
        assert y.max() <= 1.0
        assert abs(y.sum() * (d[1] - d[0]) - width) < 1e-3
