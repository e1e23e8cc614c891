# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The tracks, jaw and skin of a face model on the device, and the loads of B poses."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import warp as wp

from ..geometry.head_flesh import MANDIBLE
from ..physics.flesh import Flesh
from ..physics.materials import f64, mat33, vec3
from ..physics.strain_limit import LEAST
from . import load_kernels as kernels

if TYPE_CHECKING:
    from ..face import FaceModel


def _row_of(members: np.ndarray, count: int) -> np.ndarray:
    """(count,) position of each index among ``members``, -1 where it is not one."""
    out = np.full(count, -1, np.int32)
    out[members] = np.arange(len(members))
    return out


class LoadData:
    """What the load kernels read of a model; uploaded once."""

    def __init__(self, model: "FaceModel", flesh: Flesh, device: wp.Device) -> None:
        self.device, self.flesh, self._model = device, flesh, model
        rig = model.rig
        self.rest = self._array(rig.nodes, vec3)
        self.shapes, self.muscles, self.tracks = len(model.shapes), len(model.muscles), len(rig.jaw_of_track)
        self.jaw_tracks = self._array(rig.jaw_tracks, f64)
        self.jaw = (vec3(model.jaw.hinge), mat33(model.jaw.spin), mat33(model.jaw.slide), vec3(model.jaw.side_advance))
        motions = [model.jaw.motion(*q) for q in rig.jaw_of_track]
        self.jaw_of_track = self._array(rig.jaw_of_track, vec3)
        self.track_turn = self._array([R - np.eye(3) for R, _ in motions], mat33)
        self.track_shift = self._array([t for _, t in motions], vec3)
        gravity = model.mass[:, None] * (model.rotation @ model.rest_gravity)
        strained = [model.tracks.strain_of(k) for k in range(self.tracks)]
        self.node = [
            self.rest,
            self._array(rig.bone, int),
            self._array(gravity, vec3),
            self._array(self._follow(), wp.vec4d),
            self._array(rig.track_step, f64),
            self._array(rig.track_steps, kernels.vec3s),
            self._array(model.tracks.load, wp.vec3f),
        ]
        tet = np.concatenate([tet for tet, _ in strained])
        order = np.argsort(tet, kind="stable")
        start = np.searchsorted(tet[order], np.arange(len(rig.tets) + 1))
        track = np.repeat(np.arange(self.tracks), [len(tet) for tet, _ in strained])
        a = flesh.arrays
        self.tet = [
            self._array(start, int),
            self._array(track[order], int),
            self._array(np.concatenate([strain for _, strain in strained])[order], kernels.vec6f),
            self._array(np.maximum(rig.strain_largest, LEAST), f64),
            a.inv_rest,
            a.prestretch,
            a.fibre_start,
            a.fibre_direction,
        ]
        self.lining = self._lining()
        self.skin = self._skin()

    def _array(self, values: np.ndarray | Sequence, dtype: type) -> wp.array:
        return wp.array(np.ascontiguousarray(values), dtype=dtype, device=self.device)

    def _follow(self) -> np.ndarray:
        """(N, 4) smooth fields that are (1, X) on the mandible and 0 on the cranium: how flesh follows the jaw.

        Any affine motion of the mandible carries the flesh along as ``FaceFlesh.carried`` does.
        """
        rig, solver = self._model.rig, self._model.solver
        fields = np.concatenate([np.ones((len(rig.nodes), 1)), rig.nodes], axis=1) * (rig.bone == MANDIBLE)[:, None]
        rows = [solver.carried(np.zeros((len(fields), 3)), np.repeat(f[:, None], 3, axis=1))[:, 0] for f in fields.T]
        return np.stack(rows, axis=1)

    def _lining(self) -> tuple[list, list]:
        """What the contact kernels read of the teeth, and what ``contact_floors`` reads."""
        face = self._model.teeth
        floors = [self._array(face.teeth.at_rest, f64), self._array(face.allowance, f64)]
        return face.teeth.model_arrays(self.device), floors

    def _skin(self) -> list:
        """Arguments of ``skin_vertices`` that poses do not change."""
        rig, count = self._model.rig, self._model.vertex_count
        return [
            self._array(rig.vertices, vec3),
            mat33(rig.frame),
            self.rest,
            self._array(_row_of(rig.carried, count), int),
            self._array(rig.carrier, wp.vec4i),
            self._array(rig.carrier_weight, wp.vec4d),
            self._array(_row_of(rig.skin, count), int),
            self._array(rig.detail_step, f64),
            self._array(rig.detail_steps, kernels.vec3s),
            self._array(_row_of(rig.part_vertices, count), int),
            self._array(rig.part_delta, wp.vec3f),
            self._array(_row_of(rig.mandible_vertices, count), int),
            self._array(self._model.skinning.jaw_parts, vec3),
        ]


