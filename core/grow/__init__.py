# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Grow shapes from muscles alone: ARKit's, FACS action units and visemes, on a head that has none."""

from .sets import RECIPES, SETS
from .shapes import grow_shapes

__all__ = ["RECIPES", "SETS", "grow_shapes"]
