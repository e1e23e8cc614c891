# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What flesh is made of: moduli of fat, muscle and skin, mixed in each tet by their shares of its volume.

The Stanford face model gives all flesh 60, 20 and 3000 kPa (Sifakis, Neverov, Fedkiw 2005): right for a face that its
tracks carry, too stiff for muscles to move it as far as they move a real one. Measured soft tissue is ten to thirty
times softer, fat the softest and dermis the stiffest (Nazari et al. 2010; Flynn, Stavness, Lloyd, Fels 2015): the
default keeps that order, at a level where a muscle of 300 kPa moves its landmark as far as a real one does.
"""

from dataclasses import dataclass

import numpy as np

from ..errors import MuscleFaceError
from .flesh import Flesh

SIGMA_MAX = 30.0
"""Greatest active fibre stress [N/cm2], 300 kPa."""

DENSITY = 1.06e-3
"""Mass of soft tissue [kg/cm3] (Duck 1990: muscle 1.05-1.09, fat 0.92, skin 1.1)."""

TRACK_STIFFNESS = 0.15
"""Track springs per volume, in units of the flesh's shear modulus per cm2: soft, so that muscles act against them."""


@dataclass(frozen=True)
class Tissue:
    """One kind of flesh. law: name in ``materials.LAWS`` · fat, muscle, skin: its moduli [N/cm2]."""

    law: str
    fat: tuple[float, float, float]
    muscle: tuple[float, float, float]
    skin: tuple[float, float, float]

    def moduli(self, muscle: np.ndarray, skin: np.ndarray) -> np.ndarray:
        """(T, 3) moduli of tets with these volume shares (T,) of muscle and skin; the rest is fat."""
        shares = np.stack([1.0 - muscle - skin, muscle, skin], axis=1)
        return shares @ np.array([self.fat, self.muscle, self.skin])


def _neo_hookean(mooney_rivlin: tuple[float, float, float]) -> tuple[float, float, float]:
    """Lame's moduli of the same small-strain response; a Mooney-Rivlin ``kappa`` is the bulk modulus."""
    mu = 2.0 * (mooney_rivlin[0] + mooney_rivlin[1])
    return mu, mooney_rivlin[2] - 2.0 / 3.0 * mu, 0.0


_STANFORD = (6.0, 2.0, 300.0)
# Shear moduli of 4, 12 and 24 kPa.
_FAT, _MUSCLE, _SKIN = (0.15, 0.05, 30.0), (0.45, 0.15, 30.0), (0.9, 0.3, 30.0)

TISSUES = {
    "soft_tissue": Tissue("mooney_rivlin", _FAT, _MUSCLE, _SKIN),
    "stanford": Tissue("mooney_rivlin", _STANFORD, _STANFORD, _STANFORD),
    "soft_tissue_neo_hookean": Tissue(
        "stable_neo_hookean", _neo_hookean(_FAT), _neo_hookean(_MUSCLE), _neo_hookean(_SKIN)
    ),
}


def track_springs(flesh: Flesh) -> np.ndarray:
    """(N,) stiffness of each node's track spring [N/cm], soft against the flesh around it."""
    return TRACK_STIFFNESS * flesh.spread(flesh.volume * flesh.shear)


def tissue(name: str) -> Tissue:
    """The preset of a name. Raises MuscleFaceError."""
    if name not in TISSUES:
        raise MuscleFaceError(f'There is no tissue "{name}": use one of {", ".join(TISSUES)}.')
    return TISSUES[name]
