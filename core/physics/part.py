# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""A piece of a flesh as a flesh of its own."""

import numpy as np

from .flesh import Fibres, Flesh


def part_of(flesh: Flesh, moving: np.ndarray) -> tuple[Flesh, np.ndarray]:
    """The tets around the nodes ``moving`` (N,) with all other nodes held and no springs; and its nodes (n,) among the
    flesh's."""
    kept = np.flatnonzero(moving[flesh.tets].any(1))
    nodes, tets = np.unique(flesh.tets[kept], return_inverse=True)
    index = np.full(len(flesh.tets), -1)
    index[kept] = np.arange(len(kept))
    f = flesh.fibres
    inside = index[f.tet] >= 0
    tet = index[f.tet[inside]].astype(np.int32)
    part = Flesh(
        flesh.rest[nodes],
        tets.reshape(-1, 4),
        flesh.moduli[kept],
        Fibres(f.muscle[inside], tet, f.stress[inside], f.direction[inside], f.count),
        (flesh.fixed | ~moving)[nodes],
        np.zeros(len(nodes)),
        law=flesh.law if isinstance(flesh.law, str) else flesh.law[kept],
        prestretch=None if flesh.prestretch is None else flesh.prestretch[kept],
    )
    part.order_as(flesh, nodes)
    return part, nodes
