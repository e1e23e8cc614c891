# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Performances tracked by a camera, on the demo head's draft rig."""

import numpy as np
import pytest
from anatomy_heads import model
from fit_proofs import points_68, portrait_camera
from muscle_face.core import Cancelled, MuscleFaceError
from muscle_face.core.fit.options import FitOptions
from muscle_face.core.fit.targets import CameraTarget, MarkerTarget

BLINK = [0.0, 0.0, 0.0, 0.4, 0.9, 1.0, 0.7, 0.3, 0.0, 0.0, 0.0]


def test_a_blink_survives_and_a_lost_frame_is_filled():
    """A jaw that opens steadily and a blink come back from exact points; a frame without any is in between."""
    m, camera, lost = model("demo"), portrait_camera(model("demo")), 9
    points, targets, opening = points_68(m), [], 0.04 * np.arange(len(BLINK))
    pose = None
    for jaw, blink in zip(opening, BLINK, strict=True):
        pose = m.solve({"jawOpen": jaw, "eyeBlinkLeft": blink, "eyeBlinkRight": blink}, start=pose)
        targets.append(CameraTarget(points, camera.project(points.at(pose.skin)), camera))
    targets[lost] = CameraTarget(points, np.full((len(points), 2), np.nan), camera)
    found = m.fit_performance(targets)
    names = m.controls().names
    curve = {n: found.controls[:, names.index(n)] for n in ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight")}
    assert found.unconverged == [lost]
    assert np.isnan(found.rms[lost]) and np.nanmax(found.rms) < 1.5
    # The lids have four points on each side, and other sliders (squint, look down) share in what they do.
    blink = 0.5 * (curve["eyeBlinkLeft"] + curve["eyeBlinkRight"])
    assert blink.max() > 0.7 and np.argmax(blink) in (4, 5)
    assert np.corrcoef(blink, BLINK)[0, 1] > 0.95
    assert np.corrcoef(curve["jawOpen"], opening)[0, 1] > 0.98
    assert curve["jawOpen"][lost - 1] - 0.03 < curve["jawOpen"][lost] < curve["jawOpen"][lost + 1] + 0.03


def test_nothing_to_see_in_any_frame():
    """A performance without a single visible point is refused with a sentence."""
    m = model("demo")
    points = points_68(m)
    blind = CameraTarget(points, np.full((len(points), 2), np.nan), portrait_camera(m))
    with pytest.raises(MuscleFaceError, match="No image point"):
        m.fit_performance([blind, blind])
    with pytest.raises(MuscleFaceError, match="no frames"):
        m.fit_performance([])


def test_frames_with_few_points_tell_of_the_sliders():
    """Among frames of all points, two that show four points each, too few to place the head, are fitted with them."""
    m = model("demo")
    points, pose = points_68(m), m.solve({"jawOpen": 0.3})
    seen = points.at(pose.skin)
    few = np.where(np.arange(len(points))[:, None] < 4, seen, np.nan)
    found = m.fit_performance([MarkerTarget(points, x) for x in (few, seen, seen, few, seen)])
    opening = found.controls[:, m.controls().names.index("jawOpen")]
    assert found.unconverged == [] and np.abs(opening - 0.3).max() < 0.05


@pytest.mark.parametrize("frames", [[1, 1], [2, 1], [0, np.nan]])
def test_frames_out_of_order_are_refused(frames):
    """Frames are smoothed over the time between them, which must be some."""
    m = model("demo")
    with pytest.raises(MuscleFaceError, match="do not rise"):
        m.fit_performance([m.neutral, m.neutral], frames=frames)


@pytest.mark.parametrize(("mode", "frame", "kept"), [("faithful", 3, 2), ("readable", 4, 3)])
def test_a_performance_that_is_stopped_keeps_the_frames_it_has(mode, frame, kept):
    """Esc at the last frame keeps those before it, and while all are fitted again with few sliders, all as they were;
    also where every further report of progress asks to stop."""
    m, begun = model("demo"), set()
    opening = [0.2, 0.25, 0.3]
    targets = [m.solve({"jawOpen": jaw}).skin for jaw in opening]
    first, again = [], []

    def progress(_share, text):
        if text.startswith("Fitting frame"):
            (again if text in begun and text != first[-1] else first).append(text)
            begun.add(text)
        if len(set(first)) + len(again) >= frame:
            raise Cancelled

    found = m.fit_performance(targets, FitOptions(mode=mode, muscles=False), progress=progress)
    assert found.stopped and len(found.controls) == kept
    opened = found.controls[:, m.controls().names.index("jawOpen")]
    assert np.allclose(opened, opening[:kept], atol=0.02)
