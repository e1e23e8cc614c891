# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The flesh of an analysed head: meshed in the open pose, pulled back to neutral, skin embedded."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from scipy.spatial import cKDTree

from ..anatomy.head import Head
from ..errors import MuscleFaceError
from ..parallel import run_all
from ..physics.flesh import Flesh
from . import embedding, quality, rest, surface
from .field import DistanceField
from .regions import FleshSkin, Regions
from .tetmesh import BONE, SKIN, TetMesh, mesh_flesh

TARGET_TETS = {"draft": 16_000, "standard": 50_000}
FINE = ("mouth_corner_L", "mouth_corner_R", "stomion", "upper_lip", "lower_lip", "labrale_superius", "labrale_inferius",
        "eye_inner_L", "eye_inner_R", "eye_outer_L", "eye_outer_R", "upper_lid_L", "upper_lid_R", "lower_lid_L",
        "lower_lid_R", "ala_L", "ala_R", "subnasale", "brow_inner_L", "brow_inner_R", "brow_mid_L", "brow_mid_R",
        "mentolabial", "canine_fossa_L", "canine_fossa_R")  # fmt: skip
"""Landmarks around which the flesh is meshed finely."""

GUM = 0.4
"""Bone depth under the lining of mouth and sockets [cm]; whether there is bone at all the outer skin decides."""

CRANIUM, MANDIBLE = 1, 2

JOINT_GAP = 0.7
"""Least distance between nodes of skull and mandible [cm]; a jaw slides forward by about one."""


@dataclass(frozen=True)
class HeadFlesh:
    """nodes: (N, 3) neutral rest [cm] · tets: (T, 4) · bone: (N,) 0 free, 1 cranium, 2 mandible ·
    skin: (Vs,) vertices of the head · carrier: (Vs,) tet that carries each of them · embed: (Vs, N) barycentric
    weights · stats · open_flesh: the tets in the open pose, their elimination order known."""

    nodes: np.ndarray
    tets: np.ndarray
    bone: np.ndarray
    skin: np.ndarray
    carrier: np.ndarray
    embed: sp.csr_matrix
    stats: dict[str, float]
    open_flesh: Flesh


def skin_of(head: Head) -> tuple[FleshSkin, np.ndarray]:
    """The mesher's view of a head, and the head's vertex of each of its own."""
    index = np.full(len(head.vertices), -1)
    index[head.skin] = np.arange(len(head.skin))
    triangles = index[head.triangles]
    points = head.open_pose[head.skin]
    fine = np.array([head.landmarks[n] for n in FINE if n in head.landmarks])
    distance = cKDTree(fine).query(head.vertices[head.skin])[0]
    outer = head.exposure[head.skin] > 0.1
    depth = head.tissue_depth[head.skin]
    pocket = np.zeros(len(head.vertices), bool)
    pocket[np.concatenate([np.zeros(0, np.int64), *head.pockets.values()])] = True
    lining = ~outer & ~pocket[head.skin]
    size = np.clip(0.42 + 0.16 * np.maximum(distance - 1.0, 0.0), 0.42, 1.6)
    skin = FleshSkin(
        points=points,
        triangles=triangles,
        normals=surface.vertex_normals(points, triangles),
        loops=[index[b] for b in head.borders],
        size=size,
        depth=np.where(outer, depth, np.minimum(depth, GUM)),
        outer_depth=np.where(lining, np.minimum(depth, GUM), depth),
        outer=outer,
        mandible=head.mandible_weight[head.skin],
        jaw_bone=head.mandible_bone[head.skin],
    )
    return skin, head.skin


