# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The line of lips that are one surface, and what a face that is not whole is told."""

import numpy as np
import pytest
from anatomy_heads import head, mesh
from muscle_face.core import MuscleFaceError
from muscle_face.core.anatomy import cavities, face_search, plausible
from muscle_face.core.anatomy.crease import mouth_crease, outer_corner
from muscle_face.core.anatomy.frame import FaceMarks
from muscle_face.core.anatomy.head import analyse_head
from muscle_face.core.anatomy.landmarks import SkinView, brow_landmarks
from muscle_face.core.anatomy.mirror_plane import MirrorPlane
from muscle_face.core.anatomy.profile import profile_landmarks
from muscle_face.core.anatomy.proportions import face_size
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


def test_many_finds_of_a_wrong_place_leave_room_for_the_right_one():
    """A face unlike the template may fit worse in the depth images than hundreds of views of its chin."""
    wrong = [Placement(1.0 + 0.001 * k, np.eye(3), np.array([0.01 * k, -6.0, 0.0])) for k in range(100)]
    right = Placement(1.4, np.eye(3), np.zeros(3))
    kept = face_search.distinct_places([(0.5 + 0.001 * k, p) for k, p in enumerate(wrong)] + [(0.7, right)])
    assert len(kept) == 2 and kept[0] is wrong[0] and kept[1] is right


def test_a_face_goes_before_what_fits_better_but_shows_none(monkeypatch):
    """The back of a head may lie nearer to the template than its face."""
    face, back = Placement(1.0, np.eye(3), np.zeros(3), gap=0.5), Placement(1.0, np.eye(3), np.ones(3), gap=0.4)
    points = head("demo").landmarks
    flat = {n: p * [1.0, 1.0, 0.0] for n, p in points.items()}
    monkeypatch.setattr(face_search, "settle_placement", lambda template, target, start: start)
    monkeypatch.setattr(face_search, "warp_landmarks", lambda t, s, placed: points if placed is face else flat)
    assert face_search.best_placement(None, None, [back, face])[0] is face
    assert face_search.best_placement(None, None, [back])[2] is False


def test_proportions_that_tell_no_brows_are_known():
    """The demo head's do; a head half as wide again, or with eyes half as large again, does not."""
    points = dict(head("demo").landmarks)
    assert not plausible.unusual(points)
    assert plausible.unusual({n: p * [1.5, 1.0, 1.0] for n, p in points.items()})
    aside = 0.5 * (points["eye_outer_L"] - points["eye_inner_L"])
    assert plausible.unusual(points | {"eye_outer_L": points["eye_outer_L"] + aside})


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


@pytest.mark.parametrize("depth", [3.5, 2.4])
def test_a_mask_without_a_back_has_a_mouth(depth):
    """Light that comes from behind into the mouth bag of a face alone, whole or cut off with the back of the head, is
    no reason to take it for skin."""
    v, faces, shapes = mesh("demo")
    back = head("demo").landmarks["eye_outer_L"][2] - depth
    front = used(v, [f for f in faces if v[f][:, 2].min() > back], shapes)
    found = analyse_head(*front)
    assert found.opening > 0.0
    for name in ("mouth_corner_L", "labrale_inferius", "eye_outer_R"):
        assert np.linalg.norm(found.landmarks[name] - head("demo").landmarks[name]) < 0.3, name


def test_the_cut_end_of_a_mouth_bag_is_as_dark_as_the_bag():
    """A tube that ends in an open border behind the mouth is shut there, the vertices of the border included."""
    ring, rows = 24, 16
    angle, z = 2.0 * np.pi * np.arange(ring) / ring, np.linspace(5.0, 2.0, rows)
    v = np.array([[2.0 * np.cos(a), 0.5 * np.sin(a), depth] for depth in z for a in angle])
    k = np.arange(ring * (rows - 1))
    side = k - k % ring + (k + 1) % ring
    tube = np.concatenate([np.stack([k, side, k + ring], axis=1), np.stack([side, side + ring, k + ring], axis=1)])
    normals = -v * [0.25, 4.0, 0.0] / np.linalg.norm(v * [0.25, 4.0, 0.0], axis=1, keepdims=True)
    mouth, far = np.array([0.0, 0.0, 5.0]), np.array([0.0, 50.0, 0.0])
    marks, end = FaceMarks(far, far, mouth, mouth), np.arange(len(v) - ring, len(v))
    dark = cavities.skin_exposure(v, tube, tube, np.arange(len(v)), normals, marks, [], [end])
    assert 0.0 < dark[end].max() < 1.5 * dark[end - ring].max() < 0.45


def bumped(length: float) -> dict[str, np.ndarray]:
    """The demo head's midline with a nose longer by a length [cm]."""
    plain = head("demo")
    away = np.linalg.norm(plain.vertices - plain.landmarks["nose_tip"], axis=1)
    v = plain.vertices + (length * np.exp(-((away / 1.6) ** 2)))[:, None] * [0.0, 0.0, 1.0]
    outer = plain.triangles[(plain.exposure[plain.triangles] > cavities.INNER_EXPOSURE).all(axis=1)]
    return profile_landmarks(SkinView(v, outer), plain.landmarks, face_size(plain.landmarks))


@pytest.mark.parametrize("length", [1.0, 3.0])
def test_the_root_of_a_long_nose_is_between_the_eyes(length):
    """A nose longer by up to three centimetres leaves its root where it was, though the profile leaves the forehead's
    line most at the foot of the nose's own bulge."""
    plain = head("demo").landmarks
    found = bumped(length)
    assert np.linalg.norm(found["nasion"] - plain["nasion"]) < 0.3
    assert np.linalg.norm(found["nose_tip"] - plain["nose_tip"] - [0.0, 0.0, length]) < 0.3


def test_the_end_of_the_brow_is_over_the_rim_of_the_orbit():
    """On a head whose temples bulge forward the brow still ends behind the corner of the eye and not on the bulge."""
    plain = head("demo")
    at = plain.landmarks
    aside = np.maximum(np.abs(plain.vertices[:, 0]) - at["eye_outer_L"][0] - 0.6, 0.0)
    v = plain.vertices + (0.6 * aside**2)[:, None] * [0.0, 0.0, 1.0]
    outer = plain.triangles[(plain.exposure[plain.triangles] > cavities.INNER_EXPOSURE).all(axis=1)]
    found = brow_landmarks(SkinView(v, outer), at, "L", 1.0, {}, face_size(at))
    behind = (at["eye_outer_L"] - found["brow_outer_L"])[2]
    assert 0.2 < behind < 1.5


def used(v: np.ndarray, faces: list, shapes: dict) -> tuple[np.ndarray, list[list[int]], dict[str, np.ndarray]]:
    """The mesh without vertices that no face uses."""
    kept = np.unique(np.concatenate([np.asarray(f) for f in faces]))
    new = np.full(len(v), -1)
    new[kept] = np.arange(len(kept))
    return v[kept], [[int(new[i]) for i in f] for f in faces], {n: d[kept] for n, d in shapes.items()}
