# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Empties that follow points of the skin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
import numpy as np
from mathutils import Matrix

from ...core import MuscleFaceError
from .. import drive
from . import places, shown

if TYPE_CHECKING:
    from ...core import FaceModel
    from ...core.fit.targets import MarkerTarget, SkinPoints

FAR = 40.0
"""A marker this far from the skin [mm] is not on the face."""


class MarkerSource:
    """The chosen collection of empties; those that are not bound yet are bound as they stand now."""

    def __init__(self, context, obj: bpy.types.Object, model: FaceModel) -> None:
        empties = markers_of(obj)
        for empty in empties:
            # A disabled marker is a missing one.
            if not empty.hide_viewport:
                shown.check(context, empty)
        bound = bindings(obj)
        if any(e.name not in bound for e in empties):
            bound = bind(context, obj, model)
        self._empties = [e for e in empties if e.name in bound]
        self.names = [e.name for e in self._empties]
        corners, weights = zip(*[bound[e.name] for e in self._empties], strict=True)
        from ...core.fit.targets import SkinPoints

        self._points = SkinPoints(np.array(corners), np.array(weights))

    def read(self, depsgraph, _frame, to_face: Matrix) -> MarkerTarget:
        """Where the markers are; hidden ones are missing."""
        from ...core.fit.targets import MarkerTarget

        return MarkerTarget(self._points, _positions(self._empties, depsgraph, to_face))


def markers_of(obj: bpy.types.Object) -> list[bpy.types.Object]:
    """The empties of the chosen collection, by name. Raises MuscleFaceError when it has none."""
    chosen = obj.muscle_face.fit_markers
    found = sorted((o for o in chosen.all_objects if o.type == "EMPTY"), key=lambda o: o.name)
    if not found:
        raise MuscleFaceError(f"The collection '{chosen.name}' holds no empties: put the markers into it.")
    return found


def bindings(obj: bpy.types.Object) -> dict[str, tuple[tuple, tuple]]:
    """Marker name -> corners and weights of the point of the skin that it follows."""
    rows = obj.muscle_face.fit_marker_bindings
    return {r.marker.name: (tuple(r.corners), tuple(r.weights)) for r in rows if r.marker is not None}


def bind(context, obj: bpy.types.Object, model: FaceModel) -> dict[str, tuple[tuple, tuple]]:
    """Points of the skin for all markers: by name where that is a landmark's, else the nearest to where they stand.

    Raises MuscleFaceError when a marker is not on the face.
    """
    from ...core.fit.targets import SkinPoints

    empties = markers_of(obj)
    depsgraph = context.evaluated_depsgraph_get()
    positions = _positions(empties, depsgraph, shown.to_face(obj, model, depsgraph))
    named = [places.spelled(model, e.name) for e in empties]
    pose = drive.last_pose(obj)
    skin = model.neutral if pose is None else pose.skin
    free = [k for k, place in enumerate(named) if place is None]
    found: dict[int, SkinPoints] = {}
    if free:
        near = SkinPoints.nearest(model, positions[free], skin)
        apart = np.linalg.norm(near.at(skin) - positions[free], axis=1) * model.mm_per_unit
        if not np.all(apart < FAR):
            worst = free[int(np.argmax(np.where(np.isfinite(apart), apart, np.inf)))]
            raise MuscleFaceError(
                f"The marker '{empties[worst].name}' is not on the face: go to a frame where it is, "
                "or name it after a landmark."
            )
        found = {k: near.some([n]) for n, k in enumerate(free)}
    for k, place in enumerate(named):
        if place is not None:
            found[k] = places.of(model).points([place])
    rows = obj.muscle_face.fit_marker_bindings
    rows.clear()
    for k, empty in enumerate(empties):
        row = rows.add()
        row.marker = empty
        row.corners, row.weights = found[k].corners[0].tolist(), found[k].weights[0].tolist()
    return bindings(obj)


def _positions(empties: list[bpy.types.Object], depsgraph, to_face: Matrix) -> np.ndarray:
    rows = [
        (np.nan,) * 3 if e.hide_viewport else tuple(to_face @ e.evaluated_get(depsgraph).matrix_world.translation)
        for e in empties
    ]
    return np.array(rows, np.float64).reshape(-1, 3)
