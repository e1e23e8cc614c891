# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The inverse of a scalar Laplacian on the three coordinates at once: the cheapest preconditioner of the flesh."""

from threading import Lock

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as spla
import warp as wp

from . import front_sweeps
from .dissection import Ordering

WIDTH = 16
"""Single-precision numbers in a vector register."""


class SmoothInverse:
    """Solves A x = b for b (n, 3); A (n, n) symmetric positive definite with the pattern of an ordering."""

    def __init__(self, ordering: Ordering, matrix: sp.spmatrix) -> None:
        order = ordering.order
        n = len(order)
        options = {"SymmetricMode": True}
        lu = spla.splu(sp.csc_matrix(matrix)[order][:, order], permc_spec="NATURAL", diag_pivot_thresh=0.0,
                       options=options)  # fmt: skip
        if not (np.array_equal(lu.perm_r, np.arange(n)) and (lu.U.diagonal() > 0.0).all()):
            raise ValueError("the matrix is not positive definite")
        panel, values = _panels(ordering, sp.csc_matrix(lu.L @ sp.diags(np.sqrt(lu.U.diagonal()))))
        at = ordering.packed_at(WIDTH, 1)
        self._order, self._turn = order, Lock()
        starts, packed = wp.array(at, dtype=wp.int64, device="cpu"), wp.empty(int(at[-1]), wp.float32, device="cpu")
        factor = wp.array(values, dtype=wp.float32, device="cpu")
        where = wp.array(panel, dtype=wp.int64, device="cpu")
        fronts = ordering.fronts
        pack, solve = (front_sweeps.TYPED[name, wp.float32] for name in ("pack", "solve_three"))
        inputs = [fronts, starts, where, 1, factor, 0, len(panel) - 1]
        wp.launch(pack, 1, inputs, [packed], device="cpu")
        self._x = np.empty((n, 3), np.float32)
        x = wp.array(self._x.ravel(), dtype=wp.float32, copy=False, device="cpu")
        rows = int(ordering.sizes[:, 2].max(initial=0)) // 3 + WIDTH
        room = wp.empty(3 * rows, dtype=wp.float32, device="cpu")
        self._solve = wp.launch(solve, 1, [fronts, starts, packed, x, room], device="cpu", record_cmd=True)

    def __call__(self, b: np.ndarray) -> np.ndarray:
        """x (n, 3), to some six digits."""
        with self._turn:
            self._x[:] = b.take(self._order, 0)
            self._solve.launch()
            out = np.empty(self._x.shape)
            out[self._order] = self._x
        return out


def _panels(ordering: Ordering, lower: sp.csc_matrix) -> tuple[np.ndarray, np.ndarray]:
    """Where the dense panels of the fronts start, and their numbers, column by column, of a factor L (n, n)."""
    first = ordering.fronts.first.numpy()
    pivots, _, height = (ordering.sizes.astype(np.int64) // 3).T
    panel = np.concatenate([[0], np.cumsum(pivots * height)])
    values = np.zeros(panel[-1], np.float32)
    for f, boundary in enumerate(ordering.boundary):
        k, p, h = int(first[f]), int(pivots[f]), int(height[f])
        begin, end = lower.indptr[k], lower.indptr[k + p]
        row = lower.indices[begin:end]
        column = np.repeat(np.arange(p), np.diff(lower.indptr[k : k + p + 1]))
        inside = row < k + p
        place = np.where(inside, row - k, 0)
        place[~inside] = p + np.searchsorted(boundary, row[~inside])
        values[panel[f] + column * h + place] = lower.data[begin:end]
    return panel, values
