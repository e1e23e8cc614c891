# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""A head modelled on one side of a mirror, handed over without its other half."""

import numpy as np

from ..errors import MuscleFaceError
from ..geometry import surface
from .face_search import search_face

TRIALS = 300  # planes through three vertices of the borders
FLAT = 5e-3  # of a mesh's size that a border in one plane may leave it by
LEAST_EDGE = 20  # vertices of the border in that plane
ACROSS = np.cos(np.radians(10.0))  # of that plane to the face's left


def refuse_half(vertices: np.ndarray, triangles: np.ndarray) -> None:
    """Raises MuscleFaceError when a surface that shows no face ends in a plane and shows one mirrored in it."""
    plane = _end_plane(vertices, triangles)
    if plane is None:
        return
    normal, offset = plane
    mirrored = vertices - 2.0 * (vertices @ normal - offset)[:, None] * normal
    both = np.concatenate([triangles, triangles[:, ::-1] + len(vertices)])
    found = search_face(np.concatenate([vertices, mirrored]), both)
    if found is not None and abs(float(found.axes[0] @ normal)) > ACROSS:
        raise MuscleFaceError("Only one half of a head is there: apply its Mirror modifier, or mirror the mesh, first.")


def _end_plane(vertices: np.ndarray, triangles: np.ndarray) -> tuple[np.ndarray, float] | None:
    """Unit normal (3,) and offset of the plane that all of a surface lies on one side of and that most of its border
    lies in; None where there is no such plane."""
    edge = vertices[np.concatenate([np.zeros(0, np.int64), *surface.border_loops(triangles)])]
    if len(edge) < LEAST_EDGE:
        return None
    used = vertices[np.unique(triangles)]
    tolerance = FLAT * np.linalg.norm(np.ptp(used, axis=0))
    a, b, c = edge[np.random.default_rng(4).integers(len(edge), size=(3, TRIALS))]
    normals = np.cross(b - a, c - a)
    length = np.linalg.norm(normals, axis=1)
    whole = length > tolerance**2  # three vertices in one line span no plane
    if not whole.any():
        return None
    a, normals = a[whole], normals[whole] / length[whole, None]
    offsets = (normals * a).sum(axis=1)
    beyond = used @ normals.T - offsets
    ends = (beyond.max(axis=0) < tolerance) | (beyond.min(axis=0) > -tolerance)
    on = ((np.abs(edge @ normals.T - offsets) < tolerance) & ends).sum(axis=0)
    best = int(np.argmax(on))
    return (normals[best], float(offsets[best])) if on[best] >= LEAST_EDGE else None
