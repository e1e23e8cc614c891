# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Blocks of flesh of growing size pulled at one end: how time and memory grow, and how near the force pass comes to the
bandwidth of memory."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import warp as wp
from flesh_blocks import block
from muscle_face.core.physics.cholesky import Cholesky
from muscle_face.core.physics.face_flesh import SHIFT, FaceFlesh, Load
from muscle_face.core.physics.flesh import Fibres, Flesh

from .heads import timed
from .memory import limit, peak_mb

CELLS = {"10k": 12, "30k": 17, "100k": 26, "300k": 37, "1M": 55}
"""Cells along each edge of a cube of six tets a cell."""

STRETCH, MODULI = 0.2, (0.68, 10.6, 0.0)
LIMIT_S, LIMIT_GB = 300, 16
REPEATS = 5


def pulled_block(cells: int, device: str = "cpu") -> tuple[Flesh, Load]:
    """A cube of 4 cm, held at one end and pulled at the other."""
    b = block((4.0, 4.0, 4.0), (cells, cells, cells), 0.0)
    end = b.face(0)
    flesh = Flesh(b.nodes, b.tets, np.tile(MODULI, (len(b.tets), 1)), Fibres.none(), end | (b.nodes[:, 0] < 1e-9),
                  np.zeros(len(b.nodes)), device=device, law="stable_neo_hookean")  # fmt: skip
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
    stiffness = lambda: flesh.stiffness_blocks(x, load.activation, definite=True, free=True)  # noqa: E731
    row["pattern_s"], blocks = timed(stiffness)
    row["stiffness_s"] = min(timed(stiffness)[0] for _ in range(2))
    say(row)
    solver = FaceFlesh(flesh)
    row["first_solve_s"], (_, settled) = timed(lambda: solver.solve(load, [flesh.rest]))
    row["iterations"], row["converged"] = settled.iterations, settled.converged
    solver.forget()
    row["solve_s"] = timed(lambda: solver.solve(load, [flesh.rest]))[0]
    say(row)
    blocks[flesh.pattern(free=True).diagonal] *= 1.0 + SHIFT
    row["ordering_s"], ordering = timed(lambda: solver.ordering)
    row["factor_s"] = timed(lambda: Cholesky(ordering, blocks, single=True))[0]
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


@wp.kernel
def triad(b: wp.array[wp.float64], c: wp.array[wp.float64], a: wp.array[wp.float64]):
    """a = b + 3 c, as the STREAM benchmark counts bandwidth."""
    i = wp.tid()
    a[i] = b[i] + wp.float64(3.0) * c[i]


def bandwidth(megabytes: float, device: str = "cpu") -> float:
    """Bytes per second that a triad over three arrays of together this size moves, best of some passes."""
    n = int(megabytes * 1e6 / 24)
    a, b, c = (wp.full(n, 1.0, dtype=wp.float64, device=device) for _ in range(3))

    def once() -> None:
        wp.launch(triad, n, [b, c], [a], device=device)
        wp.synchronize_device(device)

    once()
    return 24.0 * n / min(timed(once)[0] for _ in range(max(10, int(2000 / megabytes))))


def pass_bytes(flesh: Flesh) -> int:
    """Bytes that a force pass has to move if it reads and writes every array once."""
    a = flesh.arrays
    read = [a.tets, a.inv_rest, a.volume, a.law, a.moduli, a.fibre_start, a.inv_unloaded, a.node_start, a.node_corner]
    corners, energies, nodes = 96 * len(flesh.tets), 8 * len(flesh.tets), 24 * len(flesh.rest)
    # Written by the tets and read again: forces on corners by the nodes, energies by their sum.
    return sum(array.capacity for array in read) + 2 * (corners + energies) + 2 * nodes


def roofline(sizes: list[str], device: str = "cpu") -> dict:
    """The force pass against the bound of memory: bytes over the bandwidth of a triad of the size of its data."""
    rows = {}
    for name in sizes:
        flesh, _ = pulled_block(CELLS[name], device)
        moved, seconds = pass_bytes(flesh), force_seconds(flesh, flesh.rest)
        rate = bandwidth(moved / 1e6, device)
        bound = moved / rate
        rows[name] = {"tets": len(flesh.tets), "mb": moved / 1e6, "triad_gb_s": rate / 1e9, "bound_s": bound,
                      "force_s": seconds, "over_bound": seconds / bound}  # fmt: skip
    return {"triad_gb_s": {"6 MB": bandwidth(6, device) / 1e9, "400 MB": bandwidth(400, device) / 1e9},
            "threads": 1 if device == "cpu" else None, "rows": rows}  # fmt: skip


def gpu() -> dict:
    """The same on the first CUDA device, where there is one."""
    if not wp.is_cuda_available():
        return {"value": None, "reason": "no CUDA device on this machine"}
    return {"name": wp.get_device("cuda:0").name, **roofline(["100k", "1M"], "cuda:0")}
