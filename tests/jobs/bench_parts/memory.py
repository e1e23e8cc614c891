# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Memory of this process; Windows tells none of it without further packages."""

import sys
from pathlib import Path


def peak_mb() -> float | None:
    """Largest resident memory so far [MB]."""
    if sys.platform == "win32":
        return None
    status = Path("/proc/self/status")
    if status.exists():
        # Linux counts what a parent held into the resource usage of its child.
        line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1e3
    import resource

    unit = 1e6 if sys.platform == "darwin" else 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def limit(gigabytes: float) -> None:
    """Let allocations beyond this much address space fail, where the system can."""
    if sys.platform != "win32":
        import resource

        size = int(gigabytes * 2**30)
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
