# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Where the model's controls live in Blender, and how values and keyframes get there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import bpy
import numpy as np

from . import animation

if TYPE_CHECKING:
    from ..core import FaceModel

LARGEST = 10.0  # Blender's own limit on the range of a shape key


def places(obj: bpy.types.Object, model: FaceModel) -> dict[str, tuple[bpy.types.ID, str]]:
    """Data block and property path of each control; controls whose shape key is gone are left out."""
    found = {}
    keys = obj.data.shape_keys
    for name, kind in zip(model.controls().names, model.control_kinds, strict=True):
        if kind == "shape":
            if keys is not None and name in keys.key_blocks:
                found[name] = keys, keys.key_blocks[name].path_from_id("value")
        elif kind == "muscle":
            if name in obj.muscle_face.muscles:
                found[name] = obj, obj.muscle_face.muscles[name].path_from_id("activation")
        else:
            # A shape that is called like a jaw control has the short name.
            found[name] = obj, f"muscle_face.{name.rpartition('.')[2]}"
    return found


def write(obj: bpy.types.Object, model: FaceModel, values: Mapping[str, float]) -> None:
    """Set sliders; each clamps to its own range."""
    for name, (owner, path) in places(obj, model).items():
        if name in values:
            group, _, attribute = path.rpartition(".")
            setattr(owner.path_resolve(group), attribute, float(values[name]))


def write_keys(
    obj: bpy.types.Object, model: FaceModel, frames: np.ndarray, curves: Mapping[str, np.ndarray]
) -> list[str]:
    """Key sliders on frames (F,) by curves {control: (F,)}; keys at other frames stay. Returns the widened shape keys.

    Shape keys take the range that their curve needs, up to Blender's limit.
    """
    widened = []
    for name, (owner, path) in places(obj, model).items():
        if name not in curves:
            continue
        if isinstance(owner, bpy.types.Key):
            key, highest = owner.key_blocks[name], min(float(np.max(curves[name])), LARGEST)
            if highest > key.slider_max:
                key.slider_max = highest
                widened.append(name)
        animation.write_samples(owner, path, frames, curves[name])
    return widened
