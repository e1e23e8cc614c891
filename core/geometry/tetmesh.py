# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Tetrahedral flesh between skin and bone, meshed in an open pose so that the lips are never glued.

Delaunay joins the points of ``flesh_points``; tets outside the skin, inside the bone, or bridging two sheets of skin
through the air are dropped.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay

from . import quality
from .flesh_points import Blocks, flesh_points
from .regions import FleshSkin, Regions

SKIN, BONE, INSIDE = 1, 2, 0

TRIAL, GROWTH = 0.95, 0.42
"""Scale of the edge lengths at which points are counted first, and the power of the number of tets that the scale grows
with: a little less than a cube root's counterpart, because much of the flesh is one or two layers thin."""

RELAXATIONS = 2
"""Steps that even out the inner nodes: two more take a second of a rig, and its tets are hardly better (a twentieth of
them has angles below 24.4 instead of 23.7 degrees)."""

FREE_BAND = (0.2, 0.8)
"""Bone with a share of the mandible between these is left free: the joint between skull and mandible needs a gap."""


@dataclass(frozen=True)
class TetMesh:
    """nodes: (N, 3) in the open pose · tets: (T, 4) · kind: (N,) SKIN, BONE or INSIDE ·
    triangle (N,), bary (N, 3): the skin point that a SKIN node sits on (else -1) · jaw_bone: (N,) share of the
    mandible in the bone there."""

    nodes: np.ndarray
    tets: np.ndarray
    kind: np.ndarray
    triangle: np.ndarray
    bary: np.ndarray
    jaw_bone: np.ndarray


def mesh_flesh(skin: FleshSkin, wanted: int, tick: Callable[[], None]) -> TetMesh:
    """Mesh the flesh into about ``wanted`` tets whose sizes are to each other as the skin says.

    ``tick`` is called every so often and may raise to stop.
    """
    regions = Regions(skin)
    blocks = Blocks(regions)
    tick()
    scale = TRIAL * (flesh_points(regions.scaled(TRIAL), blocks).tets / wanted) ** GROWTH
    regions = regions.scaled(scale)
    tick()
    points = flesh_points(regions, blocks)
    nodes = np.concatenate([points.skin, points.bone, points.inside])
    share = regions.jaw_bone(points.bone)
    joint = (share > FREE_BAND[0]) & (share < FREE_BAND[1])
    kind = np.concatenate([np.full(len(points.skin), SKIN), np.where(joint, INSIDE, BONE),
                           np.full(len(points.inside), INSIDE)])  # fmt: skip
    for _ in range(RELAXATIONS):
        tick()
        nodes = _relax(nodes, kind, regions)
    tick()
    tets = quality.oriented(nodes, Delaunay(nodes).simplices.astype(np.int64))
    tick()
    tets = _flesh_tets(nodes, tets, kind, regions, points.triangle)
    tets = _peel(nodes, tets)
    tets = _anchored(tets, kind, len(nodes))
    used, tets = np.unique(tets, return_inverse=True)
    tets = tets.reshape(-1, 4)
    pad = len(nodes) - len(points.skin)
    triangle = np.concatenate([points.triangle, np.full(pad, -1)])
    bary = np.concatenate([points.bary, np.zeros((pad, 3))])
    nodes = nodes[used]
    return TetMesh(nodes, tets, kind[used], triangle[used], bary[used], regions.jaw_bone(nodes))


def _relax(nodes: np.ndarray, kind: np.ndarray, regions: Regions) -> np.ndarray:
    """One step of optimal Delaunay triangulation: inside nodes go to the mean circumcentre of their tets."""
    tets = Delaunay(nodes).simplices
    p = nodes[tets]
    e = p[:, 1:] - p[:, :1]
    det = np.linalg.det(e)
    volume = np.abs(det) / 6.0
    good = np.abs(det) > 1e-9
    centre = p.mean(1)
    centre[good] = p[good, 0] + np.linalg.solve(e[good], 0.5 * (e[good] ** 2).sum(2)[:, :, None])[:, :, 0]
    # A sliver's circumcentre lies anywhere: hold it to the tet's own size.
    offset = centre - p.mean(1)
    reach = np.cbrt(volume)[:, None]
    offset *= np.minimum(1.0, reach / np.maximum(np.linalg.norm(offset, axis=1, keepdims=True), 1e-12))
    centre = p.mean(1) + offset
    weight = np.repeat(volume, 4)
    total = np.bincount(tets.ravel(), weight, len(nodes))
    mean = np.stack(
        [np.bincount(tets.ravel(), weight * np.repeat(centre[:, k], 4), len(nodes)) for k in range(3)], axis=1
    ) / np.maximum(total, 1e-12)[:, None]  # fmt: skip
    moved = nodes.copy()
    free = np.flatnonzero(kind == INSIDE)
    target = nodes[free] + 0.7 * (mean[free] - nodes[free])
    size, clearance = regions.size(target), regions.clearance(target)
    allowed = (clearance > 0.35 * size) & (regions.bone_margin(target) < -0.25 * size)
    # A node was inside, and still is where no skin is nearer than its own way.
    unsure = np.flatnonzero(allowed & (np.linalg.norm(target - nodes[free], axis=1) >= clearance))
    allowed[unsure] = regions.outside(target[unsure]) < 0.0
    moved[free[allowed]] = target[allowed]
    return moved


