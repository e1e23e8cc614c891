# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The flesh in groups of eight tets, and its energy, forces and stiffness on all cores of a CPU.

The work is cut into PARTS of equal cost whatever the number of cores, so that sums have the same bits everywhere.
"""

import copy
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import warp as wp

from . import lane_kernels as kernels
from . import matrix3
from .lane_math import WIDTH
from .materials import f64, vec3
from .native import launch_ranges
from .pattern import starts

if TYPE_CHECKING:
    from .flesh import Flesh, Pattern

PARTS = 4

APART = 32
"""Places in the row of tets between those of a group."""

FIBRE_COST = 0.35
"""What a row of fibre entries costs in a force pass, against a group's passive flesh."""


@dataclass(frozen=True)
class LaneStrain:
    """Stress-free strains in groups (groups, 6, WIDTH), flat: ``summed`` of shapes, and ``limited``, which counts."""

    lanes: "Lanes"
    summed: wp.array
    limited: wp.array

    def sum_of_tets(self) -> np.ndarray:
        """(T, 6) the sum of the shapes' strains."""
        return self.lanes.collect(self.summed, 6)

    def of_tets(self) -> np.ndarray:
        """(T, 6) the strain at which the passive flesh is free of stress."""
        return self.lanes.collect(self.limited, 6)


Strain = LaneStrain | np.ndarray | None
"""A stress-free strain of the passive flesh: in groups, of each tet (T, 6), or none."""


def roomy(x: np.ndarray) -> np.ndarray:
    """A copy of nodes x (N, 3) with room for one more number behind it: kernels read nodes four numbers at a time."""
    out = np.zeros(x.size + 1)[:-1].reshape(x.shape)
    out[:] = x
    return out


def _dealt(tets: np.ndarray) -> np.ndarray:
    """(groups, WIDTH) of tets in a row, so that those of a group, and of the next, seldom share a node: each sum on a
    node waits for the one before."""
    step = WIDTH * APART
    return np.concatenate([tets[k : k + step].reshape(WIDTH, -1).T for k in range(0, len(tets), step)])


