# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Compiling what the simulation runs, ahead of the first solve: some 20 s of work once, then it is in Warp's cache."""

from collections.abc import Callable
from importlib import import_module

import warp as wp

KERNEL_MODULES = (
    "physics.derivative_kernels",
    "physics.kernels",
    "geometry.field",
    "physics.front_kernels",
    "physics.front_sweeps",
    "anatomy.rays",
    "physics.lane_kernels",
    "physics.contact",
    "physics.warped",
)
"""Modules of the core with kernels that run on the processor."""

_ready = False


def compile_kernels(progress: Callable[[float, str], None]) -> None:
    """Compile and load all kernels; at once when that was done. ``progress`` may raise Cancelled between modules."""
    global _ready
    if _ready:
        return
    # One after another: Warp's modules are not safe to load from several threads.
    for index, name in enumerate(KERNEL_MODULES):
        progress(index / len(KERNEL_MODULES), "First use: preparing")
        wp.load_module(import_module(f".{name}", __package__), device="cpu")
    _ready = True
