# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What a face can be fitted to. Lengths and places are in the user's unit and frame throughout."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from ..anatomy.rays import RayTarget
from .camera import Camera

if TYPE_CHECKING:
    from ..face import FaceModel


@dataclass(frozen=True)
class SkinPoints:
    """Points bound to the skin's triangles. corners: (p, 3) vertices · weights: (p, 3) barycentric, summing to 1 ·
    beside: (p, 3) where they lie from there, in the face's own frame; None: on the skin."""

    corners: np.ndarray
    weights: np.ndarray
    beside: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.corners)

    def at(self, skin: np.ndarray) -> np.ndarray:
        """(p, 3) the points on a skin (V, 3)."""
        on = np.einsum("pc,pci->pi", self.weights, skin[self.corners])
        return on if self.beside is None else on + self.beside

    def some(self, which: np.ndarray) -> "SkinPoints":
        """Those of a mask or of indices."""
        return SkinPoints(self.corners[which], self.weights[which], None if self.beside is None else self.beside[which])

    def moved(self, motion: np.ndarray) -> "SkinPoints":
        """The same so much (p, 3) farther from the skin."""
        return replace(self, beside=motion if self.beside is None else self.beside + motion)

    @cached_property
    def vertices(self) -> np.ndarray:
        """(v,) vertices that the points hang on."""
        return np.unique(self.corners[self.weights != 0.0])

    @cached_property
    def matrix(self) -> sp.csr_matrix:
        """(p, v) with points = matrix @ skin[vertices]."""
        row, corner = np.nonzero(self.weights)
        column = np.searchsorted(self.vertices, self.corners[row, corner])
        shape = (len(self), len(self.vertices))
        return sp.csr_matrix((self.weights[row, corner], (row, column)), shape=shape)

    @classmethod
    def of_vertices(cls, vertices: np.ndarray) -> "SkinPoints":
        """The vertices (p,) themselves."""
        ids = np.asarray(vertices, np.int64)
        return cls(np.repeat(ids[:, None], 3, axis=1), np.tile([1.0, 0.0, 0.0], (len(ids), 1)))

    @classmethod
    def nearest(cls, model: "FaceModel", positions: np.ndarray, skin: np.ndarray | None = None) -> "SkinPoints":
        """The points of the neutral skin, or of a posed one (V, 3), nearest to positions (p, 3)."""
        skin = model.neutral if skin is None else np.asarray(skin, np.float64)
        positions = np.asarray(positions, np.float64).reshape(-1, 3)
        # Single precision looks best about the middle and at the size of a head.
        middle, size = skin[model.skin_vertices].mean(0), 10.0 / model.mm_per_unit
        near = RayTarget((skin - middle) / size, model.triangles)
        return cls(*near.closest((positions - middle) / size))

    @classmethod
    def joined(cls, parts: "list[SkinPoints]") -> "SkinPoints":
        """All points of several, one after another."""
        corners = [p.corners for p in parts] or [np.zeros((0, 3), np.int64)]
        weights = [p.weights for p in parts] or [np.zeros((0, 3))]
        beside = None
        if any(p.beside is not None for p in parts):
            beside = np.concatenate([np.zeros((len(p), 3)) if p.beside is None else p.beside for p in parts])
        return cls(np.concatenate(corners), np.concatenate(weights), beside)


@dataclass(frozen=True)
class VertexTarget:
    """A mesh of the rig's topology. positions: (V, 3) · weights: (V,) importance of each vertex (default: 1)."""

    positions: np.ndarray
    weights: np.ndarray | None = None


@dataclass(frozen=True)
class ScanTarget:
    """A surface of any topology, near the face or brought there by pairs.

    vertices: (n, 3) · triangles: (m, 3) wound outwards · weights: (V,) importance of the rig's vertices (default: its
    open skin) · pairs: skin points and where they are on the scan (p, 3).
    """

    vertices: np.ndarray
    triangles: np.ndarray
    weights: np.ndarray | None = None
    pairs: tuple[SkinPoints, np.ndarray] | None = None


@dataclass(frozen=True)
class MarkerTarget:
    """Markers in space. points: where they are on the skin · positions: (p, 3), NaN = missing · weights: (p,)."""

    points: SkinPoints
    positions: np.ndarray
    weights: np.ndarray | None = None


@dataclass(frozen=True)
class Contour:
    """A curve of skin points in their order along it, and pixels (q, 2) of an image that lie somewhere on it."""

    points: SkinPoints
    pixels: np.ndarray
    closed: bool = False


@dataclass(frozen=True)
class CameraTarget:
    """Points in an image. points: where they are on the skin · pixels: (p, 2) as ``Camera`` counts them, NaN = missing
    · weights: (p,) · contours: curves along which image points may slide."""

    points: SkinPoints
    pixels: np.ndarray
    camera: Camera
    weights: np.ndarray | None = None
    contours: list[Contour] = field(default_factory=list)


Target = VertexTarget | ScanTarget | MarkerTarget | CameraTarget
