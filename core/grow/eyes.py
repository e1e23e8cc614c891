# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Eyes of one head: how lids glide over the ball, how balls turn.

Lids are kinematic, as the jaw is: what closes an eye is a sheet that slides around a ball, and the flesh model knows no
contact between the two. Everything is in the normalised frame [cm].
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from ..anatomy.cavities import EYE_EXPOSURE
from ..geometry import surface
from ..geometry.smoothstep import smoothstep
from .fissure import Fissure, find_fissure

if TYPE_CHECKING:
    from ..rig import Rig

LID_REACH = (0.75, 0.8)
"""How far upper and lower lid reach from their margin, in distances to the brow and to the orbit's lower rim."""

LID_DEPTH = 0.7
"""How far behind the margin the lid's inner side goes with it [cm]."""

LASH_REACH = (1.0, 1.6)
"""Within the first distance from the margin loose parts go with it fully, beyond the second not at all [cm]."""

CLEARANCE = 0.15
"""Most of its distance from the ball at rest that a lid keeps when it moves [cm]."""

SIDE_REACH = 0.7
"""Distance from the fissure's middle to where a lid's slide ends sideways, in widths of the fissure."""

MARGIN_WIDTH = 0.1
"""Distance between the outer and the inner edge of a lid, about [cm]."""


@dataclass(frozen=True)
class Eye:
    """One eye of a head with V vertices.

    side: "L" or "R" · ball: (n,) vertices of the eyeball, empty where the head has none · centre: (3,) it turns about ·
    axes: rows across (inner to outer corner), up, front · near: (k,) vertices that lids move · turn: (k, 2) angle that
    each turns by when the upper or the lower lid rises by a fissure's height [rad] · share: (k,) how far each is a lid
    · rest: (k, 3) where they rest · profile: directions of the ball's vertices in the axes and their distances.
    """

    side: str
    ball: np.ndarray
    centre: np.ndarray
    axes: np.ndarray
    near: np.ndarray
    turn: np.ndarray
    share: np.ndarray
    rest: np.ndarray
    profile: tuple[cKDTree, np.ndarray] | None

    def lid_motion(self, lids: tuple[float, float]) -> np.ndarray:
        """(k, 3) motion of the near vertices when the lids rise by shares of the fissure's height."""
        arm = (self.rest - self.centre) @ self.axes.T
        angle = self.turn @ np.array(lids)
        c, s = np.cos(angle), np.sin(angle)
        moved = np.stack([arm[:, 0], c * arm[:, 1] + s * arm[:, 2], c * arm[:, 2] - s * arm[:, 1]], axis=1)
        return (self._outside(arm, moved) - arm) @ self.axes

    def _outside(self, arm: np.ndarray, moved: np.ndarray) -> np.ndarray:
        """Moved arms (k, 3) kept off the ball as far as they are at rest."""
        if self.profile is None:
            return moved
        tree, radius = self.profile

        def ball(at: np.ndarray) -> np.ndarray:
            size = np.linalg.norm(at, axis=1, keepdims=True)
            return radius[tree.query(at / size, k=4)[1]].max(axis=1)

        clear = np.minimum(np.linalg.norm(arm, axis=1) - ball(arm), CLEARANCE)
        size = np.linalg.norm(moved, axis=1)
        lack = np.maximum(ball(moved) + clear - size, 0.0)
        return moved * (1.0 + smoothstep(2.0 * self.share) * lack / size)[:, None]

    def gaze_motion(self, x: np.ndarray, gaze: tuple[float, float]) -> np.ndarray:
        """(n, 3) motion of the ball's vertices, of x (V, 3), turned up and to the left [rad]."""
        up, left = gaze
        arm = x[self.ball] - self.centre
        c, s = np.cos(up), np.sin(up)
        moved = np.stack([arm[:, 0], c * arm[:, 1] + s * arm[:, 2], c * arm[:, 2] - s * arm[:, 1]], axis=1)
        c, s = np.cos(left), np.sin(left)
        moved = np.stack([c * moved[:, 0] + s * moved[:, 2], moved[:, 1], c * moved[:, 2] - s * moved[:, 0]], axis=1)
        return moved - arm


def find_eyes(rig: "Rig", x: np.ndarray, landmarks: dict[str, np.ndarray]) -> list[Eye]:
    """Both eyes of a head with vertices x (V, 3) and landmarks in the normalised frame."""
    neighbours = surface.adjacency(len(x), rig.triangles)
    exposure = rig.vertex_exposure()
    riders = rig.carried[len(rig.skin) :]
    eyes = []
    for side, ball in (("L", rig.eye_left), ("R", rig.eye_right)):
        marks = {n[:-2]: p for n, p in landmarks.items() if n.endswith(f"_{side}")}
        fissure = find_fissure(side, x, ball, rig.skin, exposure, neighbours, marks)
        eyes.append(_eye(side, ball, fissure, x, exposure, rig.skin, riders, marks))
    return eyes


def _eye(
    side: str,
    ball: np.ndarray,
    fissure: Fissure,
    x: np.ndarray,
    exposure: np.ndarray,
    skin: np.ndarray,
    riders: np.ndarray,
    marks: dict[str, np.ndarray],
) -> Eye:
    """What the lids of a fissure take along: skin near their margins, and loose parts (riders) on them."""
    near = np.concatenate([skin, riders])
    near = near[np.linalg.norm(x[near] - fissure.middle, axis=1) < 1.6 * fissure.width]
    near = near[(x[near] - fissure.centre) @ fissure.axes[2] > -0.2]
    u, elevation = fissure.polar(x[near])
    top, bottom = fissure.heights(u)
    upper = elevation > 0.5 * (top + bottom)
    distance = np.where(upper, *(cKDTree(m).query(x[near])[0] for m in fissure.margins(x)))
    reach = np.where(
        upper,
        LID_REACH[0] * np.linalg.norm(marks["brow_mid"] - marks["upper_lid"]),
        LID_REACH[1] * np.linalg.norm(marks["infraorbital"] - marks["lower_lid"]),
    )
    reach = np.where(exposure[near] < EYE_EXPOSURE, LID_DEPTH, reach)
    gap = fissure.gap(u)
    # Away from the margins, whose corners are blunt on some heads, the slide fades out sideways.
    away = smoothstep(2.0 * (distance - MARGIN_WIDTH) / reach)
    gap = (1.0 - away) * gap + away * gap.max() * np.maximum(1.0 - ((u - 0.5) / SIDE_REACH) ** 2, 0.0) ** 2
    rides = np.isin(near, riders)
    first, last = LASH_REACH
    share = np.where(rides, smoothstep((last - distance) / (last - first)), smoothstep(1.0 - distance / reach))
    # Parts that span the open eye go with both lids.
    between = np.clip((elevation - bottom) / np.maximum(top - bottom, 1e-6), 0.0, 1.0)
    mix = np.where(rides, between, upper.astype(float))
    turn = (share * gap)[:, None] * np.stack([mix, 1.0 - mix], axis=1)
    profile = None
    if len(ball):
        arm = (x[ball] - fissure.centre) @ fissure.axes.T
        size = np.linalg.norm(arm, axis=1)
        profile = cKDTree(arm / size[:, None]), size
    kept = share > 0.0
    return Eye(side, ball, fissure.centre, fissure.axes, near[kept], turn[kept], share[kept], x[near[kept]], profile)
