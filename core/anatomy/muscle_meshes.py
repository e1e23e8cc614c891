# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Muscles from the artist's own closed meshes: what they put into the flesh and how their fibres run.

The mesh is filled with small cubes. A harmonic field on them, 0 at the origin's end and 1 at the insertion's with no
flux through the sides, has its gradient along the fibres (as in Choi and Blemker 2013). Ends lie along the long axis,
of a bent muscle along its own length; the origin is the end nearer to bone.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from ..errors import MuscleFaceError
from ..geometry import surface
from ..geometry.field import DistanceField
from ..geometry.polyline import segment_lengths
from ..geometry.quality import signed_volume
from ..geometry.sampling import grid
from ..physics.equilibrium import factor
from .fibres import LEAST_FRACTION
from .muscle_curves import MuscleCurve

CUBES = 6000
"""Cubes that fill a muscle, whatever its size."""
END = 0.08
"""Share of the length that counts as an end."""

BENT = 1.3
"""A muscle this much longer along itself than along its long axis is bent."""

STATIONS = 12
"""Points of the axis of a muscle."""
IN_FLESH = 0.2
"""Share of a muscle that must lie in flesh."""

_SIDES = np.eye(3, dtype=int)


@dataclass(frozen=True)
class FilledMuscle:
    """points: (n, 3) centres of the cubes · along: (n,) harmonic field, 0 origin .. 1 insertion · direction: (n, 3)
    unit · edge: of a cube [cm]."""

    points: np.ndarray
    along: np.ndarray
    direction: np.ndarray
    edge: float


def filled(name: str, vertices: np.ndarray, triangles: np.ndarray, bone: np.ndarray) -> FilledMuscle:
    """Fill a closed mesh, vertices (V, 3) [cm] and triangles (T, 3), with fibres; ``bone`` (B, 3) are points on bone.

    Raises MuscleFaceError.
    """
    if len(triangles) == 0 or len(surface.border_loops(triangles)):
        raise MuscleFaceError(f"The muscle mesh {name} is not closed: fill its holes.")
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    volume = abs(float(np.einsum("ij,ij->", a, np.cross(b, c)))) / 6.0
    if not 0.005 < volume < 200.0:
        raise MuscleFaceError(
            f"The muscle mesh {name} holds {volume:.3g} cm3 in a head of 23 cm: make it as large as a muscle is."
        )
    points, cell, edge = _cubes(name, vertices, triangles, volume)
    pairs = _neighbours(cell)
    place = _ends(points, pairs, edge)
    ends = [np.flatnonzero(place <= END), np.flatnonzero(place >= 1.0 - END)]
    tree = cKDTree(bone)
    if tree.query(points[ends[1]])[0].mean() < tree.query(points[ends[0]])[0].mean():
        ends = ends[::-1]
    along = _harmonic(len(points), pairs, *ends)
    return FilledMuscle(points, along, _gradient(points, pairs, along, edge), edge)


def _cubes(
    name: str, vertices: np.ndarray, triangles: np.ndarray, volume: float
) -> tuple[np.ndarray, np.ndarray, float]:
    """Centres (n, 3) and lattice indices (n, 3) of the cubes inside, and their edge [cm]."""
    edge = float(np.cbrt(volume / CUBES))
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    shape = np.minimum(np.ceil((high - low) / edge).astype(int), 400)
    cell = grid([np.arange(n) for n in shape])
    points = low + (cell + 0.5) * edge
    field = DistanceField(vertices, triangles, signed=True)
    inside = field.query(points, signed=True).distance < 0.0
    if inside.sum() < 50:
        raise MuscleFaceError(f"The muscle mesh {name} encloses nothing: recalculate its normals.")
    points, cell = points[inside], cell[inside]
    pairs = _neighbours(cell)
    graph = sp.coo_matrix((np.ones(len(pairs)), pairs.T), shape=(len(points),) * 2)
    _, label = connected_components(graph, directed=False)
    kept = label == np.argmax(np.bincount(label))
    return points[kept], cell[kept], edge


def _neighbours(cell: np.ndarray) -> np.ndarray:
    """(m, 2) pairs of cubes that share a side; row order of ``cell`` (n, 3)."""
    span = cell.max(axis=0) + 2
    key = (cell[:, 0] * span[1] + cell[:, 1]) * span[2] + cell[:, 2]
    order = np.argsort(key)
    pairs = []
    for step in _SIDES @ [span[1] * span[2], span[2], 1]:
        at = np.searchsorted(key[order], key + step).clip(max=len(key) - 1)
        there = key[order][at] == key + step
        pairs.append(np.stack([np.flatnonzero(there), order[at[there]]], axis=1))
    return np.concatenate(pairs)


