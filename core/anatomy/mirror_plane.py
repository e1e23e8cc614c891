# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Mirror planes of a point cloud in any orientation: the cloud's reflection is matched to the cloud itself."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

STARTS = 30  # directions of the plane tried besides the principal axes
ROUNDS = 25  # of closest mirror images
TRIM = 0.8  # share of the points that must have a mirror image: an arm, a parting or a scar may lack one
SAME_ANGLE = np.cos(np.radians(10.0))


@dataclass(frozen=True)
class MirrorPlane:
    """normal (3,) @ x = offset; error: RMS gap of the reflection over the spread of the cloud."""

    normal: np.ndarray
    offset: float
    error: float

    def mirrored(self, points: np.ndarray) -> np.ndarray:
        """The reflection of points (n, 3)."""
        return points - 2.0 * (points @ self.normal - self.offset)[:, None] * self.normal


def hemisphere(count: int) -> np.ndarray:
    """Even unit directions (count, 3) with z > 0 (Fibonacci spiral)."""
    k = np.arange(count) + 0.5
    z, angle = k / count, np.pi * (1.0 + np.sqrt(5.0)) * k
    r = np.sqrt(1.0 - z**2)
    return np.stack([r * np.cos(angle), r * np.sin(angle), z], axis=1)


def mirror_planes(points: np.ndarray, keep: int) -> list[MirrorPlane]:
    """The `keep` best mirror planes of a cloud (n, 3), best first, no two nearly the same."""
    tree, probes = cKDTree(points), points[::3]
    centre = points.mean(axis=0)
    spread = float(np.linalg.norm(points.std(axis=0)))
    axes = np.linalg.eigh(np.cov(points.T))[1].T
    starts = [(n, n @ centre) for n in np.concatenate([axes, hemisphere(STARTS)])]
    found = sorted((settle_plane(tree, points, probes, n, d) for n, d in starts), key=lambda p: p.error)
    kept: list[MirrorPlane] = []
    for plane in found:
        if all(abs(plane.normal @ k.normal) < SAME_ANGLE for k in kept):
            kept.append(MirrorPlane(plane.normal, plane.offset, plane.error / spread))
        if len(kept) == keep:
            break
    return kept


def settle_plane(
    tree: cKDTree, points: np.ndarray, probes: np.ndarray, normal: np.ndarray, offset: float, rounds: int = ROUNDS
) -> MirrorPlane:
    """The plane near a start that mirrors `probes` (m, 3) best onto `points` (n, 3): iterated closest points.

    For matched pairs x, y the squared gap of the reflection is |x - y|^2 + 4 (n x)(n y) about their mean: the best
    normal is the eigenvector of sum x y^T + y x^T with the least eigenvalue.
    """
    plane = MirrorPlane(normal, float(offset), np.inf)
    for _ in range(rounds):
        gap, index = tree.query(plane.mirrored(probes))
        near = gap <= np.quantile(gap, TRIM)
        error = float(np.sqrt((gap[near] ** 2).mean()))
        x, y = probes[near], points[index[near]]
        middle = 0.5 * (x.mean(axis=0) + y.mean(axis=0))
        cross = (x - x.mean(axis=0)).T @ (y - y.mean(axis=0))
        n = np.linalg.eigh(cross + cross.T)[1][:, 0]
        n = n if n @ plane.normal >= 0.0 else -n
        still = np.linalg.norm(n - plane.normal) < 1e-5
        plane = MirrorPlane(n, float(n @ middle), error)
        if still:
            break
    return plane
