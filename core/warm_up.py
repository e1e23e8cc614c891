# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Compiling what the simulation runs, ahead of the first solve: some 20 s of work once, then it is in Warp's cache."""

from importlib import import_module
from threading import Lock

import warp as wp

from .progress import Progress

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
    "physics.weighted",
    "physics.node_forces",
    "physics.lbfgs",
    "team",
)
"""Modules of the core with kernels that run on the processor."""

_ready = False
_turn = Lock()


def compile_kernels(progress: Progress) -> None:
    """Compile and load all kernels; at once when that was done. ``progress`` may raise Cancelled between modules."""
    global _ready
    # One after another, and one thread only: Warp's modules are not safe to load from several threads.
    with _turn:
        for index, name in enumerate(() if _ready else KERNEL_MODULES):
            progress(index / len(KERNEL_MODULES), "First use: preparing")
            wp.load_module(import_module(f".{name}", __package__), device="cpu")
        _ready = True
