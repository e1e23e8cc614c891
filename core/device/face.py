# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""DeviceFace: controls in, skin out, without leaving the device."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp
import warp as wp

from ..errors import MuscleFaceError
from ..physics.flesh import Flesh
from ..physics.materials import f64, vec3
from ..physics.pattern import dofs
from .loads import LoadData, Loads
from .newton import Newton
from .preconditioner import Aggregates, Preconditioner
from .stiffness import Stiffness

if TYPE_CHECKING:
    from ..face import FaceModel


@dataclass(frozen=True)
class BatchReport:
    """How the last solve of B poses went, read back. residual: (B,) as ``FaceFlesh.solve`` judges it ·
    converged: (B,) · rounds: (B,) Newton steps · products: (B,) conjugate gradient steps in all."""

    residual: np.ndarray
    converged: np.ndarray
    rounds: np.ndarray
    products: np.ndarray


class DeviceFace:
    """A face model uploaded to a Warp device, for many poses at once.

    The answer to a batch is the start of the next batch of that size, so that sliders dragged on settle in a few
    steps. Gravity is that of the neutral. A solve is one graph, captured when a batch size is first used: it neither
    allocates nor reads back. (Drivers before CUDA 12.4 have no loops in graphs; there, the loops run from the host.)
    """

    def __init__(self, model: "FaceModel", device: str, tolerance: float = 1e-4) -> None:
        self.device = wp.get_device(device)
        self._vertex_count, self._control_count = model.vertex_count, len(model.controls().names)
        self._tolerance = tolerance
        flesh = model.flesh if self.device.is_cpu else replace(model.flesh, device=str(self.device))
        stiffness = _rest_stiffness(model.flesh)
        aggregates = Aggregates(_edges(model.flesh), flesh.rest[flesh.free])
        rows = dofs(aggregates.order)
        self._preconditioner = Preconditioner(aggregates, stiffness[rows][:, rows], self.device)
        self._stiffness = Stiffness(flesh, model.rig.lining_node, aggregates.order, self.device)
        self._data = LoadData(model, flesh, self.device)
        self._batches: dict[int, _Batch] = {}

    def skin(self, controls: wp.array) -> wp.array:
        """Skins (B, V) as vec3d, user's frame and unit, of controls (B, n) float64, both on the device.

        The array is the batch's own: the next call with as many poses writes into it. Raises MuscleFaceError.
        """
        # A copy of another shape would fill the batch all the same.
        if controls.ndim != 2 or controls.shape[1] != self._control_count or controls.dtype != f64:
            raise MuscleFaceError(f"Give the controls as float64 of the shape (B, {self._control_count}).")
        batch = self._batch(controls.shape[0])
        wp.copy(batch.loads.controls, controls)
        batch.solve()
        return batch.skin

    def report(self, count: int) -> BatchReport:
        """How the last solve of a batch of ``count`` poses went; this waits for the device."""
        s = self._batch(count).newton.progress
        size, balance, reference, driven = (a.numpy().copy() for a in (s.size, s.balance, s.reference, s.driven))
        scale = np.minimum(reference, np.maximum(driven, balance))
        residual = size / np.maximum(scale, 1e-300)
        return BatchReport(residual, s.settled.numpy() == 1, s.rounds.numpy().copy(), s.products.numpy().copy())

    def nodes(self, count: int) -> wp.array:
        """Nodes (B, N) [cm] of the last solve of a batch."""
        return self._batch(count).newton.nodes

    def traffic(self, count: int) -> float:
        """Bytes that the last solve of a batch has moved at least."""
        report = self.report(count)
        return self._batch(count).newton.traffic(report.rounds.mean(), report.products.mean())

    def reset(self) -> None:
        """Forget the last answers: the next solves begin from rest."""
        for batch in self._batches.values():
            batch.newton.reset()

    def _batch(self, count: int) -> "_Batch":
        if count not in self._batches:
            loads = Loads(self._data, count)
            newton = Newton(self._data.flesh, self._stiffness, self._preconditioner, loads, self._tolerance)
            skin = wp.zeros((count, self._vertex_count), dtype=vec3, device=self.device)
            self._batches[count] = _Batch(loads, newton, skin)
        return self._batches[count]


class _Batch:
    """Loads, solver and skins (B, V) of B poses, and the graph of all launches between."""

    def __init__(self, loads: Loads, newton: Newton, skin: wp.array) -> None:
        self.loads, self.newton, self.skin = loads, newton, skin
        self._graph = None

    def _launch(self) -> None:
        self.loads.launch()
        self.newton.solve()
        self.loads.skin(self.newton.nodes, self.skin)

    def solve(self) -> None:
        """Skins of the controls in ``loads``."""
        device = self.skin.device
        if device.is_cuda and not wp.is_conditional_graph_supported():
            self._launch()
            return
        if self._graph is None:
            with wp.ScopedCapture(device) as capture:
                self._launch()
            self._graph = capture.graph
        wp.capture_launch(self._graph)


def _rest_stiffness(flesh: Flesh) -> sp.csr_matrix:
    """(3n, 3n) stiffness between the free nodes at rest."""
    pattern, n = flesh.pattern(free=True), 3 * len(flesh.free)
    blocks = flesh.stiffness_blocks(flesh.rest, np.zeros(flesh.fibres.count), definite=True, free=True)
    return sp.bsr_matrix((blocks, pattern.indices, pattern.indptr), shape=(n, n)).tocsr()


def _edges(flesh: Flesh) -> sp.csr_matrix:
    """(n, n) lengths [cm] of the edges between free nodes."""
    pattern, n = flesh.pattern(free=True), len(flesh.free)
    x = flesh.rest[flesh.free]
    row = np.repeat(np.arange(n), np.diff(pattern.indptr))
    length = np.linalg.norm(x[row] - x[pattern.indices], axis=1)
    return sp.csr_matrix((length, pattern.indices, pattern.indptr), shape=(n, n))
