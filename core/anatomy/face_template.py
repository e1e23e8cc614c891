# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The face that others are compared with: the project's own demo head, in its normalised frame [cm]."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from ..geometry import surface
from ..progress import silent
from .rays import RayTarget

# What is looked for: hairline to chin, cheek to cheek [cm].
TOP, BOTTOM, HALF_WIDTH = 5.0, -11.0, 6.0
PIXEL = 1.0  # [cm] of the depth image
SAMPLES = 900  # points of the template
COLUMNS = np.arange(-HALF_WIDTH, HALF_WIDTH + 0.01, PIXEL)
ROWS = np.arange(TOP, BOTTOM - 0.01, -PIXEL)


@dataclass(frozen=True)
class FaceTemplate:
    """points, normals: (n, 3) samples of the face, its sides and jaw; landmarks: name -> (3,);
    depth: (ROWS, COLUMNS) how far its front reaches, NaN beside it."""

    points: np.ndarray
    normals: np.ndarray
    landmarks: dict[str, np.ndarray]
    depth: np.ndarray


def front_depth(target: RayTarget, axes: np.ndarray, origin: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Depth (rows, columns) of a surface along its front axis, seen from the front: NaN where there is none.

    axes: (3, 3) rows left, up, front; x (columns,), y (rows,): places on them from `origin` (3,).
    """
    far = 1e3
    grid = np.stack(np.broadcast_arrays(x[None, :], y[:, None], np.float64(far)), axis=-1).reshape(-1, 3)
    hits = target.first_hits(grid @ axes + origin, -axes[2])
    return ((hits - origin) @ axes[2]).reshape(len(y), len(x))


@cache
def face_template() -> FaceTemplate:
    """The template, made on first use."""
    from ..demo_head.head import build_head, feature_corners
    from .find_face import find_face

    head = build_head()
    face = find_face(head.vertices, head.faces, {}, feature_corners(head), silent)
    x, triangles = face.vertices, face.outer
    centre = x[triangles].mean(axis=1)
    normals = surface.triangle_normals(x, triangles)
    area = np.linalg.norm(normals, axis=1)
    normals /= area[:, None]
    facing = (normals[:, 2] > -0.1) & (centre[:, 1] < TOP + 2.0) & (centre[:, 1] > BOTTOM - 0.5) & (centre[:, 2] > 1.0)
    rng = np.random.default_rng(3)
    chosen = rng.choice(len(centre), SAMPLES, replace=False, p=np.where(facing, area, 0.0) / area[facing].sum())
    depth = front_depth(RayTarget(x, triangles), np.eye(3), np.zeros(3), COLUMNS, ROWS)
    return FaceTemplate(centre[chosen], normals[chosen], face.landmarks, depth)
