# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""One point of the skin: what moves it, and the sliders that take it somewhere.

Direct manipulation as in Lewis and Anjyo, "Direct Manipulation Blendshapes" (IEEE CG&A 2010), with the simulation's
derivatives in place of the blendshape matrix.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import lsq_linear

from .progress import Progress

if TYPE_CHECKING:
    from .face import FaceModel
    from .pose import Pose

DAMPING = 0.02
"""Cost of slider motion against missed distance, for the slider that moves the point most."""

FAINT = 0.15
"""Share of the strongest slider's effect below which a slider is left out of a drag: it would jump for little."""


ARRIVED = 0.05
"""Share of the way left at which a dragged point has arrived."""


@dataclass(frozen=True)
class Influence:
    """What a slider does to a point. mm: distance per unit of the slider · direction: (3,) unit vector, user's
    frame."""

    name: str
    kind: str
    mm: float
    direction: np.ndarray


def point_jacobian(model: "FaceModel", pose: "Pose", vertex: int) -> np.ndarray:
    """(3, n) derivative of a vertex by all controls, user's frame and unit: three adjoint solves."""
    rows = []
    for axis in range(3):
        unit = np.zeros((model.vertex_count, 3))
        unit[vertex, axis] = 1.0
        rows.append(model.gradient(pose, unit))
    return np.array(rows)


def ranked(model: "FaceModel", jacobian: np.ndarray, *, least_mm: float = 0.05) -> list[Influence]:
    """The sliders that move a point by ``least_mm`` or more per unit, strongest first."""
    length = np.linalg.norm(jacobian, axis=0)
    names = model.controls().names
    out = []
    for k in np.argsort(-length, kind="stable"):
        if length[k] * model.mm_per_unit >= least_mm:
            mm = float(length[k] * model.mm_per_unit)
            out.append(Influence(names[k], model.control_kinds[k], mm, jacobian[:, k] / length[k]))
    return out


def drag_step(
    jacobian: np.ndarray,
    offset: np.ndarray,
    values: np.ndarray,
    bounds: np.ndarray,
    *,
    frozen: Sequence[int] = (),
    damping: float = DAMPING,
) -> np.ndarray:
    """Slider values (n,) that bring a point nearer by ``offset`` (3,), within bounds (n, 2).

    min |J d - offset|^2 + damping sum_k (|J|^4 / |J_k|^2) d_k^2, |J| the largest column: the slider that moves the
    point most pays least, so that a drag reads as one or two strong sliders and not as all of them a little.
    """
    length = np.linalg.norm(jacobian, axis=0)
    length[list(frozen)] = 0.0
    largest = length.max(initial=0.0)
    low, high = np.minimum(bounds[:, 0], values), np.maximum(bounds[:, 1], values)
    use = np.flatnonzero((length > FAINT * largest) & (high > low))
    if largest <= 0.0 or not len(use):
        return values.copy()
    cost = np.sqrt(damping) * largest**2 / length[use]
    system = np.vstack([jacobian[:, use], np.diag(cost)])
    wanted = np.concatenate([offset, np.zeros(len(use))])
    # Bounds that touch are refused, and a slider at its end must be able to stay there.
    step = lsq_linear(system, wanted, bounds=(low[use] - values[use] - 1e-9, high[use] - values[use] + 1e-9)).x
    out = values.copy()
    # What the widened bounds let through is no motion.
    step[np.abs(step) < 1e-6] = 0.0
    out[use] = np.clip(values[use] + step, low[use], high[use])
    return out


def drag(
    model: "FaceModel",
    pose: "Pose",
    vertex: int,
    target: np.ndarray,
    *,
    rounds: int = 5,
    frozen: Sequence[int] = (),
    progress: Progress | None = None,
) -> "Pose":
    """The settled pose whose sliders bring a vertex towards ``target`` (3,), each round with fresh derivatives.

    Sliders become cheaper from round to round: which of them serve is settled, and the point has to arrive.
    """
    bounds = model.controls().bounds
    whole = float(np.linalg.norm(np.asarray(target, float) - pose.skin[vertex]))
    for k in range(rounds):
        offset = np.asarray(target, float) - pose.skin[vertex]
        if np.linalg.norm(offset) <= ARRIVED * whole:
            break
        jacobian = point_jacobian(model, pose, vertex)
        step = drag_step(jacobian, offset, pose.controls, bounds, frozen=frozen, damping=DAMPING / 2**k)
        pose = model.solve(step, gravity=pose.gravity, start=pose, progress=progress)
    return pose


def nearest_line(lines: np.ndarray, point: np.ndarray) -> tuple[int, float]:
    """(index, distance) of the 2D stroke (n, 2, 2) nearest to a point (2,)."""
    start, span = lines[:, 0], lines[:, 1] - lines[:, 0]
    length = np.maximum((span**2).sum(1), 1e-12)
    along = np.clip(((point - start) * span).sum(1) / length, 0.0, 1.0)
    distance = np.linalg.norm(start + along[:, None] * span - point, axis=1)
    best = int(distance.argmin())
    return best, float(distance[best])
