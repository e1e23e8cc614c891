# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Decisions of the solver, one thread for each pose: starts, forcing, line search, convergence.

They stay on the device; a loop goes on while its one-element ``go`` is not 0, which some pose that needs another turn
sets (a maximum of integers does not depend on its order).
"""

import warp as wp

from ..physics.equilibrium import ARMIJO, ROUNDING
from ..physics.face_flesh import EPS
from ..physics.materials import f64, vec3
from .flesh_kernels import vec3f

wp.set_module_options({"enable_backward": False})

ROUNDS = 200
"""Newton steps that a pose may take."""
KRYLOV = 200
"""Conjugate gradient steps in one of them."""
TRIES = 25
"""Step lengths tried in one of them."""

_EPS = wp.constant(f64(EPS))
_ARMIJO = wp.constant(f64(ARMIJO))
_ROUNDING = wp.constant(f64(ROUNDING))
_FORCING = wp.constant(f64(0.3))  # residual that conjugate gradients leave of the first step
_OVERSOLVED = wp.constant(f64(0.05))  # of the tolerance: no step is solved more exactly
_STEP = wp.constant(f64(2e-3))  # [cm] as step_tolerance of face_flesh
_TENTH = wp.constant(f64(0.1))
_0_9 = wp.constant(f64(0.9))
_MANY = wp.constant(2**30)


@wp.struct
class Progress:
    """State of the solve of each pose (B,). value: energy [N cm] · size, balance, reference, driven: norms of forces
    [N] as in ``physics.face_flesh`` · slope, reach: directional derivative and largest node motion of the step ·
    length: share of it that is tried · step: largest node motion of the last [cm] · trust: size
    from which on the exact stiffness may serve again · rz, goal: r . z and the r . r to
    be reached."""

    on: wp.array[int]
    settled: wp.array[int]
    solving: wp.array[int]
    searching: wp.array[int]
    accepted: wp.array[int]
    exact: wp.array[int]
    turned: wp.array[int]
    rounds: wp.array[int]
    products: wp.array[int]
    count: wp.array[int]
    value: wp.array[f64]
    size: wp.array[f64]
    before: wp.array[f64]
    balance: wp.array[f64]
    reference: wp.array[f64]
    driven: wp.array[f64]
    slope: wp.array[f64]
    reach: wp.array[f64]
    length: wp.array[f64]
    step: wp.array[f64]
    trust: wp.array[f64]
    rz: wp.array[f64]
    goal: wp.array[f64]


@wp.func
def scale(s: Progress, b: int) -> f64:
    """The force [N] that residuals are measured by."""
    return wp.min(s.reference[b], wp.max(s.driven[b], s.balance[b]))


@wp.func
def take(s: Progress, b: int, sums: wp.array2d[f64]):
    """The state evaluated last is the state of the pose."""
    s.accepted[b] = 1
    s.value[b] = sums[b, 0]
    s.size[b] = wp.sqrt(sums[b, 1])
    s.balance[b] = wp.sqrt(sums[b, 2])


@wp.func
def judge(s: Progress, b: int, tolerance: f64, go: wp.array[int]):
    """Whether the pose needs another Newton step."""
    limit = tolerance * scale(s, b)
    settled = s.size[b] <= limit and (s.step[b] <= _STEP or s.size[b] <= _TENTH * limit)
    s.settled[b] = wp.where(settled, 1, 0)
    if settled or s.rounds[b] >= ROUNDS or s.accepted[b] == 0:
        s.on[b] = 0
    s.rz[b] = f64(0.0)
    wp.atomic_max(go, 0, s.on[b])


@wp.kernel
def note_forces(s: Progress, sums: wp.array2d[f64], driven: int):
    """Forces with only controls and bones moved, or (``driven``) with only controls."""
    b = wp.tid()
    if driven == 1:
        s.driven[b] = wp.sqrt(sums[b, 1])
    else:
        s.reference[b] = wp.sqrt(sums[b, 1])
    s.value[b] = f64(wp.inf)
    s.turned[b] = _MANY
    s.size[b] = f64(0.0)


@wp.kernel
def judge_start(s: Progress, sums: wp.array2d[f64], turned: wp.array[int], sounder: int):
    """Take a start with fewer tets turned over, or (unless only a ``sounder`` one will do) of lower energy."""
    b = wp.tid()
    s.accepted[b] = 0
    fewer = turned[b] < s.turned[b]
    lower = turned[b] == s.turned[b] and sounder == 0 and sums[b, 0] < s.value[b]
    if wp.isfinite(sums[b, 0]) and (fewer or lower):
        take(s, b, sums)
        s.turned[b] = turned[b]


@wp.kernel
def begin_newton(s: Progress, tolerance: f64, go: wp.array[int]):
    """All poses begin, but those that are not loaded or settled already."""
    b = wp.tid()
    s.rounds[b] = 0
    s.products[b] = 0
    s.on[b] = 1
    s.accepted[b] = 1
    s.step[b] = f64(wp.inf)
    s.before[b] = f64(0.0)
    s.exact[b] = 0
    s.trust[b] = f64(wp.inf)
    if s.reference[b] < _EPS:
        s.size[b] = f64(0.0)
        s.balance[b] = f64(0.0)
    judge(s, b, tolerance, go)


@wp.kernel
def begin_krylov(s: Progress, tolerance: f64, products: wp.array2d[f64], go: wp.array[int]):
    """How exactly this step is solved: as the last one gained (Eisenstat and Walker 1996, choice 2), no more than
    the answer needs."""
    b = wp.tid()
    s.solving[b] = s.on[b]
    if s.on[b] == 0:
        return
    forcing = _FORCING
    if s.before[b] > f64(0.0):
        gain = s.size[b] / s.before[b]
        forcing = wp.min(forcing, gain * gain)
    forcing = wp.max(forcing, wp.min(_FORCING, _OVERSOLVED * tolerance * scale(s, b) / s.size[b]))
    s.goal[b] = forcing * forcing * products[b, 1]
    s.rz[b] = products[b, 0]
    s.count[b] = 0
    wp.atomic_max(go, 0, 1)


@wp.kernel
def judge_krylov(s: Progress, curvature: wp.array2d[f64], products: wp.array2d[f64], go: wp.array[int]):
    """Whether the pose needs another conjugate gradient step."""
    b = wp.tid()
    if s.solving[b] == 0:
        return
    s.rz[b] = products[b, 0]
    s.count[b] += 1
    s.products[b] += 1
    sound = curvature[b, 0] > f64(0.0) and products[b, 0] > f64(0.0)
    if not sound:
        s.trust[b] = _TENTH * s.size[b]
    if products[b, 1] <= s.goal[b] or s.count[b] >= KRYLOV or not sound:
        s.solving[b] = 0
    wp.atomic_max(go, 0, s.solving[b])


@wp.kernel
def begin_search(s: Progress, sums: wp.array2d[f64], go: wp.array[int]):
    """Try the whole step."""
    b = wp.tid()
    s.searching[b] = 0
    s.accepted[b] = 0
    if s.on[b] == 0:
        return
    s.slope[b] = sums[b, 0]
    s.reach[b] = sums[b, 1]
    s.length[b] = f64(1.0)
    s.count[b] = 0
    if s.slope[b] < f64(0.0):
        s.searching[b] = 1
    wp.atomic_max(go, 0, s.searching[b])


@wp.kernel
def judge_search(s: Progress, sums: wp.array2d[f64], slopes: wp.array2d[f64], go: wp.array[int]):
    """Sufficient decrease, or a smaller slope where energies differ by rounding only; else the minimum of the parabola
    through value, slope and value there, kept within [0.1, 0.5] of the step (as ``physics.equilibrium``)."""
    b = wp.tid()
    if s.searching[b] == 0:
        return
    t, slope, value = s.length[b], s.slope[b], s.value[b]
    v = sums[b, 0]
    enough = v <= value + _ARMIJO * t * slope
    level = v <= value + _ROUNDING * (wp.abs(value) + f64(1.0)) and wp.abs(slopes[b, 0]) <= _0_9 * wp.abs(slope)
    s.count[b] += 1
    if enough or level:
        s.before[b] = s.size[b]
        take(s, b, sums)
        s.searching[b] = 0
        s.step[b] = t * s.reach[b]
        s.rounds[b] += 1
        s.exact[b] = wp.where(t == f64(1.0) and s.size[b] <= s.trust[b], 1, 0)
    elif s.count[b] >= TRIES:
        s.searching[b] = 0
    else:
        below = f64(2.0) * (v - value - t * slope)
        best = _TENTH * t
        if wp.isfinite(below) and below > f64(0.0):
            best = -slope * t * t / below
        s.length[b] = wp.clamp(best, _TENTH * t, f64(0.5) * t)
    wp.atomic_max(go, 0, s.searching[b])


@wp.kernel
def judge_newton(s: Progress, tolerance: f64, go: wp.array[int]):
    """Whether the pose needs another Newton step; one whose search failed is where rounding lets it be, unless it
    followed the exact stiffness."""
    b = wp.tid()
    if s.on[b] == 0:
        return
    if s.accepted[b] == 0 and s.exact[b] == 1:
        s.accepted[b] = 1
        s.exact[b] = 0
        s.trust[b] = _TENTH * s.size[b]
        s.rounds[b] += 1
    judge(s, b, tolerance, go)


@wp.kernel
def trial_nodes(
    row_of_node: wp.array[int],
    on: wp.array[int],
    length: wp.array[f64],
    x: wp.array2d[vec3],
    d: wp.array2d[vec3f],
    x_out: wp.array2d[vec3],
):
    """x + length d of the free nodes."""
    b, n = wp.tid()
    if on[b] == 0:
        return
    row = row_of_node[n]
    x_out[b, n] = x[b, n]
    if row >= 0:
        x_out[b, n] += length[b] * vec3(d[b, row])


@wp.kernel
def start_nodes(
    row_of_node: wp.array[int],
    x: wp.array2d[vec3],
    guess_before: wp.array2d[vec3],
    guess: wp.array2d[vec3],
    x_out: wp.array2d[vec3],
):
    """Free nodes moved on as the guess moves; bone nodes where they belong."""
    b, n = wp.tid()
    x_out[b, n] = guess[b, n]
    if row_of_node[n] >= 0:
        x_out[b, n] += x[b, n] - guess_before[b, n]


@wp.kernel
def keep_nodes(
    accepted: wp.array[int],
    x: wp.array2d[vec3],
    gradient: wp.array2d[vec3],
    x_out: wp.array2d[vec3],
    gradient_out: wp.array2d[vec3],
):
    """Nodes and gradient of the poses whose trial is accepted."""
    b, n = wp.tid()
    if accepted[b] == 1:
        x_out[b, n] = x[b, n]
        gradient_out[b, n] = gradient[b, n]


@wp.kernel
def rest_unloaded(reference: wp.array[f64], rest: wp.array[vec3], x_out: wp.array2d[vec3]):
    """Rest positions to the last bit where nothing loads the face."""
    b, n = wp.tid()
    if reference[b] < _EPS:
        x_out[b, n] = rest[n]
