# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The artist's own skull and mandible in a head: how deep under the skin they lie, and whether they can lie there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import MuscleFaceError, as_numbers
from ..geometry import surface
from ..geometry.field import DistanceField, close_borders
from .cavities import outer_triangles
from .checks import place_name
from .frame import Frame
from .head import Head
from .rays import RayTarget
from .tissue import MEAN_DEPTH, NO_BONE, paired

Mesh = tuple[np.ndarray, Sequence[Sequence[int]]]

BONES = {"cranium": "skull", "mandible": "jaw"}
"""The bones that may be given, and what a sentence calls them."""

LEAST_DEPTH = 0.25
"""Skin alone is nearly as thick [cm]: no bone is taken to lie nearer to the surface."""

MOST_OUT = 0.1
"""Farther out of the skin a bone may not stick [cm]."""


@dataclass(frozen=True)
class Bone:
    """One bone, normalised centimetres. vertices: (n, 3) · triangles: (m, 3)."""

    vertices: np.ndarray
    triangles: np.ndarray


def read_mesh(
    what: str, vertices: np.ndarray, faces: Sequence[Sequence[int]], least: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Vertices (n, 3) and triangles (m, 3), at least so many, of a mesh. Raises MuscleFaceError."""
    vertices = as_numbers(vertices, f"The {what} has coordinates that are not numbers: repair its mesh.")
    triangles, _ = surface.triangulate(faces)
    sound = vertices.ndim == 2 and vertices.shape[1] == 3 and len(triangles) >= least
    if not sound or triangles.min() < 0 or triangles.max() >= len(vertices):
        raise MuscleFaceError(f"The {what} is no mesh with a surface: give one that is.")
    if not np.isfinite(vertices).all():
        raise MuscleFaceError(f"The {what} has coordinates that are not numbers: repair its mesh.")
    return vertices, triangles


def read_bones(bones: Mapping[str, Mesh]) -> dict[str, Bone]:
    """The bones as given, unscaled. Raises MuscleFaceError."""
    read = {}
    for name, (vertices, faces) in bones.items():
        if name not in BONES:
            raise MuscleFaceError(f'There is no bone "{name}": give "cranium", "mandible" or both.')
        read[name] = Bone(*read_mesh(BONES[name], vertices, faces, 50))
    if not read:
        raise MuscleFaceError("No bone was given: give a skull, a jaw or both.")
    return read


def in_frame(bones: Mapping[str, Bone], frame: Frame) -> dict[str, Bone]:
    """Bones of the user's frame in the normalised one."""
    return {name: replace(bone, vertices=frame.to_norm(bone.vertices)) for name, bone in bones.items()}


class Hull:
    """The outside of a head with mouth and eyes closed: depth is measured from it."""

    def __init__(self, head: Head) -> None:
        self.outer = outer_triangles(head.triangles, head.exposure)
        self.vertices = head.vertices
        self._skin = DistanceField(head.vertices, self.outer)
        loops = surface.border_loops(self.outer)
        self._closed = DistanceField(*close_borders(head.vertices, self.outer, loops), signed=True)
        self.neighbours = surface.adjacency(len(head.vertices), self.outer)
        self.normals = surface.smoothed_normals(head.vertices, self.outer, self.neighbours)

    def depth(self, points: np.ndarray) -> np.ndarray:
        """(n,) depth of points (n, 3) under the skin, negative outside [cm]."""
        return -self._closed.query(points, signed=True).distance

    def above(self, points: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Unit vectors (n, 3) from points (n, 3) to the nearest skin, and vertex ``values`` (V,) there."""
        closest = self._skin.query(points)
        way = self._skin.interpolate(closest, self.vertices) - points
        normal = self._skin.interpolate(closest, self.normals)
        way *= np.sign(np.einsum("ij,ij->i", way, normal))[:, None]
        length = np.linalg.norm(way, axis=1, keepdims=True)
        unit = np.where(length > 0.02, way / np.maximum(length, 1e-9), normal)
        return unit, self._skin.interpolate(closest, values)


def check_inside(head: Head, bones: Mapping[str, Bone]) -> None:
    """Raises MuscleFaceError when a bone sticks out of the skin."""
    hull = Hull(head)
    for name, bone in bones.items():
        used = np.unique(bone.triangles)
        depth = hull.depth(bone.vertices[used])
        if (depth < 0.0).mean() > 0.3:
            raise MuscleFaceError(f"The {BONES[name]} does not lie in the head: press Fit Bones, or move it there.")
        worst = int(np.argmin(depth))
        if depth[worst] < -MOST_OUT:
            place = place_name(bone.vertices[used[worst]], head.landmarks)
            raise MuscleFaceError(
                f"The {BONES[name]} sticks {-10.0 * depth[worst]:.0f} mm out of the skin near the {place}: press Fit "
                "Bones, or sculpt it back under the skin."
            )


def with_bones(head: Head, bones: Mapping[str, Bone]) -> Head:
    """The head with its flesh as deep as the given bones lie under the outer skin.

    Straight in from each skin vertex; where no bone is met within NO_BONE the estimate holds, blended over some
    vertices. The given skull can take the mandible away from under a vertex, but the gap between both bones at the
    joint stays the estimate's: flesh must bear the jaw's motion there.
    """
    check_inside(head, bones)
    hull = Hull(head)
    outer = np.unique(hull.outer)
    ways = {n: _way(head.vertices[outer], -hull.normals[outer], bone) for n, bone in bones.items()}
    way = np.min(list(ways.values()), axis=0)
    met = np.zeros(len(head.vertices))
    met[outer] = way < NO_BONE
    depth = head.tissue_depth.copy()
    depth[outer] = np.where(way < NO_BONE, np.maximum(way, LEAST_DEPTH), depth[outer])
    # Rays between teeth or past a rim jump: the mesher wants a surface.
    blended = np.exp(surface.smooth(np.log(depth), hull.neighbours, 2, keep=0.5))
    near = outer[surface.smooth(met, hull.neighbours, 2)[outer] > 0.0]
    depth[near] = blended[near]
    lip = outer[head.flesh_thickness[outer] < depth[outer]]
    depth[lip] = np.maximum(depth[lip], head.flesh_thickness[lip])
    mandible = head.mandible_bone.copy()
    if "cranium" in ways and "mandible" in ways:
        of_skull = np.zeros(len(head.vertices))
        of_skull[outer] = (ways["cranium"] < ways["mandible"]) & (ways["cranium"] < NO_BONE)
        mandible *= 1.0 - surface.smooth(of_skull, hull.neighbours, 3, keep=0.5)
    return replace(head, tissue_depth=depth, mandible_bone=mandible)


def _way(origins: np.ndarray, directions: np.ndarray, bone: Bone) -> np.ndarray:
    """(n,) way along unit directions (n, 3) to a bone, infinite where it is not met."""
    hits = RayTarget(bone.vertices, bone.triangles).first_hits(origins, directions)
    way = np.linalg.norm(hits - origins, axis=1)
    return np.where(np.isnan(way), np.inf, way)


def landmark_depths(head: Head, bones: Mapping[str, Bone] | None) -> np.ndarray:
    """(L,) depth [cm] of the bone under each landmark: to the nearest point of given bones, else the estimate."""
    points = np.array(list(head.landmarks.values()))
    if not bones:
        return head.tissue_depth[list(head.landmark_vertices.values())]
    fields = [DistanceField(b.vertices, b.triangles) for b in bones.values()]
    return np.min([f.query(points).distance for f in fields], axis=0)


def table_depths(names: Sequence[str]) -> dict[str, float]:
    """Published mean depth [cm] at the landmarks of these names that lie over bone."""
    values = paired(MEAN_DEPTH, dict.fromkeys(names))
    return {name: depth for name, depth in values.items() if depth < NO_BONE}


def bone_depths(names: Sequence[str], depths: np.ndarray) -> dict[str, tuple[float, float]]:
    """(depth, published mean) [mm] at the landmarks over bone, from depths (L,) [cm] at all of them."""
    found = dict(zip(names, 10.0 * depths, strict=True))
    return {n: (float(found[n]), 10.0 * mean) for n, mean in table_depths(names).items()}
