# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Goal on a scan, without its hair, holes and background; coarse to fine."""

from typing import TYPE_CHECKING

import numpy as np

from ..errors import MuscleFaceError, as_numbers
from ..geometry.surface import adjacency, smooth, vertex_normals
from .checks import check_extent, check_growth, check_weights, head_height, times_as_large
from .engine import Found, Prior, Problem, descend
from .head import Head
from .points import sized_head
from .residuals import PositionTerm, Term
from .result import Figures
from .skins import Posed, StillSkin
from .surface_term import Surface, SurfaceTerm
from .targets import ScanTarget

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

FADE = 40
"""Rings of vertices over which a residual fades out where the scan has nothing."""

OVERLAP = 0.1
"""Least share of the skin's weight that must find itself on the scan."""

TURNS = [
    (0.0, 0.0, 0.0),
    *[(x, y, 0.0) for x in (0.0, 0.2, -0.2) for y in (0.0, 0.25, -0.25) if x or y],
    *[(0.0, y, 0.0) for y in (np.pi, 0.5 * np.pi, -0.5 * np.pi)],
]
"""Rotation vectors [rad], in the head's own frame, by which it may have to be turned before it settles on a scan."""

NEAR = 0.004
"""Mean distance from the scan, in head heights, at which the head certainly lies right."""

SIZES = (0.1, 30.0)
"""Ratio of the extents of scan and head within which the scan may be a face, or a whole room."""


