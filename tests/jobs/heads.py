# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Rig every kind of head and write out/heads.json: time, soundness, landmarks, bone and muscles of each.

python build.py heads [--only NAME,...] [--quality draft] [--out FOLDER]
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
from muscle_face.core import FaceModel, MuscleFaceError
from muscle_face.core.anatomy.head import analyse_head

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

import muscle_actions  # noqa: E402
from jobs.head_cases import CASES, Case  # noqa: E402

TARGETS = {
    "rig_seconds": lambda v: v < 60.0,
    "rest_inverted": lambda v: v == 0,
    "lip_glued_edges": lambda v: v == 0,
    "landmark_mm_max": lambda v: v is None or v < 5.0,
    "bone_depth_mm_min": lambda v: v > 0.0,
    "muscle_table_failures": lambda v: v == 0,
}


def main() -> None:
    """Rig the heads one by one; the file grows with each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="names of heads, with commas between them")
    parser.add_argument("--quality", default="standard")
    parser.add_argument("--out", type=Path, default=ROOT / "out", help="folder of heads.json")
    arguments = parser.parse_args()
    wanted = arguments.only.split(",") if arguments.only else list(CASES)
    path = arguments.out / "heads.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    report = json.loads(path.read_text(encoding="utf-8")) if arguments.only and path.exists() else {}
    for name in wanted:
        try:
            case = CASES[name]()
        except FileNotFoundError as missing:
            print(f"{name:28} skipped: there is no {missing.filename}", flush=True)
            continue
        report[name] = measured(case, arguments.quality)
        path.write_text(json.dumps(report, indent=1), encoding="utf-8")
        print(f"{name:28} {line(report[name])}", flush=True)


def measured(case: Case, quality: str) -> dict:
    """What came of rigging a head."""
    began, cpu = time.perf_counter(), time.process_time()
    try:
        model = FaceModel.build(case.vertices, case.faces, case.shapes, quality=quality)
    except MuscleFaceError as refusal:
        return {"refused": str(refusal), "seconds": time.perf_counter() - began}
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    head = analyse_head(case.vertices, case.faces, case.shapes)
    off = {n: 10.0 * float(np.linalg.norm(head.landmarks[n] - head.frame.to_norm(p))) for n, p in case.known.items()}
    worst = max(off, key=off.get, default=None)
    failed = muscle_actions.failures(model, head)
    return {
        "rig_seconds": seconds,
        "rig_cpu_seconds": cpu,
        "tets": int(model.stats["tets"]),
        "rest_inverted": int(model.stats["rest_inverted"]),
        "lip_glued_edges": int(model.stats["lip_glued_edges"]),
        "landmark_mm_max": off.get(worst),
        "landmark_worst": worst,
        "bone_depth_mm_min": model.stats["bone_depth_mm_min"],
        "muscle_table_failures": len(failed),
        "muscle_table_failed": failed,
        "warnings": model.warnings,
    }


def line(figures: dict) -> str:
    """One line of the table; a star marks a target that is missed."""
    if "refused" in figures:
        return f"refused: {figures['refused']}"
    parts = []
    for name, meets in TARGETS.items():
        value = figures[name]
        shown = "-" if value is None else f"{value:.1f}" if isinstance(value, float) else str(value)
        parts.append(f"{name} {shown}{'' if meets(value) else '*'}")
    return "  ".join(parts)


if __name__ == "__main__":
    main()
