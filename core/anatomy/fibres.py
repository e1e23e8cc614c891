# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Which share of each piece of flesh is muscle, and along which direction it pulls."""

from collections.abc import Sequence

import numpy as np
from scipy.spatial import cKDTree

from ..geometry.polyline import arc_length
from ..parallel import run_all
from .muscles import Muscle, other_lip

LEAST_FRACTION = 0.02  # a muscle that fills less of a tet leaves it alone
STEP = 0.1  # [cm] between the stations at which a path is looked up
PIECE = 8  # stations of a path that share a box about what is near them


def muscle_fibres(
    muscles: Sequence[Muscle], points: np.ndarray, size: np.ndarray, volumes: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Sparse muscle content of points in the flesh (neutral pose).

    points: (P, 3) tet centroids [cm]; size: (P,) mean edge length of the tets [cm]; volumes: (P,) of the tets [cm^3].
    Returns (muscle index (n,), point index (n,), fraction (n,) in 0..1, direction (n, 3) unit, origin to insertion).

    Across the muscle the fraction is a box of its width and thickness blurred with a box of the tet size: its
    integral is the cross-section whatever the size. With `volumes` each muscle's total is then brought to width x
    thickness x length, as far as no fraction exceeds 1 and the correction stays within a factor of two.
    """
    points, size = np.asarray(points, float), np.broadcast_to(np.asarray(size, float), (len(points),))

    def row(k: int, muscle: Muscle) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        index, fraction, direction = _fill(muscle, points, size)
        if volumes is not None and len(index):
            fraction = _to_volume(fraction, np.asarray(volumes, float)[index], muscle.volume)
        keep = fraction > LEAST_FRACTION
        return np.full(keep.sum(), k), index[keep], fraction[keep], direction[keep]

    rows = run_all([lambda k=k, m=m: row(k, m) for k, m in enumerate(muscles)])
    if not rows:
        return np.zeros(0, int), np.zeros(0, int), np.zeros(0), np.zeros((0, 3))
    return tuple(np.concatenate(column) for column in zip(*rows, strict=True))


def blurred_box(distance: np.ndarray, width: np.ndarray | float, blur: np.ndarray) -> np.ndarray:
    """Box of `width` about 0 convolved with a box of `blur`: a trapezoid of integral `width` and height at most 1."""
    overlap = np.minimum(distance + 0.5 * width, 0.5 * blur) - np.maximum(distance - 0.5 * width, -0.5 * blur)
    return np.clip(overlap / blur, 0.0, np.minimum(1.0, width / blur))


def _stations(path: np.ndarray, normals: np.ndarray, widths: np.ndarray) -> tuple[np.ndarray, ...]:
    """Path, tangents and normals (m, 3) and widths (m,) resampled every STEP."""
    s = arc_length(path)
    u = np.linspace(0.0, s[-1], max(3, int(np.ceil(s[-1] / STEP)) + 1))
    p = np.stack([np.interp(u, s, path[:, k]) for k in range(3)], axis=1)
    n = np.stack([np.interp(u, s, normals[:, k]) for k in range(3)], axis=1)
    t = np.gradient(p, axis=0)
    t /= np.linalg.norm(t, axis=1, keepdims=True)
    n -= (n * t).sum(axis=1, keepdims=True) * t
    return p, t, n / np.maximum(np.linalg.norm(n, axis=1, keepdims=True), 1e-9), np.interp(u, s, widths)


def _fill(muscle: Muscle, points: np.ndarray, size: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Point indices, fractions and directions of one muscle, its paths summed."""
    widest = max(float(w.max()) for w in muscle.widths)
    # Farther from the nearest station no point has a share in the muscle.
    blur = 0.5 * size
    reach = np.sqrt((0.5 * widest + blur) ** 2 + (0.5 * muscle.thickness + blur) ** 2 + (STEP + blur) ** 2)
    total, pull = np.zeros(len(points)), np.zeros((len(points), 3))
    for path, normals, widths in zip(muscle.paths, muscle.normals, muscle.widths, strict=True):
        p, t, n, width = _stations(path, normals, widths)
        near = _around(points, p, reach)
        k = cKDTree(p).query(points[near], distance_upper_bound=float(reach.max()))[1]
        near, k = near[k < len(p)], k[k < len(p)]
        if len(near) == 0:
            continue
        rel = points[near] - p[k]
        along, deep = (rel * t[k]).sum(axis=1), (rel * n[k]).sum(axis=1)
        across = (rel * np.cross(t[k], n[k])).sum(axis=1)
        blur = size[near]
        fraction = blurred_box(across, width[k], blur) * blurred_box(deep, muscle.thickness, blur)
        if not muscle.closed:
            # Beyond an end `along` measures how far; inside it is within half a step.
            end = np.where(k == 0, -along, np.where(k == len(p) - 1, along, -1e9))
            inside = np.minimum(k, len(p) - 1 - k) * np.linalg.norm(p[1] - p[0])
            fraction *= np.clip(0.5 + np.where(end > -1e8, -end, inside) / blur, 0.0, 1.0)
        total[near] += fraction
        pull[near] += fraction[:, None] * t[k]
    if muscle.lip:
        total[other_lip(points, muscle.mouth_line, muscle.lip)] = 0.0
    index = np.flatnonzero(total > 1e-4)
    length = np.linalg.norm(pull[index], axis=1)
    # Paths that meet head on leave no direction: such a point pulls nowhere.
    kept = length > 0.2 * total[index]
    index, length = index[kept], length[kept]
    return index, np.minimum(total[index], 1.0), pull[index] / length[:, None]


def _around(points: np.ndarray, path: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """Indices of the points (n, 3) in boxes about the pieces of a path (m, 3): all that are within their reach (n,) of
    it and not many more."""
    most = reach.max()
    near = np.flatnonzero(((points > path.min(0) - most) & (points < path.max(0) + most)).all(1))
    low, high = points[near] - reach[near, None], points[near] + reach[near, None]
    inside = np.zeros(len(near), bool)
    for piece in np.array_split(path, -(-len(path) // PIECE)):
        inside |= ((high > piece.min(0)) & (low < piece.max(0))).all(1)
    return near[inside]


def _to_volume(fraction: np.ndarray, volumes: np.ndarray, wanted: float) -> np.ndarray:
    """Fractions scaled so that they sum to the wanted volume, none above 1."""
    original = fraction
    for _ in range(8):
        now = float(fraction @ volumes)
        if now <= 0.0:
            return original
        fraction = np.clip(fraction * wanted / now, 0.5 * original, np.minimum(1.0, 2.0 * original))
    return fraction
