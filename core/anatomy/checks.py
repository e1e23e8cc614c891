# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What a mesh must be before it can be a face, and what the artist should hear about it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..errors import MuscleFaceError, as_numbers
from ..geometry import surface
from . import plausible
from .cavities import INNER_EXPOSURE
from .frame import Frame
from .names import without_side

if TYPE_CHECKING:
    from .find_face import Face

MIN_VERTICES = 300
"""Fewer cannot draw lids and lips apart."""
NAMED_BORDERS = 3
"""So many open borders get a sentence each; more get one for all."""


def check_input(
    vertices: np.ndarray, faces: Sequence[Sequence[int]], shapes: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The arrays as float64; raises MuscleFaceError for what cannot be a head mesh."""
    vertices = as_numbers(vertices, "The vertices are not three numbers each: select a head mesh.")
    if vertices.ndim != 2 or vertices.shape[1] != 3 or len(vertices) == 0:
        raise MuscleFaceError("The mesh has no vertices: select a head mesh.")
    if not any(len(f) for f in faces):
        raise MuscleFaceError("The mesh has no faces: select a head mesh with a surface.")
    if not np.isfinite(vertices).all():
        bad = int((~np.isfinite(vertices).all(axis=1)).sum())
        raise MuscleFaceError(f"{bad} vertices have coordinates that are not numbers: delete or repair them.")
    if max(max(f) for f in faces if len(f)) >= len(vertices) or min(min(f) for f in faces if len(f)) < 0:
        raise MuscleFaceError("A face uses a vertex that does not exist: clean up the mesh (Mesh > Clean Up).")
    if len(vertices) < MIN_VERTICES:
        raise MuscleFaceError(
            f"The mesh has only {len(vertices)} vertices, too few for a face: select a head mesh or subdivide it."
        )
    checked = {}
    for name, delta in shapes.items():
        delta = as_numbers(delta, f'The shape "{name}" is not three numbers a vertex: repair or remove it.')
        if delta.shape != vertices.shape:
            raise MuscleFaceError(
                f'The shape "{name}" has {delta.size // 3} vertices but the mesh has {len(vertices)}: '
                "rebuild or remove that shape key."
            )
        if not np.isfinite(delta).all():
            raise MuscleFaceError(f'The shape "{name}" holds coordinates that are not numbers: repair or remove it.')
        checked[name] = delta
    return vertices, checked


def check_triangles(vertices: np.ndarray, triangles: np.ndarray) -> None:
    """Raises MuscleFaceError when the surface is flat or only a line."""
    if len(triangles) == 0:
        raise MuscleFaceError("The mesh has no faces: select a head mesh with a surface.")
    spread = np.linalg.svd(vertices[np.unique(triangles)] - vertices[triangles].mean(axis=(0, 1)), compute_uv=False)
    if spread[2] < 1e-3 * spread[0]:
        raise MuscleFaceError("The mesh is flat: select a head mesh with a face in relief.")


def check_size(skin: np.ndarray, frame: Frame) -> None:
    """Raises MuscleFaceError when the face found is not about as big as the mesh around it."""
    height = float(np.ptp(frame.to_norm(skin)[:, 1]))
    if not 9.0 < height < 400.0:
        raise MuscleFaceError(
            "The face found does not fit the size of the mesh: select a head mesh, or check its ARKit-named shape keys."
        )


def refuse_unjoined(vertices: np.ndarray, triangles: np.ndarray) -> None:
    """Raises MuscleFaceError when a mesh that shows no face is cut along vertices that lie on each other, as many
    exporters leave it."""
    edge = np.unique(np.concatenate([np.zeros(0, np.int64), *surface.border_loops(triangles)]))
    if len(edge) == 0:
        return
    grid = 1e-6 * np.linalg.norm(np.ptp(vertices[edge], axis=0))
    _, place, count = np.unique(np.round(vertices[edge] / grid), axis=0, return_inverse=True, return_counts=True)
    doubled = int((count[place.ravel()] > 1).sum())
    if doubled > 0.3 * len(edge):
        raise MuscleFaceError(
            f"The surface is cut at {doubled} vertices that lie on each other: merge them first (Merge > By Distance)."
        )


def check_face(points: Mapping[str, np.ndarray]) -> None:
    """Raises MuscleFaceError when the landmarks show no nose, as on a cube or a ball."""
    if not plausible.has_nose(points):
        raise MuscleFaceError(
            "No nose was found on this mesh: select a head mesh that stands upright, or add ARKit-named shape keys."
        )


_PLACES = {
    "pupil": "eye",
    "cheek": "cheek",
    "cheekbone": "cheekbone",
    "brow_mid": "brow",
    "gonion": "jaw angle",
    "tragus": "ear",
    "temple": "temple",
    "nose_tip": "nose tip",
    "pogonion": "chin",
    "mid_forehead": "forehead",
    "vertex": "crown",
    "opisthocranion": "back of the head",
    "neck_front": "throat",
    "neck_side": "neck",
    "stomion": "mouth",
}


def place_name(point: np.ndarray, landmarks: Mapping[str, np.ndarray]) -> str:
    """The named region nearest to a point, such as "left cheek"."""
    best = min(
        (n for n in landmarks if without_side(n) in _PLACES),
        key=lambda n: float(np.linalg.norm(landmarks[n] - point)),
    )
    side = {"_L": "left ", "_R": "right "}.get(best[-2:], "")
    return side + _PLACES[without_side(best)]


def head_warnings(face: "Face", lips_part: bool) -> list[str]:
    """One sentence for each thing the artist should know but that does not stop the rig."""
    vertices, landmarks = face.vertices, face.landmarks
    # Teeth, tongue and mouth bag may end anywhere where nobody looks.
    borders = [b for b in face.borders if face.exposure[b].mean() > INNER_EXPOSURE]
    warnings = []
    heights = [vertices[b, 1].mean() for b in borders]
    neck = None
    for k, height in enumerate(heights):
        below_chin = height < landmarks["menton"][1]
        if below_chin and (neck is None or height < heights[neck]):
            neck = k
    odd = [(len(b), place_name(vertices[b].mean(axis=0), landmarks)) for k, b in enumerate(borders) if k != neck]
    if len(odd) <= NAMED_BORDERS:
        warnings += [
            f"The skin has an open border of {edges} edges near the {place}: fill it unless it is meant."
            for edges, place in odd
        ]
    else:
        places = " and ".join(dict.fromkeys(f"the {place}" for _, place in sorted(odd, reverse=True)[:NAMED_BORDERS]))
        warnings.append(
            f"The skin has {len(odd)} open borders, the longest near {places}: fill them unless they are meant."
        )
    if not lips_part:
        warnings.append(
            "The lips are one surface without an opening, so the mouth stays closed: cut the mesh along the mouth line "
            "and rig it again if it shall open."
        )
    elif "mouth" not in face.pockets:
        warnings.append("No mouth bag was found behind the lips: the lips move, but the mouth cannot open inside.")
    if face.swapped:
        warnings.append("The shapes named left move the right side: each was taken for the side that it moves.")
    if names := plausible.doubtful(landmarks):
        what = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
        warnings.append(
            f"The landmarks of {what} look wrong for a face: press Find Landmarks, move them and rig again."
        )
    if face.closed_eyes and not face.arkit:
        warnings.append(
            "The eyes show no opening, so the corners of eyes and brows may be several millimetres off: press Find "
            "Landmarks, check them and rig again."
        )
    elif not face.deltas.keys() & {"browInnerUp", "browDownLeft", "browDownRight"} and plausible.unusual(landmarks):
        warnings.append(
            "The face has unusual proportions and no shapes that move its brows, so the brows may be several "
            "millimetres off: press Find Landmarks, check them and rig again."
        )
    elif not face.arkit:
        warnings.append("No ARKit-named shapes were found: landmarks are guessed from proportions, check them.")
    return warnings
