# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Tracked points on lips and lids that may slide along the curve: trackers place them well across it only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .targets import CameraTarget, Contour

if TYPE_CHECKING:
    from .landmark_sets import Places

SLIPPERY = ("lip_", "lid_")
FIRM = (0.0, 0.5, 1.0)
"""Shares of a curve's length that can be told: its ends and its middle."""

NEAR = 0.03  # share of the curve


def sliding(target: CameraTarget, names: Sequence[str], places: Places) -> CameraTarget:
    """The target with its points along lips and lids free to slide. names: (p) the place of each point, "" for none."""
    free: dict[str, list[int]] = {}
    for k, name in enumerate(names):
        curve, _, share = name.partition(":")
        if share and curve.startswith(SLIPPERY) and min(abs(float(share) - s) for s in FIRM) > NEAR:
            free.setdefault(curve, []).append(k)
    seen = np.isfinite(target.pixels).all(1)
    if target.weights is not None:
        seen &= np.asarray(target.weights) > 0.0
    contours = list(target.contours)
    for curve, members in free.items():
        on = [k for k in members if seen[k]]
        if on:
            contours.append(Contour(places.curves[curve].points, np.asarray(target.pixels)[on]))
    weights = np.ones(len(names)) if target.weights is None else np.array(target.weights, np.float64)
    weights[[k for members in free.values() for k in members]] = 0.0
    return replace(target, weights=weights, contours=contours)
