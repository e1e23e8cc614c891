# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""A skull of any size in any frame fitted into a head.

Where bone should be under the skin is known: skin minus the published tissue depth, at bony landmarks and all over the
braincase. The skull is brought there by iterated closest points (Besl and McKay 1992), first as a whole by a similarity
(Umeyama 1991) from many orientations about its plane of symmetry, then by smooth warps (biharmonic splines): what lies
nearest to a landmark then is its counterpart on the skull. At last what is too near to the skin is pushed inwards.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.spatial import cKDTree

from ..errors import MuscleFaceError
from ..geometry import surface
from ..geometry.field import DistanceField
from ..geometry.rotation import best_rotation
from ..progress import Progress, silent
from .bones import LEAST_DEPTH, Bone, Hull, Mesh, read_bones
from .head import Head, analyse_head
from .names import without_side
from .tissue import landmark_depth

CRANIAL = (
    "vertex opisthocranion crown_back parietal mid_forehead forehead_side glabella nasion rhinion frontal_process "
    "brow_inner brow_mid brow_outer orbit_lateral infraorbital cheekbone zygion mastoid mid_philtrum"
).split()
MANDIBULAR = "mentolabial pogonion gnathion menton chin_side jaw_body gonion".split()
"""Landmarks under which bone lies so near that its place is known."""

CAP_POINTS = 250  # points of the skin over the braincase that are fitted
FACE_WEIGHT = 10.0  # of a landmark against a point of the braincase
TURNS = 16  # orientations tried about the axis of symmetry, for either side being left
ROUNDS = 60  # of closest points for the starts that look best
PROMISING = 6  # so many starts
TRIM = 0.85  # share of the points that count: a head may have hair, a skull may lack teeth
FAR = 1.2  # [cm] mean distance after the similarity, beyond which this is no skull for this head
PLAUSIBLE = 0.5
"""Share of the mean tissue depth that is left over bone everywhere; the published spreads reach down to it."""


@dataclass(frozen=True)
class Targets:
    """Where bone should be. points, normals: (n, 3), normals outwards · weight: (n,) · mandible: (n,) bool."""

    points: np.ndarray
    normals: np.ndarray
    weight: np.ndarray
    mandible: np.ndarray


def fit_bones(head: Head, bones: Mapping[str, Bone], tick: Callable[[], None] = lambda: None) -> dict[str, Bone]:
    """Bones of any frame and scale in the head's, smoothly deformed to lie under its skin. Raises MuscleFaceError."""
    hull = Hull(head)
    targets = _targets(head, hull)
    scale, rotation, shift, error = _similarity(targets, bones, tick)
    if error > FAR:
        raise MuscleFaceError(
            f"The skull could not be fitted to this head, it stays {10.0 * error:.0f} mm off: "
            "give a human skull and its jaw as they belong together."
        )
    fitted = {n: replace(b, vertices=scale * b.vertices @ rotation.T + shift) for n, b in bones.items()}
    for smoothing in (30.0, 10.0, 3.0, 1.0):
        tick()
        fitted = _warped(fitted, targets, smoothing)
    least = np.full(len(head.vertices), LEAST_DEPTH)
    outer = np.unique(hull.outer)
    least[outer] = np.maximum(PLAUSIBLE * landmark_depth(head.vertices[outer], head.landmarks), LEAST_DEPTH)
    for _ in range(3):
        fitted = {n: _sunk(bone, hull, np.minimum(least, 1.0), tick) for n, bone in fitted.items()}
    return fitted


