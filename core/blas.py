# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""BLAS without threads of its own.

OpenBLAS parts even a dot product of ten thousand numbers among its threads, which then spin in wait for the next one.
Beside threads that compute faces, that costs more than half of all time.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np
import scipy
from numpy.linalg import _umath_linalg
from scipy.linalg import _fblas

_NAMES = ("scipy_openblas_{}_num_threads", "scipy_openblas_{}_num_threads64_", "openblas_{}_num_threads64_",
          "openblas_{}_num_threads")  # fmt: skip


class _Threads(NamedTuple):
    """How one loaded OpenBLAS tells and takes its number of threads."""

    get: ctypes._CFuncPtr
    set: ctypes._CFuncPtr


@cache
def _libraries() -> list[_Threads]:
    """NumPy's and SciPy's OpenBLAS; fewer where they are built on another BLAS."""
    paths = [Path(_umath_linalg.__file__), Path(_fblas.__file__)]
    # Linux and macOS find a symbol through the extension module that is linked with it, Windows in its own DLL only.
    for package in (np, scipy):
        paths += (Path(package.__file__).parents[1] / f"{package.__name__}.libs").glob("*openblas*.dll")
    found = []
    for path in paths:
        library = ctypes.CDLL(str(path))
        name = next((n for n in _NAMES if hasattr(library, n.format("set"))), None)
        if name is not None:
            found.append(_Threads(getattr(library, name.format("get")), getattr(library, name.format("set"))))
    return found


_lock = Lock()
_users = 0
_before: list[int] = []


@contextmanager
def one_thread() -> Iterator[None]:
    """BLAS runs in its caller's thread only, until the last ``with`` block of all threads has ended."""
    global _users
    with _lock:
        _users += 1
        if _users == 1:
            _before[:] = [library.get() for library in _libraries()]
            for library in _libraries():
                library.set(1)
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                for library, count in zip(_libraries(), _before, strict=True):
                    library.set(count)
