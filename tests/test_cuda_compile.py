# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Every kernel of the core compiles for NVIDIA GPUs, on machines without one as well."""

import importlib
import os
import pkgutil

import pytest
import warp as wp
from muscle_face import core

ARCHITECTURES = (75, 80, 86, 89, 90) if os.environ.get("MUSCLE_FACE_ALL_GPUS") else (75, 90)
"""Turing to Hopper. Ampere and Ada between the two differ in nothing that the kernels use, and would take another
minute: MUSCLE_FACE_ALL_GPUS adds them."""


def kernel_modules() -> list[str]:
    """Names of all modules of the core that hold kernels."""
    names = [found.name for found in pkgutil.walk_packages(core.__path__, f"{core.__name__}.")]
    return [name for name in names if _holds_kernels(importlib.import_module(name))]


def _holds_kernels(module) -> bool:
    return any(isinstance(v, wp.Kernel) and v.module.name == module.__name__ for v in vars(module).values())


MODULES = kernel_modules()


def test_kernels_are_found():
    """The walk sees the modules that hold most of the work."""
    names = {name.removeprefix(core.__name__ + ".") for name in MODULES}
    assert {"physics.kernels", "device.flesh_kernels", "device.solve_kernels", "device.newton_kernels"} <= names


@pytest.mark.parametrize("module", MODULES)
def test_compiles_for_every_architecture(module, tmp_path, monkeypatch):
    """All kernels of the module become machine code for each architecture."""
    # The compiler's last and slowest optimisations take two thirds of its time and prove nothing.
    monkeypatch.setattr(wp.config, "optimization_level", 2)
    paths = wp.compile_aot_module(wp.get_module(module), arch=ARCHITECTURES, module_dir=tmp_path)
    assert len(paths) == len(ARCHITECTURES)
    assert all(path.stat().st_size > 0 for path in paths)
