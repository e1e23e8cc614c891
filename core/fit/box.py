# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Least squares in a box."""

import numpy as np

STEPS = 60  # at most; it settles in a few


def box_minimum(H: np.ndarray, g: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Minimiser of x.H.x / 2 + g.x with low <= x <= high and low <= 0 <= high, H (n, n) positive definite.

    Projected Newton (Bertsekas, SIAM J. Control Optim. 20, 1982): variables that lean on a bound rest, the others take
    a Newton step, which is projected into the box and shortened until the value falls.
    """
    x = np.zeros(len(g))
    slope, value = g.copy(), 0.0
    tiny = 1e-12 * max(np.abs(g).max(initial=0.0), 1e-300)
    for _ in range(STEPS):
        free = ~(((x <= low) & (slope > 0.0)) | ((x >= high) & (slope < 0.0)))
        if not free.any() or np.abs(slope[free]).max() <= tiny:
            break
        p = np.zeros(len(g))
        p[free] = -np.linalg.solve(H[np.ix_(free, free)], slope[free])
        for t in 0.5 ** np.arange(30):
            trial = np.clip(x + t * p, low, high)
            rise = H @ trial
            found = trial @ (0.5 * rise + g)
            if found <= value + 1e-4 * (slope @ (trial - x)):
                break
        else:
            break
        moved = np.abs(trial - x).max()
        x, slope, value = trial, rise + g, found
        if moved == 0.0:
            break
    return x
