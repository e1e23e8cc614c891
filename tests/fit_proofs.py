# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Targets that a rig makes of itself, and how far a fit comes from them; the tests say how small that has to be."""

from dataclasses import dataclass

import numpy as np
from muscle_face.core import FaceModel
from muscle_face.core.anatomy.rays import RayTarget
from muscle_face.core.fit.camera import Camera
from muscle_face.core.fit.head import Head
from muscle_face.core.fit.landmark_sets import bind
from muscle_face.core.fit.options import FitOptions
from muscle_face.core.fit.setting import movable
from muscle_face.core.fit.targets import SkinPoints
from muscle_face.core.pose import Pose
from scipy.spatial.transform import Rotation

STILL = ("PupilDilate", "eyeLook", "tongue")
"""Shapes that move eyeballs and tongue, which a face does not show."""

FACE_EXPOSURE = 0.3


def face_vertices(model: FaceModel) -> np.ndarray:
    """Skin vertices of the face: seen from outside, before the ears, above the chin."""
    marks, skin = model.landmarks, model.skin_vertices
    at = (model.neutral[skin] - model.rig.origin) @ np.linalg.inv(model.rig.frame).T
    ear, chin, crown = ((np.mean([marks[n] for n in names], 0) - model.rig.origin) @ np.linalg.inv(model.rig.frame).T
                        for names in (("tragus_L", "tragus_R"), ("menton",), ("mid_forehead",)))  # fmt: skip
    seen = (model.rig.exposure > FACE_EXPOSURE) & (at[:, 2] > ear[2] + 1.0)
    return skin[seen & (at[:, 1] > chin[1] - 1.0) & (at[:, 1] < crown[1] + 2.0)]


def rms_mm(model: FaceModel, a: np.ndarray, b: np.ndarray, vertices: np.ndarray) -> float:
    """RMS distance of two skins (V, 3) over some vertices [mm]."""
    return float(np.sqrt(((a - b)[vertices] ** 2).sum(1).mean())) * model.mm_per_unit


def random_expressions(model: FaceModel, count: int, seed: int = 6) -> list[Pose]:
    """Settled faces at 3 to 8 sliders each, at 0.2 to 1."""
    names, rng = model.controls().names, np.random.default_rng(seed)
    may = [i for i in movable(model, FitOptions()) if not names[i].startswith(STILL)]
    vectors = np.zeros((count, len(names)))
    for row in vectors:
        some = rng.choice(may, rng.integers(3, 9), replace=False)
        row[some] = rng.uniform(0.2, 1.0, len(some))
    return model.solve_batch(list(vectors))


def nudged_head(model: FaceModel, rng: np.random.Generator) -> Head:
    """A head some degrees and millimetres away from where the rig has it, as an artist would leave it."""
    turn, move = rng.normal(0.0, 0.05, 3), rng.normal(0.0, 7.0, 3) / model.mm_per_unit
    return Head().moved(np.concatenate([turn, move]), model.neutral[model.skin_vertices].mean(0))


@dataclass
class Scan:
    """vertices (n, 3) and triangles (m, 3) of a surface of its own topology, in the user's frame and unit."""

    vertices: np.ndarray
    triangles: np.ndarray


def scanned(model: FaceModel, skin: np.ndarray, rng: np.random.Generator, *, noise_mm: float, missing: float) -> Scan:
    """What a scanner that turns about the head sees of a skin (V, 3): a grid of ray hits 1.2 mm apart, with noise, and
    without patches that make up a share of it."""
    rig, step = model.rig, 0.12
    inverse = np.linalg.inv(rig.frame)
    marks = {n: (p - rig.origin) @ inverse.T for n, p in model.landmarks.items()}
    target = RayTarget((skin - rig.origin) @ inverse.T, model.triangles)
    middle = 0.5 * (marks["tragus_L"] + marks["tragus_R"])
    heights = np.arange(marks["menton"][1] - 2.0, marks["vertex"][1], step)
    turn, height = np.meshgrid(np.arange(-1.5, 1.5, step / 9.0), heights)
    inwards = -np.stack([np.sin(turn), 0.0 * turn, np.cos(turn)], axis=-1).reshape(-1, 3)
    axis = np.stack([middle[0] + 0.0 * turn, height, middle[2] + 0.0 * turn], axis=-1).reshape(-1, 3)
    at = target.first_hits(axis - 30.0 * inwards, inwards, both_sides=False)
    seen = np.isfinite(at[:, 0])
    at = np.nan_to_num(at) + 0.1 * noise_mm * rng.standard_normal(at.shape)
    wanted = (1.0 - missing) * seen.sum()
    while seen.sum() > wanted:
        hole = at[rng.choice(np.flatnonzero(seen))]
        seen &= np.linalg.norm(at - hole, axis=1) > 1.2
    grid = np.arange(len(at)).reshape(turn.shape)
    a, b, c, d = grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]
    triangles = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    triangles = triangles[seen[triangles].all(1)]
    # Rays on either side of a nose must not be joined across the gap.
    edges = np.linalg.norm(at[triangles] - at[np.roll(triangles, 1, axis=1)], axis=2)
    triangles = triangles[edges.max(1) < 6.0 * step]
    used, triangles = np.unique(triangles, return_inverse=True)
    return Scan(at[used] @ rig.frame.T + rig.origin, triangles.reshape(-1, 3))


def off_surface_mm(model: FaceModel, skin: np.ndarray, true: np.ndarray, vertices: np.ndarray) -> float:
    """RMS distance of some vertices of a skin (V, 3) from the surface of another [mm]."""
    middle = true.mean(0)
    corners, weights = RayTarget(true - middle, model.triangles).closest(skin[vertices] - middle)
    on = np.einsum("pc,pci->pi", weights, true[corners])
    return float(np.sqrt(((skin[vertices] - on) ** 2).sum(1).mean())) * model.mm_per_unit


def portrait_camera(model: FaceModel, face_pixels: float = 300.0, turn: float = 0.35) -> Camera:
    """A camera 60 cm before the face and `turn` [rad] to its side, which shows the face that wide."""
    marks = model.landmarks
    aim = 0.25 * (marks["pupil_L"] + marks["pupil_R"]) + 0.5 * marks["stomion"]
    distance = 600.0 / model.mm_per_unit
    width = np.linalg.norm(marks["zygion_L"] - marks["zygion_R"])
    focal = face_pixels * distance / width
    place = np.eye(4)
    place[:3, :3] = Rotation.from_rotvec([0.0, -turn, 0.0]).as_matrix() @ model.rotation
    place[:3, 3] = -place[:3, :3] @ aim - [0.0, 0.0, distance]
    return Camera(focal, focal, 400.0, 300.0, 800, 600, place, (0.05, -0.02, 0.0))


def points_68(model: FaceModel, vertices: np.ndarray | None = None) -> SkinPoints:
    """The 68 landmarks of iBUG 300-W: at given vertices, else the 52 of them that are not the outline of the face."""
    return bind(model, [str(k) for k in range(68)])[1] if vertices is None else SkinPoints.of_vertices(vertices)
