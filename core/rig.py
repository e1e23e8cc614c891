# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The data of a rig: plain arrays, stored as one .npz and read back bit by bit."""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from .anatomy.frame import Frame
from .anatomy.muscle_curves import CURVE
from .errors import MuscleFaceError

VERSION = 8
"""Of the stored arrays and of the tissue presets that they were made with."""

OLDEST = 4
"""The oldest version that is read: what it lacks has a default."""

UPDATE = "press Update Rig"
"""What an artist does about a rig that is not up to date."""

DAMAGED = "The stored rig is damaged: remove the rig and create it again."

DRAFT_TETS = 30_000
"""A flesh of fewer tets is a draft."""


def topology_hash(vertex_count: int, faces: Sequence[Sequence[int]]) -> str:
    """Fingerprint of a mesh's connectivity, the same for the same polygons."""
    sizes = np.fromiter((len(f) for f in faces), np.int32, len(faces))
    corners = np.fromiter((i for f in faces for i in f), np.int32, int(sizes.sum()))
    digest = hashlib.blake2b(digest_size=16)
    digest.update(np.int64(vertex_count).tobytes() + sizes.tobytes() + corners.tobytes())
    return digest.hexdigest()


def quantised(displacement: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(step (K,), steps (K, N, 3) int16) of displacements (K, N, 3); a step is a micrometre for motions of 3 cm."""
    step = np.abs(displacement).max((1, 2)).astype(np.float64) / 32000.0
    safe = np.where(step > 0.0, step, 1.0)[:, None, None]
    return step, np.rint(displacement / safe).astype(np.int16)


@dataclass(frozen=True)
class Rig:
    """Everything that a face model needs. Lengths in normalised centimetres unless said otherwise.

    Controls come in the order shapes, muscles, jaw. There are K tracks: one per shape, then those that stand in for
    jaw motions that the head has no shape for. V mesh vertices, N nodes, T tets, M muscles.
    """

    version: np.ndarray  # ()
    topology: np.ndarray  # () str
    vertices: np.ndarray  # (V, 3) neutral mesh, user's frame and unit
    frame: np.ndarray  # (3, 3) user vector = frame @ normalised vector
    origin: np.ndarray  # (3,) user position of the normalised origin
    mm_per_unit: np.ndarray  # () millimetres in one unit of the user's mesh
    skin: np.ndarray  # (Vs,) vertices of the head's surface
    triangles: np.ndarray  # (F, 3) vertices of the skin's triangles, wound outwards
    landmark_names: np.ndarray  # (L,) str
    landmarks: np.ndarray  # (L, 3) user's frame and unit
    exposure: np.ndarray  # (Vs,) 0 inside mouth and sockets .. 1 open skin
    landmark_depth: np.ndarray  # (L,) of the bone under each landmark
    bones: np.ndarray  # str, the bones that the artist gave ("cranium", "mandible")

    shape_names: np.ndarray  # (shapes,) str, as the artist calls them
    muscle_names: np.ndarray  # (M,) str
    muscle_source: np.ndarray  # (M,) int8: template, the artist's curve or mesh, see anatomy.muscle_curves
    path_points: np.ndarray  # (p, 3) the paths of all muscles one after another, user's frame and unit
    path_width: np.ndarray  # (p,) of the path there, user's unit
    path_sizes: np.ndarray  # (paths,) number of points of each path
    path_muscle: np.ndarray  # (paths,) its muscle
    muscle_thickness: np.ndarray  # (M,) user's unit
    muscle_strength: np.ndarray  # (M,) of the fibres against other muscles'
    muscle_lip: np.ndarray  # (M,) int8: 1 only above the mouth line, -1 only below, 0 anywhere
    muscle_closed: np.ndarray  # (M,) bool: rings
    mouth_line: np.ndarray  # (k, 3) between the lips, from the right to the left corner
    jaw_tracks: np.ndarray  # (4, K) track weights per unit of jaw_open, jaw_forward, jaw_side > 0, jaw_side < 0
    jaw_shaped: np.ndarray  # (3,) bool: the jaw control repeats a shape of the head

    jaw_hinge: np.ndarray  # (3,)
    jaw_spin: np.ndarray  # (3, 3) rotation vector per (open, forward, side)
    jaw_slide: np.ndarray  # (3, 3) translation per (open, forward, side)
    jaw_side_advance: np.ndarray  # (3,)
    jaw_of_track: np.ndarray  # (K, 3) bone motion (open, forward, side) per unit of each track

    nodes: np.ndarray  # (N, 3) rest positions
    tets: np.ndarray  # (T, 4)
    bone: np.ndarray  # (N,) 0 free, 1 cranium, 2 mandible
    region: np.ndarray  # (N,) int8, part of the face in the order of anatomy.composition.REGIONS
    quality: np.ndarray  # () str, how finely the flesh was meshed
    tissue: np.ndarray  # () str, name in physics.presets.TISSUES
    muscle_share: np.ndarray  # (T,) share of each tet's volume that is muscle
    skin_share: np.ndarray  # (T,) share that is skin; the rest is fat
    track_stiffness: np.ndarray  # (regions,) factor on the track springs in each part of the face
    rest_gravity: np.ndarray  # (3,) gravity under which the neutral was sculpted [m/s2], normalised frame
    unloaded: np.ndarray  # (N, 3) stress-free positions: under rest_gravity they sag into ``nodes``
    own_stretch: np.ndarray  # (M, levels) mean fibre stretch of each muscle acting alone, see readout
    fibre_muscle: np.ndarray  # (n,)
    fibre_tet: np.ndarray  # (n,)
    fibre_stress: np.ndarray  # (n,) volume fraction x sigma_max [N/cm2]
    fibre_direction: np.ndarray  # (n, 3)

    teeth_arch: np.ndarray  # (2, 3) upper and lower row, see geometry.arch
    lining_node: np.ndarray  # (C,) nodes that may touch the teeth
    lining_row: np.ndarray  # (C,) their row
    lining_area: np.ndarray  # (C,) [cm2]

    carried: np.ndarray  # (C,) vertices that the flesh carries
    carrier: np.ndarray  # (C, 4) their nodes
    carrier_weight: np.ndarray  # (C, 4) barycentric weights
    mandible_vertices: np.ndarray  # vertices that follow the jaw rigidly; all others stay

    track_step: np.ndarray  # (K,) length of one step of the stored displacements
    track_steps: np.ndarray  # (K, N, 3) int16, node displacements u of each track in those steps
    strain_largest: np.ndarray  # (T,) largest strain norm that a single track asks of each tet
    detail_step: np.ndarray  # (K,) length of one step of the stored detail
    detail_steps: np.ndarray  # (K, Vs, 3) int16, motion of the skin under each shape that is too fine for the tets
    part_vertices: np.ndarray  # (P,) vertices whose shapes are more than what bones and flesh do (eyes, teeth, lashes)
    part_delta: np.ndarray  # (K, P, 3) that more
    eye_left: np.ndarray  # vertices of the left eyeball, none where the head has no eyeballs
    eye_right: np.ndarray  # vertices of the right eyeball

    stat_names: np.ndarray  # str
    stat_values: np.ndarray
    warnings: np.ndarray  # str

    def displacement(self, track: int) -> np.ndarray:
        """(N, 3) node displacement u of a track at weight 1."""
        return self.track_step[track] * self.track_steps[track].astype(np.float64)

    def detail(self, track: int) -> np.ndarray:
        """(Vs, 3) motion of the skin that a track at weight 1 adds to that of the flesh."""
        return self.detail_step[track] * self.detail_steps[track].astype(np.float64)

    def head_frame(self) -> Frame:
        """The normalised frame [cm], in which all lengths of the rig are that are not in the user's."""
        scale = float(self.mm_per_unit) / 10.0
        return Frame(scale, scale * self.frame.T, self.origin)

    def vertex_exposure(self) -> np.ndarray:
        """(V,) exposure of every vertex of the mesh, 1 off the skin."""
        exposure = np.ones(len(self.vertices))
        exposure[self.skin] = self.exposure
        return exposure

    def drawn_muscles(self) -> set[str]:
        """Names of the muscles that follow curves of the artist's."""
        return {str(name) for name in self.muscle_names[self.muscle_source == CURVE]}

    def to_bytes(self) -> bytes:
        """The rig as the bytes of a compressed .npz."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **{f.name: getattr(self, f.name) for f in fields(self)})
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Rig":
        """Read what ``to_bytes`` wrote, of this version or from OLDEST on. Raises MuscleFaceError."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
        except Exception as error:
            raise MuscleFaceError(DAMAGED) from error
        if "version" not in arrays:
            raise MuscleFaceError(DAMAGED)
        version = int(arrays["version"])
        if version > VERSION:
            raise MuscleFaceError("The rig was made by a newer version of Muscle Face: install that one.")
        if version < OLDEST:
            raise MuscleFaceError(f"The rig was made by an older version of Muscle Face: {UPDATE}.")
        try:
            if version < VERSION:
                arrays = migrated(arrays)
            return cls(**{f.name: arrays[f.name] for f in fields(cls)})
        except KeyError as error:
            raise MuscleFaceError(DAMAGED) from error


def migrated(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays of an older rig with what this version added: the face is the same, muscles have no curves to edit, grown
    shapes turn no eyeballs, no teeth stop the lips."""
    count = len(arrays["muscle_names"])
    added = {
        "muscle_source": np.zeros(count, np.int8),
        "path_points": np.zeros((0, 3)),
        "path_width": np.zeros(0),
        "path_sizes": np.zeros(0, np.int32),
        "path_muscle": np.zeros(0, np.int32),
        "muscle_thickness": np.zeros(count),
        "muscle_strength": np.ones(count),
        "muscle_lip": np.zeros(count, np.int8),
        "muscle_closed": np.zeros(count, bool),
        "mouth_line": np.zeros((0, 3)),
        "landmark_depth": np.full(len(arrays["landmark_names"]), np.nan),
        "bones": np.zeros(0, np.str_),
        "eye_left": np.zeros(0, np.int64),
        "eye_right": np.zeros(0, np.int64),
        "teeth_arch": np.ones((2, 3)),
        "lining_node": np.zeros(0, np.int32),
        "lining_row": np.zeros(0, np.int32),
        "lining_area": np.zeros(0),
        "quality": np.array("draft" if len(arrays["tets"]) < DRAFT_TETS else "standard"),
    }
    return {**added, **arrays, "version": np.int64(VERSION)}
