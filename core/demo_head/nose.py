# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The nostrils: shallow pockets inside the rim that the layout put on the underside of the nose, left side."""

from __future__ import annotations

import numpy as np

from .layout import NOSTRIL_RING
from .mouth import fill_cap
from .topology import Topology

# Rings inside the rim: size (share of the rim), depth along the pocket's axis [cm].
POCKET = ((0.74, 0.04), (0.66, 0.28), (0.50, 0.48))
AXIS = np.array([-0.05, 0.80, -0.45])  # upwards and backwards
NOSTRIL_RINGS = NOSTRIL_RING + len(POCKET)


def place_nostril(x: np.ndarray, top: Topology) -> None:
    """Fill in the pocket. x: (count, 3) with the outer skin set; changed in place."""
    rim = x[top.nostril[NOSTRIL_RING]]
    middle = rim.mean(axis=0)
    axis = AXIS / np.linalg.norm(AXIS)
    # the pocket narrows onto a flat section, so that its floor does not repeat the slant of the rim
    flat = rim - np.multiply.outer((rim - middle) @ axis, axis)
    for number, (size, depth) in enumerate(POCKET, start=1):
        blend = number / len(POCKET)
        section = (1.0 - blend) * rim + blend * flat
        x[top.nostril[NOSTRIL_RING + number]] = middle + (section - middle) * size + depth * axis
    fill_cap(x, top.nostril_cap, half=False)
