# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""From sliders to skin: read the controls of a rigged object, solve, write the Muscle Sim key."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import bpy
import numpy as np

from ..core import MuscleFaceError
from ..core.progress import Progress
from . import bridge, engine, storage
from .fit import shown

if TYPE_CHECKING:
    from ..core import FaceModel
    from ..core.pose import Pose

# The last pose of each object and model: the next solve starts there. Dropped with every undo, redo and load.
_poses: dict[tuple[str, str], object] = {}

# Checksums of the positions that were written last; undo changes nothing of what was done in this session.
_written: dict[tuple[str, str], str] = {}

# What was printed of faces that cannot be simulated, by object: once, and not at every frame.
_told: set[tuple[str, str]] = set()

# Called with the object after its face was written: what shows the face in another way.
watchers: list[Callable[[bpy.types.Object], None]] = []


@dataclass(frozen=True)
class Drive:
    """All that one solve needs from Blender, read at one moment.

    controls: (n,) float64, the model's order. influence: 0..1. gravity: (3,) [m/s2] in the mesh's own axes; None where
    the neutral's own holds. swelling: (V,) of the flesh under the skin; None where nothing has swollen. stiffness:
    factor of the flesh in each of ``engine.regions``; None where all are 1. painted: (V,) factor of the flesh under
    the skin; None where it is 1.
    """

    controls: np.ndarray
    influence: float
    gravity: np.ndarray | None = None
    swelling: np.ndarray | None = None
    stiffness: np.ndarray | None = None
    painted: np.ndarray | None = None

    @property
    def key(self) -> np.ndarray:
        """(k,) what the answer depends on."""
        parts = [self.controls] if self.gravity is None else [self.controls, self.gravity]
        for on_vertices, place in ((self.swelling, 0.0), (self.painted, 1.0)):
            if on_vertices is not None:
                parts.append(np.array([place, zlib.crc32(on_vertices)], float))
        if self.stiffness is not None:
            parts.append(self.stiffness)
        return np.concatenate(parts)

    def moves(self, model: FaceModel) -> bool:
        """Whether there is anything to simulate."""
        loaded = any(part is not None for part in (self.gravity, self.swelling, self.stiffness, self.painted))
        return loaded or not np.array_equal(self.controls, model.controls().neutral)

    def on(self, model: FaceModel) -> FaceModel:
        """The face to simulate: the model, swollen and stiffened where it is; in any thread."""
        face = model if self.swelling is None else engine.swollen_face()(model, self.swelling)
        if self.stiffness is None and self.painted is None:
            return face
        factors = {} if self.stiffness is None else dict(zip(engine.regions(), self.stiffness, strict=True))
        return face.with_stiffness(factors, self.painted)


def read(
    obj: bpy.types.Object,
    model: FaceModel,
    depsgraph: bpy.types.Depsgraph | None = None,
    mutes: dict[str, bool] | None = None,
) -> Drive:
    """Slider values of a rigged object.

    With a depsgraph the evaluated values are read: while rendering, Blender animates only the evaluated copies.
    `mutes` replaces the mute of the shape keys that it names (a bake has muted its sources).
    """
    owner, keys = obj, obj.data.shape_keys
    if depsgraph is not None:
        owner = obj.evaluated_get(depsgraph)
        keys = keys.evaluated_get(depsgraph) if keys else None
    values = {}
    if keys is not None:
        for name, value, mute in zip(*bridge.key_values(keys), strict=True):
            values[name] = 0.0 if (mutes or {}).get(name, mute) else value
    settings = owner.muscle_face
    # What is excluded moves nothing inside: Blender adds it to the simulated skin.
    values.update(dict.fromkeys((item.name for item in settings.excluded), 0.0))
    activations = {muscle.name: pull(settings, muscle) for muscle in settings.muscles}
    jaw = {name: getattr(settings, name) for name in ("jaw_open", "jaw_forward", "jaw_side")}
    source = {"shape": values, "muscle": activations, "jaw": jaw}
    names, _bounds, neutral = model.controls()
    controls = [
        source[kind].get(name, rest) for name, kind, rest in zip(names, model.control_kinds, neutral, strict=True)
    ]
    return Drive(
        np.array(controls, float),
        settings.influence,
        gravity_on(owner, model),
        swelling_of(obj, settings),
        stiffness_of(settings),
        painted_stiffness_of(obj, settings),
    )


