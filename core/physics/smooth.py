# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The inverse of a scalar Laplacian on the three coordinates at once: the cheapest preconditioner of the flesh."""

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as spla

from .dissection import Ordering
from .packed import PackedFactor
from .pattern import starts


def smooth_inverse(ordering: Ordering, matrix: sp.spmatrix) -> PackedFactor:
    """Solves A x = b for b (n, 3), to some three digits; A (n, n) symmetric positive definite with the pattern of the
    ordering. Raises ValueError where it is not."""
    order = ordering.order
    options = {"SymmetricMode": True}
    lu = spla.splu(sp.csc_matrix(matrix)[order][:, order], permc_spec="NATURAL", diag_pivot_thresh=0.0,
                   options=options)  # fmt: skip
    if not (np.array_equal(lu.perm_r, np.arange(len(order))) and (lu.U.diagonal() > 0.0).all()):
        raise ValueError("the matrix is not positive definite")
    panel, values = _panels(ordering, sp.csc_matrix(lu.L @ sp.diags(np.sqrt(lu.U.diagonal()))))
    return PackedFactor(ordering, values, panel, rows=1, rough=True)


def _panels(ordering: Ordering, lower: sp.csc_matrix) -> tuple[np.ndarray, np.ndarray]:
    """Where the dense panels of the fronts start, and their numbers, column by column, of a factor L (n, n)."""
    first = ordering.fronts.first.numpy()
    pivots, _, height = (ordering.sizes.astype(np.int64) // 3).T
    panel = starts(pivots * height)
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
