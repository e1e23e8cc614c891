# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""tatva (JAX): Newton in load steps, element stiffnesses by automatic differentiation, MKL Pardiso.

Element Hessians are summed into a fixed pattern: tatva's own coloured Jacobian needs a product for each of a hundred
colours.
"""

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse as sp
import tatva
from pardiso import SymmetricPardiso
from problem import Problem, fastest, measure, report

STEPS, ITERATIONS = 5, 12
"""Load steps, of which all but the last take one iteration of Newton, and the most iterations of the last."""


class Flesh:
    """The problem's energy in tatva, its gradient and its stiffness between the free degrees of freedom."""

    def __init__(self, problem: Problem) -> None:
        mesh = tatva.Mesh(coords=jnp.asarray(problem.rest), elements=jnp.asarray(problem.tets))
        self._operator = tatva.Operator(mesh, tatva.element.Tetrahedron4(), cache_weights=True)
        self._mu, self._lam = problem.mu, problem.lam
        self._spring, self._pull = jnp.asarray(problem.spring)[:, None], jnp.asarray(problem.track_load())
        self.free = problem.dofs(problem.free)
        self.gradient = jax.jit(jax.grad(self._energy))
        self.product = jax.jit(lambda u, share, v: jax.jvp(lambda w: self.gradient(w, share), (u,), (v,))[1])
        self._values = jax.jit(self._free_values)
        self._lay_out(problem)

    def _density(self, gradient: jax.Array) -> jax.Array:
        F = gradient + jnp.eye(3)
        J = jnp.vdot(F[:, 0], jnp.cross(F[:, 1], F[:, 2]))
        e = J - 1
        return self._mu / 2 * ((F * F).sum() - 3) - self._mu * e + (self._lam + self._mu) / 2 * e * e

    def _energy(self, u: jax.Array, share: float) -> jax.Array:
        density = jax.vmap(jax.vmap(self._density))(self._operator.grad(u))
        springs = (0.5 * self._spring * u * u - share * self._pull * u).sum()
        return self._operator.integrate(density) + springs

    def _element_stiffness(self, values: jax.Array, coords: jax.Array) -> jax.Array:
        element = self._operator.element

        def density(xi, values):
            return self._density(element.gradient(xi, values, coords))

        # The tet of four nodes has one quadrature point.
        xi, weight = element.quad_points[0], element.quad_weights[0]
        volume = weight * element.get_jacobian(xi, coords)[1]
        return volume * jax.hessian(density, argnums=1)(xi, values).reshape(12, 12)

    def _lay_out(self, problem: Problem) -> None:
        """The pattern of the upper triangle between free degrees of freedom, and where entries of tets fall on it."""
        number = np.full(problem.rest.size, -1)
        number[self.free] = np.arange(len(self.free))
        local = number[(3 * problem.tets[:, :, None] + np.arange(3)).reshape(-1, 12)]
        rows, cols = np.repeat(local, 12, axis=1).ravel(), np.tile(local, (1, 12)).ravel()
        kept = np.flatnonzero((rows >= 0) & (cols >= rows))
        n = len(self.free)
        keys, place = np.unique(rows[kept] * n + cols[kept], return_inverse=True)
        self._kept, self._place, self._size = jnp.asarray(kept), jnp.asarray(place), len(keys)
        self._diagonal = jnp.asarray(np.searchsorted(keys, np.arange(n) * (n + 1)))
        self._indptr, self._indices = np.searchsorted(keys, np.arange(n + 1) * n).astype(np.int32), keys % n

    def _free_values(self, u: jax.Array) -> jax.Array:
        local = self._operator.map_over_elements(self._element_stiffness)(u, self._operator.mesh.coords)
        values = jnp.zeros(self._size).at[self._place].add(local.ravel()[self._kept])
        return values.at[self._diagonal].add(jnp.repeat(self._spring.ravel(), 3)[self.free])

    def stiffness(self, u: jax.Array) -> sp.csr_matrix:
        """Upper triangle of the stiffness."""
        n = len(self.free)
        return sp.csr_matrix((np.asarray(self._values(u)), self._indices, self._indptr), shape=(n, n))


def main(problem: Problem, repeats: int) -> dict:
    """Time the solve and the adjoint gradient."""
    flesh, pardiso = Flesh(problem), SymmetricPardiso()

    def solve(look) -> None:
        u, held = np.zeros_like(problem.rest), problem.fixed
        for step in range(1, STEPS + 1):
            share, last = step / STEPS, step == STEPS
            moved = np.where(held[:, None], problem.bones(share) - problem.rest - u, 0.0)
            for iteration in range(ITERATIONS if last else 1):
                g = flesh.gradient(u, share)
                if iteration == 0:
                    g = g + flesh.product(u, share, moved)
                    u_next = u + moved
                else:
                    u_next = u.copy()
                u_next.ravel()[flesh.free] -= pardiso(flesh.stiffness(u), np.asarray(g).ravel()[flesh.free])
                u = u_next
                if last:
                    look(problem.rest + u)

    answer = problem.reference - problem.rest

    def gradient() -> np.ndarray:
        pardiso.factorise(flesh.stiffness(answer))
        sensitivity = problem.loss_gradient(problem.reference)
        force = np.zeros_like(sensitivity)
        force.ravel()[flesh.free] = pardiso.solve(sensitivity.ravel()[flesh.free])
        moved = np.where(problem.fixed[:, None], sensitivity - np.asarray(flesh.product(answer, 1.0, force)), 0.0)
        return problem.controls_gradient(force, moved)

    measure(problem, solve, 1)
    result = measure(problem, solve, repeats)
    return {**result, "gradient_norm": float(np.linalg.norm(gradient())), "gradient_s": fastest(gradient)}


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    report(main)
