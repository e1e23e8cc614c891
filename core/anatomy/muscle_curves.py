# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Muscles as curves with a width, to be shown and edited, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import MuscleFaceError
from ..geometry import surface
from ..geometry.polyline import segment_lengths
from .cavities import outer_triangles
from .frame import Frame
from .muscles import Muscle
from .rays import RayTarget

SHORTEST, LONGEST = 0.3, 30.0
"""Length of a path that can be a muscle of a face [cm]."""

NEAREST_SKIN = 6.0
"""Farther from the skin no muscle of the face lies [cm]."""

TEMPLATE, CURVE, MESH = 0, 1, 2
"""Where a muscle comes from: the table, a curve of the artist's, a mesh of the artist's."""


@dataclass(frozen=True)
class MuscleCurve:
    """One muscle as one or several paths from origin to insertion, in the user's frame and unit.

    points: (n, 3), path after path · width: (n,) of the path at each point · thickness: towards the skin · sizes: how
    many points each path has (default: all points are one path) · closed: the path is a ring · strength: of the fibres
    against other muscles' · lip: 1 keeps the muscle above the mouth line, -1 below it, 0 lets it anywhere.
    """

    points: np.ndarray
    width: np.ndarray
    thickness: float
    sizes: tuple[int, ...] = ()
    closed: bool = False
    strength: float = 1.0
    lip: int = 0

    @property
    def paths(self) -> list[np.ndarray]:
        """(k, 3) points of each path."""
        return np.split(np.asarray(self.points, float), self._ends)

    @property
    def widths(self) -> list[np.ndarray]:
        """(k,) widths of each path."""
        return np.split(np.asarray(self.width, float), self._ends)

    @property
    def _ends(self) -> np.ndarray:
        return np.cumsum(self.sizes)[:-1]

    def same(self, other: "MuscleCurve") -> bool:
        """Whether both are one muscle, up to rounding to single precision."""
        size = float(np.abs(self.points).max()) * 2e-6
        return (
            [len(p) for p in self.paths] == [len(p) for p in other.paths]
            and np.allclose(self.points, other.points, rtol=0.0, atol=size)
            and np.allclose(self.width, other.width, rtol=1e-5, atol=size)
            and bool(np.isclose(self.thickness, other.thickness, rtol=1e-5))
            and (self.closed, self.strength, self.lip) == (other.closed, other.strength, other.lip)
        )


