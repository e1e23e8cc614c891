# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Quasistatic equilibrium: minimise an energy over the free nodes.

L-BFGS preconditioned by a prefactored scalar Laplacian of the order of the bulk term (Liu, Bouaziz, Kavan 2017),
which settles ordinary poses in some ten force passes. Where it stalls (strong fibres in soft flesh, tangled starts)
the full stiffness at the current pose is factored and takes the Laplacian's place.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as spla

from .lbfgs import Memory, Operator

Energy = Callable[[np.ndarray], tuple[float, np.ndarray]]

ARMIJO = 1.0e-4
"""Share of the fall that the slope promises and a step must bring (Nocedal and Wright, section 3.1)."""

ROUNDING = 1.0e-13
"""Share of the energy below which a difference of energies is rounding."""

LATELY = 8
"""Iterations over which the gradient's fall is measured: from one to the next it is not steady."""


def factor(matrix: sp.spmatrix) -> spla.SuperLU:
    """Factor a symmetric matrix; this ordering and pivoting are some ten times faster here than SciPy's defaults."""
    options = {"SymmetricMode": True}
    return spla.splu(sp.csc_matrix(matrix), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)


@dataclass
class Report:
    """How a minimisation ended. ``force`` is |gradient| [N] and ``residual`` that over the reference; ``step`` the
    largest move of a node in the last step [cm]."""

    residual: float
    force: float
    iterations: int
    evaluations: int
    converged: bool
    step: float


def minimise(
    energy: Energy,
    x: np.ndarray,
    inverse: Operator,
    reference: float | Callable[[], float],
    *,
    tolerance: float = 1e-4,
    step_tolerance: float = 2e-3,
    stiffness_inverse: Callable[[np.ndarray], Operator] | None = None,
    patience: tuple[int, int] = (40, 40),
    worth: float = 0.0,
    iterations: int = 400,
    tick: Callable[[], None] | None = None,
    memory: Memory | None = None,
) -> tuple[np.ndarray, Report]:
    """Minimise ``energy`` from ``x`` (n, 3) until |gradient| <= tolerance * reference and the step is small.

    energy(x) gives (value, gradient (n, 3)); ``reference`` is a force, or tells the scale of the forces that balance
    each other at the point evaluated last; ``inverse`` applies the preconditioner; ``stiffness_inverse(x)``
    builds a better one at x, used when ``patience`` iterations (with the first, with a later one) did not settle and
    with the first more than ``worth`` are still to come, as the gradient falls;
    ``tick`` is called once per iteration and may raise to stop; ``memory`` lends its room.
    """
    memory = Memory() if memory is None else memory
    memory.clear()
    value, g = energy(x)
    evaluations, step, since = 1, np.inf, 0
    base, size = inverse, float(np.linalg.norm(g))
    done, scale, length, sizes = 0, reference, 1.0, []
    for done in range(1, iterations + 1):
        scale = reference() if callable(reference) else reference
        if size <= tolerance * scale and (step <= step_tolerance or size <= 0.1 * tolerance * scale):
            done -= 1
            break
        if tick is not None:
            tick()
        sizes.append(size)
        spent = since >= patience[base is not inverse] and stiffness_inverse is not None
        if spent and (base is not inverse or still_to_come(sizes, tolerance * scale) > worth):
            base, since, length = stiffness_inverse(x), 0, 1.0
            memory.clear()
        p = memory.direction(g, base)
        slope = float(np.vdot(g, p))
        if slope >= 0.0:
            memory.clear()
            base = inverse
            p = -base(g)
            slope = float(np.vdot(g, p))
        t, trial, v, h, tries = line_search(energy, x, p, value, g, slope, min(1.0, 2.0 * length))
        evaluations += tries
        since += 1
        if t == 0.0:
            # Rounding, or a curvature that the memory misjudges: start afresh once, then give up.
            if len(memory):
                memory.clear()
                continue
            if stiffness_inverse is not None and since > 1:
                base, since, length = stiffness_inverse(x), 0, 1.0
                continue
            break
        length = t
        memory.add(p, t, g, h)
        step = t * float(np.sqrt(squared_lengths(p).max(initial=0.0)))
        x, value, g = trial, v, h
        size = float(np.linalg.norm(g))
    residual = size / max(scale, 1e-300)
    return x, Report(residual, size, done, evaluations, residual <= tolerance, step)


def squared_lengths(rows: np.ndarray) -> np.ndarray:
    """(n,) of vectors (n, 3); a sum over the last axis takes NumPy four times as long."""
    return np.einsum("ij,ij->i", rows, rows)


def still_to_come(sizes: list[float], aim: float) -> float:
    """Iterations until gradients of these sizes are down to ``aim``, if they go on falling as they did of late."""
    before, now = sizes[-min(len(sizes), 1 + LATELY)], sizes[-1]
    if now >= before:
        return np.inf
    return LATELY * np.log(max(now / aim, 1.0)) / np.log(before / now)


def line_search(
    energy: Energy, x: np.ndarray, p: np.ndarray, value: float, g: np.ndarray, slope: float, t: float
) -> tuple[float, np.ndarray, float, np.ndarray, int]:
    """Backtrack from step ``t`` along p (n, 3) until the energy has fallen enough, or the slope where energies differ
    by rounding only. Returns the step (0 where none is good), the point, energy and gradient there, and the tries."""
    rounding = ROUNDING * (abs(value) + 1.0)
    for tries in range(1, 26):
        trial = x + t * p
        v, h = energy(trial)
        if v <= value + ARMIJO * t * slope:
            return t, trial, v, h, tries
        if v <= value + rounding and abs(float(np.vdot(h, p))) <= 0.9 * abs(slope):
            return t, trial, v, h, tries
        # Minimum of the parabola through value, slope and v, kept within [0.1, 0.5] of the step.
        denominator = 2.0 * (v - value - t * slope)
        q = -slope * t * t / denominator if np.isfinite(denominator) and denominator > 0 else 0.1 * t
        t = float(np.clip(q, 0.1 * t, 0.5 * t))
    return 0.0, x, value, g, tries
