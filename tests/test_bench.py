# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The bench runs: what it measures no test can know, that every stage is there one can."""

import json
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parent / "jobs" / "bench.py"


def test_a_block_goes_through_every_stage():
    done = subprocess.run([sys.executable, str(BENCH), "--block", "2"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    row = json.loads(done.stdout.strip().splitlines()[-1])
    assert row["tets"] == 6 * 2**3 and row["converged"]
    stages = ("build", "force", "pattern", "stiffness", "ordering", "factor", "laplacian", "first_solve", "solve")
    assert all(row[f"{stage}_s"] > 0.0 for stage in stages)
