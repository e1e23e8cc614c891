# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Derivatives of the skin with respect to the controls, by the implicit function theorem.

At an equilibrium f(x, c) = 0 with the unprojected stiffness K = -df/dx: K dx/dc = df/dc. Forward, one factorisation
serves all columns; backward, one adjoint solve gives the gradient of a loss.
"""

from typing import TYPE_CHECKING

import numpy as np

from .geometry.head_flesh import MANDIBLE
from .physics.face_flesh import Linearisation

if TYPE_CHECKING:
    from .face import FaceModel, Pose


def _linear(model: "FaceModel", pose: "Pose") -> Linearisation:
    if not pose._linear:
        pose._linear.append(model.solver.linearise(pose.nodes, model.load_of(pose.controls)[0]))
    return pose._linear[0]


def _track_jacobian(model: "FaceModel", c: np.ndarray) -> np.ndarray:
    """(K, n) d(track weights)/d(controls)."""
    s, n = len(model.shapes), len(c)
    out = np.zeros((len(model.rig.jaw_of_track), n))
    out[np.arange(s), np.arange(s)] = 1.0
    out[:, -3:-1] = model.rig.jaw_tracks[:2].T
    out[:, -1] = model.rig.jaw_tracks[2] if c[-1] >= 0.0 else -model.rig.jaw_tracks[3]
    return out


def _load_jacobian(model: "FaceModel", pose: "Pose") -> tuple[np.ndarray, np.ndarray]:
    """Per track: force on nodes (3N, K) and bone motion (3N, K)."""
    rig = model.rig
    strain = model.load_of(pose.controls)[0].strain
    natural = model.flesh.natural(np.zeros((len(rig.tets), 6)) if strain is None else strain)
    spring = model.flesh.spring[:, None]
    force = np.zeros((3 * len(rig.nodes), len(rig.jaw_of_track)))
    for k in range(len(rig.jaw_of_track)):
        t = model.track(k)
        pull = spring * t.displacement + t.load
        if len(t.tet):
            pull += model.flesh.strain_jacobian(pose.nodes, natural, t.tet, t.strain)
        force[:, k] = pull.ravel()
    _, _, q = model.split(pose.controls)
    dR, dt = model.jaw.motion_derivatives(*q)
    m = rig.bone == MANDIBLE
    per_q = np.zeros((3, len(rig.nodes), 3))
    per_q[:, m] = np.einsum("qij,nj->qni", dR, rig.nodes[m]) + dt[:, None]
    moved = per_q.reshape(3, -1).T @ rig.jaw_of_track.T
    return force, moved


def jacobian(model: "FaceModel", pose: "Pose") -> np.ndarray:
    """(3V, n) derivative of the skin (rows x0 y0 z0 x1 ...) with respect to every control, at an equilibrium."""
    rig = model.rig
    tracks = _track_jacobian(model, pose.controls)
    force, moved = _load_jacobian(model, pose)
    s, m = len(model.shapes), len(model.muscles)
    columns = force @ tracks
    columns[:, s : s + m] += model.flesh.activation_jacobian(pose.nodes).toarray()
    nodes = _linear(model, pose).forward(columns, moved @ tracks)
    n = len(pose.controls)
    out = np.zeros((model.vertex_count, 3, n))
    carried = (model.carry @ nodes.reshape(len(rig.nodes), -1)).reshape(-1, 3, n)
    out[rig.carried] = np.einsum("ij,cjn->cin", rig.frame, carried, optimize=True)
    for k in range(len(tracks)):
        used = np.flatnonzero(tracks[k])
        fine = rig.detail(k) @ rig.frame.T
        for i in used:
            out[rig.skin, :, i] += tracks[k, i] * fine
    parts = _part_jacobian(model, pose) @ tracks
    v = rig.part_vertices
    out[v] += parts.reshape(len(v), 3, n)
    return out.reshape(-1, n)


def _part_jacobian(model: "FaceModel", pose: "Pose") -> np.ndarray:
    """(3P, K) derivative of the part vertices beyond what the flesh carries, user's frame."""
    rig = model.rig
    k = len(rig.jaw_of_track)
    delta = rig.part_delta.astype(np.float64)
    _, _, q = model.split(pose.controls)
    dR, dt = model.jaw.motion_derivatives(*q)
    row = np.full(model.vertex_count, -1)
    row[rig.part_vertices] = np.arange(len(rig.part_vertices))
    per_q = np.einsum("qij,nj->qni", dR, model.jaw_parts()) + dt[:, None]
    delta[:, row[rig.mandible_vertices]] += np.tensordot(rig.jaw_of_track, per_q, 1)
    return np.einsum("ij,kpj->pik", rig.frame, delta, optimize=True).reshape(-1, k)


def gradient(model: "FaceModel", pose: "Pose", dloss_dskin: np.ndarray) -> np.ndarray:
    """(n,) gradient of a loss over the controls from its gradient over the skin (V, 3): one adjoint solve."""
    rig = model.rig
    d = np.asarray(dloss_dskin, np.float64).reshape(-1, 3)
    normal = d @ rig.frame
    sensitivity = np.asarray(model.carry.T @ normal[rig.carried]).ravel()
    force, moved = _linear(model, pose).adjoint(sensitivity)
    tracks = _track_jacobian(model, pose.controls)
    per_force, per_moved = _load_jacobian(model, pose)
    out = tracks.T @ (per_force.T @ force + per_moved.T @ moved)
    s, m = len(model.shapes), len(model.muscles)
    out[s : s + m] += model.flesh.activation_jacobian(pose.nodes).T @ force
    fine = np.array([np.vdot(rig.detail(k), normal[rig.skin]) for k in range(len(tracks))])
    out += tracks.T @ fine
    out += tracks.T @ (_part_jacobian(model, pose).T @ d[rig.part_vertices].ravel())
    return out