def _flesh_tets(
    nodes: np.ndarray, tets: np.ndarray, kind: np.ndarray, regions: Regions, triangle: np.ndarray
) -> np.ndarray:
    """The tets of the Delaunay mesh that are flesh."""
    tets = tets[~(kind[tets] == BONE).all(1)]
    centre = nodes[tets].mean(1)
    near = regions.bone_margin(centre) < 0.3
    tets, centre = tets[near], centre[near]
    # A centre is inside like a node that is nearer to it than any skin.
    way = np.where(kind[tets] == SKIN, np.inf, np.linalg.norm(nodes[tets] - centre[:, None], axis=2)).min(1)
    inside = way < regions.clearance(centre)
    inside[~inside] = regions.outside(centre[~inside]) < 0.0
    tets = tets[inside]
    return tets[~bridges(nodes, tets, kind, regions, triangle)]


def bridges(
    nodes: np.ndarray, tets: np.ndarray, kind: np.ndarray, regions: Regions, triangle: np.ndarray
) -> np.ndarray:
    """(T,) bool: tets with an edge that crosses the air between two sheets of skin.

    Such an edge leaves the flesh along the normal of one end and enters it against that of the other. Folds of one
    sheet do so as well, but only by the sagitta of the chord: a small share of the edge is tolerated there.
    """
    edges = quality.unique_edges(tets)
    edges = edges[(kind[edges] == SKIN).all(1)]
    middle = nodes[edges].mean(1)
    clearance = regions.clearance(middle)
    along = nodes[edges[:, 1]] - nodes[edges[:, 0]]
    length = np.linalg.norm(along, axis=1)
    normal = np.zeros_like(nodes)
    count = len(triangle)
    normal[:count] = regions.skin.normals[regions.skin.triangles[triangle]].mean(1)
    leaves = np.einsum("ei,ei->e", normal[edges[:, 0]], along) > 0.2 * length
    enters = np.einsum("ei,ei->e", normal[edges[:, 1]], along) < -0.2 * length
    facing = np.einsum("ei,ei->e", normal[edges[:, 0]], normal[edges[:, 1]]) < 0.0
    bad = (leaves & enters & facing) | (clearance > 0.3 * length)
    bad[bad] = regions.outside(middle[bad]) > 0.0
    n = len(nodes)
    bad_keys = edges[bad, 0] * n + edges[bad, 1]
    pairs = np.sort(tets[:, quality.EDGES], axis=2)
    return np.isin(pairs[..., 0] * n + pairs[..., 1], bad_keys).any(1)


def _peel(nodes: np.ndarray, tets: np.ndarray, *, angle: float = 8.0) -> np.ndarray:
    """Drop flat tets that lie on the boundary, layer by layer."""
    flat = quality.min_dihedral(nodes, tets) < angle
    for _ in range(6):
        drop = flat & quality.boundary_faces(tets).any(1)
        if not drop.any():
            break
        tets, flat = tets[~drop], flat[~drop]
    return tets


def _anchored(tets: np.ndarray, kind: np.ndarray, count: int) -> np.ndarray:
    """Drop tets that no chain of shared faces ties to three bone nodes: they could swing freely."""
    faces = np.sort(tets[:, quality.FACES].reshape(-1, 3), axis=1)
    key = (faces[:, 0] * count + faces[:, 1]) * count + faces[:, 2]
    order = np.argsort(key, kind="stable")
    same = key[order][1:] == key[order][:-1]
    owner = order // 4
    n = len(tets)
    graph = sp.coo_matrix((np.ones(int(same.sum())), (owner[:-1][same], owner[1:][same])), shape=(n, n))
    parts, label = connected_components(graph, directed=False)
    tie = np.unique(np.stack([np.repeat(label, 4), tets.ravel()], axis=1)[(kind[tets] == BONE).ravel()], axis=0)
    return tets[np.bincount(tie[:, 0], minlength=parts)[label] >= 3]
