# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Which few sliders explain a face: greedy choice on the quadratic that a faithful fit ends in.

Least squares spreads a face over many sliders that half cancel. Adding one slider after another, always the one that
alone explains most of what is left, keeps those that look like the motion (Bao, Hua, Fedkiw: Improved Search Strategies
for Determining Facial Expression, arXiv 1812.02897); then those that the others have made needless go again.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .box import box_minimum

UNEXPLAINED = 4e-3
"""Share of the sum of squares that may stay unexplained beside the faithful fit: 6 % of the RMS motion."""

NEEDLESS = 1e-3
"""Share of the sum of squares that a slider must explain to stay."""


class Quadratic(NamedTuple):
    """What a fit saw near controls ``at`` (k,): the sum of squares rises by d.H.d for a change d."""

    H: np.ndarray
    at: np.ndarray


def without_head(H: np.ndarray, k: int) -> np.ndarray:
    """(k, k) of the controls alone, the head following them as is best (Schur complement)."""
    if len(H) == k:
        return H
    rest = H[k:, k:] + 1e-9 * np.trace(H[k:, k:]) / (len(H) - k) * np.eye(len(H) - k)
    return H[:k, :k] - H[:k, k:] @ np.linalg.solve(rest, H[k:, :k])


def few_controls(frames: Sequence[Quadratic], base: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Indices (s,) of the controls that, moved from base (k,) in bounds (k, 2), explain all frames nearly as well as
    all controls do."""
    low, high = bounds[:, 0] - base, bounds[:, 1] - base
    total = sum(float((f.at - base) @ f.H @ (f.at - base)) for f in frames)
    chosen: list[int] = []
    left, slopes = total, [-f.H @ (f.at - base) for f in frames]
    while left > UNEXPLAINED * total and len(chosen) < len(base):
        gain = sum(_gains(f.H, slope, low, high) for f, slope in zip(frames, slopes, strict=True))
        gain[chosen] = 0.0
        best = int(np.argmax(gain))
        if gain[best] < NEEDLESS * total:
            break
        chosen.append(best)
        left, slopes = _explained(frames, base, chosen, low, high)
    return np.array(sorted(_needed(frames, base, chosen, low, high, left, total)), np.int64)


def _gains(H: np.ndarray, slope: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """(k,) what each control alone takes off the sum of squares, from a point at which its half gradient is `slope`."""
    curve = np.maximum(H.diagonal(), 1e-300)
    step = np.clip(-slope / curve, low, high)
    return np.maximum(-step * (2.0 * slope + curve * step), 0.0)


def _explained(
    frames: Sequence[Quadratic], base: np.ndarray, chosen: list[int], low: np.ndarray, high: np.ndarray
) -> tuple[float, list[np.ndarray]]:
    """Sum of squares left over when the chosen controls do their best, and the half gradients (k,) there."""
    left, slopes = 0.0, []
    for f in frames:
        wanted, d = f.at - base, np.zeros(len(base))
        H = f.H[np.ix_(chosen, chosen)]
        ridge = 1e-9 * max(np.trace(H), 1e-300) * np.eye(len(H))
        d[chosen] = box_minimum(H + ridge, -(f.H @ wanted)[chosen], low[chosen], high[chosen])
        slope = f.H @ (d - wanted)
        left += float((d - wanted) @ slope)
        slopes.append(slope)
    return left, slopes


def _needed(
    frames: Sequence[Quadratic], base: np.ndarray, chosen: list[int], low: np.ndarray, high: np.ndarray, left: float,
    total: float,
) -> list[int]:  # fmt: skip
    """The chosen controls without those that the later ones have made needless."""
    for control in list(chosen):
        rest = [c for c in chosen if c != control]
        without = _explained(frames, base, rest, low, high)[0] if rest else total
        if without - left < NEEDLESS * total:
            chosen, left = rest, without
    return chosen
