# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""A head mesh is understood: frame, parts, landmarks, exposure, bone depth."""

from dataclasses import replace

import numpy as np
import pytest
from anatomy_heads import MULTI_PIE as KNOWN
from anatomy_heads import head, ict_landmarks, mesh
from conftest import FACES
from muscle_face.core.anatomy import checks
from muscle_face.core.anatomy.find_face import find_face
from muscle_face.core.anatomy.head import analyse_head

HEADS = ("ict", "ict_whole", "mpfb", "demo")
BACK = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])  # lying on its back


def moved(name, scale, rotation):
    """The mesh scaled and turned."""
    v, faces, shapes = mesh(name)
    return v @ rotation.T * scale, faces, {n: d @ rotation.T * scale for n, d in shapes.items()}


@pytest.mark.parametrize("name", ["ict", "ict_whole"])
@pytest.mark.parametrize("landmark", KNOWN)
def test_landmarks_agree_with_hand_placed_ones(name, landmark):
    """Each landmark lies within 5 mm of ICT's own (the spread between human annotators is 2-4 mm)."""
    found = head(name).landmarks[landmark]
    assert np.linalg.norm(found - ict_landmarks()[list(KNOWN[landmark])].mean(axis=0)) < 0.5


@pytest.mark.parametrize("name", HEADS)
def test_landmarks_lie_as_on_a_face(name):
    """Heights are in anatomical order, the left is left, and the mouth is as wide as a mouth."""
    p = head(name).landmarks
    order = (
        "vertex mid_forehead glabella nasion nose_tip subnasale stomion mentolabial pogonion menton neck_front".split()
    )
    heights = [p[n][1] for n in order]
    assert heights == sorted(heights, reverse=True)
    for left in (n for n in p if n.endswith("_L")):
        assert p[left][0] > p["stomion"][0] > p[left[:-1] + "R"][0]
    assert 4.0 < p["mouth_corner_L"][0] - p["mouth_corner_R"][0] < 6.5
    assert 8.0 < p["eye_outer_L"][0] - p["eye_outer_R"][0] < 10.5
    assert 2.5 < p["ala_L"][0] - p["ala_R"][0] < 4.5


def test_a_head_in_the_normalised_frame_keeps_it():
    """ICT is in centimetres, upright and facing +Z: its frame is exactly the identity."""
    frame = head("ict").frame
    assert frame.scale == 1.0
    assert np.array_equal(frame.rotation, np.eye(3)) and not frame.origin.any()


@pytest.mark.parametrize("name", ["ict", "demo"])
@pytest.mark.parametrize(("scale", "rotation"), [(0.01, np.eye(3)), (1000.0, np.eye(3)), (1.0, BACK), (0.01, BACK)])
def test_scale_and_orientation_do_not_matter(name, scale, rotation):
    """The same head a thousand times larger or on its back gives the same normalised anatomy up to rounding."""
    other = analyse_head(*moved(name, scale, rotation))
    assert np.abs(other.vertices - head(name).vertices).max() < 1e-9
    assert max(np.linalg.norm(other.landmarks[n] - p) for n, p in head(name).landmarks.items()) < 1e-6
    assert np.abs(other.tissue_depth - head(name).tissue_depth).max() < 1e-6


def test_frame_maps_there_and_back():
    """to_user undoes to_norm."""
    v = mesh("mpfb")[0]
    frame = head("mpfb").frame
    assert np.allclose(frame.to_user(frame.to_norm(v)), v, atol=1e-9)


def test_shapes_with_the_viewers_left_are_turned_round():
    """Shapes named from the viewer's side are used for the side they move, with a warning."""
    v, faces, shapes = mesh("ict")
    flip = {"_L": "_R", "_R": "_L"}
    found = analyse_head(v, faces, {n[:-2] + flip.get(n[-2:], n[-2:]): d for n, d in shapes.items()})
    assert np.allclose(found.landmarks["mouth_corner_L"], head("ict").landmarks["mouth_corner_L"])
    assert found.arkit["mouthSmileLeft"] == ("mouthSmile_R",)
    assert any("named left" in w for w in found.warnings)


def test_parts_follow_what_they_hang_on():
    """ICT: 16 upper teeth on the skull, 16 lower on the jaw, eyeballs on the skull, lashes on the skin."""
    count = {}
    for part in head("ict_whole").parts:
        count[part.kind, part.follows] = count.get((part.kind, part.follows), 0) + 1
    assert count["teeth_upper", "cranium"] == 16 and count["teeth_lower", "mandible"] == 16
    assert count["eye_L", "cranium"] == count["eye_R", "cranium"] == 2
    assert count["lashes", "skin"] == 16
    covered = np.concatenate([head("ict_whole").skin] + [p.vertices for p in head("ict_whole").parts])
    assert sorted(covered.tolist()) == list(range(len(head("ict_whole").vertices)))


@pytest.mark.parametrize("name", ["ict", "ict_whole"])
def test_pockets_are_dark_and_the_face_is_not(name):
    """The deep mouth bag and the back of the sockets see almost nothing; forehead and cheeks see nearly all."""
    h = head(name)
    deep = np.arange(11248, 13294)[h.vertices[11248:13294, 2] < 9.0]
    assert h.exposure[deep].max() < 0.1
    for socket in (slice(13294, 13678), slice(13678, 14062)):
        assert np.median(h.exposure[socket]) < 0.05
    for n in ("mid_forehead", "cheek_L", "cheekbone_R", "pogonion"):
        assert h.exposure[h.landmark_vertices[n]] > 0.8
    assert {"mouth", "eye_L", "eye_R"} == set(h.pockets)


