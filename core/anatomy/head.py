# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""From a head mesh with or without shapes to a `Head`: frame, parts, landmarks, jaw and bone depth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..geometry import surface
from ..progress import Progress, silent
from . import checks, tissue
from . import jaw as jaws
from .find_face import find_face
from .frame import Frame
from .jaw import Jaw
from .open_mouth import open_mouth
from .parts import Part
from .picked import PICKED


@dataclass(frozen=True)
class Head:
    """A head mesh understood: everything in normalised centimetres unless said otherwise."""

    frame: Frame
    vertices: np.ndarray  # (V, 3)
    faces: list[Sequence[int]]
    triangles: np.ndarray  # (T, 3) of the skin, wound outwards
    skin: np.ndarray  # (Vs,) vertices of the skin
    parts: list[Part]
    shapes: dict[str, np.ndarray]  # given name -> (V, 3)
    arkit: dict[str, tuple[str, ...]]  # ARKit name -> given names that sum to it
    landmarks: dict[str, np.ndarray]
    landmark_vertices: dict[str, int]
    exposure: np.ndarray  # (V,) 0 inside pockets .. 1 open skin
    pockets: dict[str, np.ndarray]  # "mouth", "eye_L", "eye_R" -> inner skin vertices
    open_pose: np.ndarray  # (V, 3) with the lips parted
    opening: float  # of the jaw in that pose; 0 where the lips are one surface
    jaw: Jaw
    tissue_depth: np.ndarray  # (V,) bone depth under the skin
    flesh_thickness: np.ndarray  # (V,) way through the flesh to the next surface, at most 6 cm
    mandible_weight: np.ndarray  # (V,) 0 goes with the cranium .. 1 with the jaw; parts included
    mandible_bone: np.ndarray  # (V,) share of the mandible in the bone under each skin vertex, by geometry
    borders: list[np.ndarray]
    warnings: list[str]

    def shape(self, arkit_name: str) -> np.ndarray | None:
        """Delta (V, 3) of an ARKit shape, its halves summed; None when the head lacks it."""
        given = self.arkit.get(arkit_name)
        return None if given is None else sum(self.shapes[g] for g in given)


def analyse_head(
    vertices: np.ndarray,
    faces: Sequence[Sequence[int]],
    shapes: Mapping[str, np.ndarray] | None = None,
    progress: Progress | None = None,
    landmarks: Mapping[str, np.ndarray] | None = None,
) -> Head:
    """Find a head's anatomy.

    vertices: (V, 3) in any uniform scale and orientation; faces: polygons; shapes: name -> (V, 3) offsets; landmarks:
    name -> (3,) in the vertices' frame, those that the artist placed (any of them).
    Raises MuscleFaceError with one sentence when the mesh cannot be a face.
    """
    say = progress or silent
    face = find_face(vertices, faces, shapes or {}, landmarks, say)
    x, skin, points, deltas = face.vertices, face.skin, face.landmarks, face.deltas
    say(0.8, "Fitting jaw and bones")
    jaw = jaws.jaw_of_head(x, skin, points, deltas, face.arkit, face.shapes)
    mouth = open_mouth(face, jaw)
    depth, thickness = tissue.bone_depth(x, skin, face.triangles, points, face.pockets, face.neighbours)
    say(1.0, "Anatomy found")
    return Head(
        frame=face.frame,
        vertices=x,
        faces=list(faces),
        triangles=face.triangles,
        skin=skin,
        parts=face.parts,
        shapes=face.shapes,
        arkit=face.arkit,
        landmarks=points,
        landmark_vertices=_nearest_vertices(points, x, np.unique(face.outer)),
        exposure=face.exposure,
        pockets=face.pockets,
        open_pose=mouth.pose,
        opening=mouth.opening,
        jaw=jaw,
        tissue_depth=depth,
        flesh_thickness=thickness,
        mandible_weight=mouth.weight,
        mandible_bone=jaws.mandible_bone(x - np.minimum(depth, 1.5)[:, None] * face.normals, points),
        borders=face.borders,
        warnings=checks.head_warnings(face, mouth.parted),
    )


def guess_landmarks(
    vertices: np.ndarray, faces: Sequence[Sequence[int]], shapes: Mapping[str, np.ndarray] | None = None
) -> dict[str, np.ndarray]:
    """Where the landmarks of `picked.PICKED` seem to be: name -> (3,) in the vertices' frame.

    Arguments and errors as of `analyse_head`.
    """
    face = find_face(vertices, faces, shapes or {}, None, silent)
    return {p.name: face.frame.to_user(face.landmarks[p.name]) for p in PICKED}


def _nearest_vertices(points: dict[str, np.ndarray], x: np.ndarray, among: np.ndarray) -> dict[str, int]:
    index = surface.closest_vertices(np.array(list(points.values())), x, among)
    return dict(zip(points, index.tolist(), strict=True))
