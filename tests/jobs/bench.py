# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Timings into out/bench.json: a shared problem beside other solvers, a recorded performance, heads, growing blocks.

Run by `python build.py bench`. Everything runs in the core, without Blender. `--only problem,live` measures these
parts again and leaves the rest of the file as it is.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

import gpu  # noqa: E402
from bench_parts import blocks, heads, live, peers, roofline  # noqa: E402
from bench_parts.table import problem_table  # noqa: E402

PACKAGES = ("numpy", "scipy", "warp-lang")
PARTS = ("problem", "heads", "live", "peak_mb", "scaling", "roofline", "gpu")


def main() -> None:
    """Measure what is asked for and merge it into the file."""
    given = arguments()
    if given.block:
        blocks.measure(given.block)
        return
    head = given.head or (heads.ICT if heads.ICT.exists() else None)
    if given.peak_of:
        print(json.dumps(heads.rig_and_solve(None if given.peak_of == "demo" else Path(given.peak_of))))
        return
    result = json.loads(given.out.read_text(encoding="utf-8")) if given.out.exists() else {}
    result = {**machine(), **{k: v for k, v in result.items() if k not in machine()}}
    given.out.parent.mkdir(exist_ok=True, parents=True)
    for part in given.only:
        print(f"bench: {part}", flush=True)
        result.update(measure(part, head, given))
        given.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if "problem" in given.only:
        print(problem_table(result))
    print(f"Wrote {given.out}")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="build.py bench")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(PARTS), help=", ".join(PARTS))
    parser.add_argument("--head", type=Path, help="an .npz head instead of the ICT or the demo head")
    parser.add_argument("--frames", type=int, help="only the first frames of the take")
    parser.add_argument("--sizes", type=lambda text: text.split(","), default=list(blocks.CELLS))
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "bench.json")
    parser.add_argument("--block", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--peak-of", help=argparse.SUPPRESS)
    given = parser.parse_args()
    unknown = set(given.only) - set(PARTS)
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}: use some of {', '.join(PARTS)}")
    return given


def machine() -> dict:
    """What was measured on, and with."""
    return {
        "machine": {"processor": processor(), "cores": os.cpu_count(), "system": platform.platform()},
        "python": platform.python_version(),
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
    }


def processor() -> str:
    """The processor's name, as far as the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text(encoding="utf-8").splitlines()
        names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
        if names:
            return names[0]
    return platform.processor() or platform.machine()


def measure(part: str, head: Path | None, given: argparse.Namespace) -> dict:
    """One part, as keys of the file."""
    if part == "heads":
        names = {"demo": None, **({head.stem.split("_")[0]: head} if head else {})}
        timings = {name: heads.time_head(path) for name, path in names.items()}
        last = list(timings.values())[-1]
        stages = ("jacobian", "gradient", "fit", "rig")
        return {"heads": timings, **{f"{stage}_s": last[f"{stage}_seconds"] for stage in stages}}
    if part == "live":
        return {"live": live.play(heads.rigged(head)[1], given.frames)}
    if part == "peak_mb":
        return heads.measure_peak(head)
    if part == "scaling":
        return {"scaling": blocks.scaling(given.sizes)}
    if part == "roofline":
        return {"roofline": roofline.roofline([s for s in roofline.SIZES if s in given.sizes])}
    return {"gpu": gpu.measure()} if part == "gpu" else {"problem": peers.compare()}


if __name__ == "__main__":
    main()
