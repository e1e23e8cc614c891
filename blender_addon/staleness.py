# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Whether a rig still is the rig of its mesh: what it was made from is noted as checksums and compared with what is."""

import re
from collections.abc import Collection

import bpy

from . import anatomy, baked, bridge, storage

KEYS_LOST = "All shape keys are gone: undo that, or press Update Rig"
BASIS = "basis"
SHAPES = "shapes"
ANATOMY = "anatomy"
TOPOLOGY = "Vertices or faces were changed since: undo that, or remove the rig and create it again"
UNKNOWN = "?"

CORRECTIVE, ON = "Corrective", "max(0, min(1, "
"""The name of the shape keys that fits have left over, and how the expressions begin that drive them."""


def shape_sources(mesh: bpy.types.Mesh) -> list[bpy.types.ShapeKey]:
    """The shape keys that are sliders of the simulation: baked frames and what a fit left over are its results."""
    if mesh.shape_keys is None:
        return []
    blocks, results = mesh.shape_keys.key_blocks, {k.name for k in (*baked.keys(mesh), *correctives(mesh))}
    results |= {storage.SIM_KEY, mesh.shape_keys.reference_key.name}
    return [k for k in blocks if k.name not in results]


def renamed(mesh: bpy.types.Mesh, names: Collection[str]) -> dict[str, str]:
    """{name: name now} of those shape keys that have another name than when the rig was made: their positions tell."""
    noted, blocks = storage.fingerprint(mesh), mesh.shape_keys.key_blocks
    known = noted[SHAPES] if noted else {}
    lost = {known[name]: name for name in names if name in known and name not in blocks}
    if not lost:
        return {}
    found = {bridge.key_checksum(key): key.name for key in blocks if key.name not in names}
    return {name: found[checksum] for checksum, name in lost.items() if checksum in found}


def sculpt(obj: bpy.types.Object) -> str | None:
    """Name of the shape key that a fit aims at: a target, no slider."""
    name = obj.muscle_face.fit_sculpt_key
    return name if storage.has_rig(obj.data) and name not in storage.before(obj.data)["keys"] else None


def _sliders_of(obj: bpy.types.Object) -> list[bpy.types.ShapeKey]:
    return [k for k in shape_sources(obj.data) if k.name != sculpt(obj)]


def read_head(obj: bpy.types.Object):
    """Vertices (V, 3), faces and {shape: delta (V, 3)} that a rig is made from, yielding progress between shapes."""
    vertices, faces, shapes = bridge.vertex_positions(obj.data), bridge.faces(obj.data), {}
    for key in _sliders_of(obj):
        shapes[key.name] = bridge.key_delta(obj, key)
        yield 0.0, "Reading shape keys"
    return vertices, faces, shapes


def correctives(mesh: bpy.types.Mesh) -> list[bpy.types.ShapeKey]:
    """The shape keys that fits have left over, told by name and driver: the artist may call keys the same."""
    blocks = mesh.shape_keys.key_blocks if mesh.shape_keys else ()
    named = [k for k in blocks if re.fullmatch(rf"{CORRECTIVE}(\.\d+)?", k.name)]
    return [k for k in named if _is_switched(mesh.shape_keys, k)]


def _is_switched(keys: bpy.types.Key, key: bpy.types.ShapeKey) -> bool:
    data, path = keys.animation_data, key.path_from_id("value")
    drivers = [d.driver for d in data.drivers if d.data_path == path] if data else ()
    return any(driver.expression.startswith(ON) for driver in drivers)


def fingerprint(obj: bpy.types.Object) -> dict:
    """What the rig of an object would be made from: checksums and such, plain data for JSON."""
    return _fingerprint(obj, {name: checksum(obj, name) for name in sources(obj)})


def sources(obj: bpy.types.Object) -> list[str]:
    """Names of the shape keys that a rig is made from, the neutral's first."""
    return [obj.data.shape_keys.reference_key.name, *(k.name for k in _sliders_of(obj))]


def checksum(obj: bpy.types.Object, name: str) -> int:
    """A number that changes with a shape key's positions."""
    return bridge.key_checksum(obj.data.shape_keys.key_blocks[name])


def _fingerprint(obj: bpy.types.Object, found: dict[str, int]) -> dict:
    basis, *shapes = found.items()
    return {BASIS: basis[1], SHAPES: dict(shapes), ANATOMY: anatomy.summary(obj)}


def with_muscles(obj: bpy.types.Object) -> dict | None:
    """The rig's fingerprint with the muscle meshes as they are now, and everything else as it was."""
    noted, now = storage.fingerprint(obj.data), anatomy.summary(obj)
    if noted is None:
        return None
    kept = {n: v for n, v in noted.get(ANATOMY, {}).items() if not n.startswith(anatomy.MUSCLE)}
    return {**noted, ANATOMY: {**kept, **{n: v for n, v in now.items() if n.startswith(anatomy.MUSCLE)}}}


def at_once(obj: bpy.types.Object) -> str | None:
    """What `changes` says without a look at the shape keys; UNKNOWN where it takes that."""
    if storage.fingerprint(obj.data) is None:
        return None
    if storage.topology_changed(obj.data):
        return TOPOLOGY
    return KEYS_LOST if obj.data.shape_keys is None else UNKNOWN


def changes(obj: bpy.types.Object, found: dict[str, int] | None = None) -> str | None:
    """What has changed since the rig of an object was made; None when nothing has.

    ``found``: the checksums of all `sources`, in their order, where they are known.
    """
    answer = at_once(obj)
    if answer is not UNKNOWN:
        return answer
    noted, now = storage.fingerprint(obj.data), _fingerprint(obj, found) if found else fingerprint(obj)
    shapes, known = now[SHAPES], noted[SHAPES]
    added, gone = sorted(set(shapes) - set(known)), sorted(set(known) - set(shapes))
    if now[BASIS] != noted[BASIS]:
        return "The neutral was sculpted since"
    if added:
        return f"Shape keys were added: {_few(added)}"
    if gone:
        return f"Shape keys are gone: {_few(gone)}"
    changed = sorted(n for n in shapes if shapes[n] != known[n])
    if changed:
        return f"Shape keys were sculpted since: {_few(changed)}"
    given, before = now[ANATOMY], noted.get(ANATOMY, {})
    other = [
        n for n in {**given, **before} if n not in given or n not in before or not anatomy.same(given[n], before[n])
    ]
    return f"Bones or muscles were changed since: {_few(other)}" if other else None


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def neutral_changed(obj: bpy.types.Object) -> bool:
    """Whether the neutral was sculpted since the rig of an object was made."""
    noted, keys = storage.fingerprint(obj.data), obj.data.shape_keys
    return None not in (noted, keys) and bridge.key_checksum(keys.reference_key) != noted[BASIS]
