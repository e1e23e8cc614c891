# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Lips and cheeks on the teeth: the lining of the mouth may slide along the rows of teeth, but not through them.

Each row is an elliptic arch (``geometry.arch``), upright in the frame of its bone. A node that sinks under its arch by
more than it is allowed to is pushed out by a force that grows with the depth (a penalty, as in Wriggers, Computational
Contact Mechanics, 2006, chapter 5), without friction: the lining is wet.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import warp as wp

from ..geometry.arch import heights
from .flesh import Flesh
from .materials import f64, mat33, vec3

wp.set_module_options({"enable_backward": False})

STIFFNESS = 40.0
"""Pressure of the teeth per depth, in units of shear modulus per cm: lips sink in by a millimetre at most."""

ONSET = wp.constant(f64(0.03))
"""Depth [cm] over which the stiffness sets in, so that equilibria have derivatives everywhere."""

LOWER = wp.constant(1)
"""The row that goes with the mandible; the upper one, 0, stays."""


@wp.func
def arch_height(arch: vec3, p: vec3):
    """``geometry.arch.heights`` of p, its gradient and its Hessian: rho - r(theta), in the cylinder's coordinates."""
    z = p[2] - arch[0]
    rho = wp.max(wp.sqrt(p[0] * p[0] + z * z), f64(1.0e-6))
    s = p[0] / rho
    c = z / rho
    wide = f64(1.0) / (arch[1] * arch[1])
    deep = f64(1.0) / (arch[2] * arch[2])
    q = s * s * wide + c * c * deep
    q1 = f64(2.0) * s * c * (wide - deep)
    q2 = f64(2.0) * (c * c - s * s) * (wide - deep)
    r = f64(1.0) / wp.sqrt(q)
    r1 = f64(-0.5) * r * q1 / q
    r2 = r * (f64(0.75) * q1 * q1 / q - f64(0.5) * q2) / q
    out = vec3(s, f64(0.0), c)
    along = vec3(c, f64(0.0), -s)
    gradient = out - (r1 / rho) * along
    bend = wp.outer(out, along)
    H = ((rho - r2) / (rho * rho)) * wp.outer(along, along) + (r1 / (rho * rho)) * (bend + wp.transpose(bend))
    return rho - r, gradient, H


@wp.func
def push_of(depth: f64):
    """Energy, force and stiffness at a depth per unit of stiffness: a quadratic after a cubic onset."""
    if depth <= f64(0.0):
        return f64(0.0), f64(0.0), f64(0.0)
    if depth < ONSET:
        return depth * depth * depth / (f64(6.0) * ONSET), depth * depth / (f64(2.0) * ONSET), depth / ONSET
    e = f64(0.5) * depth * (depth - ONSET) + ONSET * ONSET / f64(6.0)
    return e, depth - f64(0.5) * ONSET, f64(1.0)


@wp.func
def height_in_pose(row: int, arch: vec3, turn: mat33, shift: vec3, x: vec3):
    """``arch_height`` of x over a row in its place, with the gradient and the Hessian there."""
    R = wp.identity(n=3, dtype=f64)
    t = vec3()
    if row == LOWER:
        R = turn
        t = shift
    height, gradient, H = arch_height(arch, wp.transpose(R) * (x - t))
    return height, R * gradient, R * H * wp.transpose(R)


@wp.kernel
def contact_forces(
    # Model:
    node: wp.array[int],
    row: wp.array[int],
    stiffness: wp.array[f64],
    arch: wp.array[vec3],
    # In:
    on: wp.array[int],
    turn: wp.array[mat33],
    shift: wp.array[vec3],
    floor: wp.array2d[f64],
    x: wp.array2d[vec3],
    # Out:
    energy_out: wp.array2d[f64],
    force_out: wp.array2d[vec3],
):
    """Energy [N cm] and force [N] of the teeth on each node of the lining, for B poses."""
    b, i = wp.tid()
    if on[b] == 0:
        return
    height, gradient, _H = height_in_pose(row[i], arch[row[i]], turn[b], shift[b], x[b, node[i]])
    e, push, _slope = push_of(floor[b, i] - height)
    energy_out[b, i] = stiffness[i] * e
    force_out[b, i] = (stiffness[i] * push) * gradient


