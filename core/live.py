# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""A face that follows moving sliders: every answer comes quickly and near enough, none is kept for a bake or a fit."""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from . import blas
from .build import checked_gravity
from .physics.follow import NEAR, Follower
from .pose import Pose
from .progress import Progress
from .skinning import posed_skin

if TYPE_CHECKING:
    from .face import FaceModel

PRECISION = {"QUICK": 2.0 * NEAR, "STANDARD": NEAR, "FINE": 0.25 * NEAR}
"""Distances to the equilibrium [cm of a head of 23 cm] at which an answer is near enough, by what a user calls them."""


class LiveFace:
    """Follows the sliders of one model. Making it takes about a second; then one thread at a time may use it."""

    def __init__(self, model: "FaceModel") -> None:
        self.model = model
        model.prepare()
        visible = np.zeros(len(model.rig.nodes), bool)
        visible[model.rig.carrier.ravel()] = True
        self._follower = Follower(model.solver, visible)
        self._settler = model.solver.twin()
        self._nodes, self._anchor = model.rig.nodes, model.rig.nodes

    def settle(
        self,
        pose: Pose,
        progress: Progress | None = None,
        *,
        model: "FaceModel | None" = None,
    ) -> Pose:
        """The equilibrium (``FaceModel.solve``) near an answer; it may run while another thread follows."""
        model = model or self.model
        settler = self._settler if model.flesh is self.model.flesh else self._settler.twin(model.flesh)
        settler.keep(self._follower.nearest(pose.nodes))
        return model.solve_with(settler, pose.controls, pose.gravity, pose, 1e-4, progress)

    def close(self) -> None:
        """End what runs in the background."""
        self._follower.close()

    def follow(
        self,
        values: Mapping[str, float] | np.ndarray | None,
        *,
        gravity: Sequence[float] | None = None,
        start: Pose | None = None,
        model: "FaceModel | None" = None,
        near: float = NEAR,
    ) -> Pose:
        """The face near its equilibrium, going on from the last answer or from ``start``; ``model`` is the face as it
        has swollen (``swelling.SwollenFace``) or stiffened (``FaceModel.with_stiffness``), ``near`` the distance [cm of
        a head of 23 cm] that may be left, as the steps tell it.

        The pose is ``converged`` when it is as near as it should be; ``FaceModel.solve`` settles it. Its residual is
        not measured (nan).
        """
        began, model = time.perf_counter(), model or self.model
        c = model.vector(values)
        gravity = model.rest_gravity if gravity is None else checked_gravity(gravity)
        load, w, q = model.load_of(c, gravity)
        if start is not None:
            self._nodes, self._anchor = start.nodes, model.load_of(start.controls, start.gravity)[0].anchor
        with blas.one_thread():
            nodes, report = self._follower.follow(load, self._nodes, load.anchor - self._anchor, model.flesh, near)
        self._nodes, self._anchor = nodes, load.anchor
        return Pose(
            controls=c,
            gravity=gravity,
            skin=posed_skin(model, nodes, w, q),
            nodes=nodes,
            residual=float("nan"),
            inverted=0,
            converged=report.converged,
            iterations=report.iterations,
            ms=1e3 * (time.perf_counter() - began),
        )
