# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Derivatives of the skin by everything that shapes it, by the implicit function theorem.

At an equilibrium f(x, p) = 0 with the unprojected stiffness K = -df/dx: K dx/dp = df/dp. Forward, one factorisation
serves all directions; backward, one adjoint solve gives the gradient of a loss by all parameters at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import scipy.sparse as sp

from . import blas
from .errors import MuscleFaceError, as_numbers
from .geometry.head_flesh import MANDIBLE
from .parallel import run_all, share, workers
from .physics import derivatives
from .physics.equilibrium import Operator
from .physics.face_flesh import Linearisation, Load
from .physics.presets import DENSITY

if TYPE_CHECKING:
    from .face import FaceModel
    from .pose import Pose


COLUMNS = 28
"""Directions that one thread follows at once: enough for matrix products, few enough to stay in its caches."""


@dataclass(frozen=True)
class Parameters:
    """What shapes an equilibrium: a direction to move along, or the gradient of a loss.

    controls: (n,) · gravity: (3,) [m/s2], user's frame · moduli: (T, 3) of the tets [N/cm2] · track_stiffness: (N,) of
    the springs [N/cm] · rest: (N, 3) rest positions of the flesh [cm, normalised frame], which the neutral skin rides
    on. Moduli, springs and rest positions change under tracks (strains, loads) that stay. A direction leaves out what
    it does not move.
    """

    controls: np.ndarray | None = None
    gravity: np.ndarray | None = None
    moduli: np.ndarray | None = None
    track_stiffness: np.ndarray | None = None
    rest: np.ndarray | None = None


@dataclass(frozen=True)
class _State:
    """A pose with what its derivatives need."""

    model: "FaceModel"
    pose: "Pose"
    load: Load
    q: np.ndarray
    tracks: np.ndarray  # (K, n) d(track weights)/d(controls)
    pulling: np.ndarray  # (M,) d(activations)/d(muscle sliders): 0 below zero, where a slider does nothing

    @property
    def linear(self) -> Linearisation:
        known = self.pose._linear.get("last")
        # Another model's at the same pose (before it swelled, say) is another one.
        if known is None or known[0] is not self.model:
            known = self.pose._linear["last"] = self.model, self.model.solver.linearise(self.pose.nodes, self.load)
        return known[1]


def _state(model: "FaceModel", pose: "Pose") -> _State:
    load, _, q = model.load_of(pose.controls, pose.gravity)
    s, c = len(model.shapes), pose.controls
    tracks = np.zeros((len(model.rig.jaw_of_track), len(c)))
    tracks[np.arange(s), np.arange(s)] = 1.0
    tracks[:, -3:-1] = model.rig.jaw_tracks[:2].T
    tracks[:, -1] = model.rig.jaw_tracks[2] if c[-1] >= 0.0 else -model.rig.jaw_tracks[3]
    return _State(model, pose, load, q, tracks, (c[_muscles(model)] >= 0.0).astype(np.float64))


def _bones_by_track(state: _State) -> np.ndarray:
    """(3N, K) motion of the bone nodes per unit of each track."""
    rig = state.model.rig
    dR, dt = state.model.jaw.motion_derivatives(*state.q)
    m = rig.bone == MANDIBLE
    per_q = np.zeros((3, len(rig.nodes), 3))
    per_q[:, m] = np.einsum("qij,nj->qni", dR, rig.nodes[m]) + dt[:, None]
    return per_q.reshape(3, -1).T @ rig.jaw_of_track.T


def _parts_by_track(state: _State) -> np.ndarray:
    """(K, 3P) derivative of the part vertices beyond what the flesh carries, user's frame."""
    model, rig = state.model, state.model.rig
    delta = model.skinning.parts.copy()
    dR, dt = model.jaw.motion_derivatives(*state.q)
    row = np.full(model.vertex_count, -1)
    row[rig.part_vertices] = np.arange(len(rig.part_vertices))
    per_q = (np.einsum("qij,nj->qni", dR, model.skinning.jaw_parts) + dt[:, None]) @ rig.frame.T
    delta[:, row[rig.mandible_vertices]] += np.tensordot(rig.jaw_of_track, per_q, 1)
    return delta.reshape(len(delta), -1)


def _teeth_by_track(state: _State) -> tuple[np.ndarray, np.ndarray]:
    """The nodes (C,) that may touch the teeth, and how the force (K, C, 3) on them changes per unit of each track."""
    teeth, contact = state.model.teeth, state.load.contact
    if contact is None:
        return np.zeros(0, int), np.zeros((len(state.tracks), 0, 3))
    return contact.teeth.node, teeth.by_track(contact, state.pose.nodes, state.q)


