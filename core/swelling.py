# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Flesh that has swollen or shrunk: a volume of its own, at which it is free of stress.

Multiplicative growth (Rodriguez, Hoger, McCulloch 1994): the passive flesh feels F G^-1 with G = (1 + s)^(1/3) I, which
is the logarithmic strain ln(1 + s) / 3 I beside that of the shapes (``physics.face_flesh.Load``).
"""

import dataclasses
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import warp as wp

from .errors import MuscleFaceError, as_numbers
from .face import FaceModel
from .painted import in_flesh
from .physics.face_flesh import Load
from .physics.lanes import Lanes, LaneStrain
from .physics.materials import f64
from .rig import Rig

if TYPE_CHECKING:
    from .device import DeviceFace

LEAST = -0.9
"""Share of its volume that flesh may lose at most."""


def growth_strain(swelling: np.ndarray) -> np.ndarray:
    """(T, 6) logarithmic strain of an isotropic growth of the volume by shares (T,)."""
    return np.log1p(swelling)[:, None] / 3.0 * np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])


class SwollenFace(FaceModel):
    """A face whose flesh has swollen; poses, derivatives and fits are those of the swollen flesh. ``with_tissue`` and
    the like keep it swollen, ``save`` does not.

    model: the face before, with which factored matrices are shared · swelling: (V,) growth of the volume of the flesh
    under each vertex (1 doubles it; loose parts do not count), in the place of what the model has of it. The attribute
    of that name is (T,), that of the tets. Raises MuscleFaceError.
    """

    def __init__(self, model: FaceModel, swelling: np.ndarray) -> None:
        sentence = f"Swelling is one number for each of the {model.vertex_count} vertices, at least {LEAST}."
        swelling = as_numbers(swelling, sentence)
        if swelling.shape != (model.vertex_count,) or not (swelling >= LEAST).all() or np.isinf(swelling).any():
            raise MuscleFaceError(sentence)
        model.prepare()
        # Before its parts are shared: which vertices lie over a tet is found once for all amounts, like the tracks.
        of_tet = in_flesh(model, swelling)
        vars(self).update({name: value for name, value in vars(model).items() if name not in ("_growth", "_stiffened")})
        self.swelling, self._on_skin = of_tet, swelling.copy()

    def _of(self, rig: Rig) -> "SwollenFace":
        """That of the face before, as swollen."""
        return SwollenFace(super()._of(rig), self._on_skin)

    @cached_property
    def _growth(self) -> wp.array:
        return self.flesh.lanes.spread(growth_strain(self.swelling))

    def load_of(self, c: np.ndarray, gravity: np.ndarray) -> tuple[Load, np.ndarray, np.ndarray]:
        """That of the face before, free of stress at the swollen volume."""
        load, w, q = super().load_of(c, gravity)
        return dataclasses.replace(load, strain=_grown(self.flesh.lanes, load.strain, self._growth)), w, q

    def on_device(self, device: str = "cuda") -> "DeviceFace":
        """Raises MuscleFaceError: swollen flesh is simulated on the CPU only."""
        raise MuscleFaceError(f"Swollen faces are solved on the CPU only, not on {device}: take the swelling away.")


def _grown(lanes: Lanes, strain: LaneStrain | None, growth: wp.array) -> LaneStrain:
    """The strain of the shapes with a growth beside it, which their limit leaves alone."""
    if strain is None:
        return LaneStrain(lanes, wp.zeros_like(growth), growth)
    both = wp.array(strain.limited.numpy() + growth.numpy(), dtype=f64, device="cpu")
    return LaneStrain(lanes, strain.summed, both)
