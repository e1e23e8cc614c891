# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Animation curves of a data block, in the layered actions of Blender 4.4+ and the flat ones before."""

from collections.abc import Iterable

import bpy
import numpy as np

from ..core import MuscleFaceError

_LINEAR = 1  # of Keyframe.interpolation, as foreach_set wants it


def write_curve(owner: bpy.types.ID, path: str, points: list[tuple[int, float]]) -> None:
    """Replace the curve of a property by linear keys at (frame, value)."""
    remove_curve(owner, path)
    frames, values = zip(*points, strict=True)
    write_samples(owner, path, np.array(frames), np.array(values))


def write_samples(owner: bpy.types.ID, path: str, frames: np.ndarray, values: np.ndarray, index: int = -1) -> None:
    """Linear keys at frames (F,), rising; keys before the first and after the last stay as they are.

    `index` picks the component of a vector property.
    """
    curve = find_curve(owner, path, index) or _new_curve(owner, path, index, float(frames[0]))
    points = curve.keyframe_points
    for k in range(len(points) - 1, -1, -1):
        if frames[0] - 1e-3 <= points[k].co[0] <= frames[-1] + 1e-3:
            points.remove(points[k], fast=True)
    before = len(points)
    points.add(len(frames))
    # Blender writes whole collections only: read what is there, fill in the rest.
    places, kinds = np.empty(2 * len(points), np.float32), np.empty(len(points), np.int32)
    points.foreach_get("co", places)
    points.foreach_get("interpolation", kinds)
    places[2 * before :: 2], places[2 * before + 1 :: 2] = frames, values
    kinds[before:] = _LINEAR
    points.foreach_set("co", places)
    points.foreach_set("interpolation", kinds)
    curve.update()


def find_curve(owner: bpy.types.ID, path: str, index: int = -1):
    """The F-Curve of a property (of one component of it), or None."""
    return next((c for c in curves(owner) if c.data_path == path and index in (-1, c.array_index)), None)


def find_driver(owner: bpy.types.ID, path: str):
    """The driver of a property that is not muted, or None."""
    data = owner.animation_data
    return next((d for d in data.drivers if d.data_path == path and not d.mute), None) if data else None


def remove_curve(owner: bpy.types.ID, path: str) -> None:
    """Delete the curve of a property where there is one."""
    curve = find_curve(owner, path)
    if curve is not None:
        curves(owner).remove(curve)


def _new_curve(owner: bpy.types.ID, path: str, index: int, frame: float):
    check_writable(owner)
    # Keying once makes the action, its slot and its layers, whatever they are called in this version.
    owner.keyframe_insert(path, index=index, frame=frame)
    return find_curve(owner, path, index)


def check_writable(*owners: bpy.types.ID | None) -> None:
    """Raise MuscleFaceError where a data block plays an action of another file: Blender would key nothing."""
    for owner in owners:
        action = owner.animation_data.action if owner and owner.animation_data else None
        if action is not None and not action.is_editable:
            raise MuscleFaceError(
                f"'{owner.name}' plays the action '{action.name}', which is linked from another file; make the action "
                "local first."
            )


def check_untweaked(*owners: bpy.types.ID | None) -> None:
    """Raise MuscleFaceError where a strip of the NLA is tweaked: its action runs on another time than the scene."""
    for owner in owners:
        if owner and owner.animation_data and owner.animation_data.use_tweak_mode:
            raise MuscleFaceError(
                f"A strip of '{owner.name}' is being tweaked; leave Tweak Mode in the NLA editor first."
            )


def check_in_full(owner: bpy.types.ID) -> None:
    """Raise MuscleFaceError where an action over NLA strips does not show its values as they are."""
    data = owner.animation_data
    if data and data.nla_tracks and (data.action_influence < 1.0 or data.action_blend_type in ("MULTIPLY", "SUBTRACT")):
        raise MuscleFaceError(
            f"The action of '{owner.name}' plays in part over its NLA strips; set its influence to 1 and its blending "
            "to Replace or Add, or bake sliders only."
        )


def check_replacing(*owners: bpy.types.ID | None) -> None:
    """Raise MuscleFaceError where an action over NLA strips would not show the values that are keyed into it."""
    for owner in owners:
        data = owner.animation_data if owner else None
        if data and data.nla_tracks and (data.action_influence < 1.0 or data.action_blend_type != "REPLACE"):
            raise MuscleFaceError(
                f"The action of '{owner.name}' is blended with its NLA strips; set its blending to Replace and its "
                "influence to 1 in the NLA editor first."
            )


def in_strips(owner: bpy.types.ID) -> set[str]:
    """The paths of what NLA strips animate."""
    data = owner.animation_data
    strips = [s for track in data.nla_tracks if not track.mute for s in track.strips if not s.mute] if data else ()
    return {curve.data_path for strip in strips if strip.action for curve in action_curves(strip.action)}


def check_unanimated(keys: bpy.types.Key, prop: str, names: Iterable[str], instead: str) -> None:
    """Raise MuscleFaceError where a curve or a driver sets a property of some of the shape keys, as far as they are
    there; says what to do ``instead``."""
    for name in filter(keys.key_blocks.__contains__, names):
        path = keys.key_blocks[name].path_from_id(prop)
        if find_driver(keys, path) is not None or find_curve(keys, path) is not None:
            raise MuscleFaceError(f"The {prop} of the shape key '{name}' is animated or driven; {instead}.")


def make_own(owner: bpy.types.ID) -> bpy.types.Action | None:
    """Give a data block a copy of its action where that is another file's or moves others too. Returns the copy."""
    data = owner.animation_data
    action = data.action if data else None
    if action is None:
        return None
    slot = getattr(data, "action_slot", None)
    users = len(slot.users()) if slot else action.users - action.use_fake_user
    if action.is_editable and users <= 1:
        return None
    data.action = action.copy()
    return data.action


