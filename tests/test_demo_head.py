# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What the demo head promises: a clean symmetric mesh of adult proportions whose shapes do what their names say."""

import numpy as np
import pytest
from muscle_face.core.demo_head import demo_head
from muscle_face.core.demo_head.head import build_head
from muscle_face.core.demo_head.layout import LID_RING
from muscle_face.core.demo_head.mouth import CORNER_STEP, PARTING_RING
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

ARKIT = """eyeBlink eyeLookDown eyeLookIn eyeLookOut eyeLookUp eyeSquint eyeWide mouthDimple mouthFrown mouthLowerDown
    mouthPress mouthSmile mouthStretch mouthUpperUp browDown browOuterUp cheekSquint noseSneer""".split()
ARKIT_SINGLE = """jawForward jawLeft jawOpen jawRight mouthClose mouthFunnel mouthLeft mouthPucker mouthRight
    mouthRollLower mouthRollUpper mouthShrugLower mouthShrugUpper browInnerUp cheekPuff tongueOut""".split()


@pytest.fixture(scope="module")
def built():
    vertices, faces, shapes = demo_head()
    return vertices, faces, shapes, build_head()


def directed_edges(faces):
    a = np.concatenate([np.asarray(f) for f in faces])
    b = np.concatenate([np.roll(f, -1) for f in faces])
    return a, b


def loose_parts(faces, count):
    a, b = directed_edges(faces)
    return connected_components(coo_matrix((np.ones(len(a)), (a, b)), shape=(count, count)), directed=False)


def triangulate(faces):
    return np.array([(f[0], f[k], f[k + 1]) for f in faces for k in range(1, len(f) - 1)])


def crossing_triangles(x, tri):
    """Pairs of triangles without a common vertex where an edge of one passes through the other."""
    p = x[tri]
    centre = p.mean(axis=1)
    radius = np.linalg.norm(p - centre[:, None], axis=2).max(axis=1)
    size = np.digitize(radius, np.quantile(radius, [0.5, 0.8, 0.95]))
    found = []
    for a in range(4):
        for b in range(a, 4):
            ia, ib = np.flatnonzero(size == a), np.flatnonzero(size == b)
            reach = radius[ia].max() + radius[ib].max()
            near = cKDTree(centre[ia]).sparse_distance_matrix(cKDTree(centre[ib]), reach, output_type="coo_matrix")
            i, j = ia[near.row], ib[near.col]
            keep = (near.data < radius[i] + radius[j]) & ((i < j) | (a != b))
            found.append(np.stack([i[keep], j[keep]], axis=1))
    pair = np.vstack(found)
    pair = pair[~(tri[pair[:, 0]][:, :, None] == tri[pair[:, 1]][:, None, :]).any(axis=(1, 2))]
    hit = np.zeros(len(pair), bool)
    for one, other in ((0, 1), (1, 0)):
        edge, face = p[pair[:, one]], p[pair[:, other]]
        normal = np.cross(face[:, 1] - face[:, 0], face[:, 2] - face[:, 0])
        for e in range(3):
            start, end = edge[:, e], edge[:, (e + 1) % 3]
            d0, d1 = (((q - face[:, 0]) * normal).sum(axis=1) for q in (start, end))
            inside = d0 * d1 < 0
            at = start + (d0 / np.where(inside, d0 - d1, 1.0))[:, None] * (end - start)
            for k in range(3):
                turn = np.cross(face[:, (k + 1) % 3] - face[:, k], at - face[:, k])
                inside &= (turn * normal).sum(axis=1) > 0
            hit |= inside
    return pair[hit]


def test_skin_is_one_manifold_with_one_border(built):
    """The skin is one manifold whose only border is the neck."""
    vertices, faces, _, head = built
    a, b = directed_edges(head.skin_quads.tolist())
    assert len({*zip(a, b, strict=True)}) == len(a), "an edge is used twice in the same direction"
    border = {*zip(a, b, strict=True)} - {*zip(b, a, strict=True)}
    following = dict(border)
    assert len(following) == len(border)
    loop, here = 0, next(iter(following))
    while loop < len(border):
        here = following[here]
        loop += 1
        if here == next(iter(following)):
            break
    assert loop == len(border)
    assert vertices[list(following), 1].max() < -15.0
    assert loose_parts(faces, len(vertices))[1][: head.skin_count].max() == 0


def test_parts_are_closed_and_inside(built):
    """Eyeballs and dental arches are four closed loose parts with outward faces."""
    vertices, faces, _, _ = built
    count, label = loose_parts(faces, len(vertices))
    assert count == 5
    for part in range(1, 5):
        own = [f for f in faces if label[f[0]] == part]
        a, b = directed_edges(own)
        assert {*zip(a, b, strict=True)} == {*zip(b, a, strict=True)}
        t = vertices[triangulate(own)]
        assert np.einsum("ni,ni->", t[:, 0], np.cross(t[:, 1], t[:, 2])) > 0.0


def test_quads_and_size(built):
    """7-12 thousand vertices, all quads but the eyeballs' poles."""
    vertices, faces, _, head = built
    assert 7000 <= len(vertices) <= 12000
    assert head.skin_quads.shape[1] == 4
    assert sum(len(f) == 4 for f in faces) / len(faces) > 0.985
    assert np.isfinite(vertices).all()


