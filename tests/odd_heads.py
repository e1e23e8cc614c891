# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Heads as artists hand them over: scans without openings, lips run into each other, teeth and tongue merged in."""

import numpy as np
from muscle_face.core.anatomy.head import Head, analyse_head
from muscle_face.core.demo_head import demo_head
from muscle_face.core.geometry import surface

Bare = tuple[np.ndarray, list[list[int]]]


def pressed(vertices: np.ndarray, shapes: dict[str, np.ndarray], share: float = 0.05) -> np.ndarray:
    """The head with its jaw closed beyond its neutral, so that the lips cross by a millimetre or two."""
    return vertices - share * shapes["jawOpen"]


def pressed_lips() -> Bare:
    """The demo head with lips that run into each other, without shapes."""
    v, faces, shapes = demo_head()
    return pressed(v, shapes), faces


def without_openings(head: Head | None = None) -> Bare:
    """A head (the demo head) as a scanner sees it: mouth and eyes cut off and filled, one continuous skin."""
    if head is None:
        head = analyse_head(*demo_head())
    inner = np.zeros(len(head.vertices), bool)
    for pocket in head.pockets.values():
        inner[pocket] = True
    triangles = head.triangles[~inner[head.triangles].any(axis=1)]
    labels = surface.loose_parts(len(inner), triangles)
    triangles = triangles[labels[triangles[:, 0]] == np.bincount(labels[labels >= 0]).argmax()]
    vertices, faces = [head.frame.to_user(head.vertices)], triangles.tolist()
    neck = max(surface.border_loops(head.triangles), key=len, default=[])
    for loop in surface.border_loops(triangles):
        if len(set(loop) & set(neck)) < 0.5 * len(loop):
            middle = sum(len(v) for v in vertices)
            vertices.append(vertices[0][loop].mean(axis=0)[None])
            faces += [[b, a, middle] for a, b in zip(loop, np.roll(loop, -1), strict=True)]
    vertices = np.concatenate(vertices)
    used, faces = np.unique(np.array(faces), return_inverse=True)
    return vertices[used], faces.reshape(-1, 3).tolist()


def merged(vertices: np.ndarray, faces: list[list[int]], head: Head) -> Bare:
    """The head with all that is in its mouth joined to the skin by bridges, whatever that crosses."""
    bridges = []
    bag = head.pockets["mouth"]
    for part in head.parts:
        if part.kind.startswith(("teeth", "tongue", "mouth_inside")):
            gap = np.linalg.norm(vertices[part.vertices][:, None] - vertices[bag][None], axis=2)
            for k in np.argsort(gap.min(axis=1))[:3]:
                mine, theirs = part.vertices[k], bag[np.argsort(gap[k])[:2]]
                bridges.append([int(mine), int(theirs[0]), int(theirs[1])])
    return vertices, [*faces, *bridges]
