# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Seconds of each stage on whole heads, and the memory that a rig and its solve take."""

import functools
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from muscle_face.core import FaceModel
from muscle_face.core.demo_head import demo_head

from .memory import peak_mb

ROOT = Path(__file__).resolve().parents[3]
ICT = ROOT.parent / "shared" / "faces" / "ict" / "ict_base_expr.npz"
FIT_MIX = {"jawOpen": 0.4, "mouthSmile": 0.7, "browInnerUp": 0.5}
REPEATS = 3


def read_head(path: Path | None) -> tuple:
    """Vertices, faces and shapes of an .npz head, or of the demo head."""
    if path is None:
        return demo_head()
    data = np.load(path, allow_pickle=False)
    faces = np.split(data["loop_vert"], np.cumsum(data["loop_total"])[:-1])
    return (
        data["verts"].astype(float),
        faces,
        dict(zip(data["shape_names"].tolist(), data["shape_deltas"], strict=True)),
    )


@functools.cache
def rigged(path: Path | None) -> tuple[float, FaceModel]:
    """Seconds to rig a head, and its model."""
    head = read_head(path)
    return timed(lambda: FaceModel.build(*head))


def time_head(path: Path | None) -> dict:
    """Seconds of each stage; solves are medians of a few."""
    seconds, model = rigged(path)
    result = {"vertices": model.vertex_count, "tets": int(model.stats["tets"]), "rig_seconds": seconds}
    shape_names = [n for n, kind in zip(model.controls().names, model.control_kinds, strict=True) if kind == "shape"]
    cases = {
        "shape_jump": {next(n for n in shape_names if n.startswith("mouthSmile")): 1.0},
        "jaw_jump": {"jaw_open": 1.0},
        "muscle_jump": {"zygomaticus_major_L": 1.0},
    }
    result["solve_ms"] = {
        case: 1e3 * statistics.median(timed(lambda v=values: model.solve(v))[0] for _ in range(REPEATS))
        for case, values in cases.items()
    }
    pose = model.solve({"zygomaticus_major_L": 0.5})
    result["drag_ms"] = 1e3 * statistics.median(
        timed(lambda a=a: model.solve({"zygomaticus_major_L": a}, start=pose))[0] for a in (0.52, 0.55, 0.45)
    )
    result["jacobian_seconds"], _jacobian = timed(lambda: model.jacobian(pose))
    pull = pose.skin - model.neutral
    result["gradient_seconds"] = min(timed(lambda: model.gradient(pose, pull))[0] for _ in range(REPEATS))
    mix = {n: value for stem, value in FIT_MIX.items() for n in shape_names if n.startswith(stem)}
    target = model.solve(mix).skin
    result["fit_seconds"], fit = timed(lambda: model.fit(target))
    result["fit_rms_mm"] = fit.rms_mm
    return result


def measure_peak(path: Path | None) -> dict:
    """Peak memory [MB] of a process that rigs a head and solves once."""
    command = [sys.executable, str(Path(__file__).resolve().parents[1] / "bench.py"), "--peak-of", str(path or "demo")]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return {"peak_mb": None, "reason": done.stderr.strip().splitlines()[-1]}
    return json.loads(done.stdout.strip().splitlines()[-1])


def rig_and_solve(path: Path | None) -> dict:
    """Rig and solve, and what that took of memory by now."""
    _, model = rigged(path)
    model.solve({"jaw_open": 1.0})
    return {"peak_mb": peak_mb(), "head": path.stem if path else "demo"}


def timed(call) -> tuple[float, object]:
    """Seconds that a call takes, and its result."""
    start = time.perf_counter()
    value = call()
    return time.perf_counter() - start, value
