# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The only place where Blender's arrays become numpy and numpy becomes Blender's arrays."""

import hashlib
import zlib

import bpy
import numpy as np


def vertex_positions(mesh: bpy.types.Mesh) -> np.ndarray:
    """Rest positions of a mesh, (V, 3) float64: its reference shape key where it has one, else its vertices."""
    if mesh.shape_keys is not None:
        return key_positions(mesh.shape_keys.reference_key)
    positions = np.empty(3 * len(mesh.vertices), np.float32)
    # A mesh without vertices has no position attribute on some versions.
    if len(positions):
        mesh.attributes["position"].data.foreach_get("vector", positions)
    return positions.reshape(-1, 3).astype(np.float64)


def key_positions(key: bpy.types.ShapeKey) -> np.ndarray:
    """Positions that a shape key stores, (V, 3) float64."""
    positions = np.empty(3 * len(key.points), np.float32)
    key.points.foreach_get("co", positions)
    return positions.reshape(-1, 3).astype(np.float64)


def key_checksum(key: bpy.types.ShapeKey) -> int:
    """A number that changes with the positions that a shape key stores."""
    positions = np.empty(3 * len(key.points), np.float32)
    key.points.foreach_get("co", positions)
    return zlib.crc32(positions)


def write_key_positions(key: bpy.types.ShapeKey, positions: np.ndarray) -> None:
    """Store positions, (V, 3), in a shape key; the caller updates the mesh."""
    # float32 takes Blender's bulk copy, anything else is converted point by point.
    key.points.foreach_set("co", np.ascontiguousarray(positions, np.float32).ravel())


def face_corners(mesh: bpy.types.Mesh) -> tuple[np.ndarray, np.ndarray]:
    """Vertex of each face corner, (L,), and corner count of each face, (F,), both int32."""
    corners = np.empty(len(mesh.loops), np.int32)
    mesh.loops.foreach_get("vertex_index", corners)
    totals = np.empty(len(mesh.polygons), np.int32)
    mesh.polygons.foreach_get("loop_total", totals)
    return corners, totals


def faces(mesh: bpy.types.Mesh) -> list[list[int]]:
    """Vertex indices of each face, as the core wants them."""
    corners, totals = face_corners(mesh)
    corners, ends = corners.tolist(), np.cumsum(totals).tolist()
    return [corners[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]


def triangles(mesh: bpy.types.Mesh) -> np.ndarray:
    """(T, 3) int32 vertices of the triangles that Blender cuts the faces into."""
    mesh.calc_loop_triangles()
    corners = np.empty(3 * len(mesh.loop_triangles), np.int32)
    mesh.loop_triangles.foreach_get("vertices", corners)
    return corners.reshape(-1, 3)


def topology_hash(mesh: bpy.types.Mesh) -> str:
    """Digest of the vertex count and the edges around the faces.

    Edges and not corners: exporters turn a face's first corner or sort the faces, and the mesh is still the same.
    """
    corners, totals = face_corners(mesh)
    following = np.arange(1, len(corners) + 1)
    if len(totals):
        ends = np.cumsum(totals)
        following[ends - 1] = ends - totals
    other = corners[following] if len(corners) else corners
    low, high = np.minimum(corners, other).astype(np.int64), np.maximum(corners, other).astype(np.int64)
    edges = np.unique(low * max(len(mesh.vertices), 1) + high)
    return hashlib.sha256(np.int64(len(mesh.vertices)).tobytes() + edges.tobytes()).hexdigest()


def group_weights(obj: bpy.types.Object, group_name: str) -> np.ndarray:
    """Weight of every vertex in a vertex group, (V,) float64; ones where the object has no group of that name."""
    weights = np.zeros(len(obj.data.vertices))
    group = obj.vertex_groups.get(group_name)
    if group is None:
        return np.ones(len(weights))
    for vertex in obj.data.vertices:
        for element in vertex.groups:
            if element.group == group.index:
                weights[vertex.index] = element.weight
    return weights


def key_delta(obj: bpy.types.Object, key: bpy.types.ShapeKey) -> np.ndarray:
    """What a shape key adds to the mesh at value 1, (V, 3) float64: its vertex group and relative key counted."""
    delta = key_positions(key) - key_positions(key.relative_key)
    if key.vertex_group:
        delta *= group_weights(obj, key.vertex_group)[:, None]
    return delta


def add_key(obj: bpy.types.Object, name: str, positions: np.ndarray | None = None) -> bpy.types.ShapeKey:
    """Append a shape key at value 0, relative to the reference key; the active key stays the same.

    Blender 5 adds keys at value 1, Blender 4 at 0. Without positions the key is the mesh at rest.
    """
    active = obj.active_shape_key_index
    key = obj.shape_key_add(name=name, from_mix=False)
    key.value = 0.0
    key.relative_key = obj.data.shape_keys.reference_key
    if positions is not None:
        write_key_positions(key, positions)
    obj.active_shape_key_index = active
    return key


def key_values(keys: bpy.types.Key) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names, values (K,) float64 and mutes (K,) bool of all shape keys."""
    blocks = keys.key_blocks
    values, mutes = np.empty(len(blocks), np.float32), np.empty(len(blocks), bool)
    blocks.foreach_get("value", values)
    blocks.foreach_get("mute", mutes)
    return [block.name for block in blocks], values.astype(np.float64), mutes


def evaluated_positions(obj: bpy.types.Object, depsgraph: bpy.types.Depsgraph) -> np.ndarray:
    """Positions that the evaluated object shows in its own local space, (V, 3) float64."""
    mesh = obj.evaluated_get(depsgraph).data
    positions = np.empty(3 * len(mesh.vertices), np.float32)
    if len(positions):
        mesh.attributes["position"].data.foreach_get("vector", positions)
    return positions.reshape(-1, 3).astype(np.float64)


def new_mesh(name: str, vertices: np.ndarray, polygons: list) -> bpy.types.Mesh:
    """A smooth-shaded mesh from positions (V, 3) and faces."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(np.asarray(vertices, float).tolist(), [], [list(map(int, face)) for face in polygons])
    mesh.polygons.foreach_set("use_smooth", np.ones(len(mesh.polygons), bool))
    mesh.update()
    return mesh


def write_vertex_positions(mesh: bpy.types.Mesh, positions: np.ndarray) -> None:
    """Store vertex positions, (V, 3), of a mesh without shape keys."""
    # Not through the position attribute: Blender would keep the old bounds, and cull the mesh by them.
    mesh.vertices.foreach_set("co", np.ascontiguousarray(positions, np.float32).ravel())
    mesh.update()


def own_direction(obj: bpy.types.Object, vector) -> np.ndarray:
    """A vector (3,) along the world's axes in the object's own, its length kept, (3,) float64."""
    matrix = np.array(obj.matrix_world.to_3x3(), np.float64)
    # Least squares: an object that was scaled to nothing, to hide it, has no inverse.
    turned = np.linalg.lstsq(matrix, np.array(vector, np.float64), rcond=None)[0]
    length = np.linalg.norm(turned)
    return turned * (np.linalg.norm(np.array(vector)) / length) if length > 0.0 else turned
