# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What all tracks of a face ask of its flesh, laid out for fast sums (see ``tracks`` for what a track is)."""

import copy

import numpy as np
import warp as wp

from . import derivatives
from . import lane_kernels as kernels
from .flesh import Flesh
from .lane_math import WIDTH
from .lanes import PARTS, LaneStrain
from .materials import f64, vec3
from .strain_limit import WEIGHT, StrainLimit
from .weighted import WeightedSum

LEAST_STRAIN = 2e-3
"""Strains below this are left to the balancing force."""

STEPS = 32000.0
"""Steps in which the strains of a group of tets are stored."""


class TrackTable:
    """K tracks of one flesh. ``displacement`` (K, N, 3): u [cm]; ``load`` (K, N, 3): L [N], which makes rest + u an
    equilibrium at weight 1.

    displacements: (N, 3) of each track, bones included · weight: (N, 3) the constant force [N] on the flesh that is
    there without tracks · largest: (T,) largest strain norm that a single track asks of each tet.
    """

    def __init__(self, flesh: Flesh, displacements: list[np.ndarray], weight: np.ndarray, largest: np.ndarray) -> None:
        self._flesh, self._lanes, self.limit = flesh, flesh.lanes, StrainLimit(largest)
        lanes, n, count = flesh.lanes, len(flesh.rest), len(displacements)
        # Displacements and loads lie side by side: one sum by the weights serves both.
        self._nodal = np.zeros((count, 2, n, 3))
        self.displacement, self.load = self._nodal[:, 0], self._nodal[:, 1]
        self._largest = lanes.spread(self.limit.scale[:, None])
        groups, owners, rows, steps = [], [], [], []
        workspace = flesh.workspace()
        for k, u in enumerate(displacements):
            if not u.any():
                continue
            # Sums are made of numbers in single precision: the load balances what the displacement then is.
            self.displacement[k] = u.astype(np.float32)
            x = flesh.rest + self.displacement[k]
            strain = lanes.log_strain(x).numpy().reshape(-1, 6, WIDTH)
            strain *= ((np.abs(strain).max(1) >= LEAST_STRAIN) & lanes.real)[:, None]
            # What rounding takes from the strain is left to the load, like all that the strain does not explain.
            step = np.abs(strain).max((1, 2)) / STEPS
            kept = np.flatnonzero(step)
            stored = np.rint(strain[kept] / step[kept, None, None]).astype(np.int16)
            groups.append(kept)
            owners.append(np.full(len(kept), k))
            rows.append(stored)
            steps.append(step[kept])
            strain[kept] = step[kept, None, None] * stored
            exact = wp.array(strain.ravel(), dtype=f64, device="cpu")
            workspace.set_strain(LaneStrain(lanes, exact, exact))
            _, force = workspace.tet_energy_and_force(x)
            self.load[k] = np.where(flesh.fixed[:, None], 0.0, -force - weight).astype(np.float32)
        self._sum = WeightedSum(self._nodal)
        group = np.concatenate([np.zeros(0, int), *groups])
        order = np.argsort(group, kind="stable")
        start = np.searchsorted(group[order], np.arange(lanes.groups + 1))

        def joined(parts: list[np.ndarray], dtype: type) -> wp.array:
            values = np.concatenate(parts)[order] if parts else np.zeros(0)
            return wp.array(values.ravel(), dtype=dtype, device="cpu")

        self._rows = [
            wp.array(start, dtype=int, device="cpu"),
            joined(owners, int),
            joined(rows, wp.int16),
            joined(steps, f64),
        ]

    def on(self, flesh: Flesh) -> "TrackTable":
        """The same tracks of the flesh with other moduli (``Flesh.stiffened``): strains, loads and springs stay."""
        other = copy.copy(self)
        other._flesh, other._lanes = flesh, flesh.lanes
        return other

    def nodal(self, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sums of displacements and of loads (N, 3) at track weights (K,)."""
        both = self._sum(w)
        return both[0], both[1]

    def strain(self, w: np.ndarray) -> LaneStrain | None:
        """Stress-free strain at track weights (K,), summed and limited."""
        if not w.any():
            return None
        size = 6 * WIDTH * self._lanes.groups
        summed, limited = (wp.empty(size, dtype=f64, device="cpu") for _ in range(2))
        inputs = [*self._rows, self._largest, wp.array(np.asarray(w, np.float64), dtype=f64, device="cpu")]
        self._lanes.run(kernels.track_sums, inputs, [summed, limited])
        return LaneStrain(self._lanes, summed, limited)

    def strain_of(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The tets (n,) that track k strains, and their strains (n, 6)."""
        alone = self.strain(np.arange(len(self.load)) == k)
        strain = alone.sum_of_tets()
        tet = np.flatnonzero(strain.any(1))
        return tet, strain[tet]

    def forces(self, x: np.ndarray, strain: LaneStrain | None) -> np.ndarray:
        """(3N, K) change of the force on the nodes at x (N, 3) per unit of each track's weight."""
        flesh, lanes = self._flesh, self._lanes
        out = flesh.spring[:, None] * self.displacement + self.load
        summed, share, bend = self._held(strain)
        unit = derivatives.by_unit_strain(flesh, x, np.zeros_like(summed) if strain is None else strain.of_tets())
        held = [lanes.spread(given) for given in (summed, share[:, None], bend[:, None], unit)]
        inputs = [lanes.arrays, *self._rows, len(flesh.rest), *held]
        force = wp.array(out.reshape(-1, 3), dtype=vec3, copy=False, device="cpu")
        wp.launch(kernels.track_columns, 1, [*inputs, 0, lanes.groups], [force], device="cpu")
        return out.reshape(len(out), -1).T

    def pulled(self, x: np.ndarray, strain: LaneStrain | None, adjoint: np.ndarray) -> np.ndarray:
        """(K,) products of ``adjoint`` (N, 3) with each column of ``forces``."""
        flesh, lanes = self._flesh, self._lanes
        natural = flesh.natural(np.zeros((len(flesh.tets), 6)) if strain is None else strain)
        gradient = derivatives.strain_sensitivity(flesh, x, natural, adjoint)
        summed, share, bend = self._held(strain)
        gradient = share[:, None] * gradient + (bend * (summed * gradient).sum(1))[:, None] * WEIGHT * summed
        products = np.zeros((PARTS, len(self.load), WIDTH))
        inputs = [*self._rows, lanes.spread(gradient)]
        for part, (begin, end) in enumerate(lanes.ranges):
            out = wp.array(products[part].ravel(), dtype=f64, copy=False, device="cpu")
            wp.launch(kernels.track_dots, 1, [*inputs, begin, end], [out], device="cpu")
        pair = np.concatenate([(flesh.spring[:, None] * adjoint).ravel(), adjoint.ravel()])
        return products.sum((0, 2)) + np.dot(self._nodal.reshape(len(self.load), -1), pair)

    def _held(self, strain: LaneStrain | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The sum of the strains (T, 6), and the share and bend of its limit (T,)."""
        summed = np.zeros((len(self._flesh.tets), 6)) if strain is None else strain.sum_of_tets()
        return summed, *self.limit.factors(summed)
