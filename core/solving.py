# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Equilibria of a face model: one with a solver of the caller's own, or many on all cores."""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from . import blas
from .build import checked_gravity
from .errors import MuscleFaceError, as_numbers
from .parallel import Pool, Steps, run_all
from .physics.face_flesh import FaceFlesh
from .pose import Pose
from .progress import Progress, silent
from .skinning import posed_skin

if TYPE_CHECKING:
    from .face import FaceModel


_NO_NUMBER = "A slider value is not a number: set it again."


def control_vector(
    names: Sequence[str], index: Mapping[str, int], values: Mapping[str, float] | np.ndarray | None
) -> np.ndarray:
    """``FaceModel.vector``."""
    if values is None:
        return np.zeros(len(names))
    if isinstance(values, Mapping):
        unknown = next((name for name in values if name not in index), None)
        if unknown is not None:
            raise MuscleFaceError(f'This face has no slider "{unknown}": use one of controls().names.')
        given = as_numbers(list(values.values()), _NO_NUMBER)
        if given.ndim != 1:
            raise MuscleFaceError(_NO_NUMBER)
        out = np.zeros(len(names))
        out[[index[name] for name in values]] = given
    else:
        out = as_numbers(values, _NO_NUMBER).copy()
        if out.shape != (len(names),):
            raise MuscleFaceError(f"Give {len(names)} slider values, one for each of controls().names.")
    if not np.isfinite(out).all():
        raise MuscleFaceError(_NO_NUMBER)
    return out


def solve_batch(
    model: "FaceModel",
    values: Sequence[Mapping[str, float] | np.ndarray],
    gravity: Sequence[float] | None,
    starts: Sequence[Pose | None] | None,
    tolerance: float,
    progress: Progress | None,
) -> list[Pose]:
    """``FaceModel.solve_batch``."""
    vectors = [model.vector(v) for v in values]
    starts = [None] * len(vectors) if starts is None else starts
    if len(starts) != len(vectors):
        raise MuscleFaceError(f"There are {len(vectors)} slider settings and {len(starts)} starts: give each its own.")
    model.prepare()
    solvers = Pool(model.solver.twin)
    steps = Steps(progress or silent, 0.0, 1.0, len(vectors))

    def task(c: np.ndarray, start: Pose | None) -> Pose:
        with solvers.lent() as solver:
            pose = solve_with(model, solver, c, gravity, start, tolerance, lambda _share, text: steps.tick(text))
        steps.finished()
        return pose

    return run_all([lambda c=c, s=s: task(c, s) for c, s in zip(vectors, starts, strict=True)])


@blas.one_thread()
def solve_with(
    model: "FaceModel",
    solver: FaceFlesh,
    values: Mapping[str, float] | np.ndarray | None,
    gravity: Sequence[float] | None,
    start: Pose | None,
    tolerance: float,
    progress: Progress | None,
) -> Pose:
    """``FaceModel.solve_with``."""
    began = time.perf_counter()
    c = model.vector(values)
    gravity = model.rest_gravity if gravity is None else checked_gravity(gravity)
    if not tolerance > 0.0:
        raise MuscleFaceError("The tolerance of a solve is not above 0: set it again.")
    if start is not None and start.nodes.shape != model.rig.nodes.shape:
        raise MuscleFaceError("The pose to start from is one of another face: leave it out.")
    load, w, q = model.load_of(c, gravity)
    starts = [load.anchor]
    if start is not None:
        starts.append(start.nodes)
    tick = None if progress is None else lambda: progress(0.5, "Settling the flesh")
    nodes, report = solver.solve(load, starts, tolerance=tolerance, tick=tick)
    if not report.converged and start is not None:
        # A pose far away can be a worse start than none.
        solver.forget()
        nodes, report = solver.solve(load, starts[:1], tolerance=tolerance, tick=tick)
    inverted = solver.turned_over(nodes)
    if inverted:
        # A tet that summed shapes turn over can come to rest like that; few do on the way there from half the sliders.
        halfway = model.load_of(0.5 * c, gravity)[0]
        nearer, _ = solver.solve(halfway, [halfway.anchor], tolerance=tolerance, tick=tick)
        other, its_report = solver.solve(load, [nearer], tolerance=tolerance, tick=tick)
        if its_report.converged and solver.turned_over(other) < inverted:
            nodes, report, inverted = other, its_report, solver.turned_over(other)
    message = ""
    if not report.converged:
        message = f"The flesh did not settle (residual {report.residual:.1e}): use less extreme slider values."
    return Pose(
        controls=c,
        gravity=gravity,
        skin=posed_skin(model, nodes, w, q),
        nodes=nodes,
        residual=report.residual,
        inverted=inverted,
        converged=report.converged,
        iterations=report.iterations,
        ms=1e3 * (time.perf_counter() - began),
        message=message,
    )
