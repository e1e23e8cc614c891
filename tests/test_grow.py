# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Shapes grown from muscles alone on the demo head stripped of its shapes, whose own shapes are the reference."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from anatomy_heads import mesh
from muscle_face.core import FaceModel, MuscleFaceError, build
from muscle_face.core.anatomy.muscle_table import MUSCLE_TABLE
from muscle_face.core.anatomy.names import ARKIT
from muscle_face.core.demo_head.eyes import MARGIN_RINGS
from muscle_face.core.demo_head.features import EYE_CENTRE, EYE_RADIUS
from muscle_face.core.demo_head.head import DemoHead, build_head
from muscle_face.core.demo_head.layout import LID_RING
from muscle_face.core.demo_head.mouth import PARTING_RING
from muscle_face.core.grow import RECIPES, SETS, shapes

MIRROR = np.array([-1.0, 1.0, 1.0])

# Least cosine between the grown and the sculpted motion of the outer skin, and bounds of the ratio of their sizes: the
# same expression, less wide than an artist draws it. Lips that pout are the flesh model's weakest.
EXPRESSIONS = {
    "mouthSmileLeft": (0.7, 0.4, 1.5),
    "mouthFrownLeft": (0.6, 0.4, 1.5),
    "mouthLowerDownLeft": (0.6, 0.4, 1.5),
    "mouthUpperUpLeft": (0.6, 0.35, 1.5),
    "mouthPucker": (0.45, 0.25, 1.5),
    "browInnerUp": (0.7, 0.4, 1.5),
    "browOuterUpLeft": (0.6, 0.4, 1.5),
    "browDownLeft": (0.5, 0.4, 1.5),
    "noseSneerLeft": (0.5, 0.4, 1.5),
    "jawOpen": (0.8, 0.6, 1.3),
    "jawForward": (0.8, 0.6, 1.5),
    "eyeBlinkLeft": (0.7, 0.6, 1.4),
}


@cache
def bare() -> FaceModel:
    """The demo head without shapes, rigged as a draft."""
    vertices, faces, _ = mesh("demo")
    return FaceModel.build(vertices, faces, {}, quality="draft")


@cache
def demo() -> DemoHead:
    """Where the parts of the demo head lie among its vertices."""
    return build_head()


@cache
def arkit() -> dict[str, np.ndarray]:
    """The ARKit set grown on the bare head."""
    return bare().grow()


def twins() -> np.ndarray:
    """(V,) the vertex on the other side of each."""
    head, out = demo(), np.arange(len(demo().vertices))
    out[: head.skin_count] = head.mirror
    left, right = head.parts["eye_left"], head.parts["eye_right"]
    out[left], out[right] = np.arange(right.start, right.stop), np.arange(left.start, left.stop)
    return out


def test_sets_are_complete():
    """ARKit's names but for the tongue, 15 visemes, and both sides of every paired action unit."""
    assert set(SETS["arkit"]) == set(ARKIT) - {"tongueOut"}
    assert len(SETS["visemes"]) == 15
    units = set(SETS["action_units"])
    assert {n[:-1] + "R" for n in units if n.endswith("_L")} == {n for n in units if n.endswith("_R")}
    assert set(arkit()) == set(SETS["arkit"])


def test_recipes_name_muscles_of_the_table():
    """Every muscle of every recipe exists, and none pulls backwards."""
    table = {spec.name for spec in MUSCLE_TABLE}
    for name, recipe in RECIPES.items():
        for muscle, value in recipe.muscles:
            assert muscle.removesuffix("_L").removesuffix("_R") in table, name
            assert 0.0 < value <= 1.5, name


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_a_grown_shape_is_the_sculpted_expression(name):
    """Grown and sculpted motions point the same way and are of a size."""
    skin = slice(demo().skin_count)
    grown, sculpted = arkit()[name][skin], mesh("demo")[2][name][skin]
    cosine = (grown * sculpted).sum() / (np.linalg.norm(grown) * np.linalg.norm(sculpted))
    least, low, high = EXPRESSIONS[name]
    assert cosine > least
    assert low < np.linalg.norm(grown) / np.linalg.norm(sculpted) < high


def test_left_and_right_mirror_each_other():
    """On a symmetric head pairs are mirror images and whole shapes symmetric, to rounding."""
    pair, teeth = twins(), np.zeros(len(demo().vertices), bool)
    for name in ("teeth_upper", "teeth_lower"):
        teeth[demo().parts[name]] = True
    for name, delta in arkit().items():
        other = name.replace("Left", "Right") if "Left" in name else name.replace("Right", "Left")
        assert np.abs(arkit()[other][pair] * MIRROR - delta)[~teeth].max() < 1e-9, name


