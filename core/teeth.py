# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The teeth of a face model: where they are in a pose, and how far its shapes may take the lining through them."""

from typing import TYPE_CHECKING

import numpy as np

from .physics.contact import Contact, Teeth
from .physics.flesh import Flesh

if TYPE_CHECKING:
    from .face import FaceModel


class FaceTeeth:
    """Teeth of one model. allowance: (K, C) how much deeper [cm] than at rest each track at weight 1 takes the lining,
    not positive. The allowed depths of several tracks add up, so that a shape at 1 is the artist's own."""

    def __init__(self, model: "FaceModel") -> None:
        rig = model.rig
        self._rig, self._jaw = rig, model.jaw
        self.teeth = self.of_flesh(model.flesh)
        motions = [model.jaw.motion(*q) for q in rig.jaw_of_track]
        self.allowance = np.array([
            self.teeth.allowance(rig.nodes + rig.displacement(k), *motion) for k, motion in enumerate(motions)
        ]).reshape(len(motions), -1)  # fmt: skip

    def of_flesh(self, flesh: Flesh) -> Teeth:
        """The teeth for other flesh in the same tets."""
        rig = self._rig
        return Teeth.of(flesh, rig.lining_node, rig.lining_row, rig.lining_area, rig.teeth_arch)

    def contact(self, w: np.ndarray, q: np.ndarray) -> Contact | None:
        """The contact at track weights (K,) and jaw motion (3,); None where the mouth has no lining."""
        floor = self.teeth.at_rest + w @ self.allowance
        return self.teeth.in_pose(*self._jaw.motion(*q), floor)

    def by_track(self, contact: Contact, x: np.ndarray, q: np.ndarray) -> np.ndarray:
        """(K, C, 3) change of the force on the lining at nodes x (N, 3) per unit of each track's weight."""
        K, lift = contact.stiffness(x)
        by_jaw = contact.by_motion(x, K, *self._jaw.motion_derivatives(*q))
        return np.tensordot(self._rig.jaw_of_track, by_jaw, 1) + self.allowance[:, :, None] * lift
