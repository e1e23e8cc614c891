# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""BLAS keeps to its caller's thread while the core works, and is left as it was."""

import pytest
from muscle_face.core import blas
from muscle_face.core.parallel import run_all, worker_count


def _counts() -> list[int]:
    return [library.get() for library in blas._libraries()]


def test_blas_has_one_thread_inside_only() -> None:
    """Nested and in threads one thread each; afterwards, also after an error, as many as before."""
    before = _counts()
    with blas.one_thread():
        seen = run_all([_counts, _counts])
        assert _counts() == [1] * len(before)
    assert seen == [[1] * len(before)] * 2
    with pytest.raises(RuntimeError), blas.one_thread():
        raise RuntimeError
    assert _counts() == before


def test_threads_of_run_all_have_one_each() -> None:
    """Whoever runs on several cores needs not ask for it."""
    before = _counts()
    assert worker_count() == 1 or run_all([_counts, _counts]) == [[1] * len(before)] * 2
    assert _counts() == before
