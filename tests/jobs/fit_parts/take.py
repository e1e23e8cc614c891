# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""A real performance played through the rig, and tracked back from what a camera would have seen of it."""

import numpy as np
from fit_proofs import portrait_camera
from muscle_face.core.anatomy.names import match_arkit
from muscle_face.core.fit.livelink import read_take, slider_curves
from muscle_face.core.fit.options import FitOptions
from muscle_face.core.fit.targets import CameraTarget

from .heads import FACES, FitHead

TAKE = FACES / "livelink" / "alex_rom_3.csv"
EVERY = 20
CHANNELS = {
    "jawOpen": ("jawOpen",),
    "mouthSmile": ("mouthSmileLeft", "mouthSmileRight"),
    "mouthPucker": ("mouthPucker",),
    "browInnerUp": ("browInnerUp",),
    "eyeBlink": ("eyeBlinkLeft", "eyeBlinkRight"),
}


def measure(head: FitHead) -> dict:
    """A Live Link take: every frame solved, every 20th tracked back from its exact 68 points."""
    if not TAKE.exists():
        return {"take": {"skipped": f"{TAKE} is not there"}}
    model = head.model
    controls = model.controls()
    curves, _ = slider_curves(read_take(TAKE).channels, model)
    driven = np.zeros((len(next(iter(curves.values()))), len(controls.names)))
    for name, curve in curves.items():
        driven[:, controls.names.index(name)] = curve
    driven = np.clip(driven, *controls.bounds.T)
    camera, pose, unconverged, targets = portrait_camera(model, 1000.0, 0.0), None, 0, []
    for frame, values in enumerate(driven):
        pose = model.solve(values, start=pose)
        unconverged += not pose.converged
        if frame % EVERY == 0:
            targets.append(CameraTarget(head.points, camera.project(head.points.at(pose.skin)), camera))
        if frame % 500 == 0:
            print(f"  solved {frame} of {len(driven)}", flush=True)
    options = FitOptions(head_pose=False, muscles=False, smoothness=0.0)
    tracked = model.fit_performance(targets, options, frames=range(0, len(driven), EVERY), progress=_say)
    shapes = match_arkit(model.shapes)
    correlation = {}
    for channel, parts in CHANNELS.items():
        columns = [controls.names.index(given) for part in parts for given in shapes[part]]
        pair = driven[::EVERY, columns].mean(1), tracked.controls[:, columns].mean(1)
        correlation[channel] = float(np.corrcoef(*pair)[0, 1])
    return {
        "take": {
            "frames": len(driven),
            "unconverged": unconverged,
            "correlation": correlation,
            "tracked_frames": len(targets),
            "tracked_unconverged": len(tracked.unconverged),
            "tracked_pixels_rms": float(np.median(tracked.rms)),
            "tracked_seconds_per_frame": tracked.seconds / len(targets),
        }
    }


def _say(share: float, text: str) -> None:
    if text.endswith("0)") or "00 of" in text:
        print(f"  {text}", flush=True)
