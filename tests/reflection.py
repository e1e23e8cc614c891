# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""A rigged face in the mirror: every array of its rig reflected, nothing built anew.

The mirror is the plane x = 0 of the normalised head. What was on the character's left is on its right and is called so.
"""

import re
from dataclasses import replace

import numpy as np
from muscle_face.core import FaceModel

MIRROR = np.array([-1.0, 1.0, 1.0])
"""What the mirror does to a vector; to an axis of rotation it does the opposite."""

_SIDE = re.compile(r"(?<=[_.])[LR]$|Left|Right")
_OTHER = {"L": "R", "R": "L", "Left": "Right", "Right": "Left"}


def other_side(name: str) -> str:
    """The name of the same thing on the other side: mouthSmile_L of mouthSmile_R, jawLeft of jawRight."""
    return _SIDE.sub(lambda match: _OTHER[match.group()], name)


def mirrored_controls(values: dict[str, float]) -> dict[str, float]:
    """Slider values of the mirrored face: sides change places, the jaw moves to the other side."""
    return {other_side(name): -value if name == "jaw_side" else value for name, value in values.items()}


def mirrored_directions(model: FaceModel, vectors: np.ndarray) -> np.ndarray:
    """Vectors (n, 3) in the user's frame as the mirror shows them."""
    frame = model.rig.frame
    return vectors @ np.linalg.inv(frame).T * MIRROR @ frame.T


def mirrored_points(model: FaceModel, points: np.ndarray) -> np.ndarray:
    """Points (n, 3) in the user's frame as the mirror shows them."""
    return mirrored_directions(model, points - model.rig.origin) + model.rig.origin


def reflected(model: FaceModel) -> FaceModel:
    """The face in the mirror."""
    rig = model.rig
    steps = MIRROR.astype(np.int16)
    # Positive jaw_side still means the character's left, which is what was the right.
    to_side = np.array([1.0, 1.0, -1.0])
    return FaceModel(
        replace(
            rig,
            vertices=mirrored_points(model, rig.vertices),
            triangles=rig.triangles[:, ::-1],
            landmark_names=np.array([other_side(n) for n in model.landmarks], dtype=np.str_),
            landmarks=mirrored_points(model, rig.landmarks),
            shape_names=np.array([other_side(n) for n in model.shapes], dtype=np.str_),
            muscle_names=np.array([other_side(n) for n in model.muscles], dtype=np.str_),
            path_points=mirrored_points(model, rig.path_points),
            mouth_line=(rig.mouth_line * MIRROR)[::-1],
            jaw_tracks=rig.jaw_tracks[[0, 1, 3, 2]],
            jaw_hinge=rig.jaw_hinge * MIRROR,
            jaw_spin=to_side[:, None] * rig.jaw_spin * -MIRROR,
            jaw_slide=to_side[:, None] * rig.jaw_slide * MIRROR,
            jaw_side_advance=rig.jaw_side_advance * MIRROR,
            jaw_of_track=rig.jaw_of_track * to_side,
            nodes=rig.nodes * MIRROR,
            unloaded=rig.unloaded * MIRROR,
            # A reflected tet is inside out until two of its corners change places.
            tets=rig.tets[:, [0, 2, 1, 3]],
            rest_gravity=rig.rest_gravity * MIRROR,
            fibre_direction=rig.fibre_direction * MIRROR,
            track_steps=rig.track_steps * steps,
            detail_steps=rig.detail_steps * steps,
            part_delta=rig.part_delta * MIRROR.astype(rig.part_delta.dtype),
        )
    )
