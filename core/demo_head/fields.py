# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Smooth fields on the skin: landmark motions spread over the surface, so that one lip never drags the other along."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csc_matrix, diags

from ..physics.equilibrium import factor


def laplacian(vertices: np.ndarray, quads: np.ndarray) -> tuple[csc_matrix, np.ndarray]:
    """Cotangent stiffness (n, n) and vertex areas (n,) [cm2] of quads, each split both ways for symmetry.

    Pinkall and Polthier 1993. Cotangents are kept above 0.05 so that the fields obey a maximum principle.
    """
    n = len(vertices)
    rows, cols, values, area = [], [], [], np.zeros(n)
    for a, b, c in ((0, 1, 2), (0, 2, 3), (0, 1, 3), (1, 2, 3)):
        tri = quads[:, [a, b, c]]
        for k in range(3):
            i, j, o = tri[:, k], tri[:, (k + 1) % 3], tri[:, (k + 2) % 3]
            p, q = vertices[i] - vertices[o], vertices[j] - vertices[o]
            cross = np.linalg.norm(np.cross(p, q), axis=1) + 1e-9
            w = np.maximum(0.25 * (p * q).sum(axis=1) / cross, 0.0125)
            rows += [i, j]
            cols += [j, i]
            values += [w, w]
            np.add.at(area, o, cross / 12.0)
    w = csc_matrix((np.concatenate(values), (np.concatenate(rows), np.concatenate(cols))), shape=(n, n))
    return (diags(np.asarray(w.sum(axis=1)).ravel()) - w).tocsc(), area


def harmonic(
    stiffness: csc_matrix, area: np.ndarray, fixed: np.ndarray, values: np.ndarray, soften: float
) -> np.ndarray:
    """Harmonic field (n,) through values on the fixed mask (n,), then diffused over the length soften [cm]."""
    free = ~fixed
    x = np.where(fixed, values, 0.0)
    rhs = -(stiffness[free][:, fixed] @ x[fixed])
    x[free] = factor(stiffness[free][:, free]).solve(rhs)
    smooth = factor(diags(area) + soften**2 * stiffness)
    return smooth.solve(area * x)


class SurfaceKernel:
    """Green's functions of the screened biharmonic operator at landmark vertices: radial basis functions on the
    surface.
    """

    def __init__(
        self,
        stiffness: csc_matrix,
        area: np.ndarray,
        landmarks: dict[str, np.ndarray],
        reach: float,
        mirror: np.ndarray,
    ):
        """landmarks: name -> left or midline vertices that move as one; reach: decay length [cm]; mirror: (n,) other
        side.

        Every landmark off the midline gets a twin on the other side, named with a trailing apostrophe.
        """
        solver = factor(stiffness + diags(area / reach**2))
        load = np.zeros((len(area), len(landmarks)))
        for column, group in enumerate(landmarks.values()):
            load[group, column] = 1.0 / len(group)
        basis = solver.solve(area[:, None] * solver.solve(load))
        self.names, groups = list(landmarks), [np.asarray(v) for v in landmarks.values()]
        self.on_midline = {n for n, g in zip(self.names, groups, strict=True) if np.all(mirror[g] == g)}
        twins = [k for k, name in enumerate(self.names) if name not in self.on_midline]
        groups += [mirror[groups[k]] for k in twins]
        self.names += [self.names[k] + "'" for k in twins]
        self.basis = np.hstack([basis, basis[mirror][:, twins]])
        self.at = np.stack([self.basis[g].mean(axis=0) for g in groups])  # symmetric

    def interpolate(self, motions: dict[str, np.ndarray]) -> np.ndarray:
        """Field (n, 3) that moves each named landmark group by its motion on average."""
        which = [self.names.index(name) for name in motions]
        system = self.at[np.ix_(which, which)]
        system = system + 1e-6 * np.trace(system) / len(which) * np.eye(len(which))
        return self.basis[:, which] @ np.linalg.solve(system, np.array(list(motions.values())))
