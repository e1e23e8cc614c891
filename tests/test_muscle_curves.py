# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Muscles are shown as curves, edited, and laid into the flesh again."""

import io
from dataclasses import replace

import numpy as np
import pytest
from anatomy_heads import head, mesh, model, muscles
from muscle_face.core import Cancelled, FaceModel, MuscleFaceError, variants
from muscle_face.core.anatomy.muscle_curves import MuscleCurve, carried
from muscle_face.core.muscle_rig import content_of, fibre_arrays, fibres_of, with_inert
from muscle_face.core.rig import VERSION, Rig

ADDED = ("path_", "muscle_", "mouth_line", "quality", "landmark_depth", "bones")
"""What was added since version 4."""

SMILE = "zygomaticus_major_L"


def thinner(name: str = SMILE) -> FaceModel:
    """The demo head with one muscle of a third of its width."""
    curve = model("demo").muscle_curves()[name]
    return model("demo").with_muscles({name: replace(curve, width=curve.width / 3.0)})


def test_curves_are_the_muscles_of_the_head():
    """Every muscle has its curve, in the user's frame, where the table laid it, as thick and as wide."""
    curves = model("demo").muscle_curves()
    assert list(curves) == model("demo").muscles
    for name, muscle in muscles("demo").items():
        curve = curves[name]
        frame = head("demo").frame
        assert np.allclose(frame.to_norm(curve.points), np.concatenate(muscle.paths), atol=1e-9)
        assert np.isclose(sum(w.mean() for w in curve.widths), sum(w.mean() for w in muscle.widths) / frame.scale)
        assert curve.closed == muscle.closed and np.isclose(curve.thickness, muscle.thickness / frame.scale)


def test_a_muscle_without_fibres_has_no_curve():
    """A muscle that a rig keeps by name alone is not drawn, and the curves of the others change nothing."""
    named = FaceModel(with_inert(model("demo").rig, ["risorius_third"]))
    assert "risorius_third" in named.muscles
    assert list(named.muscle_curves()) == model("demo").muscles
    assert named.with_muscles(named.muscle_curves()).muscles == named.muscles


def test_curves_as_they_are_change_nothing():
    """Laying the muscles along their own curves, rounded as Blender rounds them, leaves the rig as it is."""
    face = model("demo")
    rounded = {n: replace(c, points=c.points.astype(np.float32)) for n, c in face.muscle_curves().items()}
    assert face.with_muscles(rounded).rig is face.rig


def test_a_muscle_without_strength_keeps_its_place():
    """Muscle that does not pull is muscle all the same, also for who reads it back to lay another one."""
    rig = model("demo").rig
    parts, k = [content_of(rig, n) for n in rig.muscle_names.tolist()], rig.muscle_names.tolist().index(SMILE)
    strength = np.where(np.arange(len(parts)) == k, 0.0, rig.muscle_strength)
    fibres, share = fibres_of(parts, strength, len(rig.tets))
    weak = replace(rig, muscle_strength=strength, **fibre_arrays(fibres))
    assert fibres.stress[fibres.muscle == k].max() < 1e-9
    assert np.allclose(content_of(weak, SMILE).fraction, parts[k].fraction)
    assert len(parts[k].fraction) > 100 and np.allclose(share, rig.muscle_share)


def test_a_muscle_moved_to_where_it_was_is_the_same_muscle():
    """A curve shifted by a thousandth of a millimetre is laid anew and holds the same fibres."""
    face = model("demo")
    curve = face.muscle_curves()[SMILE]
    shift = 1e-3 / face.mm_per_unit
    again = face.with_muscles({SMILE: replace(curve, points=curve.points + shift)})
    assert again.rig is not face.rig
    # The normals are those of the nearest skin, not smoothed along the path: the same fibres but for some thousandths.
    old, new = (m.rig.fibre_stress[m.rig.fibre_muscle == m.muscles.index(SMILE)] for m in (face, again))
    assert abs(new.sum() / old.sum() - 1.0) < 0.02
    assert np.abs(again.rig.own_stretch - face.rig.own_stretch).max() < 2e-3