def _muscles(model: "FaceModel") -> slice:
    s = len(model.shapes)
    return slice(s, s + len(model.muscles))


# Forward


@blas.one_thread()
def jacobian(model: "FaceModel", pose: "Pose") -> np.ndarray:
    """(3V, n) derivative of the skin (rows x0 y0 z0 x1 ...) with respect to every control, at an equilibrium."""
    state = _state(model, pose)
    return _by_controls(state, np.eye(len(pose.controls))).reshape(3 * model.vertex_count, -1)


class Nearby(NamedTuple):
    """A face about an equilibrium, to some five digits. vertices: (v, 3, k), nodes: (3N, k) derivatives by k controls ·
    inverse: of the stiffness, None at a fold."""

    vertices: np.ndarray
    nodes: np.ndarray
    inverse: Operator | None


@blas.one_thread()
def nearby(model: "FaceModel", pose: "Pose", vertices: np.ndarray, active: np.ndarray) -> Nearby:
    """How some vertices (v,) and the flesh move by some controls (k,): what a fit asks for."""
    state, unit = _state(model, pose), np.eye(len(pose.controls))[:, active]
    out = np.empty((len(vertices), 3, len(active)))
    motion = np.empty((3 * len(model.rig.nodes), len(active)), np.float32)

    def use(part: slice, moved: np.ndarray, nodes: np.ndarray) -> None:
        out[..., part], motion[:, part] = moved, nodes

    def linearise() -> Linearisation:
        return model.solver.linearise(pose.nodes, state.load, single=True)

    return Nearby(out, motion, _move(state, vertices, unit, use, linearise=linearise).inverse)


@blas.one_thread()
def forward(model: "FaceModel", pose: "Pose", directions: Sequence[Parameters]) -> np.ndarray:
    """(V, 3, c) motion of the skin along each of the directions; one factorisation serves all."""
    state, zero = _state(model, pose), np.zeros(len(pose.controls))
    directions = [_checked(model, d) for d in directions]
    controls = np.array([zero if d.controls is None else d.controls for d in directions])
    controls = controls.reshape(len(directions), len(zero))
    force = np.zeros((3 * len(model.rig.nodes), len(directions)))
    moved = np.zeros_like(force)
    by_moduli = by_rest = None
    for k, d in enumerate(directions):
        if d.gravity is not None:
            force[:, k] += (model.mass[:, None] * (model.rotation @ d.gravity)).ravel()
        if d.track_stiffness is not None:
            stretch = state.load.anchor - pose.nodes
            force[:, k] += (d.track_stiffness[:, None] * stretch).ravel()
        if d.moduli is not None:
            if by_moduli is None:
                by_moduli = derivatives.by_moduli(model.flesh, pose.nodes, state.load.strain)
            corners = np.einsum("tk,tkci->tci", d.moduli, by_moduli)
            force[:, k] += _on_nodes(model, corners).ravel()
        if d.rest is not None:
            if by_rest is None:
                by_rest = derivatives.by_rest(model.flesh, pose.nodes, state.load.activation, state.load.strain)
            force[:, k] += by_rest @ d.rest.ravel() + _weight_by_rest(state, d.rest).ravel()
            force[:, k] += (model.flesh.spring[:, None] * d.rest).ravel()
            moved[:, k] += _bone_turn(state, d.rest).ravel()
    return _by_controls(state, controls.T, force, moved)


def _checked(model: "FaceModel", direction: Parameters) -> Parameters:
    """A direction as float64 arrays of their shapes. Raises MuscleFaceError."""
    n, tets = len(model.rig.nodes), len(model.rig.tets)
    shapes = {"controls": (len(model.controls().names),), "gravity": (3,), "moduli": (tets, 3),
              "track_stiffness": (n,), "rest": (n, 3)}  # fmt: skip
    out = {}
    for name, shape in shapes.items():
        given, sentence = getattr(direction, name), f"A direction's {name} are not numbers of the shape {shape}."
        out[name] = None if given is None else as_numbers(given, sentence)
        if given is not None and out[name].shape != shape:
            raise MuscleFaceError(sentence)
    return Parameters(**out)


def _by_controls(
    state: _State, controls: np.ndarray, force: np.ndarray | None = None, moved: np.ndarray | None = None
) -> np.ndarray:
    """(V, 3, c) skin motion for columns of controls (n, c), with further force and bone motion (3N, c)."""
    count = state.model.vertex_count
    out = np.empty((count, 3, controls.shape[1]))

    def use(part: slice, skin: np.ndarray, _nodes: np.ndarray) -> None:
        out[..., part] = skin

    _move(state, np.arange(count), controls, use, force, moved, linearise=lambda: state.linear)
    return out


