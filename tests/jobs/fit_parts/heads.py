# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The head whose fit is measured."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fit_proofs import face_vertices, points_68
from muscle_face.core import FaceModel
from muscle_face.core.demo_head import demo_head
from muscle_face.core.fit.targets import SkinPoints

FACES = Path(__file__).resolve().parents[4] / "shared" / "faces"
ICT = FACES / "ict" / "ict_base_expr.npz"
ICT_FACE = 9409
"""Vertices of ICT's "Face" part come first (meta.json)."""


@dataclass
class FitHead:
    """name · mesh: vertices (V, 3), faces and shapes · model · face: vertices over which errors count · points: 68."""

    name: str
    mesh: tuple[np.ndarray, list, dict[str, np.ndarray]]
    model: FaceModel
    face: np.ndarray
    points: SkinPoints


def fit_head(path: Path | None, rig: Path | None = None) -> FitHead:
    """Read and rig a head (or load its rig), or the demo head."""
    landmarks = None
    if path is None:
        mesh = demo_head()
    else:
        data = np.load(path, allow_pickle=False)
        faces = [f.tolist() for f in np.split(data["loop_vert"], np.cumsum(data["loop_total"])[:-1])]
        shapes = dict(zip(data["shape_names"].tolist(), data["shape_deltas"].astype(float), strict=True))
        mesh = data["verts"].astype(float), faces, shapes
        landmarks = data["landmarks68"] if "landmarks68" in data else None
    model = FaceModel.load(rig) if rig else FaceModel.build(*mesh)
    ict = path is not None and path.resolve() == ICT.resolve()
    face = np.arange(ICT_FACE) if ict else face_vertices(model)
    return FitHead(path.stem if path else "demo head", mesh, model, face, points_68(model, landmarks))
