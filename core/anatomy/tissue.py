# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Depth of the bone under the skin, from mean adult soft-tissue depths at landmarks.

Midline and cheekbone values: Stephan and Simpson 2008, "Facial soft tissue depths in craniofacial identification
(part I)", weighted adult means; cheek, jaw and temple values rounded from Helmer 1984 and De Greef et al. 2006 (adult
Caucasian means, ultrasound). Lips, lids, nose wing and neck carry depths larger than the flesh is thick, because no
bone lies there.
"""

from collections.abc import Mapping

import numpy as np
import scipy.sparse as sp
from scipy.interpolate import RBFInterpolator
from scipy.spatial import cKDTree

from ..geometry import surface
from .names import without_side
from .rays import RayTarget

# [cm], paired landmarks once.
MEAN_DEPTH = {
    "vertex": 0.5,
    "opisthocranion": 0.6,
    "crown_back": 0.55,
    "parietal": 0.5,
    "mid_forehead": 0.45,
    "forehead_side": 0.45,
    "glabella": 0.55,
    "nasion": 0.65,
    "rhinion": 0.3,
    "nasal_side": 0.4,
    "frontal_process": 0.5,
    "brow_inner": 0.6,
    "brow_mid": 0.65,
    "brow_outer": 0.6,
    "upper_lid": 1.2,
    "lower_lid": 1.2,
    "eye_inner": 0.7,
    "eye_outer": 0.8,
    "nose_tip": 2.6,
    "subnasale": 1.4,
    "mid_philtrum": 1.15,
    "labrale_superius": 1.3,
    "labrale_inferius": 1.35,
    "mentolabial": 1.1,
    "pogonion": 1.1,
    "gnathion": 0.85,
    "menton": 0.75,
    "submental": 2.2,
    "infraorbital": 0.75,
    "canine_fossa": 1.6,
    "ala_crease": 1.3,
    "cheekbone": 0.9,
    "orbit_lateral": 0.6,
    "zygion": 0.7,
    "temple": 1.1,
    "cheek": 2.3,
    "mouth_corner": 1.7,
    "chin_side": 1.2,
    "jaw_body": 1.1,
    "gonion": 1.3,
    "ramus": 1.8,
    "tragus": 2.2,
    "mastoid": 1.6,
    "neck_front": 4.0,
    "neck_side": 4.0,
}
GUM_DEPTH = 0.4  # [cm] mucosa over the alveolar bone
SOCKET_DEPTH = 0.3  # [cm] between the socket pocket and the orbit's wall
NO_BONE = 4.0  # [cm] deeper than any flesh
MAX_THICKNESS = 6.0  # [cm]
CHEEK_WALL = 2.6  # [cm] a mouth bag this near to the outer skin has cheek or lip before it, not bone
CONE = np.radians(35.0)
EDGE = 0.6  # [cm]
LID_WALL = 0.9  # [cm] the same for lids before an eye socket


def paired(values: Mapping[str, float], names: Mapping[str, object]) -> dict[str, float]:
    """Values for the landmarks present, a paired landmark getting its value on both sides."""
    base = {n: without_side(n) for n in names}
    return {n: values[b] for n, b in base.items() if b in values}


def landmark_depth(points: np.ndarray, landmarks: Mapping[str, np.ndarray]) -> np.ndarray:
    """Mean adult bone depth (n,) in cm at skin points (n, 3): log depth, interpolated by radial functions."""
    depth = paired(MEAN_DEPTH, landmarks)
    anchors = np.array([landmarks[n] for n in depth])
    # The linear kernel (a biharmonic spline in space) neither overshoots nor peaks at the anchors.
    field = RBFInterpolator(anchors, np.log(list(depth.values())), kernel="linear", degree=0, smoothing=0.02)
    return np.clip(np.exp(field(points)), 0.9 * min(depth.values()), NO_BONE)


def flesh_thickness(vertices: np.ndarray, triangles: np.ndarray, skin: np.ndarray) -> np.ndarray:
    """Way (V,) from each skin vertex inwards to the next skin surface, at most MAX_THICKNESS cm.

    At the edge of a lip or lid straight in is along it: where a ray tilted by CONE meets skin within EDGE, that counts.
    """
    normals = surface.vertex_normals(vertices, triangles)[skin]
    helper = np.where(np.abs(normals[:, :1]) > 0.8, [0.0, 1.0, 0.0], [1.0, 0.0, 0.0])
    across = np.cross(normals, helper)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    other = np.cross(normals, across)
    target = RayTarget(vertices, triangles)

    def way(inward: np.ndarray) -> np.ndarray:
        hits = target.first_hits(vertices[skin] - 0.03 * normals, inward)
        return np.fmin(np.linalg.norm(hits - vertices[skin], axis=1), MAX_THICKNESS)

    thickness = way(-normals)
    for tilt in (across, -across, other, -other):
        slanted = way(np.sin(CONE) * tilt - np.cos(CONE) * normals)
        thickness = np.where(slanted < EDGE, np.minimum(thickness, slanted), thickness)
    result = np.full(len(vertices), MAX_THICKNESS)
    result[skin] = thickness
    return result


def bone_depth(
    vertices: np.ndarray,
    skin: np.ndarray,
    triangles: np.ndarray,
    landmarks: Mapping[str, np.ndarray],
    pockets: Mapping[str, np.ndarray],
    neighbours: sp.csr_matrix,
) -> tuple[np.ndarray, np.ndarray]:
    """Bone depth (V,) under each skin vertex and the flesh thickness (V,), both in cm.

    Where the flesh is thinner than skin and mucosa together (lips, lids, cheeks over the mouth bag, nose wings, ears)
    there is no bone: the depth is then at least the thickness. Behind the margins of lips and lids the depth is that
    of the skin before them: straight in from a margin the way is long, but no bone lies in it.
    """
    thickness = flesh_thickness(vertices, triangles, skin)
    thickness[skin] = surface.smooth(thickness, neighbours, 2, keep=0.5)[skin]
    depth = np.full(len(vertices), NO_BONE)
    depth[skin] = landmark_depth(vertices[skin], landmarks)
    inner = np.concatenate([np.zeros(0, int), *pockets.values()])
    outer = np.setdiff1d(skin, inner)
    near = cKDTree(vertices[outer])
    for name, pocket in pockets.items():
        lining, wall = (GUM_DEPTH, CHEEK_WALL) if name == "mouth" else (SOCKET_DEPTH, LID_WALL)
        gap, nearest = near.query(vertices[pocket])
        before = depth[outer[nearest]]
        depth[pocket] = np.where(gap < before, before, np.where(thickness[pocket] < wall, NO_BONE, lining))
    thin = outer[depth[outer] + GUM_DEPTH > thickness[outer]]
    depth[thin] = np.maximum(depth[thin], thickness[thin])
    depth[skin] = np.exp(surface.smooth(np.log(depth), neighbours, 3, keep=0.5))[skin]
    depth[thin] = np.maximum(depth[thin], thickness[thin])
    return depth, thickness
