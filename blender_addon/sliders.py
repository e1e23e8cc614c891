# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Where the model's controls live in Blender, and how values and keyframes get there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

import bpy
import numpy as np

from ..core import MuscleFaceError
from ..core.anatomy.names import canonical_name, match_arkit
from . import animation, baked, drive, staleness, storage

if TYPE_CHECKING:
    from ..core import FaceModel

_Name = TypeVar("_Name")

LARGEST = 10.0  # Blender's own limit on the range of a shape key
UNSEEN = 1e-3
"""Of a slider's way: what nobody sees."""


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
    """Set sliders so that the controls have these values; each clamps to its own range.

    A muscle's slider makes up for its strength.
    """
    for name, (owner, path) in places(obj, model).items():
        if name in values:
            group, _, attribute = path.rpartition(".")
            holder, value = owner.path_resolve(group), float(values[name])
            if attribute == "activation":
                value = drive.slider_for(obj.muscle_face, holder, value)
            setattr(holder, attribute, value)


def driven(obj: bpy.types.Object, model: FaceModel) -> set[str]:
    """The controls whose sliders a driver sets."""
    return {
        name for name, (owner, path) in places(obj, model).items() if animation.find_driver(owner, path) is not None
    }


def deaf(where: Mapping[_Name, tuple[bpy.types.ID, str]]) -> list[_Name]:
    """The controls on which keys do not act: a driver sets them, their channel or their shape key is muted.

    where: `places` of the controls.
    """
    found = []
    for name, (owner, path) in where.items():
        curve = animation.find_curve(owner, path)
        muted = isinstance(owner, bpy.types.Key) and owner.path_resolve(path.rpartition(".")[0]).mute
        if muted or (curve is not None and curve.mute) or animation.find_driver(owner, path) is not None:
            found.append(name)
    return found


def deaf_note(names: Sequence[str]) -> str:
    """That keys do not act on controls, as part of a sentence."""
    return f"driven or muted, so that keys do not act: {', '.join(names)}"


def beyond(where: Mapping[_Name, tuple[bpy.types.ID, str]]) -> list[_Name]:
    """The controls with keys outside of their slider's range, where Blender holds them.

    where: `places` of the controls.
    """
    found = []
    for name, (owner, path) in where.items():
        curve = animation.find_curve(owner, path)
        values = [point.co[1] for point in curve.keyframe_points] if curve is not None else []
        low, high = _range(owner, path)
        if values and (min(values) < low - UNSEEN or max(values) > high + UNSEEN):
            found.append(name)
    return found


def beyond_note(names: Sequence[str]) -> str:
    """That values lie outside of sliders' ranges, as part of a sentence."""
    return f"held at the end of their range: {', '.join(names)}"


def _range(owner: bpy.types.ID, path: str) -> tuple[float, float]:
    group, _, attribute = path.rpartition(".")
    holder = owner.path_resolve(group)
    if isinstance(owner, bpy.types.Key):
        return holder.slider_min, holder.slider_max
    prop = holder.bl_rna.properties[attribute]
    return prop.hard_min, prop.hard_max


def note_on_keys(where: Mapping[str, tuple[bpy.types.ID, str]]) -> str:
    """What keeps keys just written from showing as they are, as part of a sentence; "" for nothing.

    where: `places` of the keyed controls.
    """
    silent, over, changed = deaf(where), beyond(where), []
    for name, place in where.items():
        curve = animation.find_curve(*place)
        if curve is not None and any(not modifier.mute for modifier in curve.modifiers):
            changed.append(name)
    found = [deaf_note(silent)] if silent else []
    found += [beyond_note(over)] if over else []
    found += [f"F-Curve modifiers change what the keys say: {', '.join(changed)}"] if changed else []
    return "; ".join(found)


def keyed(obj: bpy.types.Object, model: FaceModel) -> bool:
    """Whether a slider has keyframes, in an action or in NLA strips."""
    found = places(obj, model).values()
    strips = {owner: animation.in_strips(owner) for owner, _ in found}
    return any(animation.find_curve(owner, path) is not None or path in strips[owner] for owner, path in found)


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
        if isinstance(owner, bpy.types.Key) and widen(owner, path, curves[name].tolist()):
            widened.append(name)
        animation.write_samples(owner, path, frames, curves[name])
    return widened


def animated(obj: bpy.types.Object, curves: Sequence) -> dict[tuple[str, str], bpy.types.FCurve]:
    """(kind, name) -> F-Curve of the sliders of a face among curves; kind is "shape", "muscle" or "jaw".

    Raises MuscleFaceError when there is none.
    """
    found, results = {}, baked.names(obj.data)
    for curve in curves:
        slider = _slider(obj, curve.data_path, results)
        if slider is not None and len(curve.keyframe_points):
            found.setdefault(slider, curve)
    if not found:
        raise MuscleFaceError(f"No slider of '{obj.name}' has keyframes there; key some or choose another action.")
    return found


def _slider(obj: bpy.types.Object, path: str, results: set[str]) -> tuple[str, str] | None:
    """Kind and name of the slider that a property path of a face means; its baked shape keys are no sliders."""
    shape = re.fullmatch(r'key_blocks\["(.*)"\]\.value', path)
    if shape:
        name = bpy.utils.unescape_identifier(shape[1])
        own = obj.data.shape_keys is not None and name in obj.data.shape_keys.key_blocks
        result = name in results if own else baked.is_name(name)
        return None if name == storage.SIM_KEY or result else ("shape", name)
    muscle = re.fullmatch(r"muscle_face\.muscles\[(.*)\]\.activation", path)
    if muscle:
        muscles, key = obj.muscle_face.muscles, muscle[1]
        if not key.isdigit():
            return "muscle", bpy.utils.unescape_identifier(key.strip('"'))
        return ("muscle", muscles[int(key)].name) if int(key) < len(muscles) else None
    jaw = re.fullmatch(r"muscle_face\.(jaw_\w+)", path)
    return ("jaw", jaw[1]) if jaw else None


def counterparts(kind: str, name: str, obj: bpy.types.Object) -> list[tuple[bpy.types.ID, str]]:
    """Data block and property path of the sliders of a face that do what another face's slider does.

    Shape keys of the same name, else those that are the same ARKit shape however they spell it: one or its two halves.
    """
    if kind == "jaw":
        return [(obj, f"muscle_face.{name}")]
    if kind == "muscle":
        muscles = obj.muscle_face.muscles
        return [(obj, muscles[name].path_from_id("activation"))] if name in muscles else []
    keys = obj.data.shape_keys
    if keys is None:
        return []
    names = (
        [name] if name in keys.key_blocks else _same_shape(name, [k.name for k in staleness.shape_sources(obj.data)])
    )
    return [(keys, keys.key_blocks[n].path_from_id("value")) for n in names]


def _same_shape(name: str, others: list[str]) -> list[str]:
    """Which of the ``others`` are the ARKit shape, or the half of one, that a name means."""
    meant = canonical_name(name)
    if meant is None:
        return []
    same = [n for n in others if canonical_name(n) == meant]
    return same[:1] if same or meant[1] else list(match_arkit(others).get(meant[0], ()))


def widen(owner: bpy.types.Key, path: str, values: Sequence[float]) -> bool:
    """Give a shape key the range that values need, up to Blender's limit; says whether it was too narrow."""
    key = owner.path_resolve(path.rpartition(".")[0])
    highest = min(max(values), LARGEST)
    if highest <= key.slider_max:
        return False
    key.slider_max = highest
    return True
