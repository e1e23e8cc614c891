# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The muscle table laid into the flesh of one head."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from ..errors import MuscleFaceError
from ..geometry import surface
from ..geometry.polyline import arc_length, segment_lengths
from .cavities import outer_triangles
from .head import Head
from .landmarks import SAME_SIDES
from .muscle_spec import MuscleSpec, Spot
from .muscle_table import MUSCLE_TABLE
from .proportions import face_size
from .rays import RayTarget

SPACING = 0.25  # [cm] between the samples of a path
LINING = 0.1  # [cm] mucosa that a muscle leaves free at the far side of lips and cheeks
_LIPS = {"": 0, "upper": 1, "lower": -1}
MIRROR = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Muscle:
    """One muscle in the flesh of a head, in normalised centimetres."""

    name: str
    side: str  # "L" | "R" | ""
    au: tuple[int, ...]
    kind: str  # "strap" | "sheet" | "ring"
    paths: list[np.ndarray]  # (k, 3) each, from origin to insertion
    normals: list[np.ndarray]  # (k, 3) unit, towards the skin: the direction of the thickness
    widths: list[np.ndarray]  # (k,) of each path
    thickness: float
    bone: str  # "cranium" | "mandible" | "": what carries the origin
    strength: float = 1.0
    lip: int = 0  # +1 only above the mouth line, -1 only below, 0 anywhere
    mouth_line: np.ndarray | None = None  # (k, 3) from the right to the left corner, where lip is not 0
    closed: bool = False

    @property
    def length(self) -> float:
        """Mean length of the paths [cm]."""
        return float(np.mean([segment_lengths(p).sum() for p in self.paths]))

    @property
    def volume(self) -> float:
        """width x thickness x length of all paths [cm^3]."""
        steps = (segment_lengths(p) for p in self.paths)
        return self.thickness * sum(float(d @ (w[1:] + w[:-1])) / 2 for d, w in zip(steps, self.widths, strict=True))


