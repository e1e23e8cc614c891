# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The face model from head to derivatives: on the demo head always, on the ICT head where it is present."""

import io
from dataclasses import replace

import numpy as np
import pytest
import warp as wp
from anatomy_heads import head, mesh, model
from muscle_face.core import Cancelled, FaceModel, MuscleFaceError, Parameters
from muscle_face.core.fit.options import FitOptions
from muscle_face.core.fit.targets import ScanTarget
from muscle_face.core.rig import VERSION

HEADS = ("demo", "ict_whole")
NOT_FACS = ("PupilDilate", "cheekRaiser")


def rms_mm(name: str, skin: np.ndarray, target: np.ndarray) -> float:
    """RMS distance over the face region (ICT: its vertices 0-9408) or the skin [mm]."""
    m = model(name)
    region = np.arange(9409) if name == "ict_whole" else m.skin_vertices
    return float(np.sqrt(((skin - target)[region] ** 2).sum(1).mean())) * m.mm_per_unit


def expressions(name: str) -> list[str]:
    return [s for s in mesh(name)[2] if not s.startswith(NOT_FACS)]


@pytest.mark.parametrize("name", HEADS)
def test_rest_is_sound_and_lips_are_free(name):
    """No tet is inverted at rest, none bridges the lips, none is flat, and quality means what it says."""
    stats = model(name).stats
    assert stats["rest_inverted"] == 0
    assert stats["lip_glued_edges"] == 0
    # Mean-ratio optimisation leaves a handful of tets at 4 to 8 degrees; below 2 the stiffness suffers.
    assert stats["min_dihedral_deg"] > 2.0
    low, high = (40_000, 60_000) if name == "ict_whole" else (10_000, 22_000)
    assert low <= stats["tets"] <= high


@pytest.mark.parametrize("name", HEADS)
def test_neutral_is_exactly_the_neutral_mesh(name):
    """Zero everywhere gives the artist's vertices bit by bit, from rest and from an expression."""
    m = model(name)
    smile = m.solve({m.controls().names[0]: 1.0})
    for start in (None, smile):
        pose = m.solve({}, start=start)
        assert np.array_equal(pose.skin, mesh(name)[0])
        assert pose.residual == 0.0


@pytest.mark.parametrize("name", HEADS)
def test_every_shape_comes_out_as_the_artist_made_it(name):
    """Each expression at 1, in one jump from rest: settled, nothing inverted, near the artist's shape."""
    vertices, _, shapes = mesh(name)
    m = model(name)
    for shape in expressions(name):
        pose = m.solve({shape: 1.0})
        assert pose.converged and pose.residual <= 1e-3, shape
        assert pose.inverted == 0, shape
        limit = 1.5 if shape.startswith("jaw") else 1.0
        wanted = vertices + shapes[shape]
        assert rms_mm(name, pose.skin, wanted) < limit, shape
        # The flesh itself is there, not only the fine motion laid over it.
        flesh = pose.skin.copy()
        flesh[m.skin_vertices] = m.flesh_skin(pose)
        assert rms_mm(name, flesh, wanted) < limit, shape


@pytest.mark.parametrize("name", HEADS)
def test_half_a_shape_is_half_way(name):
    """At weight 0.5 the flesh stays near half the shape: no lip or lid snaps over."""
    vertices, _, shapes = mesh(name)
    m = model(name)
    for shape in ("mouthSmile", "mouthPucker", "mouthShrugUpper", "eyeWide", "noseSneer", "mouthUpperUp", "jawOpen"):
        for given in head(name).arkit.get(shape, ()) or head(name).arkit[shape + "Left"]:
            pose = m.solve({given: 0.5})
            # jawOpen turns, and half a turn is not half the chord: a millimetre at 0.25 rad.
            assert rms_mm(name, pose.skin, vertices + 0.5 * shapes[given]) < 1.5, given


