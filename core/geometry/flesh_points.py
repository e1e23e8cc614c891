# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The points that become nodes of the flesh: on the skin, on the bone (the skin offset inwards by the tissue depth) and
in between, as dense as the wanted edge length says."""

from dataclasses import dataclass

import numpy as np

from . import sampling
from .regions import DEEPER, FleshSkin, Regions

_TETS = (3.08, 3.42, 6.31)
"""Tets of the finished mesh per point on the skin, on the bone and inside: within 1.5 % on all heads tried (a
parametric, a scanned and a modelled one) from 4 500 to 44 000 tets."""


MOST_DEPTH = 2.0
"""Bone deeper than this is sampled as densely as here [cm]: nearer skin may ask for it."""

SLOPE = 0.6
"""By how much the wanted size changes at most per length."""


@dataclass(frozen=True)
class FleshPoints:
    """triangle (S,), bary (S, 3): the skin point of each node on the skin · skin (S, 3), bone (B, 3), inside (I, 3)
    positions in the open pose [cm]."""

    triangle: np.ndarray
    bary: np.ndarray
    skin: np.ndarray
    bone: np.ndarray
    inside: np.ndarray

    @property
    def tets(self) -> float:
        """About how many tets these points will make."""
        return float(np.dot(_TETS, (len(self.skin), len(self.bone), len(self.inside))))


def flesh_points(regions: Regions, blocks: "Blocks") -> FleshPoints:
    """Points for the edge lengths of ``regions.skin``; the same on every run. ``blocks`` serve any scale of a head."""
    rng = np.random.default_rng(7)
    skin = regions.skin
    triangle, bary = _skin_points(skin, rng)
    on_skin = sampling.on_triangles(skin.points, skin.triangles, triangle, bary)
    bone = _bone_points(regions, rng)
    inside = _inside_points(regions, blocks, np.concatenate([on_skin, bone]))
    return FleshPoints(triangle, bary, on_skin, bone, inside)


def _normals(skin: FleshSkin, triangle: np.ndarray, bary: np.ndarray) -> np.ndarray:
    """(n, 3) outward unit normals of points on the skin."""
    normals = sampling.on_triangles(skin.normals, skin.triangles, triangle, bary)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)


def _skin_points(skin: FleshSkin, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Sample points on the skin, those of the borders first: triangle (n,) and bary (n, 3)."""
    triangle, bary = sampling.surface_candidates(skin.points, skin.triangles, skin.size, rng)
    first_triangle = np.full(len(skin.points), -1)
    first_triangle[skin.triangles[::-1].ravel()] = np.repeat(np.arange(len(skin.triangles))[::-1], 3)
    rim = np.concatenate([np.zeros(0, np.int64), *skin.loops])
    triangle = np.concatenate([first_triangle[rim], triangle])
    bary = np.concatenate([(skin.triangles[first_triangle[rim]] == rim[:, None]).astype(float), bary])
    points = sampling.on_triangles(skin.points, skin.triangles, triangle, bary)
    size = sampling.on_triangles(skin.size, skin.triangles, triangle, bary)
    kept = sampling.thin(points, 0.85 * size, normals=_normals(skin, triangle, bary))
    return triangle[kept], bary[kept]


def _bone_points(regions: Regions, rng: np.random.Generator) -> np.ndarray:
    """Sample points (n, 3) on the bone: the skin offset by its tissue depth, where no other sheet is nearer."""
    skin = regions.skin
    # Down there the wanted size is larger.
    size = skin.size + DEEPER * np.minimum(skin.depth, MOST_DEPTH)
    triangle, bary = sampling.surface_candidates(skin.points, skin.triangles, size, rng)
    depth = sampling.on_triangles(skin.depth, skin.triangles, triangle, bary)[:, None]
    points = sampling.on_triangles(skin.points, skin.triangles, triangle, bary) - depth * _normals(skin, triangle, bary)
    size = regions.size(points)
    kept = np.flatnonzero(np.abs(regions.bone_margin(points)) < 0.12 * size)
    kept = kept[regions.within(points[kept], 0.15)]
    points, size = points[kept], size[kept]
    return points[sampling.thin(points, 0.95 * size)]


def _inside_points(regions: Regions, blocks: "Blocks", occupied: np.ndarray) -> np.ndarray:
    """Lattice points (n, 3) between skin and bone, coarse lattices first."""
    skin, wanted = regions.skin, regions.size(blocks.centre)
    layers, sizes = [np.zeros((0, 3))], [np.zeros(0)]
    spacing = float(skin.size.max()) * 2.0
    while spacing > 0.8 * float(skin.size.min()):
        lattice = blocks.lattice(wanted, spacing, 1.3 * spacing)
        size = regions.size(lattice)
        kept = (size >= spacing) & (size < 1.3 * spacing)
        lattice, size = lattice[kept], size[kept]
        kept = regions.bone_margin(lattice) < -0.4 * size
        lattice, size = lattice[kept], size[kept]
        kept = regions.within(lattice, 0.5 * size)
        layers.append(lattice[kept])
        sizes.append(size[kept])
        spacing /= 1.3
    points, size = np.concatenate(layers), np.concatenate(sizes)
    return points[sampling.thin(points, 0.75 * size, occupied=occupied)]


class Blocks:
    """Boxes that tell cheaply where points of a given size can lie: most of a head's box is air or bone."""

    EDGE = 0.6
    REACH = 0.52
    """Half the diagonal of a box [cm]."""

    def __init__(self, regions: Regions) -> None:
        points = regions.skin.points
        self._low, self._high = low, high = points.min(0) - 0.1, points.max(0) + 0.1
        shape = np.ceil((high - low) / (2.0 * self.EDGE)).astype(int) + 1
        self._shape = 2 * shape
        # Of eight boxes at once first, then each of those by itself.
        index = sampling.grid([np.arange(n) for n in shape])
        index = index[self._near(low + (2 * index + 1) * self.EDGE, 2.0 * self.REACH, regions)]
        index = (2 * index[:, None] + sampling.grid([np.arange(2)] * 3)).reshape(-1, 3)
        centre = low + (index + 0.5) * self.EDGE
        near = self._near(centre, self.REACH, regions)
        self._index, self.centre = index[near], centre[near]

    @staticmethod
    def _near(centre: np.ndarray, reach: float, regions: Regions) -> np.ndarray:
        """(P,) bool: whether there may be flesh in the box around each centre (P, 3)."""
        near = regions.bone_margin(centre) < reach
        near[near] = regions.reaches(centre[near], reach)
        return near

    def lattice(self, size: np.ndarray, least: float, most: float) -> np.ndarray:
        """Points (P, 3) of the lattice of spacing ``least`` in the boxes that may hold sizes from there to ``most``;
        ``size``: wanted edge length at the boxes' centres."""
        slack = SLOPE * self.REACH
        index = self._index[(size > least - slack) & (size < most + slack)]
        if len(index) == 0:
            return np.zeros((0, 3))
        may_hold = np.zeros(self._shape, bool)
        may_hold[tuple(index.T)] = True
        crop = self._low + self.EDGE * index.min(0), self._low + self.EDGE * (index.max(0) + 1)
        points = sampling.body_centred_lattice(self._low, self._high, least, crop)
        index = ((points - self._low) / self.EDGE).astype(int)
        return points[may_hold[tuple(np.minimum(index, self._shape - 1).T)]]