def test_a_thinner_muscle_pulls_less_and_the_others_as_before():
    """A third of the width moves the face less; other muscles, the neutral and the shapes stay."""
    face, thin = model("demo"), thinner()
    before, after = (m.solve({SMILE: 1.0}) for m in (face, thin))
    rest = face.neutral

    def most(pose):
        return np.linalg.norm(pose.skin - rest, axis=1).max()

    assert 0.15 < most(after) / most(before) < 0.85
    assert after.converged and after.inverted == 0
    assert thin.muscles == face.muscles
    assert np.array_equal(thin.solve({}).skin, rest)
    for name in ("mouthSmile_L", "jawOpen", "browInnerUp"):
        name = name if name in face.shapes else name.replace("_L", "Left")
        # Tracks are held by what resists them, which is worked out from the flesh as it is.
        gap = np.linalg.norm(thin.solve({name: 1.0}).skin - face.solve({name: 1.0}).skin, axis=1).max()
        assert gap * face.mm_per_unit < 0.02
    other = "frontalis_medial_R"
    moved = [m.solve({other: 1.0}).skin - rest for m in (face, thin)]
    assert np.linalg.norm(moved[0] - moved[1], axis=1).max() < 0.05 * np.linalg.norm(moved[0], axis=1).max()


def test_a_further_muscle_comes_last():
    """A curve of an unknown name is a muscle at the end of the list, and pulls along itself."""
    face = model("demo")
    curve = face.muscle_curves()[SMILE]
    start, end = curve.points[0], curve.points[-1]
    straight = MuscleCurve(np.linspace(start, end, 9), np.full(9, curve.width.mean()), curve.thickness)
    more = face.with_muscles({"smile_of_mine": straight})
    assert more.muscles == [*face.muscles, "smile_of_mine"]
    pull = more.solve({"smile_of_mine": 1.0}).skin - face.neutral
    near = np.linalg.norm(face.neutral - end, axis=1) < 10.0 / face.mm_per_unit
    assert pull[near].mean(0) @ (start - end) > 0.5 * np.linalg.norm(pull[near].mean(0)) * np.linalg.norm(start - end)
    assert np.array_equal(FaceModel.from_bytes(more.to_bytes()).rig.path_points, more.rig.path_points)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda c: replace(c, points=c.points * np.nan), "not a number"),
        (lambda c: replace(c, points=c.points + 1e3 * np.ptp(c.points)), "leaves the head"),
        (lambda c: replace(c, points=c.points[:1] + 1e-6 * c.points), "mm long"),
        (lambda c: replace(c, width=0.0 * c.width), "no width"),
        (lambda c: replace(c, thickness=np.inf), "no width"),
        (lambda c: replace(c, strength=np.inf), "no width"),
        (lambda c: replace(c, width=c.width[1:]), "one width for each point"),
    ],
)
def test_curves_that_are_no_muscle_say_so(change, sentence):
    """One sentence with what to do."""
    face = model("demo")
    with pytest.raises(MuscleFaceError, match=sentence):
        face.with_muscles({SMILE: change(face.muscle_curves()[SMILE])})


def test_curves_go_along_with_a_resculpted_head():
    """A head scaled, turned and dented carries its curves: they keep their depth under the skin."""
    face = model("demo")
    vertices, triangles = face.neutral, face.rig.triangles
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    size = np.ptp(vertices, axis=0).max()
    curve = face.muscle_curves()[SMILE]
    dent = 0.02 * size * np.exp(-(((vertices - curve.points.mean(0)) / (0.2 * size)) ** 2).sum(1))[:, None] * [1, 1, 0]
    after = 1.5 * (vertices + dent) @ turn.T
    moved = carried(curve, vertices, after, triangles)
    assert np.isclose(moved.width.mean(), 1.5 * curve.width.mean(), rtol=0.02)

    def depth(points, skin):
        return np.linalg.norm(points[:, None] - skin[None, np.unique(triangles)], axis=2).min(1)

    # In millimetres of the head as it was; the vertices of the demo head are some millimetres apart.
    off = depth(moved.points, after) / 1.5 - depth(curve.points, vertices)
    assert np.abs(off).max() * face.mm_per_unit < 1.5


