# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The picture of a pose asset: the face as the artist's view shows it, drawn when the pose is saved."""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Matrix, Vector

SIZE = 256
"""Pixels along each side, as Blender's own previews have."""

MARGIN = 1.05


def draw(context: bpy.types.Context, obj: bpy.types.Object, action: bpy.types.Action) -> bool:
    """Give an action the picture of an object; says whether there is a view to draw it in."""
    view = _view_of(context)
    if view is None:
        return False
    # Not at the top: background Blender has no such module to offer.
    import gpu

    space, region = view
    shown = space.overlay.show_overlays
    canvas = gpu.types.GPUOffScreen(SIZE, SIZE)
    try:
        space.overlay.show_overlays = False
        matrices = _framed(obj, space.region_3d.view_rotation)
        canvas.draw_view3d(
            context.scene, context.view_layer, space, region, *matrices, do_color_management=True, draw_background=True
        )
        pixels = canvas.texture_color.read()
    finally:
        space.overlay.show_overlays = shown
        canvas.free()
    pixels.dimensions = SIZE * SIZE * 4
    preview = action.preview_ensure()
    preview.image_size = SIZE, SIZE
    preview.image_pixels_float.foreach_set(np.asarray(pixels, np.float32) / 255.0)
    return True


def _view_of(context: bpy.types.Context) -> tuple[bpy.types.SpaceView3D, bpy.types.Region] | None:
    """The 3D view that the pose is saved from, else the first one; None in the background."""
    if bpy.app.background or context.screen is None:
        return None
    areas = [area for area in (context.area, *context.screen.areas) if area is not None and area.type == "VIEW_3D"]
    if not areas:
        return None
    return areas[0].spaces.active, next(region for region in areas[0].regions if region.type == "WINDOW")


def _framed(obj: bpy.types.Object, rotation) -> tuple[Matrix, Matrix]:
    """View and projection that hold the whole object, seen from where the view looks from."""
    corners = [obj.matrix_world @ Vector(corner) for corner in obj.bound_box]
    middle = sum(corners, Vector()) / len(corners)
    turned = rotation.to_matrix().to_4x4()
    seen = [turned.inverted() @ (corner - middle) for corner in corners]
    half = MARGIN * max(max(abs(point.x), abs(point.y)) for point in seen)
    depth = 2.0 * max((corner - middle).length for corner in corners)
    view = (Matrix.Translation(middle) @ turned @ Matrix.Translation((0.0, 0.0, depth))).inverted()
    # Orthographic, from depth 0 to twice the distance of the middle.
    projection = Matrix.Diagonal((1.0 / half, 1.0 / half, -1.0 / depth, 1.0))
    projection[2][3] = -1.0
    return view, projection
