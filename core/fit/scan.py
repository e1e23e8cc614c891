# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Goal on a scan: closest points along normals, without hair, holes and background; coarse to fine.

Iterated closest points with the distance along the normal (Chen & Medioni 1992) from the skin to the scan, so that
what the scan has beyond the skin plays no part.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..anatomy.rays import RayTarget
from ..errors import MuscleFaceError
from ..geometry.surface import adjacency, border_loops, smooth, triangle_normals, vertex_normals
from .checks import check_weights, head_height
from .engine import Found, Prior, Problem, descend
from .head import Head, head_between
from .residuals import Frozen, PositionTerm, Rows, Term, rows_of
from .result import Figures
from .robust import robust_weights
from .skins import Posed, StillSkin
from .targets import ScanTarget, SkinPoints

if TYPE_CHECKING:
    from ..face import FaceModel

NOISE = 0.15
"""Of a scanned surface [mm]."""

PAIR_NOISE = 2.0
"""Of a landmark that was clicked by hand [mm]."""

OPEN = 0.4
"""Exposure from which skin can be seen by a scanner."""

SAMPLES = 5000
"""Skin points that are compared at most."""

CUTS = (0.3, 0.12, 0.05, 0.02)
"""Distance beyond which skin and scan do not belong together, in head heights, from coarse to fine."""

AGREE = 0.5
"""Least cosine between the normals of skin and scan where they belong together."""

ALONG = 0.05
"""Weight of a distance along the surface beside one across it: what holds still where the shape says nothing."""

FADE = 40
"""Rings of vertices over which a residual fades out where the scan has nothing."""

OVERLAP = 0.1
"""Least share of the skin's weight that must find itself on the scan."""

SIZES = (0.1, 30.0)
"""Ratio of the extents of scan and head within which the scan may be a face, or a whole room."""


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
    """Distances of the corners of some triangles of the skin (3t) from a surface. weights: (3t,) · noise, cut: user's
    unit; farther away than the cut they do not belong together."""

    def __init__(self, triangles: np.ndarray, surface: Surface, weights: np.ndarray, noise: float, cut: float) -> None:
        self.points, self.cut = SkinPoints.of_vertices(triangles.ravel()), cut
        self._surface, self._noise, self._weight = surface, noise, np.sqrt(weights)

    def met(self, world: np.ndarray) -> Met:
        """Where the points meet the surface."""
        normal = triangle_normals(world, np.arange(len(world)).reshape(-1, 3))
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-300)
        return self._surface.met(world, np.repeat(normal, 3, axis=0), self.cut)

    def frozen(self, world: np.ndarray) -> Frozen:
        """See ``Term``."""
        on, at, normal = self.met(world)
        gap = np.abs(((world[on] - at) * normal).sum(1))
        scale = self._weight[on] * np.sqrt(robust_weights(gap / self._noise, dimensions=1)) / self._noise
        # Across the surface in full, along it a little.
        axes = scale[:, None, None] * (ALONG * np.eye(3) + (1.0 - ALONG) * normal[:, :, None] * normal[:, None])

        def rows(world: np.ndarray) -> Rows:
            return rows_of(np.einsum("mij,mj->mi", axes, world[on] - at), axes, on, len(self.points))

        return rows

    def overlap(self, world: np.ndarray) -> float:
        """Share of the points' weight that meets the surface."""
        weight = self._weight**2
        return float(weight[self.met(world).index].sum() / weight.sum())


