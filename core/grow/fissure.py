# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The opening between two lids as seen from the middle of the eyeball: a place between the corners, an elevation."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.spatial import cKDTree

from ..anatomy.cavities import EYE_EXPOSURE, EYE_RADIUS, find_cavity

EDGE_REACH = 0.3
"""How far from the pocket's edge the lids' margins may lie [cm]."""

COLUMNS = 24
"""In so many places between the corners a margin is looked for."""

STRAY = 0.09
"""How far a margin's vertex stands off its neighbours' line at most [rad]."""

Curve = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Fissure:
    """One eye's opening; lengths in normalised centimetres.

    centre: (3,) of the eyeball · axes: rows across (inner to outer corner), up, front · inner: (3,) corner · middle:
    (3,) between the lids · width: between the corners · curves: margins of the upper and the lower lid, place (0 inner
    .. 1 outer corner) and elevation about the axis across [rad] · rim: (n,) vertices along the opening.
    """

    centre: np.ndarray
    axes: np.ndarray
    inner: np.ndarray
    middle: np.ndarray
    width: float
    rim: np.ndarray
    curves: tuple[Curve, Curve] | None = None

    def polar(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Place and elevation (n,) of points (n, 3)."""
        arm = (points - self.centre) @ self.axes.T
        return ((points - self.inner) @ self.axes[0]) / self.width, np.arctan2(arm[:, 1], arm[:, 2])

    def heights(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Elevation (n,) of the upper and of the lower margin at places u (n,)."""
        upper, lower = self.curves
        return np.interp(u, *upper), np.interp(u, *lower)

    def gap(self, u: np.ndarray) -> np.ndarray:
        """Angle (n,) between the margins at places u (n,), none beyond the corners."""
        top, bottom = self.heights(u)
        places = self.curves[0][0]
        return np.where((u > places[0]) & (u < places[-1]), np.maximum(top - bottom, 0.0), 0.0)

    def margins(self, x: np.ndarray) -> list[np.ndarray]:
        """Points (m, 3) along the upper and the lower margin, as far from the axis as the rim among x (V, 3) is."""
        rim = (x[self.rim] - self.centre) @ self.axes.T
        place, radius = self.polar(x[self.rim])[0], np.hypot(rim[:, 1], rim[:, 2])
        order = np.argsort(place)
        out = []
        for curve in self.curves:
            u = np.linspace(curve[0][0], curve[0][-1], 40)
            elevation, r = np.interp(u, *curve), np.interp(u, place[order], radius[order])
            along = (self.inner - self.centre) @ self.axes[0] + u * self.width
            arm = np.stack([along, r * np.sin(elevation), r * np.cos(elevation)], axis=1)
            out.append(self.centre + arm @ self.axes)
        return out


def ball_centre(points: np.ndarray) -> np.ndarray:
    """Centre (3,) of the sphere through the points (n, 3), by linear least squares."""
    a = np.concatenate([2.0 * points, np.ones((len(points), 1))], axis=1)
    return np.linalg.lstsq(a, (points**2).sum(axis=1), rcond=None)[0][:3]


def find_fissure(
    side: str,
    x: np.ndarray,
    ball: np.ndarray,
    skin: np.ndarray,
    exposure: np.ndarray,
    neighbours: sp.csr_matrix,
    marks: Mapping[str, np.ndarray],
) -> Fissure:
    """The fissure of one side of a head with vertices x (V, 3); marks: landmarks of that side without their side."""
    inner, outer = marks["eye_inner"], marks["eye_outer"]
    middle = 0.5 * (marks["upper_lid"] + marks["lower_lid"])
    centre = ball_centre(x[ball]) if len(ball) else middle - [0.0, 0.0, EYE_RADIUS]
    sign = 1.0 if side == "L" else -1.0
    # The outer corner lies farther back; eyes turn and lids close about an axis that does so only a little.
    across = (outer - inner) * [1.0, 1.0, 0.3]
    across /= np.linalg.norm(across)
    front = sign * np.cross(across, [0.0, 1.0, 0.0])
    front /= np.linalg.norm(front)
    axes = np.array([across, sign * np.cross(front, across), front])
    cavity = find_cavity(x, neighbours, exposure, skin, middle, 2.0, EYE_EXPOSURE)
    width = float((outer - inner) @ across)
    ahead, depth = (x - centre) @ front, np.linalg.norm(middle - centre)
    if cavity is None:
        rim = skin[np.linalg.norm(x[skin] - middle, axis=1) < 0.8 * width]
        edge = rim[ahead[rim] > 0.3 * depth]
    else:
        # Beyond the corners no pocket lies behind the skin: its edge shows where the lids end.
        rim = cavity.rim
        edge = np.union1d(rim, np.intersect1d(neighbours[rim].indices, cavity.inner))
    fissure = Fissure(centre, axes, inner, middle, width, rim)
    u, elevation = fissure.polar(x[edge])
    span = [(min(u.min(), 0.0), elevation[u.argmin()]), (max(u.max(), 1.0), elevation[u.argmax()])]
    close = skin[cKDTree(x[rim]).query(x[skin])[0] < EDGE_REACH]
    edge = np.union1d(edge, close[ahead[close] > 0.1 * depth])
    u, elevation = fissure.polar(x[edge])
    over = elevation - _between(fissure, marks, u)
    curves = tuple(_margin(u, elevation, sign * over > 0.0, sign, span) for sign in (1.0, -1.0))
    return Fissure(centre, axes, inner, middle, width, rim, curves)


def _between(fissure: Fissure, marks: Mapping[str, np.ndarray], u: np.ndarray) -> np.ndarray:
    """Elevation (n,) of the fissure's middle at places u (n,): a parabola through the corners and between the lids."""
    named = np.array([marks[n] for n in ("eye_inner", "eye_outer", "upper_lid", "lower_lid")])
    first, last, high, low = fissure.polar(named)[1]
    u = np.clip(u, 0.0, 1.0)
    return first + (last - first) * u + 2.0 * u * (1.0 - u) * (high + low - first - last)


def _margin(
    u: np.ndarray, elevation: np.ndarray, mine: np.ndarray, sign: float, span: list[tuple[float, float]]
) -> Curve:
    """A lid's margin as a polyline (u, elevation) from corner to corner, through its lowest (highest) vertices."""
    (first, low_end), (last, high_end) = span
    us, es = [first], [low_end]
    for k in range(COLUMNS):
        low, high = (first + (last - first) * (k + m) / COLUMNS for m in (0.0, 1.0))
        here = np.flatnonzero(mine & (u > low) & (u <= high) & (u < last))
        if len(here):
            best = here[np.argmin(sign * elevation[here])]
            us.append(float(u[best]))
            es.append(float(elevation[best]))
    us, es = np.array([*us, last]), np.array([*es, high_end])
    order = np.argsort(us)
    us, es = us[order], es[order]
    for _ in range(3):
        # A column whose lowest vertex is no margin stands off its neighbours.
        between = _neighbours_line(us, es)
        keep = np.concatenate([[True], sign * (es[1:-1] - between) < STRAY, [True]])
        us, es = us[keep], es[keep]
    return us, es


def _neighbours_line(us: np.ndarray, es: np.ndarray) -> np.ndarray:
    """Elevation at each inner point of the straight line between its two neighbours."""
    t = (us[1:-1] - us[:-2]) / np.maximum(us[2:] - us[:-2], 1e-9)
    return (1.0 - t) * es[:-2] + t * es[2:]
