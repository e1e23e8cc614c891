# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Lips and lids that show no opening: the crease between them, and where it runs out."""

from typing import Protocol

import numpy as np

STEP = 0.05  # [cm] between the rays of a column
REACH = 1.2  # [cm] that the guess may lie above or below the crease
BESIDE = 0.4  # [cm] above and below a place that its depth is compared with
DEEPEST = 0.6  # [cm] a gap that rays fall into is no deeper crease than this
LEAST = 0.06  # [cm] depth of a crease that is one
NEARER = 0.15  # [cm] of depth that a crease a centimetre nearer to the guess may lack
ACROSS = 0.1  # [cm] between columns
CLIMB = 0.12  # [cm] that the crease may rise or fall from one column to the next
LIPS_FADED, LIDS_FADED = 0.5, 0.6  # of its depth in the middle, at the corners
NARROWEST, WIDEST = 0.6, 1.4  # half width of mouth or eye as a share of the guess


class Front(Protocol):
    """What sees the skin from the front."""

    def hit(self, aim: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """Where rays along `direction` through the points `aim` (n, 3) meet the skin."""


def mouth_crease(view: Front, stomion: np.ndarray, half_width: float) -> dict[str, np.ndarray] | None:
    """stomion and mouth_corner_L, _R, (3,) each, by the crease nearest to a guess; None where the skin shows none.

    stomion: (3,) guess on the midplane; half_width: of the mouth [cm], a guess.
    """
    found = _slit(view, stomion, half_width, LIPS_FADED)
    if found is None or any(corner is None for corner in found[1:]):
        return None
    return dict(zip(("stomion", "mouth_corner_L", "mouth_corner_R"), found, strict=True))


def outer_corner(view: Front, inner: np.ndarray, outer: np.ndarray) -> np.ndarray:
    """Outer corner (3,) of an eye that shows no opening: where the crease between its lids, or between a lid and the
    eyeball, runs out; the guess where the skin shows no such place. inner, outer: (3,) guesses of the corners."""
    half = 0.5 * (outer - inner)
    found = _slit(view, inner + half, float(np.linalg.norm(half[:2])), LIDS_FADED)
    end = found[1 if half[0] > 0.0 else 2] if found else None
    return outer if end is None else end


def _slit(
    view: Front, guess: np.ndarray, half_width: float, faded: float
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None] | None:
    """Where the crease nearest to a guess of its middle (3,) passes that, and its left and right end; None where there
    is no crease."""
    middle = guess[0]
    y = np.arange(guess[1] + REACH, guess[1] - REACH - 0.5 * STEP, -STEP)
    depth = np.median([_crease(view, middle + dx, y)[0] for dx in (-0.4, 0.0, 0.4)], axis=0)
    score = depth - NEARER * np.abs(y - guess[1])
    top = int(np.argmax(score))
    if depth[top] < LEAST:
        return None
    passes = np.array([middle, y[top], _crease(view, middle, y)[1][top]])
    return passes, *(_corner(view, middle, y, top, sign, half_width, faded) for sign in (1.0, -1.0))


def _crease(view: Front, x: float, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far (n,) the skin at x lies behind what is BESIDE it above and below, and its depth coordinate (n,)."""
    beside = round(BESIDE / STEP)
    rows = np.concatenate([y[0] + STEP * np.arange(beside, 0, -1), y, y[-1] - STEP * np.arange(1, beside + 1)])
    z = view.hit(np.stack([np.full_like(rows, x), rows, np.zeros_like(rows)], axis=1), np.array([0.0, 0.0, -1.0]))[:, 2]
    around = 0.5 * (z[2 * beside :] + z[: -2 * beside])
    behind = np.minimum(around - z[beside:-beside], DEEPEST)
    return behind, around - behind


def _corner(
    view: Front, middle: float, y: np.ndarray, top: int, sign: float, half_width: float, faded: float
) -> np.ndarray | None:
    """Where the crease that passes the midplane at y[top] runs out on one side."""
    window = round(CLIMB / STEP)
    away = np.arange(0.0, WIDEST * half_width, ACROSS)
    at, row, depths = [], top, []
    for offset in away:
        depth, z = _crease(view, middle + sign * offset, y)
        low = max(row - window, 0)
        row = low + int(np.argmax(depth[low : row + window + 1]))
        depths.append(depth[row])
        at.append([middle + sign * offset, y[row], z[row]])
    shut = faded * np.median(np.array(depths)[away < NARROWEST * half_width])
    out = [k for k in range(len(away) - 1) if away[k] > NARROWEST * half_width and max(depths[k], depths[k + 1]) < shut]
    return np.array(at[out[0]]) if out else None
