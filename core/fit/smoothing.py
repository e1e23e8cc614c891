# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Smooth paths through what each frame saw; sudden motion such as a blink is kept."""

from collections.abc import Sequence

import numpy as np
from scipy.linalg import solveh_banded

SUDDEN = 3.0
"""Second differences of more than so many standard deviations are meant, not noise."""

ROUNDS = 4

WINDOW, OVERLAP = 160, 20
"""Frames that are solved at once, and those that two windows share: the path forgets what is farther away."""

LEAST = 1e-6
"""Information on what nothing was seen of, so that the equations are definite."""


def smoothed(path: np.ndarray, information: Sequence[np.ndarray], steady: np.ndarray, at: np.ndarray) -> np.ndarray:
    """(F, n) the path near one that was seen (F, n) with the least second differences.

    information: (n, n) of each frame on its values · steady: (n,) standard deviation of second differences between
    frames that are one apart · at: (F,) times of the frames. Minimises sum_f (x - p).H.(x - p) + sum w |D2 x|^2 /
    steady^2, w falling where second differences are far beyond steady motion (Geman & McClure 1987).
    """
    out = path.copy()
    for begin in range(0, len(path), WINDOW - OVERLAP):
        part = slice(begin, begin + WINDOW)
        found = _window(path[part], information[part], steady, at[part])
        # The first half of the overlap is the window's before.
        skip = OVERLAP // 2 if begin else 0
        out[begin + skip : begin + WINDOW] = found[skip:]
        if begin + WINDOW >= len(path):
            break
    return out


def _window(path: np.ndarray, information: Sequence[np.ndarray], steady: np.ndarray, at: np.ndarray) -> np.ndarray:
    count, n = path.shape
    if count < 3:
        return path.copy()
    D = _second_differences(at)
    x, data = path, _banded(information, n)
    right = np.stack([H @ p for H, p in zip(information, path, strict=True)]) + LEAST * path
    for _ in range(ROUNDS):
        bends = np.abs(D @ x)
        weight = (1.0 / (1.0 + (bends / (SUDDEN * steady)) ** 2)) ** 2 / steady**2
        matrix = data.copy()
        for apart in range(3):
            # Entries of D.W.D between frames that are so far apart, of each value with itself.
            pairs = np.einsum("rf,rf,rv->fv", D[:, : count - apart], D[:, apart:], weight)
            matrix[apart * n, : (count - apart) * n] += pairs.ravel()
        x = solveh_banded(matrix, right.ravel(), lower=True, check_finite=False).reshape(count, n)
    return x


def _second_differences(at: np.ndarray) -> np.ndarray:
    """(F - 2, F) second differences as they would be between frames one apart."""
    D = np.zeros((len(at) - 2, len(at)))
    row = np.arange(len(D))
    a, b = np.diff(at)[:-1], np.diff(at)[1:]
    D[row, row], D[row, row + 1], D[row, row + 2] = 2.0 / (a * (a + b)), -2.0 / (a * b), 2.0 / (b * (a + b))
    return D


def _banded(information: Sequence[np.ndarray], n: int) -> np.ndarray:
    """(2n + 1, F n) lower bands of a matrix with these blocks on its diagonal."""
    out = np.zeros((2 * n + 1, len(information) * n))
    for f, H in enumerate(information):
        for apart in range(n):
            out[apart, f * n : f * n + n - apart] = np.diagonal(H, -apart)
    out[0] += LEAST
    return out