def slit(x: np.ndarray) -> np.ndarray:
    """Gap [cm] between the lids of the left eye along the fissure, seen from the eye's centre, of vertices x (V, 3)."""
    rings = demo().topology.eye[LID_RING : LID_RING + MARGIN_RINGS + 1]
    arm = x[rings] - EYE_CENTRE
    elevation = np.arctan2(arm[..., 1], arm[..., 2])
    half = rings.shape[1] // 2
    upper, lower = elevation[:, 1:half].min(axis=0), elevation[:, :half:-1].max(axis=0)
    return (upper - lower) * EYE_RADIUS


def test_a_blink_closes_the_eye_outside_the_ball():
    """The lids meet within half a millimetre, a whole one in the corners, and none enters the eyeball."""
    moved = demo().vertices + arkit()["eyeBlinkLeft"]
    assert slit(demo().vertices).max() > 0.8
    gap = np.abs(slit(moved))
    assert gap[3:-3].max() < 0.05
    assert gap.max() < 0.1
    lids = moved[demo().topology.eye[LID_RING : LID_RING + MARGIN_RINGS + 1].ravel()]
    assert np.linalg.norm(lids - EYE_CENTRE, axis=1).min() > EYE_RADIUS - 0.01


def test_a_blink_closes_the_eye_of_a_head_without_eyeballs():
    """Lids glide around where the ball would be: the gap closes to an eighth in the corners."""
    none = np.zeros(0, np.int64)
    model = FaceModel(replace(bare().rig, eye_left=none, eye_right=none))
    moved = demo().vertices + model.grow(["eyeBlinkLeft"])["eyeBlinkLeft"]
    assert np.abs(slit(moved)).max() < 0.13 * slit(demo().vertices).max()


def test_eyes_turn_rigidly():
    """Looking left turns both balls about their centres and moves no skin away from the lids."""
    ball = demo().parts["eye_left"]
    delta = arkit()["eyeLookOutLeft"]
    before, after = demo().vertices[ball] - EYE_CENTRE, (demo().vertices + delta)[ball] - EYE_CENTRE
    # The fitted centre is the true one to a hundredth of a millimetre.
    assert np.abs(np.linalg.norm(after, axis=1) - np.linalg.norm(before, axis=1)).max() < 1e-3
    front = before[:, 2].argmax()
    assert after[front, 0] > before[front, 0] + 0.3
    assert not arkit()["eyeLookOutLeft"][demo().parts["eye_right"]].any()


def test_where_nothing_moves_shapes_are_exactly_zero():
    """Mouth shapes leave the forehead, brow shapes the chin, and most shapes most of the head."""
    y = demo().vertices[:, 1]
    assert not arkit()["mouthFrownLeft"][y > 5.0].any()
    assert not arkit()["browDownLeft"][y < -8.0].any()
    still = [(delta == 0.0).all(axis=1).mean() for delta in arkit().values()]
    assert np.median(still) > 0.5


def test_mouth_close_closes_the_open_jaw():
    """Added to jawOpen, as ARKit means it, mouthClose brings the lips together; it holds no jaw motion of its own."""
    lip = [demo().topology.mouth[PARTING_RING, step] for step in (32, 0)]
    opened = demo().vertices + arkit()["jawOpen"]
    closed = opened + arkit()["mouthClose"]
    gap = [abs(x[lip[0], 1] - x[lip[1], 1]) for x in (opened, closed)]
    assert gap[0] > 2.0
    assert gap[1] < 0.25 * gap[0]
    assert not arkit()["mouthClose"][demo().parts["teeth_lower"]].any()


def test_teeth_follow_their_bones():
    """Jaw open, the lower row goes down and the upper row stays."""
    delta = arkit()["jawOpen"]
    assert delta[demo().parts["teeth_lower"], 1].max() < -1.0
    assert not delta[demo().parts["teeth_upper"]].any()


def test_what_the_flesh_does_not_bear_is_left_out(monkeypatch):
    """Air in the cheeks that turns tets over makes no shape; the others come."""
    monkeypatch.setattr(shapes, "TRIES", 1)
    monkeypatch.setitem(RECIPES, "cheekPuff", replace(RECIPES["cheekPuff"], cheeks=1e4))
    assert list(bare().grow(["cheekPuff", "jawOpen"])) == ["jawOpen"]


def test_a_jaw_that_the_flesh_cannot_follow_is_told(monkeypatch):
    """A mandible that a control drives through the skull turns tets over: the rig's warnings name that control."""

    def driven(jaw, nodes, bone, q):
        moved = nodes.copy()
        moved[bone == build.MANDIBLE] += [0.0, 8.0 * q[1], 0.0]
        return moved

    monkeypatch.setattr(build, "jaw_bones", driven)
    vertices, faces, _ = mesh("demo")
    said = [w for w in FaceModel.build(vertices, faces, {}, quality="draft").warnings if "come to rest" in w]
    assert len(said) == 1 and "jawForward" in said[0]
    assert not any("come to rest" in w for w in bare().warnings)


def test_unknown_names_are_refused():
    """A name without a recipe is an error that says so."""
    with pytest.raises(MuscleFaceError, match="tongueOut"):
        bare().grow(["tongueOut"])
