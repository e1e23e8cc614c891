# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The fit on every kind of target that the demo head's draft rig makes of itself, and on those that make no sense."""

from functools import cache

import numpy as np
import pytest
from anatomy_heads import model
from fit_proofs import (
    face_vertices,
    nudged_head,
    off_surface_mm,
    points_68,
    portrait_camera,
    random_expressions,
    rms_mm,
    scanned,
)
from muscle_face.core import Cancelled, MuscleFaceError
from muscle_face.core.fit.camera import Camera
from muscle_face.core.fit.head import Head
from muscle_face.core.fit.options import FitOptions
from muscle_face.core.fit.scan import ScanGoal
from muscle_face.core.fit.targets import (
    CameraTarget,
    Contour,
    MarkerTarget,
    ScanTarget,
    SkinPoints,
    VertexTarget,
)
from scipy.spatial.transform import Rotation


@cache
def made():
    """Two faces of 3 to 8 sliders."""
    return random_expressions(model("demo"), 2)


@cache
def image():
    """A camera, the 52 inner landmarks and their pixels on the first face, whose head has moved."""
    m, rng = model("demo"), np.random.default_rng(3)
    camera, points, head = portrait_camera(m), points_68(m), nudged_head(m, rng)
    return camera, points, camera.project(head.at(points.at(made()[0].skin))), head


def error(fit, pose) -> float:
    """Face RMS of a fit against the face that made its target [mm]."""
    m = model("demo")
    return rms_mm(m, fit.pose.skin, pose.skin, face_vertices(m))


def size(pose) -> float:
    """Face RMS motion from neutral [mm]."""
    m = model("demo")
    return rms_mm(m, m.neutral, pose.skin, face_vertices(m))


@pytest.mark.parametrize("number", [0, 1])
def test_same_topology_is_found_again(number):
    """A mesh that the rig made comes out within 0.05 mm RMS, nearer than shapes alone, with the numbers of a report."""
    pose = made()[number]
    fit = model("demo").fit(pose.skin)
    assert error(fit, pose) < 0.05
    assert fit.rms_mm <= fit.p95_mm <= fit.max_mm
    assert fit.rms_mm < fit.blendshape_only.rms_mm
    assert np.allclose(fit.pose.skin + fit.residual_skin, pose.skin)
    muscles = {n for n, c in zip(model("demo").controls().names, pose.controls, strict=True) if c > 0.2}
    muscles &= set(model("demo").muscles)
    assert muscles <= {name for name, _ in fit.active_muscles}


def test_a_painted_part_is_fitted_alone():
    """With weights on the left half only that half is reached, though the other is elsewhere."""
    m = model("demo")
    pose = m.solve({"mouthSmileLeft": 0.7, "mouthSmileRight": 0.7})
    left = m.neutral[:, 0] > 1.5
    fit = m.fit(VertexTarget(np.where(left[:, None], pose.skin, pose.skin + 1.0), left.astype(float)))
    assert fit.values["mouthSmileLeft"] == pytest.approx(0.7, abs=0.05)
    assert rms_mm(m, fit.pose.skin, pose.skin, m.skin_vertices[left[m.skin_vertices]]) < 0.05


def test_groups_that_may_not_move_stay():
    """Without muscles none is used; a jaw that stays closes shapes that turn it; what the start has is kept."""
    m = model("demo")
    pose = m.solve({"jawOpen": 0.5, "zygomaticus_major_L": 0.8})
    start = m.solve({"frontalis_medial_L": 0.4})
    fit = m.fit(pose.skin, FitOptions(muscles=False, jaw=False), start=start)
    assert fit.values["jawOpen"] == fit.values["jaw_open"] == 0.0
    assert [(n, round(a, 6)) for n, a in fit.active_muscles] == [("frontalis_medial_L", 0.4)]