def _targets(head: Head, hull: Hull) -> Targets:
    """Bone points under landmarks and under the skin over the braincase."""
    p, points, normals, mandible = head.landmarks, [], [], []
    depths = landmark_depth(np.array(list(p.values())), p)
    for (name, point), depth in zip(p.items(), depths, strict=True):
        base = without_side(name)
        if base in CRANIAL or base in MANDIBULAR:
            normal = hull.normals[head.landmark_vertices[name]]
            points.append(point - depth * normal)
            normals.append(normal)
            mandible.append(base in MANDIBULAR)
    # Above the brows and ears skin follows bone.
    floor = max(p["glabella"][1], p["tragus_L"][1] + 3.0, p["tragus_R"][1] + 3.0)
    outer = np.unique(hull.outer)
    cap = outer[head.vertices[outer, 1] > floor]
    cap = cap[np.linspace(0, len(cap) - 1, min(CAP_POINTS, len(cap))).astype(int)]
    depth = landmark_depth(head.vertices[cap], p)[:, None]
    points = np.concatenate([points, head.vertices[cap] - depth * hull.normals[cap]])
    weight = np.concatenate([np.full(len(mandible), FACE_WEIGHT), np.ones(len(cap))])
    mandible = np.concatenate([mandible, np.zeros(len(cap), bool)]).astype(bool)
    return Targets(points, np.concatenate([normals, hull.normals[cap]]), weight, mandible)


def _symmetry_axis(points: np.ndarray) -> np.ndarray:
    """Unit axis (3,) across the plane in which points (n, 3) mirror best, among their principal ones."""
    centred = points - points.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2]
    tree = cKDTree(centred)
    return min(axes, key=lambda a: tree.query(centred - 2.0 * np.outer(centred @ a, a))[0].mean())


