# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Sliders as an artist edits them: read, set and keyed by name and group, the other side taken along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import bpy
import numpy as np

from ..core.sliders import Slider, followed
from . import animation, drive, sliders, storage

if TYPE_CHECKING:
    from ..core import FaceModel

# What each symmetric object's sliders were, to tell which one moved. Dropped with every undo, redo and load.
_remembered: dict[str, dict[str, float]] = {}


def all_of(obj: bpy.types.Object) -> list[Slider]:
    """The sliders that the object has now (a shape key may have been deleted), in the model's order."""
    keys, muscles = key_blocks(obj), obj.muscle_face.muscles
    held = {"shape": keys, "muscle": muscles}
    return [s for s in storage.sliders(obj.data) if s.kind == "jaw" or s.name in held[s.kind]]


def key_blocks(obj: bpy.types.Object):
    """The shape keys by name; none for a mesh that has lost them."""
    return obj.data.shape_keys.key_blocks if obj.data.shape_keys else {}


def owner_of(obj: bpy.types.Object, slider: Slider) -> tuple[object, str]:
    """What holds a slider, and the name of its property there."""
    if slider.kind == "shape":
        return key_blocks(obj)[slider.name], "value"
    if slider.kind == "muscle":
        return obj.muscle_face.muscles[slider.name], "activation"
    return obj.muscle_face, jaw_property(slider)


def jaw_property(slider: Slider) -> str:
    """The property of a jaw slider, whose name the model may have changed to avoid a shape of the same name."""
    return slider.name.rpartition(".")[2]


def values(obj: bpy.types.Object) -> dict[str, float]:
    """Every slider's value as the interface shows it."""
    return {s.name: getattr(*owner_of(obj, s)) for s in all_of(obj)}


def write(obj: bpy.types.Object, new: Mapping[str, float]) -> list[str]:
    """Set sliders by name, each within its own range; the others stay. Returns the names of those that
    do not go as far."""
    cut = []
    for slider in all_of(obj):
        if slider.name in new:
            owner, name = owner_of(obj, slider)
            if getattr(owner, name) != new[slider.name]:
                setattr(owner, name, new[slider.name])
                if abs(getattr(owner, name) - new[slider.name]) > sliders.UNSEEN:
                    cut.append(slider.name)
    obj.update_tag()
    return cut


def key(obj: bpy.types.Object, some: Iterable[Slider], frame: float) -> tuple[list[str], list[str]]:
    """Insert a key on each of the sliders. Returns the names of those whose channels take none, being locked, and of
    those whose channels are muted."""
    locked, muted = [], []
    for slider in some:
        owner, name = owner_of(obj, slider)
        if not owner.keyframe_insert(name, frame=frame, group="Muscle Face"):
            locked.append(slider.name)
            continue
        curve = animation.find_curve(owner.id_data, owner.path_from_id(name))
        if curve is not None and curve.mute:
            muted.append(slider.name)
    return locked, muted


def write_controls(obj: bpy.types.Object, model: FaceModel, controls: np.ndarray) -> None:
    """Set the sliders so that the model's controls (n,) are read from them."""
    sliders.write(obj, model, dict(zip(model.controls().names, controls, strict=True)))
    obj.update_tag()


def frozen(obj: bpy.types.Object, model: FaceModel) -> list[int]:
    """Indices of the controls that a hand must leave alone: those out of ``reach`` and those that drivers set, which
    would take back whatever is written."""
    acting, driven = reach(obj), sliders.driven(obj, model)
    return [k for k, name in enumerate(model.controls().names) if acting[k] <= 0.0 or name in driven]


def reach(obj: bpy.types.Object) -> np.ndarray:
    """(n,) how much of each control a slider at 1 gives: a muscle's share, 0 for what is muted, excluded or gone."""
    keys, settings = key_blocks(obj), obj.muscle_face
    here, layout = {s.name for s in all_of(obj)}, storage.sliders(obj.data)
    out = np.ones(len(layout))
    for index, slider in enumerate(layout):
        if slider.name not in here:
            out[index] = 0.0
        elif slider.kind == "shape" and (keys[slider.name].mute or slider.name in settings.excluded):
            out[index] = 0.0
        elif slider.kind == "muscle":
            out[index] = drive.share(settings, settings.muscles[slider.name])
    return out


def in_group(obj: bpy.types.Object, kind: str, group: str) -> list[Slider]:
    """The sliders of a kind ("": all kinds) in a group ("": all groups)."""
    return [s for s in all_of(obj) if kind in ("", s.kind) and group in ("", s.group)]


def follow_symmetry(obj: bpy.types.Object) -> bool:
    """Move the partners of the sliders that moved since the last look; whether any did."""
    now = values(obj)
    new = followed(_remembered.get(obj.name_full, now), now, storage.sliders(obj.data))
    if new:
        write(obj, new)
    # Not what was written: a narrower partner has less, and would count as moved.
    remember(obj)
    return bool(new)


def remember(obj: bpy.types.Object) -> None:
    """Take the sliders as they are: a frame has moved them, not a hand."""
    _remembered[obj.name_full] = values(obj)


def forget() -> None:
    """Forget what the sliders were."""
    _remembered.clear()