def test_bone_depths_are_the_forensic_ones_where_they_were_measured():
    """Depth at landmarks over bone within 2.5 mm of the table's adult means (the tables' own spread is 2-4 mm)."""
    h = head("ict")
    for n, wanted in {
        "glabella": 0.55,
        "nasion": 0.65,
        "pogonion": 1.1,
        "mid_forehead": 0.45,
        "cheekbone_L": 0.9,
    }.items():
        assert abs(h.tissue_depth[h.landmark_vertices[n]] - wanted) < 0.25


@pytest.mark.parametrize("name", HEADS)
def test_no_bone_in_lips_lids_and_ears(name):
    """Where flesh is thin the bone depth is beyond its far side."""
    h = head(name)
    for n in ("labrale_superius", "labrale_inferius", "mouth_corner_L", "upper_lid_L", "ala_R"):
        i = h.landmark_vertices[n]
        assert h.tissue_depth[i] > 0.9 * min(h.flesh_thickness[i], 1.2)


@pytest.mark.parametrize("name", HEADS)
def test_mandible_weight_parts_the_lips(name):
    """The lower lip and chin go with the jaw, the upper lip, nose and brow with the skull."""
    h = head(name)
    weight = {n: h.mandible_weight[i] for n, i in h.landmark_vertices.items()}
    assert min(weight[n] for n in ("pogonion", "labrale_inferius", "menton")) > 0.7
    assert max(weight[n] for n in ("labrale_superius", "nose_tip", "glabella", "cheekbone_L")) < 0.25
    assert h.mandible_bone[h.landmark_vertices["ramus_L"]] > 0.4
    assert h.mandible_bone[h.landmark_vertices["zygion_L"]] < 0.1


def test_a_bare_head_is_still_understood():
    """Without shapes the landmarks come from geometry, within 7 mm of the known ones, with a warning."""
    v, faces, _ = mesh("ict")
    bare = analyse_head(v, faces)
    known = ict_landmarks()
    assert max(np.linalg.norm(bare.landmarks[n] - known[list(i)].mean(axis=0)) for n, i in KNOWN.items()) < 0.7
    assert any("No ARKit" in w for w in bare.warnings)


def test_a_hole_in_the_cheek_is_named():
    """A hole gives one warning that says where; the neck's own border gives none."""
    v, faces, shapes = mesh("ict")
    assert head("ict").warnings == []
    cheek = head("ict").landmarks["cheek_L"]
    found = analyse_head(v, [f for f in faces if np.linalg.norm(v[f].mean(axis=0) - cheek) > 0.8], shapes)
    assert len(found.warnings) == 1
    assert "open border of" in found.warnings[0] and "left cheek" in found.warnings[0]


def test_many_holes_are_one_warning():
    """More open borders than anybody reads get one sentence, with their number and the places of the longest; those
    inside the mouth, where merged teeth and tongue end, get none."""
    found = find_face(*mesh("demo"), None, lambda share, text: None)
    near = [found.landmarks[n] for n in ("cheek_L", "cheek_R", "brow_mid_L", "gonion_R", "temple_L")]
    skin = found.skin[found.exposure[found.skin] > 0.6]
    order = [skin[np.argsort(np.linalg.norm(found.vertices[skin] - p, axis=1))] for p in near]
    holes = [o[: 9 - k] for k, o in enumerate(order)]
    inside = found.pockets["mouth"][found.exposure[found.pockets["mouth"]] < 0.1]
    said = checks.head_warnings(replace(found, borders=[*holes, inside]), True)
    assert len(said) == 1
    assert "5 open borders" in said[0] and "left cheek" in said[0] and "temple" not in said[0]


def test_a_whole_body_gives_its_head():
    """A body with all its helper geometry is cut to the head; everything else is still or follows something."""
    path = FACES / "mpfb" / "mpfb_fullbody.npz"
    if not path.exists():
        pytest.skip(f"no test body at {path}")
    d = np.load(path)
    faces = [f.tolist() for f in np.split(d["loop_vert"], np.cumsum(d["loop_total"])[:-1])]
    shapes = {str(n): x.astype(float) for n, x in zip(d["arkit_names"], d["arkit_deltas"], strict=True)}
    body = analyse_head(d["verts"].astype(float), faces, shapes)
    assert 3000 < len(body.skin) < 6000
    assert any(p.kind == "body" for p in body.parts)
    assert {"mouth", "eye_L", "eye_R"} == set(body.pockets)
    # The head alone has the same face: cutting it out must not move a landmark by more than a millimetre or two.
    for name in ("mouth_corner_L", "eye_outer_R", "nose_tip", "pogonion", "brow_mid_L"):
        here = body.frame.to_user(body.landmarks[name])
        alone = head("mpfb").frame.to_user(head("mpfb").landmarks[name])
        assert np.linalg.norm(here - alone) < 0.2


@pytest.mark.parametrize("seed", [1, 2])
def test_other_identities_keep_their_landmarks(seed):
    """Random ICT identities (one standard deviation in each of 20 modes): landmarks within 6 mm."""
    v, faces, shapes = mesh("ict")
    d = np.load(FACES / "ict" / "ict_skin.npz")
    v = v + np.tensordot(np.random.default_rng(seed).normal(size=20), d["identity_deltas"].astype(float), 1)
    found = analyse_head(v, faces, shapes).landmarks
    known = v[d["landmarks68"]]
    assert max(np.linalg.norm(found[n] - known[list(i)].mean(axis=0)) for n, i in KNOWN.items()) < 0.6
