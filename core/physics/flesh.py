# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Discrete flesh: tets with material, fibres and node springs; energy, force and stiffness as numpy arrays."""

import copy
from dataclasses import dataclass, field, replace
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np
import scipy.sparse as sp
import warp as wp

from ..parallel import ranges
from ..team import Batch
from . import kernels
from .dissection import Ordering
from .lanes import PARTS, Lanes, LaneStrain, Strain
from .materials import LAWS, f64, mat33, vec3
from .matrix3 import inverse
from .pattern import Pattern, short, starts
from .strain import vec6
from .workspace import LaneWorkspace, Workspace, lane_stiffness

_first_use = Lock()


@dataclass(frozen=True)
class Fibres:
    """Muscle fibres in tets, sorted by tet.

    muscle: (n,) muscle index · tet: (n,) tet index · stress: (n,) volume fraction
    times sigma_max [N/cm2] · direction: (n, 3) unit rest direction · count: number of muscles.
    """

    muscle: np.ndarray
    tet: np.ndarray
    stress: np.ndarray
    direction: np.ndarray
    count: int

    @classmethod
    def none(cls) -> "Fibres":
        """No muscles at all."""
        return cls(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0), np.zeros((0, 3)), 0)


@dataclass(frozen=True)
class Natural:
    """Stress-free shapes: principal frames and values of their strain, inverse edge matrices, and the stretch that
    leaves each fibre entry without passive tension (device arrays)."""

    frame: wp.array | None
    stretch: wp.array | None
    inverse: wp.array
    slack: wp.array


@dataclass(frozen=True)
class Arrays:
    """A flesh on its device. moduli count per volume of the stress-free shape; inv_unloaded: Dm^-1 F0; no_slack: 1 for
    each fibre entry."""

    tets: wp.array
    inv_rest: wp.array
    volume: wp.array
    law: wp.array
    moduli: wp.array
    prestretch: wp.array
    inv_unloaded: wp.array
    fibre_start: wp.array
    fibre_muscle: wp.array
    fibre_tet: wp.array
    fibre_stress: wp.array
    fibre_direction: wp.array
    no_slack: wp.array


_OF_TETS = ("inv_rest", "volume", "law", "moduli", "prestretch", "inv_unloaded")
"""Arrays that hold an item for each tet, whatever the numbers of its nodes."""


