# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Tetrahedral flesh between skin and bone, meshed in an open pose so that the lips are never glued.

Nodes lie on the skin, on the bone (the skin offset inwards by the tissue depth) and in between; Delaunay joins them;
tets outside the skin, inside the bone, or bridging two sheets of skin through the air are dropped.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay

from . import quality, sampling
from .field import DistanceField, close_borders

SKIN, BONE, INSIDE = 1, 2, 0
FREE_BAND = (0.2, 0.8)
"""Bone with a share of the mandible between these is left free: the joint between skull and mandible needs a gap."""

MANDIBLE_REACH = 3.0
"""Depth under the outer skin beyond which there is no mandible [cm]."""


@dataclass(frozen=True)
class FleshSkin:
    """What the mesher needs to know of a head, per vertex of its skin (V of them).

    points: (V, 3) the open pose [cm] · triangles: (T, 3) · normals: (V, 3) outward · loops: open borders ·
    size: (V,) wanted edge length [cm] · depth: (V,) tissue depth [cm] · outer: (V,) bool, skin that sees the outside ·
    mandible: (V,) share of the jaw's motion · jaw_bone: (V,) share of the mandible in the bone underneath.
    """

    points: np.ndarray
    triangles: np.ndarray
    normals: np.ndarray
    loops: list[np.ndarray]
    size: np.ndarray
    depth: np.ndarray
    outer: np.ndarray
    mandible: np.ndarray
    jaw_bone: np.ndarray


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


class Regions:
    """Where a point of the open pose lies between skin and bone."""

    def __init__(self, skin: FleshSkin) -> None:
        self._skin = skin
        points, triangles = close_borders(skin.points, skin.triangles, skin.loops)
        self._closed = DistanceField(points, triangles, signed=True)
        outer = skin.outer[skin.triangles].sum(1) >= 2
        self._sheets = [DistanceField(skin.points, skin.triangles[m]) for m in (outer, ~outer) if m.any()]
        self._whole = DistanceField(skin.points, skin.triangles)

    def outside(self, points: np.ndarray) -> np.ndarray:
        """(P,) signed distance to the closed skin [cm], positive outside."""
        return self._closed.query(points).distance

    def size(self, points: np.ndarray) -> np.ndarray:
        """(P,) wanted edge length [cm]: that of the skin, growing with depth."""
        c = self._whole.query(points)
        return self._whole.interpolate(c, self._skin.size) + 0.35 * c.distance

    def bone_margin(self, points: np.ndarray) -> np.ndarray:
        """(P,) how far a point lies inside the bone [cm]: deeper than the tissue under every sheet of skin."""
        margin = np.full(len(points), np.inf)
        for n, field in enumerate(self._sheets):
            c = field.query(points)
            margin = np.minimum(margin, c.distance - field.interpolate(c, self._skin.depth))
            if n == 0:
                # The mandible is a shell: behind it lie tongue and throat.
                jaw = field.interpolate(c, self._skin.jaw_bone) > 0.2
                margin = np.where(jaw, np.minimum(margin, MANDIBLE_REACH - c.distance), margin)
        return margin

    def jaw_bone(self, points: np.ndarray) -> np.ndarray:
        """(P,) share of the mandible in the bone, blended between the sheets by inverse squared distance."""
        total, weights = np.zeros(len(points)), np.zeros(len(points))
        for field in self._sheets:
            c = field.query(points)
            w = 1.0 / (c.distance**2 + 1e-3)
            total += w * field.interpolate(c, self._skin.jaw_bone)
            weights += w
        return total / weights


