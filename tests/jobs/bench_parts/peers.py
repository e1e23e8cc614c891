# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The shared problem solved by us and by each peer, every one in a process of its own, one after the other."""

import json
import os
import subprocess
import sys
from pathlib import Path

from . import environment

FOLDER = environment.ROOT.parent / "shared" / "bench"
SCRIPTS = Path(__file__).resolve().parents[1] / "peers"
FILES = {
    "felupe": "felupe_problem.py",
    "tatva": "tatva_problem.py",
    "torch-fem": "torch_fem_problem.py",
    "newton-physics": "newton_problem.py",
}
PACKAGES = ("felupe", "tatva", "jax", "torch-fem", "torch", "newton", "warp-lang", "numpy", "scipy", "mkl", "pypardiso")
TIMEOUT_S = 1200
ROUNDS, SLOW_S = 3, 8.0
"""Turns that a peer and we take; one that needs this long [s] gets one turn."""


def compare() -> dict:
    """The part "problem" of the bench."""
    if not (FOLDER / "problem.npz").exists():
        return {"skipped": f"{FOLDER / 'problem.npz'} is not there"}
    missing = environment.install()
    runs = {"ours": _solve(sys.executable, "ours_problem.py")}
    for peer, file in FILES.items():
        print(f"problem: {peer}", flush=True)
        reason = missing[peer]
        if reason:
            runs[peer] = {"failed": f"not installed: {reason}", "ours_beside": {}}
            continue
        runs[peer], runs[peer]["ours_beside"] = _side_by_side(file)
    # The middle one of ours: the least of many would be set against the least of a peer's few.
    ours = [runs["ours"], *(runs[p]["ours_beside"] for p in FILES)]
    settled = sorted((r for r in ours if r.get("error_s")), key=lambda r: r["error_s"])
    middle = runs["ours"] = settled[len(settled) // 2] if settled else runs["ours"]
    result = {
        "criterion": "largest distance of a free node from the reference at most 0.05 mm; warm; seconds",
        "ours_s": middle.get("error_s"),
        "peers_s": _column(runs, "error_s"),
        "ratios": {p: _ratio(runs[p], runs[p]["ours_beside"], "error_s") for p in FILES},
        "ours_range_s": [settled[0]["error_s"], settled[-1]["error_s"]] if settled else None,
        "ours_cpu_s": middle.get("error_cpu_s"),
        "peers_cpu_s": _column(runs, "error_cpu_s"),
        "cpu_ratios": {p: _ratio(runs[p], runs[p]["ours_beside"], "error_cpu_s") for p in FILES},
        "max_error_mm": {name: run.get("last_error_mm") for name, run in runs.items()},
        "residual_1e-4_s": {name: run.get("residual_1e-4_s") for name, run in runs.items()},
        "gradient_s": {name: run["gradient_s"] for name, run in runs.items() if "gradient_s" in run},
        "gradient_norm": {name: run["gradient_norm"] for name, run in runs.items() if "gradient_norm" in run},
        "jacobian_s": middle.get("jacobian_s"),
        "runs": {name: run.get("runs") for name, run in runs.items()},
        "load": {name: run.get("load") for name, run in runs.items()},
        "iterates": {name: run.get("iterates") for name, run in runs.items()},
        "tolerance": middle.get("tolerance"),
        "failed": {name: run["failed"] for name, run in runs.items() if "failed" in run},
        "versions": environment.versions(PACKAGES),
    }
    plain = {"ours": _solve(sys.executable, "ours_problem.py", "--no-tracks")}
    for peer in ("felupe", "tatva"):
        if missing[peer] is None:
            plain[peer] = _solve(environment.PYTHON, FILES[peer], "--no-tracks")
    result["without_tracks_s"] = {name: run.get("error_s") for name, run in plain.items()}
    return result


def _side_by_side(file: str) -> tuple[dict, dict]:
    """A peer and us in turns, the least of as many runs of both: what else the machine does then hits either alike."""
    theirs, ours = [], []
    for _ in range(ROUNDS):
        theirs.append(_solve(environment.PYTHON, file))
        ours.append(_solve(sys.executable, "ours_problem.py"))
        if (theirs[-1].get("error_s") or SLOW_S) >= SLOW_S:
            break
    return _least(theirs), _least(ours)


def _least(runs: list[dict]) -> dict:
    """The run of least time, with the least of each time that any run has."""
    best = dict(min(runs, key=lambda r: r.get("error_s") or float("inf")))
    for key in [k for k in best if k.endswith("_s")]:
        best[key] = min((r[key] for r in runs if r.get(key)), default=None)
    best["runs"] = sum(r.get("runs", 0) for r in runs)
    return best


def _solve(python: str | Path, file: str, *more: str) -> dict:
    """What a solver's process reports, or why it failed in one line."""
    command = [str(python), str(SCRIPTS / file), str(FOLDER), *more]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, env=_environment())
    except subprocess.TimeoutExpired:
        return {"failed": f"not done after {TIMEOUT_S} s"}
    if done.returncode:
        return {"failed": environment.last_error(done.stderr, done.returncode)}
    result = json.loads(done.stdout.strip().splitlines()[-1])
    if hasattr(os, "getloadavg"):
        result["load"] = os.getloadavg()[0]
    if result["error_s"] is None:
        result["failed"] = f"ends {result['last_error_mm']:.3g} mm from the reference"
    return result


def _environment() -> dict[str, str]:
    return {**os.environ, "OPENBLAS_NUM_THREADS": "1"}


def _column(runs: dict, key: str) -> dict:
    return {peer: runs[peer].get(key) for peer in FILES}


def _ratio(peer: dict, ours: dict, key: str) -> float | None:
    return peer[key] / ours[key] if peer.get(key) and ours.get(key) else None
