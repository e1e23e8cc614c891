# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Shared fixtures and the place of the test heads."""

from pathlib import Path

FACES = Path(__file__).resolve().parents[2] / "shared" / "faces"
