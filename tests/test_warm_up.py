# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""First use is prepared for, and the machine can be tried out."""

import subprocess
import sys

import pytest
from muscle_face.core import Cancelled, parallel, warm_up

PROBE = """
import sys, warp as wp
wp.config.log_level = wp.LOG_WARNING
from muscle_face.core import self_test, warm_up
warm_up.compile_kernels(lambda share, text: None)
loaded = []
real = wp._src.context.Module.load
def load(self, *args, **options):
    if ".core." in self.name and self.name.rpartition("core.")[2] not in warm_up.KERNEL_MODULES:
        loaded.append(self.name)
    return real(self, *args, **options)
wp._src.context.Module.load = load
steps = []
lines = self_test.self_test(lambda share, text: steps.append(share))
print("STEPS", len(steps), steps == sorted(steps))
print("LINES", len(lines), "|", lines[-1])
print("LATE", sorted(set(loaded)), flush=True)
import os; os._exit(0)
"""


def test_the_self_test_finds_all_well_and_compiles_nothing_late():
    """It rigs and solves with no kernel that was not prepared, tells its progress and ends with its verdict."""
    result = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, timeout=300)
    assert "LATE []" in result.stdout, result.stdout + result.stderr
    assert "LINES 6 | The simulation works" in result.stdout
    assert result.stdout.rpartition("STEPS")[2].split()[1] == "True"


def test_preparing_can_be_stopped(monkeypatch):
    """Esc is heard between the modules that are compiled."""

    def stop(_share, _text):
        raise Cancelled

    monkeypatch.setattr(warm_up, "_ready", False)
    with pytest.raises(Cancelled):
        warm_up.compile_kernels(stop)


def test_threads_can_be_chosen():
    """Work is shared among as many threads as asked for, and 0 asks for the machine's own number."""
    before = parallel.worker_count()
    try:
        parallel.use_workers(3)
        assert parallel.worker_count() == parallel.workers() == 3
        assert parallel.run_all([lambda k=k: k for k in range(5)]) == [0, 1, 2, 3, 4]
    finally:
        parallel.use_workers(0)
    assert parallel.worker_count() == before
