# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The face on a mesh in any orientation and scale, from its geometry alone.

On each mirror plane of the mesh, depth images seen along the plane's directions are searched at all heights and sizes
for the depth image of the template's face; the best finds are then laid onto the mesh exactly and compared.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from ..errors import MuscleFaceError
from ..geometry import surface
from . import plausible
from .face_template import COLUMNS, PIXEL, ROWS, TOP, FaceTemplate, face_template, front_depth
from .frame import FaceMarks
from .mirror_plane import MirrorPlane, mirror_planes, settle_plane
from .parts import outward
from .registration import Placement, SkinTarget, settle_placement, warp_landmarks

CLOUD, DENSE = 3000, 30000  # points of a mesh that is searched, and of a face that is halved
MIDPLANE_ROUNDS = 100  # of closest mirror images
PLANES = 3  # planes of symmetry in which a face is looked for
DIRECTIONS = 24  # seen along in each plane, a turn of 15 degrees apart
SIZE = 60.0  # the mesh's diagonal while it is searched: rays are cast in single precision
LARGEST, SMALLEST = 1.0 / 17.0, 1.0 / 230.0  # a centimetre of the face as a share of the mesh's diagonal
STEP = 1.12  # between sizes
COVER = 0.75  # share of the template's image that the mesh must fill
MOST_TILT = 0.2  # slope that a find may differ from the template's
FINDS, SETTLED = 40, 16  # along each plane, and of all that are laid onto the mesh
SAME_SIZE, SAME_PLACE, SAME_FRONT = 1.28, 2.5, np.cos(np.radians(25.0))  # ratio, [cm] and turn of finds of one place
MOST_DOUBTS = 2  # places of a face that landmarks may leave in doubt
FACE_BOX = 8.0, 2.0  # [cm] from the middle of the face to its edges, and its depth there, in the template's frame
MOST_TURN = np.cos(np.radians(8.0))  # of the midplane against the template's
UNEVEN = 1.5  # [cm] that landmarks of the two sides may differ by because each was laid onto the skin by itself
GOOD_GAP, WORST_GAP = 0.45, 0.75  # [cm] misfit of what is surely a face, and of what can be none
PARTS, FEWEST = 4, 300  # loose parts that are tried, and their least number of vertices


@dataclass(frozen=True)
class FoundFace:
    """marks and landmarks in the user's frame; axes: (3, 3) unit rows left, up, front; gap: misfit [cm];
    likely: the landmarks are those of a face with a nose."""

    marks: FaceMarks
    landmarks: dict[str, np.ndarray]
    axes: np.ndarray
    gap: float
    likely: bool


def search_parts(vertices: np.ndarray, triangles: np.ndarray, labels: np.ndarray) -> tuple[int, FoundFace]:
    """The loose part of a mesh that is the skin of a face, and the face on it; the largest parts are tried first.

    Hair, clothes or a stand may be larger than the head. Raises MuscleFaceError when no part resembles a face.
    """
    size = [float(np.linalg.norm(np.ptp(vertices[labels == k], axis=0))) for k in range(int(labels.max()) + 1)]
    count = np.bincount(labels[labels >= 0], minlength=len(size))
    order = [k for k in np.argsort(size)[::-1][:PARTS] if count[k] >= FEWEST]
    best: tuple[int, FoundFace] | None = None
    for label in order:
        found = search_face(vertices, triangles[labels[triangles[:, 0]] == label])
        if found is not None and (best is None or (not found.likely, found.gap) < (not best[1].likely, best[1].gap)):
            best = label, found
        # Clothes may be round like a face, but few have more vertices than one.
        if best is not None and best[1].likely and best[1].gap < GOOD_GAP and count[best[0]] == count[order].max():
            break
    if best is None or best[1].gap > WORST_GAP:
        raise MuscleFaceError("No face was found on this mesh: select a head mesh, or place the landmarks by hand.")
    return best


