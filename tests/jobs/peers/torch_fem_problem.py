# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""torch-fem: its Newton in load steps with its own use of MKL Pardiso, the law with closed-form stress and tangent."""

import numpy as np
import torch
from problem import Problem, fastest, measure, report
from torchfem import Solid
from torchfem.materials import Hyperelastic3D

STEPS, RTOL = 12, 0.3
"""Load steps, and torch-fem's tolerance in each: with fewer steps it halves them again and again; a tenth
takes 13 linear solves in place of 12, a hundredth 14."""

PERMUTATIONS = [[[(i - j) * (j - k) * (k - i) / 2 for k in range(3)] for j in range(3)] for i in range(3)]
EPSILON = torch.tensor(PERMUTATIONS, dtype=torch.float64)
CURL = torch.einsum("ikm,jln->ijklmn", EPSILON, EPSILON).reshape(81, 9)


class StableNeoHookean(Hyperelastic3D):
    """The law, differentiated by hand: a tenth of the time of the automatic tangent."""

    def step(self, H_inc, F, stress, state, de0, cl, iter):
        mu, lam = self.params[:, 0, None, None], self.params[:, 1, None, None]
        F = F + H_inc
        a, b, c = F.unbind(-1)
        G = torch.stack([torch.linalg.cross(b, c), torch.linalg.cross(c, a), torch.linalg.cross(a, b)], dim=-1)
        J = (a * G[..., 0]).sum(-1)[:, None, None]
        pressure = (lam + mu) * (J - 1) - mu
        tangent = ((pressure * F).reshape(-1, 9) @ CURL.T).reshape(-1, 9, 9)
        tangent = torch.baddbmm(tangent, ((lam + mu) * G).reshape(-1, 9, 1), G.reshape(-1, 1, 9))
        tangent.diagonal(dim1=1, dim2=2).add_(mu[:, :, 0])
        return mu * F + pressure * G, state, tangent.reshape(-1, 3, 3, 3, 3)


class TrackedSolid(Solid):
    """A solid on springs, whose iterates under the full load are shown."""

    spring: torch.Tensor
    look = None

    def assemble_matrix(self, k, con):
        # The adjoint solves with the matrix but does not differentiate it.
        K = super().assemble_matrix(k.detach(), con)
        K.values()[self.diag_map] += torch.where(self.constraints.ravel(), 0.0, self.spring)
        return K

    def _residual(self, F_ext, DU, de0, k_visc, k_hess, con, du, i, prev):
        residual, K = super()._residual(F_ext, DU, de0, k_visc, k_hess, con, du, i, prev)
        u = prev[0].ravel() + du.index_copy(0, con, DU[con])
        if self.look is not None and i > 0 and torch.allclose(u[con], self._dirichlet.ravel()[con], atol=1e-9):
            self.look(u.detach().numpy().reshape(-1, 3))
        return residual + torch.where(self.constraints.ravel(), 0.0, self.spring * u), K


def main(problem: Problem, repeats: int) -> dict:
    """Time the solve and the adjoint gradient."""
    rest = torch.tensor(problem.rest)
    material = StableNeoHookean(None, [problem.mu, problem.lam])
    model = TrackedSolid(rest, torch.tensor(problem.tets), material.vectorize(len(problem.tets)))
    model.spring = torch.tensor(np.repeat(problem.spring, 3))
    model.constraints = torch.tensor(problem.fixed)[:, None].expand(-1, 3).clone()
    model.displacements = torch.tensor(problem.placed - problem.rest)
    model.forces = torch.tensor(problem.track_load())
    increments = torch.linspace(0.0, 1.0, STEPS + 1)

    def settle(**more) -> torch.Tensor:
        return model.solve(increments, max_iter=20, rtol=RTOL, atol=1e-12, method="direct", **more)[0]

    def solve(look) -> None:
        model.look = lambda u: look(problem.rest + u)
        settle()

    measure(problem, solve, 1)
    result = measure(problem, solve, repeats)
    model.look = None
    return {**result, **adjoint(problem, model, settle)}


def adjoint(problem: Problem, model: TrackedSolid, settle) -> dict:
    """Seconds of the backward pass for the loss by the track groups and the jaw's angle, through all load steps."""
    tracked = np.flatnonzero(problem.group >= 0)
    weights = torch.ones(problem.group.max() + 1, requires_grad=True)
    turn = torch.zeros(1, requires_grad=True)
    load = torch.tensor(problem.track_load())
    model.forces = load.index_put((torch.tensor(tracked),), load[tracked] * weights[problem.group[tracked], None])
    model.displacements = torch.tensor(problem.placed - problem.rest) + turn * torch.tensor(problem.jaw_rate)
    u = settle(differentiable_parameters=(weights, turn))
    skin = torch.tensor(problem.rest)[problem.surface] + u[problem.surface]
    loss = 0.5 * ((skin - torch.tensor(problem.target)) ** 2).sum()
    grads = []

    def backward() -> None:
        grads[:] = torch.autograd.grad(loss, (weights, turn), retain_graph=True)

    seconds = fastest(backward, 2)
    return {"gradient_s": seconds, "gradient_norm": float(torch.cat(grads).norm())}


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    report(main)
