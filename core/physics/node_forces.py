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
    // One sum for each component: a single one would wait for its last addition at every number.
    double pulled[3] = {}, size[3] = {};
    const double *X = &x.data[0][0], *A = &anchor.data[0][0], *R = &rest.data[0][0], *P = &push.data[0][0];
    const double* T = &tet_force.data[0][0];
    double* G = &gradient.data[0][0];
    const int count = x.shape[0], parts = tet_force.shape[0] / count;
    int n = 0;
    for (int i = 0; i < count; ++i) {
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
    sums: wp.array[f64],
    gradient: wp.array[vec3],
): ...


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
    # Out:
    sums_out: wp.array[f64],
    gradient_out: wp.array[vec3],
):
    """Energy [N cm] of springs and constant forces, squared size of the tets' forces, and gradient [N] of free nodes.

    free: the free nodes, ascending · tet_force: force of parts of the tets on all nodes, one part after another; the
    fourth number is none.
    """
    _node_forces(free, spring, rest, anchor, push, tet_force, x, sums_out, gradient_out)


class NodeForces:
    """Springs and constant forces on a flesh at nodes x (N, 3), with the tets' forces (parts, N, 4) there, of
    which the fourth number is none; both arrays change in place. anchor, force: (N, 3), see ``face_flesh.Load``."""

    def __init__(
        self, flesh: Flesh, anchor: np.ndarray, force: np.ndarray, tet_force: np.ndarray, x: np.ndarray
    ) -> None:
        self._sums, self._gradient = np.zeros(2), np.empty((len(flesh.free), 3))

        def shared(values: np.ndarray, dtype: type) -> wp.array:
            return wp.array(values, dtype=dtype, copy=False, device="cpu")

        given = (flesh.free, wp.int64), (flesh.spring, f64), (flesh.rest, vec3), (anchor, vec3), (force, vec3)
        inputs = [shared(np.ascontiguousarray(values), dtype) for values, dtype in given]
        inputs += [shared(tet_force.reshape(-1, 4), wp.vec4d), shared(x, vec3)]
        outputs = [shared(self._sums, f64), shared(self._gradient, vec3)]
        self._launch = wp.launch(node_forces, 1, inputs, outputs, device="cpu", record_cmd=True)

    def added(self) -> tuple[float, np.ndarray, float]:
        """Energy [N cm], the gradient (n, 3) [N] of the free nodes with that of the tets, and the size [N] of the tets'
        forces."""
        self._launch.launch()
        return float(self._sums[0]), self._gradient.copy(), float(np.sqrt(self._sums[1]))
