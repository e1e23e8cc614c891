# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Timings of rig, solve, jacobian and fit on the heads at hand, into out/bench.json.

Run by `python build.py bench`. Everything runs in the core, without Blender.
"""

import json
import os
import platform
import statistics
import time
from pathlib import Path

import numpy as np
from muscle_face.core import FaceModel
from muscle_face.core.demo_head import demo_head

ROOT = Path(__file__).resolve().parents[2]
ICT = ROOT.parent / "shared" / "faces" / "ict" / "ict_base_expr.npz"
FIT_MIX = {"jawOpen": 0.4, "mouthSmile": 0.7, "browInnerUp": 0.5}
REPEATS = 3


def main() -> None:
    """Time all heads and write the file."""
    heads = {"demo": demo_head()}
    if ICT.exists():
        heads["ict"] = load(ICT)
    result = {
        "machine": {"processor": platform.processor() or platform.machine(), "cores": os.cpu_count()},
        "python": platform.python_version(),
        "heads": {name: time_head(name, *head) for name, head in heads.items()},
    }
    path = ROOT / "out" / "bench.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"Wrote {path}")


def load(path: Path) -> tuple:
    """Vertices, faces and shapes of an .npz head."""
    data = np.load(path, allow_pickle=False)
    faces = np.split(data["loop_vert"], np.cumsum(data["loop_total"])[:-1])
    return (
        data["verts"].astype(float),
        faces,
        dict(zip(data["shape_names"].tolist(), data["shape_deltas"], strict=True)),
    )


def time_head(name: str, vertices, faces, shapes) -> dict:
    """Seconds of each stage; solves are medians of a few."""
    print(f"{name}: rig", flush=True)
    seconds, model = timed(lambda: FaceModel.build(vertices, faces, shapes))
    result = {"vertices": len(vertices), "tets": int(model.stats["tets"]), "rig_seconds": seconds}
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
    mix = {n: value for stem, value in FIT_MIX.items() for n in shape_names if n.startswith(stem)}
    target = model.solve(mix).skin
    print(f"{name}: fit", flush=True)
    result["fit_seconds"], fit = timed(lambda: model.fit(target))
    result["fit_rms_mm"] = fit.rms_mm
    return result


def timed(call) -> tuple[float, object]:
    """Seconds that a call takes, and its result."""
    start = time.perf_counter()
    value = call()
    return time.perf_counter() - start, value


if __name__ == "__main__":
    main()
