# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What is drawn, as coloured lines and triangles in the object's space: numbers from the core, colours from here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import bpy
import numpy as np

from ...core.sliders import without_side
from .. import drive, engine

if TYPE_CHECKING:
    from ...core import FaceModel

RELAXED, ACTIVE, CHOSEN = (0.55, 0.25, 0.2), (1.0, 0.85, 0.2), (0.3, 0.9, 1.0)
CRANIUM, MANDIBLE = (0.85, 0.8, 0.65), (0.65, 0.8, 0.85)
TETS, LANDMARKS = (0.2, 0.6, 0.9, 0.35), (1.0, 0.4, 0.1, 1.0)
LIGHT = (0.3, 0.4, 0.9)
CROSS_CM = 0.25


@dataclass(frozen=True)
class Lines:
    """points: (2n, 3) ends in pairs · colours: (2n, 4) · width in pixels."""

    points: np.ndarray
    colours: np.ndarray
    width: float


@dataclass(frozen=True)
class Surface:
    """points: (3n, 3) corners in threes · colours: (3n, 4)."""

    points: np.ndarray
    colours: np.ndarray


def muscles(obj: bpy.types.Object, model: FaceModel, nodes: np.ndarray) -> Lines:
    """The fibres, brighter the harder their muscle pulls or would pull to be as short."""
    lines, owner = engine.views().fibre_lines(model, nodes)
    settings = obj.muscle_face
    groups = {m.name: max(drive.pull(settings, m), m.implied_activation) for m in settings.muscles}
    level = np.array([groups.get(name, 0.0) for name in model.muscles])[:, None]
    table = np.ones((len(model.muscles), 4))
    table[:, :3] = (1.0 - level) * _tones(model) * RELAXED + level * ACTIVE
    if settings.active_muscle in model.muscles:
        table[model.muscles.index(settings.active_muscle), :3] = CHOSEN
    return Lines(lines.reshape(-1, 3), np.repeat(table[owner], 2, axis=0), 2.0)


def _tones(model: FaceModel) -> np.ndarray:
    """(M, 1) brightness that tells neighbouring muscles apart, the same on both sides."""
    stems = list(dict.fromkeys(without_side(name) for name in model.muscles))
    places = np.array([stems.index(without_side(name)) for name in model.muscles])
    # Multiples of the golden ratio stay apart however many there are.
    return 0.6 + 0.8 * np.modf(0.618034 * places)[0][:, None]


def bones(model: FaceModel, nodes: np.ndarray) -> Surface:
    """Cranium and mandible, lit from the front."""
    triangles, bone = _bones(model)
    points = engine.views().to_user(model, nodes)
    bright = engine.views().shade(nodes, triangles, np.array(LIGHT))[:, None]
    colours = np.full((len(triangles), 4), 0.55)
    colours[:, :3] = bright * np.where((bone == 1)[:, None], CRANIUM, MANDIBLE)
    return Surface(points[triangles].reshape(-1, 3), np.repeat(colours, 3, axis=0))


def tets(model: FaceModel, nodes: np.ndarray) -> Lines:
    """The outside of the left half of the flesh."""
    edges = _cut(model)
    return Lines(engine.views().to_user(model, nodes)[edges].reshape(-1, 3), np.tile(TETS, (2 * len(edges), 1)), 1.0)


def landmarks(model: FaceModel) -> Lines:
    """A small cross on each landmark of the neutral."""
    size = 10.0 * CROSS_CM / model.mm_per_unit
    arms = size * np.concatenate([np.eye(3)[:, None], -np.eye(3)[:, None]], 1)
    points = (model.rig.landmarks[:, None, None] + arms[None]).reshape(-1, 3)
    return Lines(points, np.tile(LANDMARKS, (len(points), 1)), 2.0)


@lru_cache(maxsize=4)
def _bones(model: FaceModel):
    return engine.views().bone_surface(model)


@lru_cache(maxsize=4)
def _cut(model: FaceModel):
    return engine.views().cut_edges(model)


def clear() -> None:
    """Forget the models."""
    _bones.cache_clear()
    _cut.cache_clear()