def mesh_flesh(skin: FleshSkin, *, scale: float = 1.0) -> TetMesh:
    """Mesh the flesh with edge lengths ``scale`` times the wanted ones."""
    rng = np.random.default_rng(7)
    skin = FleshSkin(**{**skin.__dict__, "size": skin.size * scale})
    regions = Regions(skin)
    triangle, bary = _skin_points(skin, rng)
    on_skin = _at(skin.points, skin.triangles, triangle, bary)
    on_bone = _bone_points(skin, regions, rng)
    inside = _inside_points(skin, regions, np.concatenate([on_skin, on_bone]))
    nodes = np.concatenate([on_skin, on_bone, inside])
    share = regions.jaw_bone(on_bone)
    joint = (share > FREE_BAND[0]) & (share < FREE_BAND[1])
    kind = np.concatenate([np.full(len(on_skin), SKIN), np.where(joint, INSIDE, BONE), np.full(len(inside), INSIDE)])
    for _ in range(4):
        nodes = _relax(nodes, kind, regions)
    tets = quality.oriented(nodes, Delaunay(nodes).simplices.astype(np.int64))
    tets = _flesh_tets(nodes, tets, kind, skin, regions, triangle)
    tets = _peel(nodes, tets)
    tets = _anchored(tets, kind, len(nodes))
    used, tets = np.unique(tets, return_inverse=True)
    tets = tets.reshape(-1, 4)
    pad = len(nodes) - len(on_skin)
    triangle = np.concatenate([triangle, np.full(pad, -1)])
    bary = np.concatenate([bary, np.zeros((pad, 3))])
    nodes = nodes[used]
    return TetMesh(nodes, tets, kind[used], triangle[used], bary[used], regions.jaw_bone(nodes))


def _at(points: np.ndarray, triangles: np.ndarray, triangle: np.ndarray, bary: np.ndarray) -> np.ndarray:
    return np.einsum("pk,pki->pi", bary, points[triangles[triangle]])


