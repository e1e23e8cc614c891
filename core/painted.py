# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Values painted on the skin, carried into the flesh under it."""

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from .face import FaceModel

NEIGHBOURS = 4
"""Skin vertices whose values a tet takes."""


def in_flesh(model: "FaceModel", values: np.ndarray) -> np.ndarray:
    """(T,) values of the tets: means of the vertices' values (V,) over the nearest skin. Loose parts do not count."""
    nearest, share = under_skin(model)
    return (values[nearest] * share).sum(1)


def under_skin(model: "FaceModel") -> tuple[np.ndarray, np.ndarray]:
    """The vertices (T, k) of the skin nearest to each tet and their weights (T, k), by inverse squared
    distance; found once for each model."""
    found = vars(model).get("_under")
    if found is None:
        rig = model.rig
        skin = rig.head_frame().to_norm(rig.vertices[rig.skin])
        far, index = cKDTree(skin).query(rig.nodes[rig.tets].mean(1), min(NEIGHBOURS, len(skin)))
        share = 1.0 / np.maximum(far, 1e-3) ** 2
        found = model._under = rig.skin[index], share / share.sum(1, keepdims=True)
    return found
