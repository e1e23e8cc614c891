# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Equilibria of B poses at once by projected Newton steps on the device (Teran et al. 2005).

Each step solves K d = -g inexactly by preconditioned conjugate gradients and is backtracked to sufficient decrease.
Where whole steps are accepted, K is the exact stiffness, under which they gain quadratically; conjugate gradients end
where it has no curvature (Steihaug 1983), and the next steps take the projected one.
All loops are ``wp.capture_while`` and all decisions kernels, so that a solve can be one CUDA graph.
"""

import warp as wp

from ..physics.contact import contact_forces, contact_stiffness
from ..physics.flesh import Flesh
from ..physics.materials import f64, mat33, vec3
from . import flesh_kernels, newton_kernels, solve_kernels
from .flesh_kernels import mat33f, vec3f
from .loads import Loads
from .newton_kernels import Progress
from .preconditioner import Preconditioner
from .stiffness import Stiffness


class Sums:
    """Q sums over n terms for each of B poses."""

    def __init__(self, batch: int, quantities: int, n: int, device: wp.Device) -> None:
        tiles = -(-n // solve_kernels.SUM_TILE)
        self.terms = wp.zeros((batch, quantities, n), dtype=f64, device=device)
        self._partial = wp.zeros((batch, quantities, tiles), dtype=f64, device=device)
        self.out = wp.zeros((batch, quantities), dtype=f64, device=device)

    def add_up(self, on: wp.array, largest: int = -1) -> None:
        """Sum the terms of the poses that are ``on``; quantity ``largest`` is a maximum."""
        for kernel, terms, out in (
            (solve_kernels.sum_tiles, self.terms, self._partial),
            (solve_kernels.finish_sums, self._partial, self.out),
        ):
            wp.launch_tiled(kernel, dim=out.shape, inputs=[on, largest, terms, out], block_dim=256, device=out.device)


class Newton:
    """The solver with its buffers for B poses. nodes: (B, N) the answer, from which the next solve begins."""

    def __init__(
        self,
        flesh: Flesh,
        stiffness: Stiffness,
        preconditioner: Preconditioner,
        loads: Loads,
        tolerance: float,
    ) -> None:
        self._flesh, self._stiffness, self._preconditioner, self._loads = flesh, stiffness, preconditioner, loads
        self._tolerance = f64(tolerance)
        self._device = d = stiffness.device
        self._batch = batch = loads.batch
        self._shape, self._rows = (batch, len(flesh.rest)), (batch, stiffness.rows)
        self._corners = flesh.node_corners
        self._rest = wp.array(flesh.rest, dtype=vec3, device=d)
        self._spring = wp.array(flesh.spring, dtype=f64, device=d)
        self.progress = Progress()
        for name, field in Progress.vars.items():
            setattr(self.progress, name, wp.zeros(batch, dtype=field.type.dtype, device=d))
        self._all = wp.ones(batch, dtype=int, device=d)
        self._turned = wp.zeros(batch, dtype=int, device=d)
        self._newton, self._krylov, self._search = (wp.zeros(1, dtype=int, device=d) for _ in range(3))
        self.nodes, self._guess, self._still, self._trial, self._gradient, self._trial_gradient = (
            wp.zeros(self._shape, dtype=vec3, device=d) for _ in range(6)
        )
        self._r, self._z, self._p, self._q, self._d = (wp.zeros(self._rows, dtype=vec3f, device=d) for _ in range(5))
        tets = len(flesh.tets)
        self._energy = wp.zeros((batch, tets), dtype=f64, device=d)
        self._corner = wp.zeros((batch, 4 * tets), dtype=vec3, device=d)
        self._element = wp.zeros((batch, 10 * tets), dtype=mat33f, device=d)
        touched = loads.floor.shape
        self._contact_energy = wp.zeros(touched, dtype=f64, device=d)
        self._contact_force, self._contact_lift = (wp.zeros(touched, dtype=vec3, device=d) for _ in range(2))
        self._contact_blocks = wp.zeros(touched, dtype=mat33, device=d)
        self._blocks = stiffness.blocks(batch)
        self._diagonal_inverse = wp.zeros(self._rows, dtype=mat33f, device=d)
        self._levels = preconditioner.buffers(batch)
        self._state = Sums(batch, 3, len(flesh.rest), d)
        self._curvature, self._products, self._step = (Sums(batch, q, stiffness.rows, d) for q in (1, 2, 2))
        self.reset()

    def reset(self) -> None:
        """Begin the next solve from rest."""
        for array in (self.nodes, self._guess, self._still):
            array.assign(wp.clone(self._rest.reshape((1, -1))).numpy().repeat(self._batch, axis=0))

    def solve(self) -> None:
        """Launch the whole solve for the loads at hand."""
        s, go = self.progress, self._newton
        self._start()
        go.zero_()
        self._launch(newton_kernels.begin_newton, self._batch, s, self._tolerance, go)
        wp.capture_while(go, self._newton_step)
        self._launch(newton_kernels.rest_unloaded, self._shape, s.reference, self._rest, self.nodes)

    def traffic(self, rounds: float, products: float) -> float:
        """Bytes that a solve of these Newton and conjugate gradient steps moves at least: every array that a step reads
        or writes, once (one step length for each direction, and the five evaluations of the start)."""
        load, k, p = self._loads, self._stiffness, self._preconditioner
        model = [*self._flesh.kernel_arrays(), load.inv_natural, load.slack, self.nodes]
        evaluation = [*model, self._energy, self._corner, self._corner, load.anchor, load.force, self._gradient]
        assembly = [*model, self._element, self._element, k.block_member, self._blocks, self._diagonal_inverse]
        product = [self._blocks, k.column, self._diagonal_inverse, *p.matrices, *[self._r] * 12]
        each = [
            sum(a.size * wp.types.type_size_in_bytes(a.dtype) for a in step) for step in (evaluation, assembly, product)
        ]
        return (rounds + 5) * each[0] + rounds * each[1] + (products + rounds) * each[2]

    def _launch(self, kernel: wp.Kernel, dim: int | tuple, *arguments: object) -> None:
        wp.launch(kernel, dim, list(arguments), device=self._device)

    def _evaluate(self, on: wp.array, x: wp.array, gradient: wp.array, *, touching: bool = True) -> None:
        """Gradient (B, N) at x, and the sums of energy, |gradient|^2 and |flesh force|^2; ``touching`` the teeth or
        through them."""
        if touching:
            self._launch(contact_forces, self._contact_energy.shape, *self._loads.teeth, on, *self._loads.contact, x,
                         self._contact_energy, self._contact_force)  # fmt: skip
        else:
            self._contact_energy.zero_()
            self._contact_force.zero_()
        f, load = self._flesh, self._loads
        self._launch(flesh_kernels.tet_forces, self._energy.shape, *f.kernel_arrays(), on, load.inv_natural, load.slack,
                     x, load.activation, self._energy, self._corner)  # fmt: skip
        self._launch(flesh_kernels.node_gradients, self._shape, *self._corners, self._rest, self._spring,
                     self._stiffness.row_of_node, self._stiffness.lining_of_node, on, x, self._contact_energy,
                     self._contact_force, load.anchor, load.force, self._energy, self._corner,
                     gradient, self._state.terms)  # fmt: skip
        self._state.add_up(on)

    def _start(self) -> None:
        """Scale of the forces, and the best of three starts: the last answer moved on, the guess, flesh that only
        follows its bones."""
        s, load = self.progress, self._loads
        for at, driven in ((load.bones, 0), (self._still, 1)):
            self._evaluate(self._all, at, self._trial_gradient, touching=False)
            self._launch(newton_kernels.note_forces, self._batch, s, self._state.out, driven)
        self._launch(newton_kernels.start_nodes, self._shape, self._stiffness.row_of_node, self.nodes, self._guess,
                     load.guess, self._trial)  # fmt: skip
        for start, sounder in ((self._trial, 0), (load.guess, 0), (load.carried, 1)):
            self._evaluate(self._all, start, self._trial_gradient)
            self._turned.zero_()
            a = self._flesh.arrays
            self._launch(flesh_kernels.turned_tets, self._energy.shape, a.tets, a.inv_rest, self._all, start,
                         self._turned)  # fmt: skip
            self._launch(newton_kernels.judge_start, self._batch, s, self._state.out, self._turned, sounder)
            self._keep(start)
        wp.copy(self._guess, load.guess)

    def _keep(self, x: wp.array) -> None:
        self._launch(newton_kernels.keep_nodes, self._shape, self.progress.accepted, x, self._trial_gradient,
                     self.nodes, self._gradient)  # fmt: skip

    def _newton_step(self) -> None:
        s, load, k = self.progress, self._loads, self._stiffness
        self._launch(flesh_kernels.tet_stiffness, self._energy.shape, *self._flesh.kernel_arrays(), s.on,
                     s.exact, load.inv_natural, load.slack, self.nodes, load.activation, self._element)  # fmt: skip
        self._launch(contact_stiffness, self._contact_energy.shape, *load.teeth, s.on, s.exact, *load.contact,
                     self.nodes, self._contact_blocks, self._contact_lift)  # fmt: skip
        k.assemble(s.on, self._element, self._contact_blocks, self._blocks, self._diagonal_inverse)
        self._direction()
        self._launch(solve_kernels.step_terms, self._rows, k.node_of_row, s.on, self._gradient, self._d,
                     self._step.terms)  # fmt: skip
        self._step.add_up(s.on, largest=1)
        self._search.zero_()
        self._launch(newton_kernels.begin_search, self._batch, s, self._step.out, self._search)
        wp.capture_while(self._search, self._try_length)
        self._keep(self._trial)
        self._newton.zero_()
        self._launch(newton_kernels.judge_newton, self._batch, s, self._tolerance, self._newton)

    def _direction(self) -> None:
        """d with K d = -gradient, as far as the forcing term asks."""
        s = self.progress
        self._launch(solve_kernels.begin_gradients, self._rows, self._stiffness.node_of_row, s.on, self._gradient,
                     self._r, self._d, self._p)  # fmt: skip
        self._precondition(s.on)
        self._krylov.zero_()
        self._launch(newton_kernels.begin_krylov, self._batch, s, self._tolerance, self._products.out, self._krylov)
        wp.capture_while(self._krylov, self._krylov_step)

    def _precondition(self, on: wp.array) -> None:
        """z = M r, and the next search direction p."""
        self._preconditioner.apply(self._levels, on, self._diagonal_inverse, self._r, self._z, self._products.terms)
        self._products.add_up(on)
        self._launch(solve_kernels.turn_direction, self._rows, on, self.progress.rz, self._products.out, self._z,
                     self._p)  # fmt: skip

    def _krylov_step(self) -> None:
        s = self.progress
        self._stiffness.multiply(s.solving, self._blocks, self._p, self._q, self._curvature.terms)
        self._curvature.add_up(s.solving)
        self._launch(solve_kernels.advance, self._rows, s.solving, s.rz, self._curvature.out, self._p, self._q, self._d,
                     self._r)  # fmt: skip
        self._precondition(s.solving)
        self._krylov.zero_()
        self._launch(newton_kernels.judge_krylov, self._batch, s, self._curvature.out, self._products.out,
                     self._krylov)  # fmt: skip

    def _try_length(self) -> None:
        s, k = self.progress, self._stiffness
        self._launch(newton_kernels.trial_nodes, self._shape, k.row_of_node, s.searching, s.length, self.nodes, self._d,
                     self._trial)  # fmt: skip
        self._evaluate(s.searching, self._trial, self._trial_gradient)
        self._launch(solve_kernels.step_terms, self._rows, k.node_of_row, s.searching, self._trial_gradient, self._d,
                     self._step.terms)  # fmt: skip
        self._step.add_up(s.searching, largest=1)
        self._search.zero_()
        self._launch(newton_kernels.judge_search, self._batch, s, self._state.out, self._step.out, self._search)