def test_a_rig_of_the_version_before_is_read():
    """What this version added has a default: the same face, whose muscles cannot be edited before an update."""
    face = model("demo")
    arrays = {name: getattr(face.rig, name) for name in face.rig.__dataclass_fields__}
    kept = ("muscle_names", "muscle_share")
    old = {n: a for n, a in arrays.items() if n in kept or not n.startswith(ADDED)}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{**old, "version": np.int64(4)})
    read = FaceModel(Rig.from_bytes(buffer.getvalue()))
    assert int(read.rig.version) == VERSION and str(read.rig.quality) == "draft"
    assert np.array_equal(read.solve({SMILE: 1.0}).skin, FaceModel(face.rig).solve({SMILE: 1.0}).skin)
    with pytest.raises(MuscleFaceError, match="Update Rig"):
        read.muscle_curves()
    for version, sentence in ((3, "older version .* press Update Rig"), (VERSION + 1, "newer version")):
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **{**arrays, "version": np.int64(version)})
        with pytest.raises(MuscleFaceError, match=sentence):
            Rig.from_bytes(buffer.getvalue())


def test_an_updated_rig_keeps_the_artists_muscles():
    """Re-sculpted and with one shape fewer, the rig keeps quality, tissue, track stiffness, its own muscles and all
    muscle names in their order."""
    vertices, faces, shapes = mesh("demo")
    few = {n: shapes[n] for n in ("jawOpen", "mouthSmileLeft", "mouthSmileRight", "eyeBlinkLeft", "eyeBlinkRight")}
    curve = model("demo").muscle_curves()[SMILE]
    own = replace(curve, width=2.0 * curve.width)
    face = model("demo").with_track_stiffness({"brow": 3.0}).with_muscles({SMILE: own, "extra": own})
    lifted = vertices + 3.0 / face.mm_per_unit * (vertices[:, :1] > 0.0) * [1.0, 0.0, 0.0]
    fresh = face.updated(lifted, faces, few)
    assert fresh.muscles == face.muscles and fresh.shapes == list(few)
    assert np.array_equal(fresh.rig.track_stiffness, face.rig.track_stiffness)
    assert fresh.stats["tets"] < 30_000
    for name in (SMILE, "extra"):
        shift = (fresh.muscle_curves()[name].points - own.points) * face.mm_per_unit
        assert np.allclose(shift, [3.0, 0.0, 0.0], atol=0.5)
        assert np.allclose(fresh.muscle_curves()[name].width, own.width, rtol=0.03)
    assert fresh.solve({"extra": 1.0}).converged
    with pytest.raises(MuscleFaceError, match="undo the edit"):
        face.updated(vertices[1:], faces, few)


@pytest.mark.parametrize(("gravity", "given"), [((0.0, -9.81, 0.0), None), ((0.0, -4.905, 0.0), None),
                                                 ((0.0, 0.0, -9.81), (0.0, 0.0, -9.81))])  # fmt: skip
def test_an_updated_rig_hangs_anew_unless_it_was_told_how(monkeypatch, gravity, given):
    """Walls sculpted thinner bear less: only a gravity that somebody gave is asked of them again."""
    asked = []

    def build(*_, rest_gravity, **options):
        asked.append(rest_gravity)
        raise Cancelled

    monkeypatch.setattr(variants, "build_rig", build)
    face = FaceModel(replace(model("demo").rig, rest_gravity=np.array(gravity)))
    with pytest.raises(Cancelled):
        face.updated(*mesh("demo"))
    assert (asked[0] is None) == (given is None) and (given is None or np.allclose(asked[0], given))


def test_the_frame_of_a_rig_is_that_of_its_head():
    """Rig and head agree on what is normalised."""
    frame, points = model("demo").rig.head_frame(), model("demo").neutral
    assert np.allclose(frame.to_norm(points), head("demo").frame.to_norm(points), atol=1e-9)
