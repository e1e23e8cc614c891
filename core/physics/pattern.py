# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Which blocks the stiffness of tets fills."""

from dataclasses import dataclass

import numpy as np
import warp as wp


@dataclass(frozen=True)
class Pattern:
    """Block-sparse pattern of a stiffness: CSR ``indptr``, ``indices``; ``diagonal``: position of each row's diagonal
    block; and which element blocks fall on each block (device arrays)."""

    indptr: np.ndarray
    indices: np.ndarray
    diagonal: np.ndarray
    start: wp.array
    corner: wp.array

    @classmethod
    def of(cls, tets: np.ndarray, nodes: np.ndarray, count: int, device: str) -> "Pattern":
        """The blocks between some ``nodes`` (n,), in their order, of tets (T, 4) among ``count`` nodes."""
        n = len(nodes)
        index = np.full(count, -1, np.int64)
        index[nodes] = np.arange(n)
        rows, cols = index[np.repeat(tets, 4, axis=1).ravel()], index[np.tile(tets, (1, 4)).ravel()]
        corner = np.flatnonzero((rows >= 0) & (cols >= 0))
        rows, cols = rows[corner], cols[corner]
        member = np.lexsort((short(cols, n), short(rows, n)))
        keys = rows[member] * n + cols[member]
        first = np.flatnonzero(np.diff(keys, prepend=-1))
        start, keys = np.append(first, len(keys)), keys[first]
        indptr = np.searchsorted(keys, np.arange(n + 1) * n)
        diagonal = np.searchsorted(keys, np.arange(n) * (n + 1))
        return cls._on(device, indptr, keys % n, diagonal, start, corner[member])

    def part(self, kept: np.ndarray, tet_number: np.ndarray) -> "Pattern":
        """The blocks between the rows ``kept`` (m,), ascending, all of whose tets are kept: nothing is sorted again.

        ``tet_number``: (T,) the tets' new numbers, which ascend.
        """
        number = np.full(len(self.indptr) - 1, -1)
        number[kept] = np.arange(len(kept))
        at = _runs(self.indptr, kept)
        rows = np.repeat(np.arange(len(kept)), self.indptr[kept + 1] - self.indptr[kept])
        stays = number[self.indices[at]] >= 0
        rows, block = rows[stays], at[stays]
        columns = number[self.indices[block]]
        start, corner = self.start.numpy(), self.corner.numpy()
        members = corner[_runs(start, block)]
        return self._on(
            self.corner.device,
            starts(np.bincount(rows, minlength=len(kept))),
            columns,
            np.flatnonzero(rows == columns),
            starts(start[block + 1] - start[block]),
            16 * tet_number[members // 16] + members % 16,
        )

    @classmethod
    def _on(
        cls,
        device: str,
        indptr: np.ndarray,
        indices: np.ndarray,
        diagonal: np.ndarray,
        start: np.ndarray,
        corner: np.ndarray,
    ) -> "Pattern":
        indptr, indices, start, corner = (a.astype(np.int32) for a in (indptr, indices, start, corner))
        return cls(indptr, indices, diagonal, *(wp.array(a, dtype=int, device=device) for a in (start, corner)))


def short(keys: np.ndarray, count: int) -> np.ndarray:
    """The keys in 0..count-1 as numbers of 16 bits where those do: NumPy sorts them six times as fast."""
    return keys.astype(np.uint16) if count <= 1 << 16 else keys


def starts(counts: np.ndarray | list[int]) -> np.ndarray:
    """Where each of consecutive runs starts, and the end: (len(counts) + 1,)."""
    return np.concatenate([[0], np.cumsum(counts, dtype=int)])


def dofs(nodes: np.ndarray) -> np.ndarray:
    """(3n,) rows of the coordinates of nodes (n,), node by node, in vectors and matrices over all nodes."""
    return (3 * nodes[:, None] + np.arange(3)).ravel()


def _runs(start: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Positions of some of the consecutive runs that begin at ``start``, run after run."""
    begin, count = start[which].astype(int), start[which + 1] - start[which]
    return np.arange(count.sum()) + np.repeat(begin - starts(count)[:-1], count)