@pytest.mark.parametrize("name", HEADS)
def test_jaw_open_parts_the_lips_as_far_as_the_shape(name):
    """The gap between the lips at jawOpen = 1 is the artist's within 2 mm; the jaw slider makes the same face."""
    vertices, _, shapes = mesh(name)
    m = model(name)
    upper, lower = (head(name).landmark_vertices[n] for n in ("upper_lip", "lower_lip"))
    pose = m.solve({"jawOpen": 1.0})
    wanted = vertices + shapes["jawOpen"]
    gap = np.linalg.norm(pose.skin[upper] - pose.skin[lower]) - np.linalg.norm(wanted[upper] - wanted[lower])
    assert abs(gap) * m.mm_per_unit < 2.0
    assert np.abs(m.solve({"jaw_open": 1.0}).skin - pose.skin).max() * m.mm_per_unit < 0.02


def test_lower_teeth_stay_rigid_under_the_jaw():
    """Parts that follow the mandible keep their shape when the jaw opens, and eyes stay where they are."""
    m = model("demo")
    parts = {p.kind: p.vertices for p in head("demo").parts}
    pose = m.solve({"jaw_open": 0.7, "jaw_side": 0.5})
    lower = next(v for k, v in parts.items() if "lower" in k)
    eye = next(v for k, v in parts.items() if k.startswith("eye"))
    before, after = mesh("demo")[0][lower], pose.skin[lower]
    spread = [np.linalg.norm(x[:, None] - x[None], axis=2) for x in (before, after)]
    # The shapes move the teeth along chords; an arc of 0.17 rad is 0.4 % longer.
    assert np.abs(spread[0] - spread[1]).max() < 0.05
    assert np.linalg.norm(after - before, axis=1).min() > 0.5
    assert np.array_equal(pose.skin[eye], mesh("demo")[0][eye])


def test_random_sliders_settle():
    """Ten random mixtures of all sliders settle without inverted tets, from rest and from the pose before."""
    m = model("demo")
    controls = m.controls()
    rng = np.random.default_rng(11)
    pose = None
    for _ in range(10):
        c = np.zeros(len(controls.names))
        some = rng.choice(len(c), 8, replace=False)
        c[some] = rng.uniform(controls.bounds[some, 0], controls.bounds[some, 1])
        pose = m.solve(c, start=pose)
        assert pose.converged and pose.inverted == 0, {controls.names[i]: c[i] for i in some}
        # Two settled answers may differ by the tolerance: 0.02 mm in the last step, some times over.
        assert np.abs(m.solve(c).skin - pose.skin).max() * m.mm_per_unit < 0.2


def test_a_tet_that_comes_to_rest_turned_over_is_come_at_another_way(monkeypatch):
    """Where the first equilibrium holds an inverted tet, the pose is the one found from half the sliders."""
    m = model("demo")
    values = {"mouthSmileLeft": 0.8, "jawOpen": 0.5}
    expected, solve, asked = m.solve(values), m.solver.solve, []

    def trapped(load, starts, **options):
        nodes, report = solve(load, starts, **options)
        asked.append(load)
        if len(asked) == 1:
            corner, *face = m.flesh.tets[0]
            nodes[corner] = 2.0 * nodes[face].mean(0) - nodes[corner]
        return nodes, report

    monkeypatch.setattr(m.solver, "solve", trapped)
    pose = m.solve(values)
    assert len(asked) == 3
    assert pose.converged and pose.inverted == 0
    assert np.abs(pose.skin - expected.skin).max() * m.mm_per_unit < 0.05


def test_derivatives_agree_with_finite_differences():
    """Jacobian columns of a shape, a muscle and the jaw against central differences; gradient = Jacobian^T loss."""
    m = model("demo")
    names = m.controls().names
    pose = m.solve({"jawOpen": 0.3, "mouthSmileLeft": 0.6, "zygomaticus_major_R": 0.5, "jaw_side": 0.3}, tolerance=1e-9)
    J = m.jacobian(pose)
    for name in ("jawOpen", "mouthPucker", "eyeBlinkLeft", "zygomaticus_major_R", "jaw_side"):
        i, h = names.index(name), 1e-4
        up, down = pose.controls.copy(), pose.controls.copy()
        up[i] += h
        down[i] -= h
        difference = m.solve(up, start=pose, tolerance=1e-10).skin - m.solve(down, start=pose, tolerance=1e-10).skin
        column = J[:, i].reshape(-1, 3)
        assert np.linalg.norm(column - difference / (2 * h)) < 1e-4 * np.linalg.norm(column), name
    loss = np.random.default_rng(0).standard_normal(pose.skin.shape)
    expected = J.T @ loss.ravel()
    assert np.abs(m.gradient(pose, loss) - expected).max() < 1e-6 * np.abs(expected).max()