def test_limits_hold():
    """A control stays where its limits meet, beyond its own bounds too, and others stay within theirs; the plain fit
    counts what is held."""
    m = model("demo")
    pose = m.solve({"mouthSmileLeft": 1.2, "mouthSmileRight": 0.6})
    limits = {"mouthSmileLeft": (1.2, 1.2), "mouthSmileRight": (0.0, 0.4), "zygomaticus_major_R": (0.0, 0.0)}
    fit = m.fit(pose.skin, FitOptions(limits=limits))
    assert fit.values["mouthSmileLeft"] == 1.2 and fit.values["zygomaticus_major_R"] == 0.0
    assert 0.2 < fit.values["mouthSmileRight"] <= 0.4
    # A plain sum without the held smile would miss by most of that.
    assert fit.blendshape_only.rms_mm < 0.5 * size(m.solve({"mouthSmileLeft": 1.2}))


def test_readable_uses_few_sliders():
    """On a noisy mesh the readable fit needs no more sliders than made it, half as many as the faithful one."""
    m, pose = model("demo"), made()[1]
    # A scanner's noise, which invites small activations everywhere.
    target = pose.skin + 0.02 * np.random.default_rng(0).standard_normal(pose.skin.shape)
    counts = {}
    for mode in ("faithful", "readable"):
        fit = m.fit(target, FitOptions(mode=mode))
        counts[mode] = int((fit.controls > 0.01).sum())
        assert error(fit, pose) < 0.1 * size(pose)
    assert counts["readable"] <= (pose.controls > 0.0).sum()
    assert 2 * counts["readable"] <= counts["faithful"]


def test_markers_with_gaps_and_outliers():
    """120 markers on a moved head, some missing, some off by a centimetre, one far away, still give the face."""
    m, pose, rng = model("demo"), made()[1], np.random.default_rng(1)
    points, head = SkinPoints.of_vertices(rng.choice(face_vertices(m), 120, replace=False)), nudged_head(m, rng)
    positions = head.at(points.at(pose.skin))
    positions[:6], positions[6:12], positions[12] = np.nan, positions[6:12] + 1.0, 1000.0
    fit = m.fit(MarkerTarget(points, positions))
    assert error(fit, pose) < 0.25
    assert np.abs(fit.head.matrix() - head.matrix()).max() < 0.05
    assert np.isnan(fit.error_mm[:6]).all()
    assert fit.far.tolist() == list(range(6, 13))


def test_a_scan_of_other_topology():
    """A grid of laser hits with 0.1 mm noise and a fifth missing, from a head moved by centimetres: within 0.3 mm."""
    m, pose, rng = model("demo"), made()[0], np.random.default_rng(5)
    head = nudged_head(m, rng)
    scan = scanned(m, pose.skin, rng, noise_mm=0.1, missing=0.2)
    fit = m.fit(ScanTarget(head.at(scan.vertices), scan.triangles))
    fitted = head.back(fit.head.at(fit.pose.skin))
    assert off_surface_mm(m, fitted, pose.skin, face_vertices(m)) < 0.3
    assert fit.residual_skin.shape == m.neutral.shape


@pytest.mark.parametrize("turn", [np.pi, -1.2])
def test_a_head_turns_to_a_scan_that_faces_elsewhere(turn):
    """A scan turned away about the upright axis, over the same place: the head finds its front, to 2 degrees."""
    m, pose = model("demo"), made()[0]
    skin = pose.skin[m.skin_vertices].mean(0)
    away = Head().moved(np.concatenate([m.rotation.T @ [0.0, turn, 0.0], np.zeros(3)]), skin)
    goal = ScanGoal(m, ScanTarget(away.at(pose.skin), m.triangles[:, [1, 2, 0]]))
    points = SkinPoints.joined([t.points for t in goal.terms])
    found = goal.first_head(points.at(m.neutral), False)
    left = Rotation.from_matrix(found.rotation @ away.rotation.T)
    assert np.degrees(left.magnitude()) < 2.0


