# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The demo's photo studio: a head to rig, materials, light and a camera; Cycles renders, as it needs no display."""

import json
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector
from muscle_face.blender_addon import bridge
from muscle_face.blender_addon.operators.demo_add import TO_BLENDER, shape_keys_added

PICTURE_SIZE = 512
SAMPLES = 6

# Base colour and roughness; materials are found by what their name contains.
LOOKS = {
    "skin": ((0.62, 0.36, 0.27), 0.6),
    "teeth": ((0.80, 0.74, 0.62), 0.3),
    "gums": ((0.45, 0.14, 0.13), 0.4),
    "eye": ((0.85, 0.83, 0.80), 0.15),
    "iris": ((0.10, 0.16, 0.20), 0.15),
    "pupil": ((0.005, 0.005, 0.005), 0.1),
    "clear": None,
}
LOOK_OF_MATERIAL = {
    "Teeth": "teeth",
    "Gums": "gums",
    "Sclera": "eye",
    "Iris": "iris",
    # Lashes are cards: without their texture they would be black tape.
    "Lash": "clear",
    "Lacrimal": "clear",
    "EyeBlend": "clear",
    "EyeOcclusion": "clear",
}


@dataclass(frozen=True)
class HeadOnStage:
    """name: for the report. object: the mesh. region: (n,) vertices whose distance to the blendshapes is reported."""

    name: str
    object: bpy.types.Object
    region: np.ndarray


def add_demo_head() -> HeadOnStage:
    """The project's own head, as the Add menu adds it."""
    from muscle_face.core.demo_head.head import build_head

    bpy.ops.mesh.muscle_face_demo_add()
    obj = bpy.context.object
    head = build_head()
    parts = np.full(len(obj.data.vertices), "skin", dtype="U8")
    for part, where in head.parts.items():
        parts[where] = "teeth" if part.startswith("teeth") else "eye"
    paint(obj, np.array([parts[face[0]] for face in bridge.faces(obj.data)]))
    return HeadOnStage("demo", obj, np.arange(head.skin_count))


def load_head(path: Path) -> HeadOnStage:
    """A head from an .npz: verts, loop_vert, loop_total, shape_names, shape_deltas (centimetres, Y up, +Z front)."""
    data = np.load(path, allow_pickle=False)
    polygons = np.split(data["loop_vert"], np.cumsum(data["loop_total"])[:-1])
    obj = bpy.data.objects.new(path.stem, bridge.new_mesh(path.stem, data["verts"] @ TO_BLENDER.T, polygons))
    bpy.context.collection.objects.link(obj)
    bpy.context.view_layer.objects.active = obj
    obj.select_set(True)
    deltas = data["shape_deltas"].astype(float) @ TO_BLENDER.T
    for _ in shape_keys_added(obj, dict(zip(data["shape_names"].tolist(), deltas, strict=True))):
        pass
    looks = np.full(len(polygons), "skin", dtype="U8")
    if "mat" in data:
        names = [next((v for k, v in LOOK_OF_MATERIAL.items() if k in name), "skin") for name in data["mat_names"]]
        looks = np.array(names)[data["mat"]]
    paint(obj, looks)
    meta = path.with_name("meta.json")
    first, last = 0, len(data["verts"]) - 1
    if meta.exists():
        first, last = json.loads(meta.read_text(encoding="utf-8"))["vertex_ranges"]["Face"]
    return HeadOnStage(path.stem, obj, np.arange(first, last + 1))


def paint(obj: bpy.types.Object, looks: np.ndarray) -> None:
    """Give each face the material of its look, (F,); eyes get an iris and a pupil."""
    rest = bridge.vertex_positions(obj.data)
    centres = np.array([rest[face].mean(axis=0) for face in bridge.faces(obj.data)])
    for side in (-1.0, 1.0):
        eye = np.isin(looks, ("eye", "iris")) & (side * centres[:, 0] > 0.0)
        if eye.any():
            looks[eye] = _eye_looks(centres[eye])
    names = sorted(set(looks.tolist()))
    for name in names:
        obj.data.materials.append(_material(name))
    obj.data.polygons.foreach_set("material_index", np.searchsorted(names, looks).astype(np.int32))