def test_a_muscle_below_nothing_changes_nothing():
    """A muscle's slider below 0 leaves the muscle at rest: its derivatives there are 0."""
    m = model("demo")
    pose = m.solve({"jawOpen": 0.3, "zygomaticus_major_R": -0.2})
    slider = m.controls().names.index("zygomaticus_major_R")
    assert not m.jacobian(pose)[:, slider].any() and m.jacobian(pose)[:, m.controls().names.index("jawOpen")].any()
    assert m.gradient(pose, np.ones(pose.skin.shape))[slider] == 0.0
    assert m.forward(pose, []).shape == (*pose.skin.shape, 0)


@pytest.mark.parametrize("name", HEADS)
def test_fit_recovers_the_sliders_behind_a_face(name):
    """A mix made by the rig itself is found again: controls within 0.05, skin within 0.05 mm RMS."""
    m = model(name)
    wanted = {}
    for shape, value in (("jawOpen", 0.4), ("mouthSmileLeft", 0.7), ("mouthSmileRight", 0.7), ("browInnerUp", 0.5)):
        wanted |= {given: value for given in head(name).arkit[shape]}
    target = m.solve(wanted, tolerance=1e-6).skin
    result = m.fit(target)
    assert result.rms_mm < 0.05
    for control, value in result.values.items():
        assert abs(value - wanted.get(control, 0.0)) < 0.05, control
    assert result.rms_mm < result.blendshape_only.rms_mm


def test_model_survives_saving(tmp_path):
    """A saved and loaded model gives the same skin to the last bit."""
    m = model("demo")
    m.save(tmp_path / "rig.npz")
    again = FaceModel.load(tmp_path / "rig.npz")
    values = {"mouthSmileLeft": 0.5, "zygomaticus_major_L": 0.4, "jaw_open": 0.2}
    assert np.array_equal(FaceModel.from_bytes(m.to_bytes()).solve(values).skin, again.solve(values).skin)
    assert again.controls().names == m.controls().names


def test_any_unit_and_orientation_gives_the_same_face():
    """A head in metres that lies on its back smiles exactly like the upright one in centimetres."""
    vertices, faces, shapes = mesh("demo")
    few = {n: shapes[n] for n in ("jawOpen", "mouthSmileLeft", "mouthSmileRight", "browInnerUp", "eyeBlinkLeft",
                                  "eyeBlinkRight")}  # fmt: skip
    turn = np.array([[1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]]) * 0.01
    values = {"mouthSmileLeft": 0.8, "jawOpen": 0.3, "zygomaticus_major_R": 0.5}
    skins = []
    for A in (np.eye(3), turn):
        given = vertices @ A.T
        m = FaceModel.build(given, faces, {n: d @ A.T for n, d in few.items()}, quality="draft")
        # The caller's array is the caller's: the model has its own.
        given[:] = 0.0
        skins.append((m.solve(values, tolerance=1e-6).skin @ np.linalg.inv(A).T, m))
    # The meshes agree to rounding; a Delaunay tie may fall differently, which moves skin by the tet size's error.
    assert np.sqrt(((skins[0][0] - skins[1][0]) ** 2).sum(1).mean()) < 0.02
    assert skins[1][1].mm_per_unit == pytest.approx(1000.0)