def test_a_scan_elsewhere_is_brought_home_by_pairs():
    """Three pairs of points place a scan that is turned, far away and in another unit, with its scale."""
    m, pose, rng = model("demo"), made()[0], np.random.default_rng(6)
    scan = scanned(m, pose.skin, rng, noise_mm=0.1, missing=0.2)
    head = nudged_head(m, rng).moved(np.array([0.4, 1.5, 0.0, 100.0, 5.0, 0.0, np.log(2.5)]), np.zeros(3))
    marks = SkinPoints.nearest(m, np.array([m.landmarks[n] for n in ("nose_tip", "eye_outer_L", "eye_outer_R",
                                                                     "glabella")]))  # fmt: skip
    pairs = marks, head.at(marks.at(pose.skin))
    fit = m.fit(ScanTarget(head.at(scan.vertices), scan.triangles, pairs=pairs), FitOptions(scale=True))
    assert fit.head.scale == pytest.approx(2.5, rel=0.01)
    fitted = head.back(fit.head.at(fit.pose.skin))
    assert off_surface_mm(m, fitted, pose.skin, face_vertices(m)) < 0.3


def test_exact_image_points():
    """Exact pixels of 52 points, head unknown: the face within 1.5 mm RMS and half of what it moved."""
    camera, points, pixels, _ = image()
    fit = model("demo").fit(CameraTarget(points, pixels, camera))
    assert error(fit, made()[0]) < min(1.5, 0.5 * size(made()[0]))
    assert fit.pixels_rms < 0.3
    assert np.isnan(fit.rms_mm)
    # The eyes of this head are some 130 pixels apart.
    assert fit.percent_interocular == pytest.approx(fit.pixels_rms, rel=0.5)


def test_noisy_image_points_and_a_lost_one():
    """1.5 pixels of noise on a face 300 wide, one track lost and one gone astray: within 2.5 mm RMS."""
    camera, points, pixels, _ = image()
    noisy = pixels + 1.5 * np.random.default_rng(4).standard_normal(pixels.shape)
    noisy[3], noisy[10] = np.nan, noisy[10] + 60.0
    fit = model("demo").fit(CameraTarget(points, noisy, camera))
    assert error(fit, made()[0]) < 2.5
    assert 10 in fit.far and 3 not in fit.far and len(fit.far) < 6


def test_lips_slide_along_contours():
    """The outlines of the lips alone, without points on them, open the jaw as far as it was."""
    m = model("demo")
    pose, camera = m.solve({"jawOpen": 0.6}), portrait_camera(m)
    points = points_68(m)
    lips = np.arange(len(points)) >= len(points) - 20
    outer, inner = points.some(lips).some(np.arange(12)), points.some(lips).some(np.arange(12, 20))
    curves = []
    for curve in (outer, inner):
        pixels = camera.project(curve.at(pose.skin))
        # Elsewhere on the same outline: half way between the points.
        curves.append(Contour(curve, 0.5 * (pixels + np.roll(pixels, -1, axis=0)), closed=True))
    rest = points.some(~lips)
    pixels = camera.project(rest.at(pose.skin))
    fit = m.fit(CameraTarget(rest, pixels, camera, contours=curves), FitOptions(muscles=False))
    assert fit.values["jawOpen"] == pytest.approx(0.6, abs=0.1)


def test_stopping_keeps_the_best_so_far():
    """A progress that raises Cancelled while the fit runs gets the face found until then."""

    def progress(share, text):
        if text.startswith("Fitting: ") and share > 0.15:
            raise Cancelled

    fit = model("demo").fit(made()[0].skin, progress=progress)
    assert fit.stopped and fit.rms_mm < size(made()[0])


