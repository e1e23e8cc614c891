# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What each tet consists of, and to which part of the face each node belongs."""

import numpy as np
from scipy.spatial import cKDTree

from ..geometry.field import DistanceField
from ..geometry.quality import signed_volume
from .cavities import outer_triangles
from .head import Head

SKIN_THICKNESS = 0.2
"""Epidermis and dermis of an adult face [cm] (rounded from ultrasound means of 1.5 to 2.5 mm)."""

REGIONS = {
    "brow": ("brow_inner", "brow_mid", "brow_outer", "glabella", "mid_forehead", "forehead_side"),
    "eye": ("eye_inner", "eye_outer", "upper_lid", "lower_lid"),
    "nose": ("nose_tip", "nasion", "rhinion", "nasal_side", "ala", "subnasale"),
    "cheek": ("cheek", "cheekbone", "infraorbital", "canine_fossa"),
    "mouth": ("mouth_corner", "stomion", "upper_lip", "lower_lip", "mid_philtrum", "mentolabial"),
    "jaw": ("pogonion", "menton", "chin_side", "jaw_body", "gonion", "submental"),
    "neck": ("neck_front", "neck_side", "mastoid", "tragus", "opisthocranion", "vertex", "parietal", "temple"),
}
"""Parts of the face, each with the landmarks around which it lies."""

# Sample points of a tet: centres of the four corner pieces and of what is left.
_SAMPLES = np.concatenate([np.full((4, 4), 0.15) + 0.4 * np.eye(4), np.full((1, 4), 0.25)])


def skin_share(
    vertices: np.ndarray, triangles: np.ndarray, exposure: np.ndarray, nodes: np.ndarray, tets: np.ndarray
) -> np.ndarray:
    """(T,) share of each tet's volume that lies within the thickness of the outer skin.

    vertices (V, 3), triangles (F, 3) of the skin, exposure (V,); nodes (N, 3), tets (T, 4) of the flesh.
    """
    field = DistanceField(vertices, outer_triangles(triangles, exposure))
    points = np.einsum("sk,tki->tsi", _SAMPLES, nodes[tets])
    depth = field.query(points.reshape(-1, 3)).distance.reshape(len(tets), -1)
    # A sample stands for a blob of a third of the tet's size: its share fades in over that depth.
    edge = np.cbrt(6.0 * np.abs(signed_volume(nodes, tets)))[:, None]
    return np.clip(0.5 + (SKIN_THICKNESS - depth) / np.maximum(0.6 * edge, 1e-9), 0.0, 1.0).mean(1)


def face_regions(head: Head, nodes: np.ndarray) -> np.ndarray:
    """(N,) int8 index in REGIONS of the part of the face whose landmarks are nearest."""
    owner, points = [], []
    for k, names in enumerate(REGIONS.values()):
        for name in names:
            for full in (name, f"{name}_L", f"{name}_R"):
                if full in head.landmarks:
                    owner.append(k)
                    points.append(head.landmarks[full])
    return np.array(owner, np.int8)[cKDTree(np.array(points)).query(nodes)[1]]