def pull(settings, muscle) -> float:
    """How hard a muscle pulls: its slider by its share."""
    return muscle.activation * share(settings, muscle)


def share(settings, muscle) -> float:
    """The share of a muscle's slider that acts: its strength by that of all, and 0 where its group is muted or another
    one solo."""
    group = settings.muscle_groups.get(muscle.group)
    if group is not None and (group.mute or (not group.solo and any(g.solo for g in settings.muscle_groups))):
        return 0.0
    return muscle.strength * settings.muscle_strength


def slider_for(settings, muscle, wanted: float) -> float:
    """The slider at which a muscle pulls as hard as wanted, at most full; unchanged where it cannot pull at all."""
    acting = share(settings, muscle)
    return min(wanted / acting, 1.0) if acting > 0.0 else muscle.activation


def gravity_on(owner: bpy.types.Object, model: FaceModel) -> np.ndarray | None:
    """Gravity (3,) [m/s2] on the flesh in the mesh's own axes, or None where it is the neutral's own."""
    settings = owner.muscle_face
    if not settings.use_gravity and settings.flesh_weight == 1.0:
        return None
    pull = bridge.own_direction(owner, settings.gravity) if settings.use_gravity else model.rest_gravity
    return settings.flesh_weight * pull


def swelling_of(obj: bpy.types.Object, settings) -> np.ndarray | None:
    """(V,) how much the flesh under each vertex has swollen, or None where nothing has."""
    if not settings.swelling or settings.swelling_group not in obj.vertex_groups:
        return None
    return settings.swelling * bridge.group_weights(obj, settings.swelling_group)


def stiffness_of(settings) -> np.ndarray | None:
    """Factors of the flesh's stiffness by part of the face, or None where all are 1."""
    factors = np.array(settings.stiffness, np.float64)
    return None if (factors == 1.0).all() else factors


def painted_stiffness_of(obj: bpy.types.Object, settings) -> np.ndarray | None:
    """(V,) factor of the flesh's stiffness under each vertex, or None where it is 1."""
    if settings.stiffness_painted == 1.0 or settings.stiffness_group not in obj.vertex_groups:
        return None
    return settings.stiffness_painted ** bridge.group_weights(obj, settings.stiffness_group)


def shape_names(model: FaceModel) -> list[str]:
    """Names of the shape keys that the model knows, in its order."""
    return [n for n, kind in zip(model.controls().names, model.control_kinds, strict=True) if kind == "shape"]


def blendshape_offset(obj: bpy.types.Object, model: FaceModel, controls: np.ndarray) -> np.ndarray:
    """What the rig's shape keys add to the rest mesh at these controls, (V, 3) float64."""
    offset = np.zeros((model.vertex_count, 3))
    keys = obj.data.shape_keys.key_blocks if obj.data.shape_keys else ()
    for name, kind, value in zip(model.controls().names, model.control_kinds, controls, strict=True):
        if kind == "shape" and value and name in keys:
            offset += value * bridge.key_delta(obj, keys[name])
    return offset


def added_keys(obj: bpy.types.Object, model: FaceModel) -> list[bpy.types.ShapeKey]:
    """The shape keys that Blender adds to the simulated skin now: excluded ones, correctives and the artist's own."""
    keys = obj.data.shape_keys
    inside = {*shape_names(model), storage.SIM_KEY, keys.reference_key.name}
    inside -= {item.name for item in obj.muscle_face.excluded}
    return [key for key in keys.key_blocks if key.name not in inside and key.value and not key.mute]


def skin_offset(obj: bpy.types.Object, model: FaceModel, drive: Drive, skin: np.ndarray | None) -> np.ndarray:
    """Displacement from rest that the mesh shows at this drive and simulated skin (None: rest), (V, 3) float64."""
    blend = blendshape_offset(obj, model, drive.controls)
    if skin is None or sim_mute(obj.data):
        return blend
    rest = bridge.vertex_positions(obj.data)
    simulated = carried(model, skin, rest) - rest - blend
    mask = sim_key(obj.data).vertex_group
    if mask:
        simulated *= bridge.group_weights(obj, mask)[:, None]
    return blend + drive.influence * simulated


