# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The heads that the job rigs: each name stands for a function that makes the head."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
from muscle_face.core.anatomy.head import analyse_head
from muscle_face.core.demo_head import demo_head
from muscle_face.core.demo_head.head import build_head, feature_corners
from muscle_face.core.geometry import surface
from scipy.spatial.transform import Rotation

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

import odd_heads  # noqa: E402
from anatomy_heads import MPFB_VERTICES, MULTI_PIE  # noqa: E402

FACES = ROOT.parent / "shared" / "faces"
ON_ITS_BACK = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])


@dataclass(frozen=True)
class Case:
    """A head as an artist hands it over, and where some of its landmarks are known to be, name -> (3,)."""

    vertices: np.ndarray
    faces: list[list[int]]
    shapes: dict[str, np.ndarray] = field(default_factory=dict)
    known: dict[str, np.ndarray] = field(default_factory=dict)

    def moved(self, rotation: np.ndarray, scale: float) -> "Case":
        """The head turned and scaled."""

        def turn(points: np.ndarray) -> np.ndarray:
            return scale * points @ rotation.T

        return Case(turn(self.vertices), self.faces, {n: turn(d) for n, d in self.shapes.items()},
                    {n: turn(p) for n, p in self.known.items()})  # fmt: skip

    def bare(self) -> "Case":
        """The head without its shapes."""
        return replace(self, shapes={})


def _polygons(data: np.lib.npyio.NpzFile) -> list[list[int]]:
    return [f.tolist() for f in np.split(data["loop_vert"], np.cumsum(data["loop_total"])[:-1])]


def _shapes(data: np.lib.npyio.NpzFile, kind: str) -> dict[str, np.ndarray]:
    names, deltas = data[f"{kind}_names"], data[f"{kind}_deltas"]
    return {str(n): d.astype(float) for n, d in zip(names, deltas, strict=True)}


def ict(whole: bool = True) -> Case:
    """ICT's head with eyes and teeth, or its skin alone; its 68 landmarks are known."""
    data = np.load(FACES / "ict" / ("ict_base_expr.npz" if whole else "ict_skin.npz"))
    index = json.loads((FACES / "ict" / "meta.json").read_text(encoding="utf-8"))["landmarks68"]
    v = data["verts"].astype(float)
    known = {n: v[index][list(i)].mean(axis=0) for n, i in MULTI_PIE.items()}
    return Case(v, _polygons(data), _shapes(data, "shape"), known)


def ict_identity(seed: int) -> Case:
    """A random person of ICT's model: one standard deviation in each of its 20 modes."""
    head = ict(whole=False)
    data = np.load(FACES / "ict" / "ict_skin.npz")
    amount = np.random.default_rng(seed).normal(size=20)
    v = head.vertices + np.tensordot(amount, data["identity_deltas"].astype(float), 1)
    known = {n: v[data["landmarks68"]][list(i)].mean(axis=0) for n, i in MULTI_PIE.items()}
    return replace(head, vertices=v, known=known)


def mpfb(identity: str = "base", kind: str = "arkit") -> Case:
    """MPFB's head as one of its people."""
    data = np.load(FACES / "mpfb" / "mpfb_head.npz")
    v = data["identity_verts"][data["identity_names"].tolist().index(identity)].astype(float)
    return Case(v, _polygons(data), _shapes(data, kind), {n: v[i] for n, i in MPFB_VERTICES.items()})


def mpfb_body() -> Case:
    """The whole body with all its helper geometry."""
    data = np.load(FACES / "mpfb" / "mpfb_fullbody.npz")
    return Case(data["verts"].astype(float), _polygons(data), _shapes(data, "arkit"), mpfb().known)


def demo() -> Case:
    """The project's own head."""
    return Case(*demo_head(), feature_corners(build_head()))


