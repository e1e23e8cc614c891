# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The face on the base head: facial depths, nose, lids' bulge; a height field over the frontal plane (x, y)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .surface import ROW_COUNT, base_point, find_parameters

EYE_CENTRE = np.array([3.15, 0.0, 7.3])
EYE_RADIUS = 1.2
LID_SLOPE = 0.15  # the lids lie deeper towards the temple
LID_GLOBE = np.array([1.66, 1.30, 1.24])  # semi-axes of the surface that the inside of the lids rests on
LID_THICKNESS = 0.26

# Depth z [cm] of the face without nose and lips at frontal points (x, y), left side.
DEPTHS = np.array(
    [
        # midline
        (0.0, 6.5, 8.75),
        (0.0, 4.6, 9.5),
        (0.0, 3.0, 9.68),
        (0.0, 1.9, 9.72),
        (0.0, 0.5, 9.2),
        (0.0, -1.0, 9.3),
        (0.0, -2.6, 9.6),
        (0.0, -4.75, 9.95),
        (0.0, -5.9, 10.05),
        (0.0, -6.7, 9.9),
        (0.0, -7.7, 9.75),
        (0.0, -8.6, 9.2),
        (0.0, -9.9, 9.75),
        (0.0, -10.9, 9.35),
        # brow
        (1.2, 1.8, 9.66),
        (2.4, 2.15, 9.48),
        (3.8, 2.15, 8.95),
        (4.9, 1.7, 7.95),
        # orbit
        (1.35, 0.3, 8.75),
        (1.6, -0.9, 8.6),
        (2.2, 0.95, 8.42),
        (3.1, 1.05, 8.32),
        (4.2, 0.9, 7.9),
        (4.9, 0.1, 7.2),
        (3.2, 0.0, 7.7),
        (3.2, -1.3, 8.25),
        (2.1, -1.3, 8.45),
        (4.3, -1.1, 7.75),
        (5.5, -0.2, 6.4),
        # cheek
        (1.9, -3.0, 9.0),
        (3.3, -2.6, 8.65),
        (4.5, -2.2, 7.95),
        (5.6, -1.8, 6.6),
        (1.6, -4.6, 9.5),
        (2.6, -4.6, 8.9),
        (4.0, -4.7, 7.35),
        (5.2, -4.6, 5.5),
        # round the mouth
        (2.7, -6.75, 8.95),
        (1.5, -5.7, 9.75),
        (1.6, -8.0, 9.1),
        (3.6, -6.8, 7.8),
        (4.7, -6.8, 6.0),
        (1.3, -6.7, 9.7),
        # chin and jaw
        (1.2, -10.0, 9.4),
        (2.4, -9.6, 8.2),
        (3.5, -8.9, 6.8),
        # forehead and temple
        (1.6, 4.2, 9.35),
        (3.0, 4.8, 8.7),
        (4.8, 4.2, 7.1),
        (2.6, 3.3, 9.35),
        (4.5, 3.0, 8.0),
        (5.9, 2.0, 5.7),
    ]
)
# Bridge of the nose: height y, ridge depth z, steepness of the side walls, rounding radius.
RIDGE = np.array(
    [
        (-8.0, 0.0, 2.6, 0.5),
        (-4.6, 10.2, 2.6, 0.5),
        (-3.8, 11.62, 2.2, 0.5),
        (-2.6, 11.3, 1.9, 0.42),
        (-1.2, 10.5, 1.6, 0.38),
        (0.2, 9.6, 1.2, 0.4),
        (1.2, 9.3, 1.0, 0.5),
        (2.4, 8.6, 1.0, 0.5),
        (9.0, -5.0, 1.0, 0.5),
    ]
)
# Frontal points where the base head stands as it is.
ANCHORS = [
    (0.0, 9.0),
    (3.0, 8.0),
    (5.5, 6.0),
    (6.6, 3.5),
    (6.9, 0.5),
    (6.9, -2.5),
    (6.2, -5.5),
    (5.2, -8.5),
    (3.8, -10.6),
    (2.0, -11.8),
    (0.0, -12.2),
]


