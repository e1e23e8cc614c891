# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Muscles as curve objects in the scene: one object per muscle, one spline per path, as thick as the path is wide.

A curve is a muscle by its custom property, not by its name; a curve without it in the same collection is a further
muscle, called as the object is.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

import bpy
import numpy as np
from mathutils.geometry import interpolate_bezier

from ..core import MuscleFaceError
from . import engine, storage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..core.anatomy.muscle_curves import MuscleCurve

PROPERTY = "muscle_face_muscle"
HOLDER = "muscle_face_muscles_of"
DRAWN = "muscle_face_drawn"
"""On a curve: a checksum of how it was drawn."""
COLOUR = (0.6, 0.08, 0.07, 1.0)
THICKNESS = 0.4
"""Of a further muscle's width."""


def collection(head: bpy.types.Object) -> bpy.types.Collection | None:
    """The collection of a head's muscle curves, or None."""
    return next((c for c in bpy.data.collections if c.get(HOLDER) == head), None)


def show(head: bpy.types.Object, curves: Mapping[str, MuscleCurve]) -> None:
    """Put the muscles of a head into the scene, in the place of those that are there."""
    holder = collection(head)
    if holder is None:
        holder = bpy.data.collections.new(f"Muscle Face Muscles of {head.name}")
        holder[HOLDER] = head
        parent = head.users_collection[0] if head.users_collection else bpy.context.scene.collection
        parent.children.link(holder)
    remove(holder)
    for name, curve in curves.items():
        obj = bpy.data.objects.new(name, _data(name, curve))
        obj[PROPERTY] = name
        obj["thickness"], obj["strength"], obj["lip"] = float(curve.thickness), float(curve.strength), int(curve.lip)
        obj.show_in_front = True
        holder.objects.link(obj)
        obj.parent = head
        obj[DRAWN] = _checksum(obj)


def edited(head: bpy.types.Object) -> bool:
    """Whether a head's curves hold work of the artist's: one was edited, moved or added since they were drawn."""
    holder = collection(head)
    return holder is not None and bool(_edits(holder))


def _edits(holder: bpy.types.Collection) -> list[bpy.types.Object]:
    found, names = [], set()
    for obj in _curves(holder):
        if obj.get(DRAWN) != _checksum(obj) or obj.get(PROPERTY) in names:
            found.append(obj)
        names.add(obj.get(PROPERTY))
    return found


def _curves(holder: bpy.types.Collection) -> list[bpy.types.Object]:
    """The curves in a collection. Of those of one muscle the oldest is first; copies of it are further muscles."""
    return sorted((o for o in holder.objects if o.type == "CURVE"), key=lambda o: o.name != o.get(PROPERTY))


def _checksum(obj: bpy.types.Object) -> str:
    """A text that changes with what `read` makes of a curve."""
    parts = [np.array(obj.matrix_parent_inverse @ obj.matrix_basis), np.array([obj.data.bevel_depth])]
    parts.append(np.array([float(obj.get(name, 0.0)) for name in ("thickness", "strength", "lip")]))
    for spline in obj.data.splines:
        parts += [np.array([spline.use_cyclic_u]), *_samples(spline)]
    return f"{zlib.crc32(np.concatenate([part.ravel().astype(np.float32) for part in parts])):08x}"


def remove(holder: bpy.types.Collection) -> None:
    """Delete the curves in a collection."""
    _delete(_curves(holder))


def clear(head: bpy.types.Object) -> None:
    """Before a rig goes: delete the curves that only show its muscles, and the collection when nothing is left in it.

    What the artist drew, edited or applied stays: with it the muscles can be made again.
    """
    holder = collection(head)
    if holder is None:
        return
    try:
        of_artist = storage.load(head.data).rig.drawn_muscles()
    except MuscleFaceError:
        return
    # With a copy its original stays: alone, the copy would be read as the muscle itself.
    kept = of_artist.union(o.get(PROPERTY) for o in _edits(holder))
    _delete([o for o in _curves(holder) if o.get(PROPERTY) not in kept])
    if not holder.objects and not holder.children:
        bpy.data.collections.remove(holder)


