# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The pose with parted lips in which the flesh is meshed: the head's own jawOpen, else one made from its geometry.

Upper and lower lip are told apart by the way along the skin, never by the way through the air: so lips that touch,
fold into each other or cross still belong to two sides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import dijkstra

from ..geometry import surface
from ..geometry.smoothstep import smoothstep
from .find_face import Face
from .jaw import Jaw, mandible_bone

OPEN_POSE = 0.6  # jaw_open of the pose in which the inside of the mouth is laid open
PARTED = 0.25  # [cm] that a jawOpen shape must part the lips by in the open pose to be of use
DETOUR = 0.8  # of the way from lip to lip along the skin, to that round a corner, from where on there is an opening
LIP_ZONE = (1.5, 4.0)  # [cm] from the lips: nearer their sides count alone, farther away only the bones
EVEN = 0.7  # difference of the ways to both lips over their sum, from where on a point belongs to one alone


@dataclass(frozen=True)
class OpenMouth:
    """weight: (V,) 0 goes with the cranium .. 1 with the jaw, parts included; pose: (V, 3) with the lips parted [cm];
    opening: the jaw's opening in that pose; parted: False where the lips are one surface."""

    weight: np.ndarray
    pose: np.ndarray
    opening: float
    parted: bool


def open_mouth(face: Face, jaw: Jaw) -> OpenMouth:
    """Open the mouth of a face."""
    x, delta = face.vertices, face.deltas.get("jawOpen")
    if delta is not None and _parts_lips(face, delta):
        r, t = jaw.motion(1.0, 0.0, 0.0)
        rigid = x @ r.T + t - x
        share = (delta * rigid).sum(axis=1) / np.maximum((rigid**2).sum(axis=1), 0.3**2)
        return OpenMouth(_finished(face, np.clip(share, 0.0, 1.0)), x + OPEN_POSE * delta, OPEN_POSE, True)
    above_neck = x[:, 1] - (face.landmarks["menton"][1] - 4.0)
    weight = mandible_bone(x, face.landmarks, under=4.0) * smoothstep(above_neck / 4.0)
    side = lip_side(face)
    if side is None:
        return OpenMouth(_finished(face, weight), x, 0.0, False)
    near = _near_lips(x, face.landmarks)
    weight = _finished(face, near * side + (1.0 - near) * weight)
    r, t = jaw.motion(OPEN_POSE, 0.0, 0.0)
    return OpenMouth(weight, x + weight[:, None] * (x @ r.T + t - x), OPEN_POSE, True)


def _parts_lips(face: Face, delta: np.ndarray) -> bool:
    """Whether a jawOpen shape moves the lower lip away from the upper one."""
    upper, lower = OPEN_POSE * delta[_lips(face), 1]
    return bool(upper - lower > PARTED)


def _lips(face: Face) -> np.ndarray:
    """The foremost vertices of upper and lower lip (2,)."""
    places = np.array([face.landmarks[n] for n in ("labrale_superius", "labrale_inferius")])
    return surface.closest_vertices(places, face.vertices, np.unique(face.outer))


def _finished(face: Face, weight: np.ndarray) -> np.ndarray:
    """Weights smoothed on the skin; the loose parts get those of what carries them."""
    weight = weight.copy()
    weight[face.skin] = surface.smooth(weight, face.neighbours, 2, keep=0.5)[face.skin]
    for part in face.parts:
        # Gums and tongue in one piece hang on both bones: they keep the share each vertex shows.
        if part.follows != "skin" and part.kind != "mouth_inside":
            weight[part.vertices] = float(part.follows == "mandible")
    return weight


def _near_lips(x: np.ndarray, points: Mapping[str, np.ndarray]) -> np.ndarray:
    """(V,) 1 at the lips and in the mouth bag .. 0 away from them, by the distance from the mouth's line."""
    line = np.array([points["mouth_corner_R"], points["stomion"], points["mouth_corner_L"]])
    gap = np.full(len(x), np.inf)
    for a, b in pairwise(line):
        along = np.clip((x - a) @ (b - a) / max(float((b - a) @ (b - a)), 1e-12), 0.0, 1.0)
        rel = x - a - along[:, None] * (b - a)
        # The bag reaches farther back than the lips reach up and down.
        rel[:, 2] *= np.where(rel[:, 2] < 0.0, 0.4, 1.0)
        gap = np.minimum(gap, np.linalg.norm(rel, axis=1))
    return 1.0 - smoothstep((gap - LIP_ZONE[0]) / (LIP_ZONE[1] - LIP_ZONE[0]))


def lip_side(face: Face) -> np.ndarray | None:
    """(V,) 0 on the upper lip's side .. 1 on the lower one's; None where no opening lies between the lips."""
    start = _lips(face)
    way = dijkstra(_edge_lengths(face.vertices, face.neighbours), indices=start)
    upper, lower = face.vertices[start]
    corners = [face.landmarks[f"mouth_corner_{s}"] for s in "LR"]
    if way[0, start[1]] < DETOUR * min(np.linalg.norm(upper - c) + np.linalg.norm(c - lower) for c in corners):
        return None
    to_upper, to_lower = np.where(np.isfinite(way), way, 1e3)
    difference = (to_upper - to_lower) / np.maximum(to_upper + to_lower, 1e-9)
    return smoothstep(0.5 + 0.5 * difference / EVEN)


def _edge_lengths(x: np.ndarray, neighbours: sp.csr_matrix) -> sp.csr_matrix:
    """The skin's graph (V, V) with the lengths of its edges [cm]."""
    graph = neighbours.tocoo()
    length = np.linalg.norm(x[graph.row] - x[graph.col], axis=1)
    return sp.csr_matrix((np.maximum(length, 1e-9), (graph.row, graph.col)), shape=graph.shape)
