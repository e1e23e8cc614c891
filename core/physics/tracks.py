# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Muscle tracks: what each shape asks of the flesh, calibrated so that the equilibrium at weight 1 is the shape.

Each free node n hangs on a zero-length spring of stiffness k_n to a point X_n + sum_s w_s u_ns (Cong et al. 2016; Bao
et al. 2019, section 4). Springs of the flesh's own order fall short of a shape and stiff ones hold the face against
its muscles. So for each shape the flesh is first brought to x* = X + u, the elastic equilibrium whose skin lies on the
artist's with the bones in the shape's pose, and then what resists it there is taken away:

* the passive flesh of a tet is free of stress at the Hencky strain S = ln U of F* = R U. Strains of several shapes
  add (within limits, see ``strain_limit``): the stress-free shape is exp(sum_s w_s S_s), whose volume is the product
  of the shapes' own.
* passive fibres are free of tension at the stretch that S gives them.
* the little that is left (weight on turned flesh, strains too small to be kept) is balanced by a constant force L_n.

Then x* is an equilibrium at w = 1 whatever the stiffness of the springs, as stable as the rest pose. (Balancing all of
the flesh's resistance by constant forces would do as well for w = 1, but such forces buckle lips and lids at others.)
"""

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from .cholesky import nearest_inverse
from .derivatives import log_strain
from .equilibrium import Energy, Operator, factor, minimise
from .flesh import Flesh
from .pattern import dofs
from .strain_limit import norm

SKIN_STIFFNESS = 150.0
"""Pull of the artist's skin on the flesh while a shape is calibrated, in units of shear modulus per cm."""


SOUND = 0.05
"""Volume ratio that every tet keeps in a calibrated shape."""

SQUEEZED = 0.2
"""Volume ratio of a tet from which on the exact stiffness is hardly ever definite: not worth the try."""


def largest_strain(flesh: Flesh, displacements: np.ndarray) -> np.ndarray:
    """(T,) largest norm of the strains that displacements (K, N, 3) ask of each tet."""
    out = np.zeros(len(flesh.tets))
    for u in displacements:
        if u.any():
            out = np.maximum(out, norm(log_strain(flesh, flesh.rest + u)))
    return out


PATIENCE = (24, 12)
"""Iterations that the stiffness at rest and one factored later get in a calibration."""

PART_PATIENCE = (16, 16)
"""The same in a part of the flesh, where to factor costs little."""

NEAR = 0.03
"""Motion [cm] of linear flesh below which the real one is taken to move alike."""

PART = 0.5
"""Share of the flesh that moves up to which a shape is found in that part of the flesh alone."""

TOLERANCE = 1e-2
"""Unbalanced share of the skin's pull at which a shape is found: nodes are then within a tenth of a millimetre of the
equilibrium, skin within some hundredths. What is left the track's force balances."""


class DrawnFlesh:
    """A flesh whose skin is drawn to where an artist has it.

    embed: (Vs, N) with skin = embed @ nodes · pull: (Vs, 1) stiffness that draws each skin vertex [N/cm].
    """

    def __init__(self, flesh: Flesh, embed: sp.csr_matrix, pull: np.ndarray) -> None:
        self.flesh, self.embed, self.pull = flesh, embed, pull
        free = flesh.free
        self.embed_free = embed[:, free].tocsr()
        self.embed_free_t = self.embed_free.T.tocsr()
        self.skin = (self.embed_free_t @ sp.diags(pull[:, 0]) @ self.embed_free).tocsr()
        self.skin.sum_duplicates()
        pattern, n = flesh.pattern(free=True), len(free)
        keys = np.repeat(np.arange(n), np.diff(pattern.indptr)) * n + pattern.indices
        # A skin vertex ties the corners of one tet, whose blocks are there already.
        of_skin = np.repeat(np.arange(n), np.diff(self.skin.indptr)) * n + self.skin.indices
        self._skin_blocks = np.searchsorted(keys, of_skin)

    def part(self, moving: np.ndarray) -> tuple["DrawnFlesh", np.ndarray, np.ndarray]:
        """The flesh around the nodes ``moving`` (N,), all others held; its nodes and its skin vertices in this one."""
        local, nodes = self.flesh.part(moving)
        skin = np.flatnonzero(np.diff(self.embed[:, nodes[local.free]].tocsr().indptr))
        return DrawnFlesh(local, self.embed[skin][:, nodes].tocsr(), self.pull[skin]), nodes, skin

    def stiffness_inverse(self, x: np.ndarray) -> Operator:
        """Inverse of the stiffness at x (N, 3) with the skin's pull: of the exact one where that is definite, else of
        the projected."""
        flesh, still = self.flesh, np.zeros(self.flesh.fibres.count)

        def blocks(definite: bool) -> np.ndarray:
            out = flesh.stiffness_blocks(x, still, definite=definite, free=True)
            out[self._skin_blocks] += self.skin.data[:, None, None] * np.eye(3)
            return out

        sound = not (flesh.volume_ratio(x) < SQUEEZED).any()
        return nearest_inverse(flesh.ordering, flesh.pattern(free=True).diagonal, blocks, exact=sound)

    def energy(self, x: np.ndarray, target: np.ndarray, trust: np.ndarray, pull: np.ndarray) -> Energy:
        """Energy of the free nodes with the others as in x (N, 3) and the skin drawn to ``target`` (Vs, 3), each vertex
        by its ``trust`` (Vs,). Every evaluation leaves nodes in x and the skin's forces in ``pull`` (free, 3)."""
        free, workspace = self.flesh.free, self.flesh.workspace()
        wanted = target - self.embed[:, np.flatnonzero(self.flesh.fixed)] @ x[self.flesh.fixed]
        stiffness = self.pull * trust[:, None]

        def energy(xf: np.ndarray) -> tuple[float, np.ndarray]:
            x[free] = xf
            e, f = workspace.tet_energy_and_force(x)
            r = self.embed_free @ xf - wanted
            pull[:] = self.embed_free_t @ (stiffness * r)
            return e + 0.5 * float((stiffness * r * r).sum()), pull - f[free]

        return energy

    def settle(
        self,
        x: np.ndarray,
        target: np.ndarray,
        trust: np.ndarray,
        inverse: Operator,
        patience: tuple[int, int],
        tick: Callable[[], None] | None,
    ) -> np.ndarray:
        """Equilibrium (N, 3) near x (N, 3); see ``energy``. ``inverse`` is what to begin with."""
        x, free = x.copy(), self.flesh.free
        pull = np.zeros((len(free), 3))

        def stiffness_inverse(xf: np.ndarray) -> Operator:
            x[free] = xf
            return self.stiffness_inverse(x)

        energy = self.energy(x, target, trust, pull)
        best, _ = minimise(energy, x[free].copy(), inverse, lambda: float(np.linalg.norm(pull)), tolerance=TOLERANCE,
                           step_tolerance=5e-3, stiffness_inverse=stiffness_inverse, patience=patience, iterations=150,
                           tick=tick)  # fmt: skip
        x[free] = best
        return x


class Calibration:
    """Finds tracks for one flesh and one skin embedding; the stiffness at rest, factored once, serves all shapes.

    embed: (Vs, N) with skin = embed @ nodes · weight: (Vs,) area that each skin vertex stands for [cm2].
    """

    def __init__(self, flesh: Flesh, embed: sp.csr_matrix, weight: np.ndarray) -> None:
        self.flesh = flesh
        mu = float(np.median(flesh.shear))
        self._whole = DrawnFlesh(flesh, embed, SKIN_STIFFNESS * mu * weight[:, None])
        free = flesh.free
        self._laplacian = flesh.laplacian(np.ones(len(flesh.tets)))
        self._smooth_pull = 50.0 * weight[:, None]
        self._extend = factor(self._laplacian[free][:, free] + 50.0 / (SKIN_STIFFNESS * mu) * self._whole.skin)
        rows = flesh.stiffness(flesh.rest, np.zeros(flesh.fibres.count)).tocsr()[dofs(free)]
        self._coupling = rows[:, dofs(np.flatnonzero(flesh.fixed))]
        self._solve = self._whole.stiffness_inverse(flesh.rest)

    def shape(self, target: np.ndarray, fixed: np.ndarray, *, tick: Callable[[], None] | None = None) -> np.ndarray:
        """Node displacement u (N, 3) of a shape: skin ``target`` (Vs, 3), bones at ``fixed`` (N, 3; fixed rows count).

        Where the artist's skin turns the flesh inside out (lips through each other), it is let go until the flesh
        has recovered, and then taken up again as far as the flesh bears it.
        """
        flesh, x, trust = self.flesh, None, np.ones(len(target))
        for attempt in range(10):
            x = self._settle(target, fixed, trust, x, tick)
            crushed = flesh.volume_ratio(x) < SOUND
            if not crushed.any():
                break
            near = np.zeros(len(flesh.rest))
            near[flesh.tets[crushed].ravel()] = 1.0
            trust = np.where(abs(self._whole.embed) @ near > 0.3, 0.2 * trust, trust)
            if attempt > 1:
                # What turns over is pushed from elsewhere: the whole shape is let go a little.
                trust = 0.6 * trust
            x = self._smoothed(x, near > 0.0)
        for _ in range(4):
            if (trust == 1.0).all():
                break
            trust = np.sqrt(trust)
            closer = self._settle(target, fixed, trust, x, tick)
            if (flesh.volume_ratio(closer) < SOUND).any():
                break
            x = closer
        return x - flesh.rest

    def _settle(
        self,
        target: np.ndarray,
        fixed: np.ndarray,
        trust: np.ndarray,
        start: np.ndarray | None,
        tick: Callable[[], None] | None,
    ) -> np.ndarray:
        """Equilibrium (N, 3) of the flesh with its skin drawn to the target, each vertex by its ``trust`` (Vs,)."""
        flesh, whole = self.flesh, self._whole
        if start is None:
            x = flesh.rest.copy()
            x[flesh.fixed] = fixed[flesh.fixed]
            pull = np.zeros((len(flesh.free), 3))
            energy = whole.energy(x, target, trust, pull)
            if float(np.linalg.norm(energy(flesh.rest[flesh.free])[1])) < 1e-9:
                return flesh.rest.copy()
            x[flesh.free] = self._start(target, x, energy)
        else:
            x = start
        moving = (np.linalg.norm(x - flesh.rest, axis=1) > NEAR) & ~flesh.fixed
        if np.count_nonzero(moving) > PART * len(flesh.free):
            return whole.settle(x, target, trust, self._solve, PATIENCE, tick)
        if not moving.any():
            return x
        local, nodes, skin = whole.part(moving)
        inverse, x = local.stiffness_inverse(x[nodes]), x.copy()
        x[nodes] = local.settle(x[nodes], target[skin], trust[skin], inverse, PART_PATIENCE, tick)
        return x

    def _smoothed(self, x: np.ndarray, nodes: np.ndarray) -> np.ndarray:
        """x with the displacements around ``nodes`` (N,) smoothed: a tet turned over through an edge feels no force."""
        flesh = self.flesh
        around = np.zeros(len(x), bool)
        around[flesh.tets[nodes[flesh.tets].any(1)].ravel()] = True
        around &= ~flesh.fixed
        u = x - flesh.rest
        corners = flesh.tets.ravel()
        count = np.bincount(corners, minlength=len(x))
        for _ in range(20):
            mean = np.repeat(u[flesh.tets].mean(1), 4, axis=0)
            total = np.stack([np.bincount(corners, mean[:, k], len(x)) for k in range(3)], axis=1)
            u[around] = total[around] / count[around, None]
        return flesh.rest + u

    def _start(self, target: np.ndarray, x: np.ndarray, energy: Energy) -> np.ndarray:
        """Free nodes to begin from, for the wanted skin and bones moved as in x (N, 3): where linear flesh would be.

        Where bones turn far, linear flesh swells; then it may be better to spread the displacements evenly.
        """
        flesh = self.flesh
        held = flesh.fixed
        moved = x[held] - flesh.rest[held]
        whole = self._whole
        skin = target - whole.embed @ flesh.rest - whole.embed[:, np.flatnonzero(held)] @ moved
        pull = whole.embed_free_t @ (whole.pull * skin)
        linear = flesh.rest[flesh.free] + self._solve(pull - (self._coupling @ moved.ravel()).reshape(-1, 3))
        if not moved.any():
            return linear
        right = whole.embed_free_t @ (self._smooth_pull * skin) - self._laplacian[flesh.free][:, held] @ moved
        even = flesh.rest[flesh.free] + self._extend.solve(np.asarray(right))
        return min(linear, even, key=lambda xf: energy(xf)[0])
