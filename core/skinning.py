# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""From flesh and bones to the vertices of the mesh."""

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from .physics.weighted import WeightedSum

if TYPE_CHECKING:
    from .face import FaceModel
    from .rig import Rig


class Skinning:
    """What flesh, bones and tracks of a rig do to the vertices of its mesh, in the user's frame and unit.

    detail: (K, Vs, 3) fine motion of the skin · parts: (K, P, 3) motion of the vertices of loose parts · jaw_parts:
    (n, 3) rest positions of the vertices that follow the mandible, normalised.
    """

    def __init__(self, rig: "Rig", carry: sp.csr_matrix) -> None:
        """carry: (carried vertices, N), by which nodes carry vertices."""
        count, vertices = len(rig.track_step), len(rig.vertices)
        self.detail = np.empty((count, len(rig.skin), 3))
        for k in range(count):
            np.dot(rig.detail(k), rig.frame.T, out=self.detail[k])
        self.parts = rig.part_delta.astype(np.float64) @ rig.frame.T
        self.jaw_parts = (rig.vertices[rig.mandible_vertices] - rig.origin) @ np.linalg.inv(rig.frame).T
        onto = sp.csr_matrix((np.ones(len(rig.carried)), (rig.carried, np.arange(len(rig.carried)))),
                             shape=(vertices, len(rig.carried)))  # fmt: skip
        self._carry = (onto @ carry).tocsr()
        self._added = WeightedSum([self._whole(rig, k) for k in range(count)])

    def _whole(self, rig: "Rig", k: int) -> np.ndarray:
        """(V, 3) what track k adds to what flesh and bones do."""
        out = np.zeros(rig.vertices.shape)
        out[rig.skin] = self.detail[k]
        out[rig.part_vertices] += self.parts[k]
        return out

    def moved(self, rig: "Rig", nodes: np.ndarray, w: np.ndarray) -> np.ndarray:
        """(V, 3) where flesh and bones at nodes (N, 3) and track weights (K,) take the vertices, without the jaw."""
        out = self._carry @ ((nodes - rig.nodes) @ rig.frame.T)
        out += rig.vertices
        if w.any():
            out += self._added(w)
        return out


def posed_skin(model: "FaceModel", nodes: np.ndarray, w: np.ndarray, q: np.ndarray) -> np.ndarray:
    """(V, 3) mesh vertices, user's frame and unit, of nodes (N, 3), track weights (K,) and jaw motion (3,)."""
    rig, skinning = model.rig, model.skinning
    out = skinning.moved(rig, nodes, w)
    if q.any() and len(rig.mandible_vertices):
        R, t = model.jaw.motion(*q)
        x = skinning.jaw_parts
        out[rig.mandible_vertices] += (x @ R.T + t - x) @ rig.frame.T
    return out


def shape_deltas(model: "FaceModel") -> np.ndarray:
    """(shapes, Vs, 3) calibrated motion of the skin under each shape alone, user's frame and unit."""
    rig = model.rig
    count = len(model.shapes)
    rows = model.carry[: len(rig.skin)]
    moved = np.zeros((count, len(rig.skin), 3))
    for k in range(count):
        moved[k] = rows @ rig.displacement(k) + rig.detail(k)
    return moved @ rig.frame.T
