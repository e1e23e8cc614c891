# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""How far shapes together may strain the flesh's stress-free shape.

Strains of shapes add. One shape asks of a tet what an artist drew; ten at once can ask for what no flesh could do. So
the sum is taken as it is up to LINEAR times the largest strain that any single shape asks of the tet, and saturates
smoothly at MOST times that.
"""

import numpy as np

LINEAR, MOST = 1.25, 1.5
LEAST = 0.2
"""Strain that every tet may have."""

# A symmetric matrix as six numbers (xx, yy, zz, yz, xz, xy): what each counts in its Frobenius norm.
WEIGHT = np.array([1.0, 1.0, 1.0, 2.0, 2.0, 2.0])


def norm(strain: np.ndarray) -> np.ndarray:
    """(n,) Frobenius norm of strains (n, 6)."""
    return np.sqrt((WEIGHT * strain**2).sum(1))


class StrainLimit:
    """largest: (T,) largest strain norm that a single shape asks of each tet."""

    def __init__(self, largest: np.ndarray) -> None:
        self.scale = np.maximum(largest, LEAST)

    def _factors(self, strain: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Norm n (T,), phi(n) / n and phi'(n), where phi is the limited norm."""
        n = norm(strain)
        over = np.maximum(n / self.scale - LINEAR, 0.0) / (MOST - LINEAR)
        limited = np.where(over > 0.0, self.scale * (LINEAR + (MOST - LINEAR) * np.tanh(over)), n)
        return n, limited / np.where(n > 0.0, n, 1.0), 1.0 / np.cosh(np.minimum(over, 300.0)) ** 2

    def apply(self, strain: np.ndarray) -> np.ndarray:
        """(T, 6) limited strain of a sum (T, 6)."""
        n, share, _ = self._factors(strain)
        return strain * np.where(n > 0.0, share, 1.0)[:, None]

    def factors(self, strain: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(share (T,), bend (T,)) of the derivative dS' = share dS + bend S (S : dS) at a sum S (T, 6)."""
        n, share, slope = self._factors(strain)
        safe = np.where(n > 0.0, n, 1.0)
        return np.where(n > 0.0, share, 1.0), np.where(n > 0.0, (slope - share) / safe**2, 0.0)
