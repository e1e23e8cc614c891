# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Jaw shapes: which skin goes with the mandible, and how the mandible moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csc_matrix

from .fields import harmonic
from .head import DemoHead
from .landmarks import LIP_STEPS
from .layout import LIP_RING
from .mouth import CORNER_STEP, PARTING_RING

if TYPE_CHECKING:
    from .shapes import Sculptor

HINGE = np.array([0.0, -1.7, 1.2])  # [cm] middle of the condylar axis, in front of the ear canals
OPEN_ANGLE = 0.245  # [rad]
OPEN_GLIDE = np.array([0.0, -0.25, 0.35])  # [cm] the condyles slide down and forward while opening
FORWARD = np.array([0.0, -0.12, 0.75])
SIDE = np.array([0.80, 0.0, 0.0])
# Lips part further than the jaw: mm at lip landmarks on top of the jaw's motion.
OPEN_LIPS = {
    "low_mid": (0.0, -8.0, 1.0),
    "low_inner": (0.0, -7.0, 0.8),
    "low_outer": (-0.8, -4.0, 0.4),
    "low_corner": (-1.8, -1.2, 0.0),
    "corner": (-2.6, 0.4, -0.5),
    "up_corner": (-1.6, 1.0, 0.0),
    "up_outer": (-0.6, 1.8, 0.2),
    "up_inner": (0.0, 2.2, 0.2),
    "up_mid": (0.0, 2.2, 0.2),
    "sulcus": (0.0, -3.0, 0.6),
    "chin": (0.0, 0.0, 0.0),
    "ala": (0.0, 0.0, 0.0),
    "subnasale": (0.0, 0.3, 0.0),
    "nasolabial": (-0.6, 0.2, -0.4),
    "cheek": (-1.4, 0.0, -0.8),
    "cheek_low": (-1.6, 0.0, -0.8),
    "tip": (0.0, 0.0, 0.0),
    "cheek_high": (0.0, 0.0, 0.0),
    "chin_side": (0.0, 0.0, 0.0),
    "sulcus_side": (-0.4, -2.0, 0.4),
}


def jaw_field(head: DemoHead, stiffness: csc_matrix, area: np.ndarray) -> np.ndarray:
    """Share (skin_count,) of the mandible's motion that each skin vertex takes: 0 with the skull, 1 with the jaw.

    Lips and mouth bag are told apart by their place in the rings, the rest by the line from hinge to lip corner.
    """
    x = head.vertices[: head.skin_count]
    corner = head.vertices[head.topology.mouth[PARTING_RING, CORNER_STEP]]
    line = np.array([corner[1] - HINGE[1], corner[2] - HINGE[2]])
    line /= np.linalg.norm(line)
    below = -(x[:, 1] - HINGE[1]) * line[1] + (x[:, 2] - HINGE[2]) * line[0]
    below = np.where(line[1] > 0, below, -below)
    fixed = np.zeros(head.skin_count, bool)
    value = np.zeros(head.skin_count)

    mouth, bag = head.topology.mouth, head.topology.bag
    pocket = np.zeros(head.skin_count, bool)
    inner = np.unique(np.concatenate([mouth[LIP_RING - 2 :].ravel(), bag.ravel()]))
    pocket[inner] = pocket[head.mirror[inner]] = True
    grid = np.zeros(head.skin_count, bool)
    own = head.topology.grid[head.topology.grid >= 0]
    grid[own] = grid[head.mirror[own]] = True

    skull = ~pocket & ((below < -1.2) | (x[:, 2] < -1.0) | (x[:, 1] < -14.5))
    jaw = ~pocket & (below > 2.3) & (x[:, 2] > 4.0) & (x[:, 1] > -12.0)
    fixed[skull | jaw] = True
    value[jaw] = 1.0
    place = mouth[LIP_RING - 1 :]
    for steps, share in ((range(0, 9), 1.0), (range(24, 33), 0.0), ((CORNER_STEP,), 0.5)):
        chosen = place[:, list(steps)].ravel()
        for side in (chosen, head.mirror[chosen]):
            fixed[side], value[side] = True, share
    return harmonic(stiffness, area, fixed, value, soften=0.55)


def _turn(angle: float) -> np.ndarray:
    """Rotation (3, 3) about the left-right axis; positive opens the mouth."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def _opening(points: np.ndarray) -> np.ndarray:
    arm = points - HINGE
    return arm @ _turn(OPEN_ANGLE).T - arm + OPEN_GLIDE


def jaw_shapes(
    head: DemoHead, weight: np.ndarray, sculptor: Sculptor
) -> dict[str, tuple[np.ndarray, dict[str, np.ndarray]]]:
    """Name -> (skin delta (skin_count, 3), {part: delta}) [cm]."""
    skin = head.vertices[: head.skin_count]
    teeth = head.vertices[head.parts["teeth_lower"]]
    w = (weight * sculptor.neck_fade)[:, None]
    opening = w * _opening(skin) + sculptor.field(OPEN_LIPS)
    shapes = {"jawOpen": (opening, {"teeth_lower": _opening(teeth)})}
    for name, motion in (("jawForward", FORWARD), ("jawLeft", SIDE), ("jawRight", -SIDE)):
        shapes[name] = (w * motion, {"teeth_lower": np.broadcast_to(motion, teeth.shape)})
    shapes["mouthClose"] = (_closing(head, opening, sculptor), {})
    return shapes


def _closing(head: DemoHead, opening: np.ndarray, sculptor: Sculptor) -> np.ndarray:
    """Brings the lips together again under an open jaw: the lower lip covers 60 % of the way."""
    ring = head.topology.mouth[PARTING_RING]
    motions = {
        "chin": (0.0, 0.0, 0.0),
        "tip": (0.0, 0.0, 0.0),
        "nasolabial": (0.0, -1.0, 0.0),
        "cheek_high": (0.0, 0.0, 0.0),
        "ala": (0.0, -0.4, 0.0),
        "subnasale": (0.0, -1.5, 0.0),
        "sulcus": (0.0, 6.0, 1.0),
        "sulcus_side": (0.0, 5.0, 0.5),
        "chin_side": (0.0, 0.0, 0.0),
    }
    for low, up in zip(
        ("low_mid", "low_inner", "low_outer", "low_corner"),
        ("up_mid", "up_inner", "up_outer", "up_corner"),
        strict=True,
    ):
        gap = 10.0 * (opening[ring[LIP_STEPS[up]]] - opening[ring[LIP_STEPS[low]]])
        motions[low], motions[up] = tuple(0.58 * gap), tuple(-0.40 * gap)
    motions["corner"] = (0.0, 0.0, 0.0)
    return sculptor.field(motions)
