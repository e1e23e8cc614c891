# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Distances to a triangle mesh and whether points lie inside it, by Warp's BVH and generalised winding number."""

from dataclasses import dataclass

import numpy as np
import warp as wp

from ..parallel import run_all, workers
from .surface import half_edges

LEAST = 500
"""Points that are worth a thread."""

wp.set_module_options({"enable_backward": False})


@wp.kernel
def _closest(
    mesh: wp.uint64,
    points: wp.array[wp.vec3],
    with_sign: int,
    face_out: wp.array[int],
    bary_out: wp.array[wp.vec3],
    distance_out: wp.array[float],
):
    """Closest point of the mesh to each point: face, barycentric weights and distance, negative inside if asked."""
    i = wp.tid()
    p = points[i]
    query = wp.mesh_query_point_no_sign(mesh, p, 1.0e6)
    sign = float(1.0)
    if with_sign == 1:
        query = wp.mesh_query_point_sign_winding_number(mesh, p, 1.0e6, 2.0, 0.5)
        sign = query.sign
    q = wp.mesh_eval_position(mesh, query.face, query.u, query.v)
    face_out[i] = query.face
    bary_out[i] = wp.vec3(query.u, query.v, 1.0 - query.u - query.v)
    distance_out[i] = sign * wp.length(p - q)


@dataclass
class Closest:
    """face: (P,) triangle of the mesh · bary: (P, 3) weights of its corners · distance: (P,) [cm]."""

    face: np.ndarray
    bary: np.ndarray
    distance: np.ndarray


class DistanceField:
    """Closest points and signed distances to the triangles (T, 3) over vertices (V, 3).

    For signs it must be made ``signed`` and the mesh be closed: pass it through ``close_borders`` first. ``mesh``: the
    same for Warp's kernels.
    """

    def __init__(self, vertices: np.ndarray, triangles: np.ndarray, *, signed: bool = False) -> None:
        self.triangles = triangles
        self.mesh = wp.Mesh(
            points=wp.array(vertices, dtype=wp.vec3, device="cpu"),
            indices=wp.array(triangles.ravel(), dtype=int, device="cpu"),
            support_winding_number=signed,
        )

    def query(self, points: np.ndarray, *, signed: bool = False) -> Closest:
        """Closest point of the mesh for each of ``points`` (P, 3); a distance with its sign takes ten times as long."""
        parts = np.array_split(points, min(workers(), 1 + len(points) // LEAST))
        found = run_all([lambda p=p: self._query(p, signed) for p in parts])
        return Closest(*(np.concatenate(column) for column in zip(*found, strict=True)))

    def _query(self, points: np.ndarray, signed: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Faces, weights and distances of some points (n, 3), in the caller's thread."""
        n = len(points)
        face = wp.empty(n, dtype=int, device="cpu")
        bary = wp.empty(n, dtype=wp.vec3, device="cpu")
        distance = wp.empty(n, dtype=float, device="cpu")
        xs = wp.array(points, dtype=wp.vec3, device="cpu")
        wp.launch(_closest, n, [self.mesh.id, xs, int(signed)], [face, bary, distance], device="cpu")
        return face.numpy(), bary.numpy().astype(np.float64), distance.numpy().astype(np.float64)

    def interpolate(self, closest: Closest, values: np.ndarray) -> np.ndarray:
        """Vertex ``values`` (V, ...) at the closest points."""
        return np.einsum("pk,pk...->p...", closest.bary, values[self.triangles[closest.face]])


def close_borders(vertices: np.ndarray, triangles: np.ndarray, loops: list[np.ndarray]) -> tuple:
    """Vertices and triangles with every border loop closed by a fan around its centroid."""
    points, extra = [vertices], []
    directed = half_edges(triangles)
    for n, loop in enumerate(loops):
        points.append(vertices[loop].mean(0, keepdims=True))
        centre = len(vertices) + n
        a, b = loop, np.roll(loop, -1)
        # A fan runs against the direction in which the skin runs along the border.
        if (directed == [a[0], b[0]]).all(1).any():
            a, b = b, a
        extra.append(np.stack([a, b, np.full(len(a), centre)], axis=1))
    return np.concatenate(points), np.concatenate([triangles, *extra]) if extra else triangles