def carried(model: FaceModel, skin: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """(V, 3) the simulated skin on a neutral that was sculpted, scaled or turned since the rig was made.

    Update Rig simulates that neutral; until then it moves as the old one does and keeps its shape.
    """
    if np.array_equal(rest, model.neutral):
        return skin
    return engine.carried()(skin, model.neutral, rest)


def may_write(obj: bpy.types.Object) -> bool:
    """Whether the Muscle Sim key may change in the object's mode. Edit Mode would put back the keys that it began with,
    and a sculpt is not to move under the brush; in background Blender nobody holds one."""
    return obj.mode != "EDIT" and (obj.mode != "SCULPT" or bpy.app.background)


def sim_key(mesh: bpy.types.Mesh) -> bpy.types.ShapeKey:
    """The key that the rig writes. Raises MuscleFaceError when somebody deleted it, or when keys do not add up."""
    key = mesh.shape_keys.key_blocks.get(storage.SIM_KEY) if mesh.shape_keys else None
    if key is None:
        raise MuscleFaceError(
            f"'{mesh.name}' has lost its '{storage.SIM_KEY}' shape key; give it its name back, or press Update Rig."
        )
    if not mesh.shape_keys.use_relative:
        raise MuscleFaceError(
            f"The shape keys of '{mesh.name}' are absolute; turn on Relative in the Shape Keys panel."
        )
    if key == mesh.shape_keys.reference_key:
        raise MuscleFaceError(f"'{storage.SIM_KEY}' is the first shape key of '{mesh.name}'; move it down again.")
    return key


def sim_mute(mesh: bpy.types.Mesh) -> bool:
    """Whether the artist has muted the Muscle Sim key, and not a bake."""
    mutes = storage.bake_mutes(mesh)
    return sim_key(mesh).mute if mutes is None else mutes.get(storage.SIM_KEY, False)


def solve(obj: bpy.types.Object, model: FaceModel, drive: Drive, start=None, progress: Progress | None = None):
    """Solve and write the result. Returns the Pose, or None at neutral, where nothing is simulated."""
    sim_key(obj.data)
    pose = None
    began = time.perf_counter()
    if drive.moves(model):
        start = start or last_pose(obj)
        pose = drive.on(model).solve(drive.controls, gravity=drive.gravity, start=start, progress=progress)
    write(obj, model, drive, pose, (time.perf_counter() - began) * 1e3)
    return pose


def solving(
    obj: bpy.types.Object, model: FaceModel, wanted: Drive, start: Pose | None = None
) -> Generator[Callable[..., Pose], Pose, None]:
    """`solve` as the end of a job: the simulation is work for its thread."""
    sim_key(obj.data)
    began, pose = time.perf_counter(), None
    if wanted.moves(model):
        start = start or last_pose(obj)
        pose = yield lambda tick: wanted.on(model).solve(
            wanted.controls, gravity=wanted.gravity, start=start, progress=tick
        )
    write(obj, model, wanted, pose, (time.perf_counter() - began) * 1e3)


def write(
    obj: bpy.types.Object, model: FaceModel, drive: Drive, pose, milliseconds: float, *, settled: bool = True
) -> None:
    """Put a pose (None: rest) into the Muscle Sim key, so that the mesh shows the simulated skin at influence 1.

    A pose that has not ``settled`` will: what it implies and how exact it is are not told yet, and editors are not
    asked to draw: the slider that moved has done so, or the caller does.
    """
    mesh, settings = obj.data, obj.muscle_face
    key = sim_key(mesh)
    rest = bridge.vertex_positions(mesh)
    if pose is None:
        bridge.write_key_positions(key, rest)
        _poses.pop(pose_key(obj), None)
    else:
        # Blender adds the shape keys itself: the key holds only what the simulation makes of them.
        skin = carried(model, pose.skin, rest)
        bridge.write_key_positions(key, skin - blendshape_offset(obj, model, drive.controls))
        _poses[pose_key(obj)] = pose
    if abs(key.value - drive.influence) > 1e-6:
        key.value = drive.influence
    _written[pose_key(obj)] = checksum = str(bridge.key_checksum(key))
    storage.set_solved(mesh, drive.key, checksum)
    if settled:
        storage.set_readings(mesh, milliseconds, pose.residual if pose else 0.0)
        write_implied(settings, model, pose)
        settings.message = pose.message if pose and not pose.converged else ""
        mesh.update()
    else:
        storage.set_readings(mesh, milliseconds, storage.readings(mesh)[1])
        mesh.update_tag()
    for watcher in watchers:
        watcher(obj)


def write_implied(settings, model: FaceModel, pose) -> None:
    """Show on each muscle the activation that the pose implies (None: rest)."""
    implied = np.zeros(len(model.muscles)) if pose is None else model.implied_activations(pose)
    for name, value in zip(model.muscles, implied, strict=True):
        muscle = settings.muscles.get(name)
        if muscle is not None and abs(muscle.implied_activation - value) > 1e-6:
            muscle.implied_activation = value


def leader(obj: bpy.types.Object) -> bpy.types.Object:
    """The one whose sliders move a mesh that several objects show: the first by name of the scene's rigs, of those that
    are enabled where some are. The scene: the one that is worked in, or that of the object where it is in another."""
    if obj.data.users == 1:
        return obj
    scene, layer = bpy.context.scene, bpy.context.view_layer
    if scene.objects.get(obj.name) != obj and obj.users_scene:
        scene = obj.users_scene[0]
        layer = scene.view_layers[0]
    rigs = [o for o in scene.objects if o.data == obj.data and o.muscle_face.is_rig]
    enabled = [o for o in rigs if not o.hide_viewport and shown.in_collection(layer, o)]
    return min(enabled or rigs, key=lambda o: o.name) if obj in rigs else obj


def refresh(obj: bpy.types.Object, depsgraph: bpy.types.Depsgraph | None, answer: Callable | None = None) -> bool:
    """Keep up with the sliders of a live rig: ``answer`` (default: solve) when they moved, otherwise do nothing.

    Returns whether the face was behind.
    """
    mesh, settings, behind = obj.data, obj.muscle_face, False
    try:
        key = sim_key(mesh)
        if storage.bake_mutes(mesh) is not None:
            return False
        model = storage.load(mesh)
        drive = read(obj, model, depsgraph)
        if abs(key.value - drive.influence) > 1e-6:
            key.value, behind = drive.influence, True
        if drive.influence > 0.0 and not key.mute and not is_solved(mesh, drive):
            behind = True
            (answer or solve)(obj, model, drive)
    except MuscleFaceError as error:
        # Not raised: a handler has nobody to tell. The panel shows the message; on a farm nobody looks at it.
        settings.message = str(error)
        if bpy.app.background and (obj.name_full, str(error)) not in _told:
            _told.add((obj.name_full, str(error)))
            print(f"Muscle Face: '{obj.name}' keeps the face that it has: {error}", flush=True)
    return behind


def is_solved(mesh: bpy.types.Mesh, drive: Drive) -> bool:
    """Whether the Muscle Sim key already answers this drive."""
    return np.array_equal(storage.solved(mesh), drive.key)


def last_pose(obj: bpy.types.Object):
    """The Pose that the object shows, or None at rest or after undo, redo and load."""
    return _poses.get(pose_key(obj))


def recall(obj: bpy.types.Object) -> None:
    """Have a live face solved again when its pose is forgotten (after undo and load): its anatomy is to be shown."""
    mesh = obj.data
    if storage.has_rig(mesh) and mesh.is_editable and last_pose(obj) is None and storage.bake_mutes(mesh) is None:
        storage.set_unsolved(mesh)
        obj.update_tag()


def mend(obj: bpy.types.Object) -> None:
    """After undo and redo: Blender may give back the mesh, with what is noted of its face, and leave the shape keys as
    the simulation has written them since. Have such a face solved again; a sculpt on the key is none."""
    mesh, written = obj.data, _written.get(pose_key(obj))
    if written is None or storage.written(mesh) == written or not mesh.is_editable:
        return
    key = mesh.shape_keys.key_blocks.get(storage.SIM_KEY) if mesh.shape_keys else None
    if key is not None and str(bridge.key_checksum(key)) == written and storage.bake_mutes(mesh) is None:
        storage.set_unsolved(mesh)
        obj.update_tag()


def pose_key(obj: bpy.types.Object) -> tuple[str, str]:
    """What a pose belongs to: an object and its model."""
    return obj.name_full, storage.digest(obj.data)


def clear_cache() -> None:
    """Forget all poses."""
    _poses.clear()
    _told.clear()