def decimated(case: Case, ratio: float) -> Case:
    """The bare head with fewer faces, by Blender's Decimate modifier."""
    import bpy
    from muscle_face.blender_addon import bridge

    obj = bpy.data.objects.new("Head", bridge.new_mesh("Head", case.vertices, case.faces))
    bpy.context.collection.objects.link(obj)
    obj.modifiers.new("Fewer", "DECIMATE").ratio = ratio
    mesh = obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
    vertices = np.array([v.co for v in mesh.vertices], float)
    return Case(vertices, [list(p.vertices) for p in mesh.polygons], {}, case.known)


def merged_mouth() -> Case:
    """ICT's head whose gums, tongue and teeth are one piece with its skin and cross it and each other."""
    head = ict()
    found = analyse_head(head.vertices, head.faces, head.shapes)
    return replace(head, faces=odd_heads.merged(head.vertices, head.faces, found)[1], shapes={})


def without_jaw_open() -> Case:
    """ICT's head without jawOpen and with lips that cross each other."""
    head = ict()
    pressed = odd_heads.pressed(head.vertices, head.shapes)
    shapes = {n: d for n, d in head.shapes.items() if n != "jawOpen"}
    away = np.linalg.norm(pressed - head.vertices, axis=1).max()
    assert away < 0.4, "the landmarks known of the neutral are no longer right"
    return replace(head, vertices=pressed, shapes=shapes)


def scan(case: Case) -> Case:
    """A head without openings, as a scanner sees it: what is inside mouth and eyes is cut off and filled."""
    found = analyse_head(case.vertices, case.faces, case.shapes)
    return Case(*odd_heads.without_openings(found), {}, case.known)


def skin_of(case: Case) -> Case:
    """The head's largest loose part alone."""
    triangles, _ = surface.triangulate(case.faces)
    labels = surface.loose_parts(len(case.vertices), triangles)
    kept = labels == np.bincount(labels[labels >= 0]).argmax()
    new = np.cumsum(kept) - 1
    faces = [[int(new[i]) for i in f] for f in case.faces if kept[f[0]]]
    return Case(case.vertices[kept], faces, {n: d[kept] for n, d in case.shapes.items()}, case.known)


def turned(case: Case, seed: int, scale: float) -> Case:
    """The head turned at random."""
    return case.moved(Rotation.random(random_state=seed).as_matrix(), scale)


CASES: dict[str, Callable[[], Case]] = {
    "demo": demo,
    "demo_bare_turned": lambda: turned(demo().bare(), 1, 10.0),
    "ict": ict,
    **{f"ict_identity_{seed}": partial(ict_identity, seed) for seed in range(3)},
    "mpfb": mpfb,
    "mpfb_african_male": partial(mpfb, "african-male-young"),
    "mpfb_asian_female": partial(mpfb, "asian-female-old"),
    "mpfb_child": partial(mpfb, "asian-male-child"),
    "mpfb_expression_units": partial(mpfb, "base", "unit"),
    "mpfb_body": mpfb_body,
    "ict_bare_third": lambda: decimated(ict().bare(), 1.0 / 3.0),
    "ict_bare_third_hundredth": lambda: decimated(ict().bare(), 1.0 / 3.0).moved(np.eye(3), 0.01),
    "ict_bare_third_hundred": lambda: decimated(ict().bare(), 1.0 / 3.0).moved(np.eye(3), 100.0),
    "ict_bare_third_lying": lambda: decimated(ict().bare(), 1.0 / 3.0).moved(ON_ITS_BACK, 1.0),
    "ict_bare_turned": lambda: turned(ict().bare(), 5, 0.3),
    "mpfb_body_bare_turned": lambda: turned(mpfb_body().bare(), 6, 2.0),
    "merged_teeth_and_tongue": merged_mouth,
    "without_jaw_open": without_jaw_open,
    "scan_without_openings": lambda: scan(ict(whole=False)),
    "scan_turned": lambda: turned(scan(ict(whole=False)), 7, 50.0),
    "demo_scan": lambda: scan(skin_of(demo())),
}
"""Name of each head and the function that makes it."""
