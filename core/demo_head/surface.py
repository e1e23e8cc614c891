# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The featureless head of the demo as a smooth function of two parameters.

u runs around the head (0 front midline, 1 side, 2 back midline), v from the neck border (0) to the crown (ROW_COUNT -
1).
Frame: centimetres, +Y up, +Z front, +X the character's left; the pupils are at y = 0 and the ear canals at z = 0.
Only the left half (x >= 0) is described. Heights, widths and depths are authored from adult anthropometry
(Farkas, Anthropometry of the Head and Face, 1994: male and female means rounded).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.interpolate import CubicSpline

from ..geometry.smoothstep import smoothstep

# One row per level: height at front, side, back; depth at front, back; half width; depth of the widest point;
# fullness of the front arc (near the midline, near the side) and of the back arc (near the midline, near the side).
SECTIONS = np.array(
    [
        # yF     yS     yB    zF    zB    w     zw    f0    f1    b0    b1
        [-19.2, -18.0, -15.8, 3.2, -8.6, 6.60, -2.8, 0.55, 0.55, 0.60, 0.55],  # neck border
        [-16.4, -15.0, -12.8, 2.9, -7.7, 5.30, -2.5, 0.50, 0.55, 0.58, 0.55],
        [-14.0, -12.4, -10.0, 3.5, -7.4, 5.05, -2.0, 0.48, 0.55, 0.56, 0.55],  # larynx
        [-12.5, -10.4, -7.5, 5.2, -7.6, 5.12, -1.2, 0.50, 0.55, 0.55, 0.55],
        [-11.75, -8.9, -5.5, 7.5, -8.1, 5.70, -0.5, 0.52, 0.50, 0.55, 0.55],  # under the chin, jaw angle
        [-11.0, -7.4, -3.5, 9.0, -8.7, 6.15, -0.3, 0.42, 0.48, 0.55, 0.55],  # gnathion
        [-9.9, -6.0, -1.8, 9.45, -9.2, 6.45, -0.2, 0.40, 0.48, 0.55, 0.55],  # pogonion
        [-8.5, -4.6, 0.0, 9.2, -9.55, 6.70, -0.2, 0.42, 0.48, 0.55, 0.55],  # mentolabial fold
        [-6.7, -3.2, 1.7, 9.8, -9.7, 6.90, -0.3, 0.42, 0.48, 0.55, 0.55],  # mouth
        [-4.7, -1.9, 3.2, 10.0, -9.7, 7.00, -0.4, 0.42, 0.50, 0.55, 0.55],  # subnasale
        [-2.5, -0.6, 4.5, 9.6, -9.5, 7.10, -0.6, 0.46, 0.52, 0.55, 0.55],
        [-0.2, 1.0, 5.6, 9.3, -9.15, 7.25, -0.8, 0.50, 0.52, 0.56, 0.55],  # eyes
        [2.1, 2.8, 6.7, 9.7, -8.6, 7.40, -1.0, 0.54, 0.52, 0.56, 0.56],  # brows
        [4.6, 4.9, 7.8, 9.5, -7.75, 7.45, -1.0, 0.56, 0.54, 0.56, 0.56],
        [7.1, 7.0, 8.95, 8.4, -6.6, 7.05, -0.9, 0.57, 0.55, 0.56, 0.56],
        [9.3, 9.1, 10.15, 6.3, -5.0, 5.90, -0.7, 0.57, 0.55, 0.56, 0.56],
        [10.95, 10.85, 11.1, 3.4, -3.0, 3.65, -0.4, 0.56, 0.55, 0.56, 0.56],
        [11.6, 11.6, 11.6, -0.2, -0.2, 0.0, -0.2, 0.56, 0.55, 0.56, 0.56],  # vertex
    ]
)
ROW_COUNT = len(SECTIONS)


def _section_spline() -> CubicSpline:
    """Cubic spline through the sections, continued across the crown by its own mirror image so that the crown is
    round.
    """
    ghost = SECTIONS[-2:-4:-1].copy()
    ghost[:, [0, 2]] = ghost[:, [2, 0]]
    ghost[:, [3, 4]] = ghost[:, [4, 3]]
    ghost[:, 5] *= -1.0
    table = np.vstack([SECTIONS, ghost])
    return CubicSpline(np.arange(len(table)), table, axis=0)


_SPLINE = _section_spline()


def base_point(uv: np.ndarray) -> np.ndarray:
    """Featureless head. uv: (n, 2) -> (n, 3) [cm]. Each level is two cubic Bezier quarter arcs."""
    u, v = np.clip(uv[:, 0], 0.0, 2.0), np.clip(uv[:, 1], 0.0, ROW_COUNT - 1.0)
    y_front, y_side, y_back, z_front, z_back, w, z_wide, f0, f1, b0, b1 = _SPLINE(v).T
    is_front = u <= 1.0
    t = np.where(is_front, u, 2.0 - u)
    z_end = np.where(is_front, z_front, z_back)
    y_end = np.where(is_front, y_front, y_back)
    k0, k1 = np.where(is_front, f0, b0), np.where(is_front, f1, b1)
    s = 1.0 - t
    c1, c2, c3 = 3 * s * s * t, 3 * s * t * t, t**3
    x = w * (c1 * k0 + c2 + c3)
    z = z_end + (z_wide - z_end) * (c2 * (1.0 - k1) + c3)
    y = y_end + (y_side - y_end) * smoothstep(t)
    return np.stack([x, y, z], axis=1)


def jacobian(point: Callable[[np.ndarray], np.ndarray], uv: np.ndarray, step: float = 1e-4) -> np.ndarray:
    """(n, 3, 2) central differences of a parametric surface ``point``, (n, 2) -> (n, 3), at uv (n, 2)."""
    columns = []
    for axis in range(2):
        d = np.zeros(2)
        d[axis] = step
        lower = np.clip(uv - d, 0.0, [2.0, ROW_COUNT - 1.0])
        upper = np.clip(uv + d, 0.0, [2.0, ROW_COUNT - 1.0])
        columns.append((point(upper) - point(lower)) / (upper - lower)[:, axis, None])
    return np.stack(columns, axis=2)


def find_parameters(target: np.ndarray, axes: tuple[int, int], start: np.ndarray) -> np.ndarray:
    """Newton search for the uv where two coordinates of base_point equal target. target, start: (n, 2) -> (n, 2)."""
    uv = np.array(start, dtype=float)
    axes = list(axes)
    for _ in range(25):
        gap = target - base_point(uv)[:, axes]
        slope = jacobian(base_point, uv)[:, axes, :]
        slope += 1e-6 * np.eye(2)
        move = np.linalg.solve(slope, gap[:, :, None])[:, :, 0]
        uv = np.clip(uv + np.clip(move, -0.3, 0.3), [0.0, 0.0], [2.0, ROW_COUNT - 1.0])
    return uv
