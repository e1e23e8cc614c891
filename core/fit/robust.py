# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Weights that keep outliers from pulling."""

import numpy as np

CUT = 3.0
"""Residual, in units of the noise's standard deviation, at which a point has lost three quarters of its weight."""

LET_GO = 0.1
"""Weight below which a point hardly pulls."""

MEDIAN_OF_LENGTH = {1: 0.6745, 2: 1.1774, 3: 1.5382}
"""Median length of a vector of so many normal variables of standard deviation 1."""


def robust_weights(lengths: np.ndarray, dimensions: int, least: float) -> np.ndarray:
    """(m,) weights in 0..1 of residuals of given lengths (m,), Geman & McClure 1987.

    The noise is taken from the median length (so that up to half may be outliers), but not below `least`: where a fit
    is far off everywhere the residuals are large together, and none is an outlier.
    """
    if not len(lengths):
        return np.ones(0)
    sigma = max(float(np.median(lengths)) / MEDIAN_OF_LENGTH[dimensions], least)
    return (1.0 / (1.0 + (lengths / (CUT * sigma)) ** 2)) ** 2


def outliers(lengths: np.ndarray, dimensions: int) -> np.ndarray:
    """(m,) which residuals, in units of their noise, hardly count in a fit that has ended."""
    return robust_weights(lengths, dimensions, 1.0) < LET_GO