def search_face(vertices: np.ndarray, triangles: np.ndarray) -> FoundFace | None:
    """The likeliest place of a face on a surface; None where there is not even one to compare."""
    template = face_template()
    used = vertices[np.unique(triangles)]
    origin = used.mean(axis=0)
    unit = np.linalg.norm(np.ptp(used, axis=0)) / SIZE
    x = (vertices - origin) / unit
    triangles = outward(x, triangles)
    target = SkinTarget(x, triangles)
    cloud = _cloud(x, triangles)
    finds: list[tuple[float, Placement]] = []
    for plane in mirror_planes(cloud, PLANES):
        finds += _scan_plane(target, cloud, plane, template)
    found = best_placement(template, target, distinct_places(finds))
    if found is None:
        return None
    placed, points, likely = found
    plane = midplane(x, triangles, placed)
    points = evened(points, plane, UNEVEN * placed.scale)
    points = {n: unit * p + origin for n, p in points.items()}
    marks = FaceMarks(*(points[n] for n in ("pupil_L", "pupil_R", "mouth_corner_L", "mouth_corner_R")))
    return FoundFace(marks, points, _axes(plane.normal, placed.rotation[:, 1]), placed.gap, likely)


def midplane(x: np.ndarray, triangles: np.ndarray, placed: Placement) -> MirrorPlane:
    """The mirror plane of the face alone: the template's own middle is off where a face differs from it."""
    middle = (x[triangles].mean(axis=1) - placed.translation) @ placed.rotation / placed.scale
    inside = (np.abs(middle[:, :2]) < FACE_BOX[0]).all(axis=1) & (middle[:, 2] > FACE_BOX[1])
    normal = placed.rotation[:, 0]
    start = MirrorPlane(normal, float(normal @ placed.translation), np.inf)
    if inside.sum() < FEWEST:
        return start
    cloud = _cloud(x, triangles[inside], DENSE)
    plane = settle_plane(cKDTree(cloud), cloud, cloud[:: DENSE // CLOUD], normal, start.offset, MIDPLANE_ROUNDS)
    away = abs(float(plane.normal @ placed.translation) - plane.offset) / placed.scale
    return plane if plane.normal @ normal > MOST_TURN and away < UNEVEN else start


def evened(points: dict[str, np.ndarray], plane: MirrorPlane, most: float) -> dict[str, np.ndarray]:
    """Landmarks with those of the midline on the plane and pairs that mirror each other to `most` doing so exactly."""
    out = {}
    for name, p in points.items():
        partner = points[{"_L": name[:-1] + "R", "_R": name[:-1] + "L"}.get(name[-2:], name)]
        image = plane.mirrored(partner[None])[0]
        out[name] = 0.5 * (p + image) if np.linalg.norm(p - image) < most else p
    return out


def _axes(left: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Unit rows (3, 3) left, up, front with `left` as it is."""
    up = up - (up @ left) * left
    up /= np.linalg.norm(up)
    return np.array([left, up, np.cross(left, up)])


def distinct_places(finds: list[tuple[float, Placement]]) -> list[Placement]:
    """The best finds, each the best of its place: on a head unlike the template, the ones of a wrong place may be many
    and better than the ones of the right one."""
    kept: list[Placement] = []
    for _, p in sorted(finds, key=lambda f: f[0]):
        if not any(_same_place(p, k) for k in kept):
            kept.append(p)
        if len(kept) == SETTLED:
            break
    return kept


def _same_place(a: Placement, b: Placement) -> bool:
    near = np.linalg.norm(a.translation - b.translation) < SAME_PLACE * b.scale
    return bool(near and 1.0 / SAME_SIZE < a.scale / b.scale < SAME_SIZE and _front(a) @ _front(b) > SAME_FRONT)


def _front(placed: Placement) -> np.ndarray:
    return placed.rotation[:, 2]


def best_placement(
    template: FaceTemplate, target: SkinTarget, starts: list[Placement]
) -> tuple[Placement, dict[str, np.ndarray], bool] | None:
    """The start that settles with the least gap, its landmarks, and whether they are those of a face: one whose are
    goes before all others, as the back of a head may fit as well as a face of unusual proportions."""
    settled = sorted((settle_placement(template, target, start) for start in starts), key=lambda p: p.gap)
    first = None
    for placed in settled:
        if placed.gap > WORST_GAP and first is not None:
            break
        points = warp_landmarks(template, target, placed)
        upright = {n: (p - placed.translation) @ placed.rotation / placed.scale for n, p in points.items()}
        likely = plausible.has_nose(upright) and len(plausible.doubtful(upright)) <= MOST_DOUBTS
        if likely:
            return placed, points, True
        first = first or (placed, points, False)
    return first


def _cloud(x: np.ndarray, triangles: np.ndarray, count: int = CLOUD) -> np.ndarray:
    """Points (count, 3) spread evenly over the surface."""
    rng = np.random.default_rng(5)
    area = np.linalg.norm(surface.triangle_normals(x, triangles), axis=1)
    chosen = triangles[rng.choice(len(triangles), count, p=area / area.sum())]
    u, v = np.sqrt(rng.random(count)), rng.random(count)
    return np.einsum("nc,nci->ni", np.stack([1.0 - u, u * (1.0 - v), u * v], axis=1), x[chosen])


def _scan_plane(
    target: SkinTarget, cloud: np.ndarray, plane: MirrorPlane, template: FaceTemplate
) -> list[tuple[float, Placement]]:
    """The best finds along a mirror plane: (misfit, placement)."""
    n = plane.normal
    a = np.cross(n, np.eye(3)[np.argmin(np.abs(n))])
    a /= np.linalg.norm(a)
    b = np.cross(n, a)
    origin = cloud.mean(axis=0) - (cloud.mean(axis=0) @ n - plane.offset) * n
    finds = []
    for left in (n, -n):
        for angle in 2.0 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS:
            front = np.cos(angle) * a + np.sin(angle) * b
            finds += _scan_direction(target, cloud, np.array([left, np.cross(front, left), front]), origin, template)
    return sorted(finds, key=lambda f: f[0])[:FINDS]


def _scan_direction(
    target: SkinTarget, cloud: np.ndarray, axes: np.ndarray, origin: np.ndarray, template: FaceTemplate
) -> list[tuple[float, Placement]]:
    """The best find of each size along one direction."""
    height = (cloud - origin) @ axes[1]
    finds = []
    size = LARGEST * SIZE
    while size > SMALLEST * SIZE:
        rows = np.arange(height.max() + 2.0 * size, height.min() - 2.0 * size, -PIXEL * size)
        if len(rows) >= len(ROWS):
            depth = front_depth(target.rays, axes, origin, COLUMNS * size, rows) / size
            misfit, row, ahead = _match(depth, template.depth)
            if np.isfinite(misfit):
                eye_line = origin + (rows[row] - TOP * size) * axes[1] + ahead * size * axes[2]
                finds.append((misfit, Placement(size, axes.T, eye_line)))
        size /= STEP
    return finds


def _match(depth: np.ndarray, wanted: np.ndarray) -> tuple[float, int, float]:
    """(mean capped misfit [cm], first row, offset in depth) of the rows of a depth image most like the wanted ones."""
    windows = np.lib.stride_tricks.sliding_window_view(depth, len(wanted), axis=0).transpose(0, 2, 1)
    face = np.isfinite(wanted)
    windows = windows[:, face]
    hit = np.isfinite(windows)
    full = np.flatnonzero(hit.mean(axis=1) > COVER)
    if len(full) == 0:
        return np.inf, 0, 0.0
    hit = hit[full]
    rest = np.where(hit, windows[full] - wanted[face], 0.0)
    # A tilt of the head is a slope along the rows; what is left after a straight line is shape.
    y = np.broadcast_to(ROWS[:, None], wanted.shape)[face]
    count = hit.sum(axis=1)
    mean_y, mean_r = (hit * y).sum(axis=1) / count, rest.sum(axis=1) / count
    dy = np.where(hit, y - mean_y[:, None], 0.0)
    slope = (dy * rest).sum(axis=1) / np.maximum((dy**2).sum(axis=1), 1e-9)
    slope = np.clip(slope, -MOST_TILT, MOST_TILT)
    gap = np.where(hit, np.minimum(np.abs(rest - mean_r[:, None] - slope[:, None] * dy), 1.0), 1.0).mean(axis=1)
    best = int(np.argmin(gap))
    return float(gap[best]), int(full[best]), float(mean_r[best] - slope[best] * mean_y[best])
