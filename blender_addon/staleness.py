# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Whether a rig still is the rig of its mesh: what it was made from is noted as checksums and compared with what is."""

import re
import time

import bpy

from . import anatomy, bridge, storage

KEYS_LOST = "All shape keys are gone: undo that, or press Update Rig"
BASIS = "basis"
SHAPES = "shapes"
ANATOMY = "anatomy"
TOPOLOGY = "Vertices or faces were changed since: undo that, or remove the rig and create it again"
SECONDS = 0.5
"""For so long an answer holds: panels are drawn more often than meshes are edited."""

# Baked frames and what a fit left over are results, not shapes to simulate with.
BAKED_KEY = re.compile(r"Bake (Part )?-?\d{3,}(\.\d+)?$")
CORRECTIVE = "Corrective"
_RESULT = re.compile(rf"{BAKED_KEY.pattern}|{CORRECTIVE}(\.\d+)?$")

_answers: dict[str, tuple[float, str | None]] = {}


def shape_sources(mesh: bpy.types.Mesh) -> list[bpy.types.ShapeKey]:
    """The shape keys that are sliders of the simulation."""
    if mesh.shape_keys is None:
        return []
    blocks, reference = mesh.shape_keys.key_blocks, mesh.shape_keys.reference_key
    return [k for k in blocks if k != reference and k.name != storage.SIM_KEY and not _RESULT.match(k.name)]


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


def correctives(mesh: bpy.types.Mesh, before: dict) -> list[bpy.types.ShapeKey]:
    """The shape keys that fits have left over; those of the name that were there before the rig are the artist's."""
    blocks = mesh.shape_keys.key_blocks if mesh.shape_keys else ()
    return [k for k in blocks if re.fullmatch(rf"{CORRECTIVE}(\.\d+)?", k.name) and k.name not in before["keys"]]


def fingerprint(obj: bpy.types.Object) -> dict:
    """What the rig of an object would be made from: checksums and such, plain data for JSON."""
    mesh = obj.data
    return {
        BASIS: bridge.key_checksum(mesh.shape_keys.reference_key),
        SHAPES: {k.name: bridge.key_checksum(k) for k in _sliders_of(obj)},
        ANATOMY: anatomy.summary(obj),
    }


def with_muscles(obj: bpy.types.Object) -> dict | None:
    """The rig's fingerprint with the muscle meshes as they are now, and everything else as it was."""
    noted, now = storage.fingerprint(obj.data), anatomy.summary(obj)
    if noted is None:
        return None
    kept = {n: v for n, v in noted.get(ANATOMY, {}).items() if not n.startswith(anatomy.MUSCLE)}
    return {**noted, ANATOMY: {**kept, **{n: v for n, v in now.items() if n.startswith(anatomy.MUSCLE)}}}


def reason(obj: bpy.types.Object) -> str | None:
    """What has changed since the rig of an object was made, for the panel; None when nothing has."""
    at, answer = _answers.get(obj.name_full, (0.0, None))
    if not 0.0 <= time.monotonic() - at < SECONDS:
        answer = changes(obj)
        _answers[obj.name_full] = time.monotonic(), answer
    return answer


def changes(obj: bpy.types.Object) -> str | None:
    """``reason`` worked out now."""
    noted = storage.fingerprint(obj.data)
    if noted is None:
        return None
    if storage.topology_changed(obj.data):
        return TOPOLOGY
    if obj.data.shape_keys is None:
        return KEYS_LOST
    now = fingerprint(obj)
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


def forget() -> None:
    """Drop the answers: other data have the same names now."""
    _answers.clear()