def _eye_looks(centres: np.ndarray) -> np.ndarray:
    """Look of an eyeball's faces by their angle from straight ahead (-Y); heads differ in what they model inside."""
    out = centres - 0.5 * (centres.max(axis=0) + centres.min(axis=0))
    angle = np.degrees(np.arccos(np.clip(-out[:, 1] / np.linalg.norm(out, axis=1), -1.0, 1.0)))
    return np.select([angle < 12.0, angle < 29.0], ["pupil", "iris"], "eye")


def _material(look: str) -> bpy.types.Material:
    material = bpy.data.materials.new(look)
    material.use_nodes = True
    nodes = material.node_tree.nodes
    if LOOKS[look] is None:
        clear = nodes.new("ShaderNodeBsdfTransparent")
        material.node_tree.links.new(clear.outputs[0], nodes["Material Output"].inputs["Surface"])
        return material
    colour, roughness = LOOKS[look]
    shader = nodes["Principled BSDF"].inputs
    shader["Base Color"].default_value = (*colour, 1.0)
    shader["Roughness"].default_value = roughness
    return material


def light_and_camera(obj: bpy.types.Object) -> None:
    """A portrait set-up around a life-size face: key, fill and rim light, and a long lens a little to the side."""
    scene = bpy.context.scene
    corners = np.array([obj.matrix_world @ Vector(corner) for corner in obj.bound_box])
    face = Vector((corners[:, 0].mean(), corners[:, 1].min() + 0.06, corners[:, 2].max() - 0.15))
    for name, place, energy, size in (
        ("Key", (-0.6, -0.8, 0.7), 11.0, 0.6),
        ("Fill", (0.9, -0.8, 0.1), 2.0, 0.9),
        ("Rim", (0.5, 0.9, 0.7), 12.0, 0.4),
    ):
        data = bpy.data.lights.new(name, "AREA")
        data.energy, data.size = energy, size
        _aim(bpy.data.objects.new(name, data), face + Vector(place), face)
    lens = bpy.data.cameras.new("Camera")
    lens.lens, lens.clip_start, lens.clip_end = 85.0, 0.01, 10.0
    camera = bpy.data.objects.new("Camera", lens)
    _aim(camera, face + Vector((0.20, -0.66, 0.02)), face)
    scene.camera = camera
    world = bpy.data.worlds.new("World")
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.11, 0.13, 0.16, 1.0)
    scene.world = world
    render = scene.render
    render.engine, render.resolution_x, render.resolution_y = "CYCLES", PICTURE_SIZE, PICTURE_SIZE
    render.use_lock_interface, render.image_settings.file_format = True, "PNG"
    render.use_persistent_data = True
    # Light passes through many layers of clear lashes on its way.
    scene.cycles.transparent_max_bounces = 64
    scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.max_bounces = SAMPLES, True, 1
    if hasattr(scene.cycles, "denoising_quality"):
        scene.cycles.denoising_quality = "FAST"
    scene.view_settings.view_transform = "Standard"


def _aim(obj: bpy.types.Object, place: Vector, at: Vector) -> None:
    obj.location = place
    obj.rotation_euler = (at - place).to_track_quat("-Z", "Y").to_euler()
    bpy.context.collection.objects.link(obj)


def picture(path: Path) -> None:
    """Render the scene as it is to a file."""
    bpy.context.scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)


def sheet(pictures: list[Path], path: Path, columns: int = 4) -> None:
    """Put pictures of one size side by side into one file, at half their size."""
    tiles = []
    for picture_path in pictures:
        image = bpy.data.images.load(str(picture_path))
        width, height = image.size
        pixels = np.empty(width * height * 4, np.float32)
        image.pixels.foreach_get(pixels)
        tiles.append(pixels.reshape(height // 2, 2, width // 2, 2, 4).mean(axis=(1, 3)))
        bpy.data.images.remove(image)
    rows = [np.concatenate(tiles[start : start + columns], axis=1) for start in range(0, len(tiles), columns)]
    whole = np.concatenate(rows[::-1], axis=0)
    image = bpy.data.images.new("Sheet", whole.shape[1], whole.shape[0])
    image.pixels.foreach_set(np.ascontiguousarray(whole).ravel())
    image.filepath_raw, image.file_format = str(path), "PNG"
    image.save()
    bpy.data.images.remove(image)
