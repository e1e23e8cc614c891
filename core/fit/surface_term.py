# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Distances of skin from a surface of any topology: closest points along normals (Chen & Medioni 1992), from the skin
to the surface, so that what the surface has beyond the skin plays no part."""

from typing import NamedTuple

import numpy as np

from ..anatomy.rays import RayTarget
from ..geometry.surface import border_loops, triangle_normals, vertex_normals
from .residuals import Frozen, Rows, rows_of
from .robust import robust_weights
from .targets import SkinPoints

AGREE = 0.5
"""Least cosine between the normals of skin and scan where they belong together."""

ALONG = 0.05
"""Weight of a distance along the surface beside one across it: what holds still where the shape says nothing."""


class Met(NamedTuple):
    """Where points meet a surface. index: (m,) which points do · at: (m, 3) where · normal: (m, 3) of the surface."""

    index: np.ndarray
    at: np.ndarray
    normal: np.ndarray


class Surface:
    """A scanned surface to meet."""

    def __init__(self, vertices: np.ndarray, triangles: np.ndarray) -> None:
        # Single precision looks best about the middle.
        self._middle, self._vertices = vertices.mean(0), vertices
        self._target = RayTarget(vertices - self._middle, triangles)
        self._normals = vertex_normals(vertices, triangles)
        self._border = np.zeros(len(vertices), bool)
        for loop in border_loops(triangles):
            self._border[loop] = True

    def met(self, points: np.ndarray, normals: np.ndarray, cut: float) -> Met:
        """What points (p, 3) with normals (p, 3) meet within a distance: not a border, behind which there may be
        more, and not a sheet that faces elsewhere."""
        corners, weights = self._target.closest(points - self._middle)
        at = np.einsum("pc,pci->pi", weights, self._vertices[corners])
        normal = np.einsum("pc,pci->pi", weights, self._normals[corners])
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
        kept = (weights * self._border[corners]).sum(1) < 0.999
        kept &= (normal * normals).sum(1) > AGREE
        kept &= np.linalg.norm(points - at, axis=1) < cut
        index = np.flatnonzero(kept)
        return Met(index, at[index], normal[index])


class SurfaceTerm:
    """Distances of the corners of some skin triangles (3t) from a surface. weights: (3t,) · noise: user's unit."""

    def __init__(self, triangles: np.ndarray, surface: Surface, weights: np.ndarray, noise: float) -> None:
        self.points, self._surface, self._weight = SkinPoints.of_vertices(triangles.ravel()), surface, np.sqrt(weights)
        self._finest, self.cut, self._noise = noise, np.inf, noise

    def compare_within(self, cut: float, coarseness: float) -> None:
        """What is farther apart than the cut (user's unit) does not belong together; the noise is `coarseness` times
        the scan's own, so that a nose that lies beside a nose is not an outlier."""
        self.cut, self._noise = cut, coarseness * self._finest

    def met(self, world: np.ndarray) -> Met:
        """Where the points meet the surface."""
        normal = triangle_normals(world, np.arange(len(world)).reshape(-1, 3))
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-300)
        return self._surface.met(world, np.repeat(normal, 3, axis=0), self.cut)

    def frozen(self, world: np.ndarray, trust: float) -> Frozen:
        """See ``Term``."""
        on, at, normal = self.met(world)
        gap = np.abs(((world[on] - at) * normal).sum(1))
        scale = self._weight[on] * np.sqrt(robust_weights(gap / self._noise, 1, trust)) / self._noise
        # Across the surface in full, along it a little.
        axes = scale[:, None, None] * (ALONG * np.eye(3) + (1.0 - ALONG) * normal[:, :, None] * normal[:, None])

        def rows(world: np.ndarray) -> Rows:
            return rows_of(np.einsum("mij,mj->mi", axes, world[on] - at), axes, on, len(self.points))

        return rows

    def overlap(self, world: np.ndarray) -> float:
        """Share of the points' weight that meets the surface."""
        weight = self._weight**2
        return float(weight[self.met(world).index].sum() / weight.sum())
