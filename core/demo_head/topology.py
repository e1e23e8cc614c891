# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Which vertex is joined to which: the left half of the skin as a grid of quads with ring patches in its holes.

The grid covers the head (columns from front to back, rows from neck to crown). Rectangular holes for mouth, eye and ear
are filled with concentric rings; the last ring of a pocket, and the crown, are closed by a small grid: quads only.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

COLUMNS = 40  # cells from the front to the back midline
ROWS = 54  # cells from the neck border to the crown cap
MOUTH_HOLE = (0, 13, 14, 20)  # first and last column, first and last row
EYE_HOLE = (6, 16, 33, 39)
NOSTRIL_HOLE = (1, 5, 21, 24)
EAR_HOLE = (24, 30, 14, 34)
CROWN_CAP = (11, 18)
BAG_CAP = (12, 8)
SOCKET_CAP = (8, 8)
NOSTRIL_CAP = (4, 3)
EAR_CAP = (6, 20)


@dataclass
class Topology:
    """Vertex numbers of the left half. Rings: (ring, step); a mouth ring runs from lower to
    upper midline, the middle step is the corner.
    """

    grid: np.ndarray
    crown: np.ndarray
    mouth: np.ndarray
    bag: np.ndarray
    eye: np.ndarray
    socket: np.ndarray
    nostril: np.ndarray
    nostril_cap: np.ndarray
    ear: np.ndarray
    concha: np.ndarray
    faces: np.ndarray
    count: int
    midline: np.ndarray = field(repr=False)


class _Builder:
    def __init__(self) -> None:
        self.count = 0
        self.faces: list[np.ndarray] = []

    def new(self, *shape: int) -> np.ndarray:
        n = int(np.prod(shape))
        block = np.arange(self.count, self.count + n).reshape(shape)
        self.count += n
        return block

    def quads(self, grid: np.ndarray, closed: bool = False, flip: bool = False) -> None:
        """Faces of a block of vertex numbers; closed joins the last column to the first; negative numbers are holes."""
        if closed:
            grid = np.hstack([grid, grid[:, :1]])
        q = np.stack([grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]], axis=2).reshape(-1, 4)
        q = q[(q >= 0).all(axis=1)]
        self.faces.append(q[:, ::-1] if flip else q)

    def rings(self, border: np.ndarray, ring_count: int) -> np.ndarray:
        """ring_count further rings inside a border; returns (ring_count + 1, steps) numbers."""
        return np.vstack([border[None], self.new(ring_count, len(border))])


def hole_ring(hole: tuple[int, int, int, int]) -> list[tuple[int, int]]:
    """Grid places round a hole, counter-clockwise from the middle of its outer (last column) side."""
    i0, i1, j0, j1 = hole
    middle = (j0 + j1) // 2
    path = [(i1, j) for j in range(middle, j1)] + [(i, j1) for i in range(i1, i0, -1)]
    path += [(i0, j) for j in range(j1, j0, -1)] + [(i, j0) for i in range(i0, i1)]
    return path + [(i1, j) for j in range(j0, middle)]


def half_hole_path(hole: tuple[int, int, int, int]) -> list[tuple[int, int]]:
    """The same for a hole that straddles the midline: from the lower to the upper midline."""
    _, i1, j0, j1 = hole
    return [(i, j0) for i in range(i1)] + [(i1, j) for j in range(j0, j1)] + [(i, j1) for i in range(i1, -1, -1)]


def _cap_from_ring(build: _Builder, ring: np.ndarray, cells: tuple[int, int]) -> np.ndarray:
    """Close a ring (steps,) by a grid of columns x rows cells; step 0 is the middle of the last column's side."""
    n, m = cells
    block = np.full((n + 1, m + 1), -1)
    for number, (i, j) in zip(ring, hole_ring((0, n, 0, m)), strict=True):
        block[i, j] = number
    block[1:n, 1:m] = build.new(n - 1, m - 1)
    build.quads(block.T)
    return block


def _cap_from_half_path(build: _Builder, path: np.ndarray, cells: tuple[int, int]) -> np.ndarray:
    """The same for half a ring that ends on the midline."""
    n, m = cells
    block = np.full((n + 1, m + 1), -1)
    for number, (i, j) in zip(path, half_hole_path((0, n, 0, m)), strict=True):
        block[i, j] = number
    block[:n, 1:m] = build.new(n, m - 1)
    build.quads(block.T)
    return block


def build_topology(mouth_rings: int, eye_rings: int, ear_rings: int, nostril_rings: int) -> Topology:
    """Number the left half; the arguments count the rings inside each hole's border."""
    build = _Builder()
    inside = np.zeros((COLUMNS + 1, ROWS + 1), bool)
    for i0, i1, j0, j1 in (MOUTH_HOLE, EYE_HOLE, EAR_HOLE, NOSTRIL_HOLE):
        inside[(i0 + 1 if i0 else 0) : i1, j0 + 1 : j1] = True
    grid = np.full(inside.shape, -1)
    grid[~inside] = build.new(int((~inside).sum()))
    build.quads(grid.T)
    at = np.array
    mouth = build.rings(at([grid[p] for p in half_hole_path(MOUTH_HOLE)]), mouth_rings)
    eye = build.rings(at([grid[p] for p in hole_ring(EYE_HOLE)]), eye_rings)
    ear = build.rings(at([grid[p] for p in hole_ring(EAR_HOLE)]), ear_rings)
    nostril = build.rings(at([grid[p] for p in hole_ring(NOSTRIL_HOLE)]), nostril_rings)
    build.quads(mouth)
    build.quads(nostril, closed=True)
    build.quads(eye, closed=True)
    build.quads(ear, closed=True)
    bag = _cap_from_half_path(build, mouth[-1], BAG_CAP)
    socket = _cap_from_ring(build, eye[-1], SOCKET_CAP)
    nostril_cap = _cap_from_ring(build, nostril[-1], NOSTRIL_CAP)
    concha = _cap_from_ring(build, ear[-1], EAR_CAP)
    crown = _cap_from_half_path(build, grid[:, -1], CROWN_CAP)
    midline = np.unique(np.concatenate([grid[0], grid[-1], mouth[:, 0], mouth[:, -1], bag[0], crown[0]]))
    return Topology(
        grid, crown, mouth, bag, eye, socket, nostril, nostril_cap, ear, concha, np.vstack(build.faces), build.count,
        midline[midline >= 0],
    )  # fmt: skip
