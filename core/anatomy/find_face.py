# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Where the face is on a mesh: its skin, frame, loose parts, pockets and landmarks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from ..errors import MuscleFaceError
from ..geometry import surface
from ..progress import Progress
from . import cavities, checks, names, plausible
from . import frame as frames
from . import jaw as jaws
from . import landmarks as marking
from . import parts as partition
from . import picked as picking
from .face_search import MOST_DOUBTS, search_parts
from .frame import FaceMarks, Frame
from .half_head import refuse_half
from .parts import Part

LEAST_EYE = 1.4  # [cm] width of an eye's opening, half an adult's
FARTHEST_MOUTH, LEAST_MOUTH = 4.0, 3.0  # [cm] from its guess, and its width: nostrils are nearer to each other


@dataclass(frozen=True)
class Face:
    """A face found on a mesh; everything in normalised centimetres, fields as in `head.Head`."""

    frame: Frame
    vertices: np.ndarray
    triangles: np.ndarray
    outer: np.ndarray  # (To, 3) triangles of the skin outside the pockets
    skin: np.ndarray
    neighbours: sp.csr_matrix
    normals: np.ndarray
    parts: list[Part]
    shapes: dict[str, np.ndarray]
    arkit: dict[str, tuple[str, ...]]
    deltas: dict[str, np.ndarray]  # ARKit name -> (V, 3)
    landmarks: dict[str, np.ndarray]
    exposure: np.ndarray
    pockets: dict[str, np.ndarray]
    borders: list[np.ndarray]
    swapped: bool  # the shapes' left is the viewer's
    closed_eyes: bool  # an eye shows no opening, and the artist has not marked its corners


def find_face(
    vertices: np.ndarray,
    faces: Sequence[Sequence[int]],
    shapes: Mapping[str, np.ndarray],
    landmarks: Mapping[str, np.ndarray] | None,
    say: Progress,
) -> Face:
    """Find the face on a mesh; see `head.analyse_head` for the arguments. Raises MuscleFaceError."""
    say(0.0, "Reading the mesh")
    vertices, shapes = checks.check_input(vertices, faces, shapes)
    placed = picking.checked_landmarks(landmarks)
    triangles, _ = surface.triangulate(faces)
    checks.check_triangles(vertices, triangles)
    arkit = names.match_arkit(shapes)
    deltas = {c: sum(shapes[g] for g in given) for c, given in arkit.items()}
    labels = surface.loose_parts(len(vertices), triangles)

    say(0.1, "Finding the face")
    own = picking.placed_marks(placed)
    skin_label = partition.pick_skin(vertices, labels, deltas)
    skin = np.flatnonzero(labels == skin_label)
    marks = frames.marks_from_shapes(vertices[skin], {c: d[skin] for c, d in deltas.items()})
    swapped = marks is not None and frames.sides_swapped(marks, vertices[skin])
    if swapped:
        marks, arkit = frames.swap_marks(marks), names.swap_sides(arkit)
    guess, axes = {}, None
    if marks is None and len(own) < 4:
        try:
            skin_label, found = search_parts(vertices, triangles, labels)
        except MuscleFaceError:
            _explain_no_face(vertices, triangles)
            raise
        skin = np.flatnonzero(labels == skin_label)
        marks, guess, axes = found.marks, found.landmarks, found.axes
    skin_triangles = triangles[labels[triangles[:, 0]] == skin_label]
    marks = picking.corrected_marks(marks, own, vertices[skin])
    frame = frames.frame_from_marks(marks, axes)
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
    parts = partition.classify_parts(x, labels, skin, skin_label, skin_triangles, deltas, marks, share) + body
    borders = surface.border_loops(skin_triangles)
    exposure = cavities.skin_exposure(x, skin_triangles, triangles, skin, normals, marks, parts, borders)
    exposure = cavities.smooth_exposure(exposure, neighbours)
    mouth, eyes = _openings(x, neighbours, exposure, skin, borders, marks)

    say(0.6, "Placing landmarks")
    outer = cavities.outer_triangles(skin_triangles, exposure)
    placed, guess = ({name: frame.to_norm(p) for name, p in given.items()} for given in (placed, guess))
    view = marking.SkinView(x, outer)
    points = marking.find_landmarks(view, marks, mouth, eyes, deltas, exposure, placed, guess)
    if not plausible.has_nose(points) or len(plausible.doubtful(points)) > MOST_DOUBTS:
        _explain_no_face(vertices, triangles)
    if not (arkit or len(own) == 4):
        checks.check_face(points)
    pockets = {"mouth": mouth, "eye_L": eyes["L"], "eye_R": eyes["R"]}
    pockets = {name: c.inner for name, c in pockets.items() if c is not None and len(c.inner)}
    closed = any(c is None and not {f"eye_inner_{s}", f"eye_outer_{s}"} <= set(placed) for s, c in eyes.items())
    return Face(frame, x, skin_triangles, outer, skin, neighbours, normals, parts, shapes, arkit, deltas, points,
                exposure, pockets, borders, swapped, closed)  # fmt: skip


def _explain_no_face(vertices: np.ndarray, triangles: np.ndarray) -> None:
    """Raises MuscleFaceError with what keeps a mesh from showing a face, where that can be told."""
    checks.refuse_unjoined(vertices, triangles)
    refuse_half(vertices, triangles)


def _openings(
    x: np.ndarray,
    neighbours: sp.csr_matrix,
    exposure: np.ndarray,
    skin: np.ndarray,
    borders: Sequence[np.ndarray],
    marks: FaceMarks,
) -> tuple[cavities.Cavity | None, dict[str, cavities.Cavity | None]]:
    """The mouth's opening and those of the left and right eye."""
    mouth = cavities.find_cavity(x, neighbours, exposure, skin, marks.mouth, 2.5)
    mouth = mouth or cavities.hole_rim(x, borders, marks.mouth, 1.5)
    if mouth is None:
        # On a face of unusual proportions the guess is far off, but only a mouth is that wide.
        mouth = cavities.find_cavity(x, neighbours, exposure, skin, marks.mouth, FARTHEST_MOUTH)
        mouth = mouth if mouth is not None and np.ptp(x[mouth.rim, 0]) > LEAST_MOUTH else None
    eyes = {}
    for s, m in (("L", marks.eye_left), ("R", marks.eye_right)):
        eyes[s] = cavities.find_cavity(x, neighbours, exposure, skin, m, 2.0, cavities.EYE_EXPOSURE)
        eyes[s] = eyes[s] or cavities.hole_rim(x, borders, m, 1.5)
        if eyes[s] is not None and np.ptp(x[eyes[s].rim, 0]) < LEAST_EYE:
            eyes[s] = None  # the dent beside a closed or filled eye
    return mouth, eyes