def test_tracks_hold_where_they_are_stiffened():
    """A hundred times stiffer tracks around the mouth hold its corner against a muscle; brow and shapes stay."""
    m = model("demo")
    held = m.with_track_stiffness({"mouth": 100.0, "cheek": 100.0})
    corner = head("demo").landmark_vertices["mouth_corner_L"]

    def moved(of, muscle):
        return np.linalg.norm(of.solve({muscle: 1.0}).skin - of.neutral, axis=1) * m.mm_per_unit

    assert moved(held, "zygomaticus_major_L")[corner] < 0.7 * moved(m, "zygomaticus_major_L")[corner]
    brow = moved(m, "frontalis_medial_L")
    assert abs(moved(held, "frontalis_medial_L").max() - brow.max()) < 0.02 * brow.max()
    gap = held.solve({"mouthSmileLeft": 1.0}).skin - m.solve({"mouthSmileLeft": 1.0}).skin
    # A shape is an equilibrium whatever holds it; settled poses are within 0.02 mm, some times over.
    assert np.linalg.norm(gap, axis=1).max() * m.mm_per_unit < 0.05
    with pytest.raises(MuscleFaceError, match="no region"):
        m.with_track_stiffness({"chin": 2.0})


def test_the_rig_knows_its_skin_and_landmarks():
    """Landmarks lie on the outer skin in the mesh's own frame, the closed surface is wound outwards."""
    m = model("demo")
    corners = m.neutral[m.triangles]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    # Divergence theorem: the outward flux of x is three times the volume, open neck or not.
    centred = corners.mean(1) - m.neutral.mean(0)
    assert (centred * normal).sum() > 0.0
    tip = m.landmarks["nose_tip"]
    assert np.linalg.norm(m.neutral[m.skin_vertices] - tip, axis=1).min() * m.mm_per_unit < 3.0
    again = FaceModel.from_bytes(m.to_bytes())
    assert again.landmarks.keys() == m.landmarks.keys()


def test_clear_sentences_for_bad_requests():
    """Unknown sliders, broken values and foreign targets are refused with a sentence."""
    m = model("demo")
    with pytest.raises(MuscleFaceError, match="no slider"):
        m.solve({"mouthSmlie": 1.0})
    with pytest.raises(MuscleFaceError, match="not a number"):
        m.solve({"jawOpen": np.nan})
    with pytest.raises(MuscleFaceError, match="same topology"):
        m.fit(np.zeros((10, 3)))
    with pytest.raises(MuscleFaceError, match="not numbers"):
        m.fit(np.full((m.vertex_count, 3), np.nan))
    with pytest.raises(MuscleFaceError, match="Gravity"):
        m.solve({}, gravity=(0.0, np.nan, 0.0))
    pose = m.solve()
    with pytest.raises(MuscleFaceError, match="another face"):
        m.solve({}, start=replace(pose, nodes=pose.nodes[1:]))
    with pytest.raises(MuscleFaceError, match="tolerance"):
        m.solve({"jawOpen": 0.2}, tolerance=0.0)
    with pytest.raises(MuscleFaceError, match="gradient of a loss"):
        m.gradient(pose, pose.skin[1:])
    with pytest.raises(MuscleFaceError, match="does not exist"):
        m.fit(ScanTarget(m.neutral[:10], m.triangles[-5:]))
    with pytest.raises(MuscleFaceError, match="no tissue"):
        m.with_tissue("jelly")
    with pytest.raises(MuscleFaceError, match="damaged"):
        FaceModel.from_bytes(b"not a rig")
    emptied = io.BytesIO()
    np.savez(emptied, version=VERSION)
    with pytest.raises(MuscleFaceError, match="damaged"):
        FaceModel.from_bytes(emptied.getvalue())
    with pytest.raises(MuscleFaceError, match="draft"):
        FaceModel.build(*mesh("demo"), quality="fine")
    for factor in (-1.0, np.nan):
        with pytest.raises(MuscleFaceError, match="at least 0"):
            m.with_track_stiffness({"mouth": factor})
    with pytest.raises(MuscleFaceError, match="no slider"):
        m.fit(m.neutral, FitOptions(limits={"jawOpne": (0.0, 1.0)}))
    with pytest.raises(MuscleFaceError, match="above"):
        m.fit(m.neutral, FitOptions(limits={"jawOpen": (1.0, 0.0)}))


