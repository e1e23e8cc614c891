# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""A rig inside the .blend: one ID property group on the mesh holds what the mesh was before, and points to the model.

The group is plain data (bytes, strings, floats), so that the file opens without this extension, and it is checked
against the mesh before anything is read from it. The model's megabytes lie in a text of their own: at every change
Blender copies a mesh with all that is stored on it, and would take longer for that than for drawing the face. Copies of
a mesh share one text; whatever is appended or made local takes it along.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

import bpy
import numpy as np

from ..core import MuscleFaceError
from ..core.sliders import Slider
from ..core.sliders import sliders as list_sliders
from . import bridge, engine

if TYPE_CHECKING:
    from ..core import FaceModel

PROPERTY = "muscle_face_rig"
VERSION = 2
SIM_KEY = "Muscle Sim"

# Models are immutable and named by the digest of their bytes: undo, duplicates and reloads share one entry.
_models: dict[str, FaceModel] = {}
SPARE = 2
"""Models that no mesh uses any more and are kept all the same, for undo: each takes some hundred megabytes."""

# The hash of a mesh that has kept its counts is not computed again; edits that keep the counts keep the rig.
_checked: set[tuple[str, int, int, int]] = set()
# Parsed once for all the panels that are drawn.
_layouts: dict[str, list[Slider]] = {}


def has_rig(mesh: bpy.types.Mesh) -> bool:
    """Whether the mesh carries a stored rig."""
    return PROPERTY in mesh


def rigged_objects() -> list[bpy.types.Object]:
    """The file's objects whose meshes carry a rig. At every frame of files with thousands of other objects: by their
    meshes they are found ten times as fast as by their own properties."""
    meshes = {mesh for mesh in bpy.data.meshes if has_rig(mesh)}
    return [obj for obj in bpy.data.objects if obj.data in meshes] if meshes else []


def store(
    mesh: bpy.types.Mesh, model: FaceModel, blob: bytes, before: dict, *, fingerprint: dict | None = None
) -> None:
    """Write a rig into the mesh. `before` is what remove_rig puts back, `fingerprint` what the rig was made from
    (default: the same as the rig before it); both must survive JSON."""
    name = hashlib.sha256(blob).hexdigest()
    noted = mesh[PROPERTY].get("fingerprint", "") if has_rig(mesh) else ""
    text = _text(mesh.name, blob)
    remove(mesh)
    mesh[PROPERTY] = {
        "version": VERSION,
        "topology": bridge.topology_hash(mesh),
        "digest": name,
        "model": text,
        "before": json.dumps(before),
        "fingerprint": noted if fingerprint is None else json.dumps(fingerprint),
        "stats": json.dumps(model.stats, default=float),
        "sliders": json.dumps([dataclasses.astuple(slider) for slider in list_sliders(model)]),
        "bake": "",
        "solved": [0.0],
    }
    keep(name, model)


def _text(name: str, blob: bytes) -> bpy.types.Text:
    """A text with a model: hidden from menus by its dot, and gone when no mesh points to it."""
    text = bpy.data.texts.new(f".Muscle Face {name}")
    text.use_fake_user = False
    text.from_string("The muscle rig of a face: Muscle Face keeps it in the custom properties of this text.\n")
    text["model"] = blob
    return text


def _blob(mesh: bpy.types.Mesh) -> bytes:
    """The model's bytes. Raises MuscleFaceError when somebody deleted the text that holds them."""
    text = mesh[PROPERTY].get("model")
    if isinstance(text, bytes):
        # Rigs of before have it on the mesh.
        return text
    if not isinstance(text, bpy.types.Text) or "model" not in text:
        raise MuscleFaceError(f"The muscle rig of '{mesh.name}' was deleted from the file's texts; press Update Rig.")
    return bytes(text["model"])


def load(mesh: bpy.types.Mesh) -> FaceModel:
    """The model stored in a mesh. Raises MuscleFaceError when it does not belong to the mesh as it is now."""
    group = mesh.get(PROPERTY)
    if group is None:
        raise MuscleFaceError(f"'{mesh.name}' has no muscle rig; press Create Muscle Rig first.")
    if group["version"] != VERSION:
        raise MuscleFaceError(
            f"The muscle rig of '{mesh.name}' was made by another version of Muscle Face; press Update Rig."
        )
    name = group["digest"]
    if name not in _models:
        keep(name, engine.face_model().from_bytes(_blob(mesh)))
    _check_topology(mesh, _models[name])
    return _models[name]


