# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Skin points as functions of the controls that a fit may move: simulated, as plain sums of shapes, or still."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from .. import sensitivity
from ..progress import Progress
from ..skinning import shape_deltas
from .targets import SkinPoints

if TYPE_CHECKING:
    from ..face import FaceModel
    from ..pose import Pose

TOLERANCE = 1e-5

FAR = 0.3
"""Largest step of a control over which a Jacobian is corrected."""

SHORT = 0.1
"""Largest step of a control over which flesh begins where its derivative takes it: farther on lips have met or parted,
and it might settle in another equilibrium."""

NOTHING = 0.05
"""RMS motion of the points [mm] that says nothing about the Jacobian, beside the tolerance of the flesh."""

OFF = 0.35
"""Share of the points' motion that a corrected Jacobian may have foretold wrongly."""


class Posed(NamedTuple):
    """points: (p, 3), the face's frame, user's unit · pose: the equilibrium, None where nothing is simulated."""

    points: np.ndarray
    pose: "Pose | None" = None

    @property
    def sound(self) -> bool:
        """Whether the flesh settled."""
        return self.pose is None or self.pose.converged


class Skin(Protocol):
    """What an optimiser asks of a face. ``active``: (k,) indices of the controls that may move."""

    active: np.ndarray

    def at(self, controls: np.ndarray, before: Posed | None) -> Posed:
        """The face at controls (n,), found from the one before."""
        ...

    def jacobian(self, posed: Posed) -> np.ndarray:
        """(3p, k) derivative of the points by the active controls."""
        ...

    @property
    def exact(self) -> bool:
        """Whether the last Jacobian is exact, not only near."""
        ...

    def renew(self) -> None:
        """Make the next Jacobian exact."""
        ...


class _Exact:
    """Every Jacobian is exact."""

    exact = True

    def renew(self) -> None:
        """See ``Skin``."""


class SimulatedSkin(_Exact):
    """Points of the simulated face."""

    def __init__(
        self,
        model: "FaceModel",
        points: SkinPoints,
        active: np.ndarray,
        gravity: Sequence[float] | None = None,
        tolerance: float = TOLERANCE,
        tick: Progress | None = None,
    ) -> None:
        self._model, self._points, self.active = model, points, active
        self._gravity, self._tolerance, self._tick = gravity, tolerance, tick

    def at(self, controls: np.ndarray, before: Posed | None) -> Posed:
        """See ``Skin``."""
        start = None if before is None else before.pose
        pose = self._model.solve(
            controls, gravity=self._gravity, start=start, tolerance=self._tolerance, progress=self._tick
        )
        return Posed(self._points.at(pose.skin), pose)

    def jacobian(self, posed: Posed) -> np.ndarray:
        """See ``Skin``."""
        return self._nearby(posed)[0]

    def _nearby(self, posed: Posed) -> tuple[np.ndarray, np.ndarray]:
        """Derivatives of the points (3p, k) and of the flesh (3N, k); what the solver does next is near by."""
        found = sensitivity.nearby(self._model, posed.pose, self._points.vertices, self.active)
        if found.inverse is not None:
            self._model.solver.keep(found.inverse)
        k = len(self.active)
        of_points = self._points.matrix @ found.vertices.reshape(len(found.vertices), 3 * k)
        return of_points.reshape(3 * len(self._points), k), found.nodes


class FollowedSkin(SimulatedSkin):
    """Points of the simulated face as it goes on in small steps: the Jacobian is kept, and corrected along each step
    by what the points did (Broyden 1965), until such corrections no longer serve."""

    def __init__(self, *given, **named) -> None:
        super().__init__(*given, **named)
        self._kept: np.ndarray | None = None
        self._flesh: np.ndarray | None = None
        self._last: Posed | None = None
        self._steps = 0

    def at(self, controls: np.ndarray, before: Posed | None) -> Posed:
        """See ``Skin``: the flesh begins where its own derivative takes it."""
        if before is not None and before.pose is not None and self._flesh is not None:
            step = (controls - before.pose.controls)[self.active]
            if np.abs(step).max(initial=0.0) < SHORT:
                nodes = before.pose.nodes + (self._flesh @ step).reshape(-1, 3)
                before = before._replace(pose=replace(before.pose, nodes=nodes))
        return super().at(controls, before)

    def jacobian(self, posed: Posed) -> np.ndarray:
        """See ``Skin``."""
        if self._kept is not None and posed is not self._last:
            step = (posed.pose.controls - self._last.pose.controls)[self.active]
            moved = (posed.points - self._last.points).ravel()
            off = moved - self._kept @ step
            if np.linalg.norm(moved) * self._model.mm_per_unit < NOTHING * np.sqrt(len(posed.points)):
                pass
            elif np.abs(step).max(initial=0.0) > FAR or np.linalg.norm(off) > OFF * np.linalg.norm(moved):
                self._kept = None
            else:
                along = step / (step @ step)
                self._kept = self._kept + np.outer(off, along)
                flesh = (posed.pose.nodes - self._last.pose.nodes).ravel() - self._flesh @ step
                self._flesh += np.outer(flesh.astype(np.float32), along.astype(np.float32))
        if self._kept is None:
            (self._kept, self._flesh), self._steps = self._nearby(posed), 0
        self._last, self._steps = posed, self._steps + 1
        return self._kept

    @property
    def exact(self) -> bool:
        """See ``Skin``."""
        return self._steps == 1

    def renew(self) -> None:
        """See ``Skin``."""
        self._kept = None


class BlendSkin(_Exact):
    """Points of the plain sum of shapes, the rest of the controls without effect. held: (n,) values of the shapes that
    are not active."""

    def __init__(self, model: "FaceModel", points: SkinPoints, active: np.ndarray, held: np.ndarray) -> None:
        self.active = active[active < len(model.shapes)]
        still = np.setdiff1d(np.flatnonzero(held[: len(model.shapes)]), active)
        of_shapes, rest = shape_deltas(model), model.neutral.copy()
        rest[model.skin_vertices] += np.tensordot(held[still], of_shapes[still], 1)
        self._rest = points.at(rest)
        row = np.full(model.vertex_count, -1)
        row[model.skin_vertices] = np.arange(len(model.skin_vertices))
        # Points on loose parts stand still here.
        deltas, rows = of_shapes[self.active], row[points.vertices]
        of_vertices = np.where((rows >= 0)[:, None, None], deltas[:, rows].transpose(1, 2, 0), 0.0)
        k = len(self.active)
        self._jacobian = (points.matrix @ of_vertices.reshape(len(of_vertices), 3 * k)).reshape(3 * len(points), k)

    def at(self, controls: np.ndarray, before: Posed | None) -> Posed:
        """See ``Skin``."""
        return Posed(self._rest + (self._jacobian @ controls[self.active]).reshape(-1, 3))

    def jacobian(self, posed: Posed) -> np.ndarray:
        """See ``Skin``."""
        return self._jacobian


class StillSkin(_Exact):
    """Points of a face that does not move: only the head may."""

    active = np.zeros(0, int)

    def __init__(self, points: np.ndarray) -> None:
        self._points = points

    def at(self, controls: np.ndarray, before: Posed | None) -> Posed:
        """See ``Skin``."""
        return Posed(self._points)

    def jacobian(self, posed: Posed) -> np.ndarray:
        """See ``Skin``."""
        return np.zeros((self._points.size, 0))
