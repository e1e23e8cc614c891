# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Skin exposure and the pockets it reveals: the mouth bag and the two eye sockets with their rims."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from ..geometry import surface
from . import rays
from .frame import FaceMarks
from .parts import Part

INNER_EXPOSURE = 0.3  # below: inside a pocket
EYE_EXPOSURE = 0.42  # the same for eyes, whose inner corner is an open trough
_OPAQUE = ("eye_L", "eye_R", "teeth", "tongue", "mouth_inside")
EYE_RADIUS = 1.2  # [cm] adult eyeball
BEHIND = 1.5  # [cm] behind the corners of the mouth no border is one of the face


@dataclass(frozen=True)
class Cavity:
    """A pocket of the skin: its inner vertices and the exposed vertices next to them, the rim."""

    inner: np.ndarray
    rim: np.ndarray


def skin_exposure(
    vertices: np.ndarray,
    skin_triangles: np.ndarray,
    all_triangles: np.ndarray,
    skin: np.ndarray,
    normals: np.ndarray,
    marks: FaceMarks,
    parts: list[Part],
    borders: Sequence[np.ndarray],
) -> np.ndarray:
    """Exposure (V,) of the skin vertices (1 elsewhere), an eyeball put into each socket that has none.

    Eyeballs and what is in the mouth cast shadow; lashes, brows, clothes and other overlays do not. Borders behind the
    face are shut, or light would come into the mouth of a face without a back of the head.
    """
    opaque = np.zeros(len(vertices), bool)
    for part in parts:
        opaque[part.vertices] = part.kind.startswith(_OPAQUE)
    all_triangles = np.concatenate([skin_triangles, all_triangles[opaque[all_triangles[:, 0]]]])
    behind = [b for b in borders if vertices[b, 2].mean() < marks.mouth[2] - BEHIND]
    lids = [vertices[b].mean(axis=0) for b in behind]
    fans = [np.stack([b, np.roll(b, -1), np.full(len(b), len(vertices) + k)], axis=1) for k, b in enumerate(behind)]
    shut, all_triangles = np.concatenate([vertices, *(m[None] for m in lids)]), np.concatenate([all_triangles, *fans])
    exposure = np.ones(len(vertices))
    exposure[skin] = rays.ray_exposure(shut, all_triangles, vertices[skin], normals[skin])
    balls = []
    for side, mark in (("L", marks.eye_left), ("R", marks.eye_right)):
        if any(p.kind == f"eye_{side}" for p in parts):
            continue
        near = skin[np.linalg.norm(vertices[skin] - (mark - [0.0, 0.0, 1.0]), axis=1) < 2.2]
        pocket = near[exposure[near] < INNER_EXPOSURE]
        if len(pocket) > 20:
            p = vertices[pocket]
            centre = 0.5 * (p.min(axis=0) + p.max(axis=0))
            # 5 % smaller than the pocket, so that the lids' own skin is not inside the ball.
            radius = min(EYE_RADIUS * 1.2, 0.95 * float(np.percentile(np.linalg.norm(p - centre, axis=1), 20)))
            balls.append((centre, radius, near))
    if balls:
        v, t = [shut], [all_triangles]
        for centre, radius, _ in balls:
            bv, bt = rays.sphere(centre, radius)
            t.append(bt + sum(len(x) for x in v))
            v.append(bv)
        again = np.unique(np.concatenate([near for _, _, near in balls]))
        with_balls = rays.ray_exposure(np.concatenate(v), np.concatenate(t), vertices[again], normals[again])
        exposure[again] = np.minimum(exposure[again], with_balls)
    return _as_beside(exposure, skin_triangles, behind)


def _as_beside(exposure: np.ndarray, triangles: np.ndarray, borders: Sequence[np.ndarray]) -> np.ndarray:
    """The exposure with that of shut borders taken from the skin beside them: rays from the edge of a lid itself leave
    behind it, so that a mouth bag which ends there would seem to open to the back."""
    on = np.zeros(len(exposure), bool)
    for b in borders:
        on[b] = True
    near = triangles[on[triangles].any(axis=1) & ~on[triangles].all(axis=1)]
    beside = np.where(on[near], 0.0, exposure[near]).sum(axis=1) / (~on[near]).sum(axis=1)
    total, count = np.zeros((2, len(exposure)))
    np.add.at(total, near, beside[:, None])
    np.add.at(count, near, 1.0)
    on &= count > 0
    return np.where(on, total / np.maximum(count, 1.0), exposure)


def find_cavity(
    vertices: np.ndarray,
    neighbours: sp.csr_matrix,
    exposure: np.ndarray,
    skin: np.ndarray,
    mark: np.ndarray,
    reach: float,
    below: float = INNER_EXPOSURE,
) -> Cavity | None:
    """The pocket (exposure under `below`) whose opening is nearest to `mark` within `reach` cm, or None."""
    inner = skin[exposure[skin] < below]
    if len(inner) == 0:
        return None
    count, labels = connected_components(neighbours[inner][:, inner], directed=False)
    best, best_gap = None, reach
    for k in range(count):
        pocket = inner[labels == k]
        if len(pocket) < 6:
            continue
        around = np.unique(neighbours[pocket].indices)
        rim = around[exposure[around] >= below]
        if len(rim) < 4:
            continue
        gap = np.linalg.norm(0.5 * (vertices[rim].min(axis=0) + vertices[rim].max(axis=0)) - mark)
        # Small dents (nostrils, a fold) lie near too: a real pocket has many vertices.
        gap += 1.0 if len(pocket) < 25 else 0.0
        if gap < best_gap:
            best, best_gap = Cavity(pocket, rim), gap
    return best


def hole_rim(vertices: np.ndarray, borders: Sequence[np.ndarray], mark: np.ndarray, reach: float) -> Cavity | None:
    """The open border around `mark` within `reach` cm as a rim without a pocket; None when there is none."""
    near = [b for b in borders if len(b) >= 8 and np.ptp(vertices[b], axis=0).max() < 9.0]
    gaps = [float(np.linalg.norm(vertices[b].mean(axis=0) - mark)) for b in near]
    if not gaps or min(gaps) > reach:
        return None
    return Cavity(np.zeros(0, np.int64), near[int(np.argmin(gaps))])


def outer_triangles(triangles: np.ndarray, exposure: np.ndarray) -> np.ndarray:
    """Those of triangles (T, 3) that lie in no pocket; exposure (V,)."""
    return triangles[(exposure[triangles] > INNER_EXPOSURE).all(axis=1)]


def smooth_exposure(exposure: np.ndarray, neighbours: sp.csr_matrix) -> np.ndarray:
    """Exposure with the ray noise averaged out."""
    return surface.smooth(exposure, neighbours, 2, keep=0.5)
