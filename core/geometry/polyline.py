# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Lengths along polylines."""

import numpy as np


def segment_lengths(points: np.ndarray) -> np.ndarray:
    """(n - 1,) lengths of the segments between points (n, 3) one after another."""
    return np.linalg.norm(np.diff(points, axis=0), axis=1)


def arc_length(points: np.ndarray) -> np.ndarray:
    """(n,) distance of each of the points (n, 3) from the first one along the polyline."""
    return np.concatenate([[0.0], np.cumsum(segment_lengths(points))])
