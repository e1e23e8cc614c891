# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Targets that are meshes: the sculpt on the face itself, a sculpted copy, a scan."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import bpy
import numpy as np
from mathutils import Matrix

from ...core import MuscleFaceError
from .. import bridge, drive, staleness, storage
from . import places, shown

if TYPE_CHECKING:
    from ...core import FaceModel
    from ...core.fit.targets import ScanTarget, VertexTarget

UNTOUCHED = 0.01
"""A sculpt that differs by less [mm, largest] from what the sliders make is none."""


class SculptSource:
    """What the artist sculpted on the face itself: a shape key of its own, or the simulated one reshaped."""

    names: ClassVar[list[str]] = []

    def __init__(self, _context, obj: bpy.types.Object, model: FaceModel) -> None:
        self._obj, self._model = obj, model
        self._weights = group_weights(obj)
        self._key = sculpt_key(obj)

    def read(self, _depsgraph, _frame, _to_face) -> VertexTarget:
        """The face as the keys show it."""
        from ...core.fit.targets import VertexTarget

        if self._key is None and staleness.neutral_changed(self._obj):
            raise MuscleFaceError(
                "The neutral was sculpted, not an expression: press Update Rig if that is meant, else undo it and "
                "press New Sculpt before sculpting."
            )
        positions = shown.positions(self._obj, self._key)
        if self._key is None and np.abs(positions - self._plain()).max() * self._model.mm_per_unit < UNTOUCHED:
            raise MuscleFaceError(
                "Nothing is sculpted on this face: press New Sculpt, or choose a mesh, markers or footage in the Fit "
                "panel."
            )
        return VertexTarget(positions, self._weights)

    def _plain(self) -> np.ndarray:
        """(V, 3) what the sliders alone show."""
        obj, model = self._obj, self._model
        now, sim, pose = drive.read(obj, model), drive.sim_key(obj.data), drive.last_pose(obj)
        if str(bridge.key_checksum(sim)) == storage.written(obj.data):
            # As the simulation left it; its pose may be forgotten, after undo and load.
            skin = bridge.key_positions(sim) + drive.blendshape_offset(obj, model, now.controls)
        else:
            skin = model.neutral if pose is None else pose.skin
        return bridge.vertex_positions(obj.data) + drive.skin_offset(obj, model, now, skin)


def sculpt_key(obj: bpy.types.Object) -> bpy.types.ShapeKey | None:
    """The chosen key of a sculpt; None where none is chosen. Raises MuscleFaceError when it cannot be one."""
    name = obj.muscle_face.fit_sculpt_key
    if not name:
        return None
    key = obj.data.shape_keys.key_blocks.get(name) if obj.data.shape_keys else None
    if key is None:
        raise MuscleFaceError(f"'{obj.name}' has no shape key '{name}': choose the one that holds the sculpt.")
    if name in storage.before(obj.data)["keys"] or key == obj.data.shape_keys.reference_key:
        raise MuscleFaceError(f"'{name}' is a slider of the rig: sculpt on a shape key of its own.")
    return key


def put_away_sculpt(obj: bpy.types.Object) -> None:
    """Switch the key of the sculpt off: the sliders show it now, and together it would count twice."""
    key = obj.data.shape_keys.key_blocks.get(obj.muscle_face.fit_sculpt_key)
    if key is not None:
        key.value = 0.0
        obj.show_only_shape_key = False


class MeshSource:
    """Another mesh object: of the same topology, or a scan."""

    names: ClassVar[list[str]] = []

    def __init__(self, context, obj: bpy.types.Object, model: FaceModel) -> None:
        self._obj, self._model = obj, model
        self._target, self._weights = obj.muscle_face.fit_target, group_weights(obj)
        self._triangles: np.ndarray | None = None
        # Convert turns a mesh that is pointed at into something else.
        if self._target.type != "MESH":
            raise MuscleFaceError(f"The target '{self._target.name}' is no mesh any more: choose another one.")
        shown.check(context, self._target)
        if self._target.data.is_editmode:
            raise MuscleFaceError(f"'{self._target.name}' is in Edit Mode: leave that first.")
        depsgraph = context.evaluated_depsgraph_get()
        mesh = self._target.evaluated_get(depsgraph).data
        if not len(mesh.polygons):
            raise MuscleFaceError(f"The target '{self._target.name}' has no faces: choose a mesh with a surface.")
        with shown.unrefined(self._target, depsgraph):
            self.same = self._has_topology_of(obj, depsgraph)
        if not self.same:
            shown.check_apart(obj, self._target)

    def _has_topology_of(self, obj: bpy.types.Object, depsgraph) -> bool:
        mesh = self._target.evaluated_get(depsgraph).data
        same = len(mesh.vertices) == len(obj.data.vertices)
        return same and bridge.topology_hash(mesh) == bridge.topology_hash(obj.data)

    def read(self, depsgraph, _frame, to_face: Matrix) -> VertexTarget | ScanTarget:
        """The evaluated mesh: of the same topology in its own space, a scan where it stands in the world."""
        from ...core.fit.targets import ScanTarget, VertexTarget

        if self.same:
            with shown.unrefined(self._target, depsgraph):
                positions = bridge.evaluated_positions(self._target, depsgraph)
            return VertexTarget(positions.astype(np.float32), self._weights)
        positions = bridge.evaluated_positions(self._target, depsgraph)
        evaluated = self._target.evaluated_get(depsgraph)
        transform = to_face @ evaluated.matrix_world
        triangles = bridge.triangles(evaluated.data)
        if transform.determinant() < 0.0:
            triangles = triangles[:, ::-1]
        if not np.array_equal(triangles, self._triangles):
            self._triangles = triangles
        # A performance holds the meshes of all its frames: in Blender's own precision, faces that stay only once.
        positions = transformed(transform, positions).astype(np.float32)
        return ScanTarget(positions, self._triangles, self._weights, self._pairs(depsgraph, to_face))

    def _pairs(self, depsgraph, to_face: Matrix):
        """Empties on the scan, named after landmarks, say where these are."""
        named = {}
        for child in self._target.children_recursive:
            place = places.spelled(self._model, child.name) if child.type == "EMPTY" else None
            if place is not None:
                named[place] = tuple(to_face @ child.evaluated_get(depsgraph).matrix_world.translation)
        if not named:
            return None
        return places.of(self._model).points(list(named)), np.array(list(named.values()))


def transformed(matrix: Matrix, points: np.ndarray) -> np.ndarray:
    """Points (n, 3) taken along by a matrix."""
    m = np.array(matrix, np.float64)
    return points @ m[:3, :3].T + m[:3, 3]


def group_weights(obj: bpy.types.Object) -> np.ndarray | None:
    """(V,) of the chosen vertex group; None where none is chosen. Raises MuscleFaceError when it is gone."""
    name = obj.muscle_face.fit_group
    if not name:
        return None
    if name not in obj.vertex_groups:
        raise MuscleFaceError(f"'{obj.name}' has no vertex group '{name}': choose another in the Fit panel.")
    return bridge.group_weights(obj, name)
