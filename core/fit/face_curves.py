# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Curves on the skin that trackers follow: lips, lids, brows and nose, found on the head by its rims and landmarks.

Inner lips and lids are the rims of the mouth bag and of the eye sockets; the outer border of the lips and the brows
have no edge in a mesh, so they run over the landmarks in the shape of an adult's (Farkas 1994).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse.csgraph import dijkstra

from ..anatomy import cavities
from ..anatomy.landmarks import SkinView
from ..geometry import surface
from ..geometry.polyline import arc_length
from .targets import SkinPoints

if TYPE_CHECKING:
    from ..face import FaceModel

SAMPLES = 41
"""Points along a curve that has no vertices of its own."""

CORNER = 0.2  # [cm] from where the lips meet to the outer corner of their red
BELOW = 0.35
"""Where the lower lip's red ends, from the lip's foremost point (0) to the fold over the chin (1)."""

CUPID = 0.12
"""How much higher than in the middle the upper lip's border is at the peaks of its bow."""

BROW_BREADTH = 0.3  # [cm] from the middle line of a brow to its upper and lower edge


@dataclass(frozen=True)
class Curve:
    """A curve over the neutral skin. points: in their order along it · share: (q,) of its length, 0 to 1."""

    points: SkinPoints
    share: np.ndarray

    def at(self, share: float) -> SkinPoints:
        """The one point at a share of the length: on the triangle of the nearer sample, or along a mesh edge."""
        return self.points.some([int(np.argmin(np.abs(self.share - share)))])


def face_curves(model: FaceModel) -> dict[str, Curve]:
    """All curves by name.

    ``lip_inner_upper``, ``lip_inner_lower``, ``lip_outer_upper``, ``lip_outer_lower`` and ``nose_base`` run from the
    character's right to the left, ``lid_upper_*``, ``lid_lower_*``, ``brow_*``, ``brow_upper_*`` and ``brow_lower_*``
    (L, R) from the temple to the nose, ``nose_bridge`` from the root to the tip.
    """
    face = _Face(model)
    marks, curves = face.marks, {}
    for name, (start, end, middles, pocket) in _RIMS.items():
        curves[name] = face.rim(pocket, marks[start], marks[end], name, [marks[m] for m in middles])
    upper, lower = marks["labrale_superius"], marks["labrale_inferius"]
    curves["lip_outer_upper"] = face.lip_border(curves["lip_inner_upper"], upper, CUPID)
    lower = (1.0 - BELOW) * lower + BELOW * marks["mentolabial"]
    curves["lip_outer_lower"] = face.lip_border(curves["lip_inner_lower"], lower, 0.0)
    for side in "LR":
        spots = np.array([marks[f"brow_{n}_{side}"] for n in ("outer", "mid", "inner")])
        for name, lift in (("brow", 0.0), ("brow_upper", BROW_BREADTH), ("brow_lower", -BROW_BREADTH)):
            curves[f"{name}_{side}"] = face.front(_through(spots) + [0.0, lift, 0.0])
    curves["nose_bridge"] = face.front(_through(np.array([marks[n] for n in ("nasion", "rhinion", "nose_tip")])))
    curves["nose_base"] = face.front(_through(np.array([marks[n] for n in ("ala_base_R", "subnasale", "ala_base_L")])))
    return curves


_RIMS = {
    "lip_inner_upper": ("mouth_corner_R", "mouth_corner_L", ["upper_lip"], "mouth"),
    "lip_inner_lower": ("mouth_corner_R", "mouth_corner_L", ["lower_lip"], "mouth"),
    **{
        f"lid_{half}_{side}": (f"eye_outer_{side}", f"eye_inner_{side}", [f"{half}_lid_{side}"], f"eye_{side}")
        for half in ("upper", "lower")
        for side in "LR"
    },
}