def curves(owner: bpy.types.ID):
    """The F-Curves that animate a data block: a collection of Blender's, or nothing."""
    data = owner.animation_data
    if data is None or data.action is None:
        return ()
    if not hasattr(data.action, "layers"):
        return data.action.fcurves
    for layer in data.action.layers:
        for strip in layer.strips:
            bag = strip.channelbag(data.action_slot) if data.action_slot else None
            if bag is not None:
                return bag.fcurves
    return ()


def action_curves(action: bpy.types.Action) -> list:
    """All F-Curves of an action, whatever its slots are for."""
    if not hasattr(action, "layers"):
        return list(action.fcurves)
    bags = [bag for layer in action.layers for strip in layer.strips for bag in strip.channelbags]
    return [curve for bag in bags for curve in bag.fcurves]


def part_from(owner: bpy.types.ID, actions: set[bpy.types.Action]) -> None:
    """Give a data block an action of its own where it plays one of some others' actions."""
    data = owner.animation_data
    if data is not None and data.action in actions:
        data.action = data.action.copy()


def copy_curve(curve: bpy.types.FCurve, owner: bpy.types.ID, path: str) -> None:
    """Replace the curve of a property by a copy of another: keys, handles, interpolation, modifiers and all."""
    if find_curve(owner, path) == curve:
        return
    remove_curve(owner, path)
    new = _new_curve(owner, path, -1, float(curve.keyframe_points[0].co[0]))
    new.keyframe_points.clear()
    new.keyframe_points.add(len(curve.keyframe_points))
    for point, other in zip(new.keyframe_points, curve.keyframe_points, strict=True):
        _copy_settings(other, point, ("co", *_HANDLES))
        # The types of handles move handles: first the types, then the places.
        point.co = other.co
        for name in _HANDLES:
            setattr(point, name, getattr(other, name))
    _copy_settings(curve, new, ("data_path", "array_index"))
    for modifier in list(new.modifiers):
        new.modifiers.remove(modifier)
    for modifier in curve.modifiers:
        _copy_settings(modifier, new.modifiers.new(modifier.type), ("type",))


_HANDLES = ("handle_left", "handle_right")


def _copy_settings(source, target, left_out: tuple[str, ...]) -> None:
    """Set all properties of plain value that can be set."""
    for prop in source.bl_rna.properties:
        if not prop.is_readonly and prop.type not in ("POINTER", "COLLECTION") and prop.identifier not in left_out:
            setattr(target, prop.identifier, getattr(source, prop.identifier))


_PLAIN = {"action_blend_type": "REPLACE", "action_influence": 1.0, "action_extrapolation": "HOLD"}
"""How an action plays that shows its values as they are, also over NLA strips."""


def set_aside(keys: bpy.types.Key, paths: set[str]) -> tuple[bpy.types.Action | None, dict]:
    """Free shape keys from their action, and the properties at `paths` from their drivers.

    Returns the action and, as plain data, what `put_back` needs beside it.
    """
    data, aside = keys.animation_data_create(), {"values": {b.name: b.value for b in keys.key_blocks}, "drivers": []}
    for curve in data.drivers:
        if not curve.mute and curve.data_path in paths:
            aside["drivers"].append(curve.data_path)
            curve.mute = True
    action, slot = data.action, getattr(data, "action_slot", None)
    aside["slot"] = slot.identifier if slot else ""
    aside["playing"] = {name: getattr(data, name) for name in _PLAIN}
    data.action = None
    for name, value in _PLAIN.items():
        setattr(data, name, value)
    return action, aside


def give_action(
    keys: bpy.types.Key, name: str, like: bpy.types.Action | None = None, slot: str = ""
) -> bpy.types.Action:
    """A fresh action for shape keys, or a copy of one: left alone, Blender 4.4+ keys into the object's action."""
    data = keys.animation_data_create()
    if like is not None:
        action = like.copy()
        action.name = name
        _play(data, action, slot)
        return action
    data.action = action = bpy.data.actions.new(name)
    if hasattr(action, "slots"):
        data.action_slot = action.slots.new("KEY", keys.name)
    return action


def _play(data: bpy.types.AnimData, action: bpy.types.Action | None, slot: str) -> None:
    data.action = action
    if action is not None and slot and slot in action.slots:
        data.action_slot = action.slots[slot]


def put_back(keys: bpy.types.Key, action: bpy.types.Action | None, aside: dict, names: dict[str, str]) -> None:
    """Bring back the action that was set aside, with its drivers and values.

    names: {name: name now} of shape keys that were renamed since; Blender follows a name in playing actions only.
    """
    data = keys.animation_data_create()
    _play(data, action, aside["slot"])
    for name, value in aside.get("playing", {}).items():
        setattr(data, name, value)
    paths = {_value_path(name): _value_path(now) for name, now in names.items()}
    old = [curve for curve in curves(keys) if curve.data_path in paths]
    if old and make_own(keys) is not None:
        old = [curve for curve in curves(keys) if curve.data_path in paths]
    for curve in old:
        curve.data_path = paths[curve.data_path]
    for path in aside["drivers"]:
        for curve in data.drivers:
            if curve.data_path == paths.get(path, path):
                curve.mute = False
    for name, value in aside["values"].items():
        key = keys.key_blocks.get(names.get(name, name))
        if key is not None:
            key.value = value


def _value_path(name: str) -> str:
    return f'key_blocks["{bpy.utils.escape_identifier(name)}"].value'
