# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""From flesh and bones to the vertices of the mesh."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .face import FaceModel


def posed_skin(model: "FaceModel", nodes: np.ndarray, w: np.ndarray, q: np.ndarray) -> np.ndarray:
    """(V, 3) mesh vertices, user's frame and unit, of nodes (N, 3), track weights (K,) and jaw motion (3,)."""
    rig = model.rig
    out = rig.vertices.copy()
    out[rig.carried] += (model.carry @ (nodes - rig.nodes)) @ rig.frame.T
    used = np.flatnonzero(w)
    for k in used:
        out[rig.skin] += w[k] * (rig.detail(k) @ rig.frame.T)
    if q.any() and len(rig.mandible_vertices):
        R, t = model.jaw.motion(*q)
        x = jaw_parts(model)
        out[rig.mandible_vertices] += (x @ R.T + t - x) @ rig.frame.T
    if len(used) and len(rig.part_vertices):
        extra = np.tensordot(w[used], rig.part_delta[used].astype(np.float64), 1)
        out[rig.part_vertices] += extra @ rig.frame.T
    return out


def jaw_parts(model: "FaceModel") -> np.ndarray:
    """(n, 3) rest positions of the vertices that follow the mandible, normalised."""
    rig = model.rig
    return (rig.vertices[rig.mandible_vertices] - rig.origin) @ np.linalg.inv(rig.frame).T


def shape_deltas(model: "FaceModel") -> np.ndarray:
    """(shapes, Vs, 3) calibrated motion of the skin under each shape alone, user's frame and unit."""
    rig = model.rig
    count = len(model.shapes)
    rows = model.carry[: len(rig.skin)]
    moved = np.zeros((count, len(rig.skin), 3))
    for k in range(count):
        moved[k] = rows @ rig.displacement(k) + rig.detail(k)
    return moved @ rig.frame.T
