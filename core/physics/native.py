# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""C++ inside Warp functions."""


def cpu_only(snippet: str) -> str:
    """A snippet that is nothing on a GPU, so that its module compiles there too."""
    return f"#ifndef __CUDA_ARCH__\n{snippet}\n#endif\n"
