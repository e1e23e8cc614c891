# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The inverse of a stiffness factored in one pose, turned with the flesh to serve in another.

Lips that roll and a jaw that opens turn the directions in which flesh resists most, those of its volume. Each node's
part of the inverse is turned by the rotation of the flesh around it (warped stiffness, Müller et al., SCA 2002).
"""

from functools import partial

import numpy as np
import warp as wp

from .equilibrium import Operator
from .flesh import Flesh
from .materials import f64, mat33, vec3
from .packed import PackedFactor

wp.set_module_options({"enable_backward": False})

TURNS = wp.constant(5)
"""Steps of the iteration for the polar decomposition; stretches of two need no more."""

NEAR = wp.constant(f64(1.0e-6))
"""Squared size of a step after which no other is taken: each squares what is left."""


@wp.func
def _rotation(F: mat33) -> mat33:
    """Rotation of F by Newton's iteration (Higham 1986); none where F is nearly flat or turned over."""
    R = F
    size = wp.length_sq(F[0]) + wp.length_sq(F[1]) + wp.length_sq(F[2])
    if wp.determinant(F) < f64(1.0e-2) * wp.sqrt(size) * size:
        return wp.identity(n=3, dtype=f64)
    for _turn in range(TURNS):
        step = f64(0.5) * (wp.transpose(wp.inverse(R)) - R)
        R += step
        if wp.length_sq(step[0]) + wp.length_sq(step[1]) + wp.length_sq(step[2]) < NEAR:
            break
    return R


@wp.kernel
def rotations(
    # Model:
    node: wp.array[int],
    start: wp.array[int],
    neighbour: wp.array[int],
    # In:
    before: wp.array[vec3],
    after: wp.array[vec3],
    # Out:
    out: wp.array[mat33],
):
    """Rotation of the flesh around each of the nodes, from positions ``before`` to ``after``."""
    i = wp.tid()
    n = node[i]
    moved = mat33()
    still = mat33()
    for k in range(start[n], start[n + 1]):
        d = before[neighbour[k]] - before[n]
        # An edge counts by its direction, whatever its length.
        d_weighted = d / wp.max(wp.length_sq(d), f64(1.0e-12))
        moved += wp.outer(after[neighbour[k]] - after[n], d_weighted)
        still += wp.outer(d, d_weighted)
    out[i] = _rotation(moved * wp.inverse(still))


class Warping:
    """Turns inverses over the free nodes of one flesh."""

    def __init__(self, flesh: Flesh) -> None:
        self._flesh, pattern = flesh, flesh.pattern(free=False)
        given = flesh.free, pattern.indptr, pattern.indices
        self._inputs = [wp.array(np.asarray(a, np.int32), dtype=int, device="cpu") for a in given]

    def rotations(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """(n, 3, 3) rotations of the flesh around the free nodes between positions (N, 3) of all nodes."""
        out = wp.empty(len(self._flesh.free), dtype=mat33, device="cpu")
        places = [wp.array(np.ascontiguousarray(x), dtype=vec3, copy=False, device="cpu") for x in (before, after)]
        self._flesh.launch(rotations, out.shape[0], [*self._inputs, *places], [out], each=(0,))
        return out.numpy()

    def turned(self, inverse: PackedFactor, before: np.ndarray, after: np.ndarray) -> Operator:
        """An inverse that belongs to nodes ``before`` (N, 3), for nodes ``after`` (N, 3)."""
        return partial(inverse, turn=self.rotations(before, after))
