# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Cameras that filmed the footage, as the core wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
import numpy as np
from mathutils import Matrix

from ...core import MuscleFaceError
from . import shown

if TYPE_CHECKING:
    from ...core import FaceModel
    from ...core.fit.camera import Camera

# Focal length in widths of the image, and distance in head heights, of a camera that nobody tells of: a phone held out.
UNKNOWN_FOCAL, UNKNOWN_DISTANCE = 1.2, 3.0


def camera_of(context: bpy.types.Context, obj: bpy.types.Object) -> bpy.types.Object | None:
    """The chosen camera, the scene's own, or none. Raises MuscleFaceError for one without a perspective."""
    camera = obj.muscle_face.fit_camera or context.scene.camera
    if camera is not None and (camera.type != "CAMERA" or camera.data.type != "PERSP"):
        raise MuscleFaceError(f"'{camera.name}' is no perspective camera: choose the one that filmed the footage.")
    if camera is not None:
        shown.check(context, camera)
        shown.check_apart(obj, camera)
    return camera


def read(
    camera: bpy.types.Object | None,
    depsgraph: bpy.types.Depsgraph,
    to_face: Matrix,
    model: FaceModel,
    size: tuple[int, int],
    clip: bpy.types.MovieClip | None = None,
    *,
    aspect: float = 1.0,
) -> Camera:
    """The camera at the frame that the scene shows, for images of a size (width, height) [px] whose pixels are
    `aspect` times as wide as they are high.

    Its lens and place are the camera object's, the distortion and the optical centre the clip's; without an object the
    lens is the clip's too, or a guess, and the camera stands before the face, so that only the motion of the head
    means something.
    """
    from ...core.fit.camera import Camera

    width, height = size
    if camera is None:
        focal = clip.tracking.camera.focal_length_pixels if clip else UNKNOWN_FOCAL * max(width, height / aspect)
        focal, centre, place = (focal, focal * aspect), (0.5 * width, 0.5 * height), _before(model)
    else:
        data = camera.evaluated_get(depsgraph).data
        focal, centre = _lens(data, width, height, aspect)
        # As Blender films: of a scaled camera the directions of its axes count, not their lengths.
        here = camera.evaluated_get(depsgraph).matrix_world.normalized()
        place = _rigid(here.inverted_safe() @ to_face.inverted_safe())
    distortion = (0.0, 0.0, 0.0)
    if clip is not None:
        if camera is None or not (data.shift_x or data.shift_y):
            centre = tuple(clip.tracking.camera.principal_point_pixels)
        distortion = _distortion(clip)
    return Camera(*focal, *centre, width, height, place, distortion)


def _lens(
    data: bpy.types.Camera, width: int, height: int, aspect: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Focal lengths and optical centre [px]; Blender's shift counts in the side of the image that the sensor fits."""
    horizontal = data.sensor_fit == "HORIZONTAL" or (data.sensor_fit == "AUTO" and width * aspect >= height)
    across = width if horizontal else height / aspect
    sensor = data.sensor_height if data.sensor_fit == "VERTICAL" else data.sensor_width
    focal, up = data.lens / sensor * across, across * aspect
    return (focal, focal * aspect), (0.5 * width - data.shift_x * across, 0.5 * height - data.shift_y * up)


def _distortion(clip: bpy.types.MovieClip) -> tuple[float, float, float]:
    lens = clip.tracking.camera
    if lens.distortion_model == "POLYNOMIAL":
        return lens.k1, lens.k2, lens.k3
    other = {
        "DIVISION": (lens.division_k1, lens.division_k2),
        "NUKE": (lens.nuke_k1, lens.nuke_k2),
        "BROWN": (lens.brown_k4, lens.brown_p1, lens.brown_p2),
    }
    if any(other[lens.distortion_model]):
        raise MuscleFaceError(
            f"The lens model of '{clip.name}' cannot be fitted through: choose Polynomial, or Brown with K1, K2 and K3 "
            "alone, in its Lens panel."
        )
    if lens.distortion_model == "BROWN":
        return lens.brown_k1, lens.brown_k2, lens.brown_k3
    return 0.0, 0.0, 0.0


def _rigid(matrix: Matrix) -> np.ndarray:
    """A matrix without its scale: an image does not change when all is as many times larger and farther."""
    m = np.array(matrix, np.float64)
    m[:3] /= np.cbrt(abs(np.linalg.det(m[:3, :3])))
    return m


def _before(model: FaceModel) -> np.ndarray:
    """(4, 4) to a camera that looks at the face from the front, at the height of the eyes."""
    eyes = 0.5 * (model.landmarks["pupil_L"] + model.landmarks["pupil_R"])
    m = np.eye(4)
    m[:3, :3] = model.rotation
    m[:3, 3] = -model.rotation @ eyes - [0.0, 0.0, UNKNOWN_DISTANCE * 230.0 / model.mm_per_unit]
    return m
