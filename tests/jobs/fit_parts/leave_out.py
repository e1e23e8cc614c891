# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What muscles reach that a smaller basis of shapes cannot: Bao et al. 2019's claim."""

import numpy as np
from muscle_face.core import FaceModel
from muscle_face.core.anatomy.names import canonical_name
from muscle_face.core.fit.targets import VertexTarget
from scipy.optimize import lsq_linear

from .heads import FitHead

SPLITS = 3

NOTHING = 1e-3
"""RMS motion [units of the mesh] of shapes that do not move the face (pupils)."""

TOGETHER = {"mouthClose": ("jawOpen",)}
"""Shapes that only mean something on top of others (ARKit: closed lips on an open jaw)."""


def measure(head: FitHead) -> dict:
    """Leave-out: rigs without a third of the shapes, fitted to those."""
    shapes = head.mesh[2]
    face_weight = np.zeros(len(head.mesh[0]))
    face_weight[head.face] = 1.0
    results = {}
    for split in range(SPLITS):
        out = left_out(list(shapes), split)
        rest = {n: d for n, d in shapes.items() if n not in out}
        model = FaceModel.build(*head.mesh[:2], rest)
        for name in out:
            if _rms(shapes[name][head.face]) < NOTHING:
                continue
            wanted = shapes[name] + sum(shapes[n] for n in TOGETHER.get(name, ()) if n in shapes)
            target = head.mesh[0] + wanted
            fit = model.fit(VertexTarget(target, face_weight))
            error = (fit.pose.skin - target)[head.face]
            results[name] = {
                "rig_mm": _rms(error) * model.mm_per_unit,
                "blendshapes_mm": _linear(rest, wanted, head.face) * model.mm_per_unit,
                "moves_mm": _rms(wanted[head.face]) * model.mm_per_unit,
                "split": split,
                "seconds": fit.seconds,
                "muscles": dict(fit.active_muscles[:4]),
            }
            print(f"  {name}: {results[name]}", flush=True)
    both = [np.array([r[key] for r in results.values()]) for key in ("rig_mm", "blendshapes_mm")]
    rms = [float(np.sqrt((values**2).mean())) for values in both]
    return {"leave_out_ratio": rms[0] / rms[1], "leave_out_rms_mm": dict(zip(("rig", "blendshapes"), rms, strict=True)),
            "leave_out": results}  # fmt: skip


def left_out(names: list[str], split: int) -> list[str]:
    """Every third shape; both sides of a shape go together, or one would give away the other."""
    motions = {n: _motion(n) for n in names}
    order = sorted(set(motions.values()))
    return [n for n in names if order.index(motions[n]) % SPLITS == split]


def _motion(name: str) -> str:
    """What a shape does, whichever the side."""
    known = canonical_name(name)
    stem = known[0] if known else name
    for side in ("Left", "Right"):
        stem = stem.removesuffix(side)
    return stem.removesuffix("_L").removesuffix("_R")


def _linear(shapes: dict[str, np.ndarray], wanted: np.ndarray, face: np.ndarray) -> float:
    """RMS of bounded linear least squares."""
    A = np.array([d[face].ravel() for d in shapes.values()]).T
    b = wanted[face].ravel()
    H = A.T @ A
    L = np.linalg.cholesky(H + 1e-9 * H.diagonal().max() * np.eye(len(H)))
    w = lsq_linear(L.T, np.linalg.solve(L, A.T @ b), (0.0, 1.0), method="bvls").x
    return _rms((A @ w - b).reshape(-1, 3))


def _rms(vectors: np.ndarray) -> float:
    return float(np.sqrt((vectors**2).sum(1).mean()))
