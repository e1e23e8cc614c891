# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The weight under which a head was sculpted, taken out of its flesh."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import blas
from .errors import MuscleFaceError
from .physics.flesh import Flesh
from .physics.gravity import unloaded_nodes

UPRIGHT_GRAVITY = (0.0, -9.81, 0.0)
"""Heads are sculpted and scanned upright [m/s2, normalised frame]."""

BORNE = {1.0: "", 0.5: "under half of gravity", 0.25: "under a quarter of gravity"}
"""Shares of the weight that are tried in turn where nobody says under which gravity the head was sculpted."""


def given(gravity: np.ndarray) -> np.ndarray | None:
    """What ``hang`` was given where a head hangs under ``gravity`` (3,), as far as that tells."""
    usual = any(np.array_equal(gravity, share * np.array(UPRIGHT_GRAVITY)) for share in BORNE)
    return None if usual else gravity


@blas.one_thread()
def unload(flesh: Flesh, gravity: np.ndarray, tick: Callable[[], None] = lambda: None) -> np.ndarray:
    """Stress-free nodes (N, 3) of a flesh sculpted under ``gravity`` (3,). Raises MuscleFaceError."""
    unloaded = unloaded_nodes(flesh, gravity, tick)
    if unloaded is None:
        strength = float(np.linalg.norm(gravity))
        raise MuscleFaceError(
            f"The flesh cannot bear the sculpt's gravity of {strength:.1f} m/s2: give a weaker one or a stiffer tissue."
        )
    return unloaded


@dataclass(frozen=True)
class Hung:
    """unloaded: (N, 3) stress-free nodes · gravity: (3,) [m/s2] that makes them sag into the sculpt · warnings."""

    unloaded: np.ndarray
    gravity: np.ndarray
    warnings: tuple[str, ...] = ()


@blas.one_thread()
def hang(flesh: Flesh, gravity: np.ndarray | None, tick: Callable[[], None] = lambda: None) -> Hung:
    """How a flesh hangs that was sculpted under ``gravity`` (3,). None: upright, and under as much of its weight as its
    thinnest walls bear. Raises MuscleFaceError."""
    if gravity is not None:
        return Hung(unload(flesh, gravity, tick), gravity)
    thin = (
        "Walls of this head are too thin to carry their weight, so the neutral is taken as sculpted {}: "
        "gravity that is switched on makes the face sag."
    )
    for share, part in BORNE.items():
        gravity = share * np.array(UPRIGHT_GRAVITY)
        unloaded = unloaded_nodes(flesh, gravity, tick)
        if unloaded is not None:
            return Hung(unloaded, gravity, (thin.format(part),) if part else ())
    return Hung(flesh.rest.copy(), np.zeros(3), (thin.format("without gravity"),))
