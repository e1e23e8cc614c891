# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Memory of this process; Windows tells none of it without further packages."""

import sys


def peak_mb() -> float | None:
    """Largest resident memory so far [MB]."""
    if sys.platform == "win32":
        return None
    import resource

    unit = 1e6 if sys.platform == "darwin" else 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def limit(gigabytes: float) -> None:
    """Let allocations beyond this much address space fail, where the system can."""
    if sys.platform != "win32":
        import resource

        size = int(gigabytes * 2**30)
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
