# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Loose parts of a head mesh: which is the skin, and what the others are and follow."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from ..geometry import surface
from .frame import FACE_CENTRE, FaceMarks
from .rays import RayTarget

HEAD_HEIGHT = 45.0  # [cm] a skin taller than this is a body: only its head becomes flesh
HEAD_FLOOR = -16.5  # [cm] lowest y of the head cut from a body, well below the chin

ROW_GAP = 0.25  # [cm] between the middles of upper and lower teeth
GUM_REACH = 0.5  # [cm] of the gums around the teeth
ROOTS = 0.3  # [cm] of the middle of the upper teeth over the line between the lips

BEHIND = 6.0  # [cm] from the lips to an axis that teeth and tongue stand around
SEEN = 300  # points of a part that are looked at


@dataclass(frozen=True)
class Part:
    """A loose part: what it is, its vertices (n,), and what carries it."""

    kind: str  # "eye_L", "teeth_upper", "teeth_lower", "tongue", "lashes", "body", "other"...
    vertices: np.ndarray
    follows: str  # "cranium" | "mandible" | "skin"


def pick_skin(vertices: np.ndarray, labels: np.ndarray, shapes: Mapping[str, np.ndarray]) -> int:
    """Label of the loose part that is the skin of the face.

    Among the parts at least a third as big as the biggest, the one in which the face shapes move most vertices;
    without shapes the one with the largest bounding box, ties by vertex count.
    """
    count = int(labels.max()) + 1
    size = np.zeros(count)
    for k in range(count):
        size[k] = np.linalg.norm(np.ptp(vertices[labels == k], axis=0))
    face_shapes = [d for name, d in shapes.items() if name.startswith(("mouth", "brow", "nose", "cheek"))]
    moved = np.zeros(len(vertices))
    for delta in face_shapes:
        motion = np.linalg.norm(delta, axis=1)
        moved += motion > 0.1 * max(motion.max(), 1e-12)
    used = labels >= 0
    score = np.bincount(labels[used], moved[used], minlength=count)
    if not score.any():
        score = size + 1e-6 * np.bincount(labels[used], minlength=count)
    return int(np.argmax(np.where(size >= size.max() / 3.0, score, -1.0))) if score.any() else int(np.argmax(size))


def cut_head(
    vertices: np.ndarray, skin: np.ndarray, triangles: np.ndarray
) -> tuple[np.ndarray, np.ndarray, list[Part]]:
    """The head of a whole body: skin vertices and triangles above the collar, the rest as a still part."""
    near = (vertices[:, 1] > HEAD_FLOOR) & (np.abs(vertices[:, 0]) < 14.0)
    kept = triangles[near[triangles].all(axis=1)]
    labels = surface.loose_parts(len(vertices), kept)
    face = skin[np.argmin(np.linalg.norm(vertices[skin] - FACE_CENTRE, axis=1))]
    kept = kept[labels[kept[:, 0]] == labels[face]]
    head = np.unique(kept)
    return head, kept, [Part("body", np.setdiff1d(skin, head), "cranium")]


