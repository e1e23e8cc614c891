# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""FaceModel: controls in, skin out, derivatives on request."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from .anatomy.jaw import Jaw
from .build import JAW_CONTROLS, build_rig, jaw_bones
from .errors import MuscleFaceError
from .fit.same_topology import FitResult, fit_vertices
from .geometry.head_flesh import MANDIBLE
from .physics.face_flesh import FaceFlesh, Linearisation, Load
from .physics.flesh import Fibres, Flesh
from .physics.tracks import Track, track_of
from .rig import Rig

Progress = Callable[[float, str], None]
SHAPE_LIMIT = 1.0


class Controls(NamedTuple):
    """The sliders: names, bounds (n, 2) and neutral values (n,)."""

    names: list[str]
    bounds: np.ndarray
    neutral: np.ndarray


@dataclass(frozen=True)
class Pose:
    """An equilibrium of the face.

    controls: (n,) · skin: (V, 3) all vertices of the mesh, user's frame and unit · nodes: (N, 3) [cm] · residual as in
    the solver · inverted: number of tets with J <= 0 · converged · ms: time taken · message: why it did not converge.
    """

    controls: np.ndarray
    skin: np.ndarray
    nodes: np.ndarray
    residual: float
    inverted: int
    converged: bool
    iterations: int
    ms: float
    message: str = ""
    _linear: list = field(default_factory=list, repr=False, compare=False)