def build_flesh(head: Head, quality_level: str = "standard", tick: Callable[[], None] = lambda: None) -> HeadFlesh:
    """Mesh the flesh of ``head`` with about the number of tets of the quality level.

    ``tick`` is called every so often and may raise to stop.
    """
    skin, vertices = skin_of(head)
    mesh = mesh_flesh(skin, TARGET_TETS[quality_level], tick)
    tick()
    bone = _bones(mesh, skin, vertices, head)
    held = mesh.kind == SKIN
    target = mesh.nodes.copy()
    corner = skin.triangles[mesh.triangle[held]]
    target[held] = np.einsum("pk,pki->pi", mesh.bary[held], head.vertices[vertices][corner])
    R, t = head.jaw.motion(head.opening, 0.0, 0.0)
    jaw = bone == MANDIBLE
    target[jaw] = (mesh.nodes[jaw] - t) @ R
    bone = _parted(bone, target)
    open_flesh = rest.bare(mesh.nodes, mesh.tets, bone > 0)
    # Factors will need an elimination order, which takes as long to find as half of the way back.
    nodes, _ = run_all([lambda: rest.pull_back(open_flesh, held & (bone == 0), target), lambda: open_flesh.ordering])
    tick()
    neutral = head.vertices[vertices]
    carrier = embedding.carrying_tets(
        [skin.points, neutral],
        [skin.normals, surface.vertex_normals(neutral, skin.triangles)],
        [mesh.nodes, nodes],
        mesh.tets,
    )
    embed = embedding.embedding_matrix(neutral, nodes, mesh.tets, carrier)
    stats = {"tets": len(mesh.tets), "nodes": len(nodes), **rest.measure(nodes, mesh.tets)}
    if stats["rest_inverted"] and head.opening and head.shape("jawOpen") is None:
        # A mouth that was opened for the mesher only does not close again: better glued lips than no flesh.
        return build_flesh(replace(head, opening=0.0, open_pose=head.vertices), quality_level, tick)
    if stats["rest_inverted"]:
        raise MuscleFaceError(
            f"The skin folds so tightly that {int(stats['rest_inverted'])} cells of flesh do not fit: smooth the lips "
            "and folds of the neutral, or rig in draft quality."
        )
    stats["bone_depth_mm_min"] = 10.0 * _least_depth(nodes[mesh.kind == BONE], skin, neutral)
    stats["lip_glued_edges"] = glued_lip_edges(mesh, skin, head)
    return HeadFlesh(nodes, mesh.tets.astype(np.int32), bone, vertices, carrier, embed, stats, open_flesh)


def _bones(mesh: TetMesh, skin: FleshSkin, vertices: np.ndarray, head: Head) -> np.ndarray:
    """(N,) bone of each node; the cut of the neck is held with the cranium."""
    bone = np.zeros(len(mesh.nodes), np.int8)
    bone[mesh.kind == BONE] = np.where(mesh.jaw_bone[mesh.kind == BONE] < 0.5, CRANIUM, MANDIBLE)
    if skin.loops:
        rim = skin.points[max(skin.loops, key=len)]
        bone[cKDTree(rim).query(mesh.nodes)[0] < 0.2] = CRANIUM
    return bone


def _parted(bone: np.ndarray, neutral: np.ndarray) -> np.ndarray:
    """(N,) the bones without those nodes of each that are too near to the other: a jaw that slides would crush the
    flesh between them."""
    sides = [np.flatnonzero(bone == b) for b in (CRANIUM, MANDIBLE)]
    parted = bone.copy()
    if all(map(len, sides)):
        for mine, other in (sides, sides[::-1]):
            parted[mine[cKDTree(neutral[other]).query(neutral[mine])[0] < JOINT_GAP]] = 0
    return parted


def _least_depth(bone: np.ndarray, skin: FleshSkin, neutral: np.ndarray) -> float:
    """Distance [cm] from the outer skin (V, 3) to the bone node (B, 3) that is nearest to it."""
    outer = skin.triangles[skin.outer[skin.triangles].all(1)]
    return float(DistanceField(neutral, outer).query(bone).distance.min()) if len(bone) else 0.0


def glued_lip_edges(mesh: TetMesh, skin: FleshSkin, head: Head) -> int:
    """Tet edges that cross the air between upper and lower lip in the open pose.

    One end goes with the skull, the other with the jaw, and the midpoint lies outside the skin. Ends that share both
    motions evenly are the commissures, where the lips join by right; below the lips the chin may fold onto the neck.
    """
    edges = quality.unique_edges(mesh.tets)
    edges = edges[(mesh.kind[edges] == SKIN).all(1)]
    share = np.einsum("pk,pk->p", mesh.bary, skin.mandible[skin.triangles[np.maximum(mesh.triangle, 0)]])
    lip = np.where(share < 0.35, -1, np.where(share > 0.65, 1, 0))
    edges = edges[lip[edges[:, 0]] * lip[edges[:, 1]] < 0]
    corners = [head.open_pose[head.landmark_vertices[f"mouth_corner_{s}"]] for s in "LR"]
    middle = mesh.nodes[edges].mean(1)
    width = np.linalg.norm(corners[0] - corners[1])
    fold = head.open_pose[head.landmark_vertices["mentolabial"], 1]
    middle = middle[(np.linalg.norm(middle - np.mean(corners, axis=0), axis=1) < width) & (middle[:, 1] > fold)]
    return int((Regions(skin).outside(middle) > 0.0).sum()) if len(middle) else 0