class Lanes:
    """Layout of a flesh (see ``flesh.Flesh``) in groups, made once."""

    def __init__(self, flesh: "Flesh") -> None:
        # No flesh is kept: it keeps this, and a ring of the two would outlive its use.
        self._count = len(flesh.tets)
        self._place: dict[bool, wp.array] = {}
        fibres, tets = flesh.fibres, flesh.tets
        count = np.bincount(fibres.tet, minlength=len(tets))
        law = flesh.arrays.law.numpy()
        # Tets of like fibre count share groups, neighbours in space lie near each other.
        order = np.lexsort((tets.min(1), count, law))
        parts = [order[law[order] == k] for k in np.unique(law)]
        parts = [np.pad(part, (0, -len(part) % WIDTH), constant_values=-1) for part in parts]
        tet = np.concatenate([_dealt(part) for part in parts])
        self.real = tet >= 0
        self.tet = np.where(self.real, tet, tet.max(1, keepdims=True))
        groups = len(self.tet)
        self.place_of_tet = np.empty(len(tets), np.int64)
        self.place_of_tet[self.tet[self.real]] = np.flatnonzero(self.real)
        rows = np.where(self.real, count[self.tet], 0).max(1)
        self.fibre_start = starts(rows).astype(np.int32)
        entry, used = self._entries(count, rows)
        a = flesh.arrays
        inv_rest = a.inv_rest.numpy()
        direction = np.where(used[..., None], fibres.direction[entry] if len(entry) else 0.0, [1.0, 0.0, 0.0])
        stress = np.where(used, fibres.stress[entry], 0.0)
        muscle = np.where(used, fibres.muscle[entry], fibres.count)
        of_row = self.tet[np.repeat(np.arange(groups), rows)]
        b = np.einsum("flij,flj->fli", inv_rest[of_row], direction)
        lanes = kernels.LaneArrays()
        lanes.corner = self._array(tets[self.tet].transpose(0, 2, 1), int)
        lanes.volume = self._array(np.where(self.real, flesh.volume[self.tet], 0.0), f64)
        lanes.moduli = self.spread(a.moduli.numpy())
        lanes.inv_rest = self.spread(inv_rest.reshape(-1, 9))
        lanes.prestretch = self.spread(a.prestretch.numpy().reshape(-1, 9))
        lanes.law = self._array(law[self.tet[:, 0]], int)
        lanes.fibre_start = self._array(self.fibre_start, int)
        lanes.fibre = self._array(np.concatenate([b, stress[..., None]], axis=2).transpose(0, 2, 1), f64)
        lanes.direction = self._array(direction.transpose(0, 2, 1), f64)
        lanes.muscle = self._array(muscle, int)
        self.arrays = lanes
        self.set_natural(a.inv_unloaded.numpy())
        self.taut = self._array(np.ones(WIDTH * len(of_row)), f64)
        cost = np.cumsum(1.0 + FIBRE_COST * rows)
        bounds = np.searchsorted(cost, cost[-1] * np.arange(PARTS + 1) / PARTS)
        bounds[-1] = groups
        self.ranges = list(pairwise(bounds.tolist()))

    def _entries(self, count: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(rows, WIDTH) fibre entry in each place, and whether there is one."""
        first = starts(count)[:-1]
        group = np.repeat(np.arange(len(rows)), rows)
        turn = np.arange(len(group)) - self.fibre_start[group]
        tet = self.tet[group]
        used = (turn[:, None] < count[tet]) & self.real[group]
        return np.where(used, first[tet] + turn[:, None], 0), used

    @staticmethod
    def _array(values: np.ndarray, dtype: type) -> wp.array:
        return wp.array(np.ascontiguousarray(values).ravel(), dtype=dtype, device="cpu")

    def spread(self, of_tets: np.ndarray) -> wp.array:
        """What tets (T, k) hold, in groups (groups, k, WIDTH), flat."""
        return self._array(of_tets[self.tet].transpose(0, 2, 1), f64)

    def collect(self, of_groups: wp.array, k: int) -> np.ndarray:
        """(T, k) of what ``spread`` made."""
        return of_groups.numpy().reshape(-1, k, WIDTH).transpose(0, 2, 1).reshape(-1, k)[self.place_of_tet]

    def with_moduli(self, moduli: np.ndarray) -> "Lanes":
        """The same layout of other moduli (T, 3)."""
        other, arrays = copy.copy(self), kernels.LaneArrays()
        for name in kernels.LaneArrays.vars:
            setattr(arrays, name, getattr(self.arrays, name))
        arrays.moduli = self.spread(moduli)
        other.arrays = arrays
        return other

    @property
    def groups(self) -> int:
        """Number of groups."""
        return len(self.tet)

    def run(self, kernel: wp.Kernel, inputs: list, outputs: list) -> None:
        """Launch a kernel over all groups; its inputs end with the range of groups, which is added here."""
        launch_ranges(kernel, [*(begin for begin, _ in self.ranges), self.groups], inputs, outputs)

    def set_natural(self, inverse: np.ndarray) -> None:
        """Take shapes free of stress by their inverse edge matrices N (T, 3, 3): ``natural``, and ``metric``, N N^T and
        det N (see ``lane_kernels.natural_shapes``)."""
        square = inverse @ inverse.transpose(0, 2, 1)
        six = [square[:, i, j] for i, j in ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))]
        self.natural = self.spread(inverse.reshape(-1, 9))
        self.metric = self.spread(np.stack([*six, matrix3.inverse(inverse)[0]], axis=1))

    def natural_shapes(
        self, strain: LaneStrain | np.ndarray, natural: wp.array | None, metric: wp.array | None, taut: wp.array
    ) -> None:
        """Fill those of ``natural``, ``metric`` and ``taut`` (see ``lane_kernels.natural_shapes``) that are given."""
        limited = strain.limited if isinstance(strain, LaneStrain) else self.spread(strain)
        self.run(kernels.natural_shapes, [self.arrays, limited], [natural, metric, taut])

    def log_strain(self, x: np.ndarray) -> wp.array:
        """Hencky strains in groups at nodes x (N, 3)."""
        out, at = wp.empty(6 * WIDTH * self.groups, dtype=f64, device="cpu"), roomy(x)
        self.run(kernels.log_strains, [self.arrays, wp.array(at, dtype=vec3, copy=False, device="cpu")], [out])
        return out

    def place(self, pattern: "Pattern", *, free: bool) -> wp.array:
        """Block of a flesh's ``pattern`` (that of ``free``) on which each element block falls."""
        if free not in self._place:
            of_corner = np.full(16 * self._count, -1, np.int32)
            blocks = np.arange(len(pattern.indices))
            of_corner[pattern.corner.numpy()] = np.repeat(blocks, np.diff(pattern.start.numpy()))
            place = np.where(self.real[..., None], of_corner.reshape(-1, 16)[self.tet], -1)
            self._place[free] = self._array(place.transpose(0, 2, 1), int)
        return self._place[free]