def _thin_plate(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Thin-plate kernel r^2 log r, even in x. points: (n, 2), centres: (m, 2) -> (n, m)."""
    total = 0.0
    for sign in (1.0, -1.0):
        r2 = ((points[:, None, :] - centres[None] * [sign, 1.0]) ** 2).sum(axis=2)
        total = total + 0.5 * r2 * np.log(r2 + 1e-12)
    return total


def _depth_weights() -> tuple[np.ndarray, np.ndarray]:
    """Centres (n, 2) and coefficients (n + 2,) of the plate that carries the base head to DEPTHS, not the ANCHORS."""
    centres = np.vstack([np.array(DEPTHS)[:, :2], np.array(ANCHORS)])
    start = np.stack([centres[:, 0] / 9.0, np.full(len(centres), 0.55 * ROW_COUNT)], axis=1)
    base_depth = base_point(find_parameters(centres, (0, 1), start))[:, 2]
    wanted = np.zeros(len(centres))
    wanted[: len(DEPTHS)] = DEPTHS[:, 2] - base_depth[: len(DEPTHS)]
    n = len(centres)
    affine = np.stack([np.ones(n), centres[:, 1]], axis=1)  # even in x, so no x term
    kernel = _thin_plate(centres, centres) + SMOOTHING * np.eye(n)
    system = np.block([[kernel, affine], [affine.T, np.zeros((2, 2))]])
    return centres, np.linalg.solve(system, np.concatenate([wanted, np.zeros(2)]))


SMOOTHING = 0.05
_CENTRES, _WEIGHTS = _depth_weights()


def _depth_correction(xy: np.ndarray) -> np.ndarray:
    n = len(_CENTRES)
    return _thin_plate(xy, _CENTRES) @ _WEIGHTS[:n] + _WEIGHTS[n] + xy[:, 1] * _WEIGHTS[n + 1]


def _smooth_max(a: np.ndarray, b: np.ndarray, k: float) -> np.ndarray:
    """Maximum of two heights with a fillet over height differences below k."""
    h = np.maximum(k - np.abs(a - b), 0.0) / k
    return np.maximum(a, b) + 0.25 * k * h * h


def _dome(q: np.ndarray) -> np.ndarray:
    """sqrt(q), continued by its tangent below 0.08: the height of an ellipsoid without the vertical rim."""
    return np.where(q > 0.08, np.sqrt(np.maximum(q, 0.08)), 0.2828 + (q - 0.08) * 1.768)


def _ellipsoid(x: np.ndarray, y: np.ndarray, centre: Sequence[float], radii: Sequence[float]) -> np.ndarray:
    q = 1.0 - ((x - centre[0]) / radii[0]) ** 2 - ((y - centre[1]) / radii[1]) ** 2
    return centre[2] + radii[2] * _dome(q)


def lid_height(x: np.ndarray, y: np.ndarray, inflate: float) -> np.ndarray:
    """Depth z [cm] of the lids' globe inflated by so much [cm] at frontal points on the left side."""
    dx, dy = x - EYE_CENTRE[0], y - EYE_CENTRE[1]
    a = LID_GLOBE + inflate
    q = 1.0 - (dx / a[0]) ** 2 - (dy / a[1]) ** 2
    # the extra drop keeps the skirt of the dome inside the head far from the eye
    return EYE_CENTRE[2] - LID_SLOPE * dx + a[2] * _dome(q) - 3.0 * np.minimum(q, 0.0) ** 2


def _nose_height(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Depth of the nose alone: bridge, tip, columella and wings."""
    ridge = np.interp(y, RIDGE[:, 0], RIDGE[:, 1])
    slope = np.interp(y, RIDGE[:, 0], RIDGE[:, 2])
    round_off = np.interp(y, RIDGE[:, 0], RIDGE[:, 3])
    bridge = ridge - slope * (np.sqrt(x * x + round_off**2) - round_off) - 0.6 * np.maximum(x - 1.2, 0.0) ** 2
    nose = _smooth_max(bridge, _ellipsoid(x, y, (0.0, -3.72, 10.75), (0.84, 0.86, 1.18)), 0.8)
    nose = _smooth_max(nose, _ellipsoid(x, y, (0.0, -4.25, 10.35), (0.36, 0.62, 1.1)), 0.3)
    nose = _smooth_max(nose, _ellipsoid(x, y, (0.62, -4.10, 10.3), (0.55, 0.58, 1.0)), 0.5)
    return _smooth_max(nose, _ellipsoid(x, y, (1.14, -4.12, 9.95), (0.56, 0.60, 0.90)), 0.65)


def sculpt(base: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Carry points of the base head (n, 3) at angle u (n,) onto the face."""
    x, y = base[:, 0], base[:, 1]
    out = base.copy()
    front = u < 0.97
    xf, yf = x[front], y[front]
    fade = np.clip((0.97 - u[front]) / 0.25, 0.0, 1.0)
    fade = fade * fade * (3.0 - 2.0 * fade)
    z = base[front, 2] + fade * _depth_correction(base[front, :2])
    z = _smooth_max(z, lid_height(xf, yf, LID_THICKNESS), 0.35)
    z = _smooth_max(z, _nose_height(xf, yf), 0.4)
    out[front, 2] = z
    return out
