# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Weighted sums of what many tracks do to many points: most tracks move a part of the face only."""

from collections.abc import Sequence

import numpy as np
import warp as wp

from .lanes import PARTS
from .materials import f64
from .native import cpu_only, launch_ranges

wp.set_module_options({"enable_backward": False})

BLOCK = 64
"""Numbers that are left out together where a track has none."""


@wp.func_native(
    cpu_only(f"""
    typedef double real __attribute__((vector_size(64)));
    typedef float half __attribute__((vector_size(32)));
    const int V = {BLOCK} / 8;
    for (int b = begin; b < end; ++b) {{
        real sum[V] = {{}};
        for (int r = start.data[b]; r < start.data[b + 1]; ++r) {{
            const double w = weight.data[owner.data[r]];
            if (w == 0.0) continue;
            for (int v = 0; v < V; ++v) {{
                half part;
                __builtin_memcpy(&part, row.data + {BLOCK} * (long long)r + 8 * v, sizeof part);
                sum[v] += w * __builtin_convertvector(part, real);
            }}
        }}
        __builtin_memcpy(out.data + {BLOCK} * b, sum, sizeof sum);
    }}
""")
)
def _sum(
    start: wp.array[int],
    owner: wp.array[int],
    row: wp.array[wp.float32],
    weight: wp.array[f64],
    begin: int,
    end: int,
    out: wp.array[f64],
): ...


@wp.kernel
def weighted_sum(
    # Model:
    start: wp.array[int],
    owner: wp.array[int],
    row: wp.array[wp.float32],
    # In:
    weight: wp.array[f64],
    begin: int,
    end: int,
    # Out:
    out: wp.array[f64],
):
    """Blocks begin..end of the sum; block b has rows ``start[b]`` to ``start[b + 1]``, each of one track."""
    _sum(start, owner, row, weight, begin, end, out)


class WeightedSum:
    """Sums rows (n,) of tracks, given one by one, by weights; the rows are kept in single precision."""

    def __init__(self, rows: Sequence[np.ndarray]) -> None:
        self._shape = rows[0].shape if len(rows) else (0,)
        self._size = int(np.prod(self._shape))
        blocks = -(-self._size // BLOCK)
        place, kept = [np.zeros(0, int)], [np.zeros((0, BLOCK), np.float32)]
        for given in rows:
            padded = np.zeros(blocks * BLOCK, np.float32)
            padded[: self._size] = given.ravel()
            padded = padded.reshape(-1, BLOCK)
            place.append(np.flatnonzero(padded.any(1)))
            kept.append(padded[place[-1]])
        owner = np.repeat(np.arange(len(rows)), [len(p) for p in place[1:]])
        place = np.concatenate(place)
        order = np.argsort(place, kind="stable")
        start = np.searchsorted(place[order], np.arange(blocks + 1))
        self._inputs = [
            wp.array(start, dtype=int, device="cpu"),
            wp.array(owner[order], dtype=int, device="cpu"),
            wp.array(np.concatenate(kept)[order].ravel(), dtype=wp.float32, device="cpu"),
        ]
        self._cuts = np.linspace(0, blocks, PARTS + 1).astype(int).tolist()

    def __call__(self, weights: np.ndarray) -> np.ndarray:
        """Sum at weights (K,), float64, in the shape of a row."""
        out = np.empty(self._cuts[-1] * BLOCK)
        weight = wp.array(np.asarray(weights, np.float64), dtype=f64, device="cpu")
        into = wp.array(out, dtype=f64, copy=False, device="cpu")
        launch_ranges(weighted_sum, self._cuts, [*self._inputs, weight], [into])
        return out[: self._size].reshape(self._shape)
