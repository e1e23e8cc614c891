# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The anatomy of a pose as lines, triangles and points to draw, in the user's frame and unit."""

from typing import TYPE_CHECKING

import numpy as np

from .geometry import quality
from .geometry.surface import triangle_normals

if TYPE_CHECKING:
    from .face import FaceModel

_SIDES = np.array([[0, 1], [1, 2], [2, 0]])


def to_user(model: "FaceModel", x: np.ndarray) -> np.ndarray:
    """Points (..., 3) of the normalised frame in the user's."""
    return model.rig.head_frame().to_user(x)


def fibre_lines(model: "FaceModel", nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """((n, 2, 3) ends of a stroke along each tet's fibres at nodes (N, 3), (n,) its muscle).

    A stroke is as long as its tet is wide, so that the strokes of a muscle join into its course.
    """
    rig, flesh = model.rig, model.flesh
    corners = nodes[rig.tets[rig.fibre_tet]]
    gradients = flesh.shape_gradients[rig.fibre_tet]
    # Along the fibre the corners move by x F d, F = sum_c x_c (dN_c/dX)^T.
    along = np.einsum("tci,tc->ti", corners, np.einsum("tcj,tj->tc", gradients, rig.fibre_direction))
    half = 0.5 * np.cbrt(6.0 * flesh.volume[rig.fibre_tet])[:, None] * along
    centre = corners.mean(1)
    return to_user(model, np.stack([centre - half, centre + half], 1)), rig.fibre_muscle


def boundary(tets: np.ndarray) -> np.ndarray:
    """(F, 3) faces that one tet of (T, 4) has alone, wound outwards."""
    return tets[:, quality.FACES][quality.boundary_faces(tets)]


def bone_surface(model: "FaceModel") -> tuple[np.ndarray, np.ndarray]:
    """((F, 3) nodes of the triangles where flesh meets bone, wound out of the bone, (F,) 1 cranium or 2 mandible)."""
    faces = boundary(model.rig.tets)
    bone = model.rig.bone[faces]
    on_bone = (bone > 0).all(1)
    # Outwards of the flesh is into the bone.
    return faces[on_bone][:, ::-1], bone[on_bone].max(1)


def cut_edges(model: "FaceModel") -> np.ndarray:
    """(E, 2) nodes of the edges on the outside of the face's left half: the flesh cut open along the midplane."""
    rig = model.rig
    left = rig.nodes[rig.tets].mean(1)[:, 0] > 0.0
    return quality.unique_edges(boundary(rig.tets[left]), _SIDES)


def shade(points: np.ndarray, triangles: np.ndarray, light: np.ndarray) -> np.ndarray:
    """(F,) brightness 0.25 .. 1 of triangles under a light from a direction (3,)."""
    normals = triangle_normals(points, triangles)
    normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return 0.25 + 0.75 * np.abs(normals @ (light / np.linalg.norm(light)))