class FaceModel:
    """A rigged face, independent of Blender. Build one with ``FaceModel.build``, or load one.

    The model does not change: a pose is a value that ``solve`` returns.
    """

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._shapes = [str(n) for n in rig.shape_names]
        self.muscles = [str(n) for n in rig.muscle_names]
        # A shape that is called like a muscle or a jaw control keeps its name; the other gives way.
        taken = set(self._shapes)
        rest = [n if n not in taken else f"muscle_face.{n}" for n in (*self.muscles, *JAW_CONTROLS)]
        self._names = [*self._shapes, *rest]
        self._index = {n: i for i, n in enumerate(self._names)}
        self.control_kinds = ["shape"] * len(self._shapes) + ["muscle"] * len(self.muscles) + ["jaw"] * 3
        self._jaw = Jaw(rig.jaw_hinge, rig.jaw_spin, rig.jaw_slide, rig.jaw_side_advance)
        fibres = Fibres(rig.fibre_muscle, rig.fibre_tet, rig.fibre_stress, rig.fibre_direction, len(self.muscles))
        self.flesh = Flesh(rig.nodes, rig.tets, rig.moduli, fibres, rig.bone > 0, rig.spring)
        self._solver = FaceFlesh(self.flesh)
        self._tracks: dict[int, Track] = {}
        count = len(rig.carried)
        self._carry = sp.csr_matrix(
            (rig.carrier_weight.ravel(), rig.carrier.ravel(), np.arange(0, 4 * count + 1, 4)),
            shape=(count, len(rig.nodes)),
        )

    @classmethod
    def build(
        cls,
        vertices: np.ndarray,
        faces: Sequence[Sequence[int]],
        shapes: Mapping[str, np.ndarray] | None = None,
        *,
        quality: str = "standard",
        progress: Progress | None = None,
    ) -> "FaceModel":
        """Rig a head.

        vertices: (V, 3) in any uniform scale and orientation · faces: vertex indices of each polygon · shapes: name ->
        (V, 3) delta · quality: "draft" or "standard" · progress(share, text) is called often and may raise Cancelled.
        Raises MuscleFaceError with one sentence when the mesh cannot be rigged.
        """
        return cls(build_rig(vertices, faces, shapes, quality=quality, progress=progress))

    @classmethod
    def from_bytes(cls, data: bytes) -> "FaceModel":
        """The model that ``to_bytes`` stored."""
        return cls(Rig.from_bytes(data))

    @classmethod
    def load(cls, path: str | Path) -> "FaceModel":
        """Read a model written by ``save``."""
        return cls.from_bytes(Path(path).read_bytes())

    def to_bytes(self) -> bytes:
        """The whole model as bytes (a .npz), to be kept inside another file."""
        return self._rig.to_bytes()

    def save(self, path: str | Path) -> None:
        """Write the model to one .npz file."""
        Path(path).write_bytes(self.to_bytes())

    @property
    def vertex_count(self) -> int:
        """Number of mesh vertices V."""
        return len(self._rig.vertices)

    @property
    def topology_hash(self) -> str:
        """Fingerprint of the polygons that the rig was built for."""
        return str(self._rig.topology)

    @property
    def mm_per_unit(self) -> float:
        """Millimetres in one unit of the user's mesh."""
        return float(self._rig.mm_per_unit)

    @property
    def warnings(self) -> list[str]:
        """What the artist should know of this head, one sentence each."""
        return [str(w) for w in self._rig.warnings]

    @property
    def stats(self) -> dict[str, float]:
        """tets, nodes, rest_inverted, min_dihedral_deg, lip_glued_edges, rig_seconds."""
        return {str(n): float(v) for n, v in zip(self._rig.stat_names, self._rig.stat_values, strict=True)}

    @property
    def neutral(self) -> np.ndarray:
        """(V, 3) the neutral mesh, user's frame and unit."""
        return self._rig.vertices

    @property
    def skin_vertices(self) -> np.ndarray:
        """(Vs,) vertices of the head's surface; all others belong to loose parts."""
        return self._rig.skin

    @property
    def jaw_repeats_shapes(self) -> list[bool]:
        """For jaw_open, jaw_forward and jaw_side: whether the head has shapes for that motion."""
        return [bool(b) for b in self._rig.jaw_shaped]

    def controls(self) -> Controls:
        """Names, bounds and neutral values of all sliders: shapes, muscles, jaw."""
        n = len(self._names)
        bounds = np.tile([0.0, 1.0], (n, 1))
        bounds[-1, 0] = -1.0
        return Controls(list(self._names), bounds, np.zeros(n))

    def vector(self, values: Mapping[str, float] | np.ndarray | None) -> np.ndarray:
        """Control vector (n,) from a dict (missing names are neutral) or an array. Raises MuscleFaceError."""
        if values is None:
            return np.zeros(len(self._names))
        if isinstance(values, Mapping):
            out = np.zeros(len(self._names))
            for name, value in values.items():
                if name not in self._index:
                    raise MuscleFaceError(f'This face has no slider "{name}": use one of controls().names.')
                out[self._index[name]] = value
        else:
            out = np.array(values, np.float64)
            if out.shape != (len(self._names),):
                raise MuscleFaceError(f"Give {len(self._names)} slider values, one for each of controls().names.")
        if not np.isfinite(out).all():
            raise MuscleFaceError("A slider value is not a number: set it again.")
        return out

    # Controls to loads

    def _split(self, c: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Track weights (K,), activations (M,), jaw motion q (3,)."""
        s, m = len(self._shapes), len(self.muscles)
        w = np.zeros(len(self._rig.jaw_of_track))
        w[:s] = c[:s]
        opening, forward, side = c[s + m :]
        w += np.array([opening, forward, max(side, 0.0), max(-side, 0.0)]) @ self._rig.jaw_tracks
        return w, np.clip(c[s : s + m], 0.0, None), w @ self._rig.jaw_of_track

    def _track(self, k: int) -> Track:
        """Track k, worked out when it is first used."""
        if k not in self._tracks:
            self._tracks[k] = track_of(self.flesh, self._rig.displacement(k))
        return self._tracks[k]

    def _load(self, c: np.ndarray) -> tuple[Load, np.ndarray, np.ndarray]:
        w, activation, q = self._split(c)
        rig = self._rig
        anchor, force = rig.nodes.copy(), np.zeros_like(rig.nodes)
        strain = np.zeros((len(rig.tets), 6)) if w.any() else None
        for k in np.flatnonzero(w):
            track = self._track(k)
            anchor += w[k] * track.displacement
            force += w[k] * track.load
            strain[track.tet] += w[k] * track.strain
        return Load(jaw_bones(self._jaw, rig.nodes, rig.bone, q), anchor, force, activation, strain), w, q

    def solve(
        self,
        values: Mapping[str, float] | np.ndarray | None = None,
        *,
        start: Pose | None = None,
        tolerance: float = 1e-4,
        progress: Progress | None = None,
    ) -> Pose:
        """Equilibrium of the face for slider values.

        ``start`` is a pose to begin from, best the one before; the answer does not depend on it but for the tolerance
        (relative residual). Values outside their bounds are allowed.
        """
        began = time.perf_counter()
        c = self.vector(values)
        load, w, q = self._load(c)
        starts = [np.where(self.flesh.fixed[:, None], load.fixed, load.anchor)]
        if start is not None:
            starts.append(np.where(self.flesh.fixed[:, None], load.fixed, start.nodes))
        tick = None if progress is None else lambda: progress(0.5, "Settling the flesh")
        nodes, report = self._solver.solve(load, starts, tolerance=tolerance, tick=tick)
        message = ""
        if not report.converged:
            message = f"The flesh did not settle (residual {report.residual:.1e}): use less extreme slider values."
        return Pose(
            controls=c,
            skin=self._skin(nodes, w, q),
            nodes=nodes,
            residual=report.residual,
            inverted=int((self.flesh.volume_ratio(nodes) <= 0.0).sum()),
            converged=report.converged,
            iterations=report.iterations,
            ms=1e3 * (time.perf_counter() - began),
            message=message,
        )

    def _skin(self, nodes: np.ndarray, w: np.ndarray, q: np.ndarray) -> np.ndarray:
        rig = self._rig
        out = rig.vertices.copy()
        out[rig.carried] += (self._carry @ (nodes - rig.nodes)) @ rig.frame.T
        for k in np.flatnonzero(w):
            out[rig.skin] += w[k] * (rig.detail(k) @ rig.frame.T)
        if q.any() and len(rig.mandible_vertices):
            out[rig.mandible_vertices] += self._jaw_motion_of_parts(q) @ rig.frame.T
        used = np.flatnonzero(w)
        if len(used) and len(rig.part_vertices):
            extra = np.tensordot(w[used], rig.part_delta[used].astype(np.float64), 1)
            out[rig.part_vertices] += extra @ rig.frame.T
        return out

    def flesh_skin(self, pose: Pose) -> np.ndarray:
        """(Vs, 3) the skin as the flesh alone carries it, without the detail of the shapes; user's frame and unit."""
        rig = self._rig
        moved = self._carry[: len(rig.skin)] @ (pose.nodes - rig.nodes)
        return rig.vertices[rig.skin] + moved @ rig.frame.T

    def _parts_in_rest(self) -> np.ndarray:
        """(n, 3) vertices that follow the mandible, normalised."""
        rig = self._rig
        inverse = np.linalg.inv(rig.frame)
        # The hinge is known in the normalised frame only through node 0 of the flesh: use a carried vertex as origin.
        v = rig.carried[0]
        here = self._carry[0] @ rig.nodes
        return (rig.vertices[rig.mandible_vertices] - rig.vertices[v]) @ inverse.T + here

    def _jaw_motion_of_parts(self, q: np.ndarray) -> np.ndarray:
        R, t = self._jaw.motion(*q)
        x = self._parts_in_rest()
        return x @ R.T + t - x

    def volume_change(self, pose: Pose) -> float:
        """Change of the total flesh volume in a pose [per cent]."""
        volume = self.flesh.volume
        return 100.0 * float(volume @ (self.flesh.volume_ratio(pose.nodes) - 1.0) / volume.sum())

    # Derivatives (implicit function theorem)

    def _linear(self, pose: Pose) -> Linearisation:
        if not pose._linear:
            pose._linear.append(self._solver.linearise(pose.nodes, self._load(pose.controls)[0]))
        return pose._linear[0]

    def _track_jacobian(self, c: np.ndarray) -> np.ndarray:
        """(K, n) d(track weights)/d(controls)."""
        s, n = len(self._shapes), len(c)
        out = np.zeros((len(self._rig.jaw_of_track), n))
        out[np.arange(s), np.arange(s)] = 1.0
        out[:, -3:-1] = self._rig.jaw_tracks[:2].T
        out[:, -1] = self._rig.jaw_tracks[2] if c[-1] >= 0.0 else -self._rig.jaw_tracks[3]
        return out

    def _load_jacobian(self, pose: Pose) -> tuple[np.ndarray, np.ndarray]:
        """Per track: force on nodes (3N, K) and bone motion (3N, K)."""
        rig = self._rig
        strain = self._load(pose.controls)[0].strain
        natural = self.flesh.natural(np.zeros((len(rig.tets), 6)) if strain is None else strain)
        spring = self.flesh.spring[:, None]
        force = np.zeros((3 * len(rig.nodes), len(rig.jaw_of_track)))
        for k in range(len(rig.jaw_of_track)):
            t = self._track(k)
            pull = spring * t.displacement + t.load
            if len(t.tet):
                pull += self.flesh.strain_jacobian(pose.nodes, natural, t.tet, t.strain)
            force[:, k] = pull.ravel()
        _, _, q = self._split(pose.controls)
        dR, dt = self._jaw.motion_derivatives(*q)
        m = rig.bone == MANDIBLE
        per_q = np.zeros((3, len(rig.nodes), 3))
        per_q[:, m] = np.einsum("qij,nj->qni", dR, rig.nodes[m]) + dt[:, None]
        moved = per_q.reshape(3, -1).T @ rig.jaw_of_track.T
        return force, moved

    def jacobian(self, pose: Pose) -> np.ndarray:
        """(3V, n) derivative of the skin (rows x0 y0 z0 x1 ...) with respect to every control, at an equilibrium."""
        rig = self._rig
        tracks = self._track_jacobian(pose.controls)
        force, moved = self._load_jacobian(pose)
        s, m = len(self._shapes), len(self.muscles)
        columns = force @ tracks
        columns[:, s : s + m] += self.flesh.activation_jacobian(pose.nodes).toarray()
        nodes = self._linear(pose).forward(columns, moved @ tracks)
        n = len(pose.controls)
        out = np.zeros((self.vertex_count, 3, n))
        carried = (self._carry @ nodes.reshape(len(rig.nodes), -1)).reshape(-1, 3, n)
        out[rig.carried] = np.einsum("ij,cjn->cin", rig.frame, carried, optimize=True)
        for k in range(len(tracks)):
            used = np.flatnonzero(tracks[k])
            fine = rig.detail(k) @ rig.frame.T
            for i in used:
                out[rig.skin, :, i] += tracks[k, i] * fine
        parts = self._part_jacobian(pose) @ tracks
        v = rig.part_vertices
        out[v] += parts.reshape(len(v), 3, n)
        return out.reshape(-1, n)

    def _part_jacobian(self, pose: Pose) -> np.ndarray:
        """(3P, K) derivative of the part vertices beyond what the flesh carries, user's frame."""
        rig = self._rig
        k = len(rig.jaw_of_track)
        delta = rig.part_delta.astype(np.float64)
        _, _, q = self._split(pose.controls)
        dR, dt = self._jaw.motion_derivatives(*q)
        row = np.full(self.vertex_count, -1)
        row[rig.part_vertices] = np.arange(len(rig.part_vertices))
        per_q = np.einsum("qij,nj->qni", dR, self._parts_in_rest()) + dt[:, None]
        delta[:, row[rig.mandible_vertices]] += np.tensordot(rig.jaw_of_track, per_q, 1)
        return np.einsum("ij,kpj->pik", rig.frame, delta, optimize=True).reshape(-1, k)

    def gradient(self, pose: Pose, dloss_dskin: np.ndarray) -> np.ndarray:
        """(n,) gradient of a loss over the controls from its gradient over the skin (V, 3): one adjoint solve."""
        rig = self._rig
        d = np.asarray(dloss_dskin, np.float64).reshape(-1, 3)
        normal = d @ rig.frame
        sensitivity = np.asarray(self._carry.T @ normal[rig.carried]).ravel()
        force, moved = self._linear(pose).adjoint(sensitivity)
        tracks = self._track_jacobian(pose.controls)
        per_force, per_moved = self._load_jacobian(pose)
        out = tracks.T @ (per_force.T @ force + per_moved.T @ moved)
        s, m = len(self._shapes), len(self.muscles)
        out[s : s + m] += self.flesh.activation_jacobian(pose.nodes).T @ force
        fine = np.array([np.vdot(rig.detail(k), normal[rig.skin]) for k in range(len(tracks))])
        out += tracks.T @ fine
        out += tracks.T @ (self._part_jacobian(pose).T @ d[rig.part_vertices].ravel())
        return out

    def fit(
        self,
        target_vertices: np.ndarray,
        *,
        weights: np.ndarray | None = None,
        start: Pose | None = None,
        progress: Progress | None = None,
    ) -> FitResult:
        """Slider values whose skin comes nearest to ``target_vertices`` (V, 3), by Gauss-Newton through the simulation.

        weights: (V,) importance of each vertex (default: the skin counts, parts do not). Raises MuscleFaceError when
        the target does not have this mesh's vertices.
        """
        return fit_vertices(self, target_vertices, weights=weights, start=start, progress=progress)

    def shape_deltas(self) -> np.ndarray:
        """(shapes, Vs, 3) calibrated motion of the skin under each shape alone, user's frame and unit."""
        rig = self._rig
        count = len(self._shapes)
        rows = self._carry[: len(rig.skin)]
        moved = np.zeros((count, len(rig.skin), 3))
        for k in range(count):
            moved[k] = rows @ rig.displacement(k) + rig.detail(k)
        return moved @ rig.frame.T
