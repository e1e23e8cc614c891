# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""newton: vertex block descent on Warp's CPU device, in single precision.

Steps are so long that inertia counts for nothing. Each starts from the state before without its velocity. Tracks are
springs of no length to particles without mass.
"""

import newton
import numpy as np
import warp as wp
from problem import Problem, measure, report

STEP_S, MASS = 1e3, 1e-6
BATCH, LIMIT = 20, 30_000
"""Iterations between two looks, and at most."""


def model_of(problem: Problem):
    """The problem as a model of newton."""
    builder = newton.ModelBuilder(gravity=(0.0, 0.0, 0.0))
    tracked = np.flatnonzero(problem.spring > 0)
    positions = np.concatenate([problem.rest, problem.rest[tracked]])
    mass = np.append(np.where(problem.fixed, 0.0, MASS), np.zeros(len(tracked)))
    builder.add_particles(positions.tolist(), np.zeros_like(positions).tolist(), mass.tolist())
    for tet in problem.tets.tolist():
        builder.add_tetrahedron(*tet, k_mu=problem.mu, k_lambda=problem.lam, k_damp=0.0)
    for at, node in enumerate(tracked.tolist()):
        builder.add_spring(node, len(problem.rest) + at, float(problem.spring[node]), 0.0, 0.0)
    builder.color()
    model = builder.finalize(device="cpu")
    if len(tracked):
        model.spring_rest_length.zero_()
    return model, tracked


def main(problem: Problem, repeats: int) -> dict:
    """Time the solve."""
    model, tracked = model_of(problem)
    solver = newton.solvers.SolverVBD(model, iterations=BATCH)
    first, second = model.state(), model.state()
    start = np.concatenate([problem.placed, problem.anchor[tracked]]).astype(np.float32)

    def solve(look, limit: int = LIMIT) -> None:
        now, then = first, second
        now.particle_q.assign(start)
        then.particle_q.assign(start)
        for _ in range(limit // BATCH):
            now.particle_qd.zero_()
            solver.step(now, then, None, None, STEP_S)
            now, then = then, now
            look(now.particle_q.numpy()[: len(problem.rest)].astype(float))

    solve(lambda x: None, BATCH)
    return measure(problem, solve, 1)


if __name__ == "__main__":
    wp.config.quiet = True
    report(main)