def _skin_points(skin: FleshSkin, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Sample points on the skin, those of the borders first."""
    triangle, bary = sampling.surface_candidates(skin.points, skin.triangles, skin.size, rng)
    first_triangle = np.full(len(skin.points), -1)
    first_triangle[skin.triangles[::-1].ravel()] = np.repeat(np.arange(len(skin.triangles))[::-1], 3)
    rim = np.concatenate([np.zeros(0, np.int64), *skin.loops])
    triangle = np.concatenate([first_triangle[rim], triangle])
    bary = np.concatenate([(skin.triangles[first_triangle[rim]] == rim[:, None]).astype(float), bary])
    points = _at(skin.points, skin.triangles, triangle, bary)
    normals = _at(skin.normals, skin.triangles, triangle, bary)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    size = _at(skin.size[:, None], skin.triangles, triangle, bary)[:, 0]
    kept = sampling.thin(points, 0.85 * size, normals=normals)
    return triangle[kept], bary[kept]


def _bone_points(skin: FleshSkin, regions: Regions, rng: np.random.Generator) -> np.ndarray:
    """Sample points on the bone: the skin offset by its tissue depth, where no other sheet is nearer."""
    triangle, bary = sampling.surface_candidates(skin.points, skin.triangles, 1.2 * skin.size, rng)
    normals = _at(skin.normals, skin.triangles, triangle, bary)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    depth = _at(skin.depth[:, None], skin.triangles, triangle, bary)
    points = _at(skin.points, skin.triangles, triangle, bary) - normals * depth
    size = regions.size(points)
    points, size = (a[(np.abs(regions.bone_margin(points)) < 0.12 * size) & (regions.outside(points) < -0.15)]
                    for a in (points, size))  # fmt: skip
    return points[sampling.thin(points, 0.95 * size)]


def _inside_points(skin: FleshSkin, regions: Regions, occupied: np.ndarray) -> np.ndarray:
    """Lattice points between skin and bone, coarse lattices first."""
    low, high = skin.points.min(0) - 0.1, skin.points.max(0) + 0.1
    blocks = _Blocks(low, high, regions)
    layers, sizes = [], []
    spacing = float(skin.size.max()) * 2.0
    while spacing > 0.8 * float(skin.size.min()):
        lattice = sampling.body_centred_lattice(low, high, spacing)
        lattice = lattice[blocks.may_hold(lattice, spacing, 1.3 * spacing)]
        size = regions.size(lattice)
        lattice, size = (a[(size >= spacing) & (size < 1.3 * spacing)] for a in (lattice, size))
        lattice, size = (a[(regions.outside(lattice) < -0.5 * size)] for a in (lattice, size))
        keep = regions.bone_margin(lattice) < -0.4 * size
        layers.append(lattice[keep])
        sizes.append(size[keep])
        spacing /= 1.3
    points, size = np.concatenate(layers), np.concatenate(sizes)
    return points[sampling.thin(points, 0.75 * size, occupied=occupied)]


class _Blocks:
    """Coarse boxes that tell cheaply where points of a given size can lie: most of a head's box is air or bone."""

    EDGE = 1.2
    REACH = 1.04
    """Half the diagonal of a box [cm]."""

    def __init__(self, low: np.ndarray, high: np.ndarray, regions: Regions) -> None:
        self._low = low
        self._shape = np.ceil((high - low) / self.EDGE).astype(int) + 1
        index = np.stack(np.meshgrid(*[np.arange(n) for n in self._shape], indexing="ij"), axis=-1).reshape(-1, 3)
        centre = low + (index + 0.5) * self.EDGE
        self._size = np.full(len(centre), np.inf)
        near = (regions.outside(centre) < self.REACH) & (regions.bone_margin(centre) < self.REACH)
        self._size[near] = regions.size(centre[near])

    def may_hold(self, points: np.ndarray, least: float, most: float) -> np.ndarray:
        """(P,) bool: whether the point's box may hold sizes between ``least`` and ``most``."""
        index = np.minimum(((points - self._low) / self.EDGE).astype(int), self._shape - 1)
        size = self._size[np.ravel_multi_index(index.T, self._shape)]
        # The wanted size changes by at most about 0.6 per cm.
        slack = 0.6 * self.REACH
        return (size > least - slack) & (size < most + slack)


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
    size = regions.size(target)
    allowed = (regions.outside(target) < -0.35 * size) & (regions.bone_margin(target) < -0.25 * size)
    moved[free[allowed]] = target[allowed]
    return moved


def _flesh_tets(
    nodes: np.ndarray, tets: np.ndarray, kind: np.ndarray, skin: FleshSkin, regions: Regions, triangle: np.ndarray
) -> np.ndarray:
    """The tets of the Delaunay mesh that are flesh."""
    tets = tets[~(kind[tets] == BONE).all(1)]
    centre = nodes[tets].mean(1)
    tets = tets[(regions.outside(centre) < 0.0) & (regions.bone_margin(centre) < 0.3)]
    return tets[~bridges(nodes, tets, kind, skin, regions, triangle)]


def bridges(
    nodes: np.ndarray, tets: np.ndarray, kind: np.ndarray, skin: FleshSkin, regions: Regions, triangle: np.ndarray
) -> np.ndarray:
    """(T,) bool: tets with an edge that crosses the air between two sheets of skin.

    Such an edge leaves the flesh along the normal of one end and enters it against that of the other. Folds of one
    sheet do so as well, but only by the sagitta of the chord: a small share of the edge is tolerated there.
    """
    edges = quality.unique_edges(tets)
    edges = edges[(kind[edges] == SKIN).all(1)]
    middle = regions.outside(nodes[edges].mean(1))
    along = nodes[edges[:, 1]] - nodes[edges[:, 0]]
    length = np.linalg.norm(along, axis=1)
    normal = np.zeros_like(nodes)
    count = len(triangle)
    normal[:count] = skin.normals[skin.triangles[triangle]].mean(1)
    leaves = np.einsum("ei,ei->e", normal[edges[:, 0]], along) > 0.2 * length
    enters = np.einsum("ei,ei->e", normal[edges[:, 1]], along) < -0.2 * length
    facing = np.einsum("ei,ei->e", normal[edges[:, 0]], normal[edges[:, 1]]) < 0.0
    bad = (leaves & enters & facing & (middle > 0.0)) | (middle > 0.3 * length)
    n = len(nodes)
    bad_keys = edges[bad, 0] * n + edges[bad, 1]
    pairs = np.sort(tets[:, quality.EDGES], axis=2)
    return np.isin(pairs[..., 0] * n + pairs[..., 1], bad_keys).any(1)


def _peel(nodes: np.ndarray, tets: np.ndarray, *, angle: float = 8.0) -> np.ndarray:
    """Drop flat tets that lie on the boundary, layer by layer."""
    for _ in range(6):
        flat = quality.min_dihedral(nodes, tets) < angle
        drop = flat & quality.boundary_faces(tets).any(1)
        if not drop.any():
            break
        tets = tets[~drop]
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