class ScanGoal:
    """Lie on a scan."""

    moves_head = True

    def __init__(self, model: "FaceModel", target: ScanTarget) -> None:
        vertices, triangles = _checked(target)
        self._model, self._height = model, head_height(model)
        weights = check_weights(target.weights, model.vertex_count)
        if weights is None:
            weights = np.zeros(model.vertex_count)
            weights[model.skin_vertices] = model.rig.exposure > OPEN
        seen = model.triangles[(weights[model.triangles] > 0.0).all(1)]
        if not len(seen):
            raise MuscleFaceError("No skin is to be compared with the scan: paint some of the face into the weights.")
        some = seen[:: max(1, len(seen) * 3 // SAMPLES)]
        mm = model.mm_per_unit
        self.surface, self._pairs, self._stage = Surface(vertices, triangles), None, 0
        self._term = SurfaceTerm(some, self.surface, weights[some.ravel()], NOISE / mm, CUTS[0] * self._height)
        self.terms: list[Term] = [self._term]
        if target.pairs is not None:
            points, positions = target.pairs[0], np.asarray(target.pairs[1], np.float64).reshape(-1, 3)
            self._pairs = np.isfinite(positions).all(1), positions
            self.terms.append(PositionTerm(points, positions, PAIR_NOISE / mm, None))
        else:
            _check_whereabouts(model, vertices)

    def first_head(self, points: np.ndarray, scale: bool) -> Head:
        """See ``points.VertexGoal``."""
        head = Head()
        if self._pairs is not None and self._pairs[0].sum() >= 3:
            seen, positions = self._pairs
            of_pairs = points[len(self._term.points) :]
            head = head_between(of_pairs[seen], positions[seen], np.ones(int(seen.sum())), scale=scale)
        still, nothing = StillSkin(points), np.zeros(0)
        prior, mm = Prior(nothing, nothing), self._model.mm_per_unit
        problem = Problem(still, self.terms, np.zeros((0, 2)), prior, 7 if scale else 6, mm, 0.4 * self._height)
        found = Found(nothing, head, Posed(points))
        for cut in CUTS[:-1]:
            self._term.cut = cut * self._height
            if self._term.overlap(found.world[: len(self._term.points)]) < OVERLAP:
                break
            found = descend(problem, found, iterations=15)
        return found.head

    def check(self, points: np.ndarray, head: Head) -> None:
        """See ``points.VertexGoal``."""
        self._term.cut = CUTS[1] * self._height
        if self._term.overlap(head.at(points)[: len(self._term.points)]) < OVERLAP:
            raise MuscleFaceError(
                "The scan does not lie on the face: move it onto the face, facing the same way, or give three pairs of "
                "points that belong together."
            )

    def sharpen(self, found: Found) -> bool:
        """Compare nearer points only; False when they are the nearest."""
        self._stage += 1
        self._term.cut = CUTS[min(1 + self._stage, len(CUTS) - 1)] * self._height
        return self._stage < len(CUTS) - 1

    def near(self, found: Found) -> str:
        """See ``points.VertexGoal``."""
        return f"{self._sampled(found).rms_mm:.3f} mm"

    def measure(self, found: Found) -> Figures:
        """See ``points.VertexGoal``; every vertex of the skin that meets the scan is measured."""
        model, pose = self._model, found.posed.pose
        if pose is None:
            return self._sampled(found)
        world = found.head.at(pose.skin)
        normals = vertex_normals(world, model.triangles)
        counted = self._counted()
        met = self.surface.met(world[counted], normals[counted], CUTS[-1] * self._height)
        error = np.full(model.vertex_count, np.nan)
        on = counted[met.index]
        error[on] = np.linalg.norm(world[on] - met.at, axis=1) * model.mm_per_unit
        figures = Figures.of_mm(error)
        residual, known = np.zeros_like(pose.skin), np.zeros(model.vertex_count, bool)
        residual[on], known[on] = found.head.back(met.at) - pose.skin[on], True
        figures.residual_skin = _faded(residual, known, model)
        return figures

    def _counted(self) -> np.ndarray:
        return np.unique(self._model.triangles)

    def _sampled(self, found: Found) -> Figures:
        met = self._term.met(found.world[: len(self._term.points)])
        error = np.full(len(self._term.points), np.nan)
        error[met.index] = np.linalg.norm(found.world[met.index] - met.at, axis=1) * self._model.mm_per_unit
        return Figures.of_mm(error)


def _faded(values: np.ndarray, known: np.ndarray, model: "FaceModel") -> np.ndarray:
    """(V, 3) values that are known at some vertices, carried on smoothly to their neighbours and fading out."""
    neighbours, out = adjacency(len(values), model.triangles), values.copy()
    for _ in range(FADE):
        out = smooth(out, neighbours, 1)
        out[known] = values[known]
    return out


def _checked(target: ScanTarget) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and triangles of a scan. Raises MuscleFaceError."""
    vertices, triangles = np.asarray(target.vertices, np.float64), np.asarray(target.triangles, np.int64)
    if vertices.ndim != 2 or vertices.shape[1:] != (3,) or not len(vertices) or not triangles.size:
        raise MuscleFaceError("The scan has no faces: choose a mesh with a surface.")
    if not np.isfinite(vertices).all():
        raise MuscleFaceError("The scan has vertices that are not numbers: repair or re-export it.")
    used, triangles = np.unique(triangles, return_inverse=True)
    return vertices[used], triangles.reshape(-1, 3)


def _check_whereabouts(model: "FaceModel", vertices: np.ndarray) -> None:
    """Raise MuscleFaceError where a scan without pairs is not near the head, or not of its size."""
    skin, height = model.neutral[model.skin_vertices], head_height(model)
    ratio = float(np.ptp(vertices, axis=0).max() / np.ptp(skin, axis=0).max())
    if not SIZES[0] < ratio < SIZES[1]:
        size = f"{ratio:.3g} times as large as" if ratio > 1.0 else f"{1.0 / ratio:.3g} times smaller than"
        raise MuscleFaceError(f"The scan is {size} the head: scale it to the head's size.")
    outside = np.maximum(np.maximum(vertices.min(0) - skin.max(0), skin.min(0) - vertices.max(0)), 0.0)
    if np.linalg.norm(outside) > CUTS[0] * height:
        raise MuscleFaceError(
            f"The scan lies {np.linalg.norm(outside) / height:.1f} head heights away from the face: move it onto the "
            "face, or give three pairs of points that belong together."
        )
