# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Blocks of flesh of growing size pulled at one end: how time and memory grow, and how near the force pass comes to the
bandwidth of memory."""

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
from flesh_blocks import block
from muscle_face.core.parallel import share, worker_count
from muscle_face.core.physics.cholesky import shifted
from muscle_face.core.physics.face_flesh import FaceFlesh, Load
from muscle_face.core.physics.flesh import Fibres, Flesh
from muscle_face.core.physics.lanes import PARTS

from .heads import timed
from .memory import limit, peak_mb

CELLS = {"10k": 12, "30k": 17, "100k": 26, "300k": 37, "1M": 55}
"""Cells along each edge of a cube of six tets a cell."""

STRETCH, MODULI = 0.2, (0.68, 10.6, 0.0)
LIMIT_S, LIMIT_GB = 300, 16
REPEATS = 5


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
    print(json.dumps({**row, "peak_mb": peak_mb()}), flush=True)


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
    stages = ("force_s", "stiffness_s", "first_solve_s", "solve_s", "factor_s", "peak_mb")
    return {"rows": rows, "exponents": {stage: _exponent(list(rows.values()), stage) for stage in stages}}


def _exponent(rows: list[dict], stage: str) -> float | None:
    """Slope of log time over log tets, of at least three sizes."""
    points = [(r["tets"], r[stage]) for r in rows if r.get(stage)]
    if len(points) < 3:
        return None
    tets, values = np.log(np.array(points, float)).T
    return float(np.polyfit(tets, values, 1)[0])


# Bandwidth


def bandwidth(megabytes: float) -> float:
    """Bytes per second that a = b + c over arrays of together this size moves on all cores, best of some passes."""
    n = int(megabytes * 1e6 / 24)
    a, b, c = (np.full(n, 1.0) for _ in range(3))
    cuts = np.linspace(0, n, PARTS + 1).astype(int)
    parts = [lambda s=slice(i, j): np.add(b[s], c[s], out=a[s]) for i, j in pairwise(cuts)]

    def once() -> None:
        share(parts)

    once()
    return 24.0 * n / min(timed(once)[0] for _ in range(max(10, int(2000 / megabytes))))


def pass_bytes(flesh: Flesh) -> int:
    """Bytes that a force pass has to move if it reads and writes every array once."""
    lanes, nodes = flesh.lanes, 24 * len(flesh.rest)
    a = lanes.arrays
    read = [a.corner, a.volume, a.moduli, a.law, a.fibre_start, lanes.natural]
    # Each part clears its forces, adds to them and has them summed.
    return sum(array.capacity for array in read) + nodes + (3 * PARTS + 1) * nodes


def roofline(sizes: list[str]) -> dict:
    """The force pass against the bound of memory: bytes over the bandwidth of a sum of the size of its data."""
    rows = {}
    for name in sizes:
        flesh, _ = pulled_block(CELLS[name])
        moved, seconds = pass_bytes(flesh), force_seconds(flesh, flesh.rest)
        rate = bandwidth(moved / 1e6)
        bound = moved / rate
        rows[name] = {"tets": len(flesh.tets), "mb": moved / 1e6, "sum_gb_s": rate / 1e9, "bound_s": bound,
                      "force_s": seconds, "over_bound": seconds / bound}  # fmt: skip
    bandwidths = {"6 MB": bandwidth(6) / 1e9, "400 MB": bandwidth(400) / 1e9}
    return {"sum_gb_s": bandwidths, "threads": worker_count(), "rows": rows}