def bad_targets() -> dict:
    """Name -> target and a word of the sentence that refuses it."""
    m = model("demo")
    camera, points, pixels, _ = image()
    place = camera.world_to_camera
    behind, away = np.diag([-1.0, 1.0, -1.0, 1.0]), np.diag([-1.0, 1.0, -1.0, 1.0])
    behind = np.eye(4)
    behind[:3, :3] = place[:3, :3] @ m.rotation.T @ np.diag([-1.0, 1.0, -1.0]) @ m.rotation
    middle = m.neutral[face_vertices(m)].mean(0)
    behind[:3, 3] = place[:3, :3] @ middle + place[:3, 3] - behind[:3, :3] @ middle
    lens = camera.fx, camera.fy, camera.cx, camera.cy, camera.width, camera.height
    markers, triangle = points.at(m.neutral), np.array([[0, 1, 2]])
    skin, faces = m.neutral, m.triangles
    return {
        "no vertices": (VertexTarget(np.zeros((0, 3))), "same topology"),
        "vertices that are not numbers": (VertexTarget(np.full_like(skin, np.nan)), "not numbers"),
        "another place": (VertexTarget(skin + 500.0), "away from the face"),
        "another unit": (VertexTarget(1000.0 * skin), "1,000.0 times as large"),
        "collapsed": (VertexTarget(0.0 * skin), "one place"),
        "no weight": (VertexTarget(skin, np.zeros(len(skin))), "weights"),
        "empty scan": (ScanTarget(np.zeros((0, 3)), np.zeros((0, 3), int)), "no faces"),
        "broken scan": (ScanTarget(np.full((3, 3), np.nan), triangle), "not numbers"),
        "scan elsewhere": (ScanTarget(skin + 500.0, faces), "away from the face"),
        "scan of another unit": (ScanTarget(1000.0 * skin, faces), "times as large"),
        "collapsed scan": (ScanTarget(0.0 * skin, faces), "one place"),
        "scan turned inside out": (ScanTarget(skin, faces[:, ::-1]), "does not lie on the face"),
        "no marker seen": (MarkerTarget(points, np.full((len(points), 3), np.nan)), "No marker"),
        "markers elsewhere": (MarkerTarget(points, markers + 500.0), "away from the face"),
        "markers of another unit": (MarkerTarget(points, 1000.0 * markers), "times as large|away from"),
        "collapsed markers": (MarkerTarget(points, 0.0 * markers), "one place"),
        "markers of a larger head": (MarkerTarget(points, middle + 1.5 * (markers - middle)), "1.5 times as large"),
        "scan of a larger head": (ScanTarget(middle + 1.4 * (skin - middle), faces), "turn on the fit's Scale"),
        "all tracks disabled": (CameraTarget(points, np.full_like(pixels, np.nan), camera), "No image point"),
        "tracks of another clip": (CameraTarget(points, 1000.0 * pixels, camera), "outside of the image"),
        "tracks in one spot": (CameraTarget(points, 0.0 * pixels + 300.0, camera), "one place"),
        "tracks of one place": (
            CameraTarget(points.some(np.zeros(9, int)), pixels[:9], camera),
            "one place on the face",
        ),
        "upside down": (CameraTarget(points, [0.0, 600.0] + pixels * [1.0, -1.0], camera), "upside down"),
        "camera behind the head": (CameraTarget(points, pixels, Camera(*lens, behind)), "behind the head"),
        "camera turned away": (CameraTarget(points, pixels, Camera(*lens, away @ place)), "turn the camera"),
        "broken camera": (CameraTarget(points, pixels, Camera(np.nan, *lens[1:], place)), "focal length"),
    }


@pytest.mark.parametrize("name", [
    "no vertices", "vertices that are not numbers", "another place", "another unit", "collapsed", "no weight",
    "empty scan", "broken scan", "scan elsewhere", "scan of another unit", "collapsed scan", "scan turned inside out",
    "no marker seen", "markers elsewhere", "markers of another unit", "collapsed markers",
    "markers of a larger head",
    "scan of a larger head", "all tracks disabled", "tracks of another clip",
    "tracks in one spot", "tracks of one place", "upside down", "camera behind the head", "camera turned away",
    "broken camera",
])  # fmt: skip
def test_targets_without_sense_are_refused(name):
    """A target that no face can meet is refused with a sentence that says what to do."""
    target, word = bad_targets()[name]
    with pytest.raises(MuscleFaceError, match=word) as refusal:
        model("demo").fit(target)
    assert str(refusal.value).count(".") <= 3 and str(refusal.value).endswith(".")


def test_nothing_may_move():
    """A fit in which nothing may move is refused."""
    for head in (False, "auto"):
        with pytest.raises(MuscleFaceError, match="Nothing may move"):
            model("demo").fit(made()[0].skin, FitOptions(shapes=False, muscles=False, jaw=False, head_pose=head))
