# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Heat maps: a quantity over the skin as a colour attribute of the mesh, kept up with the simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
import numpy as np

from ..core import MuscleFaceError
from ..core.heat import colours, distance_mm, skin_strain
from . import bridge, drive, storage
from .fit import report

if TYPE_CHECKING:
    from ..core import FaceModel

ATTRIBUTE = "Muscle Face Heat"

ACTIVE = "active_color"
"""Of the rig in the mesh: the name of the attribute that was active before the map."""

LEAST_FULL = 0.1
"""Per cent or millimetres: a face at rest must not show its rounding errors in bright colours."""


def update(obj: bpy.types.Object) -> None:
    """Write the chosen map for the face as it is, or take the attribute away when none is chosen."""
    if not storage.has_rig(obj.data) or obj.muscle_face.heat_map == "NONE":
        remove(obj.data)
        return
    if obj.mode == "EDIT":
        raise MuscleFaceError("Leave Edit Mode first: the heat map is painted on the mesh in Object Mode.")
    model = storage.load(obj.data)
    settings, values = obj.muscle_face, _values(obj, model)
    settings.heat_largest = float(values.max(initial=0.0))
    full = settings.heat_full or max(settings.heat_largest, LEAST_FULL)
    _write(obj.data, colours(values, full))


def _values(obj: bpy.types.Object, model: FaceModel) -> np.ndarray:
    """(V,) strain in per cent or distance in millimetres."""
    pose = drive.last_pose(obj)
    skin = model.neutral if pose is None else pose.skin
    kind = obj.muscle_face.heat_map
    if kind == "STRAIN":
        return 100.0 * skin_strain(model, skin)
    if kind == "BLENDSHAPE":
        controls = np.zeros(len(model.control_kinds)) if pose is None else pose.controls
        plain = bridge.vertex_positions(obj.data) + drive.blendshape_offset(obj, model, controls)
        return distance_mm(model, skin, plain)
    distance = report.error(obj.data)
    if distance is None:
        raise MuscleFaceError("Fit to a target mesh or a sculpt first to see how far the face is from it.")
    return distance


def _write(mesh: bpy.types.Mesh, painted: np.ndarray) -> None:
    layer = mesh.color_attributes.get(ATTRIBUTE)
    if layer is None:
        layer = mesh.color_attributes.new(ATTRIBUTE, "FLOAT_COLOR", "POINT")
        activate(mesh)
    layer.data.foreach_set("color", painted.ravel())
    mesh.update()


def activate(mesh: bpy.types.Mesh) -> None:
    """Make the attribute the active one, which solid shading shows. Once and not at each face that is painted: brushes
    paint on the active one too."""
    colors = mesh.color_attributes
    if ATTRIBUTE in colors and colors.active_color != colors[ATTRIBUTE]:
        mesh[storage.PROPERTY][ACTIVE] = colors.active_color.name if colors.active_color else ""
        colors.active_color = colors[ATTRIBUTE]


def remove(mesh: bpy.types.Mesh) -> None:
    """Take the attribute off the mesh; the one that was active before it is active again."""
    colors = mesh.color_attributes
    layer = colors.get(ATTRIBUTE)
    if layer is None:
        return
    active = colors.active_color.name if colors.active_color else ""
    if active == ATTRIBUTE and storage.has_rig(mesh):
        active = mesh[storage.PROPERTY].get(ACTIVE, "")
    colors.remove(layer)
    if active in colors:
        colors.active_color = colors[active]


def follow(obj: bpy.types.Object) -> None:
    """Keep the map up with the face; a map that cannot be shown is no reason to stop a slider."""
    if obj.muscle_face.heat_map == "NONE":
        return
    try:
        update(obj)
    except MuscleFaceError as error:
        remove(obj.data)
        obj.muscle_face.message = str(error)


def register() -> None:
    """Watch the faces that are written."""
    drive.watchers.append(follow)


def unregister() -> None:
    """The mirror of register."""
    drive.watchers.remove(follow)
