# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Rays against the head: how much of the outside each vertex sees, and where a ray first meets the skin."""

import numpy as np
import warp as wp

from ..geometry.field import DistanceField
from ..parallel import run_all

wp.set_module_options({"enable_backward": False})

RAYS = 96
"""Rays from each vertex: its exposure comes in steps of one per cent."""

PART = 1024
"""Points whose exposure one thread works out at a time."""


@wp.kernel
def _see_out(
    mesh: wp.uint64,
    origins: wp.array[wp.vec3],
    normals: wp.array[wp.vec3],
    directions: wp.array[wp.vec3],
    reach: float,
    seen: wp.array[float],
):
    """Share of cosine-distributed directions about the normal along which a ray leaves without a hit."""
    i = wp.tid()
    n = normals[i]
    helper = wp.vec3(1.0, 0.0, 0.0)
    if wp.abs(n[0]) > 0.8:
        helper = wp.vec3(0.0, 1.0, 0.0)
    t = wp.normalize(wp.cross(n, helper))
    b = wp.cross(n, t)
    free = float(0.0)
    for k in range(directions.shape[0]):
        d = directions[k]
        ray = t * d[0] + b * d[1] + n * d[2]
        hit = wp.mesh_query_ray(mesh, origins[i] + n * 0.01, ray, reach)
        if not hit.result:
            free += 1.0
    seen[i] = free / float(directions.shape[0])


@wp.kernel
def _first_hit(
    mesh: wp.uint64,
    origins: wp.array[wp.vec3],
    directions: wp.array[wp.vec3],
    distance: wp.array[float],
):
    """Distance along each ray to its first hit, negative (minus one more) from behind, -1 without a hit."""
    i = wp.tid()
    distance[i] = -1.0
    hit = wp.mesh_query_ray(mesh, origins[i], directions[i], 1.0e3)
    if hit.result:
        distance[i] = hit.t
        if hit.sign < 0.0:
            distance[i] = -1.0 - hit.t


class RayTarget:
    """A triangle mesh to cast rays at and to find closest points on."""

    def __init__(self, vertices: np.ndarray, triangles: np.ndarray):
        self.triangles = triangles
        self._field = DistanceField(vertices, triangles)

    def first_hits(self, origins: np.ndarray, directions: np.ndarray, both_sides: bool = True) -> np.ndarray:
        """First hit points (n, 3) of rays from `origins` (n, 3) along unit `directions`; NaN where there is none.

        Without `both_sides` a first hit on the back of a triangle counts as none.
        """
        origins = np.atleast_2d(np.asarray(origins, float))
        directions = np.broadcast_to(np.asarray(directions, float), origins.shape)
        distance = wp.zeros(len(origins), dtype=float, device="cpu")
        wp.launch(
            _first_hit,
            dim=len(origins),
            inputs=[
                self._field.mesh.id,
                wp.array(origins, dtype=wp.vec3, device="cpu"),
                wp.array(directions, dtype=wp.vec3, device="cpu"),
            ],
            outputs=[distance],
            device="cpu",
        )
        t = distance.numpy().astype(float)[:, None]
        if both_sides:
            t = np.where(t < -1.0, -1.0 - t, t)
        return np.where(t >= 0.0, origins + t * directions, np.nan)

    def closest(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Corners (n, 3) and weights (n, 3) of the mesh point closest to each of `points` (n, 3)."""
        found = self._field.query(np.asarray(points, float))
        # In single precision they sum to 1 but for rounding, which a mesh far from its origin multiplies.
        return self.triangles[found.face], found.bary / found.bary.sum(axis=1, keepdims=True)


def cosine_directions(count: int) -> np.ndarray:
    """About `count` unit directions (n, 3) about +Z with density cos: a Fibonacci spiral on the disc, lifted.

    One quadrant mirrored into the others, so that a symmetric head has symmetric exposure.
    """
    k = np.arange(count) + 0.5
    radius, angle = np.sqrt(k / count), np.pi * (1.0 + np.sqrt(5.0)) * k
    rays = np.stack([radius * np.cos(angle), radius * np.sin(angle), np.sqrt(1.0 - radius**2)], axis=1)
    quadrant = rays[(rays[:, 0] > 0.0) & (rays[:, 1] > 0.0)]
    return np.concatenate([quadrant * [a, b, 1.0] for a in (1.0, -1.0) for b in (1.0, -1.0)])


def ray_exposure(
    vertices: np.ndarray, triangles: np.ndarray, origins: np.ndarray, normals: np.ndarray, reach: float = 40.0
) -> np.ndarray:
    """Exposure (n,) in 0..1 of points (n, 3) [cm] with outward normals against a triangle mesh."""
    mesh = wp.Mesh(
        wp.array(vertices, dtype=wp.vec3, device="cpu"),
        wp.array(triangles.ravel(), dtype=wp.int32, device="cpu"),
    )
    directions = wp.array(cosine_directions(RAYS), dtype=wp.vec3, device="cpu")

    def some(part: slice) -> np.ndarray:
        n = len(origins[part])
        seen = wp.zeros(n, dtype=float, device="cpu")
        at, up = (wp.array(x[part], dtype=wp.vec3, device="cpu") for x in (origins, normals))
        wp.launch(_see_out, n, [mesh.id, at, up, directions, float(reach)], [seen], device="cpu")
        return seen.numpy()

    # Vertices that see the same lie near each other: dealt out in small parts, no core gets only the slow ones.
    parts = [slice(k, k + PART) for k in range(0, len(origins), PART)]
    return np.concatenate([np.zeros(0), *run_all([lambda p=p: some(p) for p in parts])])


def sphere(centre: np.ndarray, radius: float, rings: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """A closed sphere as vertices (n, 3) and triangles (m, 3): a stand-in for a missing eyeball."""
    lat = np.linspace(0.0, np.pi, rings + 1)
    lon = np.linspace(0.0, 2.0 * np.pi, 2 * rings, endpoint=False)
    grid = np.stack(
        [
            np.outer(np.sin(lat), np.cos(lon)),
            np.repeat(np.cos(lat)[:, None], len(lon), axis=1),
            np.outer(np.sin(lat), np.sin(lon)),
        ],
        axis=2,
    )
    vertices = centre + radius * grid.reshape(-1, 3)
    i, j = np.meshgrid(np.arange(rings), np.arange(2 * rings), indexing="ij")
    a, right = i * 2 * rings + j, i * 2 * rings + (j + 1) % (2 * rings)
    below, below_right = a + 2 * rings, right + 2 * rings
    halves = ((a, below, right), (right, below, below_right))
    return vertices, np.concatenate([np.stack(h, axis=-1).reshape(-1, 3) for h in halves])
