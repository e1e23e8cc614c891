# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""C++ inside Warp functions, and kernels that are launched on ranges of what they work on."""

import warp as wp

from ..parallel import ranges
from ..team import Batch


def cpu_only(snippet: str) -> str:
    """A snippet that is nothing on a GPU, so that its module compiles there too; its products and sums are fused."""
    return f"#ifndef __CUDA_ARCH__\n{{\n#pragma clang fp contract(fast)\n{snippet}\n}}\n#endif\n"


def launch_ranges(kernel: wp.Kernel, cuts: list[int], inputs: list, outputs: list) -> None:
    """Launch a kernel on all cores of a CPU, on ranges between ``cuts`` (parts + 1,), which end its inputs; what comes
    out must be the same however the work is cut."""
    Batch([
        wp.launch(kernel, 1, [*inputs, begin, end], outputs, device="cpu", record_cmd=True)
        for begin, end in ranges(cuts)
    ])()  # fmt: skip