def outward(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """The triangles wound so that most of the far-out surface faces outwards."""
    normals = surface.triangle_normals(vertices, triangles)
    middle = vertices[triangles].mean(axis=1)
    rel = middle - 0.5 * (middle.min(axis=0) + middle.max(axis=0))
    # Cubed distance: the outside of the head outweighs the pockets, whose walls face the other way.
    vote = (normals * rel).sum(axis=1) @ np.linalg.norm(rel, axis=1) ** 2
    return triangles if vote >= 0 else triangles[:, ::-1]


def _rigidity(points: np.ndarray, delta: np.ndarray) -> float:
    """Share of the motion (RMS) that is left after the best affine-free (translation + rotation) fit."""
    x = points - points.mean(axis=0)
    d = delta - delta.mean(axis=0)
    cross = np.zeros((3 * len(x), 3))
    for k in range(3):
        cross[:, k] = np.cross(np.eye(3)[k], x).ravel()
    rest = d.ravel() - cross @ np.linalg.lstsq(cross, d.ravel(), rcond=None)[0]
    return float(np.linalg.norm(rest) / max(np.linalg.norm(delta), 1e-12))


def classify_parts(
    vertices: np.ndarray,
    labels: np.ndarray,
    skin: np.ndarray,
    skin_label: int,
    skin_triangles: np.ndarray,
    deltas: Mapping[str, np.ndarray],
    marks: FaceMarks,
    jaw_share: np.ndarray,
) -> list[Part]:
    """Every loose part but the skin, in mesh order; all lengths in normalised cm.

    skin_triangles: (T, 3) of the skin · jaw_share: (V,) how much of the jaw's rigid motion jawOpen gives each vertex
    (NaN without jawOpen).
    """
    tree, rays = cKDTree(vertices[skin]), RayTarget(vertices, skin_triangles)
    parts = []
    for label in range(-1, int(labels.max()) + 1):
        index = np.flatnonzero(labels == label)
        if len(index) == 0 or label == skin_label:
            continue
        parts.append(_classify(index, vertices, tree, rays, deltas, marks, jaw_share))
    return parts if "jawOpen" in deltas else _by_rows(parts, vertices, marks.mouth)


def _by_rows(parts: list[Part], vertices: np.ndarray, mouth: np.ndarray) -> list[Part]:
    """What is in the mouth sorted by the two rows of teeth, on a head that shows no jaw motion.

    The rows part at the widest gap between the teeth's heights. Gums and tongue in one piece are cut between the rows
    beside the teeth, and at the roots of the upper ones elsewhere: the tongue goes with the jaw.
    """
    height = {k: vertices[p.vertices, 1].mean() for k, p in enumerate(parts) if p.kind.startswith("teeth")}
    rows = np.sort(list(height.values()))
    bite = mouth[1]
    if len(rows) > 1 and np.diff(rows).max() > ROW_GAP:
        k = int(np.argmax(np.diff(rows)))
        bite = 0.5 * (rows[k] + rows[k + 1])
    roots = float(np.mean(rows[rows > bite])) if (rows > bite).any() else mouth[1] + ROOTS
    out = []
    for k, part in enumerate(parts):
        if k in height:
            lower = height[k] < bite
            part = Part("teeth_lower" if lower else "teeth_upper", part.vertices, "mandible" if lower else "cranium")
        if part.kind != "mouth_inside":
            out.append(part)
            continue
        x = vertices[part.vertices]
        upper = [vertices[p.vertices] for i, p in enumerate(parts) if i in height and height[i] > bite]
        beside = cKDTree(np.concatenate(upper)).query(x)[0] < GUM_REACH if upper else x[:, 1] > roots
        low = np.where(beside, x[:, 1] < bite, x[:, 1] < roots)
        out += [Part(part.kind, part.vertices[~low], "cranium"), Part(part.kind, part.vertices[low], "mandible")]
    return out


def _classify(
    index: np.ndarray,
    vertices: np.ndarray,
    skin_tree: cKDTree,
    rays: RayTarget,
    deltas: Mapping[str, np.ndarray],
    marks: FaceMarks,
    jaw_share: np.ndarray,
) -> Part:
    """What a loose part, the vertices index (n,) of (V, 3), is by its place, its form and what it does in shapes."""
    points = vertices[index]
    centre = points.mean(axis=0)
    gap = float(np.median(skin_tree.query(points)[0]))
    eye_gap = {side: np.linalg.norm(centre - c) for side, c in (("L", marks.eye_left), ("R", marks.eye_right))}
    side = min(eye_gap, key=eye_gap.get)
    mouth = marks.mouth
    if eye_gap[side] < 2.5:
        blink = deltas.get("eyeBlinkLeft" if side == "L" else "eyeBlinkRight")
        moved = blink is not None and np.linalg.norm(blink[index], axis=1).max() > 0.1
        round_enough = np.ptp(points, axis=0).min() > 0.6 * np.ptp(points, axis=0).max()
        if round_enough and not (moved and _rigidity(points, blink[index]) > 0.2):
            return Part(f"eye_{side}", index, "cranium")
        return Part("lashes" if moved else "eye_trim", index, "skin")
    in_mouth = abs(centre[0]) < 4.0 and abs(centre[1] - mouth[1]) < 4.0 and -8.0 < centre[2] - mouth[2] < 1.5
    if in_mouth and gap < 4.0 and _behind_skin(points, rays, mouth):
        share = float(np.nanmean(jaw_share[index])) if np.isfinite(jaw_share[index]).any() else np.nan
        lower = share > 0.4 if np.isfinite(share) else centre[1] < mouth[1]
        wide = np.ptp(points[:, 1]) > 2.0 and np.ptp(points[:, 2]) > 3.0
        kind = "mouth_inside" if wide else ("teeth_lower" if lower else "teeth_upper")
        return Part(kind, index, "mandible" if lower else "cranium")
    if gap < 0.8:
        return Part("overlay", index, "skin")
    return Part("other", index, "cranium")


def _behind_skin(points: np.ndarray, rays: RayTarget, mouth: np.ndarray) -> bool:
    """Whether lips and cheeks cover most of a part (n, 3), seen from the upright axis behind the mouth: teeth lie
    inside of them, a beard outside."""
    some = points[:: max(1, len(points) // SEEN)]
    away = some * [1.0, 0.0, 1.0] - [mouth[0], 0.0, mouth[2] - BEHIND]
    away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
    hits = rays.first_hits(some, away)
    return bool(np.isfinite(hits[:, 0]).mean() > 0.5)
