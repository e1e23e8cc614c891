# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The mouth of one head beyond its muscles: what presses from inside, and lips that meet although the jaw is open.

Air presses along the normals of the cheeks' lining as it lies (a follower load). Lips that pout are pressed forwards
on their back: the bands of the ring alone draw it flat against the teeth.
"""

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from ..anatomy.cavities import INNER_EXPOSURE, find_cavity
from ..geometry import surface
from ..geometry.smoothstep import smoothstep

if TYPE_CHECKING:
    from ..face import FaceModel

KILOPASCAL = 0.1  # [N/cm2]
LIP_REACH = 0.6
"""How far from the line between the lips skin is sealed with it [cm]."""

SEAL = 60.0
"""Pull of a seal, in units of shear modulus per cm, on each square centimetre of lip."""


class Mouth:
    """Loads of the mouth of one model; x (V, 3) and landmarks in the normalised frame."""

    def __init__(self, model: "FaceModel", x: np.ndarray, landmarks: dict[str, np.ndarray]) -> None:
        rig = model.rig
        self._model, self._rest = model, x[rig.skin]
        index = np.full(len(x), -1)
        index[rig.skin] = np.arange(len(rig.skin))
        self._triangles = index[rig.triangles]
        self._embed = model.carry[: len(rig.skin)]
        right, middle, left = (landmarks[n] for n in ("mouth_corner_R", "stomion", "mouth_corner_L"))
        self._middle, self._half = middle, 0.5 * abs(left[0] - right[0])
        self._line = np.array([right, 0.5 * (right + middle), middle, 0.5 * (left + middle), left])
        neighbours = surface.adjacency(len(x), rig.triangles)
        bag = find_cavity(x, neighbours, rig.vertex_exposure(), rig.skin, middle, 2.5)
        inside = np.zeros(len(x), bool)
        inside[[] if bag is None else bag.inner] = True
        self._upper = self._rest[:, 1] > np.interp(self._rest[:, 0], self._line[:, 0], self._line[:, 1])
        self.cheeks, self.lips = self._linings(inside[rig.skin] & (rig.exposure < INNER_EXPOSURE))

    def _linings(self, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Share (Vs,) of each skin vertex in the lining of the cheeks and of the lips."""
        rel = self._rest - self._middle
        lateral = np.abs(rel[:, 0]) / self._half
        low = smoothstep((3.2 - np.abs(rel[:, 1])) / 1.2)
        cheeks = inside * smoothstep((lateral - 0.55) / 0.5) * low
        front = smoothstep((0.9 - np.abs(rel[:, 1])) / 0.5) * smoothstep((rel[:, 2] + 3.0) / 1.0)
        return cheeks, inside * smoothstep((1.15 - lateral) / 0.5) * front

    def pressure(self, nodes: np.ndarray, cheeks: float, pout: tuple[float, float]) -> np.ndarray:
        """(N, 3) force [N] on the nodes where they are, of pressures [kPa] on the two linings."""
        skin = self._rest + self._embed @ (nodes - self._model.rig.nodes)
        vectors = np.repeat(surface.triangle_normals(skin, self._triangles) / 3.0, 3, axis=0)
        corners = self._triangles.ravel()
        area = np.stack([np.bincount(corners, vectors[:, k], len(skin)) for k in range(3)], axis=1)
        force = -cheeks * self.cheeks[:, None] * area
        # Only what faces the teeth is pushed, and forwards.
        force[:, 2] += np.where(self._upper, *pout) * self.lips * np.maximum(-area[:, 2], 0.0)
        return self._embed.T @ (KILOPASCAL * force)

    def seal(self, way: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Stiffness (N,) [N/cm] and goals (N, 3) that hold both lips together, ``way`` (3,) from where they rest."""
        points = np.concatenate([np.linspace(a, b, 8) for a, b in zip(self._line, self._line[1:], strict=False)])
        distance = cKDTree(points).query(self._rest)[0]
        along = np.abs(self._rest[:, 0] - self._middle[0]) / self._half
        share = smoothstep(1.5 - 1.5 * distance / LIP_REACH) * smoothstep(4.0 * (1.0 - along))
        area = surface.vertex_areas(self._rest, self._triangles)
        mu = float(np.median(self._model.flesh.shear))
        # Skin outside its tet has negative weights, which would push.
        stiffness = abs(self._embed).T @ (SEAL * mu * share * area)
        return np.where(self._model.flesh.fixed, 0.0, stiffness), self._model.rig.nodes + way