@wp.kernel
def contact_stiffness(
    # Model:
    node: wp.array[int],
    row: wp.array[int],
    stiffness: wp.array[f64],
    arch: wp.array[vec3],
    # In:
    on: wp.array[int],
    exact: wp.array[int],
    turn: wp.array[mat33],
    shift: wp.array[vec3],
    floor: wp.array2d[f64],
    x: wp.array2d[vec3],
    # Out:
    block_out: wp.array2d[mat33],
    lift_out: wp.array2d[vec3],
):
    """Stiffness -df/dx [N/cm] of each node, ``exact`` or semi-definite, and its force per floor [N/cm]."""
    b, i = wp.tid()
    if on[b] == 0:
        return
    height, gradient, H = height_in_pose(row[i], arch[row[i]], turn[b], shift[b], x[b, node[i]])
    _e, push, slope = push_of(floor[b, i] - height)
    K = slope * wp.outer(gradient, gradient)
    if exact[b] == 1:
        K -= push * H
    block_out[b, i] = stiffness[i] * K
    lift_out[b, i] = (stiffness[i] * slope) * gradient


@dataclass(frozen=True)
class Teeth:
    """What the lining of one flesh can touch.

    node: (C,) nodes of the lining, each once · row: (C,) LOWER or 0 · stiffness: (C,) [N/cm] · arch: (2, 3) of each
    row: z of its axis, half width, half depth [cm] · rest: (N, 3) positions of the nodes.
    """

    node: np.ndarray
    row: np.ndarray
    stiffness: np.ndarray
    arch: np.ndarray
    rest: np.ndarray

    @classmethod
    def of(cls, flesh: Flesh, node: np.ndarray, row: np.ndarray, area: np.ndarray, arch: np.ndarray) -> "Teeth":
        """Teeth as stiff as they must be for a flesh whose lining has these areas (C,) [cm2]."""
        return cls(node, row, STIFFNESS * float(np.median(flesh.shear)) * area, arch, flesh.rest)

    @cached_property
    def at_rest(self) -> np.ndarray:
        """(C,) how deep nodes may lie [cm], not positive: as deep as they do at rest."""
        return np.minimum(self.height(self.rest, np.eye(3), np.zeros(3)), 0.0)

    def height(self, x: np.ndarray, turn: np.ndarray, shift: np.ndarray) -> np.ndarray:
        """(C,) distances [cm] of nodes x (N, 3) from their arches with the mandible moved to turn X + shift."""
        p = x[self.node].copy()
        low = self.row == LOWER
        p[low] = (p[low] - shift) @ turn
        return heights(p, self.arch[self.row])

    def allowance(self, x: np.ndarray, turn: np.ndarray, shift: np.ndarray) -> np.ndarray:
        """(C,) how much deeper [cm] than at rest nodes must be allowed to lie so that they may be at x (N, 3): what an
        artist's shape takes through the teeth, it takes through the teeth."""
        return np.minimum(self.height(x, turn, shift) - self.at_rest, 0.0)

    def model_arrays(self, device: wp.DeviceLike = "cpu") -> list[wp.array]:
        """What the kernels read, in their order."""
        return [
            wp.array(self.node, dtype=int, device=device),
            wp.array(self.row, dtype=int, device=device),
            wp.array(self.stiffness, dtype=f64, device=device),
            wp.array(self.arch, dtype=vec3, device=device),
        ]

    @cached_property
    def _arrays(self) -> list[wp.array]:
        return [*self.model_arrays(), wp.ones(1, dtype=int, device="cpu")]

    def part(self, nodes: np.ndarray, free: np.ndarray) -> "Teeth":
        """What a piece of the flesh with these nodes (n,), of which ``free`` (f,) move, can touch."""
        place = np.full(len(self.rest), -1)
        place[nodes[free]] = free
        kept = place[self.node] >= 0
        node = place[self.node[kept]]
        return Teeth(node, self.row[kept], self.stiffness[kept], self.arch, self.rest[nodes])

    def still(self) -> "Contact | None":
        """The contact with the jaw at rest; None where there is nothing to touch."""
        return self.in_pose(np.eye(3), np.zeros(3), self.at_rest)

    def in_pose(self, turn: np.ndarray, shift: np.ndarray, floor: np.ndarray) -> "Contact | None":
        """The contact with the mandible moved to turn X + shift and nodes allowed as deep as ``floor`` (C,); None where
        there is nothing to touch."""
        return Contact(self, turn, shift, floor) if len(self.node) else None


