# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""FElupe: Newton in load steps with the printed law's own stress and elasticity, MKL Pardiso."""

import felupe
import numpy as np
import scipy.sparse as sp
from felupe.mechanics._helpers import Assemble, Results
from pardiso import SymmetricPardiso
from problem import Problem, measure, report

STEPS, LOOSE, EXACT = 5, 0.3, 1e-9
"""Load steps, and FElupe's tolerance in all but the last and in the last: looser or fewer ones lose the way."""

EPSILON = np.array([[[(i - j) * (j - k) * (k - i) / 2 for k in range(3)] for j in range(3)] for i in range(3)])
TERMS = [(i, j, k, p, m, n, EPSILON[i, k, m] * EPSILON[j, p, n])
         for i, k, m in np.argwhere(EPSILON) for j, p, n in np.argwhere(EPSILON)]  # fmt: skip
"""Where the second derivative of det F by F_ij and F_kp is F_mn, and its sign."""


def cofactor(F: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """dJ/dF and J of deformation gradients (3, 3, ...)."""
    a, b, c = F[:, 0], F[:, 1], F[:, 2]
    G = np.stack([np.cross(p, q, axis=0) for p, q in ((b, c), (c, a), (a, b))], axis=1)
    return G, (a * G[:, 0]).sum(0)


def law(mu: float, lam: float) -> felupe.Material:
    """The stable Neo-Hookean law."""
    eye = np.einsum("ik,jl->ijkl", np.eye(3), np.eye(3))[..., None, None]

    def stress(x, **_kwargs):
        G, J = cofactor(x[0])
        return [mu * x[0] + ((lam + mu) * (J - 1) - mu) * G, x[-1]]

    def elasticity(x, **_kwargs):
        G, J = cofactor(x[0])
        out = (lam + mu) * G[:, :, None, None] * G
        out += mu * eye
        s = ((lam + mu) * (J - 1) - mu) * x[0]
        for i, j, k, p, m, n, sign in TERMS:
            out[i, j, k, p] += sign * s[m, n]
        return [out]

    return felupe.Material(stress, elasticity)


class TrackSprings:
    """Springs from nodes to points, as an item of a FElupe problem."""

    def __init__(self, field, problem: Problem) -> None:
        self.field, self.results = field, Results()
        self.assemble = Assemble(vector=self._vector, matrix=self._matrix)
        self.share = 0.0
        self._stiffness = np.repeat(problem.spring, 3)
        self._pull = problem.track_load().ravel()
        self._diagonal = sp.diags(self._stiffness, format="csr")

    def _vector(self, field=None, **_kwargs):
        u = (field or self.field)[0].values.ravel()
        return sp.csr_matrix((self._stiffness * u - self.share * self._pull)[:, None])

    def _matrix(self, field=None, **_kwargs):
        return self._diagonal.copy()


class Looking(felupe.Plugin):
    """Shows the nodes after every iteration."""

    def __init__(self, look, rest: np.ndarray) -> None:
        self._look, self._rest = look, rest

    def after_iteration(self, _context, state) -> None:
        self._look(self._rest + state.x[0].values)


def main(problem: Problem, repeats: int) -> dict:
    """Time the solve."""
    region = felupe.RegionTetra(felupe.Mesh(problem.rest, problem.tets, "tetra"))
    field = felupe.FieldContainer([felupe.Field(region, dim=3)])
    body, springs = felupe.SolidBody(law(problem.mu, problem.lam), field), TrackSprings(field, problem)
    held, free = problem.dofs(np.flatnonzero(problem.fixed)), problem.dofs(problem.free)
    pardiso = SymmetricPardiso()

    def solve(look) -> None:
        field[0].values[:] = 0.0
        for step in range(1, STEPS + 1):
            share, last = step / STEPS, step == STEPS
            springs.share = share
            felupe.newtonraphson(
                items=[body, springs], x0=field, dof0=held, dof1=free,
                ext0=(problem.bones(share) - problem.rest).ravel()[held],
                tol=EXACT if last else LOOSE, maxiter=30, solver=pardiso, verbose=0,
                plugins=[Looking(look, problem.rest)] if last else None,
            )  # fmt: skip

    measure(problem, solve, 1)
    return measure(problem, solve, repeats)


if __name__ == "__main__":
    report(main)
