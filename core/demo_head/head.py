# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The demo head as a whole: mirrored skin, eyeballs and dental arches, and where each of them lies among the
vertices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .ears import EAR_RINGS, place_ear
from .eyes import EYE_RINGS, MARGIN_RINGS, eyeball, place_lids
from .layout import LID_RING, lay_out
from .mouth import CORNER_STEP, MOUTH_RINGS, PARTING_RING, place_mouth
from .nose import NOSTRIL_RINGS, place_nostril
from .teeth import LOWER, UPPER, dental_arch
from .topology import Topology, build_topology


@dataclass(frozen=True)
class DemoHead:
    """vertices (V, 3) [cm]; the skin comes first, its left half in the numbering of topology; parts: name -> vertex
    range.
    """

    vertices: np.ndarray
    faces: list[list[int]]
    topology: Topology
    skin_count: int
    skin_quads: np.ndarray
    mirror: np.ndarray  # (skin_count,) the vertex on the other side
    parts: dict[str, slice]


def left_half() -> tuple[np.ndarray, Topology]:
    """Left half of the skin: positions (count, 3) [cm] and its topology."""
    top = build_topology(MOUTH_RINGS, EYE_RINGS, EAR_RINGS, NOSTRIL_RINGS)
    x, _ = lay_out(top)
    place_mouth(x, top)
    place_lids(x, top)
    place_ear(x, top)
    place_nostril(x, top)
    x[top.midline, 0] = 0.0
    return x, top


def _mirror_skin(x: np.ndarray, top: Topology) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Whole skin from its left half: vertices, quads, mirror permutation."""
    on_midline = np.zeros(top.count, bool)
    on_midline[top.midline] = True
    twin = np.arange(top.count)
    twin[~on_midline] = top.count + np.arange(int((~on_midline).sum()))
    vertices = np.vstack([x, x[~on_midline] * [-1.0, 1.0, 1.0]])
    mirror = np.arange(len(vertices))
    mirror[: top.count] = twin
    mirror[twin] = np.arange(top.count)
    return vertices, np.vstack([top.faces, twin[top.faces][:, ::-1]]), mirror


def build_head() -> DemoHead:
    """Assemble skin and loose parts."""
    half, top = left_half()
    skin, quads, mirror = _mirror_skin(half, top)
    ball, ball_faces = eyeball()
    right_ball = ball * [-1.0, 1.0, 1.0]
    pieces = {
        "eye_left": (ball, ball_faces),
        "eye_right": (right_ball, [f[::-1] for f in ball_faces]),
        "teeth_upper": dental_arch(UPPER),
        "teeth_lower": dental_arch(LOWER),
    }
    vertices, faces, parts, start = [skin], quads.tolist(), {}, len(skin)
    for name, (points, polygons) in pieces.items():
        vertices.append(points)
        faces += [[i + start for i in f] for f in polygons]
        parts[name] = slice(start, start + len(points))
        start += len(points)
    return DemoHead(np.vstack(vertices), faces, top, len(skin), quads, mirror, parts)


def feature_corners(head: DemoHead) -> dict[str, np.ndarray]:
    """The corners of eyes and mouth, name -> (3,) [cm]."""
    margin = head.topology.eye[LID_RING + MARGIN_RINGS]
    lips = head.topology.mouth[PARTING_RING]
    left = {"eye_outer": margin[0], "eye_inner": margin[len(margin) // 2], "mouth_corner": lips[CORNER_STEP]}
    corners = {f"{name}_L": head.vertices[i] for name, i in left.items()}
    return corners | {f"{name}_R": head.vertices[head.mirror[i]] for name, i in left.items()}