class SkinDepth:
    """The outer skin of a head, and how deep the flesh is under it."""

    def __init__(self, head: Head, lip: int = 0, line: np.ndarray | None = None):
        """lip: +1 leaves out the skin below the mouth line between the corners, -1 the skin above it."""
        skin = outer_triangles(head.triangles, head.exposure)
        self.outer = skin[~other_lip(head.vertices[skin].mean(axis=1), line, lip)] if lip else skin
        self.vertices = head.vertices
        self._target = RayTarget(head.vertices, self.outer)
        neighbours = surface.adjacency(len(head.vertices), skin)
        self.normals = surface.smoothed_normals(head.vertices, skin, neighbours)
        depth = np.minimum(head.tissue_depth, np.maximum(head.flesh_thickness - LINING, 0.6 * head.flesh_thickness))
        self.depth = surface.smooth(depth, neighbours, 2, keep=0.5)

    def below(self, points: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points (n, 3) put under the nearest skin by a share (n,) of its flesh; and the skin normals (n, 3)."""
        corners, weights = self._target.closest(points)
        skin = np.einsum("ij,ijk->ik", weights, self.vertices[corners])
        normal = np.einsum("ij,ijk->ik", weights, self.normals[corners])
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        depth = (weights * self.depth[corners]).sum(axis=1)
        return skin - (share * depth)[:, None] * normal, normal


def place_muscles(head: Head, table: Sequence[MuscleSpec] = MUSCLE_TABLE) -> list[Muscle]:
    """Every muscle of the table in the flesh of the head; paired ones as name_L and name_R.

    Raises MuscleFaceError when a muscle comes out far from any face's, which means that landmarks are wrong.
    """
    line = mouth_line(head)
    flesh = {lip: SkinDepth(head, lip, line) for lip in (0, 1, -1)}
    muscles = []
    for spec in table:
        for side in ("L", "R") if spec.paired else ("",):
            muscle = _place(spec, side, head, flesh[_LIPS[spec.lip]], line)
            if not 0.3 < muscle.length < 30.0:
                raise MuscleFaceError(
                    f"The muscle {muscle.name} came out {muscle.length:.1f} cm long: check the landmarks of this head."
                )
            muscles.append(muscle)
    return muscles


def mouth_line(head: Head) -> np.ndarray:
    """The line between the closed lips (k, 3), from the right to the left corner, in the neutral pose."""
    p = head.landmarks
    ends = [p["mouth_corner_R"], p["stomion"], p["mouth_corner_L"]]
    if "mouth" not in head.pockets:
        return np.array(ends)
    v = head.vertices
    inner = head.pockets["mouth"]
    # The slit: pocket vertices next to the outside. Upper and lower lip give two heights per column.
    near = inner[(head.exposure[inner] > 0.12) & (np.abs(v[inner, 1] - p["stomion"][1]) < 1.0)]
    columns = np.linspace(p["mouth_corner_R"][0], p["mouth_corner_L"][0], 9)
    line = [ends[0]]
    for x in columns[1:-1]:
        here = v[near[np.abs(v[near, 0] - x) < 0.3]]
        straight = np.array([np.interp(x, [e[0] for e in ends], [e[k] for e in ends]) for k in range(3)])
        middle = 0.5 * (here.min(axis=0) + here.max(axis=0)) if len(here) > 1 else straight
        line.append([x, middle[1], straight[2]])
    line = np.array([*line, ends[2]])
    mirrored = (line * MIRROR + [2.0 * p["stomion"][0], 0.0, 0.0])[::-1]
    return 0.5 * (line + mirrored) if np.abs(line - mirrored).max() < SAME_SIDES else line


def other_lip(points: np.ndarray, line: np.ndarray, lip: int) -> np.ndarray:
    """Mask (P,) of points between the mouth corners that lie on the other side of the mouth line than `lip`."""
    between = (points[:, 0] > line[0, 0]) & (points[:, 0] < line[-1, 0])
    return between & (lip * (points[:, 1] - np.interp(points[:, 0], line[:, 0], line[:, 1])) < 0.0)


def _aim(spot: Spot, side: str, head: Head, units: np.ndarray) -> np.ndarray:
    """Where a spot aims (3,), before it is put under the skin."""
    total = sum(share for _, share in spot.landmarks)
    point = np.zeros(3)
    for name, share in spot.landmarks:
        point += share / total * head.landmarks[name if name in head.landmarks else f"{name}_{side}"]
    offset = np.array(spot.offset) * units
    return point + (offset * MIRROR if side == "R" else offset)


def _place(spec: MuscleSpec, side: str, head: Head, flesh: SkinDepth, line: np.ndarray) -> Muscle:
    units = face_size(head.landmarks)
    paths, normals = [], []
    for k in range(spec.fibres):
        share = (k + 0.5) / spec.fibres if len(spec.routes) > 1 else 0.0
        a, b = spec.routes[0], spec.routes[-1]
        if spec.kind == "ring":
            a = b = spec.routes[k]
        aims = np.array(
            [
                (1 - share) * _aim(p, side, head, units) + share * _aim(q, side, head, units)
                for p, q in zip(a, b, strict=True)
            ]
        )
        depth = np.array([(1 - share) * p.depth + share * q.depth for p, q in zip(a, b, strict=True)])
        free = np.array([p.free for p in a])
        if spec.mirrored:
            aims = np.concatenate([aims, (aims * MIRROR + [2.0 * head.landmarks["stomion"][0], 0, 0])[-2::-1]])
            depth, free = np.concatenate([depth, depth[-2::-1]]), np.concatenate([free, free[-2::-1]])
        path, normal = _lay(flesh, aims, depth, free, spec.closed)
        if not spec.paired:
            path, normal = _even(path, normal, head.landmarks["stomion"][0], spec.mirrored)
        paths.append(path)
        normals.append(normal)
    return Muscle(
        name=f"{spec.name}_{side}" if side else spec.name,
        side=side,
        au=spec.au,
        kind=spec.kind,
        paths=paths,
        normals=normals,
        widths=[np.full(len(p), spec.width * units[0] / spec.fibres) for p in paths],
        thickness=spec.thickness * units[2],
        bone=spec.bone,
        strength=spec.strength,
        lip=_LIPS[spec.lip],
        mouth_line=line if spec.lip else None,
        closed=spec.closed,
    )


def _lay(
    flesh: SkinDepth, aims: np.ndarray, depth: np.ndarray, free: np.ndarray, closed: bool
) -> tuple[np.ndarray, np.ndarray]:
    """A smooth path through the aims, each sample at its depth share under the skin, and the normals along it."""
    # Through the skin points, sunk afterwards: the skin nearest to a sunk point may be another one.
    spots, spot_normals = flesh.below(aims, np.zeros(len(aims)))
    spots[free] = aims[free]
    if closed:
        spots, depth, free = (np.concatenate([a, a[:1]]) for a in (spots, depth, free))
    s = arc_length(spots)
    if s[-1] < 1e-6 or (np.diff(s) < 1e-9).any():
        return spots[[0, -1]], spot_normals[[0, -1]]
    u = np.linspace(0.0, s[-1], max(5, int(np.ceil(s[-1] / SPACING)) + 1))
    if len(spots) == 2:
        curve = np.outer(1.0 - u / s[-1], spots[0]) + np.outer(u / s[-1], spots[1])
    else:
        curve = CubicSpline(s, spots, bc_type="periodic" if closed else "natural")(u)
    share = np.interp(u, s, depth)
    placed, normals = flesh.below(curve, share)
    loose = np.interp(u, s, free.astype(float))[:, None]
    path = loose * curve + (1.0 - loose) * placed
    return _smooth(path), _smooth(normals)


def _even(path: np.ndarray, normal: np.ndarray, middle: float, across: bool) -> tuple[np.ndarray, np.ndarray]:
    """A midline muscle without the asymmetry of the triangulation: in the midplane, or mirrored in it."""
    centre = np.array([middle, 0.0, 0.0])
    order = slice(None, None, -1 if across else None)
    path = centre + 0.5 * ((path - centre) + MIRROR * (path - centre)[order])
    return path, 0.5 * (normal + MIRROR * normal[order])


def _smooth(curve: np.ndarray, rounds: int = 6) -> np.ndarray:
    """The curve without the steps that the nearest skin makes at creases; its ends stay."""
    for _ in range(rounds):
        inner = 0.25 * curve[:-2] + 0.5 * curve[1:-1] + 0.25 * curve[2:]
        curve = np.concatenate([curve[:1], inner, curve[-1:]])
    return curve
