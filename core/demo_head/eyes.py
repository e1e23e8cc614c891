# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Lid margins, eye sockets and eyeballs, left side."""

from __future__ import annotations

import numpy as np

from .features import EYE_CENTRE, EYE_RADIUS, LID_THICKNESS, lid_height
from .layout import LID_RING
from .mouth import fill_cap
from .topology import Topology

SOCKET_RADIUS = 1.30  # [cm]
SOCKET_RINGS = 7
SOCKET_END = 2.55  # [rad] polar angle of the last ring, from straight ahead
MARGIN_RINGS = 2  # across the thickness of the lid
EYE_RINGS = LID_RING + MARGIN_RINGS + SOCKET_RINGS
BALL_STEPS, BALL_RINGS = 24, 14


def place_lids(x: np.ndarray, top: Topology) -> None:
    """Fill in lid margins and socket. x: (count, 3) with the outer skin set; changed in place."""
    front = x[top.eye[LID_RING]]
    front[:, 2] = lid_height(front[:, 0], front[:, 1], LID_THICKNESS)
    x[top.eye[LID_RING]] = front
    back = front.copy()
    back[:, :2] = EYE_CENTRE[:2] + (front[:, :2] - EYE_CENTRE[:2]) * [0.91, 0.90]
    back[:, 2] = lid_height(back[:, 0], back[:, 1], 0.0) + 0.02
    for r in range(1, MARGIN_RINGS + 1):
        x[top.eye[LID_RING + r]] = front + (back - front) * r / MARGIN_RINGS
    arm = back - EYE_CENTRE
    radius = np.linalg.norm(arm, axis=1)
    polar = np.arctan2(np.hypot(arm[:, 0], arm[:, 1]), arm[:, 2])
    azimuth = np.arctan2(arm[:, 1], arm[:, 0])
    for r in range(1, SOCKET_RINGS + 1):
        s = r / SOCKET_RINGS
        angle = polar + (SOCKET_END - polar) * s
        size = radius + (SOCKET_RADIUS - radius) * min(1.0, 5.0 * s)
        ring = np.stack([np.sin(angle) * np.cos(azimuth), np.sin(angle) * np.sin(azimuth), np.cos(angle)], axis=1)
        x[top.eye[LID_RING + MARGIN_RINGS + r]] = EYE_CENTRE + ring * size[:, None]
    fill_cap(x, top.socket, half=False)
    inner = top.socket[1:-1, 1:-1].ravel()
    arm = x[inner] - EYE_CENTRE
    x[inner] = EYE_CENTRE + arm * (SOCKET_RADIUS / np.linalg.norm(arm, axis=1))[:, None]


def eyeball() -> tuple[np.ndarray, list[list[int]]]:
    """Left eyeball with a slight cornea: vertices (n, 3) [cm], faces (quads, triangles at the two poles)."""
    polar = np.pi * np.arange(1, BALL_RINGS) / BALL_RINGS
    turn = 2.0 * np.pi * np.arange(BALL_STEPS) / BALL_STEPS
    p, t = np.meshgrid(polar, turn, indexing="ij")
    unit = np.stack([np.sin(p) * np.cos(t), np.sin(p) * np.sin(t), np.cos(p)], axis=2).reshape(-1, 3)
    vertices = EYE_CENTRE + EYE_RADIUS * np.vstack([[0.0, 0.0, 1.0], unit, [0.0, 0.0, -1.0]])
    last = len(vertices) - 1
    ring = 1 + np.arange(unit.shape[0]).reshape(BALL_RINGS - 1, BALL_STEPS)
    nxt = np.roll(ring, -1, axis=1)
    faces = [[0, a, b] for a, b in zip(ring[0], nxt[0], strict=True)]
    faces += [
        [a, c, d, b]
        for r in range(BALL_RINGS - 2)
        for a, b, c, d in zip(ring[r], nxt[r], ring[r + 1], nxt[r + 1], strict=True)
    ]
    faces += [[last, b, a] for a, b in zip(ring[-1], nxt[-1], strict=True)]
    return vertices, [[int(i) for i in f] for f in faces]
