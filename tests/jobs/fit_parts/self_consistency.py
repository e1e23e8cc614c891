# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Faces that the rig made itself, found again from what a sculptor, a scanner or a camera would see of them."""

import numpy as np
from fit_proofs import nudged_head, off_surface_mm, portrait_camera, random_expressions, rms_mm, scanned
from muscle_face.core.fit.targets import CameraTarget, ScanTarget, VertexTarget

from .heads import FitHead

EXPRESSIONS = 30
FACE_PIXELS = 300.0
PIXEL_NOISE = 1.5


def measure(head: FitHead) -> dict:
    """Self-consistency: random expressions as mesh, scan and image points."""
    model, rng = head.model, np.random.default_rng(1)
    camera = portrait_camera(model, FACE_PIXELS)
    errors: dict[str, list[float]] = {}
    seconds: dict[str, list[float]] = {}
    for number, pose in enumerate(random_expressions(model, EXPRESSIONS)):
        place = nudged_head(model, rng)
        scan = scanned(model, pose.skin, rng, noise_mm=0.1, missing=0.2)
        pixels = camera.project(place.at(head.points.at(pose.skin)))
        noisy = pixels + PIXEL_NOISE * rng.standard_normal(pixels.shape)
        targets = {
            "same_topology_mm": VertexTarget(pose.skin),
            "scan_mm": ScanTarget(place.at(scan.vertices), scan.triangles),
            "landmarks_2d_mm": CameraTarget(head.points, pixels, camera),
            "landmarks_2d_noisy_mm": CameraTarget(head.points, noisy, camera),
        }
        for key, target in targets.items():
            fit = model.fit(target)
            seconds.setdefault(key, []).append(fit.seconds)
            if key == "scan_mm":
                # In the world, so that a head placed wrongly counts.
                fitted = place.back(fit.head.at(fit.pose.skin))
                error = off_surface_mm(model, fitted, pose.skin, head.face)
            else:
                error = rms_mm(model, fit.pose.skin, pose.skin, head.face)
            errors.setdefault(key, []).append(error)
        print(f"  {number}: " + ", ".join(f"{k} {v[-1]:.3f}" for k, v in errors.items()), flush=True)
    return {
        "self_consistency": {k: float(np.sqrt(np.mean(np.square(v)))) for k, v in errors.items()},
        "self_consistency_worst": {k: max(v) for k, v in errors.items()},
        "self_consistency_seconds": {k: float(np.median(v)) for k, v in seconds.items()},
    }
