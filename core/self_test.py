# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What this machine can do, tried out on the demo head."""

import os
import platform
import time

import numpy as np
import scipy
import warp as wp

from . import parallel, warm_up
from .demo_head import demo_head
from .face import FaceModel
from .progress import Progress

SHAPES = ("jawOpen", "mouthSmileLeft", "mouthSmileRight")
MUSCLE = "zygomaticus_major_L"


def self_test(progress: Progress) -> list[str]:
    """One sentence per finding; takes some ten seconds and as long again on first use."""
    lines = [
        f"Python {platform.python_version()}, NumPy {np.__version__}, SciPy {scipy.__version__}, Warp {wp.__version__}",
        f"{os.cpu_count()} cores, {parallel.worker_count()} used; {_device_line()}",
    ]
    began = time.perf_counter()
    warm_up.compile_kernels(lambda share, text: progress(0.3 * share, text))
    lines.append(f"Kernels ready in {time.perf_counter() - began:.1f} s (kept in {wp.config.kernel_cache_dir})")
    vertices, faces, shapes = demo_head()
    began = time.perf_counter()
    few = {name: shapes[name] for name in SHAPES}
    model = FaceModel.build(
        vertices, faces, few, quality="draft", progress=lambda share, text: progress(0.3 + 0.6 * share, text)
    )
    lines.append(f"Draft rig of the demo head in {time.perf_counter() - began:.1f} s")
    progress(0.95, "Solving")
    mixed, near = {"jawOpen": 0.5, MUSCLE: 0.5}, {"jawOpen": 0.55, MUSCLE: 0.5}
    first = model.solve(mixed)
    second = model.solve(near, start=first)
    sound = first.converged and second.converged and not first.inverted and not second.inverted
    lines.append(f"First pose in {first.ms:.0f} ms, the next in {second.ms:.0f} ms")
    lines.append("The simulation works" if sound else "The simulation did NOT settle: please report this machine")
    return lines


def _device_line() -> str:
    gpus = [f"{d.name} ({d.total_memory / 2**30:.0f} GiB)" for d in wp.get_cuda_devices()]
    return f"GPU: {', '.join(gpus)}" if gpus else "no NVIDIA GPU found, which is fine: the processor does the work"
