# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The gpu module's part: what `anatomy` describes becomes batches, kept until the pose or a choice changes."""

from __future__ import annotations

import bpy

from .. import drive, storage
from . import anatomy

# Of each object: what its batches show, the pose among it, and the batches.
_kept: dict[str, tuple[tuple, object, list]] = {}


def draw(obj: bpy.types.Object) -> None:
    """Draw the anatomy of one rig over whatever is in the view."""
    import gpu

    # First what may fail: what is set afterwards would be left to whatever Blender draws next.
    batches = _batches(obj)
    with gpu.matrix.push_pop():
        gpu.matrix.multiply_matrix(obj.matrix_world)
        gpu.state.blend_set("ALPHA")
        gpu.state.depth_test_set("NONE")
        for batch, width in batches:
            _draw_batch(batch, width)
        gpu.state.face_culling_set("NONE")
        gpu.state.blend_set("NONE")


def _draw_batch(batch, width: float) -> None:
    import gpu

    if width:
        shader = gpu.shader.from_builtin("POLYLINE_SMOOTH_COLOR")
        shader.bind()
        shader.uniform_float("viewportSize", gpu.state.viewport_get()[2:])
        shader.uniform_float("lineWidth", width)
    else:
        # Without a depth test the far side of a bone would be drawn over the near one.
        gpu.state.face_culling_set("BACK")
        shader = gpu.shader.from_builtin("SMOOTH_COLOR")
    batch.draw(shader)


def _batches(obj: bpy.types.Object) -> list:
    settings, pose = obj.muscle_face, drive.last_pose(obj)
    pulls = tuple(drive.pull(settings, m) for m in settings.muscles) if settings.show_muscles else ()
    key = (
        storage.digest(obj.data),
        settings.show_muscles,
        settings.show_bones,
        settings.show_tets,
        settings.show_landmarks,
        settings.active_muscle,
        settings.last_residual,
        pulls,
    )
    shown, of, batches = _kept.get(obj.name_full, (None, None, []))
    # The pose itself is kept: another one may come to lie at the address of one that is gone.
    if shown != key or of is not pose:
        batches = [_batch(item) for item in _items(obj, pose)]
        _kept[obj.name_full] = key, pose, batches
    return batches


def _items(obj: bpy.types.Object, pose) -> list:
    settings, model = obj.muscle_face, storage.load(obj.data)
    nodes = model.rig.nodes if pose is None else pose.nodes
    items = []
    if settings.show_bones:
        items.append(anatomy.bones(model, nodes))
    if settings.show_tets:
        items.append(anatomy.tets(model, nodes))
    if settings.show_muscles:
        items.append(anatomy.muscles(obj, model, nodes))
    if settings.show_landmarks:
        items.append(anatomy.landmarks(model))
    return items


def _batch(item) -> tuple[object, float]:
    import gpu
    from gpu_extras.batch import batch_for_shader

    lines = isinstance(item, anatomy.Lines)
    shader = gpu.shader.from_builtin("POLYLINE_SMOOTH_COLOR" if lines else "SMOOTH_COLOR")
    content = {"pos": item.points.astype("f4"), "color": item.colours.astype("f4")}
    return batch_for_shader(shader, "LINES" if lines else "TRIS", content), item.width if lines else 0.0


def clear() -> None:
    """Forget what was drawn."""
    _kept.clear()
    anatomy.clear()
