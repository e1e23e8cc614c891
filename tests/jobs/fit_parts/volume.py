# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The volume of the face where shapes are pushed and mixed, beside their plain sum."""

import numpy as np
from face_proofs import VolumeOfSum
from muscle_face.core import FaceModel
from muscle_face.core.anatomy.composition import REGIONS
from muscle_face.core.anatomy.names import match_arkit

from .heads import FitHead

MIXES = {
    "smile 1.3": {"mouthSmileLeft": 1.3, "mouthSmileRight": 1.3},
    "jawOpen + smile + funnel": {"jawOpen": 1.0, "mouthSmileLeft": 1.0, "mouthSmileRight": 1.0, "mouthFunnel": 1.0},
}


def measure(head: FitHead) -> dict:
    """Volume of the face's flesh beyond and between shapes."""
    model, changes = head.model, {}
    shapes, summed = match_arkit(model.shapes), VolumeOfSum(model)
    for name, mix in MIXES.items():
        values = {given: v for arkit, v in mix.items() for given in shapes.get(arkit, ())}
        pose = model.solve(values)
        changes[name] = {
            "simulated_pct": face_change(model, pose.nodes),
            "linear_pct": face_change(model, summed.nodes(model.vector(values)[: len(model.shapes)])),
            "converged": pose.converged,
        }
    return {"volume": changes}


def face_change(model: FaceModel, nodes: np.ndarray) -> float:
    """Change of the volume of the face's flesh (all but scalp and neck) at nodes (N, 3) [per cent]."""
    rig, flesh = model.rig, model.flesh
    face = (rig.region[rig.tets] != list(REGIONS).index("neck")).any(1)
    share = flesh.volume_ratio(nodes) - 1.0
    return 100.0 * float(flesh.volume[face] @ share[face] / flesh.volume[face].sum())