def _move(
    state: _State,
    vertices: np.ndarray,
    controls: np.ndarray,
    use: Callable[[slice, np.ndarray, np.ndarray], None],
    force: np.ndarray | None = None,
    moved: np.ndarray | None = None,
    *,
    linearise: Callable[[], Linearisation],
) -> Linearisation:
    """Give ``use`` some columns at a time, in several threads: which, their motion of the vertices (v, 3, c) and of the
    nodes (3N, c); for columns of controls (n, c), see ``_by_controls``. Returns what ``linearise`` made."""
    model, load, nodes = state.model, state.load, state.pose.nodes

    def right_sides() -> tuple:
        of_muscles = derivatives.by_activation(model.flesh, nodes) @ sp.diags(state.pulling)
        by_track = model.tracks.forces(nodes, load.strain), _bones_by_track(state), *_teeth_by_track(state)
        return _Vertices(state, vertices), of_muscles, *by_track

    # Each of the two keeps one core busy.
    tasks = [linearise, right_sides]
    linear, ready = run_all(tasks) if workers() > 1 else [task() for task in tasks]
    skin, of_muscles, of_tracks, of_bones, touching, push = ready

    def some(part: slice) -> None:
        given = controls[:, part]
        weights = state.tracks @ given
        columns, bones = of_tracks @ weights, of_bones @ weights
        columns += of_muscles @ given[_muscles(model)]
        columns.reshape(len(nodes), 3, -1)[touching] += np.einsum("kci,kn->cin", push, weights)
        if force is not None:
            columns += force[:, part]
            bones += moved[:, part]
        motion = linear.forward(columns, bones)
        use(part, skin.motion(motion, weights), motion)

    count = controls.shape[1]
    share([lambda k=k: some(slice(k, k + COLUMNS)) for k in range(0, count, COLUMNS)])
    return linear


