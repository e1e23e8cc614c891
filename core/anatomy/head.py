# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""From a head mesh with or without shapes to a `Head`: frame, parts, landmarks, jaw and bone depth."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..geometry import surface
from . import cavities, checks, names, tissue
from . import frame as frames
from . import jaw as jaws
from . import landmarks as marking
from . import parts as partition
from .frame import Frame
from .jaw import Jaw
from .parts import Part

Progress = Callable[[float, str], None]
OPEN_POSE = 0.6


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
    open_pose: np.ndarray  # (V, 3)
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
) -> Head:
    """Find a head's anatomy.

    vertices: (V, 3) in any uniform scale and orientation; faces: polygons; shapes: name -> (V, 3) offsets.
    Raises MuscleFaceError with one sentence when the mesh cannot be a face.
    """
    say = progress or (lambda share, text: None)
    say(0.0, "Reading the mesh")
    vertices, shapes = checks.check_input(vertices, faces, shapes or {})
    triangles, _ = surface.triangulate(faces)
    checks.check_triangles(vertices, triangles)
    arkit = names.match_arkit(shapes)
    deltas = {c: sum(shapes[g] for g in given) for c, given in arkit.items()}
    labels = surface.loose_parts(len(vertices), triangles)
    skin_label = partition.pick_skin(vertices, labels, deltas)
    skin = np.flatnonzero(labels == skin_label)
    skin_triangles = triangles[labels[triangles[:, 0]] == skin_label]

    say(0.1, "Finding the face")
    marks = frames.marks_from_shapes(vertices[skin], {c: d[skin] for c, d in deltas.items()})
    swapped = marks is not None and frames.sides_swapped(marks, vertices[skin])
    if swapped:
        marks, arkit = frames.swap_marks(marks), names.swap_sides(arkit)
    if marks is None:
        marks = frames.marks_from_geometry(vertices, skin_triangles)
    frame = frames.frame_from_marks(marks)
    checks.check_size(vertices[skin], frame)
    x = frame.to_norm(vertices)
    shapes = {name: frame.vector_to_norm(d) for name, d in shapes.items()}
    deltas = {c: sum(shapes[g] for g in given) for c, given in arkit.items()}
    marks = frames.normalised_marks(marks, frame)
    body: list[Part] = []
    if np.ptp(x[skin, 1]) > partition.HEAD_HEIGHT:
        skin, skin_triangles, body = partition.cut_head(x, skin, skin_triangles)
    skin_triangles = partition.outward(x, skin_triangles)

    say(0.3, "Looking into mouth and eyes")
    normals = surface.vertex_normals(x, skin_triangles)
    neighbours = surface.adjacency(len(x), skin_triangles)
    share = jaws.jaw_share(x, skin, deltas, marks)
    parts = partition.classify_parts(x, labels, skin, skin_label, deltas, marks, share) + body
    exposure = cavities.skin_exposure(x, skin_triangles, triangles, skin, normals, marks, parts)
    exposure = cavities.smooth_exposure(exposure, neighbours)
    borders = surface.border_loops(skin_triangles)
    mouth = cavities.find_cavity(x, neighbours, exposure, skin, marks.mouth, 2.5)
    mouth = mouth or cavities.hole_rim(x, borders, marks.mouth, 1.5)
    eyes = {}
    for s, m in (("L", marks.eye_left), ("R", marks.eye_right)):
        eyes[s] = cavities.find_cavity(x, neighbours, exposure, skin, m, 2.0, cavities.EYE_EXPOSURE)
        eyes[s] = eyes[s] or cavities.hole_rim(x, borders, m, 1.5)

    say(0.6, "Placing landmarks")
    outer = skin_triangles[(exposure[skin_triangles] > cavities.INNER_EXPOSURE).all(axis=1)]
    points = marking.find_landmarks(marking.SkinView(x, outer), marks, mouth, eyes, deltas, exposure)
    checks.check_face(points, bool(arkit))
    pockets = {"mouth": mouth, "eye_L": eyes["L"], "eye_R": eyes["R"]}
    pockets = {name: c.inner for name, c in pockets.items() if c is not None and len(c.inner)}

    say(0.8, "Fitting jaw and bones")
    jaw = jaws.jaw_of_head(x, skin, points, deltas, arkit, shapes)
    weight = jaws.mandible_weights(x, skin, points, deltas, jaw, neighbours, parts)
    depth, thickness = tissue.bone_depth(x, skin, skin_triangles, points, pockets, neighbours)
    open_delta = deltas.get("jawOpen")
    say(1.0, "Anatomy found")
    return Head(
        frame=frame,
        vertices=x,
        faces=list(faces),
        triangles=skin_triangles,
        skin=skin,
        parts=parts,
        shapes=shapes,
        arkit=arkit,
        landmarks=points,
        landmark_vertices=_nearest_vertices(points, x, np.unique(outer)),
        exposure=exposure,
        pockets=pockets,
        open_pose=x if open_delta is None else x + OPEN_POSE * open_delta,
        jaw=jaw,
        tissue_depth=depth,
        flesh_thickness=thickness,
        mandible_weight=weight,
        mandible_bone=jaws.mandible_bone(x - np.minimum(depth, 1.5)[:, None] * normals, points),
        borders=borders,
        warnings=checks.head_warnings(x, borders, points, arkit, pockets, swapped),
    )


def _nearest_vertices(points: dict[str, np.ndarray], x: np.ndarray, among: np.ndarray) -> dict[str, int]:
    index = surface.closest_vertices(np.array(list(points.values())), x, among)
    return dict(zip(points, index.tolist(), strict=True))