def _ends(points: np.ndarray, pairs: np.ndarray, edge: float) -> np.ndarray:
    """Place (n,) of each cube from one end, 0, to the other, 1."""
    centred = points - points.mean(axis=0)
    axis = np.linalg.svd(centred[:: max(1, len(points) // 3000)], full_matrices=False)[2][0]
    straight = centred @ axis
    graph = sp.coo_matrix((np.full(len(pairs), edge), pairs.T), shape=(len(points),) * 2).tocsr()
    # Ways over sides are longer than straight ones by up to the square root of three: compare like with like.
    first = dijkstra(graph, directed=False, indices=int(np.argmin(straight)))
    last = int(np.argmax(first))
    way = dijkstra(graph, directed=False, indices=last)
    start = int(np.argmax(way))
    chord = float(np.abs(points[start] - points[last]).sum())
    if way[start] > BENT * max(chord, edge):
        place = 0.5 * (1.0 + (dijkstra(graph, directed=False, indices=start) - way) / way[start])
        return (place - place.min()) / np.ptp(place)
    return (straight - straight.min()) / np.ptp(straight)


def _harmonic(count: int, pairs: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """(n,) field without sources between 0 on ``low`` and 1 on ``high``, no flux through the sides."""
    graph = sp.coo_matrix((np.ones(len(pairs)), pairs.T), shape=(count, count)).tocsr()
    graph = graph + graph.T
    laplacian = (sp.diags(np.asarray(graph.sum(axis=1)).ravel()) - graph).tocsr()
    field = np.zeros(count)
    field[high] = 1.0
    free = np.ones(count, bool)
    free[low] = free[high] = False
    field[free] = factor(laplacian[free][:, free].tocsc()).solve(-np.asarray(laplacian[free][:, ~free] @ field[~free]))
    return field


def _gradient(points: np.ndarray, pairs: np.ndarray, field: np.ndarray, edge: float) -> np.ndarray:
    """(n, 3) unit direction in which a field (n,) on cubes grows; where it is flat, in the ends, as next to them."""
    slope, count = np.zeros_like(points), np.zeros_like(points)
    step = (points[pairs[:, 1]] - points[pairs[:, 0]]) / edge
    rise = (field[pairs[:, 1]] - field[pairs[:, 0]])[:, None] * step
    for side in (0, 1):
        np.add.at(slope, pairs[:, side], rise)
        np.add.at(count, pairs[:, side], np.abs(step))
    slope /= np.maximum(count, 1.0)
    length = np.linalg.norm(slope, axis=1)
    steep = length > 0.2 * np.median(length)
    nearest = cKDTree(points[steep]).query(points)[1]
    slope = slope[steep][nearest]
    return slope / np.linalg.norm(slope, axis=1, keepdims=True)


def in_tets(
    name: str, muscle: FilledMuscle, nodes: np.ndarray, tets: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(tet (m,), fraction (m,), direction (m, 3)) of a filled muscle in flesh. Raises MuscleFaceError."""
    owner = _carriers(muscle.points, nodes, tets)
    held = owner >= 0
    if held.mean() < IN_FLESH:
        raise MuscleFaceError(
            f"The muscle mesh {name} lies outside the flesh for the most part: move it between skin and bone."
        )
    count = np.bincount(owner[held], minlength=len(tets))
    volume = np.abs(signed_volume(nodes, tets))
    fraction = np.minimum(count * muscle.edge**3 / volume, 1.0)
    pull = np.stack([np.bincount(owner[held], muscle.direction[held, k], len(tets)) for k in range(3)], axis=1)
    length = np.linalg.norm(pull, axis=1)
    # Fibres that meet head on leave no direction.
    tet = np.flatnonzero((fraction > LEAST_FRACTION) & (length > 0.2 * count))
    return tet.astype(np.int32), fraction[tet], pull[tet] / length[tet, None]


def _carriers(points: np.ndarray, nodes: np.ndarray, tets: np.ndarray) -> np.ndarray:
    """(n,) tet that holds each point, -1 where none does."""
    corners = nodes[tets]
    tree = cKDTree(corners.mean(axis=1))
    near = tree.query(points, k=min(24, len(tets)))[1]
    inverse = np.linalg.inv((corners[:, 1:] - corners[:, :1]).transpose(0, 2, 1))
    owner = np.full(len(points), -1)
    for k in range(near.shape[1]):
        open_ = np.flatnonzero(owner < 0)
        t = near[open_, k]
        bary = np.einsum("nij,nj->ni", inverse[t], points[open_] - corners[t, 0])
        inside = (bary >= -1e-9).all(axis=1) & (bary.sum(axis=1) <= 1.0 + 1e-9)
        owner[open_[inside]] = t[inside]
    return owner


def curve_through(muscle: FilledMuscle, strength: float, lip: int) -> MuscleCurve:
    """The muscle's axis with its breadth at each station, normalised centimetres."""
    bounds = np.linspace(0.0, 1.0, STATIONS + 1)
    bounds[0], bounds[-1] = -1.0, 2.0
    points, width = [], []
    for low, high in pairwise(bounds):
        here = (muscle.along >= low) & (muscle.along < high)
        if here.sum() < 3:
            continue
        points.append(muscle.points[here].mean(axis=0))
        across = muscle.points[here] - points[-1]
        along = muscle.direction[here].mean(axis=0)
        across -= np.outer(across @ along, along) / max(along @ along, 1e-12)
        # A rectangle's spread is its side over the square root of twelve.
        width.append(np.sqrt(12.0 * np.linalg.eigvalsh(across.T @ across / here.sum())[-1]) + muscle.edge)
    way = float(segment_lengths(np.array(points)).sum())
    volume = len(muscle.points) * muscle.edge**3
    return MuscleCurve(np.array(points), np.array(width), volume / (max(way, muscle.edge) * float(np.mean(width))),
                       strength=strength, lip=lip)  # fmt: skip