class _Face:
    """A head's neutral skin in the normalised frame."""

    def __init__(self, model: FaceModel) -> None:
        rig = model.rig
        self.frame = rig.head_frame()
        self.x = self.frame.to_norm(model.neutral)
        self.marks = {name: self.frame.to_norm(p) for name, p in model.landmarks.items()}
        self.exposure = rig.vertex_exposure()
        self.neighbours = surface.adjacency(len(self.x), rig.triangles)
        outer = cavities.outer_triangles(rig.triangles, self.exposure)
        self.view = SkinView(self.x, outer)
        self._model, self._rims = model, {}

    def front(self, spots: np.ndarray) -> Curve:
        """The curve on the skin in front of normalised points (q, 3)."""
        spots = self.view.hit(spots, [0.0, 0.0, -1.0])
        points = SkinPoints.nearest(self._model, self.frame.to_user(spots))
        return Curve(points, _shares(spots))

    def rim(self, pocket: str, start: np.ndarray, end: np.ndarray, name: str, middles: list[np.ndarray]) -> Curve:
        """The upper or lower half of a rim; where the head has no such pocket, an arc over the landmarks."""
        halves = self._halves(pocket)
        path = None if halves is None else self._path(halves["upper" in name], start, end)
        if path is None:
            return self.front(_through(np.array([start, *middles, end])))
        return _along(path, self.x)

    def _halves(self, pocket: str) -> list[np.ndarray] | None:
        """[lower, upper] vertices of a rim, each with the corners; None where there is no rim."""
        if pocket not in self._rims:
            rim = self._rim(pocket)
            self._rims[pocket] = None if rim is None else self._split(rim)
        return self._rims[pocket]

    def _rim(self, pocket: str) -> cavities.Cavity | None:
        skin, borders = self._model.skin_vertices, surface.border_loops(self._model.triangles)
        if pocket == "mouth":
            mark, reach, hole, below = self.marks["stomion"], 2.5, 1.5, cavities.INNER_EXPOSURE
        else:
            mark, reach, hole, below = self.marks[pocket.replace("eye", "pupil")], 2.0, 1.5, cavities.EYE_EXPOSURE
        found = cavities.find_cavity(self.x, self.neighbours, self.exposure, skin, mark, reach, below)
        return found or cavities.hole_rim(self.x, borders, mark, hole)

    def _split(self, cavity: cavities.Cavity) -> list[np.ndarray]:
        """The skin goes on upwards from the upper half of a rim, and downwards from the lower one."""
        inside = np.zeros(len(self.x), bool)
        inside[cavity.inner] = inside[cavity.rim] = True
        around = np.zeros(len(cavity.rim))
        for k, vertex in enumerate(cavity.rim):
            ring = {int(vertex)}
            for _ in range(3):
                ring |= {int(n) for v in ring for n in self.neighbours[v].indices}
            outside = [v for v in ring if not inside[v]]
            around[k] = (self.x[outside, 1] - self.x[vertex, 1]).mean() if outside else 0.0
        return [cavity.rim[around < 0.0], cavity.rim[around > 0.0]]

    def _path(self, half: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray | None:
        """Vertices of the half from start to end, in many short steps."""
        if len(half) < 4:
            return None
        p = np.concatenate([self.x[half], [start, end]])
        ends = [surface.closest_vertices(e[None], self.x, self._model.skin_vertices)[0] for e in (start, end)]
        gap = np.linalg.norm(p[:, None] - p[None], axis=2) ** 2
        last, at = dijkstra(gap, indices=len(half), return_predecessors=True)[1], len(half) + 1
        path = []
        while at >= 0:
            path.append(at)
            at = last[at]
        inner = [half[k] for k in path[::-1] if k < len(half)]
        vertices = np.array(list(dict.fromkeys([ends[0], *inner, ends[1]])))
        return vertices if len(vertices) >= 4 else None

    def lip_border(self, inner: Curve, middle: np.ndarray, bow: float) -> Curve:
        """The border of the red of a lip, whose middle lies at `middle`: half an ellipse, with or without a bow."""
        share = np.linspace(0.0, 1.0, SAMPLES)
        line = self.frame.to_norm(inner.points.at(self._model.neutral))
        line = np.stack([np.interp(share, inner.share, line[:, k]) for k in range(3)], axis=1)
        line[:, 0] += np.sign(line[-1, 0] - line[0, 0]) * CORNER * (2.0 * share - 1.0)
        height = middle[1] - np.interp(0.5, share, line[:, 1])
        peaks = bow * np.exp(-(((np.abs(share - 0.5) - 0.1) / 0.06) ** 2))
        line[:, 1] += height * (np.sqrt(4.0 * share * (1.0 - share)) + peaks)
        return self.front(line)


def _through(spots: np.ndarray) -> np.ndarray:
    """(SAMPLES, 3) points of a smooth arc through three points, straight lines through more."""
    share = _shares(spots)
    t = np.linspace(0.0, 1.0, SAMPLES)
    if len(spots) == 3:
        # The parabola through them.
        return np.stack([np.polyval(np.polyfit(share, spots[:, k], 2), t) for k in range(3)], axis=1)
    return np.stack([np.interp(t, share, spots[:, k]) for k in range(3)], axis=1)


def _shares(spots: np.ndarray) -> np.ndarray:
    """(q,) of the length along a polyline."""
    length = arc_length(spots)
    return length / max(length[-1], 1e-12)


def _along(vertices: np.ndarray, x: np.ndarray) -> Curve:
    """SAMPLES points at even shares along a polyline of vertices; each lies on the line between two of them."""
    share, wanted = _shares(x[vertices]), np.linspace(0.0, 1.0, SAMPLES)
    before = np.clip(np.searchsorted(share, wanted, side="right") - 1, 0, len(vertices) - 2)
    t = (wanted - share[before]) / np.maximum(share[before + 1] - share[before], 1e-12)
    corners = np.stack([vertices[before], vertices[before + 1], vertices[before + 1]], axis=1)
    return Curve(SkinPoints(corners, np.stack([1.0 - t, t, np.zeros_like(t)], axis=1)), wanted)
