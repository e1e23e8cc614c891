# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""A Live Link Face take played through a rig, frame by frame."""

import csv
import time
from pathlib import Path

import numpy as np
from muscle_face.core.live import LiveFace

from .heads import ROOT

TAKE = ROOT.parent / "shared" / "faces" / "livelink" / "alex_rom_3.csv"
FPS = 24.0
EVERY, EXACT = 20, 1e-6
"""Which frames are checked, and the tolerance of the solve that they are checked with."""


def live_take(model, path: Path = TAKE) -> np.ndarray:
    """(frames, controls) of a take: each ARKit weight on the shape, or on both sides' shapes, of its name."""
    names = model.controls().names
    index = {name.lower(): i for i, name in enumerate(names[: len(model.shapes)])}
    with path.open(newline="", encoding="utf-8-sig") as lines:
        rows = list(csv.DictReader(lines))
    out = np.zeros((len(rows), len(names)))
    for column in rows[0]:
        for at in (index[n] for n in _shape_names(column) if n in index):
            out[:, at] = [float(row[column]) for row in rows]
    bounds = model.controls().bounds
    return np.clip(out, bounds[:, 0], bounds[:, 1])


def _shape_names(column: str) -> set[str]:
    """Lower-case names of shapes that an ARKit column drives: EyeBlinkLeft, eyeBlink_L; BrowInnerUp, both its sides."""
    stem = column.lower()
    out = {stem, f"{stem}_l", f"{stem}_r"}
    for side in ("left", "right"):
        if stem.endswith(side):
            out = {stem, f"{stem.removesuffix(side)}_{side[0]}"}
    return out


def play(model, limit: int | None) -> dict:
    """Milliseconds of the frames of a take that plays at FPS, how far checked frames are from the exact answer, and how
    long these take to settle."""
    if not TAKE.exists():
        return {"skipped": f"{TAKE} is not there"}
    take, face = live_take(model)[:limit], LiveFace(model)
    # The first frame is a jump, which a few answers bring home.
    for _ in range(10):
        face.follow(take[0])
    milliseconds, settled, unconverged, errors = [], [], 0, []
    for frame, values in enumerate(take):
        pose = face.follow(values)
        milliseconds.append(pose.ms)
        unconverged += not pose.converged
        if frame % EVERY == 0:
            rest = face.settle(pose)
            settled.append(rest.ms)
            exact = model.solve(values, start=rest, tolerance=EXACT)
            apart = np.linalg.norm((exact.skin - pose.skin)[model.skin_vertices], axis=1).max()
            errors.append(float(apart) * model.mm_per_unit)
        else:
            time.sleep(max(0.0, 1.0 / FPS - 1e-3 * pose.ms))
    face.close()
    late = np.array(milliseconds) > 1e3 / FPS
    return {
        "frames": len(take),
        "driven_controls": int(take.any(0).sum()),
        "median_ms": float(np.median(milliseconds)),
        "mean_ms": float(np.mean(milliseconds)),
        "p95_ms": float(np.percentile(milliseconds, 95)),
        "worst_ms": float(np.max(milliseconds)),
        "late_frames": int(late.sum()),
        "unconverged": unconverged,
        "checked": len(errors),
        "median_error_mm": float(np.median(errors)),
        "max_error_mm": max(errors),
        "checked_over_half_mm": int((np.array(errors) > 0.5).sum()),
        "settled_median_ms": float(np.median(settled)),
        "settled_p95_ms": float(np.percentile(settled, 95)),
    }
