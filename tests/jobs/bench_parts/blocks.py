# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Blocks of flesh of growing size pulled at one end: how time and memory grow."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from flesh_blocks import block
from muscle_face.core.physics.cholesky import shifted
from muscle_face.core.physics.face_flesh import FaceFlesh, Load
from muscle_face.core.physics.flesh import Fibres, Flesh

from .heads import timed
from .memory import limit, peak_mb

CELLS = {"10k": 12, "30k": 17, "100k": 26, "300k": 37, "1M": 55}
"""Cells along each edge of a cube of six tets a cell."""

STRETCH, MODULI = 0.2, (0.68, 10.6, 0.0)
LIMIT_S, LIMIT_GB = 900, 16
"""What one size may take; a row says where it had to stop."""

REPEATS = 20


def pulled_block(cells: int) -> tuple[Flesh, Load]:
    """A cube of 4 cm, held at one end and pulled at the other."""
    b = block((4.0, 4.0, 4.0), (cells, cells, cells), 0.0)
    end = b.face(0)
    flesh = Flesh(b.nodes, b.tets, np.tile(MODULI, (len(b.tets), 1)), Fibres.none(), end | (b.nodes[:, 0] < 1e-9),
                  np.zeros(len(b.nodes)), law="stable_neo_hookean")  # fmt: skip
    target = b.nodes + np.where(end[:, None], [4.0 * STRETCH, 0, 0], 0.0)
    return flesh, Load(target, b.nodes, np.zeros_like(b.nodes), np.zeros(0))


def measure(cells: int) -> None:
    """Print a line of JSON after each stage, so that one beyond the limits does not lose those before it."""
    limit(LIMIT_GB)
    seconds, (flesh, load) = timed(lambda: pulled_block(cells))
    row = {"tets": len(flesh.tets), "free_nodes": len(flesh.free), "build_s": seconds}
    x = flesh.rest + 0.01 * flesh.rest[:, [1, 2, 0]] ** 2
    row["force_s"] = force_seconds(flesh, x)
    say(row)
    stiffness = lambda: flesh.stiffness_blocks(x, load.activation, free=True)  # noqa: E731
    row["pattern_s"], blocks = timed(stiffness)
    row["stiffness_s"] = min(timed(stiffness)[0] for _ in range(2))
    say(row)
    row["ordering_s"], ordering = timed(lambda: flesh.ordering)
    say(row)
    diagonal = flesh.pattern(free=True).diagonal
    row["factor_s"] = timed(lambda: shifted(ordering, blocks, diagonal))[0]
    say(row)
    solver = FaceFlesh(flesh)
    row["laplacian_s"] = timed(lambda: solver.smooth_inverse)[0]
    say(row)
    row["first_solve_s"], (_, settled) = timed(lambda: solver.solve(load, [flesh.rest]))
    row["iterations"], row["converged"] = settled.iterations, settled.converged
    say(row)
    solver.forget()
    row["solve_s"] = timed(lambda: solver.solve(load, [flesh.rest]))[0]
    say(row)


def say(row: dict) -> None:
    """Show what is measured so far."""
    print(json.dumps({**row, "cpu_s": time.process_time(), "peak_mb": peak_mb()}), flush=True)


def force_seconds(flesh: Flesh, x: np.ndarray) -> float:
    """Least seconds of a pass for energy and forces."""
    workspace = flesh.workspace()
    workspace.set_activation(np.zeros(0))
    workspace.tet_energy_and_force(x)
    return min(timed(lambda: workspace.tet_energy_and_force(x))[0] for _ in range(REPEATS))


def scaling(sizes: list[str]) -> dict:
    """Rows by size, each from a process of its own, and the exponent of each stage's growth."""
    rows = {}
    for name in sizes:
        print(f"scaling: {name}", flush=True)
        bench = Path(__file__).resolve().parents[1] / "bench.py"
        command = [sys.executable, str(bench), "--block", str(CELLS[name])]
        reason = None
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
            out = done.stdout
            if done.returncode:
                reason = (done.stderr.strip().splitlines() or [f"ended with code {done.returncode}"])[-1]
        except subprocess.TimeoutExpired as error:
            out, reason = error.stdout.decode() if error.stdout else "", f"not done after {LIMIT_S} s"
        lines = [line for line in out.splitlines() if line.startswith("{")]
        rows[name] = {**(json.loads(lines[-1]) if lines else {}), **({"stopped": reason} if reason else {})}
    stages = ("force_s", "stiffness_s", "ordering_s", "factor_s", "laplacian_s", "first_solve_s", "solve_s", "peak_mb")
    return {"rows": rows, "exponents": {stage: _exponent(list(rows.values()), stage) for stage in stages}}


def _exponent(rows: list[dict], stage: str) -> float | None:
    """Slope of log time over log tets, of at least three sizes."""
    points = [(r["tets"], r[stage]) for r in rows if r.get(stage)]
    if len(points) < 3:
        return None
    tets, values = np.log(np.array(points, float)).T
    return float(np.polyfit(tets, values, 1)[0])