def reader(mesh: bpy.types.Mesh) -> Callable[[], FaceModel] | None:
    """What reads the stored model, in any thread: `keep` its result. None where `load` is quick."""
    group = mesh.get(PROPERTY)
    if group is None or group["version"] != VERSION or group["digest"] in _models:
        return None
    blob, opening = _blob(mesh), engine.opener()
    return lambda: opening().from_bytes(blob)


def keep(name: str, model: FaceModel) -> None:
    """Keep a model in memory by its digest, and let those go that no mesh uses, but for the last ones."""
    _models[name] = model
    used = {mesh[PROPERTY].get("digest") for mesh in bpy.data.meshes if has_rig(mesh)} | {name}
    for unused in [n for n in _models if n not in used][:-SPARE]:
        del _models[unused]


def loading(mesh: bpy.types.Mesh) -> Generator[Callable[..., FaceModel], FaceModel, FaceModel]:
    """`load` for the plan of a job: what takes time is work for its thread."""
    read = reader(mesh)
    if read is not None:
        keep(digest(mesh), (yield lambda *_: read()))
    return load(mesh)


def reader_to_update(mesh: bpy.types.Mesh) -> Callable[[], FaceModel | None]:
    """What gives the stored model, in any thread, or None when this version cannot read it. Raises MuscleFaceError when
    the topology changed."""
    group = mesh.get(PROPERTY)
    if group is None or bridge.topology_hash(mesh) != group["topology"]:
        known = load(mesh)
        return lambda: known
    try:
        blob, opening = _blob(mesh), engine.opener()
    except MuscleFaceError:
        return lambda: None

    def read() -> FaceModel | None:
        try:
            return opening().from_bytes(blob)
        except MuscleFaceError:
            return None

    return read


def fingerprint(mesh: bpy.types.Mesh) -> dict | None:
    """What the rig was made from; None when that was not noted."""
    text = mesh[PROPERTY].get("fingerprint", "")
    return json.loads(text) if text else None


def topology_changed(mesh: bpy.types.Mesh) -> bool:
    """Whether the mesh has other faces than when its rig was made: no update can follow that."""
    group = mesh[PROPERTY]
    counts = (group["digest"], len(mesh.vertices), len(mesh.loops), len(mesh.polygons))
    if counts in _checked:
        return False
    if bridge.topology_hash(mesh) != group["topology"]:
        return True
    _checked.add(counts)
    return False


def _check_topology(mesh: bpy.types.Mesh, model: FaceModel) -> None:
    if len(mesh.vertices) != model.vertex_count:
        raise MuscleFaceError(
            f"'{mesh.name}' has {len(mesh.vertices)} vertices now and had {model.vertex_count} when its muscle rig was "
            "made; undo the edit, or remove the rig and create it again."
        )
    if topology_changed(mesh):
        raise MuscleFaceError(
            f"The faces of '{mesh.name}' have changed since its muscle rig was made; undo the edit, "
            "or remove the rig and create it again."
        )


def digest(mesh: bpy.types.Mesh) -> str:
    """The name of the mesh's model: the digest of its bytes."""
    return mesh[PROPERTY]["digest"]


def remove(mesh: bpy.types.Mesh) -> None:
    """Take the stored rig out of the mesh."""
    if PROPERTY not in mesh:
        return
    text, action = mesh[PROPERTY].get("model"), mesh[PROPERTY].get("bake_action")
    del mesh[PROPERTY]
    _keep_in_file(action)
    if isinstance(text, bpy.types.Text) and not text.users and text.library is None:
        bpy.data.texts.remove(text)


def clear_cache() -> None:
    """Forget the models in memory."""
    _models.clear()
    _checked.clear()
    _layouts.clear()


def before(mesh: bpy.types.Mesh) -> dict:
    """What the mesh was before the rig."""
    return json.loads(mesh[PROPERTY]["before"])


