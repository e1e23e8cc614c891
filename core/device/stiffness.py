# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Layout of the stiffness between free nodes on the device: 3 x 3 blocks in slices of rows (SELL), diagonal first."""

import numpy as np
import warp as wp

from ..physics.flesh import Flesh
from ..physics.pattern import starts
from . import flesh_kernels, solve_kernels
from .flesh_kernels import SLICE, mat33f

# Position of block (r, c), r <= c, among the ten that ``tet_stiffness`` writes.
_UPPER = np.array([[0, 1, 2, 3], [1, 4, 5, 6], [2, 5, 7, 8], [3, 6, 8, 9]])


class Stiffness:
    """Where every element block goes. lining: (C,) nodes that may touch the teeth · order: (n,) positions in
    ``flesh.free`` of the rows on the device."""

    def __init__(self, flesh: Flesh, lining: np.ndarray, order: np.ndarray, device: wp.Device) -> None:
        pattern = flesh.pattern(free=True)
        n = len(order)
        rank = np.empty(n, np.int64)
        rank[order] = np.arange(n)
        count = np.diff(pattern.indptr)[order]
        width = np.maximum.reduceat(count, np.arange(0, n, SLICE))
        slice_start = starts(width * SLICE)
        # Blocks row by row in the order of the device, each with its place in the slices.
        row = np.repeat(np.arange(n), count)
        slot = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
        source = np.repeat(pattern.indptr[order], count) + slot
        diagonal = pattern.diagonal[order][row]
        # The diagonal block trades places with those before it in its row.
        source = np.where(slot == 0, diagonal, np.where(source <= diagonal, source - 1, source))
        place = slice_start[row // SLICE] + row % SLICE + SLICE * slot
        self.size = int(slice_start[-1])
        column = np.zeros(self.size, np.int32)
        column[place] = rank[pattern.indices[source]]
        start, member = self._members(pattern.start.numpy(), pattern.corner.numpy(), source, place)
        node_of_row = flesh.free[order]
        row_of_node = np.full(len(flesh.rest), -1)
        row_of_node[node_of_row] = np.arange(n)
        lining_of_node = np.full(len(flesh.rest), -1)
        lining_of_node[lining] = np.arange(len(lining))
        lists = (slice_start, count, column, start, member, node_of_row, row_of_node, lining_of_node,
                 lining_of_node[node_of_row])  # fmt: skip
        (self.slice_start, self.row_count, self.column, self.block_start, self.block_member, self.node_of_row,
         self.row_of_node, self.lining_of_node, self.lining_of_row) = (
            wp.array(a.astype(np.int32), dtype=int, device=device) for a in lists)  # fmt: skip
        self.row_spring = wp.array(flesh.spring[node_of_row], dtype=float, device=device)
        self.rows, self.device = n, device

    def _members(self, start: np.ndarray, corner: np.ndarray, source: np.ndarray, place: np.ndarray) -> tuple:
        """CSR lists (start, member) of the element blocks at each place; a transposed block m is written as ~m."""
        tet, r, c = corner // 16, corner % 16 // 4, corner % 4
        code = 10 * tet + _UPPER[r, c]
        code = np.where(r <= c, code, ~code)
        count = np.zeros(self.size, np.int64)
        count[place] = np.diff(start)[source]
        of_place = np.zeros(self.size, np.int64)
        of_place[place] = start[:-1][source]
        begin = starts(count)
        inside = np.arange(begin[-1]) - np.repeat(begin[:-1], count)
        return begin, code[np.repeat(of_place, count) + inside]

    def assemble(
        self, on: wp.array, element: wp.array, contact: wp.array, blocks: wp.array, diagonal_inverse: wp.array
    ) -> None:
        """Blocks (B, size) and inverse diagonal blocks (B, n) from element blocks (B, 10 T) and the lining's (B, C)."""
        batch, d = blocks.shape[0], self.device
        wp.launch(flesh_kernels.gather_blocks, (batch, self.size), [self.block_start, self.block_member, on, element],
                  [blocks], device=d)  # fmt: skip
        wp.launch(flesh_kernels.close_diagonal, (batch, self.rows), [self.slice_start, self.row_spring,
                  self.lining_of_row, on, contact, blocks], [diagonal_inverse], device=d)  # fmt: skip

    def multiply(self, on: wp.array, blocks: wp.array, p: wp.array, q: wp.array, terms: wp.array) -> None:
        """q = K p, and the terms of p . q."""
        wp.launch(solve_kernels.stiffness_product, p.shape, [self.slice_start, self.row_count, self.column, on,
                  blocks, p], [q, terms], device=self.device)  # fmt: skip

    def blocks(self, batch: int) -> wp.array:
        """Room for B stiffnesses."""
        return wp.zeros((batch, self.size), dtype=mat33f, device=self.device)
