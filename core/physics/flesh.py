# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Discrete flesh: tets with material, fibres and node springs; energy, force and stiffness as numpy arrays."""

from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp
import warp as wp

from . import kernels
from .materials import f64, mat33, vec3, vec6


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
    """Stress-free shapes: principal frames and values of their strain, and inverse edge matrices (device arrays)."""

    frame: wp.array | None
    stretch: wp.array | None
    inverse: wp.array


def _gather_lists(keys: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """CSR lists (start, member) of the positions at which each key in 0..count-1 occurs."""
    order = np.argsort(keys, kind="stable")
    start = np.zeros(count + 1, np.int32)
    np.cumsum(np.bincount(keys, minlength=count), out=start[1:])
    return start, order.astype(np.int32)


@dataclass
class Flesh:
    """Tets between skin and bone with everything that does not change from pose to pose.

    rest: (N, 3) rest positions [cm] · tets: (T, 4) · moduli: (T, 3) mu10, mu01, kappa [N/cm2] · fibres ·
    fixed: (N,) bool, nodes held by a bone · spring: (N,) stiffness of the track spring of each node [N/cm] ·
    reference: (T, 3, 3) stress-free edge matrices Dm of the tets where they are not those of ``rest``.

    Raises ValueError when a stress-free tet is inverted.
    """

    rest: np.ndarray
    tets: np.ndarray
    moduli: np.ndarray
    fibres: Fibres
    fixed: np.ndarray
    spring: np.ndarray
    device: str = "cpu"
    reference: np.ndarray | None = None
    free: np.ndarray = field(init=False)
    volume: np.ndarray = field(init=False)
    shape_gradients: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.rest = np.ascontiguousarray(self.rest, np.float64)
        self.tets = np.ascontiguousarray(self.tets, np.int32)
        if self.reference is None:
            edges = (self.rest[self.tets[:, 1:]] - self.rest[self.tets[:, :1]]).transpose(0, 2, 1)
        else:
            edges = self.reference
        self.volume = np.linalg.det(edges) / 6.0
        if not (self.volume > 0).all():
            raise ValueError(f"{int((self.volume <= 0).sum())} rest tets are inverted")
        inv_rest = np.linalg.inv(edges)
        self.shape_gradients = np.concatenate([-inv_rest.sum(1, keepdims=True), inv_rest], axis=1)
        self.free = np.flatnonzero(~self.fixed)
        self._free_index = np.full(len(self.rest), -1, np.int64)
        self._free_index[self.free] = np.arange(len(self.free))
        node_start, node_corner = _gather_lists(self.tets.ravel(), len(self.rest))
        fibre_start, fibre_order = _gather_lists(self.fibres.tet, len(self.tets))
        fb = self.fibres
        self.fibres = Fibres(fb.muscle[fibre_order], fb.tet[fibre_order], fb.stress[fibre_order],
                             fb.direction[fibre_order], fb.count)  # fmt: skip
        d = self.device
        self._tets = wp.array(self.tets, dtype=wp.vec4i, device=d)
        self._inv_rest = wp.array(inv_rest, dtype=mat33, device=d)
        self._volume = wp.array(self.volume, dtype=f64, device=d)
        self._moduli = wp.array(self.moduli, dtype=vec3, device=d)
        self._fibre_start = wp.array(fibre_start, dtype=int, device=d)
        self._fibre_muscle = wp.array(self.fibres.muscle, dtype=int, device=d)
        self._fibre_tet = wp.array(self.fibres.tet, dtype=int, device=d)
        self._fibre_stress = wp.array(self.fibres.stress, dtype=f64, device=d)
        self._fibre_direction = wp.array(self.fibres.direction, dtype=vec3, device=d)
        self._node_start = wp.array(node_start, dtype=int, device=d)
        self._node_corner = wp.array(node_corner, dtype=int, device=d)
        self._pattern: tuple | None = None

    def workspace(self) -> "Workspace":
        """Buffers for one thread of evaluations."""
        return Workspace(self)

    @property
    def node_volume(self) -> np.ndarray:
        """(N,) a quarter of the volume of the tets around each node [cm3]."""
        return np.bincount(self.tets.ravel(), np.repeat(self.volume / 4.0, 4), len(self.rest))

    def laplacian(self, weight: np.ndarray) -> sp.csr_matrix:
        """(N, N) scalar stiffness sum_t V_t w_t grad N_a . grad N_b of the linear elements."""
        g = self.shape_gradients
        local = np.einsum("t,tai,tbi->tab", self.volume * weight, g, g)
        rows = np.repeat(self.tets, 4, axis=1).ravel()
        cols = np.tile(self.tets, (1, 4)).ravel()
        n = len(self.rest)
        return sp.csr_matrix((local.ravel(), (rows, cols)), shape=(n, n))

    def _model_arrays(self) -> list:
        return [self._tets, self._inv_rest, self._volume, self._moduli, self._fibre_start, self._fibre_muscle,
                self._fibre_stress, self._fibre_direction]  # fmt: skip

    def _stiffness_pattern(self) -> tuple:
        """Block pattern over all nodes: CSR (indptr, indices) and the gather lists of element blocks."""
        if self._pattern is None:
            n = len(self.rest)
            rows = np.repeat(self.tets, 4, axis=1).ravel().astype(np.int64)
            cols = np.tile(self.tets, (1, 4)).ravel().astype(np.int64)
            keys, inverse = np.unique(rows * n + cols, return_inverse=True)
            start, corner = _gather_lists(inverse, len(keys))
            indptr = np.searchsorted(keys, np.arange(n + 1) * n)
            d = self.device
            self._pattern = (
                indptr.astype(np.int32),
                (keys % n).astype(np.int32),
                wp.array(start, dtype=int, device=d),
                wp.array(corner, dtype=int, device=d),
            )
        return self._pattern

    def natural(self, strain: np.ndarray | None) -> "Natural":
        """The stress-free shapes for a logarithmic strain (T, 6) of the rest shape; None for the rest shape itself."""
        n, d = len(self.tets), self.device
        if strain is None:
            return Natural(None, None, self._inv_rest)
        out = Natural(*(wp.empty(n, dtype=t, device=d) for t in (mat33, vec3, mat33)))
        s = wp.array(strain, dtype=vec6, device=d)
        wp.launch(kernels.natural_inverses, n, [self._inv_rest, s], [out.frame, out.stretch, out.inverse], device=d)
        return out

    def log_strain(self, x: np.ndarray) -> np.ndarray:
        """(T, 6) Hencky strain ln U of each tet at x, as (xx, yy, zz, yz, xz, xy)."""
        out = wp.empty(len(self.tets), dtype=vec6, device=self.device)
        xs = wp.array(x, dtype=vec3, device=self.device)
        wp.launch(kernels.log_strains, len(self.tets), [self._tets, self._inv_rest, xs], [out], device=self.device)
        return out.numpy()

    def strain_jacobian(self, x: np.ndarray, natural: "Natural", tet: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """(N, 3) df/ds [N] when the stress-free strain of the tets ``tet`` (n,) changes along ``direction`` (n, 6).

        ``natural`` must come from a strain array.
        """
        d, n = self.device, len(tet)
        out = wp.empty((n, 4), dtype=vec3, device=d)
        inputs = [
            *(self._tets, self._inv_rest, self._volume, self._moduli),
            *(natural.frame, natural.stretch, natural.inverse),
            wp.array(tet, dtype=int, device=d),
            wp.array(direction, dtype=vec6, device=d),
            wp.array(x, dtype=vec3, device=d),
        ]
        wp.launch(kernels.strain_forces, n, inputs, [out], device=d)
        rows, corner = self.tets[tet].ravel(), out.numpy().reshape(-1, 3)
        return np.stack([np.bincount(rows, corner[:, k], len(self.rest)) for k in range(3)], axis=1)

    def stiffness(
        self, x: np.ndarray, activation: np.ndarray, strain: np.ndarray | None = None, *, definite: bool = False
    ) -> sp.bsr_matrix:
        """(3N, 3N) stiffness K = -df/dx of tets and springs [N/cm], all nodes, 3 x 3 blocks.

        ``strain`` (T, 6) is the stress-free logarithmic strain of the passive flesh (default: none). With
        ``definite`` the fibres' negative stiffness is dropped (for search directions); without, K is exact.
        """
        indptr, indices, start, corner = self._stiffness_pattern()
        d = self.device
        xs = wp.array(x, dtype=vec3, device=d)
        act = wp.array(np.append(activation, 0.0), dtype=f64, device=d)
        blocks = wp.empty((len(self.tets), 16), dtype=mat33, device=d)
        wp.launch(kernels.tet_stiffness, len(self.tets), [*self._model_arrays(), self.natural(strain).inverse, xs, act,
                  int(definite)], [blocks], device=d)  # fmt: skip
        out = wp.empty(len(indices), dtype=mat33, device=d)
        wp.launch(kernels.gather_blocks, len(indices), [start, corner, blocks.flatten()], [out], device=d)
        n = 3 * len(self.rest)
        K = sp.bsr_matrix((out.numpy(), indices, indptr), shape=(n, n))
        return K + sp.bsr_matrix(sp.diags(np.repeat(self.spring, 3)), blocksize=(3, 3))

    def volume_ratio(self, x: np.ndarray) -> np.ndarray:
        """(T,) J = det F of each tet."""
        out = wp.empty(len(self.tets), dtype=f64, device=self.device)
        xs = wp.array(x, dtype=vec3, device=self.device)
        wp.launch(kernels.volume_ratios, len(self.tets), [self._tets, self._inv_rest, xs], [out], device=self.device)
        return out.numpy()

    def activation_jacobian(self, x: np.ndarray) -> sp.csc_matrix:
        """(3N, muscles) df/da [N]: force on every node per unit of each activation."""
        n = len(self.fibres.muscle)
        shape = (3 * len(self.rest), self.fibres.count)
        if n == 0:
            return sp.csc_matrix(shape)
        d = self.device
        out = wp.empty((n, 4), dtype=vec3, device=d)
        xs = wp.array(x, dtype=vec3, device=d)
        model = [self._tets, self._inv_rest, self._volume, self._fibre_tet, self._fibre_stress, self._fibre_direction]
        wp.launch(kernels.activation_forces, n, [*model, xs], [out], device=d)
        rows = (3 * self.tets[self.fibres.tet][:, :, None] + np.arange(3)).ravel()
        cols = np.repeat(self.fibres.muscle, 12)
        return sp.csc_matrix((out.numpy().ravel(), (rows, cols)), shape=shape)


class Workspace:
    """Reused device buffers of one caller; two threads need two of them."""

    def __init__(self, flesh: Flesh) -> None:
        self.flesh = flesh
        d, n, t = flesh.device, len(flesh.rest), len(flesh.tets)
        self._x = wp.empty(n, dtype=vec3, device=d)
        self._activation = wp.zeros(flesh.fibres.count + 1, dtype=f64, device=d)
        self._energy = wp.empty(t, dtype=f64, device=d)
        self._corner = wp.empty((t, 4), dtype=vec3, device=d)
        self._force = wp.empty(n, dtype=vec3, device=d)
        self._natural = flesh.natural(None).inverse

    def set_activation(self, activation: np.ndarray) -> None:
        """Activations (muscles,) for the evaluations that follow."""
        self._activation.assign(np.append(activation, 0.0))

    def set_strain(self, strain: np.ndarray | None) -> None:
        """Stress-free logarithmic strain (T, 6) of the passive flesh for the evaluations that follow."""
        self._natural = self.flesh.natural(strain).inverse

    def tet_energy_and_force(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Energy [N cm] of flesh and fibres, and the force (N, 3) [N] on every node, without springs."""
        f, d = self.flesh, self.flesh.device
        self._x.assign(x)
        wp.launch(kernels.tet_forces, len(f.tets), [*f._model_arrays(), self._natural, self._x, self._activation],
                  [self._energy, self._corner], device=d)  # fmt: skip
        wp.launch(kernels.gather_forces, len(f.rest), [f._node_start, f._node_corner, self._corner.flatten()],
                  [self._force], device=d)  # fmt: skip
        return float(self._energy.numpy().sum()), self._force.numpy().copy()
