# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Energy and forces of a flesh, evaluated again and again at poses that change: on any device, and fast on a CPU."""

from typing import TYPE_CHECKING

import numpy as np
import warp as wp

from ..team import Batch
from . import kernels, lane_kernels
from .lanes import PARTS, Strain, roomy
from .materials import f64, mat33, vec3
from .node_forces import NodeForces

if TYPE_CHECKING:
    from .flesh import Flesh


class _Evaluated:
    """parts: (parts, N, 4) forces [N] of parts of the flesh and its fibres on every node, at the last evaluation; the
    fourth number of each is none."""

    flesh: "Flesh"
    parts: np.ndarray

    def tet_forces(self, x: np.ndarray) -> float:
        """Energy [N cm] of flesh and fibres at x (N, 3); leaves their forces in ``parts``."""
        raise NotImplementedError

    def turned_over(self, x: np.ndarray) -> int:
        """Number of tets that nodes x (N, 3) turn over or flatten."""
        return int((self.flesh.volume_ratio(x) <= 0.0).sum())

    def tet_energy_and_force(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Energy [N cm] of flesh and fibres at x (N, 3), and the force (N, 3) [N] on every node, without springs."""
        return self.tet_forces(x), self.parts.sum(0)[:, :3]


class Workspace(_Evaluated):
    """Reused device buffers of one caller; two threads need two of them."""

    def __init__(self, flesh: "Flesh") -> None:
        self.flesh = flesh
        d, n, t = flesh.device, len(flesh.rest), len(flesh.tets)
        self._x = wp.empty(n, dtype=vec3, device=d)
        self._activation = wp.zeros(flesh.fibres.count + 1, dtype=f64, device=d)
        self._energy = wp.empty(t, dtype=f64, device=d)
        self._corner = wp.empty((t, 4), dtype=vec3, device=d)
        self._force, self.parts = wp.empty(n, dtype=vec3, device=d), np.empty((1, n, 4))
        self._natural = flesh.natural(None)
        self._nodes = NodeForces(flesh, self.parts)
        self._place, self._pull = Batch(self._nodes.place), Batch(self._nodes.pulls)

    def set_activation(self, activation: np.ndarray) -> None:
        """Activations (muscles,) for the evaluations that follow."""
        self._activation.assign(np.append(activation, 0.0))

    def set_strain(self, strain: Strain) -> None:
        """Stress-free logarithmic strain of the passive flesh for the evaluations that follow."""
        self._natural = self.flesh.natural(strain)

    def tet_forces(self, x: np.ndarray) -> float:
        """See ``_Evaluated.tet_forces``."""
        f, d = self.flesh, self.flesh.device
        self._x.assign(x)
        inputs = [*f.kernel_arrays(), self._natural.inverse, self._natural.slack, self._x, self._activation]
        wp.launch(kernels.tet_forces, len(f.tets), inputs, [self._energy, self._corner], device=d)
        inputs = [*f.node_corners, self._corner.flatten()]
        wp.launch(kernels.gather_forces, len(f.rest), inputs, [self._force], device=d)
        self.parts[0, :, :3] = self._force.numpy()
        return float(self._energy.numpy().sum())

    def pull(self, x: np.ndarray, anchor: np.ndarray, force: np.ndarray) -> None:
        """See ``LaneWorkspace.pull``."""
        self._pulled = x, *(np.ascontiguousarray(a, np.float64) for a in (anchor, force))
        self._place.put(x=x)
        self._pull.put(**dict(zip(("x", "anchor", "push"), self._pulled, strict=True)))

    def free_energy(self, free: np.ndarray) -> tuple[float, np.ndarray, float]:
        """See ``LaneWorkspace.free_energy``."""
        free = np.ascontiguousarray(free, np.float64)
        gradient = np.empty_like(free)
        self._place.put(given=free)
        self._place()
        energy = self.tet_forces(self._pulled[0])
        self._pull.put(gradient_out=gradient)
        self._pull()
        pulled, size = self._nodes.sums
        return energy + pulled, gradient, size


class LaneWorkspace(_Evaluated):
    """The same on the CPU, eight tets at a time and on several cores."""

    def __init__(self, flesh: "Flesh") -> None:
        self.flesh, self._lanes = flesh, flesh.lanes
        n, lanes = len(flesh.rest), self._lanes
        self._x, self._activation = roomy(flesh.rest), np.zeros(flesh.fibres.count + 1)
        self._energy, self.parts = np.empty((PARTS, 1)), np.empty((PARTS, n, 4))
        self._own: tuple[wp.array, ...] | None = None
        self._metric, self._taut = lanes.metric, lanes.taut
        self._at = wp.array(self._x, dtype=vec3, copy=False, device="cpu")
        self._active = wp.array(self._activation, dtype=f64, copy=False, device="cpu")
        self._turned = np.zeros((PARTS, 1), np.int32)
        passes, counts = [], []
        for part, (begin, end) in enumerate(lanes.ranges):
            energy = wp.array(self._energy[part], dtype=f64, copy=False, device="cpu")
            force = wp.array(self.parts[part], dtype=wp.vec4d, copy=False, device="cpu")
            inputs = [lanes.arrays, lanes.metric, lanes.taut, self._at, self._active, begin, end]
            passes.append(wp.launch(lane_kernels.forces, 1, inputs, [energy, force], device="cpu", record_cmd=True))
            inputs = [lanes.arrays, self._at, begin, end, wp.array(self._turned[part], copy=False, device="cpu")]
            counts.append(wp.launch(lane_kernels.turned_over, 1, inputs, device="cpu", record_cmd=True))
        self._nodes = NodeForces(flesh, self.parts)
        self._count, self._tets, self._whole = (
            Batch(counts),
            Batch(passes),
            Batch(self._nodes.place, passes, self._nodes.pulls),
        )

    def set_activation(self, activation: np.ndarray) -> None:
        """Activations (muscles,) for the evaluations that follow."""
        self._activation[:-1] = activation

    def set_strain(self, strain: Strain) -> None:
        """Stress-free logarithmic strain of the passive flesh for the evaluations that follow."""
        lanes = self._lanes
        self._metric, self._taut = lanes.metric, lanes.taut
        if strain is not None:
            if self._own is None:
                self._own = wp.empty_like(lanes.metric), wp.empty_like(lanes.taut)
            self._metric, self._taut = self._own
            lanes.natural_shapes(strain, None, *self._own)
        for batch in (self._tets, self._whole):
            batch.put(metric=self._metric, taut=self._taut)

    def tet_forces(self, x: np.ndarray) -> float:
        """See ``_Evaluated.tet_forces``."""
        self._x[:] = x
        self._tets()
        return float(self._energy.sum())

    def turned_over(self, x: np.ndarray) -> int:
        """See ``_Evaluated.turned_over``."""
        self._x[:] = x
        self._count()
        return int(self._turned.sum())

    def pull(self, x: np.ndarray, anchor: np.ndarray, force: np.ndarray) -> None:
        """For the evaluations that follow: the nodes x (N, 3; ``lanes.roomy``) that they fill, anchors (N, 3) of the
        springs and constant forces (N, 3)."""
        if x.base is None or x.base.size <= x.size:
            raise ValueError("the nodes have no room for the number that is read behind them: see lanes.roomy")
        self._pulled = x, *(np.ascontiguousarray(a, np.float64) for a in (anchor, force))
        self._whole.put(**dict(zip(("x", "anchor", "push"), self._pulled, strict=True)))

    def free_energy(self, free: np.ndarray) -> tuple[float, np.ndarray, float]:
        """Energy [N cm] with the free nodes (n, 3) where they are given, gradient (n, 3) [N] of these, and size [N] of
        the tets' forces on all nodes."""
        free = np.ascontiguousarray(free, np.float64)
        gradient = np.empty_like(free)
        self._whole.put(given=free, gradient_out=gradient)
        self._whole()
        pulled, size = self._nodes.sums
        return float(self._energy.sum()) + pulled, gradient, size


def lane_stiffness(
    flesh: "Flesh", x: np.ndarray, activation: np.ndarray, strain: Strain, *, definite: bool, free: bool
) -> np.ndarray:
    """``Flesh.stiffness_blocks`` on the CPU, eight tets at a time and on several cores."""
    lanes, pattern = flesh.lanes, flesh.pattern(free=free)
    natural, taut = lanes.natural, lanes.taut
    if strain is not None:
        natural, taut = wp.empty_like(natural), wp.empty_like(taut)
        lanes.natural_shapes(strain, natural, None, taut)
    # Two sums, whatever the number of cores: the blocks are large.
    out, middle = np.empty((2, len(pattern.indices), 3, 3)), lanes.ranges[PARTS // 2][0]
    inputs = [
        lanes.arrays,
        natural,
        taut,
        wp.array(roomy(x), dtype=vec3, copy=False, device="cpu"),
        wp.array(np.append(activation, 0.0), dtype=f64, device="cpu"),
        lanes.place(pattern, free=free),
        int(definite),
    ]
    tasks = []
    for half, part in zip(out, ((0, middle), (middle, lanes.groups)), strict=True):
        blocks = wp.array(half, dtype=mat33, copy=False, device="cpu")
        tasks.append(wp.launch(lane_kernels.stiffness, 1, [*inputs, *part], [blocks], device="cpu", record_cmd=True))
    Batch(tasks)()
    out[0] += out[1]
    spring = flesh.spring[flesh.free] if free else flesh.spring
    out[0][pattern.diagonal] += spring[:, None, None] * np.eye(3)
    return out[0]
