# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The mouth of a head without jawOpen opened for the mesher, so that its lips are not glued.

How far each point goes with the jaw is harmonic over the skin between what surely stays (the upper lip, the skin over
the skull) and what surely goes along (the lower lip, the skin over the mandible). Lips that touch are told apart by the
way they face.
"""

from collections.abc import Mapping

import numpy as np
import scipy.sparse as sp

from ..physics.equilibrium import factor
from .jaw import Jaw

LIP_HEIGHT = 0.9  # [cm] of the lips' skin over and under the mouth line
CONTACT = 0.25  # [cm] within which of the line lips touch, so that their height does not tell them apart
LIP_DEPTH = 1.6  # [cm] behind the line to which the lips reach
CORNER = 0.95  # share of the mouth's half width to which the lips part; beyond they join
SURE = 0.02  # share of the mandible in the bone below which skin stays, and above 1 - SURE goes along


def opening_share(
    x: np.ndarray,
    skin: np.ndarray,
    normals: np.ndarray,
    neighbours: sp.csr_matrix,
    points: Mapping[str, np.ndarray],
    bone_share: np.ndarray,
    exposure: np.ndarray,
) -> np.ndarray:
    """(V,) share of the jaw's motion that each vertex takes; 0 off the skin.

    normals: (V, 3) outwards · bone_share: (V,) share of the mandible in the bone below · exposure: (V,).
    """
    right, middle, left = (points[n] for n in ("mouth_corner_R", "stomion", "mouth_corner_L"))
    line = np.array([right, middle, left])
    rel = x - np.stack([x[:, 0], *(np.interp(x[:, 0], line[:, 0], line[:, k]) for k in (1, 2))], axis=1)
    along = np.abs(x[:, 0] - middle[0]) / (0.5 * (left[0] - right[0]))
    near = (along < CORNER) & (np.abs(rel[:, 1]) < LIP_HEIGHT) & (rel[:, 2] > -LIP_DEPTH)
    facing = np.where(np.abs(normals[:, 1]) > 0.3, -normals[:, 1], rel[:, 1])
    upper = np.where(np.abs(rel[:, 1]) < CONTACT, facing, rel[:, 1]) > 0.0
    outer = (exposure > 0.3) & ~near
    # Towards the corners both lips come to move alike, so that the mouth opens to an oval.
    joined = 0.5 * np.minimum(along, 1.0) ** 3
    share = np.where(near, np.where(upper, joined, 1.0 - joined), bone_share)
    known = near | (outer & ((bone_share < SURE) | (bone_share > 1.0 - SURE)))
    is_skin = np.zeros(len(x), bool)
    is_skin[skin] = True
    free = np.flatnonzero(is_skin & ~known)
    held = np.flatnonzero(is_skin & known)
    out = np.zeros(len(x))
    out[held] = share[held]
    if len(free):
        degree = np.asarray(neighbours.sum(axis=1)).ravel()
        rows = (sp.diags(degree) - neighbours).tocsr()[free]
        system = rows[:, free] + sp.diags(np.full(len(free), 1e-9))
        out[free] = factor(system.tocsc()).solve(-(rows[:, held] @ out[held]))
    return np.clip(out, 0.0, 1.0)


def opened(x: np.ndarray, share: np.ndarray, jaw: Jaw, opening: float) -> np.ndarray:
    """Vertices (V, 3) with each taken along by its share of the jaw's motion."""
    r, t = jaw.motion(opening, 0.0, 0.0)
    return x + share[:, None] * (x @ r.T + t - x)