@pytest.mark.parametrize(("ask", "words"), [
    (lambda m, p: m.solve({"jawOpen": "wide"}), "not a number"),
    (lambda m, p: m.solve("jawOpen"), "not a number"),
    (lambda m, p: m.solve({"jawOpen": [0.1, 0.2], "mouthPucker": [0.0, 0.0]}), "not a number"),
    (lambda m, p: m.solve({}, gravity="down"), "Gravity"),
    (lambda m, p: m.solve_batch([{}, {}], starts=[p]), "2 slider settings and 1 starts"),
    (lambda m, p: m.gradient(p, p.skin.T), "gradient of a loss"),
    (lambda m, p: m.gradient(p, np.full(p.skin.shape, np.nan)), "gradient of a loss"),
    (lambda m, p: m.gradient_batch([p], np.zeros((2, *p.skin.shape))), "1 poses and 2 gradients"),
    (lambda m, p: m.forward(p, [Parameters(rest=np.zeros((3, 3)))]), "direction's rest"),
    (lambda m, p: m.forward(p, [Parameters(gravity=[0.0, 1.0])]), "direction's gravity"),
    (lambda m, p: m.with_stiffness({"cheek": "soft"}), 'factor of "cheek" is not'),
    (lambda m, p: m.fit(p.skin, FitOptions(mode="quick")), "no mode"),
    (lambda m, p: m.fit(p.skin, FitOptions(prior=-1.0)), "at least 0"),
    (lambda m, p: m.fit(ScanTarget(p.skin, m.triangles), weights=np.ones(len(p.skin))), "weights of its own"),
    (lambda m, p: m.fit(ScanTarget(p.skin, m.triangles[:600].reshape(-1, 4))), "no triangles"),
    (lambda m, p: m.fit(ScanTarget(p.skin, mesh("demo")[1])), "no triangles"),
    (lambda m, p: m.with_muscle_meshes({"x": (p.skin[:3], [[0, 1, 2], [0, 2, 3], [0, 3, 1], [1, 3, 2]])}), "no mesh"),
    (lambda m, p: m.with_muscle_meshes({"x": (p.skin[:4, :2], [[0, 1, 2], [0, 2, 3]])}), "no mesh"),
    (lambda m, p: m.solve_on_tape(wp.Tape(), wp.zeros(len(p.controls), dtype=wp.float64)), "requires_grad"),
    (lambda m, p: FaceModel.build([[0, 0, 0], [1, 1]], [[0, 1, 2]]), "three numbers each"),
    (lambda m, p: FaceModel.build(*mesh("demo")[:2], {"a": [[0, 0, 0], [1, 1]]}), "three numbers a vertex"),
])  # fmt: skip
def test_what_is_of_another_shape_is_refused(ask, words):
    """Text, other shapes and what cannot be meant raise one sentence, and nothing is made of them."""
    m = model("demo")
    with pytest.raises(MuscleFaceError, match=words):
        ask(m, m.solve())


def test_a_file_of_something_else_is_no_old_rig():
    """An archive that names no version is damaged, which no update mends."""
    other = io.BytesIO()
    np.savez(other, points=np.zeros(3))
    with pytest.raises(MuscleFaceError, match="damaged"):
        FaceModel.from_bytes(other.getvalue())


def test_what_was_given_may_change_afterwards():
    """A pose keeps its gravity and a model its neutral when the caller's arrays are used for something else."""
    m, gravity = model("demo"), np.array([0.0, 0.0, -9.81])
    pose = m.solve({}, gravity=gravity)
    gravity[:] = 0.0
    assert pose.gravity[2] == -9.81


def test_namesakes_of_controls_give_way():
    """A muscle called like a jaw control keeps its name, and every control has one of its own."""
    rig = model("demo").rig
    names = np.array(["jaw_open", *rig.muscle_names[1:].tolist()])
    m = FaceModel(replace(rig, muscle_names=names))
    assert len(set(m.controls().names)) == len(m.controls().names)
    assert m.vector({"jaw_open": 1.0})[len(m.shapes)] == 1.0 and m.vector({"muscle_face.jaw_open": 1.0})[-3] == 1.0


def test_building_can_be_cancelled():
    """A progress callback that raises Cancelled stops the build at once."""
    seen = []

    def progress(share, text):
        seen.append(share)
        if share > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        FaceModel.build(*mesh("demo"), quality="draft", progress=progress)
    assert seen == sorted(seen) and seen[-1] < 0.6
