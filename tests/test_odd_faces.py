# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The line of lips that are one surface, and what a face that is not whole is told."""

import numpy as np
import pytest
from anatomy_heads import head, mesh
from muscle_face.core import MuscleFaceError
from muscle_face.core.anatomy import face_search, plausible
from muscle_face.core.anatomy.crease import mouth_crease, outer_corner
from muscle_face.core.anatomy.head import analyse_head
from muscle_face.core.anatomy.mirror_plane import MirrorPlane
from muscle_face.core.anatomy.registration import Placement
from muscle_face.core.geometry import surface

HALF_WIDTH, LINE = 2.2, -3.0


class Grooved:
    """A plane with a groove as long as a mouth that sags towards its ends, and a shallow one below it, as of a chin."""

    def hit(self, aim: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """Where rays along -z meet it."""
        x, y = aim[:, 0], aim[:, 1]
        depth = 0.5 / (1.0 + np.exp((np.abs(x) - HALF_WIDTH) / 0.05))
        groove = depth * np.exp(-(((y - LINE + 0.1 * x**2) / 0.1) ** 2))
        chin = 0.15 * np.exp(-(((y - LINE + 1.2) / 0.3) ** 2))
        return np.stack([x, y, 10.0 - groove - chin], axis=1)


@pytest.mark.parametrize("off", [-0.8, 0.0, 0.8])
def test_the_crease_between_closed_lips_is_the_mouth(off):
    """From a guess that is too high or too low and too wide, line and corners are found to a millimetre or two."""
    found = mouth_crease(Grooved(), np.array([0.0, LINE + off, 10.0]), 1.25 * HALF_WIDTH)
    assert abs(found["stomion"][1] - LINE) < 0.06
    for side, sign in (("L", 1.0), ("R", -1.0)):
        assert np.allclose(
            found[f"mouth_corner_{side}"][:2], [sign * HALF_WIDTH, LINE - 0.1 * HALF_WIDTH**2], atol=0.15
        )


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("off", [-0.3, 0.6])
def test_the_outer_corner_of_closed_lids_is_the_end_of_their_crease(sign, off):
    """From a guess that is too far in or out the corner is found to a millimetre or two."""
    inner = np.array([-0.4 * HALF_WIDTH * sign, LINE + 0.1, 10.0])
    guess = np.array([(HALF_WIDTH + off) * sign, LINE, 10.0])
    found = outer_corner(Grooved(), inner, guess)
    assert np.allclose(found[:2], [sign * HALF_WIDTH, LINE - 0.1 * HALF_WIDTH**2], atol=0.15)


def test_skin_without_a_crease_has_no_mouth_line():
    """On a face without any groove there the guesses are left alone."""
    smooth = Grooved()
    smooth.hit = lambda aim, direction: aim * [1.0, 1.0, 0.0]
    assert mouth_crease(smooth, np.array([0.0, LINE, 10.0]), HALF_WIDTH) is None
    guess = np.array([3.0, LINE, 10.0])
    assert outer_corner(smooth, np.array([1.0, LINE, 10.0]), guess) is guess


def test_the_midplane_is_the_faces_own():
    """From a placement that is 4 mm and 3 degrees off: the plane passes the nose's tip by a millimetre."""
    v, faces, _ = mesh("demo")
    triangles, _ = surface.triangulate(faces)
    turn = np.radians(3.0)
    rotation = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
    plane = face_search.midplane(v, triangles, Placement(1.0, rotation, np.array([0.4, 0.0, 0.0])))
    assert abs(plane.normal[0]) > np.cos(np.radians(1.5))
    assert abs(plane.normal @ head("demo").landmarks["nose_tip"] - plane.offset) < 0.15


def test_landmarks_are_evened_about_the_midplane():
    """Those of the midline come to lie on it, a pair mirrors each other; a side that is truly different stays."""
    plane = MirrorPlane(np.array([1.0, 0.0, 0.0]), 0.0, 0.0)
    sides = {"ala_L": [1.6, 0.0, 1.0], "ala_R": [-1.2, 0.2, 1.0], "brow_L": [3.0, 5.0, 1.0], "brow_R": [-3.0, 2.0, 1.0]}
    points = {n: np.array(p) for n, p in sides.items()} | {"stomion": np.array([0.4, 1.0, 2.0])}
    even = face_search.evened(points, plane, 1.5)
    assert np.allclose(even["stomion"], [0.0, 1.0, 2.0])
    assert np.allclose(even["ala_L"], [1.4, 0.1, 1.0]) and np.allclose(even["ala_R"], [-1.4, 0.1, 1.0])
    assert np.array_equal(even["brow_L"], points["brow_L"])


def test_landmarks_that_no_face_has_are_named():
    """The demo head's are those of a face; a nose base 2 cm off on one side, or a mouth at the chin, are not."""
    points = dict(head("demo").landmarks)
    assert plausible.doubtful(points) == []
    assert plausible.doubtful(points | {"ala_base_R": points["ala_base_R"] + [0.4, 1.0, 2.0]}) == ["nose base"]
    assert plausible.doubtful(points | {"stomion": points["pogonion"]}) == ["chin"]


def test_half_a_head_is_told_to_be_mirrored():
    """One side of the demo head is refused by name, although its shapes tell where eye and mouth are."""
    v, faces, shapes = mesh("demo")
    faces = [f for f in faces if (v[list(f), 0] > -1e-6).all()]
    with pytest.raises(MuscleFaceError, match="one half"):
        analyse_head(*used(v, faces, shapes))


def test_a_head_cut_into_single_faces_is_told_to_be_merged():
    """Faces that share no vertices, as some exporters write them, are refused by name."""
    v, faces, shapes = mesh("demo")
    corners = np.concatenate([np.asarray(f) for f in faces])
    ends = np.cumsum([len(f) for f in faces])
    single = [list(range(end - len(f), end)) for f, end in zip(faces, ends.tolist(), strict=True)]
    with pytest.raises(MuscleFaceError, match="By Distance"):
        analyse_head(v[corners], single, {n: d[corners] for n, d in shapes.items()})


def test_a_mouth_sculpted_wide_open_has_its_lips_found():
    """The lips' landmarks of a neutral with a dropped jaw lie where the vertices of the closed mouth's have gone."""
    v, faces, shapes = mesh("demo")
    delta = shapes["jawOpen"]
    found = analyse_head(v + delta, faces, {n: d for n, d in shapes.items() if n != "jawOpen"})
    for name in ("labrale_superius", "labrale_inferius", "subnasale", "mouth_corner_L"):
        k = head("demo").landmark_vertices[name]
        assert np.linalg.norm(found.frame.to_user(found.landmarks[name]) - (v + delta)[k]) < 0.5, name


def test_a_beard_is_no_part_of_the_mouth():
    """A shell of hair before lips and chin follows the skin, darkens nothing and moves no landmark."""
    v, faces, shapes = mesh("demo")
    plain = head("demo")
    x, at = plain.vertices, plain.landmarks
    hairy = (x[:, 1] < at["subnasale"][1]) & (x[:, 1] > at["menton"][1] - 1.0) & (x[:, 2] > at["gonion_L"][2])
    hairy &= plain.exposure > 0.4
    kept, shell = np.unique(plain.triangles[hairy[plain.triangles].all(axis=1)], return_inverse=True)
    beard = v[kept] + 0.8 * surface.vertex_normals(v, plain.triangles)[kept]
    shapes = {n: np.concatenate([d, np.zeros_like(beard)]) for n, d in shapes.items()}
    found = analyse_head(np.concatenate([v, beard]), [*faces, *(shell.reshape(-1, 3) + len(v)).tolist()], shapes)
    assert {p.kind for p in found.parts if p.vertices[0] >= len(v)} == {"overlay"}
    assert max(np.linalg.norm(found.landmarks[n] - p) for n, p in at.items()) < 0.1


def test_a_mask_without_a_back_has_a_mouth():
    """Light that comes from behind into the mouth bag of a face alone is no reason to take it for skin."""
    v, faces, shapes = mesh("demo")
    back = head("demo").landmarks["eye_outer_L"][2] - 3.5
    front = used(v, [f for f in faces if v[f][:, 2].min() > back], shapes)
    found = analyse_head(*front)
    assert found.opening > 0.0
    for name in ("mouth_corner_L", "labrale_inferius", "eye_outer_R"):
        assert np.linalg.norm(found.landmarks[name] - head("demo").landmarks[name]) < 0.3, name


def used(v: np.ndarray, faces: list, shapes: dict) -> tuple[np.ndarray, list[list[int]], dict[str, np.ndarray]]:
    """The mesh without vertices that no face uses."""
    kept = np.unique(np.concatenate([np.asarray(f) for f in faces]))
    new = np.full(len(v), -1)
    new[kept] = np.arange(len(kept))
    return v[kept], [[int(new[i]) for i in f] for f in faces], {n: d[kept] for n, d in shapes.items()}