NO_TRIANGLES = "The scan has faces that are no triangles: triangulate it."


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
        self._counted = np.unique(seen)
        some = seen[:: max(1, len(seen) * 3 // SAMPLES)]
        mm = model.mm_per_unit
        self.surface, self._pairs, self._stage = Surface(vertices, triangles), None, 0
        self._term = SurfaceTerm(some, self.surface, weights[some.ravel()], NOISE / mm)
        self._compare(0)
        self.terms: list[Term] = [self._term]
        if target.pairs is not None:
            points, positions = target.pairs[0], np.asarray(target.pairs[1], np.float64)
            if positions.shape != (len(points), 3):
                raise MuscleFaceError(f"There are {len(points)} points on the skin and {len(positions)} on the scan: "
                                      "give every one its partner.")  # fmt: skip
            self._pairs = np.isfinite(positions).all(1), positions
            self.terms.append(PositionTerm(points, positions, PAIR_NOISE / mm, None))
        else:
            _check_whereabouts(model, vertices)

    def first_head(self, points: np.ndarray, scale: bool) -> Head:
        """See ``points.VertexGoal``. A round head slides on a round head: several turns are tried."""
        if self._pairs is not None and self._pairs[0].sum() >= 3:
            seen, positions = self._pairs
            of_pairs = points[len(self._term.points) :]
            starts = [sized_head(self._model, of_pairs[seen], positions[seen], np.ones(int(seen.sum())), scale)]
        else:
            turns, still = np.array(TURNS) @ self._model.rotation, np.zeros(3)
            starts = [Head().moved(np.concatenate([turn, still]), points.mean(0)) for turn in turns]
        best, least = starts[0], np.inf
        for start in starts:
            head = self._settled(points, start, scale, 1)
            apart = self._apart(head.at(points))
            if apart < least:
                best, least = head, apart
            if apart < NEAR * self._height:
                break
        else:
            if not scale:
                check_growth(self._model, self._settled(points, best, True, 1).scale, points)
        return self._settled(points, best, scale, 2)

    def _settled(self, points: np.ndarray, head: Head, scale: bool, level: int) -> Head:
        """The head where the still face has come to rest on the scan."""
        self._compare(level)
        if self._term.overlap(head.at(points)[: len(self._term.points)]) < OVERLAP:
            return head
        nothing = np.zeros(0)
        still, prior, mm = StillSkin(points), Prior(nothing, nothing), self._model.mm_per_unit
        problem = Problem(still, self.terms, np.zeros((0, 2)), prior, 7 if scale else 6, mm, 0.4 * self._height)
        return descend(problem, Found(nothing, head, Posed(points)), iterations=15).head

    def _apart(self, world: np.ndarray) -> float:
        """Mean distance of the points (p, 3) from the scan, as far as they are compared."""
        of_term = world[: len(self._term.points)]
        met, gap = self._term.met(of_term), np.full(len(of_term), self._term.cut)
        gap[met.index] = np.linalg.norm(of_term[met.index] - met.at, axis=1)
        return float(np.sort(gap)[: max(1, len(met.index) * 3 // 4)].mean()) + self._term.cut * (
            1.0 - len(met.index) / len(gap)
        )

    def check(self, points: np.ndarray, head: Head) -> None:
        """See ``points.VertexGoal``."""
        self._compare(1)
        if self._term.overlap(head.at(points)[: len(self._term.points)]) < OVERLAP:
            raise MuscleFaceError(
                "The scan does not lie on the face: move it onto the face, facing the same way, or give three pairs of "
                "points that belong together."
            )

    def _compare(self, level: int) -> None:
        self._term.compare_within(CUTS[level] * self._height, CUTS[level] / CUTS[-1])

    def sharpen(self, found: Found) -> bool:
        """Compare nearer points only; False when they are the nearest."""
        self._stage += 1
        self._compare(min(1 + self._stage, len(CUTS) - 1))
        return self._stage < len(CUTS) - 1

    def near(self, found: Found) -> str:
        """See ``points.VertexGoal``."""
        return f"{self._sampled(found).rms_mm:.3f} mm"

    def measure(self, found: Found) -> Figures:
        """See ``points.VertexGoal``; every vertex is measured that has weight and meets the scan."""
        model, pose = self._model, found.posed.pose
        if pose is None:
            return self._sampled(found)
        world = found.head.at(pose.skin)
        normals = vertex_normals(world, model.triangles)
        counted = self._counted
        met = self.surface.met(world[counted], normals[counted], CUTS[-1] * self._height)
        error = np.full(model.vertex_count, np.nan)
        on = counted[met.index]
        error[on] = np.linalg.norm(world[on] - met.at, axis=1) * model.mm_per_unit
        figures = Figures.of_mm(error)
        residual, known = np.zeros_like(pose.skin), np.zeros(model.vertex_count, bool)
        residual[on], known[on] = found.head.back(met.at) - pose.skin[on], True
        figures.residual_skin = _faded(residual, known, model)
        return figures

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
    vertices = as_numbers(target.vertices, "The scan has vertices that are not numbers: repair or re-export it.")
    triangles = as_numbers(target.triangles, NO_TRIANGLES).astype(np.int64)
    if vertices.ndim != 2 or vertices.shape[1:] != (3,) or not len(vertices) or not triangles.size:
        raise MuscleFaceError("The scan has no faces: choose a mesh with a surface.")
    if triangles.shape[1:] != (3,):
        raise MuscleFaceError(NO_TRIANGLES)
    if not np.isfinite(vertices).all():
        raise MuscleFaceError("The scan has vertices that are not numbers: repair or re-export it.")
    if triangles.min() < 0 or triangles.max() >= len(vertices):
        raise MuscleFaceError("The scan has a face at a vertex that does not exist: repair or re-export it.")
    used, triangles = np.unique(triangles, return_inverse=True)
    return vertices[used], triangles.reshape(-1, 3)


def _check_whereabouts(model: "FaceModel", vertices: np.ndarray) -> None:
    """Raise MuscleFaceError where a scan without pairs is not near the head, or not of its size."""
    skin, height = model.neutral[model.skin_vertices], head_height(model)
    ratio = float(np.ptp(vertices, axis=0).max() / np.ptp(skin, axis=0).max())
    check_extent(ratio)
    if not SIZES[0] < ratio < SIZES[1]:
        raise MuscleFaceError(f"The scan is {times_as_large(ratio)} the head: scale it to the head's size.")
    outside = np.maximum(np.maximum(vertices.min(0) - skin.max(0), skin.min(0) - vertices.max(0)), 0.0)
    if np.linalg.norm(outside) > CUTS[0] * height:
        raise MuscleFaceError(
            f"The scan lies {np.linalg.norm(outside) / height:.1f} head heights away from the face: move it onto the "
            "face, or give three pairs of points that belong together."
        )
