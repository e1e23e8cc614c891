# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Preferences do what they say, and what cannot be is told in one sentence."""

from types import SimpleNamespace

import pytest
import warp as wp
from muscle_face.blender_addon import engine, preferences
from muscle_face.core import MuscleFaceError, parallel


@pytest.fixture
def chosen(monkeypatch) -> SimpleNamespace:
    """Preferences as they are read when the simulation is first used."""
    chosen = SimpleNamespace(device="auto", threads=0, log_level="WARNING", cache_folder="", findings="")
    monkeypatch.setattr(engine, "preferences", lambda: chosen)
    monkeypatch.setattr(engine, "_opened", None)
    # Put back afterwards: other tests go on with what they have.
    monkeypatch.setattr(wp.config, "kernel_cache_dir", wp.config.kernel_cache_dir)
    monkeypatch.setattr(wp.config, "log_level", wp.config.log_level)
    monkeypatch.setattr(parallel, "_worker_count", parallel.worker_count())
    return chosen


def test_a_cache_folder_that_cannot_be_written(chosen, tmp_path):
    """Told where it is chosen, and again by what would have used it."""
    chosen.cache_folder = str(tmp_path / "file")
    (tmp_path / "file").touch()
    preferences._check_folder(chosen, None)
    assert "cannot be kept in" in chosen.findings and "choose another Kernel Cache" in chosen.findings
    with pytest.raises(MuscleFaceError, match="choose another Kernel Cache"):
        engine.face_model()
    chosen.cache_folder = str(tmp_path / "new" / "folder")
    preferences._check_folder(chosen, None)
    assert chosen.findings == "" and not list((tmp_path / "new" / "folder").iterdir())
    engine.face_model()
    assert wp.config.kernel_cache_dir == chosen.cache_folder


def test_a_device_that_is_not_there(chosen, monkeypatch):
    """Preferences travel with the artist to a computer with other cards."""
    chosen.device = "cuda:1"
    monkeypatch.setattr(wp, "get_cuda_devices", lambda: [])
    with pytest.raises(MuscleFaceError, match="no second NVIDIA GPU here; choose another Device"):
        engine.face_model()


def test_console_and_threads_follow_at_once(chosen):
    """Neither needs a restart."""
    chosen.log_level, chosen.threads = "DEBUG", 3
    preferences._use_log_level(chosen, None)
    preferences._use_threads(chosen, None)
    assert wp.config.log_level == wp.LOG_DEBUG and parallel.worker_count() == 3
