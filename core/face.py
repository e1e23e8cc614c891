# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""FaceModel: controls in, skin out, derivatives on request."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import warp as wp

from . import muscle_rig, sensitivity, solving, variants
from .anatomy.bones import Mesh, bone_depths
from .anatomy.jaw import Jaw
from .anatomy.muscle_curves import MuscleCurve
from .build import JAW_CONTROLS, build_rig, jaw_bones
from .fit.expression import fit_expression
from .fit.options import FitOptions
from .fit.performance import fit_performance
from .fit.result import FitResult, Performance
from .fit.targets import Target
from .physics.face_flesh import FaceFlesh, Load
from .physics.gravity import node_mass
from .physics.track_table import TrackTable
from .pose import Controls, Pose
from .progress import Progress
from .readout import implied_activations
from .rig import Rig
from .rig_flesh import carriage, flesh_of
from .sensitivity import Parameters
from .skinning import Skinning
from .tape import solve_on_tape
from .teeth import FaceTeeth

if TYPE_CHECKING:
    from .device import DeviceFace


class FaceModel:
    """A rigged face, independent of Blender. Build one with ``FaceModel.build``, or load one.

    The model does not change: a pose is a value that ``solve`` returns.
    """

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.shapes = [str(n) for n in rig.shape_names]
        self.muscles = [str(n) for n in rig.muscle_names]
        self._names = list(self.shapes)
        # What comes first keeps its name: a shape, then a muscle; a namesake gives way.
        for n in (*self.muscles, *JAW_CONTROLS):
            self._names.append(n if n not in self._names else f"muscle_face.{n}")
        self._index = {n: i for i, n in enumerate(self._names)}
        self.control_kinds = ["shape"] * len(self.shapes) + ["muscle"] * len(self.muscles) + ["jaw"] * 3
        self.jaw = Jaw(rig.jaw_hinge, rig.jaw_spin, rig.jaw_slide, rig.jaw_side_advance)
        self.flesh = flesh_of(rig)
        self.mass = node_mass(self.flesh)
        self.solver = FaceFlesh(self.flesh)
        self.carry = carriage(rig)

    @classmethod
    def build(
        cls,
        vertices: np.ndarray,
        faces: Sequence[Sequence[int]],
        shapes: Mapping[str, np.ndarray] | None = None,
        *,
        quality: str = "standard",
        tissue: str = "soft_tissue",
        rest_gravity: Sequence[float] | None = None,
        landmarks: Mapping[str, np.ndarray] | None = None,
        muscles: Mapping[str, MuscleCurve] | None = None,
        bones: Mapping[str, Mesh] | None = None,
        fit_bones: bool = False,
        progress: Progress | None = None,
    ) -> "FaceModel":
        """Rig a head.

        vertices: (V, 3) in any uniform scale and orientation · faces: vertex indices of each polygon · shapes: name ->
        (V, 3) delta · quality: "draft" or "standard" · tissue: name in ``physics.presets.TISSUES`` · rest_gravity: (3,)
        under which the mesh is the neutral [m/s2], user's frame (default: the head upright) · landmarks: name -> (3,)
        in the user's frame, those of ``guess_landmarks`` that the artist placed · muscles: the artist's
        own by name, in place of the template's or after them · bones: "cranium" and "mandible" as (vertices, faces)
        in the user's frame, or in any frame where ``fit_bones`` is to fit them · progress(share, text) is called often
        and may raise Cancelled. Raises MuscleFaceError with one sentence when the mesh cannot be rigged.
        """
        given = {"landmarks": landmarks, "muscles": muscles, "bones": bones, "fit_bones": fit_bones}
        rest = {"tissue": tissue, "rest_gravity": rest_gravity, "progress": progress}
        return cls(build_rig(vertices, faces, shapes, quality=quality, **rest, **given))

    def with_tissue(self, tissue: str, progress: Progress | None = None) -> "FaceModel":
        """The same face of another tissue (``physics.presets.TISSUES``): neutral and shapes stay, muscles and gravity
        act on other flesh. Raises MuscleFaceError."""
        return self._of(variants.of_tissue(self, tissue, progress))

    def with_track_stiffness(self, factors: Mapping[str, float]) -> "FaceModel":
        """The same face with the springs that hold it to its shapes scaled in some regions
        (``anatomy.composition.REGIONS``), by factors of at least 0. Raises MuscleFaceError."""
        return self._of(variants.of_track_stiffness(self, factors))

    def with_stiffness(self, factors: Mapping[str, float], painted: np.ndarray | None = None) -> "FaceModel":
        """The same face with the flesh of some regions (``anatomy.composition.REGIONS``) softer or stiffer: its moduli
        times a factor, 0.1 to 10, and times ``painted`` (V,) under each vertex. Made at once; not kept by ``save``.
        Softer flesh sags under the sculpt's weight; what shapes ask of the flesh stays. Raises MuscleFaceError."""
        return variants.of_stiffness(self, factors, painted)

    def _of(self, rig: Rig) -> "FaceModel":
        """The face of another rig of the same mesh, with what this one has and no rig holds."""
        return variants.stiffened_like(FaceModel(rig), self)

    def bone_depths(self) -> dict[str, tuple[float, float]]:
        """Depth of the bone [mm] under each landmark that lies over bone, and an adult's published mean there."""
        return bone_depths(self.rig.landmark_names.tolist(), self.rig.landmark_depth)

    def muscle_curves(self) -> dict[str, MuscleCurve]:
        """The muscles as curves with widths, user's frame and unit; those without fibres are left out."""
        return muscle_rig.curves_of(self.rig)

    def with_muscles(self, curves: Mapping[str, MuscleCurve], progress: Progress | None = None) -> "FaceModel":
        """The same face with muscles along other curves; unknown names are further muscles. Raises MuscleFaceError."""
        return self._of(muscle_rig.with_curves(self, curves, progress))

    def with_muscle_meshes(self, meshes: Mapping[str, Mesh], progress: Progress | None = None) -> "FaceModel":
        """``with_muscles`` for closed meshes (vertices, faces): fibres begin at the end nearer to bone. Raises
        MuscleFaceError."""
        return self._of(muscle_rig.with_meshes(self, meshes, progress))

    def updated(
        self,
        vertices: np.ndarray,
        faces: Sequence[Sequence[int]],
        shapes: Mapping[str, np.ndarray] | None = None,
        *,
        progress: Progress | None = None,
        **options,
    ) -> "FaceModel":
        """A rig of the same mesh, re-sculpted or with other shapes, made like this one unless ``options`` of ``build``
        say otherwise. The artist's muscle curves come along, meshes and landmarks do not. Raises MuscleFaceError."""
        return self._of(variants.updated(self, vertices, faces, shapes, progress, **options))

    @classmethod
    def from_bytes(cls, data: bytes) -> "FaceModel":
        """The model that ``to_bytes`` stored. Raises MuscleFaceError."""
        return cls(Rig.from_bytes(data))

    @classmethod
    def load(cls, path: str | Path) -> "FaceModel":
        """Read a model written by ``save``. Raises MuscleFaceError where the file holds no rig of a known version."""
        return cls.from_bytes(Path(path).read_bytes())

    def to_bytes(self) -> bytes:
        """The whole model as bytes (a .npz), to be kept inside another file."""
        return self.rig.to_bytes()

    def save(self, path: str | Path) -> None:
        """Write the model to one .npz file."""
        Path(path).write_bytes(self.to_bytes())

    @property
    def vertex_count(self) -> int:
        """Number of mesh vertices V."""
        return len(self.rig.vertices)

    @property
    def tissue(self) -> str:
        """What the flesh is made of, a name in ``physics.presets.TISSUES``."""
        return str(self.rig.tissue)

    @property
    def topology_hash(self) -> str:
        """Fingerprint of the polygons that the rig was built for."""
        return str(self.rig.topology)

    @property
    def mm_per_unit(self) -> float:
        """Millimetres in one unit of the user's mesh."""
        return float(self.rig.mm_per_unit)

    @property
    def warnings(self) -> list[str]:
        """What the artist should know of this head, one sentence each."""
        return [str(w) for w in self.rig.warnings]

    @property
    def stats(self) -> dict[str, float]:
        """tets, nodes, rest_inverted, min_dihedral_deg, bone_depth_mm_min, lip_glued_edges, rig_seconds."""
        return dict(zip(self.rig.stat_names.tolist(), self.rig.stat_values.tolist(), strict=True))

    @property
    def neutral(self) -> np.ndarray:
        """(V, 3) the neutral mesh, user's frame and unit."""
        return self.rig.vertices

    @property
    def skin_vertices(self) -> np.ndarray:
        """(Vs,) vertices of the head's surface; all others belong to loose parts."""
        return self.rig.skin

    @property
    def triangles(self) -> np.ndarray:
        """(F, 3) vertices of the skin's triangles, wound outwards."""
        return self.rig.triangles

    @property
    def landmarks(self) -> dict[str, np.ndarray]:
        """Name -> (3,) anatomical landmarks on the neutral skin (``anatomy.landmarks``), user's frame and unit."""
        return {str(n): p for n, p in zip(self.rig.landmark_names, self.rig.landmarks, strict=True)}

    @property
    def jaw_repeats_shapes(self) -> list[bool]:
        """For jaw_open, jaw_forward and jaw_side: whether the head has shapes for that motion."""
        return [bool(b) for b in self.rig.jaw_shaped]

    def controls(self) -> Controls:
        """Names, bounds and neutral values of all sliders: shapes, muscles, jaw."""
        n = len(self._names)
        bounds = np.tile([0.0, 1.0], (n, 1))
        bounds[-1, 0] = -1.0
        return Controls(list(self._names), bounds, np.zeros(n))

    def vector(self, values: Mapping[str, float] | np.ndarray | None) -> np.ndarray:
        """Control vector (n,) from a dict (missing names are neutral) or an array. Raises MuscleFaceError."""
        return solving.control_vector(self._names, self._index, values)

    def split(self, c: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Controls (n,) as track weights (K,), muscle activations (M,) and jaw motion (3,): open, forward, side."""
        s, m = len(self.shapes), len(self.muscles)
        w = np.zeros(len(self.rig.jaw_of_track))
        w[:s] = c[:s]
        opening, forward, side = c[s + m :]
        w += np.array([opening, forward, max(side, 0.0), max(-side, 0.0)]) @ self.rig.jaw_tracks
        return w, np.clip(c[s : s + m], 0.0, None), w @ self.rig.jaw_of_track

    @cached_property
    def tracks(self) -> TrackTable:
        """Displacements, strains and forces by which the tracks drive the flesh; made on first use."""
        rig = self.rig
        displacements = [rig.displacement(k) for k in range(len(rig.track_step))]
        return TrackTable(self.flesh, displacements, self.mass[:, None] * rig.rest_gravity, rig.strain_largest)

    @cached_property
    def teeth(self) -> FaceTeeth:
        """The teeth, which hold back lips and cheeks; made on first use."""
        return FaceTeeth(self)

    def prepare(self) -> None:
        """Make what all solves share; call it before several threads solve at once."""
        _ = self.tracks, self.teeth, self.skinning

    @cached_property
    def skinning(self) -> Skinning:
        """How skin and parts follow flesh and bones, with the detail that shapes add; made on first use."""
        return Skinning(self.rig, self.carry)

    @property
    def rotation(self) -> np.ndarray:
        """(3, 3) with normalised direction = rotation @ user direction."""
        return self.rig.head_frame().rotation

    @property
    def rest_gravity(self) -> np.ndarray:
        """(3,) gravity under which the mesh is the neutral [m/s2], user's frame."""
        return self.rig.rest_gravity @ self.rotation

    def load_of(self, c: np.ndarray, gravity: np.ndarray) -> tuple[Load, np.ndarray, np.ndarray]:
        """The load of controls (n,) and gravity (3,) on the flesh, the track weights (K,) and the jaw motion (3,)."""
        w, activation, q = self.split(c)
        rig = self.rig
        moved, pull = self.tracks.nodal(w)
        force = self.mass[:, None] * (self.rotation @ gravity) + pull
        bones = jaw_bones(self.jaw, rig.nodes, rig.bone, q)
        strain, contact = self.tracks.strain(w), self.teeth.contact(w, q)
        return Load(bones, rig.nodes + moved, force, activation, strain, contact), w, q

    def solve(
        self,
        values: Mapping[str, float] | np.ndarray | None = None,
        *,
        gravity: Sequence[float] | None = None,
        start: Pose | None = None,
        tolerance: float = 1e-4,
        progress: Progress | None = None,
    ) -> Pose:
        """Equilibrium of the face for slider values.

        ``gravity`` (3,) [m/s2] in the user's frame (default: that of the neutral, which does not show) · ``start`` is a
        pose to begin from, best the one before; the answer does not depend on it but for the tolerance (relative
        residual). Values outside their bounds are allowed.
        """
        return self.solve_with(self.solver, values, gravity, start, tolerance, progress)

    def solve_batch(
        self,
        values: Sequence[Mapping[str, float] | np.ndarray],
        *,
        gravity: Sequence[float] | None = None,
        starts: Sequence[Pose | None] | None = None,
        tolerance: float = 1e-4,
        progress: Progress | None = None,
    ) -> list[Pose]:
        """Equilibria for many slider settings (B), on all cores; each as ``solve`` gives it, from ``starts`` (B)."""
        return solving.solve_batch(self, values, gravity, starts, tolerance, progress)

    def gradient_batch(self, poses: Sequence[Pose], dloss_dskin: np.ndarray) -> np.ndarray:
        """(B, n) gradients over the controls at B poses from loss gradients over their skins (B, V, 3)."""
        return sensitivity.gradient_batch(self, poses, dloss_dskin)

    def solve_on_tape(
        self, tape: wp.Tape, controls: wp.array, *, starts: Sequence[Pose | None] | None = None
    ) -> tuple[wp.array, list[Pose]]:
        """Skin (V,) or (B, V) of controls (n,) or (B, n) as Warp arrays, recorded on a tape; see ``tape``."""
        return solve_on_tape(self, tape, controls, starts=starts)

    def on_device(self, device: str = "cuda") -> "DeviceFace":
        """This face on a Warp device, controls to skin without leaving it, for many poses at once; see ``device``."""
        from .device import DeviceFace

        return DeviceFace(self, device)

    def grow(self, names: Sequence[str] | None = None, progress: Progress | None = None) -> dict[str, np.ndarray]:
        """{name: delta (V, 3)} of ``grow.SETS`` (ARKit's) by muscles, jaw, lids and eyes: what the flesh bears."""
        from .grow import grow_shapes

        return grow_shapes(self, names, progress)

    def implied_activations(self, pose: Pose) -> np.ndarray:
        """(M,) activation that the length of each muscle's fibres implies in a pose, 0 where it is stretched."""
        return implied_activations(self.flesh, pose.nodes, self.rig.own_stretch)

    def solve_with(
        self,
        solver: FaceFlesh,
        values: Mapping[str, float] | np.ndarray | None,
        gravity: Sequence[float] | None,
        start: Pose | None,
        tolerance: float,
        progress: Progress | None,
    ) -> Pose:
        """``solve`` with a solver of the caller's own (``solver.twin()``), so that threads may solve side by side."""
        return solving.solve_with(self, solver, values, gravity, start, tolerance, progress)

    def flesh_skin(self, pose: Pose) -> np.ndarray:
        """(Vs, 3) the skin as the flesh alone carries it, without the detail of the shapes; user's frame and unit."""
        rig = self.rig
        moved = self.carry[: len(rig.skin)] @ (pose.nodes - rig.nodes)
        return rig.vertices[rig.skin] + moved @ rig.frame.T

    def volume_change(self, pose: Pose) -> float:
        """Change of the total flesh volume in a pose [per cent]."""
        volume = self.flesh.volume
        return 100.0 * float(volume @ (self.flesh.volume_ratio(pose.nodes) - 1.0) / volume.sum())

    def jacobian(self, pose: Pose) -> np.ndarray:
        """(3V, n) derivative of the skin (rows x0 y0 z0 x1 ...) with respect to every control, at an equilibrium."""
        return sensitivity.jacobian(self, pose)

    def gradient(self, pose: Pose, dloss_dskin: np.ndarray) -> np.ndarray:
        """(n,) gradient of a loss over the controls from its gradient over the skin (V, 3): one adjoint solve."""
        return sensitivity.gradient(self, pose, dloss_dskin)

    def adjoint(self, pose: Pose, dloss_dskin: np.ndarray) -> Parameters:
        """Gradient of a loss by controls, gravity, moduli, track stiffness and rest positions from its gradient over
        the skin (V, 3): one adjoint solve."""
        return sensitivity.adjoint(self, pose, dloss_dskin)

    def forward(self, pose: Pose, directions: Sequence[Parameters]) -> np.ndarray:
        """(V, 3, c) derivative of the skin along each of c directions; one factorisation, a right side for each."""
        return sensitivity.forward(self, pose, directions)

    def fit(
        self,
        target: Target | np.ndarray,
        options: FitOptions | None = None,
        *,
        weights: np.ndarray | None = None,
        gravity: Sequence[float] | None = None,
        start: Pose | FitResult | None = None,
        progress: Progress | None = None,
    ) -> FitResult:
        """Slider values whose skin comes nearest to a target, by Gauss-Newton through the simulation.

        target: one of ``fit.targets``, or a mesh of the same topology (V, 3), whose ``weights`` (V,) are the importance
        of each vertex (default: the skin counts) · start: the pose, or the fit before, to begin from and be held to.
        Where ``progress`` raises Cancelled the best so far is returned. Raises MuscleFaceError with one sentence."""
        return fit_expression(self, target, options, weights=weights, gravity=gravity, start=start, progress=progress)

    def fit_performance(
        self,
        targets: Sequence[Target | np.ndarray],
        options: FitOptions | None = None,
        *,
        frames: Sequence[float] | None = None,
        gravity: Sequence[float] | None = None,
        progress: Progress | None = None,
    ) -> Performance:
        """Slider values of a performance, one target for each of ``frames`` (default 0, 1, ...), smooth in time; see
        ``fit.performance``. Raises MuscleFaceError."""
        return fit_performance(self, targets, options, frames=frames, gravity=gravity, progress=progress)
