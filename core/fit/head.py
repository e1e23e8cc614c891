# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The head's place: a rotation, a translation and a scale over the face."""

from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import Rotation

from ..geometry.rotation import best_rotation


@dataclass(frozen=True)
class Head:
    """x = scale * rotation @ p + translation takes points of the face to the target, in the user's frame and unit."""

    rotation: np.ndarray = field(default_factory=lambda: np.eye(3))
    translation: np.ndarray = field(default_factory=lambda: np.zeros(3))
    scale: float = 1.0

    def at(self, points: np.ndarray) -> np.ndarray:
        """(n, 3) where the head takes points of the face."""
        return self.scale * points @ self.rotation.T + self.translation

    def back(self, points: np.ndarray) -> np.ndarray:
        """(n, 3) points of the face that the head takes to `points`."""
        return (points - self.translation) @ self.rotation / self.scale

    def moved(self, step: np.ndarray, pivot: np.ndarray) -> "Head":
        """Turned by step[:3] [rad] about the world point `pivot`, moved by step[3:6], scaled by exp(step[6])."""
        Q = Rotation.from_rotvec(step[:3]).as_matrix()
        grown = float(np.exp(step[6])) if len(step) > 6 else 1.0
        return Head(
            Q @ self.rotation,
            grown * Q @ (self.translation - pivot) + pivot + step[3:6],
            grown * self.scale,
        )

    def matrix(self) -> np.ndarray:
        """(4, 4) of the same."""
        out = np.eye(4)
        out[:3, :3], out[:3, 3] = self.scale * self.rotation, self.translation
        return out


def head_between(points: np.ndarray, positions: np.ndarray, weights: np.ndarray, *, scale: bool) -> Head:
    """The head that takes points (n, 3) nearest to positions (n, 3) in weighted least squares (Umeyama 1991)."""
    share = weights / weights.sum()
    a, b = share @ points, share @ positions
    R, values = best_rotation(((positions - b) * share[:, None]).T @ (points - a))
    grown = float(values.sum() / (share @ ((points - a) ** 2).sum(1))) if scale else 1.0
    return Head(R, b - grown * R @ a, grown)


def carried(moved: np.ndarray, neutral: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(n, 3) where points go on another neutral: each moves as from ``neutral`` to ``moved``, turned, grown and
    mirrored as the whole has from ``neutral`` to ``other``; all (n, 3)."""
    side = np.ones(3)
    # No rotation takes a head to its mirror image: mirror it first.
    if np.linalg.det((other - other.mean(axis=0)).T @ (neutral - neutral.mean(axis=0))) < 0.0:
        side[0] = -1.0
    change = head_between(side * neutral, other, np.ones(len(other)), scale=True)
    return other + change.scale * (side * (moved - neutral)) @ change.rotation.T