def _similarity(
    targets: Targets, bones: Mapping[str, Bone], tick: Callable[[], None]
) -> tuple[float, np.ndarray, np.ndarray, float]:
    """(scale, rotation (3, 3), shift (3,), error [cm]) that takes the bones to the targets: head = s R bone + t."""
    groups = [(bones[n], targets.mandible == (n == "mandible")) for n in bones]
    sources = [(cKDTree(bone.vertices), mine) for bone, mine in groups if mine.any()]
    known = np.any([mine for _, mine in sources], axis=0)
    everything = np.concatenate([bone.vertices for bone, _ in groups])
    axis = _symmetry_axis(everything)
    helper = np.linalg.svd(axis[None])[2][1:]
    middle, size = everything.mean(axis=0), np.ptp((everything - everything.mean(axis=0)) @ axis)
    points, weight = targets.points, np.where(known, targets.weight, 0.0)
    centre = weight @ points / weight.sum()
    found = []
    for turn in range(2 * TURNS):
        tick()
        angle, sign = 2.0 * np.pi * (turn // 2) / TURNS, 1.0 if turn % 2 else -1.0
        up = np.cos(angle) * helper[0] + np.sin(angle) * helper[1]
        across = sign * axis
        rotation = np.stack([across, up, np.cross(across, up)])
        scale = np.ptp(points[known, 0]) / size
        start = scale, rotation, centre - scale * rotation @ middle
        found.append(_closest_points(points, weight, sources, start, 8))
    # A start some degrees off may end beside the best place: the most promising ones all go on.
    found.sort(key=lambda f: f[3])
    ends = [_closest_points(points, weight, sources, f[:3], ROUNDS) for f in found[:PROMISING]]
    return min(ends, key=lambda f: f[3])


def _closest_points(points: np.ndarray, weight: np.ndarray, sources: list, start: tuple, rounds: int) -> tuple:
    """Similarity and error after some rounds of closest points, from a start; ``sources`` are (tree, points' mask)."""
    scale, rotation, shift = start
    for _ in range(rounds):
        local = (points - shift) @ rotation / scale
        match, gap = np.zeros_like(points), np.full(len(points), np.nan)
        for tree, mine in sources:
            distance, index = tree.query(local[mine])
            match[mine], gap[mine] = tree.data[index], scale * distance
        known = weight > 0.0
        # The braincase under hair may be far off; the face's landmarks all count.
        limit = np.quantile(gap[known], TRIM)
        w = np.where((gap <= limit) | (weight > 1.0), weight, 0.0)
        scale, rotation, shift = _weighted_similarity(match, points, w)
    return scale, rotation, shift, float(w[known] @ gap[known] / w.sum())


def _weighted_similarity(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Similarity y ~ s R x + t of least weighted squares, s from both directions alike so that it does not shrink."""
    cx, cy = w @ x / w.sum(), w @ y / w.sum()
    dx, dy = x - cx, y - cy
    rotation, _ = best_rotation((dy * w[:, None]).T @ dx)
    scale = float(np.sqrt((w @ (dy**2).sum(1)) / max(w @ (dx**2).sum(1), 1e-12)))
    return scale, rotation, cy - scale * rotation @ cx


def _warped(bones: Mapping[str, Bone], targets: Targets, smoothing: float) -> dict[str, Bone]:
    """Bones drawn to the targets by one smooth warp of space, the smoother the larger ``smoothing`` [1/cm]."""
    here, way, soft = [], [], []
    for name, bone in bones.items():
        mine = targets.mandible == (name == "mandible")
        field = DistanceField(bone.vertices, bone.triangles)
        closest = field.query(targets.points[mine])
        point = field.interpolate(closest, bone.vertices)
        normal = field.interpolate(closest, surface.vertex_normals(bone.vertices, bone.triangles))
        facing = np.einsum("ij,ij->i", normal, targets.normals[mine])
        # Inner walls and far-off structures are no counterpart.
        good = (np.abs(facing) > 0.4) & (closest.distance < 2.0)
        here.append(point[good])
        way.append((targets.points[mine] - point)[good])
        soft.append(smoothing / targets.weight[mine][good])
    here, index = np.unique(np.concatenate(here).round(4), axis=0, return_index=True)
    if len(here) < 12:
        return dict(bones)
    way, soft = np.concatenate(way)[index], np.concatenate(soft)[index]
    warp = RBFInterpolator(here, way, smoothing=soft, kernel="linear", degree=1)
    return {n: replace(b, vertices=b.vertices + warp(b.vertices)) for n, b in bones.items()}


def _sunk(bone: Bone, hull: Hull, least: np.ndarray, tick: Callable[[], None]) -> Bone:
    """The bone pushed inwards, smoothly, where less than ``least`` (V,) [cm] of flesh is over it."""
    x = bone.vertices
    neighbours = surface.adjacency(len(x), bone.triangles)
    for _ in range(25):
        tick()
        outward, wanted = hull.above(x, least)
        lack = np.maximum(wanted + 0.02 - hull.depth(x), 0.0)
        if lack.max() <= 0.02:
            break
        push = -lack[:, None] * outward
        # Neighbours come along, or a bump would be pushed flat onto the skull behind it.
        spread = surface.smooth(push, neighbours, 6, keep=0.5)
        x = x + np.where((lack > 0.0)[:, None], 0.5 * push + 0.5 * spread, spread)
    return replace(bone, vertices=x)


def fitted_bones(
    vertices: np.ndarray,
    faces: Sequence[Sequence[int]],
    shapes: Mapping[str, np.ndarray] | None,
    bones: Mapping[str, Mesh],
    *,
    landmarks: Mapping[str, np.ndarray] | None = None,
    progress: Progress | None = None,
) -> dict[str, np.ndarray]:
    """Vertices (n, 3) of bones {"cranium", "mandible": (vertices, faces)} fitted into a head, in the head's frame.

    vertices, faces, shapes, landmarks: the head, as FaceModel.build takes it. Raises MuscleFaceError.
    """
    say = progress or silent
    given = read_bones(bones)
    head = analyse_head(vertices, faces, shapes, lambda s, text: say(0.7 * s, text), landmarks)
    fitted = fit_bones(head, given, lambda: say(0.7, "Fitting the skull"))
    return {name: head.frame.to_user(bone.vertices) for name, bone in fitted.items()}
