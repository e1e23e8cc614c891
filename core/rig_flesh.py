# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The flesh that a rig describes, and how it carries the skin."""

import numpy as np
import scipy.sparse as sp

from .physics import presets
from .physics.flesh import Fibres, Flesh
from .physics.gravity import prestretch
from .rig import Rig


def flesh_of(rig: Rig) -> Flesh:
    """The flesh with its tissue, its fibres and the springs that hold it to the tracks."""
    fibres = Fibres(rig.fibre_muscle, rig.fibre_tet, rig.fibre_stress, rig.fibre_direction, len(rig.muscle_names))
    kind = presets.tissue(str(rig.tissue))
    flesh = Flesh(
        rig.nodes,
        rig.tets,
        kind.moduli(rig.muscle_share, rig.skin_share),
        fibres,
        rig.bone > 0,
        np.zeros(len(rig.nodes)),
        law=kind.law,
        prestretch=prestretch(rig.nodes, rig.unloaded, rig.tets),
    )
    springs = rig.track_stiffness[rig.region] * presets.track_springs(flesh)
    flesh.spring = np.where(flesh.fixed, 0.0, springs)
    return flesh


def carriage(rig: Rig) -> sp.csr_matrix:
    """(C, N) with positions of the carried vertices = carriage @ positions of the nodes."""
    count = len(rig.carried)
    starts = np.arange(0, 4 * count + 1, 4)
    return sp.csr_matrix((rig.carrier_weight.ravel(), rig.carrier.ravel(), starts), (count, len(rig.nodes)))
