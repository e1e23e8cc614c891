# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The sets of shapes that can be grown, by name."""

from .action_units import ACTION_UNIT_RECIPES
from .arkit import ARKIT_RECIPES
from .recipe import Recipe
from .visemes import VISEME_RECIPES

RECIPES: dict[str, Recipe] = {**ARKIT_RECIPES, **ACTION_UNIT_RECIPES, **VISEME_RECIPES}

SETS: dict[str, tuple[str, ...]] = {
    "arkit": tuple(ARKIT_RECIPES),
    "action_units": tuple(ACTION_UNIT_RECIPES),
    "visemes": tuple(VISEME_RECIPES),
}
