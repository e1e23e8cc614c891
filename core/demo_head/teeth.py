# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Two dental arches: one closed strip each, teeth and gum in one, symmetric about the midline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

STEPS = 64  # along the arch
TOOTH_STEPS = 4  # steps per tooth


@dataclass(frozen=True)
class Arch:
    """Outer curve x = half_width sin(t), z = front - depth (1 - cos(t))^0.95; heights of edge and gum [cm].

    edge_back is the height of the edge at the last molar.
    """

    half_width: float
    front: float
    depth: float
    edge: float
    edge_back: float
    gum: float
    thickness: float


UPPER = Arch(2.25, 8.80, 2.5, -6.98, -6.84, -5.75, 0.62)
LOWER = Arch(2.05, 8.42, 2.3, -6.80, -6.98, -7.95, 0.60)
# Cross-section, counter-clockwise seen with the outside to the right: outward share of the thickness, height share (0
# edge, 1 gum).
SECTION = np.array(
    [
        (-0.34, 0.00), (-0.12, 0.00), (-0.03, 0.06), (0.00, 0.32), (0.00, 0.55), (0.06, 0.62), (0.03, 0.85),
        (-0.25, 1.00), (-0.70, 1.00), (-1.00, 0.80), (-0.95, 0.55), (-0.60, 0.25),
    ]
)  # fmt: skip


def dental_arch(arch: Arch) -> tuple[np.ndarray, list[list[int]]]:
    """Vertices (n, 3) [cm] and quads of a closed strip; vertex order is symmetric about the middle step."""
    s = np.linspace(-1.0, 1.0, STEPS + 1)
    turn = s * (0.5 * np.pi)
    x = arch.half_width * np.sin(turn)
    z = arch.front - arch.depth * (1.0 - np.cos(turn)) ** 0.95
    tangent = np.stack([np.gradient(x), np.gradient(z)], axis=1)
    tangent /= np.linalg.norm(tangent, axis=1)[:, None]
    outward = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    between = (np.arange(STEPS + 1) - STEPS // 2) % TOOTH_STEPS == 0
    between[[0, -1]] = False
    dent = np.where(between, 0.05, 0.0)
    edge = arch.edge + (arch.edge_back - arch.edge) * np.abs(s) ** 1.5 + np.sign(arch.gum - arch.edge) * dent
    rows = []
    for share, height in SECTION:
        tooth = dent * (height < 0.6)
        offset = share * arch.thickness - tooth * (1.0 if share > -0.3 else -1.0) * 0.8
        y = edge + (arch.gum - edge) * height
        rows.append(np.stack([x + outward[:, 0] * offset, y, z + outward[:, 1] * offset], axis=1))
    ring = np.stack(rows, axis=1)  # (STEPS + 1, 12, 3)
    return _strip(ring, flip=arch.gum > arch.edge)


def _strip(ring: np.ndarray, flip: bool) -> tuple[np.ndarray, list[list[int]]]:
    """Close a swept section (steps, 12, 3) by a 3 x 3 grid at each end."""
    steps, n, _ = ring.shape
    numbers = np.arange(steps * n).reshape(steps, n)
    nxt = np.roll(numbers, -1, axis=1)
    quads = np.stack([numbers[:-1], nxt[:-1], nxt[1:], numbers[1:]], axis=2).reshape(-1, 4)
    vertices, faces = [ring.reshape(-1, 3)], [quads]
    border = [(0, 0), (1, 0), (2, 0), (3, 0), (3, 1), (3, 2), (3, 3), (2, 3), (1, 3), (0, 3), (0, 2), (0, 1)]
    for end, reverse in ((0, True), (steps - 1, False)):
        grid = np.zeros((4, 4), int)
        place = np.zeros((4, 4, 3))
        for k, (i, j) in enumerate(border):
            grid[i, j], place[i, j] = numbers[end, k], ring[end, k]
        grid[1:3, 1:3] = sum(len(v) for v in vertices) + np.arange(4).reshape(2, 2)
        for i in (1, 2):
            for j in (1, 2):
                a, b = i / 3.0, j / 3.0
                place[i, j] = 0.5 * ((1 - a) * place[0, j] + a * place[3, j] + (1 - b) * place[i, 0] + b * place[i, 3])
        inner = place[1:3, 1:3].reshape(-1, 3)
        beyond = ring[end].mean(axis=0) - ring[end + (1 if reverse else -1)].mean(axis=0)  # a rounded end
        vertices.append(0.7 * inner + 0.3 * ring[end].mean(axis=0) + beyond)
        cap = np.stack([grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]], axis=2).reshape(-1, 4)
        faces.append(cap[:, ::-1] if reverse else cap)
    all_faces = np.vstack(faces)
    return np.vstack(vertices), (all_faces[:, ::-1] if flip else all_faces).tolist()
