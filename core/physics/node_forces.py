# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What pulls on single nodes, track springs and constant forces, added to what the tets do."""

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import warp as wp

from .lanes import PARTS
from .materials import f64, vec3
from .native import cpu_only

if TYPE_CHECKING:
    from .flesh import Flesh

wp.set_module_options({"enable_backward": False})


@wp.func_native(
    cpu_only("""
    const double* G = &given.data[0][0];
    double* X = &x.data[0][0];
    for (int n = 0; n < free.shape[0]; ++n)
        for (int c = 0; c < 3; ++c) X[3 * free.data[n] + c] = G[3 * n + c];
""")
)
def _place_nodes(free: wp.array[wp.int64], given: wp.array[vec3], x: wp.array[vec3]): ...


@wp.func_native(
    cpu_only("""
    // One sum for each component: a single one would wait for its last addition at every number.
    double pulled[3] = {}, size[3] = {};
    const double *X = &x.data[0][0], *A = &anchor.data[0][0], *R = &rest.data[0][0], *P = &push.data[0][0];
    const double* T = &tet_force.data[0][0];
    double* G = &gradient.data[0][0];
    const int count = x.shape[0], parts = tet_force.shape[0] / count;
    for (int i = begin, n = first; i < end; ++i) {
        double f[3] = {};
        for (int part = 0; part < parts; ++part)
            for (int c = 0; c < 3; ++c) f[c] += T[4 * ((long long)part * count + i) + c];
        for (int c = 0; c < 3; ++c) size[c] += f[c] * f[c];
        if (n == free.shape[0] || free.data[n] != i) continue;
        const double k = spring.data[i];
        for (int c = 0; c < 3; ++c) {
            const int j = 3 * i + c;
            const double r = X[j] - A[j];
            pulled[c] += 0.5 * k * r * r - P[j] * (X[j] - R[j]);
            G[3 * n + c] = k * r - f[c] - P[j];
        }
        ++n;
    }
    sums.data[0] = pulled[0] + pulled[1] + pulled[2];
    sums.data[1] = size[0] + size[1] + size[2];
""")
)
def _node_forces(
    free: wp.array[wp.int64],
    spring: wp.array[f64],
    rest: wp.array[vec3],
    anchor: wp.array[vec3],
    push: wp.array[vec3],
    tet_force: wp.array[wp.vec4d],
    x: wp.array[vec3],
    begin: int,
    end: int,
    first: int,
    sums: wp.array[f64],
    gradient: wp.array[vec3],
): ...


@wp.kernel
def place_nodes(free: wp.array[wp.int64], given: wp.array[vec3], x: wp.array[vec3]):
    """Put the free nodes among all nodes x."""
    _place_nodes(free, given, x)


@wp.kernel
def node_forces(
    # Model:
    free: wp.array[wp.int64],
    spring: wp.array[f64],
    rest: wp.array[vec3],
    # In:
    anchor: wp.array[vec3],
    push: wp.array[vec3],
    tet_force: wp.array[wp.vec4d],
    x: wp.array[vec3],
    begin: int,
    end: int,
    first: int,
    # Out:
    sums_out: wp.array[f64],
    gradient_out: wp.array[vec3],
):
    """Of the nodes begin..end: energy [N cm] of springs and constant forces, squared size of the tets' forces, and
    gradient [N] of free nodes.

    free: the free nodes, ascending, ``first`` the first of them in the range · tet_force: force of parts of the tets on
    all nodes, one part after another; the fourth number is none.
    """
    _node_forces(free, spring, rest, anchor, push, tet_force, x, begin, end, first, sums_out, gradient_out)


class NodeForces:
    """Launches that place the free nodes (``place``) and then add springs and constant forces to what the tets do to
    the nodes of a flesh, tet_force (parts, N, 4) (``pulls``). The nodes ``x``, ``anchor``, ``push`` (N, 3), the free
    nodes ``given`` and their ``gradient_out`` (n, 3) are put in by the caller."""

    def __init__(self, flesh: "Flesh", tet_force: np.ndarray) -> None:
        count, free = len(flesh.rest), flesh.free
        self._sums = np.zeros((PARTS, 2))

        def shared(values: np.ndarray, dtype: type) -> wp.array:
            return wp.array(values, dtype=dtype, copy=False, device="cpu")

        index, rest = shared(free, wp.int64), shared(flesh.rest, vec3)
        nodes, gradient = (wp.empty(n, dtype=vec3, device="cpu") for n in (count, len(free)))
        inputs = [index, shared(flesh.spring, f64), rest, nodes, nodes, shared(tet_force.reshape(-1, 4), wp.vec4d)]
        cuts = np.linspace(0, count, PARTS + 1).astype(int)
        first = np.searchsorted(free, cuts).tolist()
        self.place = [wp.launch(place_nodes, 1, [index, gradient, nodes], device="cpu", record_cmd=True)]
        self.pulls = [
            wp.launch(node_forces, 1, [*inputs, nodes, begin, end, first[part]],
                      [shared(self._sums[part], f64), gradient], device="cpu", record_cmd=True)
            for part, (begin, end) in enumerate(pairwise(cuts.tolist()))
        ]  # fmt: skip

    @property
    def sums(self) -> tuple[float, float]:
        """Energy [N cm] of what pulls, and size [N] of the tets' forces."""
        energy, square = self._sums.sum(0).tolist()
        return energy, square**0.5
