# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""A pinhole camera with lens distortion, in Blender's conventions."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Camera:
    """Pixels grow rightwards and upwards from the lower left corner of the image, as in the Movie Clip Editor.

    fx, fy, cx, cy: focal lengths and principal point [px] · width, height [px] · world_to_camera: (4, 4) rigid motion
    from the frame and unit of the points (the user's) to a camera that looks along -Z with Y up · distortion: k1, k2,
    k3 of the polynomial lens (Brown 1966; Blender's lens models "Polynomial" and "Brown" without tangential terms).
    """

    fx: float
    fy: float
    cx: float
    cy: float
    width: float
    height: float
    world_to_camera: np.ndarray
    distortion: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def place(self, points: np.ndarray) -> np.ndarray:
        """(n, 3) points in the camera's frame."""
        M = np.asarray(self.world_to_camera, np.float64)
        return points @ M[:3, :3].T + M[:3, 3]

    def depth(self, points: np.ndarray) -> np.ndarray:
        """(n,) distance in front of the camera along its axis; negative behind it."""
        return -self.place(points)[:, 2]

    def project(self, points: np.ndarray) -> np.ndarray:
        """(n, 2) pixels of points (n, 3); NaN behind the camera."""
        return self._project(points)[0]

    def project_with_derivative(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n, 2) pixels of points (n, 3) and (n, 2, 3) their derivative by the points."""
        pixels, x, y, depth, factor, slope = self._project(points)
        # (x, y) = (X, Y) / depth, depth = -Z; d factor / d(x, y) = slope (x, y).
        by_xy = np.empty((len(points), 2, 2))
        by_xy[:, 0, 0] = self.fx * (factor + slope * x * x)
        by_xy[:, 0, 1] = self.fx * slope * x * y
        by_xy[:, 1, 0] = self.fy * slope * x * y
        by_xy[:, 1, 1] = self.fy * (factor + slope * y * y)
        by_place = np.zeros((len(points), 2, 3))
        by_place[:, 0, 0] = by_place[:, 1, 1] = 1.0 / depth
        by_place[:, 0, 2], by_place[:, 1, 2] = x / depth, y / depth
        return pixels, by_xy @ by_place @ np.asarray(self.world_to_camera, np.float64)[:3, :3]

    def straightened(self, pixels: np.ndarray) -> np.ndarray:
        """(n, 2) X / depth and Y / depth of pixels (n, 2), the lens undone by Newton steps along the radius."""
        flat = (np.asarray(pixels, np.float64) - [self.cx, self.cy]) / [self.fx, self.fy]
        k1, k2, k3 = self.distortion
        bent = np.linalg.norm(flat, axis=1)
        r = bent.copy()
        for _ in range(20):
            r2 = r * r
            slope = 1.0 + r2 * (3.0 * k1 + r2 * (5.0 * k2 + r2 * 7.0 * k3))
            r -= (r * (1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))) - bent) / np.maximum(slope, 0.1)
        return flat * (r / np.maximum(bent, 1e-300))[:, None]

    def _project(self, points: np.ndarray) -> tuple[np.ndarray, ...]:
        at = self.place(np.asarray(points, np.float64))
        depth = np.where(at[:, 2] < 0.0, -at[:, 2], np.nan)
        x, y = at[:, 0] / depth, at[:, 1] / depth
        k1, k2, k3 = self.distortion
        r2 = x * x + y * y
        factor = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))
        slope = 2.0 * (k1 + r2 * (2.0 * k2 + r2 * 3.0 * k3))
        pixels = np.stack([self.fx * factor * x + self.cx, self.fy * factor * y + self.cy], axis=1)
        return pixels, x, y, depth, factor, slope
