# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""A Live Link Face take played through a rig, frame by frame."""

import csv
import time
from pathlib import Path

import numpy as np

from .heads import ROOT

TAKE = ROOT.parent / "shared" / "faces" / "livelink" / "alex_rom_3.csv"
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
    """Milliseconds of the frames, each from the one before, and how far checked frames are from the exact answer."""
    if not TAKE.exists():
        return {"skipped": f"{TAKE} is not there"}
    take = live_take(model)[:limit]
    pose = model.solve(take[0])
    milliseconds, unconverged, errors = [], 0, []
    for frame, values in enumerate(take):
        start = time.perf_counter()
        pose = model.solve(values, start=pose)
        milliseconds.append(1e3 * (time.perf_counter() - start))
        unconverged += not pose.converged
        if frame % EVERY == 0:
            exact = model.solve(values, start=pose, tolerance=EXACT)
            apart = np.linalg.norm((exact.skin - pose.skin)[model.skin_vertices], axis=1).max()
            errors.append(float(apart) * model.mm_per_unit)
    return {
        "frames": len(take),
        "driven_controls": int(take.any(0).sum()),
        "median_ms": float(np.median(milliseconds)),
        "p95_ms": float(np.percentile(milliseconds, 95)),
        "worst_ms": float(np.max(milliseconds)),
        "unconverged": unconverged,
        "checked": len(errors),
        "max_error_mm": max(errors),
        "median_error_mm": float(np.median(errors)),
    }