def _delete(curves: Iterable[bpy.types.Object]) -> None:
    for obj in curves:
        data = obj.data
        bpy.data.objects.remove(obj)
        if data.users == 0:
            bpy.data.curves.remove(data)


def read(head: bpy.types.Object) -> dict[str, MuscleCurve]:
    """The muscles that a head's curves draw, in the head's own space."""
    holder, found = collection(head), {}
    if holder is None:
        return found
    to_head = head.matrix_world.inverted_safe()
    for obj in _curves(holder):
        name = obj.get(PROPERTY)
        if name is None or name in found:
            name = re.sub(r"\.(\d{3,})$", r"_\1", obj.name)
        curve = _curve(obj, np.array(to_head @ obj.matrix_world, np.float64))
        if curve is not None:
            found[name] = curve
    return found


def _data(name: str, curve: MuscleCurve) -> bpy.types.Curve:
    data = bpy.data.curves.new(name, "CURVE")
    data.dimensions = "3D"
    # A point's radius is then the width there.
    data.bevel_depth, data.bevel_resolution = 0.5, 2
    for points, widths in zip(curve.paths, curve.widths, strict=True):
        spline = data.splines.new("POLY")
        spline.use_cyclic_u = curve.closed
        # A ring's last point is its first.
        n = len(points) - 1 if curve.closed else len(points)
        spline.points.add(n - 1)
        spline.points.foreach_set("co", np.column_stack([points[:n], np.ones(n)]).astype(np.float32).ravel())
        spline.points.foreach_set("radius", widths[:n].astype(np.float32))
    data.materials.append(_material())
    return data


def _material() -> bpy.types.Material:
    material = bpy.data.materials.get("Muscle Face Muscle") or bpy.data.materials.new("Muscle Face Muscle")
    material.diffuse_color = COLOUR
    return material


def _curve(obj: bpy.types.Object, matrix: np.ndarray) -> MuscleCurve | None:
    """What an object draws; None where it draws no path."""
    paths, widths = [], []
    bevel = 2.0 * obj.data.bevel_depth or 1.0
    scale = float(np.cbrt(abs(np.linalg.det(matrix[:3, :3]))))
    closed = any(spline.use_cyclic_u for spline in obj.data.splines)
    for spline in obj.data.splines:
        points, radius = _samples(spline)
        if len(points) < 2:
            continue
        if spline.use_cyclic_u:
            points, radius = np.concatenate([points, points[:1]]), np.concatenate([radius, radius[:1]])
        paths.append(points @ matrix[:3, :3].T + matrix[:3, 3])
        widths.append(bevel * scale * radius)
    if not paths:
        return None
    width = np.concatenate(widths)
    return engine.muscle_curve()(
        points=np.concatenate(paths),
        width=width,
        thickness=scale * float(obj.get("thickness", THICKNESS * float(width.mean()) / scale)),
        sizes=tuple(len(p) for p in paths),
        closed=closed,
        strength=float(obj.get("strength", 1.0)),
        lip=int(obj.get("lip", 0)),
    )


def _samples(spline: bpy.types.Spline) -> tuple[np.ndarray, np.ndarray]:
    """Points (n, 3) and radii (n,) along a spline, object space; a NURBS curve counts as its control polygon."""
    if spline.type != "BEZIER":
        points, radius = np.empty(4 * len(spline.points), np.float32), np.empty(len(spline.points), np.float32)
        spline.points.foreach_get("co", points)
        spline.points.foreach_get("radius", radius)
        return points.reshape(-1, 4)[:, :3].astype(np.float64), radius.astype(np.float64)
    knots = list(spline.bezier_points)
    pairs = list(zip(knots, knots[1:] + knots[:1] if spline.use_cyclic_u else knots[1:], strict=False))
    points, radius = [], []
    for a, b in pairs:
        points += [tuple(p) for p in interpolate_bezier(a.co, a.handle_right, b.handle_left, b.co, 9)[:-1]]
        radius += np.linspace(a.radius, b.radius, 9)[:-1].tolist()
    if not spline.use_cyclic_u:
        points.append(tuple(knots[-1].co))
        radius.append(knots[-1].radius)
    return np.array(points, np.float64).reshape(-1, 3), np.array(radius, np.float64)