def stats(mesh: bpy.types.Mesh) -> dict:
    """Figures of the model (tets, nodes, ...), readable without loading it."""
    return json.loads(mesh[PROPERTY]["stats"])


def sliders(mesh: bpy.types.Mesh) -> list[Slider]:
    """The rig's sliders in the model's order, readable without loading it."""
    name = digest(mesh)
    if name not in _layouts:
        _layouts[name] = [Slider(*fields) for fields in json.loads(mesh[PROPERTY].get("sliders", "[]"))]
    return _layouts[name]


def solved(mesh: bpy.types.Mesh) -> np.ndarray:
    """The drive's key that the stored Muscle Sim key answers, (k,); another length when it answers none."""
    return np.array(mesh[PROPERTY]["solved"])


def set_solved(mesh: bpy.types.Mesh, key: np.ndarray, checksum: str) -> None:
    """Note which drive the Muscle Sim key answers, and the checksum of its positions."""
    mesh[PROPERTY]["solved"], mesh[PROPERTY]["written"] = key.tolist(), checksum


def set_unsolved(mesh: bpy.types.Mesh) -> None:
    """Note that the Muscle Sim key answers no drive: the face is asked for again at the next update."""
    set_solved(mesh, np.zeros(1), "")


def written(mesh: bpy.types.Mesh) -> str:
    """The checksum of the positions that answer what is noted as solved; empty where they answer nothing."""
    return mesh[PROPERTY].get("written", "")


def readings(mesh: bpy.types.Mesh) -> tuple[float, float]:
    """Milliseconds and residual of the last solve; 0 where there was none."""
    found = mesh[PROPERTY].get("readings", ()) if isinstance(mesh, bpy.types.Mesh) and has_rig(mesh) else ()
    return tuple(found) if len(found) == 2 else (0.0, 0.0)


def set_readings(mesh: bpy.types.Mesh, milliseconds: float, residual: float) -> None:
    """Note how the last solve went."""
    mesh[PROPERTY]["readings"] = [milliseconds, residual]


def bake_mutes(mesh: bpy.types.Mesh) -> dict[str, bool] | None:
    """Mutes of the source keys from before the bake; None when nothing is baked."""
    text = mesh[PROPERTY]["bake"]
    return json.loads(text)["mutes"] if text else None


def bake_aside(mesh: bpy.types.Mesh) -> dict | None:
    """What a bake set aside of the shape keys' animation; None when it left it in place."""
    return json.loads(mesh[PROPERTY]["bake"])["aside"]


def bake_action(mesh: bpy.types.Mesh) -> bpy.types.Action | None:
    """The action that a bake set aside, whatever it is called by now."""
    found = mesh[PROPERTY].get("bake_action")
    # Bakes of before name it.
    return found or bpy.data.actions.get((bake_aside(mesh) or {}).get("action", ""))


def baked_action(mesh: bpy.types.Mesh) -> bpy.types.Action | None:
    """The action with the keys of a slider bake."""
    return mesh[PROPERTY].get("baked_action")


def set_bake_mutes(
    mesh: bpy.types.Mesh,
    mutes: dict[str, bool] | None,
    aside: dict | None = None,
    action: bpy.types.Action | None = None,
    baked: bpy.types.Action | None = None,
) -> None:
    """Note the mutes and the animation that a bake took over and made instead, or None when the bake is gone."""
    mesh[PROPERTY]["bake"] = "" if mutes is None else json.dumps({"mutes": mutes, "aside": aside})
    before = mesh[PROPERTY].get("bake_action")
    # Pointers and not names: they keep the actions in the file, and find them renamed and in another file.
    for name, pointer in (("bake_action", action), ("baked_action", baked)):
        if pointer is not None:
            mesh[PROPERTY][name] = pointer
        elif name in mesh[PROPERTY]:
            del mesh[PROPERTY][name]
    _keep_in_file(before)


def _keep_in_file(action: bpy.types.Action | None) -> None:
    """Blender does not save an action of the artist's that nothing points to any more."""
    if action is not None and not action.users:
        action.use_fake_user = True