def test_symmetric(built):
    """The rest mesh is its own mirror image."""
    vertices, _, _, _ = built
    gap, _ = cKDTree(vertices).query(vertices * [-1.0, 1.0, 1.0])
    assert gap.max() < 1e-6


def test_same_every_time(built):
    """A second call gives the same numbers."""
    vertices, faces, shapes, _ = built
    again = demo_head()
    assert np.array_equal(again[0], vertices) and again[1] == faces
    assert all(np.array_equal(again[2][name], delta) for name, delta in shapes.items())


def test_adult_proportions(built):
    """Head sizes lie in the adult range of Farkas 1994, Anthropometry of the Head and Face: women -2 SD to men +2 SD,
    mm.
    """
    vertices, _, _, head = built
    top = head.topology
    skin = head.vertices[: head.skin_count]
    mm = 10.0
    midline = skin[np.abs(skin[:, 0]) < 1e-9]
    cranium = skin[(skin[:, 1] > 3.0)]
    front = midline[midline[:, 2] > 5.0]
    chin = front[front[:, 1] < -9.0]
    menton = chin[np.argmin(chin[:, 1] - 0.3 * chin[:, 2])]
    fissure = skin[top.eye[LID_RING]]
    corner = skin[top.mouth[PARTING_RING, CORNER_STEP]]
    ball = vertices[head.parts["eye_left"]]
    sizes = {
        "head height v-gn (205-247)": (mm * (skin[:, 1].max() - menton[1]), 205, 247),
        "head width eu-eu (135-163)": (mm * 2 * cranium[:, 0].max(), 135, 163),
        "head length g-op (172-210)": (mm * (front[front[:, 1] > 1.0, 2].max() - skin[:, 2].min()), 172, 210),
        "mouth width ch-ch (43-61)": (mm * 2 * corner[0], 43, 61),
        "biocular width ex-ex (78-99)": (mm * 2 * fissure[:, 0].max(), 78, 99),
        "intercanthal width en-en (26-38)": (mm * 2 * fissure[:, 0].min(), 26, 38),
        "fissure height (8-13)": (mm * np.ptp(fissure[:, 1]), 8, 13),
        "interpupillary (54-72)": (mm * 2 * 0.5 * (ball[:, 0].min() + ball[:, 0].max()), 54, 72),
    }
    for name, (value, low, high) in sizes.items():
        assert low <= value <= high, f"{name}: {value:.1f}"


def test_no_crossing_triangles_at_rest(built):
    """At rest no triangle of skin or parts passes through another."""
    vertices, faces, _, _ = built
    assert len(crossing_triangles(vertices, triangulate(faces))) == 0