class _Vertices:
    """Some vertices (v,) of the face in a pose, and what moves them."""

    def __init__(self, state: _State, vertices: np.ndarray) -> None:
        model, rig = state.model, state.model.rig
        self._count, self._frame = len(vertices), rig.frame
        self._carried, row = _found(model, rig.carried, vertices)
        self._carry = model.carry[row]
        # By track: the fine motion of the skin, and what parts do beyond being carried.
        detail, parts = model.skinning.detail, _parts_by_track(state).reshape(len(state.tracks), -1, 3)
        self._by_track = []
        for listed, given in ((rig.skin, detail), (rig.part_vertices, parts)):
            into, row = _found(model, listed, vertices)
            own = given if np.array_equal(row, np.arange(given.shape[1])) else given[:, row]
            self._by_track.append((into, own.reshape(len(own), -1).T))

    def motion(self, nodes: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """(v, 3, c) for columns of node motion (3N, c) and of track weights (K, c)."""
        c = weights.shape[1]
        out = np.zeros((self._count, 3, c))
        carried = (self._carry @ nodes.reshape(-1, 3 * c)).reshape(-1, 3, c)
        out[self._carried] = np.matmul(self._frame, carried)
        for into, by_track in self._by_track:
            out[into] += (by_track @ weights).reshape(len(into), 3, c)
        return out


def _found(model: "FaceModel", listed: np.ndarray, vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which of the vertices (v,) are listed, and where in the list."""
    row = np.full(model.vertex_count, -1)
    row[listed] = np.arange(len(listed))
    into = np.flatnonzero(row[vertices] >= 0)
    return into, row[vertices[into]]


# Backward


@blas.one_thread()
def gradient(model: "FaceModel", pose: "Pose", dloss_dskin: np.ndarray) -> np.ndarray:
    """(n,) gradient of a loss over the controls from its gradient over the skin (V, 3): one adjoint solve."""
    state, d = _state(model, pose), _over_skin(model, dloss_dskin)
    return _controls_gradient(state, d, *_pulled(state, d))


def gradient_batch(model: "FaceModel", poses: "Sequence[Pose]", dloss_dskin: np.ndarray) -> np.ndarray:
    """(B, n) gradients of losses at B poses from their gradients over the skins (B, V, 3), on all cores."""
    if len(poses) != len(dloss_dskin):
        raise MuscleFaceError(f"There are {len(poses)} poses and {len(dloss_dskin)} gradients: give each its own.")
    model.prepare()
    rows = run_all([lambda p=p, d=d: gradient(model, p, d) for p, d in zip(poses, dloss_dskin, strict=True)])
    return np.array(rows).reshape(len(poses), len(model.controls().names))


@blas.one_thread()
def adjoint(model: "FaceModel", pose: "Pose", dloss_dskin: np.ndarray) -> Parameters:
    """Gradient of a loss by all parameters from its gradient over the skin (V, 3): one adjoint solve."""
    state, d = _state(model, pose), _over_skin(model, dloss_dskin)
    force, moved = _pulled(state, d)
    flesh, load = model.flesh, state.load
    nodal = force.reshape(-1, 3)
    by_moduli = derivatives.by_moduli(flesh, pose.nodes, load.strain)
    by_rest = derivatives.by_rest(flesh, pose.nodes, load.activation, load.strain)
    rest = (by_rest.T @ force).reshape(-1, 3) + flesh.spring[:, None] * nodal
    rest += _weight_by_rest_transposed(state, nodal) + _bone_turn(state, moved.reshape(-1, 3), transposed=True)
    return Parameters(
        controls=_controls_gradient(state, d, force, moved),
        gravity=(model.mass @ nodal) @ model.rotation,
        moduli=np.einsum("tci,tkci->tk", nodal[flesh.tets], by_moduli),
        track_stiffness=((load.anchor - pose.nodes) * nodal).sum(1),
        rest=rest,
    )


def _over_skin(model: "FaceModel", dloss_dskin: np.ndarray) -> np.ndarray:
    """The gradient of a loss as (V, 3) float64. Raises MuscleFaceError."""
    sentence = f"The gradient of a loss is three numbers for each of the {model.vertex_count} vertices."
    d = as_numbers(dloss_dskin, sentence)
    if d.shape != (model.vertex_count, 3) or not np.isfinite(d).all():
        raise MuscleFaceError(sentence)
    return d


def _pulled(state: _State, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Adjoint forces (3N,) and bone motions (3N,) of a loss gradient d over the skin (V, 3)."""
    model, rig = state.model, state.model.rig
    return state.linear.adjoint(np.asarray(model.carry.T @ (d @ rig.frame)[rig.carried]).ravel())


def _controls_gradient(state: _State, d: np.ndarray, force: np.ndarray, moved: np.ndarray) -> np.ndarray:
    model, rig = state.model, state.model.rig
    nodal = force.reshape(-1, 3)
    by_track = _bones_by_track(state).T @ moved + _parts_by_track(state) @ d[rig.part_vertices].ravel()
    by_track += model.tracks.pulled(state.pose.nodes, state.load.strain, nodal)
    node, push = _teeth_by_track(state)
    by_track += np.einsum("kci,ci->k", push, nodal[node])
    by_track += model.skinning.detail.reshape(len(by_track), -1) @ d[rig.skin].ravel()
    out = state.tracks.T @ by_track
    out[_muscles(model)] += state.pulling * derivatives.pulled_by_activation(model.flesh, state.pose.nodes, nodal)
    return out


# What rest positions carry besides the flesh's own forces


def _on_nodes(model: "FaceModel", corners: np.ndarray) -> np.ndarray:
    """(N, 3) sums of what sits on the corners of tets (T, 4, 3)."""
    rows = model.flesh.tets.ravel()
    return np.stack([np.bincount(rows, corners[..., i].ravel(), len(model.rig.nodes)) for i in range(3)], axis=1)


def _weight_per_volume(state: _State) -> tuple[np.ndarray, np.ndarray]:
    """(T, 4, 3) dV/dX of each tet's corners, and (T,) mass per volume on each of them."""
    flesh = state.model.flesh
    return flesh.volume[:, None, None] * flesh.shape_gradients, 0.25 * DENSITY * flesh.natural_share


def _weight_by_rest(state: _State, rest: np.ndarray) -> np.ndarray:
    """(N, 3) change of the flesh's weight when rest positions move by (N, 3)."""
    model = state.model
    per_corner, mass = _weight_per_volume(state)
    change = mass * np.einsum("tci,tci->t", per_corner, rest[model.flesh.tets])
    return model.flesh.spread(4.0 * change)[:, None] * (model.rotation @ state.pose.gravity)


def _weight_by_rest_transposed(state: _State, nodal: np.ndarray) -> np.ndarray:
    model = state.model
    per_corner, mass = _weight_per_volume(state)
    along = (nodal @ (model.rotation @ state.pose.gravity))[model.flesh.tets].sum(1)
    return _on_nodes(model, (mass * along)[:, None, None] * per_corner)


def _bone_turn(state: _State, vectors: np.ndarray, *, transposed: bool = False) -> np.ndarray:
    """(N, 3) vectors on bone nodes turned with their bone (or back), 0 on free nodes."""
    model = state.model
    R, _ = model.jaw.motion(*state.q)
    out = np.where(model.flesh.fixed[:, None], vectors, 0.0)
    m = model.rig.bone == MANDIBLE
    out[m] = out[m] @ (R if transposed else R.T)
    return out
