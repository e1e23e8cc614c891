# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Laying the template's face onto a surface: by a similarity first, then by a smooth warp."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.distance import cdist

from ..geometry import surface
from .face_template import FaceTemplate
from .jaw import rotation_matrix
from .rays import RayTarget

ROUNDS = 30  # of closest planes
KEPT = 0.8  # share of the template that must find the surface: hair, ears and wounds may hide some
CAP = 1.5  # [cm] farther surface pulls as little as this
HANDLES = 140  # samples of the template that carry the kernels of the warp
SMOOTHNESS = ((6.0, 1.0), (4.0, 0.3), (2.5, 0.1))  # width [cm] of the warp's kernel, weight of its bending
BEND_ROUNDS = 6  # for each width of the kernels


class SkinTarget:
    """A surface with normals to lay the template onto."""

    def __init__(self, vertices: np.ndarray, triangles: np.ndarray):
        self.rays = RayTarget(vertices, triangles)
        self._vertices = vertices
        self._normals = surface.vertex_normals(vertices, triangles)

    def closest(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The nearest surface point and its unit normal, (n, 3) each, for points (n, 3)."""
        corners, bary = self.rays.closest(points)
        normal = np.einsum("nc,nci->ni", bary, self._normals[corners])
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
        return np.einsum("nc,nci->ni", bary, self._vertices[corners]), normal


@dataclass(frozen=True)
class Placement:
    """x = scale * rotation @ template + translation, and the template's mean gap to the surface there [cm]."""

    scale: float
    rotation: np.ndarray
    translation: np.ndarray
    gap: float = np.inf

    def apply(self, points: np.ndarray) -> np.ndarray:
        """Template points (n, 3) in the surface's frame."""
        return self.scale * points @ self.rotation.T + self.translation


def settle_placement(template: FaceTemplate, target: SkinTarget, start: Placement, rounds: int = ROUNDS) -> Placement:
    """The similarity near a start that lays the template best onto the surface: iterated closest planes (Chen and
    Medioni 1992), the worst matches left out."""
    placed = start
    for _ in range(rounds):
        x = placed.apply(template.points)
        at, normal = target.closest(x)
        gap = (at - x) / placed.scale
        agree = np.einsum("ni,ni->n", normal, template.normals @ placed.rotation.T)
        cost = np.minimum(np.linalg.norm(gap, axis=1), CAP) + 0.5 * (1.0 - agree)
        use = cost <= np.quantile(cost, KEPT)
        placed = replace(placed, gap=float(np.minimum(cost, 2.0).mean()))
        arm = (x - placed.translation) / placed.scale
        rows = np.concatenate([np.cross(arm, normal), normal, np.einsum("ni,ni->n", normal, arm)[:, None]], axis=1)[use]
        right = np.einsum("ni,ni->n", normal, gap)[use]
        damping = np.diag([3.0] * 3 + [0.3] * 3 + [30.0])
        step = np.linalg.solve(rows.T @ rows + damping, rows.T @ right)
        placed = Placement(
            placed.scale * float(np.exp(np.clip(step[6], -0.1, 0.1))),
            rotation_matrix(step[:3]) @ placed.rotation,
            placed.translation + placed.scale * step[3:6],
            placed.gap,
        )
        if np.abs(step).max() < 1e-3:
            break
    return placed


def warp_landmarks(template: FaceTemplate, target: SkinTarget, placed: Placement) -> dict[str, np.ndarray]:
    """The template's landmarks carried onto the surface, name -> (3,) in the surface's frame.

    The warp is a sum of Gaussian kernels at HANDLES samples, stiff at first and then bending more and more (as in
    Myronenko and Song 2010, but with closest points whose normals agree).
    """
    source, normals = template.points, template.normals
    handles = source[:: max(1, len(source) // HANDLES)]
    shift = np.zeros_like(source)
    names = list(template.landmarks)
    marks = np.array([template.landmarks[n] for n in names])
    carried = np.zeros_like(marks)
    for width, stiffness in SMOOTHNESS:
        basis = np.exp(-cdist(source, handles, "sqeuclidean") / (2.0 * width**2))
        at_marks = np.exp(-cdist(marks, handles, "sqeuclidean") / (2.0 * width**2))
        gram = np.exp(-cdist(handles, handles, "sqeuclidean") / (2.0 * width**2))
        base, base_marks = shift.copy(), carried.copy()
        for _ in range(BEND_ROUNDS):
            x = placed.apply(source + shift)
            at, normal = target.closest(x)
            gap = ((at - x) / placed.scale) @ placed.rotation
            agree = np.einsum("ni,ni->n", normal, normals @ placed.rotation.T)
            weight = np.clip(2.0 * agree - 0.6, 0.0, 1.0) * np.exp(-((np.linalg.norm(gap, axis=1) / CAP) ** 2))
            wanted = shift - base + gap
            left = basis.T @ (weight[:, None] * basis) + stiffness * gram + 1e-6 * np.eye(len(handles))
            amount = np.linalg.solve(left, basis.T @ (weight[:, None] * wanted))
            shift, carried = base + basis @ amount, base_marks + at_marks @ amount
    return dict(zip(names, placed.apply(marks + carried), strict=True))