class Loads:
    """Controls (B, n) of B poses and all that follows from them before the flesh is solved."""

    def __init__(self, data: LoadData, batch: int) -> None:
        self.batch, self._data, d = batch, data, data.device
        nodes, tets = len(data.flesh.rest), len(data.flesh.tets)
        self.controls = wp.zeros((batch, data.shapes + data.muscles + 3), dtype=f64, device=d)
        self.weight = wp.zeros((batch, data.tracks), dtype=f64, device=d)
        # One more than there are muscles, so that it is never empty.
        self.activation = wp.zeros((batch, data.muscles + 1), dtype=f64, device=d)
        self.turn, self._lag_turn = (wp.zeros(batch, dtype=mat33, device=d) for _ in range(2))
        self.shift, self._lag_shift = (wp.zeros(batch, dtype=vec3, device=d) for _ in range(2))
        self.anchor, self.force, self.bones, self.guess, self.carried = (
            wp.zeros((batch, nodes), dtype=vec3, device=d) for _ in range(5)
        )
        self.teeth, floors = data.lining
        self.floor = wp.zeros((batch, len(floors[0])), dtype=f64, device=d)
        self.inv_natural = wp.zeros((batch, tets), dtype=mat33, device=d)
        self.slack = wp.zeros((batch, len(data.flesh.fibres.muscle)), dtype=f64, device=d)

    @property
    def contact(self) -> list[wp.array]:
        """What the contact kernels read of the poses."""
        return [self.turn, self.shift, self.floor]

    def launch(self) -> None:
        """Work out the loads of the controls at hand."""
        m, b, d = self._data, self.batch, self._data.device
        wp.launch(kernels.track_weights, self.weight.shape, [m.jaw_tracks, m.shapes, m.muscles, self.controls],
                  [self.weight], device=d)  # fmt: skip
        wp.launch(kernels.activations, (b, m.muscles), [m.shapes, self.controls], [self.activation], device=d)
        wp.launch(kernels.jaw_motions, b, [*m.jaw, m.jaw_of_track, m.track_turn, m.track_shift, self.weight],
                  [self.turn, self.shift, self._lag_turn, self._lag_shift], device=d)  # fmt: skip
        wp.launch(kernels.node_loads, self.anchor.shape, [*m.node, self.weight, self.turn, self.shift, self._lag_turn,
                  self._lag_shift], [self.anchor, self.force, self.bones, self.guess, self.carried],
                  device=d)  # fmt: skip
        wp.launch(kernels.contact_floors, self.floor.shape, [*m.lining[1], self.weight], [self.floor], device=d)
        wp.launch(kernels.natural_shapes, self.inv_natural.shape, [*m.tet, self.weight],
                  [self.inv_natural, self.slack], device=d)  # fmt: skip

    def skin(self, nodes: wp.array, out: wp.array) -> None:
        """Vertices (B, V) of nodes (B, N)."""
        m = self._data
        wp.launch(kernels.skin_vertices, out.shape, [*m.skin, nodes, self.weight, self.turn, self.shift], [out],
                  device=m.device)  # fmt: skip
