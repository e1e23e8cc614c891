# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""All measures of the fit on one head, into "fit" of out/report.json. Without Blender.

Run by `python build.py report`. `--only PART,...` runs some parts and keeps what the report has of the others.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from fit_parts import leave_out, self_consistency, take, tracks, volume  # noqa: E402
from fit_parts.heads import ICT, FitHead, fit_head  # noqa: E402

PARTS: dict[str, Callable[[FitHead], dict]] = {
    "self_consistency": self_consistency.measure,
    "leave_out": leave_out.measure,
    "take": take.measure,
    "tracks": tracks.measure,
    "volume": volume.measure,
}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--head", type=Path, help="an .npz head; default: ICT, or the demo head")
    parser.add_argument("--rig", type=Path, help="the saved model of this head, so that it is not rigged again")
    parser.add_argument("--out", type=Path, default=ROOT / "out", help="folder of report.json")
    parser.add_argument("--only", default=",".join(PARTS), help=f"some of {', '.join(PARTS)}")
    given = parser.parse_args()
    head = fit_head(given.head or (ICT if ICT.exists() else None), given.rig)
    for part in given.only.split(","):
        began = time.perf_counter()
        print(f"[{time.strftime('%H:%M:%S')}] {PARTS[part].__doc__}", flush=True)
        figures = PARTS[part](head)
        write(given.out / "report.json", {"head": head.name, **figures})
        print(f"  {time.perf_counter() - began:.0f} s: {json.dumps(figures, default=float)}", flush=True)


def write(path: Path, figures: dict) -> None:
    """Put figures into the report beside what is there."""
    report = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    report["fit"] = report.get("fit", {}) | figures
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1, default=float) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
