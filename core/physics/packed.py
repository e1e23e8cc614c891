# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""A factor laid out for solving by it again and again, three numbers for each node at a time."""

from itertools import pairwise
from threading import Lock

import numpy as np
import warp as wp

from ..team import Batch
from . import front_sweeps
from .dissection import BRANCHES, Ordering


class PackedFactor:
    """Solves A x = b for b (n, 3) by a factor of A in fronts, on all cores.

    values: the factor, float32 or float64, its fronts column by column from ``panel`` (fronts + 1,) on · rows: rows of
    A to a node, 3, or 1 where A acts on each coordinate alike · rough: round a single precision factor to three digits,
    which are read in half the time.
    """

    def __init__(
        self, ordering: Ordering, values: np.ndarray, panel: np.ndarray, *, rows: int = 3, rough: bool = False
    ) -> None:
        self._ordering, self._busy = ordering, Lock()
        real = wp.float32 if values.dtype == np.float32 else wp.float64
        kept = wp.uint16 if rough else real

        def shared(array: np.ndarray, dtype: type = real) -> wp.array:
            return wp.array(array, dtype=dtype, copy=False, device="cpu")

        def launch(name: str, *inputs: object) -> wp.Launch:
            return wp.launch(front_sweeps.TYPED[name, kept], 1, [ordering.fronts, *inputs], device="cpu",
                             record_cmd=True)  # fmt: skip

        starts = ordering.packed_at(64 // values.itemsize, rows)
        at = wp.array(starts, dtype=wp.int64, device="cpu")
        numbers = np.dtype(np.uint16) if rough else values.dtype
        self._values = ordering.lend(-(-int(starts[-1]) * numbers.itemsize // 8))
        packed = shared(self._values.view(numbers)[: starts[-1]], kept)
        cuts = np.searchsorted(starts, starts[-1] * np.arange(BRANCHES + 1) / BRANCHES).tolist()
        given = at, wp.array(panel, dtype=wp.int64, device="cpu"), rows, shared(values)
        Batch([launch("pack", *given, *cut, packed) for cut in pairwise(cuts)])()
        n, sides, parts = len(ordering.order), 3 // rows, range(BRANCHES)
        # The largest front and the padding of its last rows.
        room = sides * (int(ordering.sizes[:, 2].max(initial=0)) * rows // 3 + 64)
        rooms = [wp.empty(room, dtype=real, device="cpu") for _ in parts]
        own, x = np.empty((BRANCHES, 3 * n), values.dtype), wp.empty(3 * n, dtype=real, device="cpu")
        self._turn = np.empty((n, 3, 3), np.float32)
        self._turned: np.ndarray | None = None
        before, after = (wp.empty(n, dtype=wp.vec3d, device="cpu") for _ in range(2))
        turn = 0, shared(self._turn, wp.mat33f)
        left = shared(own.ravel())

        def over(ranges: wp.array) -> tuple:
            return at, packed, sides, ranges, *turn

        up = [launch("up_branch", *over(ordering.branches[k]), before, shared(own[k]), rooms[k]) for k in parts]
        trunk = launch("trunk", *over(ordering.trunk), before, left, x, rooms[0], after)
        down = [launch("down_branch", *over(ordering.branches[k]), shared(own[k]), x, rooms[k], after) for k in parts]
        self._sweeps = Batch(up, [trunk], down)

    def __del__(self) -> None:
        if hasattr(self, "_values"):
            self._ordering.take_back(self._values)

    def __call__(self, b: np.ndarray, turn: np.ndarray | None = None) -> np.ndarray:
        """x of b, (n, 3) or flat: float64, same shape. With rotations ``turn`` (n, 3, 3) of the nodes, that of the
        system turned by them: R A^-1 R^T b."""
        with self._busy:
            if turn is not self._turned:
                self._turn_by(turn)
            given = np.ascontiguousarray(b, np.float64)
            out = np.empty_like(given)
            self._sweeps.put(given=given, result=out)
            self._sweeps()
            return out

    def _turn_by(self, turn: np.ndarray | None) -> None:
        """Turn solutions from now on."""
        self._turned = turn
        if turn is not None:
            self._turn[:] = turn
        self._sweeps.put(turned=int(turn is not None))
