# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What the mesher needs to know of a head, and where a point lies between its skin and its bone."""

import copy
from dataclasses import dataclass, replace

import numpy as np

from .field import DistanceField, close_borders

MANDIBLE_REACH = 3.0
"""Depth under the outer skin beyond which there is no mandible [cm]."""


DEEPER = 0.35
"""Growth of the wanted edge length with the depth under the skin."""


@dataclass(frozen=True)
class FleshSkin:
    """What the mesher needs to know of a head, per vertex of its skin (V of them).

    points: (V, 3) the open pose [cm] · triangles: (T, 3) · normals: (V, 3) outward · loops: open borders ·
    size: (V,) wanted edge length [cm] · depth: (V,) tissue depth [cm], thin under linings ·
    outer_depth: (V,) the same without the lining's of lips and lids, which would put bone into their margins ·
    outer: (V,) bool, skin that sees the outside ·
    mandible: (V,) share of the jaw's motion · jaw_bone: (V,) share of the mandible in the bone underneath.
    """

    points: np.ndarray
    triangles: np.ndarray
    normals: np.ndarray
    loops: list[np.ndarray]
    size: np.ndarray
    depth: np.ndarray
    outer_depth: np.ndarray
    outer: np.ndarray
    mandible: np.ndarray
    jaw_bone: np.ndarray


class Regions:
    """Where a point of the open pose lies between skin and bone."""

    def __init__(self, skin: FleshSkin) -> None:
        self.skin = skin
        points, triangles = close_borders(skin.points, skin.triangles, skin.loops)
        self._closed = DistanceField(points, triangles, signed=True)
        outer = skin.outer[skin.triangles].sum(1) >= 2
        self._sheets = [DistanceField(skin.points, skin.triangles[m]) for m in (outer, ~outer) if m.any()]
        self._depths = [d for m, d in ((outer, skin.outer_depth), (~outer, skin.depth)) if m.any()]
        self._whole = DistanceField(skin.points, skin.triangles)

    def scaled(self, scale: float) -> "Regions":
        """The same head with edge lengths ``scale`` times the wanted ones."""
        other = copy.copy(self)
        other.skin = replace(self.skin, size=scale * self.skin.size)
        return other

    def outside(self, points: np.ndarray) -> np.ndarray:
        """(P,) signed distance to the closed skin [cm], positive outside."""
        return self._closed.query(points, signed=True).distance

    def clearance(self, points: np.ndarray) -> np.ndarray:
        """(P,) distance to the closed skin without its sign [cm], a tenth of the work."""
        return self._closed.query(points).distance

    def within(self, points: np.ndarray, depth: np.ndarray | float) -> np.ndarray:
        """(P,) bool: inside the closed skin and farther from it than ``depth`` (P,) >= 0 [cm]."""
        out = self.clearance(points) > depth
        out[out] = self.outside(points[out]) < 0.0
        return out

    def reaches(self, points: np.ndarray, reach: float) -> np.ndarray:
        """(P,) bool: inside the closed skin or less than ``reach`` [cm] outside it."""
        out = self.clearance(points) < reach
        out[~out] = self.outside(points[~out]) < 0.0
        return out

    def size(self, points: np.ndarray) -> np.ndarray:
        """(P,) wanted edge length [cm]: that of the skin, growing with depth."""
        c = self._whole.query(points)
        return self._whole.interpolate(c, self.skin.size) + DEEPER * c.distance

    def bone_margin(self, points: np.ndarray) -> np.ndarray:
        """(P,) how far a point lies inside the bone [cm]: deeper than the tissue under every sheet of skin."""
        margin = np.full(len(points), np.inf)
        for n, (field, depth) in enumerate(zip(self._sheets, self._depths, strict=True)):
            c = field.query(points)
            margin = np.minimum(margin, c.distance - field.interpolate(c, depth))
            if n == 0:
                # The mandible is a shell: behind it lie tongue and throat.
                jaw = field.interpolate(c, self.skin.jaw_bone) > 0.2
                margin = np.where(jaw, np.minimum(margin, MANDIBLE_REACH - c.distance), margin)
        return margin

    def jaw_bone(self, points: np.ndarray) -> np.ndarray:
        """(P,) share of the mandible in the bone, blended between the sheets by inverse squared distance."""
        total, weights = np.zeros(len(points)), np.zeros(len(points))
        for field in self._sheets:
            c = field.query(points)
            w = 1.0 / (c.distance**2 + 1e-3)
            total += w * field.interpolate(c, self.skin.jaw_bone)
            weights += w
        return total / weights