def test_lips_are_apart_at_rest(built):
    """The lips are 0.5-1 mm apart, less only towards the corners where they meet."""
    vertices, _, _, head = built
    ring = head.topology.mouth[PARTING_RING]
    upper, lower = vertices[ring[CORNER_STEP:][::-1]], vertices[ring[: CORNER_STEP + 1]]
    gap = 10.0 * np.linalg.norm(upper - lower, axis=1)
    assert gap[-1] == 0.0
    assert (gap[:-1] > 0.15).all()
    assert (gap[: CORNER_STEP // 2] > 0.5).all() and gap.max() < 1.0


def test_cheek_flesh_and_room_in_the_mouth(built):
    """The mouth bag is 35-45 mm deep and leaves about 10-15 mm of flesh to the cheeks (beside the molars)."""
    vertices, _, _, head = built
    top = head.topology
    bag = vertices[np.unique(np.concatenate([top.mouth[PARTING_RING:].ravel(), top.bag.ravel()]))]
    lips = vertices[top.mouth[PARTING_RING], 2].max()
    assert 35.0 < 10.0 * (lips - bag[:, 2].min()) < 50.0
    cheek = bag[(bag[:, 2] < 7.0) & (bag[:, 0] > 2.4)]
    outer = vertices[top.grid[top.grid >= 0]]
    thickness = 10.0 * cKDTree(outer).query(cheek)[0]
    assert thickness.min() > 8.0


def test_all_arkit_shapes(built):
    """All 52 ARKit shapes are there, finite, and leave the neck's border alone."""
    vertices, _, shapes, head = built
    names = {f"{n}{side}" for n in ARKIT for side in ("Left", "Right")} | set(ARKIT_SINGLE)
    assert len(names) == 52 and set(shapes) == names
    border = head.topology.grid[:, 0]
    for name, delta in shapes.items():
        assert delta.shape == vertices.shape and np.isfinite(delta).all(), name
        assert np.abs(delta[border]).max() == 0.0, name
        assert name == "tongueOut" or np.abs(delta).max() > 0.1, name


def test_jaw_open_parts_the_lips(built):
    """jawOpen opens the lips 35-42 mm at the centre, hardly moves the upper lip, and carries the lower teeth."""
    vertices, _, shapes, head = built
    ring = head.topology.mouth[PARTING_RING]
    moved = vertices + shapes["jawOpen"]
    assert 35.0 <= 10.0 * np.linalg.norm(moved[ring[-1]] - moved[ring[0]]) <= 42.0
    assert 10.0 * np.linalg.norm(shapes["jawOpen"][ring[-1]]) < 4.0
    assert np.abs(shapes["jawOpen"][head.parts["teeth_upper"]]).max() == 0.0
    rest, opened = (x[head.parts["teeth_lower"]] for x in (vertices, moved))
    a, b = rest - rest.mean(axis=0), opened - opened.mean(axis=0)
    u, _, vt = np.linalg.svd(a.T @ b)
    angle = np.arccos((np.trace(vt.T @ u.T) - 1.0) / 2.0)
    assert 0.22 <= angle <= 0.25  # [rad], the range of adult jaw opening that ARKit rigs use


def test_blink_closes_the_fissure(built):
    """eyeBlink brings the lid margins within 0.3 mm of each other without the lids entering the ball."""
    vertices, _, shapes, head = built
    ring = head.topology.eye[LID_RING]
    margin = (vertices + shapes["eyeBlinkLeft"])[ring]
    facing = np.roll(margin[::-1], 1, axis=0)
    assert 10.0 * np.linalg.norm(margin - facing, axis=1).max() < 0.3
    ball = vertices[head.parts["eye_left"]]
    centre = 0.5 * (ball.min(axis=0) + ball.max(axis=0))
    lids = (vertices + shapes["eyeBlinkLeft"])[head.topology.eye.ravel()]
    assert np.linalg.norm(lids - centre, axis=1).min() > 1.2


@pytest.mark.parametrize("name", ARKIT)
def test_one_sided_shapes_stay_on_their_side(built, name):
    """Left shapes move the right half by less than 0.3 mm beyond 15 mm from the midline; right ones mirror them."""
    vertices, _, shapes, head = built
    far = vertices[:, 0] < -1.5
    teeth = np.r_[head.parts["teeth_upper"], head.parts["teeth_lower"]]
    far[teeth] = False
    left, right = shapes[f"{name}Left"], shapes[f"{name}Right"]
    assert 10.0 * np.linalg.norm(left[far], axis=1).max() < 0.3
    skin = slice(head.skin_count)
    assert np.abs(right[skin] - left[skin][head.mirror] * [-1.0, 1.0, 1.0]).max() < 1e-9


# Landmark, its least and greatest motion along a direction (x left, y up, z front) in mm.
MOTIONS = [
    ("mouthSmileLeft", "corner", (0.3, 0.9, -0.3), 9.0, 13.0),
    ("mouthFrownLeft", "corner", (0.0, -1.0, 0.0), 7.0, 9.0),
    ("mouthPucker", "corner", (-1.0, 0.0, 0.0), 10.0, 13.0),
    ("mouthPucker", "upper", (0.0, 0.0, 1.0), 6.0, 10.0),
    ("mouthPucker", "lower", (0.0, 0.0, 1.0), 6.0, 10.0),
    ("mouthFunnel", "upper", (0.0, 0.0, 1.0), 6.0, 10.0),
    ("mouthUpperUpLeft", "upper_left", (0.0, 1.0, 0.0), 4.0, 9.0),
    ("mouthLowerDownLeft", "lower_left", (0.0, -1.0, 0.0), 4.0, 9.0),
    ("browInnerUp", "brow", (0.0, 1.0, 0.0), 7.0, 10.0),
    ("browDownLeft", "brow", (0.0, -1.0, 0.0), 5.0, 7.0),
]


@pytest.mark.parametrize(("shape", "landmark", "direction", "least", "most"), MOTIONS)
def test_shapes_have_plausible_size(built, shape, landmark, direction, least, most):
    """Each expression moves its landmark the way and as far as faces do."""
    vertices, _, shapes, head = built
    ring = head.topology.mouth[PARTING_RING]
    skin = vertices[: head.skin_count]
    brow = np.argmin(np.linalg.norm(skin[:, :2] - [1.2, 1.9], axis=1) + 100.0 * (skin[:, 2] < 5.0))
    places = {
        "corner": ring[CORNER_STEP],
        "upper": ring[-1],
        "lower": ring[0],
        "upper_left": ring[-6],
        "lower_left": ring[5],
    }
    moved = 10.0 * shapes[shape][places.get(landmark, brow)] @ (np.array(direction) / np.linalg.norm(direction))
    assert least <= moved <= most


@pytest.mark.parametrize("shape", ["mouthUpperUpLeft", "mouthUpperUpRight", "noseSneerLeft", "mouthShrugUpper"])
def test_upper_lip_shapes_leave_the_lower_lip(built, shape):
    """Shapes of the upper lip move the middle of the lower lip by under a sixth of the upper lip's motion."""
    _, _, shapes, head = built
    ring = head.topology.mouth[PARTING_RING]
    size = np.linalg.norm(shapes[shape], axis=1)
    lower = np.concatenate([ring[:9], head.mirror[ring[:9]]])
    upper = np.concatenate([ring[-9:], head.mirror[ring[-9:]]])
    assert size[lower].max() < size[upper].max() / 6.0
