# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Blocks of flesh to deform, the forces in their nodes and the tractions on their faces."""

from dataclasses import dataclass
from itertools import permutations

import numpy as np
from muscle_face.core.physics.flesh import Fibres, Flesh

MODULI = {"mooney_rivlin": (0.6, 0.2, 30.0), "stable_neo_hookean": (1.6, 27.0, 0.0)}
"""Moduli [N/cm2] of each law: (mu10, mu01, kappa), and Lame's (mu, lambda, unused). Soft and hardly compressible."""

SIGMA_MAX = 30.0
"""Maximal isometric stress of a muscle [N/cm2]."""


@dataclass(frozen=True)
class Block:
    """Nodes (N, 3) and tets (T, 4) of a block [0, size], in cubes of six tets, its inner nodes shaken."""

    size: np.ndarray
    nodes: np.ndarray
    tets: np.ndarray

    def face(self, axis: int) -> np.ndarray:
        """(N,) nodes on the far face across an axis."""
        return self.nodes[:, axis] > self.size[axis] - 1e-9

    @property
    def inner(self) -> np.ndarray:
        """(N,) nodes on no face."""
        return ((self.nodes > 1e-9) & (self.nodes < self.size - 1e-9)).all(1)


def block(size: tuple = (1.2, 0.8, 0.5), cells: tuple = (4, 3, 3), shake: float = 0.03) -> Block:
    """A block of flesh, of unequal edges so that no area or volume passes for another."""
    shape = np.array(cells) + 1
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1).reshape(-1, 3)
    nodes = index / (shape - 1) * size
    inside = ((index > 0) & (index < shape - 1)).all(1)
    nodes += shake * np.random.default_rng(3).standard_normal(nodes.shape) * inside[:, None]
    cubes = index[(index < shape - 1).all(1)]
    paths = [np.cumsum([[0, 0, 0], *np.eye(3, dtype=int)[list(order)]], axis=0) for order in permutations(range(3))]
    corners = np.concatenate([cubes[:, None] + path for path in paths])
    tets = np.ravel_multi_index(tuple(np.moveaxis(corners, -1, 0)), tuple(shape))
    turned = np.linalg.det(nodes[tets[:, 1:]] - nodes[tets[:, :1]]) < 0
    tets[turned] = tets[turned][:, [0, 2, 1, 3]]
    return Block(np.array(size, float), nodes, tets)


def edges(x: np.ndarray, tets: np.ndarray) -> np.ndarray:
    """(T, 3, 3) edge vectors of the tets in columns."""
    return (x[tets[:, 1:]] - x[tets[:, :1]]).transpose(0, 2, 1)


def fibres_along(direction: tuple, tets: int) -> Fibres:
    """Fibres of one muscle in every tet."""
    return Fibres(np.zeros(tets, np.int32), np.arange(tets, dtype=np.int32), np.full(tets, SIGMA_MAX),
                  np.tile(np.array(direction, float), (tets, 1)), 1)  # fmt: skip


def flesh_of(nodes: np.ndarray, tets: np.ndarray, law: str, *, moduli: tuple | None = None,
             fibres: Fibres | None = None, fixed: np.ndarray | None = None, **more) -> Flesh:  # fmt: skip
    """Homogeneous flesh without springs."""
    n = len(nodes)
    return Flesh(nodes, tets, np.tile(moduli or MODULI[law], (len(tets), 1)), fibres or Fibres.none(),
                 np.zeros(n, bool) if fixed is None else fixed, np.zeros(n), law=law, **more)  # fmt: skip


def forces(flesh: Flesh, x: np.ndarray, activation: float | None = None) -> tuple[float, np.ndarray]:
    """Energy and nodal forces at x."""
    workspace = flesh.workspace()
    workspace.set_activation(np.full(flesh.fibres.count, activation or 0.0))
    return workspace.tet_energy_and_force(x)


def tractions(b: Block, force: np.ndarray) -> np.ndarray:
    """(3, 3) pull on the far faces per rest area, one face a column: the nominal stress of a homogeneous block."""
    areas = b.size.prod() / b.size
    return np.stack([-force[b.face(k)].sum(0) / areas[k] for k in range(3)], axis=1)


def traction_error(b: Block, force: np.ndarray, stress: np.ndarray) -> float:
    """Worst difference [N/cm2] of the tractions on the faces from a homogeneous stress, and of inner forces from 0."""
    inner = np.abs(force[b.inner]).max() / (b.size.prod() / b.size).min()
    return max(np.abs(tractions(b, force) - stress).max(), inner)