class SkinAbove:
    """Normals of the skin over points in the flesh; everything in the normalised frame."""

    def __init__(self, vertices: np.ndarray, triangles: np.ndarray, exposure: np.ndarray) -> None:
        """vertices (V, 3), triangles (T, 3) of the skin, exposure (V,)."""
        outer = outer_triangles(triangles, exposure)
        self._target = RayTarget(vertices, outer)
        self._vertices = vertices
        neighbours = surface.adjacency(len(vertices), outer)
        self._normals = surface.smoothed_normals(vertices, outer, neighbours)

    def normals(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Unit skin normals (n, 3) over points (n, 3) and their distance (n,) to the skin [cm]."""
        corners, weights = self._target.closest(points)
        normal = np.einsum("ij,ijk->ik", weights, self._normals[corners])
        skin = np.einsum("ij,ijk->ik", weights, self._vertices[corners])
        length = np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
        return normal / length, np.linalg.norm(points - skin, axis=1)


def muscle_of_curve(name: str, curve: MuscleCurve, frame: Frame, skin: SkinAbove, line: np.ndarray) -> Muscle:
    """The muscle that a curve draws into the flesh; ``line`` is the mouth line (k, 3).

    Raises MuscleFaceError when a checked curve does not lie in the head.
    """
    paths = [frame.to_norm(p) for p in curve.paths]
    lengths = [float(segment_lengths(p).sum()) for p in paths]
    if not all(SHORTEST < length < LONGEST for length in lengths):
        worst = min(lengths, key=lambda length: min(length, LONGEST - length))
        raise MuscleFaceError(
            f"The muscle {name} would be {10 * worst:.0f} mm long in a head of 23 cm: draw it from origin to insertion."
        )
    normals, gaps = zip(*(skin.normals(p) for p in paths), strict=True)
    if max(g.max() for g in gaps) > NEAREST_SKIN:
        raise MuscleFaceError(f"The muscle {name} leaves the head: move its curve back under the skin.")
    side = name[-1] if name.endswith(("_L", "_R")) else ""
    return Muscle(
        name=name,
        side=side,
        au=(),
        kind="ring" if curve.closed else "strap",
        paths=paths,
        normals=list(normals),
        widths=[frame.scale * w for w in curve.widths],
        thickness=frame.scale * curve.thickness,
        bone="",
        strength=curve.strength,
        lip=curve.lip,
        mouth_line=line if curve.lip else None,
        closed=curve.closed,
    )


def check_curve(name: str, curve: MuscleCurve) -> None:
    """Raises MuscleFaceError when a curve is not one that could be a muscle."""
    points, width = np.asarray(curve.points, float), np.asarray(curve.width, float)
    sizes = curve.sizes or (len(points),)
    if points.ndim != 2 or points.shape[1:] != (3,) or width.shape != points.shape[:1] or sum(sizes) != len(points):
        raise MuscleFaceError(f"The muscle {name} does not have one width for each point: make its curve again.")
    if not np.isfinite(points).all() or not np.isfinite(width).all():
        raise MuscleFaceError(f"The muscle {name} has a point that is not a number: make its curve again.")
    if min(sizes) < 2:
        raise MuscleFaceError(f"The muscle {name} has a path of a single point: draw it from origin to insertion.")
    sound = 0.0 < curve.thickness < np.inf and 0.0 <= curve.strength < np.inf
    if not (sound and (width >= 0.0).all() and width.max() > 0.0):
        raise MuscleFaceError(f"The muscle {name} has no width, thickness or strength: give it a positive one.")


def curve_of_muscle(muscle: Muscle, frame: Frame) -> MuscleCurve:
    """The curve that shows a muscle."""
    return MuscleCurve(
        points=frame.to_user(np.concatenate(muscle.paths)),
        width=np.concatenate(muscle.widths) / frame.scale,
        thickness=muscle.thickness / frame.scale,
        sizes=tuple(len(p) for p in muscle.paths),
        closed=muscle.closed,
        strength=muscle.strength,
        lip=muscle.lip,
    )


def packed(curves: Sequence[MuscleCurve]) -> dict[str, np.ndarray]:
    """Arrays of a rig that hold its muscles' curves, in the order of its muscles."""
    owner = [np.full(max(len(c.sizes), 1), k) for k, c in enumerate(curves)]
    sizes = [c.sizes or (len(c.points),) for c in curves]
    return {
        "path_points": np.concatenate([np.zeros((0, 3)), *(c.points for c in curves)]),
        "path_width": np.concatenate([np.zeros(0), *(c.width for c in curves)]),
        "path_sizes": np.concatenate([np.zeros(0, np.int32), *sizes]).astype(np.int32),
        "path_muscle": np.concatenate([np.zeros(0, np.int32), *owner]).astype(np.int32),
        "muscle_thickness": np.array([c.thickness for c in curves], float),
        "muscle_strength": np.array([c.strength for c in curves], float),
        "muscle_lip": np.array([c.lip for c in curves], np.int8),
        "muscle_closed": np.array([c.closed for c in curves], bool),
    }


def unpacked(arrays: Mapping[str, np.ndarray]) -> list[MuscleCurve | None]:
    """The curves that ``packed`` made arrays of; None for a muscle that has none."""
    ends = np.concatenate([[0], np.cumsum(arrays["path_sizes"])])
    curves: list[MuscleCurve | None] = []
    for k, thickness in enumerate(arrays["muscle_thickness"]):
        rows = np.flatnonzero(arrays["path_muscle"] == k)
        if len(rows) == 0:
            curves.append(None)
            continue
        at = np.concatenate([np.arange(ends[r], ends[r + 1]) for r in rows])
        curves.append(
            MuscleCurve(
                points=arrays["path_points"][at],
                width=arrays["path_width"][at],
                thickness=float(thickness),
                sizes=tuple(int(s) for s in arrays["path_sizes"][rows]),
                closed=bool(arrays["muscle_closed"][k]),
                strength=float(arrays["muscle_strength"][k]),
                lip=int(arrays["muscle_lip"][k]),
            )
        )
    return curves


def carried(curve: MuscleCurve, before: np.ndarray, after: np.ndarray, triangles: np.ndarray) -> MuscleCurve:
    """A curve taken along with the skin's vertices from ``before`` to ``after`` (V, 3), user's frame; triangles (T, 3).

    The best affine motion of the skin carries it, and the nearest skin point what that leaves over.
    """
    used = np.unique(triangles)
    ones = np.ones((len(used), 1))
    affine, *_ = np.linalg.lstsq(np.hstack([before[used], ones]), after[used], rcond=None)
    left = np.zeros_like(after)
    left[used] = after[used] - np.hstack([before[used], ones]) @ affine
    # Single precision is what rays are cast in: centre what may lie far from the origin.
    middle, size = before[used].mean(axis=0), np.ptp(before[used], axis=0).max() / 20.0
    corners, weights = RayTarget((before - middle) / size, triangles).closest((curve.points - middle) / size)
    moved = np.hstack([curve.points, np.ones((len(curve.points), 1))]) @ affine
    scale = float(np.cbrt(abs(np.linalg.det(affine[:3]))))
    moved += np.einsum("ij,ijk->ik", weights, left[corners])
    return replace(curve, points=moved, width=scale * curve.width, thickness=scale * curve.thickness)
