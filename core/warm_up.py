# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Compiling what the simulation runs, ahead of the first solve, on all cores: some 20 s of work once, then it lies in
Warp's cache."""

from collections.abc import Callable
from importlib import import_module
from types import ModuleType

import warp as wp

from .parallel import Steps, run_all

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
"""Modules of the core with kernels that run on the processor, those first that take longest to compile."""

_ready = False


def compile_kernels(progress: Callable[[float, str], None]) -> None:
    """Compile and load all kernels; at once when that was done. ``progress`` may raise Cancelled between modules."""
    global _ready
    if _ready:
        return
    modules = [import_module(f".{name}", __package__) for name in KERNEL_MODULES]
    steps = Steps(progress, 0.0, 1.0, len(modules))

    def load(module: ModuleType) -> None:
        steps.tick("First use: preparing")
        wp.load_module(module, device="cpu")
        steps.finished()

    run_all([lambda m=m: load(m) for m in modules])
    _ready = True
