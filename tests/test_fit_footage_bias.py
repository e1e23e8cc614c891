# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Footage of another person: a neutral frame and sliding points keep the difference out of the sliders."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from anatomy_heads import model
from muscle_face.core.fit.camera import Camera
from muscle_face.core.fit.head import Head
from muscle_face.core.fit.landmark_sets import SETS, Places
from muscle_face.core.fit.neutral_frame import NeutralFrame
from muscle_face.core.fit.options import FitOptions
from muscle_face.core.fit.sliding import sliding
from muscle_face.core.fit.targets import CameraTarget, MarkerTarget, SkinPoints
from scipy.spatial.transform import Rotation

SMILE = {"mouthSmileLeft": 0.7, "mouthSmileRight": 0.7, "jawOpen": 0.3}
NAMES = [SETS["ibug"].places[n] for n in sorted(SETS["ibug"].places)]


@cache
def places() -> Places:
    """Of the demo head."""
    return Places(model("demo"))


def camera() -> Camera:
    """Before the demo face, which is some 300 pixels wide."""
    face = model("demo")
    across = 140.0 / face.mm_per_unit
    place = np.eye(4)
    place[:3, :3] = face.rotation
    place[:3, 3] = [0.0, 0.0, -5.0 * across] - face.rotation @ face.landmarks["subnasale"]
    return Camera(1500.0, 1500.0, 400.0, 400.0, 800, 800, place)


@cache
def posed() -> np.ndarray:
    """(V, 3) the smiling face."""
    return model("demo").solve(SMILE).skin


def seen(skin: np.ndarray, head: Head = Head()) -> CameraTarget:  # noqa: B008
    """What the camera sees of a skin (V, 3)."""
    points = places().points(NAMES)
    return CameraTarget(points, camera().project(head.at(points.at(skin))), camera())


def off(fit) -> float:
    """RMS distance [mm] of the fitted face from the smile that was filmed, over the open skin."""
    face = model("demo")
    front = face.skin_vertices[face.rig.exposure > 0.5]
    apart = fit.pose.skin[front] - posed()[front]
    return float(np.sqrt((apart**2).sum(1).mean())) * face.mm_per_unit


def test_neutral_frame_takes_the_person_out():
    """Another person, the head rolled and nearer: the face is twice as near to the filmed one as without it."""
    face = model("demo")
    # 2 mm per point, the spread between persons of one build.
    other = np.random.default_rng(1).normal(0.0, 4.0, (len(NAMES), 2))
    turn = Rotation.from_rotvec(face.rotation.T @ [0.0, 0.0, np.radians(20.0)]).as_matrix()
    middle = face.landmarks["subnasale"]
    # 5 % nearer along the line of sight.
    step = face.rotation.T @ [0.0, 0.0, 0.25 * 140.0 / face.mm_per_unit]
    head = Head(turn, middle - turn @ middle + step)
    c, s = 1.05 * np.cos(np.radians(20.0)), 1.05 * np.sin(np.radians(20.0))
    neutral, smiling = seen(face.neutral), seen(posed(), head)
    neutral = replace(neutral, pixels=neutral.pixels + other)
    smiling = replace(smiling, pixels=smiling.pixels + other @ np.array([[c, s], [-s, c]]))
    options = FitOptions(muscles=False)
    corrected = NeutralFrame(face, neutral).corrected(smiling)
    assert np.sqrt(((corrected.pixels - seen(posed(), head).pixels) ** 2).mean()) < 2.0
    assert off(face.fit(corrected, options)) < 0.5 * off(face.fit(smiling, options))


def test_points_missing_in_the_neutral_frame_are_left_as_they_are():
    """A correction that nobody knows is none."""
    face = model("demo")
    neutral = seen(face.neutral)
    pixels = neutral.pixels + 3.0
    pixels[5] = np.nan
    frame = NeutralFrame(face, replace(neutral, pixels=pixels))
    assert np.allclose(frame.corrected(neutral).pixels[5], neutral.pixels[5])


def test_points_slide_along_lips_and_lids():
    """Points shifted along the lips by a tenth of their length: held, they spoil the sliders; sliding, they do not."""
    face = model("demo")
    shifted = []
    for name in NAMES:
        curve, _, share = name.partition(":")
        inner = curve.startswith("lip_") and 0.1 < float(share) < 0.9 and abs(float(share) - 0.5) > 0.05
        shifted.append(f"{curve}:{float(share) + 0.1}" if inner else name)
    target = replace(seen(posed()), pixels=camera().project(places().points(shifted).at(posed())))
    options = FitOptions(muscles=False)
    free = sliding(target, NAMES, places())
    assert len(free.contours) == 8 and (free.weights == 0.0).sum() > 15
    held, slid = face.fit(target, options), face.fit(free, options)
    assert off(slid) < 0.5 * off(held)
    assert slid.pixels_rms < 0.5 * held.pixels_rms


def test_neutral_frame_of_markers():
    """Markers on a person of another face, with the head turned: a frame at rest takes the difference out."""
    m, rng = model("demo"), np.random.default_rng(2)
    front = m.skin_vertices[m.rig.exposure > 0.6]
    points = SkinPoints.of_vertices(rng.choice(front, 80, replace=False))
    # Broader by a tenth, and beads that stand off the skin by some millimetres.
    other = points.at(m.neutral) * [0.1, 0.0, 0.0] + rng.normal(0.0, 0.3, (80, 3))
    head = Head(Rotation.from_rotvec([0.1, 0.4, 0.2]).as_matrix(), np.array([3.0, 1.0, 2.0]))
    resting = MarkerTarget(points, points.at(m.neutral) + other)
    smiling = MarkerTarget(points, head.at(points.at(posed()) + other))
    options = FitOptions(muscles=False)
    plain, fit = (m.fit(t, options) for t in (smiling, NeutralFrame(m, resting).corrected(smiling)))
    assert off(fit) < 0.2 < 0.3 * off(plain)
    assert fit.values["jawOpen"] == pytest.approx(SMILE["jawOpen"], abs=0.05)
