# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Empties that follow points of the skin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
import numpy as np
from mathutils import Matrix

from ...core import MuscleFaceError
from . import places, shown

if TYPE_CHECKING:
    from ...core import FaceModel
    from ...core.fit.targets import MarkerTarget, SkinPoints

FAR = 40.0
"""A marker this far from the skin [mm] is not on the face."""


class MarkerSource:
    """The chosen collection of empties, each bound to a point of the skin or named after one."""

    def __init__(self, context, obj: bpy.types.Object, model: FaceModel) -> None:
        empties = markers_of(obj)
        for empty in empties:
            # A disabled marker is a missing one.
            if not empty.hide_viewport:
                shown.check(context, empty)
                shown.check_apart(obj, empty)
        from ...core.fit.targets import SkinPoints

        bound = {**_by_name(empties, model), **bindings(obj)}
        loose = [e.name for e in empties if e.name not in bound]
        if loose:
            raise MuscleFaceError(
                f"The marker '{loose[0]}' is not bound to the skin: go to a frame on which the markers lie on the face "
                "as it is shown, and press Bind Markers."
            )
        self._empties, self.names = empties, [e.name for e in empties]
        self._points = SkinPoints.joined([bound[name] for name in self.names])

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


def bindings(obj: bpy.types.Object) -> dict[str, SkinPoints]:
    """Marker name -> the point of the skin that it follows, and where it lies from there."""
    from ...core.fit.targets import SkinPoints

    rows = [r for r in obj.muscle_face.fit_marker_bindings if r.marker is not None]
    return {
        r.marker.name: SkinPoints(np.array([r.corners]), np.array([r.weights], float), np.array([r.beside], float))
        for r in rows
    }


def _by_name(empties: list[bpy.types.Object], model: FaceModel) -> dict[str, SkinPoints]:
    """Marker name -> the landmark that it is named after."""
    named = {e.name: places.spelled(model, e.name) for e in empties}
    return {name: places.of(model).points([place]) for name, place in named.items() if place is not None}


def bind(context, obj: bpy.types.Object, model: FaceModel) -> int:
    """Bind all markers: by name where that is a landmark's, else to the nearest point of the skin as it is shown and as
    far beside it as they are (a bead has a radius, a person another face). Returns how many.

    Raises MuscleFaceError when a marker is not on the face.
    """
    from ...core.fit.targets import SkinPoints

    empties = markers_of(obj)
    depsgraph = context.evaluated_depsgraph_get()
    positions = _positions(empties, depsgraph, shown.to_face(obj, model, depsgraph))
    found = _by_name(empties, model)
    skin = shown.positions(obj)
    free = [k for k, e in enumerate(empties) if e.name not in found]
    if free:
        near = SkinPoints.nearest(model, positions[free], skin)
        apart = np.linalg.norm(near.at(skin) - positions[free], axis=1) * model.mm_per_unit
        if not np.all(apart < FAR):
            worst = free[int(np.argmax(np.where(np.isfinite(apart), apart, np.inf)))]
            raise MuscleFaceError(
                f"The marker '{empties[worst].name}' is not on the face: go to a frame where it is, "
                "or name it after a landmark."
            )
        near = near.moved(positions[free] - near.at(skin))
        found |= {empties[k].name: near.some([n]) for n, k in enumerate(free)}
    rows = obj.muscle_face.fit_marker_bindings
    rows.clear()
    for empty in empties:
        row, point = rows.add(), found[empty.name]
        row.marker, row.corners, row.weights = empty, point.corners[0].tolist(), point.weights[0].tolist()
        row.beside = (0.0, 0.0, 0.0) if point.beside is None else point.beside[0].tolist()
    return len(rows)


def _positions(empties: list[bpy.types.Object], depsgraph, to_face: Matrix) -> np.ndarray:
    rows = [
        (np.nan,) * 3 if e.hide_viewport else tuple(to_face @ e.evaluated_get(depsgraph).matrix_world.translation)
        for e in empties
    ]
    return np.array(rows, np.float64).reshape(-1, 3)
