# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Real tracked footage: every frame fits, and the mouth opens as the tracker saw it."""

from pathlib import Path

import numpy as np
from fit_proofs import portrait_camera
from muscle_face.core.fit.camera import Camera
from muscle_face.core.fit.landmark_sets import Places, bind, number_of, set_of
from muscle_face.core.fit.neutral_frame import NeutralFrame
from muscle_face.core.fit.sliding import sliding
from muscle_face.core.fit.targets import CameraTarget
from muscle_face.core.fit.tracks2d import Tracks, read_tracks

from .heads import FACES, FitHead

FILES = ("example_face.npz", "mediapipe_long_face.npz", "openpose_face.npz")
LIPS = {"ibug": (62, 66, 36, 45), "mediapipe": (13, 14, 33, 263)}
"""Upper and lower lip inside, outer corners of the eyes."""


def measure(head: FitHead) -> dict:
    """Real 2D tracks: all frames, and the opening of the mouth beside the tracks' own."""
    found = {name: _fitted(head, FACES / "landmarks" / name) for name in FILES if (FACES / "landmarks" / name).exists()}
    return {"tracks": found}


def _fitted(head: FitHead, path: Path) -> dict:
    model, tracks = head.model, read_tracks(path)
    apart = _lips_apart(tracks)
    targets = _targets(head, tracks, int(np.nanargmin(apart)))
    result = model.fit_performance(targets)
    lips = Places(model).points(["lip_inner_lower:0.5", "lip_inner_upper:0.5"])
    opening, pose = [], None
    for controls in result.controls:
        pose = model.solve(controls, start=pose)
        # Upwards only: how far one lip lies before the other is no opening, and no single camera sees it.
        opening.append(float((model.rotation @ np.diff(lips.at(pose.skin), axis=0)[0])[1]))
    seen = np.isfinite(apart)
    print(f"  {path.stem}: {len(targets)} frames in {result.seconds:.0f} s", flush=True)
    return {
        "frames": len(targets),
        "unconverged": len(result.unconverged),
        "points": len(targets[0].points),
        "pixels_rms": float(np.nanmedian(result.rms)),
        "mouth_opening_correlation": float(np.corrcoef(np.array(opening)[seen], apart[seen])[0, 1]),
        "seconds_per_frame": result.seconds / len(targets),
    }


def _targets(head: FitHead, tracks: Tracks, rest: int) -> list[CameraTarget]:
    """The frames as an artist should fit another person: by a frame at rest, points sliding on lips and lids."""
    model, numbering, places = head.model, set_of(tracks.names), Places(head.model)
    index, points, weights = bind(model, tracks.names)
    where = [numbering.places[number_of(tracks.names[k])] for k in index]
    camera = _camera(head, tracks)
    frames = [
        CameraTarget(points, pixels[index], camera, weights * trust[index])
        for pixels, trust in zip(tracks.pixels, tracks.confidence, strict=True)
    ]
    neutral = NeutralFrame(model, frames[rest])
    return [sliding(neutral.corrected(frame), where, places) for frame in frames]


def _lips_apart(tracks: Tracks) -> np.ndarray:
    """(F,) distance of the tracked lips in widths between the eyes' outer corners."""
    numbers = [number_of(n) for n in tracks.names]
    up, low, right, left = (numbers.index(k) for k in LIPS["mediapipe" if max(numbers) > 70 else "ibug"])
    apart = np.linalg.norm(tracks.pixels[:, up] - tracks.pixels[:, low], axis=1)
    return apart / np.linalg.norm(tracks.pixels[:, right] - tracks.pixels[:, left], axis=1)


def _camera(head: FitHead, tracks: Tracks) -> Camera:
    """A camera before the face whose lens is a little longer than the image is wide."""
    before, focal = portrait_camera(head.model, turn=0.0), 1.2 * tracks.width
    middle = tracks.width / 2.0, tracks.height / 2.0
    return Camera(focal, focal, *middle, tracks.width, tracks.height, before.world_to_camera)
