# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Heads for the anatomy tests, each read and analysed once."""

import json
from functools import cache

import numpy as np
import pytest
from conftest import FACES
from muscle_face.core import FaceModel
from muscle_face.core.anatomy.head import Head, analyse_head
from muscle_face.core.anatomy.muscles import Muscle, place_muscles

Mesh = tuple[np.ndarray, list[list[int]], dict[str, np.ndarray]]


@cache
def mesh(name: str) -> Mesh:
    """ "ict" (skin only), "ict_whole" (with eyes, teeth, lashes), "mpfb", "demo"; skips when the file is absent."""
    if name == "demo":
        from muscle_face.core.demo_head import demo_head

        return demo_head()
    path = FACES / {"ict": "ict/ict_skin.npz", "ict_whole": "ict/ict_base_expr.npz", "mpfb": "mpfb/mpfb_head.npz"}[name]
    if not path.exists():
        pytest.skip(f"no test head at {path}")
    d = np.load(path)
    faces = [f.tolist() for f in np.split(d["loop_vert"], np.cumsum(d["loop_total"])[:-1])]
    names, deltas = ("arkit_names", "arkit_deltas") if name == "mpfb" else ("shape_names", "shape_deltas")
    return d["verts"].astype(float), faces, {str(n): x.astype(float) for n, x in zip(d[names], d[deltas], strict=True)}


@cache
def head(name: str) -> Head:
    """The analysed head."""
    return analyse_head(*mesh(name))


@cache
def muscles(name: str) -> dict[str, Muscle]:
    """The muscles of the head by name."""
    return {m.name: m for m in place_muscles(head(name))}


def ict_landmarks() -> np.ndarray:
    """ICT's 68 landmarks (68, 3) in Multi-PIE order."""
    index = json.loads((FACES / "ict" / "meta.json").read_text())["landmarks68"]
    return mesh("ict")[0][index]


@cache
def model(name: str) -> FaceModel:
    """The rigged head: "demo" as a draft, "ict_whole" in standard quality."""
    return FaceModel.build(*mesh(name), quality="draft" if name == "demo" else "standard")
