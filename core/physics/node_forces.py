# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What pulls on single nodes, track springs and constant forces, added to what the tets do."""

import numpy as np
import warp as wp

from .flesh import Flesh
from .materials import f64, vec3
from .native import cpu_only

wp.set_module_options({"enable_backward": False})


@wp.func_native(
    cpu_only("""
    double pulled = 0.0, size = 0.0;
    const double *X = &x.data[0][0], *A = &anchor.data[0][0], *R = &rest.data[0][0], *P = &push.data[0][0];
    const double* T = &tet_force.data[0][0];
    double* G = &gradient.data[0][0];
    const int count = x.shape[0];
    for (int i = 0; i < count; ++i) {
        const double k = spring.data[i];
        const int n = rank.data[i];
        for (int c = 0; c < 3; ++c) {
            const int j = 3 * i + c;
            double f = 0.0;
            for (int at = j; at < 3 * tet_force.shape[0]; at += 3 * count) f += T[at];
            size += f * f;
            if (n < 0) continue;
            const double r = X[j] - A[j];
            pulled += 0.5 * k * r * r - P[j] * (X[j] - R[j]);
            G[3 * n + c] = k * r - f - P[j];
        }
    }
    sums.data[0] = pulled;
    sums.data[1] = size;
""")
)
def _node_forces(
    rank: wp.array[int],
    spring: wp.array[f64],
    rest: wp.array[vec3],
    anchor: wp.array[vec3],
    push: wp.array[vec3],
    tet_force: wp.array[vec3],
    x: wp.array[vec3],
    sums: wp.array[f64],
    gradient: wp.array[vec3],
): ...


@wp.kernel
def node_forces(
    # Model:
    rank: wp.array[int],
    spring: wp.array[f64],
    rest: wp.array[vec3],
    # In:
    anchor: wp.array[vec3],
    push: wp.array[vec3],
    tet_force: wp.array[vec3],
    x: wp.array[vec3],
    # Out:
    sums_out: wp.array[f64],
    gradient_out: wp.array[vec3],
):
    """Energy [N cm] of springs and constant forces, squared size of the tets' forces, and gradient [N] of free nodes.

    rank: place of each node among the free ones, -1 of others · tet_force: force of parts of the tets on all nodes, one
    part after another.
    """
    _node_forces(rank, spring, rest, anchor, push, tet_force, x, sums_out, gradient_out)


class NodeForces:
    """Springs and constant forces of one load on a flesh. anchor, force: (N, 3), see ``face_flesh.Load``."""

    def __init__(self, flesh: Flesh, anchor: np.ndarray, force: np.ndarray) -> None:
        rank = np.full(len(flesh.rest), -1, np.int32)
        rank[flesh.free] = np.arange(len(flesh.free), dtype=np.int32)
        self._sums, self._gradient = np.zeros(2), np.empty((len(flesh.free), 3))
        self._inputs = [wp.array(rank, dtype=int, device="cpu"), self._array(flesh.spring, f64)]
        self._inputs += [self._array(a, vec3) for a in (flesh.rest, anchor, force)]
        self._outputs = [self._array(self._sums, f64), self._array(self._gradient, vec3)]
        self._given: tuple[np.ndarray, np.ndarray] | None = None

    @staticmethod
    def _array(values: np.ndarray, dtype: type) -> wp.array:
        return wp.array(np.ascontiguousarray(values, np.float64), dtype=dtype, copy=False, device="cpu")

    def added(self, tet_force: np.ndarray, x: np.ndarray) -> tuple[float, np.ndarray, float]:
        """Energy [N cm], the gradient (n, 3) [N] of the free nodes with that of the tets, and the size [N] of the tets'
        forces; ``tet_force`` (parts, N, 3) on nodes x (N, 3)."""
        if self._given is None or self._given[0] is not tet_force or self._given[1] is not x:
            self._given = tet_force, x
            given = self._array(tet_force.reshape(-1, 3), vec3), self._array(x, vec3)
            self._launch = wp.launch(node_forces, 1, [*self._inputs, *given], self._outputs, device="cpu",
                                     record_cmd=True)  # fmt: skip
        self._launch.launch()
        return float(self._sums[0]), self._gradient.copy(), float(np.sqrt(self._sums[1]))
