# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Shared fixtures and the place of the test heads."""

import os
import sys
from pathlib import Path

FACES = Path(__file__).resolve().parents[2] / "shared" / "faces"

_exit_status = 0


def pytest_sessionfinish(session, exitstatus):
    """Keep the exit code for pytest_unconfigure."""
    global _exit_status
    _exit_status = int(exitstatus)


def pytest_unconfigure(config):
    """Leave at once: bpy 4.x hangs or crashes at the interpreter's end while classes and handlers are registered."""
    if "bpy" in sys.modules:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_exit_status)
