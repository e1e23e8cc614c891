# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Where each vertex of the outer skin lies: feature lines are placed, everything between them is relaxed on the
surface.
"""

from __future__ import annotations

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.sparse import csr_matrix

from .features import EYE_CENTRE, sculpt
from .surface import ROW_COUNT, base_point, find_parameters, jacobian
from .topology import COLUMNS, CROWN_CAP, ROWS, Topology, half_hole_path

LIP_RING = 5  # mouth ring that runs along the border of the red lips
LID_RING = 5  # eye ring that runs along the front edge of the lid margins
EAR_RING = 3  # ear ring where the ear leaves the head
NOSTRIL_RING = 2  # nostril ring that runs along the rim of the nostril
RELAXATIONS = 40
SLOPE_EVERY = 5  # relaxations between two looks at the surface's slope

# (column or row, parameter) knots of the unrelaxed grid.
COLUMN_KNOTS = [(0, 0.0), (6, 0.14), (13, 0.38), (16, 0.60), (24, 0.97), (30, 1.30), (40, 2.0)]
ROW_KNOTS = [
    (0, 0.0),
    (5, 2.3),
    (10, 5.0),
    (14, 7.0),
    (20, 8.7),
    (24, 9.3),
    (33, 10.5),
    (39, 11.8),
    (43, 13.0),
    (48, 14.2),
    (54, 15.9),
]

# Red lip border and parting line, frontal (x, y) from the midline to the corner of the mouth.
UPPER_BORDER = np.array([(0.0, -5.93), (0.5, -5.82), (1.2, -6.10), (2.0, -6.50), (2.68, -6.82)])
LOWER_BORDER = np.array([(0.0, -7.78), (0.7, -7.74), (1.4, -7.52), (2.1, -7.13), (2.68, -6.82)])


def lid_margin(step: np.ndarray, steps: int) -> np.ndarray:
    """Frontal (x, y) of the front edge of the lids; step 0 is the outer corner, steps / 4 the middle of the upper
    lid.
    """
    angle = 2.0 * np.pi * np.asarray(step) / steps
    across, along = np.cos(angle), np.sin(angle)
    x = EYE_CENTRE[0] + np.where(across > 0, 1.47, 1.52) * across
    corner = 0.06 * across - 0.02
    upper = 0.52 * np.abs(along) ** 1.15 * (1.0 - 0.10 * across)
    lower = -0.46 * np.abs(along) ** 1.25 * (1.0 + 0.12 * across)
    return np.stack([x, corner + np.where(along >= 0, upper, lower)], axis=1)


def lip_border(step: np.ndarray, half_steps: int) -> np.ndarray:
    """Frontal (x, y) of the red lips' border; step 0 lower midline, half_steps the corner, 2 half_steps upper
    midline.
    """
    f = np.abs(np.asarray(step) - half_steps) / half_steps  # 0 corner, 1 midline
    x = 2.68 * (1.0 - f**1.3)
    upper = PchipInterpolator(*UPPER_BORDER.T)(x)
    lower = PchipInterpolator(*LOWER_BORDER.T)(x)
    return np.stack([x, np.where(np.asarray(step) >= half_steps, upper, lower)], axis=1)


def nostril_rim(step: np.ndarray, steps: int) -> np.ndarray:
    """Frontal (x, y) of the rim of the nostril; the ring starts half a step above its outer end."""
    angle = 2.0 * np.pi * (np.asarray(step) - 0.5) / steps
    along, across = 0.30 * np.cos(angle), 0.12 * np.sin(angle)
    return np.stack([0.70 + along, -4.54 + across + 0.02 * along], axis=1)


def ear_root(step: np.ndarray, steps: int) -> np.ndarray:
    """Side view (y, z) of the line where the ear leaves the head; step 0 is behind, steps / 4 above."""
    angle = 2.0 * np.pi * np.asarray(step) / steps
    y, z = 2.55 * np.sin(angle), -0.85 * np.cos(angle)
    tilt = 0.2  # the ear leans back
    return np.stack([-1.75 + y * np.cos(tilt) + z * np.sin(tilt), -1.0 - y * np.sin(tilt) + z * np.cos(tilt)], axis=1)


def _disc_parameters(cells: tuple[int, int], v_edge: float) -> np.ndarray:
    """(columns + 1, rows + 1, 2) parameters of the crown cap: concentric half rectangles squeezed onto latitudes."""
    n, m = cells
    uv = np.zeros((n + 1, m + 1, 2))
    path = half_hole_path((0, n, 0, m))
    edge_u = np.linspace(0.0, 2.0, len(path))
    edge = {place: u for place, u in zip(path, edge_u, strict=True)}
    apex = ROW_COUNT - 1.0
    corners = np.array([p for p in path], float)
    for i in range(n + 1):
        for j in range(m + 1):
            if (i, j) in edge:
                uv[i, j] = edge[i, j], v_edge
                continue
            x, z = i / n, 2.0 * j / m - 1.0
            radius = max(abs(x), abs(z))
            if radius == 0.0:
                uv[i, j] = 1.0, apex
                continue
            hit = np.array([x / radius * n, (z / radius + 1.0) * 0.5 * m])
            d = np.abs(corners - hit).sum(axis=1)
            a, b = np.argsort(d, kind="stable")[:2]
            u = (edge_u[a] * d[b] + edge_u[b] * d[a]) / (d[a] + d[b])
            uv[i, j] = u, apex - radius * (apex - v_edge)
    return uv


def _start_parameters(top: Topology, outer: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First guess (count, 2) and which of the vertices are fixed there."""
    uv = np.zeros((top.count, 2))
    fixed = np.zeros(top.count, bool)
    u = np.interp(np.arange(COLUMNS + 1), *np.array(COLUMN_KNOTS).T)
    v = np.interp(np.arange(ROWS + 1), *np.array(ROW_KNOTS).T)
    on = top.grid >= 0
    u, v = np.broadcast_arrays(u[:, None], v[None])
    # the levels climb towards the ear: let the rows that pass the mouth sag to the height of its corner
    sag = 0.65 * np.exp(-(((u - 0.40) / 0.22) ** 2) - ((v - 7.9) / 1.2) ** 2)
    uv[top.grid[on]] = np.stack([u, v - sag], axis=2)[on]
    cap = _disc_parameters(CROWN_CAP, v[0, -1])
    uv[top.crown[:, 1:-1].ravel()] = cap[:, 1:-1].reshape(-1, 2)
    uv[top.crown[-1, 1:-1]] = uv[top.crown[-1, 1:-1]]
    features = (
        (top.mouth, LIP_RING, lip_border(np.arange(top.mouth.shape[1]), top.mouth.shape[1] // 2), (0, 1)),
        (top.eye, LID_RING, lid_margin(np.arange(32), 32), (0, 1)),
        (top.nostril, NOSTRIL_RING, nostril_rim(np.arange(top.nostril.shape[1]), top.nostril.shape[1]), (0, 1)),
        (top.ear, EAR_RING, ear_root(np.arange(top.ear.shape[1]), top.ear.shape[1]), (1, 2)),
    )
    for rings, last, target, axes in features:
        uv[rings[last]] = find_parameters(target, axes, uv[rings[0]])
        fixed[rings[last]] = True
        for r in range(1, last):
            uv[rings[r]] = uv[rings[0]] + (uv[rings[last]] - uv[rings[0]]) * r / last
    fixed[top.grid[:, 0]] = True
    fixed[~outer] = True
    return uv, fixed


def outer_mask(top: Topology) -> np.ndarray:
    """Vertices that lie on the outer skin: all but lips, lid insides, ears and pockets."""
    outer = np.ones(top.count, bool)
    for rings, last in ((top.mouth, LIP_RING), (top.eye, LID_RING), (top.ear, EAR_RING), (top.nostril, NOSTRIL_RING)):
        outer[rings[last + 1 :]] = False
    for cap in (top.bag, top.socket, top.concha, top.nostril_cap):
        inner = cap[cap >= 0]
        outer[inner] = False
    return outer


def _averaging(top: Topology, outer: np.ndarray) -> csr_matrix:
    """Mean of the neighbours along edges of the outer skin."""
    f = top.faces[outer[top.faces].all(axis=1)]
    a = np.concatenate([f[:, k] for k in range(4)])
    b = np.concatenate([f[:, (k + 1) % 4] for k in range(4)])
    edges = np.unique(np.sort(np.stack([a, b], axis=1), axis=1), axis=0)
    rows, cols = np.concatenate([edges, edges[:, ::-1]]).T
    w = csr_matrix((np.ones(len(rows)), (rows, cols)), shape=(top.count, top.count))
    degree = np.maximum(np.asarray(w.sum(axis=1)).ravel(), 1.0)
    return csr_matrix((1.0 / degree[rows], (rows, cols)), shape=w.shape)


def lay_out(top: Topology) -> tuple[np.ndarray, np.ndarray]:
    """Positions (count, 3) [cm] of the outer skin, left half (other rows are 0), and which rows are set."""
    outer = outer_mask(top)
    uv, fixed = _start_parameters(top, outer)
    mean = _averaging(top, outer)
    on_midline = np.zeros(top.count, bool)
    on_midline[top.midline] = True

    def point(p: np.ndarray) -> np.ndarray:
        return sculpt(base_point(p), p[:, 0])

    free = np.flatnonzero(outer & ~fixed)
    x = np.zeros((top.count, 3))
    which = np.flatnonzero(outer)
    for turn in range(RELAXATIONS):
        x[which] = point(uv[which])
        pull = (mean[free] @ x) - x[free]
        pull[on_midline[free], 0] = 0.0
        if turn % SLOPE_EVERY == 0:
            slope = jacobian(point, uv[free])
        normal = np.einsum("nia,nib->nab", slope, slope) + 1e-4 * np.eye(2)
        move = np.linalg.solve(normal, np.einsum("nia,ni->na", slope, pull)[:, :, None])[:, :, 0]
        move[on_midline[free], 0] = 0.0
        uv[free] = np.clip(uv[free] + 0.6 * np.clip(move, -0.15, 0.15), [0.0, 0.0], [2.0, ROW_COUNT - 1.0])
    x[which] = point(uv[which])
    x[top.midline, 0] = 0.0
    return x, outer