class Contact:
    """Teeth in one pose. turn: (3, 3), shift: (3,) of the mandible · floor: (C,) [cm]."""

    def __init__(self, teeth: Teeth, turn: np.ndarray, shift: np.ndarray, floor: np.ndarray) -> None:
        self.teeth, self.turn, self.shift, self.floor = teeth, turn, shift, floor
        count = len(teeth.node)
        self._place = [
            wp.array(turn[None], dtype=mat33, device="cpu"),
            wp.array(shift[None], dtype=vec3, device="cpu"),
            wp.array(floor[None], dtype=f64, device="cpu"),
        ]
        self._energy, self._force = np.empty((1, count)), np.empty((1, count, 3))
        self._at: np.ndarray | None = None
        self._out = [
            wp.array(self._energy, dtype=f64, copy=False, device="cpu"),
            wp.array(self._force, dtype=vec3, copy=False, device="cpu"),
        ]

    def energy_and_force(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Energy [N cm] and the force (C, 3) [N] on the nodes of the lining, at nodes x (N, 3)."""
        if x is not self._at:
            at = wp.array(x[None], dtype=vec3, copy=False, device="cpu")
            inputs = [*self.teeth._arrays, *self._place, at]
            self._at = x
            self._launch = wp.launch(contact_forces, self._energy.shape, inputs, self._out, device="cpu",
                                     record_cmd=True)  # fmt: skip
        self._launch.launch()
        return float(self._energy.sum()), self._force[0]

    def stiffness(self, x: np.ndarray, *, definite: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """(C, 3, 3) -df/dx [N/cm] of each node, and (C, 3) df/dfloor [N/cm]; see ``Flesh.stiffness_blocks``."""
        count = len(self.teeth.node)
        out = [wp.empty((1, count), dtype=t, device="cpu") for t in (mat33, vec3)]
        exact = wp.array([int(not definite)], dtype=int, device="cpu")
        at = wp.array(np.ascontiguousarray(x)[None], dtype=vec3, copy=False, device="cpu")
        wp.launch(contact_stiffness, (1, count), [*self.teeth._arrays, exact, *self._place, at], out, device="cpu")
        return out[0].numpy()[0], out[1].numpy()[0]

    def by_motion(self, x: np.ndarray, K: np.ndarray, turning: np.ndarray, moving: np.ndarray) -> np.ndarray:
        """(n, C, 3) df when turn and shift of the mandible change by ``turning`` (n, 3, 3), ``moving`` (n, 3); K is the
        stiffness (C, 3, 3) at x."""
        teeth, low = self.teeth, self.teeth.row == LOWER
        _, force = self.energy_and_force(x)
        spin = turning @ self.turn.T
        out = np.zeros((len(spin), len(teeth.node), 3))
        velocity = np.einsum("nij,cj->nci", spin, x[teeth.node[low]] - self.shift) + moving[:, None]
        out[:, low] = np.einsum("cij,ncj->nci", K[low], velocity) + np.einsum("nij,cj->nci", spin, force[low])
        return out