@dataclass
class Flesh:
    """Tets between skin and bone with everything that does not change from pose to pose.

    rest: (N, 3) rest positions [cm] · tets: (T, 4) · moduli: (T, 3) of the law [N/cm2] · fibres ·
    fixed: (N,) bool, nodes held by a bone · spring: (N,) stiffness of the track spring of each node [N/cm] ·
    law: name in ``materials.LAWS``, of all tets or (T,) of each · reference: (T, 3, 3) edge matrices Dm of the tets
    where they are not those of ``rest`` · prestretch: (T, 3, 3) deformation gradient F0 from the stress-free shape of
    the passive flesh to ``rest`` (default: none); energies count per volume of that shape.

    Raises ValueError when a rest tet is inverted.
    """

    rest: np.ndarray
    tets: np.ndarray
    moduli: np.ndarray
    fibres: Fibres
    fixed: np.ndarray
    spring: np.ndarray
    device: str = "cpu"
    law: str | np.ndarray = "mooney_rivlin"
    reference: np.ndarray | None = None
    prestretch: np.ndarray | None = None
    free: np.ndarray = field(init=False)
    volume: np.ndarray = field(init=False)
    shape_gradients: np.ndarray = field(init=False)
    natural_share: np.ndarray = field(init=False)
    arrays: Arrays = field(init=False)

    def __post_init__(self) -> None:
        self.rest = np.ascontiguousarray(self.rest, np.float64)
        self.tets = np.ascontiguousarray(self.tets, np.int32)
        if self.reference is None:
            edges = (self.rest[self.tets[:, 1:]] - self.rest[self.tets[:, :1]]).transpose(0, 2, 1)
        else:
            edges = self.reference
        determinant, inv_rest = inverse(edges)
        self.volume = determinant / 6.0
        if not (self.volume > 0).all():
            raise ValueError(f"{int((self.volume <= 0).sum())} rest tets are inverted")
        self.shape_gradients = np.concatenate([-inv_rest.sum(1, keepdims=True), inv_rest], axis=1)
        self.natural_share = np.ones(len(self.tets))
        if self.prestretch is not None:
            self.natural_share /= inverse(self.prestretch)[0]
        self.free = np.flatnonzero(~self.fixed)
        order, fb = np.argsort(short(self.fibres.tet, len(self.tets)), kind="stable"), self.fibres
        self.fibres = Fibres(fb.muscle[order], fb.tet[order], fb.stress[order], fb.direction[order], fb.count)
        laws = np.array([LAWS[name] for name in np.atleast_1d(self.law)], np.int32)
        F0 = np.tile(np.eye(3), (len(self.tets), 1, 1)) if self.prestretch is None else self.prestretch
        of_tets = {
            "inv_rest": (inv_rest, mat33),
            "volume": (self.volume, f64),
            "law": (np.broadcast_to(laws, len(self.tets)), int),
            "moduli": (self.moduli * self.natural_share[:, None], vec3),
            "prestretch": (F0, mat33),
            "inv_unloaded": (inv_rest @ F0, mat33),
        }
        self.arrays = self._on_device(of_tets)
        self._patterns: dict[bool, Pattern] = {}
        self._ordering: list[Ordering] = []

    def _on_device(self, of_tets: dict[str, tuple[np.ndarray, type]]) -> Arrays:
        """The arrays: those of _OF_TETS as they are given, tets and fibres by this flesh."""
        fibres = self.fibres
        given = {
            **of_tets,
            "tets": (self.tets, wp.vec4i),
            "fibre_start": (starts(np.bincount(fibres.tet, minlength=len(self.tets))).astype(np.int32), int),
            "fibre_muscle": (fibres.muscle, int),
            "fibre_tet": (fibres.tet, int),
            "fibre_stress": (fibres.stress, f64),
            "fibre_direction": (fibres.direction, vec3),
            "no_slack": (np.ones(len(fibres.muscle)), f64),
        }
        return Arrays(**{n: wp.array(v, dtype=t, device=self.device) for n, (v, t) in given.items()})

    @cached_property
    def node_corners(self) -> tuple[wp.array, wp.array]:
        """Which corners of tets meet in each node, as CSR lists: start (N + 1,) and corners, on the device."""
        order = np.argsort(short(self.tets.ravel(), len(self.rest)), kind="stable")
        start = starts(np.bincount(self.tets.ravel(), minlength=len(self.rest)))
        return tuple(wp.array(a.astype(np.int32), dtype=int, device=self.device) for a in (start, order))

    def varied(self, **changes: Any) -> "Flesh":
        """The same tets held at the same nodes, all else as in ``dataclasses.replace``; what hangs on the tets alone is
        worked out once for both."""
        other = replace(self, **changes)
        other._patterns, other._ordering = self._patterns, self._ordering
        return other

    def stiffened(self, factor: np.ndarray) -> "Flesh":
        """The same flesh with its moduli times a factor (T,); everything else is shared, so that it takes no time."""
        other = copy.copy(self)
        other.moduli = factor[:, None] * self.moduli
        natural = other.moduli * self.natural_share[:, None]
        other.arrays = replace(self.arrays, moduli=wp.array(natural, dtype=vec3, device=self.device))
        if self.device == "cpu":
            other.lanes = self.lanes.with_moduli(natural)
        return other

    def prestretched(self, gradient: np.ndarray) -> "Flesh":
        """The same flesh with a prestretch (T, 3, 3); see ``varied``, which takes three times as long."""
        other = copy.copy(self)
        other.prestretch, other.natural_share = gradient, 1.0 / inverse(gradient)[0]
        natural = {
            "moduli": (self.moduli * other.natural_share[:, None], vec3),
            "prestretch": (gradient, mat33),
            "inv_unloaded": (self.arrays.inv_rest.numpy() @ gradient, mat33),
        }
        arrays = {name: wp.array(value, dtype=t, device=self.device) for name, (value, t) in natural.items()}
        other.arrays = replace(self.arrays, **arrays)
        if self.device == "cpu":
            lanes = self.lanes.with_moduli(natural["moduli"][0])
            lanes.arrays.prestretch = lanes.spread(gradient.reshape(-1, 9))
            lanes.set_natural(natural["inv_unloaded"][0])
            other.lanes = lanes
        return other

    def part(self, moving: np.ndarray) -> tuple["Flesh", np.ndarray]:
        """The tets around the nodes ``moving`` (N,) with all other nodes held and no springs; and its nodes (n,) among
        this flesh's. What tets hold, what blocks they fill and the order of elimination are taken from here."""
        kept = np.flatnonzero(moving[self.tets].any(1))
        number = np.full(len(self.tets), -1, np.int32)
        number[kept] = np.arange(len(kept))
        inside = np.zeros(len(self.rest), bool)
        inside[self.tets[kept]] = True
        nodes = np.flatnonzero(inside)
        index = np.empty(len(self.rest), np.int32)
        index[nodes] = np.arange(len(nodes))
        other, f = copy.copy(self), self.fibres
        of_fibre = number[f.tet] >= 0
        tet = number[f.tet[of_fibre]]
        other.fibres = Fibres(f.muscle[of_fibre], tet, f.stress[of_fibre], f.direction[of_fibre], f.count)
        other.rest, other.tets = self.rest[nodes], index[self.tets[kept]]
        other.fixed, other.spring = (self.fixed | ~moving)[nodes], np.zeros(len(nodes))
        other.free = np.flatnonzero(~other.fixed)
        for name in ("moduli", "volume", "shape_gradients", "natural_share", "law", "reference", "prestretch"):
            value = getattr(self, name)
            setattr(other, name, value[kept] if isinstance(value, np.ndarray) else value)
        whole = {name: getattr(self.arrays, name) for name in _OF_TETS}
        other.arrays = other._on_device({name: (array.numpy()[kept], array.dtype) for name, array in whole.items()})
        for name in ("lanes", "node_corners"):
            other.__dict__.pop(name, None)
        ranks = self.rank_of(nodes[other.free])
        pattern = self.pattern(free=True).part(ranks, number)
        other._patterns = {True: pattern}
        other._ordering = [self.ordering.part(ranks, pattern.indptr, pattern.indices)]
        return other, nodes

    @property
    def ordering(self) -> Ordering:
        """Elimination order of the free nodes, worked out on first use."""
        with _first_use:
            if not self._ordering:
                pattern = self.pattern(free=True)
                self._ordering.append(Ordering(pattern.indptr, pattern.indices, self.rest[self.free]))
        return self._ordering[0]

    def rank_of(self, nodes: np.ndarray) -> np.ndarray:
        """(n,) positions of free nodes (n,) in ``free``."""
        return np.searchsorted(self.free, nodes)

    def workspace(self) -> LaneWorkspace | Workspace:
        """Buffers for one thread of evaluations."""
        return LaneWorkspace(self) if self.device == "cpu" else Workspace(self)

    @cached_property
    def lanes(self) -> Lanes:
        """The tets in groups that fill a CPU's vector registers."""
        return Lanes(self)

    @property
    def shear(self) -> np.ndarray:
        """(T,) shear modulus at rest [N/cm2]."""
        hookean = np.asarray(self.law) == "stable_neo_hookean"
        return np.where(hookean, self.moduli[:, 0], 2.0 * (self.moduli[:, 0] + self.moduli[:, 1]))

    @property
    def bulk(self) -> np.ndarray:
        """(T,) bulk modulus at rest [N/cm2]."""
        hookean = np.asarray(self.law) == "stable_neo_hookean"
        return np.where(hookean, self.moduli[:, 1] + 2.0 / 3.0 * self.moduli[:, 0], self.moduli[:, 2])

    def spread(self, of_tets: np.ndarray) -> np.ndarray:
        """(N,) what tets (T,) hold, a quarter of it on each of their nodes."""
        return np.bincount(self.tets.ravel(), np.repeat(of_tets / 4.0, 4), len(self.rest))

    def laplacian(self, weight: np.ndarray) -> sp.csr_matrix:
        """(N, N) scalar stiffness sum_t V_t w_t grad N_a . grad N_b of the linear elements."""
        g = self.shape_gradients
        local = np.einsum("t,tai,tbi->tab", self.volume * weight, g, g)
        rows = np.repeat(self.tets, 4, axis=1).ravel()
        cols = np.tile(self.tets, (1, 4)).ravel()
        n = len(self.rest)
        return sp.csr_matrix((local.ravel(), (rows, cols)), shape=(n, n))

    def kernel_arrays(self) -> list[wp.array]:
        """What the kernels over tets read of a flesh, in their order."""
        a = self.arrays
        return [a.tets, a.inv_rest, a.volume, a.law, a.moduli, a.fibre_start, a.fibre_muscle, a.fibre_stress,
                a.fibre_direction]  # fmt: skip

    def launch(self, kernel: wp.Kernel, count: int, inputs: list, outputs: list, *, each: tuple[int, ...]) -> None:
        """Launch a kernel over ``count`` things, on a CPU on all its cores.

        each: which inputs hold an item, or the start of several, for each thing, as all outputs do.
        """
        if self.device != "cpu":
            wp.launch(kernel, count, inputs, outputs, device=self.device)
            return
        tasks = []
        for begin, end in ranges(np.linspace(0, count, PARTS + 1).astype(int).tolist()):
            if begin < end:
                mine = [a[begin : end + a.shape[0] - count] if i in each else a for i, a in enumerate(inputs)]
                out = [a[begin:end] for a in outputs]
                tasks.append(wp.launch(kernel, end - begin, mine, out, device="cpu", record_cmd=True))
        Batch(tasks)()

    def pattern(self, *, free: bool) -> Pattern:
        """The blocks that the stiffness fills: between free nodes only, numbered as in ``free``, or between all."""
        if free not in self._patterns:
            nodes = self.free if free else np.arange(len(self.rest))
            self._patterns[free] = Pattern.of(self.tets, nodes, len(self.rest), self.device)
        return self._patterns[free]

    def gather_blocks(self, corner_blocks: wp.array, *, free: bool) -> np.ndarray:
        """(blocks, 3, 3) sums of element blocks (T, 16) on the blocks of the pattern."""
        pattern = self.pattern(free=free)
        out = wp.empty(len(pattern.indices), dtype=mat33, device=self.device)
        inputs = [pattern.start, pattern.corner, corner_blocks.flatten()]
        self.launch(kernels.gather_blocks, len(pattern.indices), inputs, [out], each=(0,))
        return out.numpy()

    def natural(self, strain: Strain) -> Natural:
        """The stress-free shapes for a logarithmic strain of the rest shape."""
        if isinstance(strain, LaneStrain):
            strain = strain.of_tets()
        n, d, a = len(self.tets), self.device, self.arrays
        if strain is None:
            return Natural(None, None, a.inv_unloaded, a.no_slack)
        slack = wp.empty(len(self.fibres.muscle), dtype=f64, device=d)
        out = Natural(*(wp.empty(n, dtype=t, device=d) for t in (mat33, vec3, mat33)), slack)
        s = wp.array(strain, dtype=vec6, device=d)
        self.launch(kernels.natural_inverses, n, [a.inv_rest, a.prestretch, s],
                     [out.frame, out.stretch, out.inverse], each=(0, 1, 2))  # fmt: skip
        wp.launch(kernels.fibre_slacks, len(self.fibres.muscle), [a.fibre_tet, a.fibre_direction, out.frame,
                  out.stretch], [slack], device=d)  # fmt: skip
        return out

    def stiffness_blocks(
        self,
        x: np.ndarray,
        activation: np.ndarray,
        strain: Strain = None,
        *,
        definite: bool = False,
        free: bool = False,
    ) -> np.ndarray:
        """(blocks, 3, 3) of the stiffness K = -df/dx of tets and springs [N/cm], in the order of ``pattern(free)``.

        ``strain`` is the stress-free logarithmic strain of the passive flesh. With ``definite`` each tet's stiffness is
        projected to be semi-definite (for search directions); without, K is exact.
        """
        if self.device == "cpu":
            return lane_stiffness(self, x, activation, strain, definite=definite, free=free)
        d = self.device
        natural = self.natural(strain)
        inputs = [
            *self.kernel_arrays(),
            natural.inverse,
            natural.slack,
            wp.array(x, dtype=vec3, device=d),
            wp.array(np.append(activation, 0.0), dtype=f64, device=d),
            int(definite),
        ]
        corner = wp.empty((len(self.tets), 16), dtype=mat33, device=d)
        self.launch(kernels.tet_stiffness, len(self.tets), inputs, [corner], each=(0, 1, 2, 3, 4, 5, 9))
        blocks = self.gather_blocks(corner, free=free)
        spring = self.spring[self.free] if free else self.spring
        blocks[self.pattern(free=free).diagonal] += spring[:, None, None] * np.eye(3)
        return blocks

    def stiffness(
        self, x: np.ndarray, activation: np.ndarray, strain: Strain = None, *, definite: bool = False
    ) -> sp.bsr_matrix:
        """(3N, 3N) stiffness K = -df/dx of tets and springs [N/cm], all nodes; see ``stiffness_blocks``."""
        return self.assembled(self.stiffness_blocks(x, activation, strain, definite=definite))

    def assembled(self, blocks: np.ndarray) -> sp.bsr_matrix:
        """(3N, 3N) matrix of blocks between all nodes."""
        pattern, n = self.pattern(free=False), 3 * len(self.rest)
        return sp.bsr_matrix((blocks, pattern.indices, pattern.indptr), shape=(n, n))

    def volume_ratio(self, x: np.ndarray) -> np.ndarray:
        """(T,) J = det F of each tet."""
        out = wp.empty(len(self.tets), dtype=f64, device=self.device)
        xs = wp.array(x, dtype=vec3, device=self.device)
        inputs = [self.arrays.tets, self.arrays.inv_rest, xs]
        self.launch(kernels.volume_ratios, len(self.tets), inputs, [out], each=(0, 1))
        return out.numpy()
