# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Pose assets: an action with one key per slider, marked as an asset, for any face with sliders of the same names.

Blender's own pose library knows armature bones only. The curves lie on the paths that the sliders have from the
object (`data.shape_keys...`, `muscle_face...`), so that the action can be read without knowing the face it came from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import bpy

from ..core import MuscleFaceError
from ..core.sliders import Slider, mirrored
from . import animation, editing

TAG = "Muscle Face"

_PATHS = {
    "shape": (re.compile(r'data\.shape_keys\.key_blocks\["(.+)"\]\.value$'), 'data.shape_keys.key_blocks["{}"].value'),
    "muscle": (re.compile(r'muscle_face\.muscles\["(.+)"\]\.activation$'), 'muscle_face.muscles["{}"].activation'),
    "jaw": (re.compile(r"muscle_face\.(jaw_\w+)$"), "muscle_face.{}"),
}


def save(obj: bpy.types.Object, name: str) -> bpy.types.Action:
    """A fresh pose asset that holds the object's sliders."""
    action = bpy.data.actions.new(name)
    curves = _curves(action, obj)
    for slider in editing.all_of(obj):
        curve = curves.new(path_of(slider))
        curve.keyframe_points.insert(1.0, getattr(*editing.owner_of(obj, slider)), options={"FAST"})
        curve.update()
    action.asset_mark()
    action.asset_data.tags.new(TAG, skip_if_exists=True)
    action.asset_data.description = f"Expression of {len(curves)} sliders for Muscle Face"
    return action


def path_of(slider: Slider) -> str:
    """The data path of a slider from its object."""
    name = editing.jaw_property(slider) if slider.kind == "jaw" else bpy.utils.escape_identifier(slider.name)
    return _PATHS[slider.kind][1].format(name)


def values(action: bpy.types.Action) -> dict[tuple[str, str], float]:
    """(kind, name) -> value of a pose asset's sliders."""
    out = {}
    for curve in animation.action_curves(action):
        for kind, (pattern, _) in _PATHS.items():
            match = pattern.match(curve.data_path)
            if match:
                out[kind, bpy.utils.unescape_identifier(match.group(1))] = curve.evaluate(1.0)
    return out


def apply(
    obj: bpy.types.Object, action: bpy.types.Action, blend: float, *, mirror: bool = False
) -> tuple[list[str], list[str]]:
    """Move the object's sliders to a pose by a share; returns the names of sliders that the object does not have, and
    of those whose range the pose goes beyond."""
    stored, own = values(action), editing.all_of(obj)
    here = {(s.kind, editing.jaw_property(s) if s.kind == "jaw" else s.name): s for s in own}
    wanted = {here[k].name: value for k, value in stored.items() if k in here}
    if mirror:
        wanted = mirrored(wanted, own)
    now = editing.values(obj)
    cut = editing.write(obj, {name: now[name] + blend * (value - now[name]) for name, value in wanted.items()})
    editing.remember(obj)
    return [name for kind, name in stored if (kind, name) not in here], cut


def is_pose(action: bpy.types.Action) -> bool:
    """Whether an action of this file is a pose asset of Muscle Face."""
    return action.asset_data is not None and TAG in action.asset_data.tags


def all_poses() -> list[bpy.types.Action]:
    """The pose assets in this file."""
    return [action for action in bpy.data.actions if is_pose(action)]


@contextmanager
def found(context: bpy.types.Context, name: str) -> Iterator[bpy.types.Action | None]:
    """The pose asset of that name in this file, or the one clicked in an asset shelf or browser; None without.

    Raises MuscleFaceError where the asset's file is lost.
    """
    asset = getattr(context, "asset", None)
    if name or asset is None:
        action = bpy.data.actions.get(name)
        yield action if action is not None and is_pose(action) else None
    elif asset.local_id is not None:
        yield asset.local_id if asset.id_type == "ACTION" and is_pose(asset.local_id) else None
    else:
        with bpy.data.temp_data() as scratch:
            try:
                with scratch.libraries.load(asset.full_library_path) as (_, into):
                    into.actions = [asset.name]
            except OSError as error:
                raise MuscleFaceError(
                    f"The file of the pose '{asset.name}' cannot be read; look whether it is there: "
                    f"{asset.full_library_path}"
                ) from error
            yield into.actions[0]


def _curves(action: bpy.types.Action, obj: bpy.types.Object):
    """The curves of a fresh action for an object: in the layered actions of Blender 4.4+, of a slot of their own."""
    if not hasattr(action, "layers"):
        return action.fcurves
    slot = action.slots.new("OBJECT", obj.name)
    strip = action.layers.new("Pose").strips.new(type="KEYFRAME")
    return strip.channelbag(slot, ensure=True).fcurves
