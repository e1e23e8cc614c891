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

# Landmark -> Multi-PIE points whose mean it should be.
MULTI_PIE = {
    "mouth_corner_R": (48, 60),
    "mouth_corner_L": (54, 64),
    "eye_outer_R": (36,),
    "eye_inner_R": (39,),
    "eye_inner_L": (42,),
    "eye_outer_L": (45,),
    "upper_lid_R": (37, 38),
    "upper_lid_L": (43, 44),
    "lower_lid_R": (40, 41),
    "lower_lid_L": (46, 47),
    "nasion": (27,),
    "nose_tip": (30,),
    "subnasale": (33,),
    "ala_base_R": (31,),
    "ala_base_L": (35,),
    "labrale_superius": (51,),
    "labrale_inferius": (57,),
    "upper_lip": (62,),
    "lower_lip": (66,),
    "gnathion": (8,),
    "brow_outer_R": (17,),
    "brow_mid_R": (19,),
    "brow_inner_R": (21,),
    "brow_inner_L": (22,),
    "brow_mid_L": (24,),
    "brow_outer_L": (26,),
}
# Landmark -> vertex of MPFB's head, looked up in a picture of the base; its people share the topology.
MPFB_VERTICES = {
    "eye_inner_L": 4460,
    "eye_inner_R": 2279,
    "eye_outer_L": 2320,
    "eye_outer_R": 21,
    "mouth_corner_L": 2703,
    "mouth_corner_R": 428,
    "nasion": 134,
    "nose_tip": 297,
    "subnasale": 343,
    "ala_L": 2614,
    "ala_R": 337,
    "labrale_superius": 466,
    "labrale_inferius": 495,
    "pogonion": 733,
}
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
