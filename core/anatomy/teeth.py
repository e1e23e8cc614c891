# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The rows of teeth as elliptic arches, from the head's own teeth where it has some; and the lining that faces them."""

import numpy as np
from scipy.optimize import least_squares
from scipy.spatial import cKDTree

from ..geometry import arch
from ..geometry.quality import FACES, boundary_faces
from .head import Head

WIDTH, DEPTH = 3.0, 4.6
"""Half width and depth [cm] of an arch of which nothing is known, about an adult's at the outer faces of the teeth."""

LIP = 0.6
"""Thickness [cm] of a lip over the incisors."""

BEND = 1.3
"""Angle from straight ahead [rad] up to which teeth tell the arch: further back lie their inner corners."""

REACH = 1.2
"""Largest gap [cm] between lining and arch at rest."""

SUNK = 0.6
"""Deepest [cm] that lining lies under the arch at rest; deeper, it is not what lies on the teeth."""

HEIGHT = 2.2
"""Extent [cm] of teeth and gums above and below the line between the lips."""

FACING = -0.3
"""Cosine between the directions out of the flesh and out of the arch below which they face each other."""


def dental_arches(head: Head) -> np.ndarray:
    """(2, 3) upper and lower arch: z of the axis, half width, half depth [cm]."""
    stomion = head.landmarks["stomion"]
    usual = np.array([stomion[2] - LIP - DEPTH, WIDTH, DEPTH])
    rows = [_arch_of(_vertices(head, kind), usual) for kind in ("teeth_upper", "teeth_lower")]
    known = [r for r in rows if r is not None]
    return np.array([r if r is not None else (known or [usual])[0] for r in rows])


def _vertices(head: Head, kind: str) -> np.ndarray:
    return np.concatenate([np.zeros((0, 3)), *(head.vertices[p.vertices] for p in head.parts if p.kind == kind)])


def _arch_of(points: np.ndarray, usual: np.ndarray) -> np.ndarray | None:
    """The ellipse around teeth (P, 3), None where they do not make an arch."""
    if len(points) < 20:
        return None
    axis = points[:, 2].max() - usual[2]
    angle = np.arctan2(points[:, 0], points[:, 2] - axis)
    radius = np.hypot(points[:, 0], points[:, 2] - axis)
    step = 0.1
    bins = np.rint(angle / step).astype(int)
    used = [k for k in np.unique(bins) if abs(k * step) < BEND]
    if len(used) < 8 or min(used) > -4 or max(used) < 4:
        return None
    outer = np.array([points[bins == k][np.argmax(radius[bins == k])] for k in used])

    start = np.array([axis, usual[1], usual[2]])
    bounds = start - [1.5, 1.2, 1.5], start + [1.5, 1.2, 1.5]
    return least_squares(lambda row: arch.heights(outer, row), start, bounds=bounds, loss="soft_l1", f_scale=0.1).x


def lining(
    head: Head, nodes: np.ndarray, tets: np.ndarray, free: np.ndarray, arches: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The nodes (C,) of a flesh's surface that face their arch, the row of each (0 upper, 1 lower), and its area [cm2].

    free: (N,) bool, nodes that no bone holds.
    """
    triangles = tets[:, FACES][boundary_faces(tets)]
    corners = nodes[triangles]
    spread = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) / 6.0
    normal, area = np.zeros_like(nodes), np.zeros(len(nodes))
    for k in range(3):
        np.add.at(normal, triangles[:, k], spread)
        np.add.at(area, triangles[:, k], np.linalg.norm(spread, axis=1))
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    near = np.flatnonzero(free & (area > 0.0) & (np.abs(nodes[:, 1] - head.landmarks["stomion"][1]) < HEIGHT))
    skin = cKDTree(head.vertices[head.skin]).query(nodes[near])[1]
    row = (head.mandible_weight[head.skin[skin]] > 0.5).astype(np.int32)
    x = nodes[near]
    height = arch.heights(x, arches[row])
    kept = (arch.outward(x, arches[row]) * normal[near]).sum(1) < FACING
    kept &= (height > -SUNK) & (height < REACH) & (x[:, 2] > arches[row, 0])
    return near[kept], row[kept], area[near[kept]]
