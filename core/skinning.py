# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""From flesh and bones to the vertices of the mesh."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .face import FaceModel
    from .rig import Rig


class Skinning:
    """What the tracks of a rig add to what flesh and bones do, in the user's frame and unit.

    detail: (K, Vs, 3) fine motion of the skin · parts: (K, P, 3) motion of the vertices of loose parts.
    """

    def __init__(self, rig: "Rig") -> None:
        count = len(rig.track_step)
        self.detail = np.empty((count, len(rig.skin), 3))
        for k in range(count):
            np.dot(rig.detail(k), rig.frame.T, out=self.detail[k])
        self.parts = rig.part_delta.astype(np.float64) @ rig.frame.T


def posed_skin(model: "FaceModel", nodes: np.ndarray, w: np.ndarray, q: np.ndarray) -> np.ndarray:
    """(V, 3) mesh vertices, user's frame and unit, of nodes (N, 3), track weights (K,) and jaw motion (3,)."""
    rig, added = model.rig, model.skinning
    out = rig.vertices.copy()
    out[rig.carried] += (model.carry @ (nodes - rig.nodes)) @ rig.frame.T
    if w.any():
        out[rig.skin] += _sum(w, added.detail)
    if q.any() and len(rig.mandible_vertices):
        R, t = model.jaw.motion(*q)
        x = jaw_parts(model)
        out[rig.mandible_vertices] += (x @ R.T + t - x) @ rig.frame.T
    if w.any() and len(rig.part_vertices):
        out[rig.part_vertices] += _sum(w, added.parts)
    return out


def _sum(w: np.ndarray, of_tracks: np.ndarray) -> np.ndarray:
    """Weighted sum over the first axis, without a copy of what is summed."""
    return np.dot(w, of_tracks.reshape(len(w), -1)).reshape(of_tracks.shape[1:])


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
