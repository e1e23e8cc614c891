# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Goal in an image: tracked points, and curves along which points may slide."""

from typing import TYPE_CHECKING

import numpy as np

from ..errors import MuscleFaceError
from .camera import Camera
from .checks import NO_EXTENT, check_weights, head_height
from .engine import Found, Prior, Problem, descend
from .head import Head
from .residuals import Frozen, Rows, Term, rows_of
from .result import Figures
from .robust import outliers, robust_weights
from .skins import Posed, StillSkin
from .targets import CameraTarget, Contour, SkinPoints

if TYPE_CHECKING:
    from ..face import FaceModel

NOISE = 0.005
"""Of an image point, in widths of the face: a pixel or two where a face is 300 pixels wide."""

FACE_WIDTH = 0.6
"""Of a head's height."""

LEAST_FOR_HEAD = 6
"""Image points from which the head's place is found; a place has six numbers."""

UNLIKE = 0.25
"""Median distance of image points from the best placed face, in widths of the face, beyond which they are of
something else."""


class PixelTerm:
    """Distances in the image of points from pixels (p, 2), those that are NaN left out. noise: px · weights: (p,)."""

    def __init__(
        self, points: SkinPoints, pixels: np.ndarray, camera: Camera, noise: float, weights: np.ndarray | None
    ) -> None:
        self.points, self.camera, self.noise = points, camera, noise
        self._pixels = pixels
        weights = np.ones(len(points)) if weights is None else weights
        self.seen = np.flatnonzero(np.isfinite(pixels).all(1) & (weights > 0.0))
        self._weight = np.sqrt(weights[self.seen])

    def frozen(self, world: np.ndarray, trust: float) -> Frozen:
        """See ``Term``."""
        seen, camera, pixels = self.seen, self.camera, self._pixels[self.seen]
        gap = np.linalg.norm(camera.project(world[seen]) - pixels, axis=1)
        scale = self._weight / self.noise
        scale = (scale * np.sqrt(robust_weights(gap * scale, 2, trust)))[:, None]

        def rows(world: np.ndarray) -> Rows:
            at, slope = camera.project_with_derivative(world[seen])
            # What has gone behind the camera must not look like a good step.
            value = np.nan_to_num(scale * (at - pixels), nan=1e6)
            return rows_of(value, np.nan_to_num(scale[:, None] * slope), seen, len(self.points))

        return rows

    def far(self, world: np.ndarray) -> np.ndarray:
        """(f,) indices of the points that are too far off to pull."""
        return self.seen[outliers(self.gap(world)[self.seen] * self._weight / self.noise, 2)]

    def gap(self, world: np.ndarray) -> np.ndarray:
        """(p,) distance of each point in the image [px], the first p of `world`; NaN where missing."""
        return np.linalg.norm(self.camera.project(world[: len(self.points)]) - self._pixels, axis=1)


class ContourTerm:
    """Distances in the image of pixels (q, 2) from a curve of skin points, across the curve only. noise: px."""

    def __init__(self, contour: Contour, camera: Camera, noise: float) -> None:
        self.points, self.camera, self.noise = contour.points, camera, noise
        pixels = np.asarray(contour.pixels, np.float64).reshape(-1, 2)
        self._pixels = pixels[np.isfinite(pixels).all(1)]
        last = np.arange(len(contour.points))
        self._segments = np.stack([last, np.roll(last, -1)], 1)[: None if contour.closed else -1]

    def _nearest(self, world: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Of each pixel: its segment, how far along it, the normal there and the distance along this."""
        curve = self.camera.project(world)
        a, b = (curve[self._segments[:, k]] for k in range(2))
        along = b - a
        length = np.maximum((along**2).sum(1), 1e-12)
        share = np.clip(((self._pixels[:, None] - a) * along).sum(2) / length, 0.0, 1.0)
        gap = self._pixels[:, None] - (a + share[..., None] * along)
        # What has gone behind the camera is near to nothing.
        near = np.nan_to_num((gap**2).sum(2), nan=np.inf).argmin(1)
        q = np.arange(len(near))
        normal = np.stack([-along[near, 1], along[near, 0]], 1) / np.sqrt(length[near])[:, None]
        return near, share[q, near], normal, gap[q, near]

    def frozen(self, world: np.ndarray, trust: float) -> Frozen:
        """See ``Term``."""
        count, camera = len(self.points), self.camera
        near, share, normal, gap = self._nearest(world)
        # At the end of an open curve the distance has a part along it, which must not pull the curve longer.
        inner = (gap * normal).sum(1)
        scale = np.sqrt(robust_weights(np.abs(inner) / self.noise, 1, trust)) / self.noise
        ends, weights = self._segments[near], np.stack([1.0 - share, share], 1)

        def rows(world: np.ndarray) -> Rows:
            at, slope = camera.project_with_derivative(world)
            on = np.einsum("qe,qei->qi", weights, at[ends])
            value = np.nan_to_num(scale * ((on - self._pixels) * normal).sum(1), nan=1e6)
            by_point = np.nan_to_num(np.einsum("q,qe,qi,qeix->qex", scale, weights, normal, slope[ends]))
            parts = [rows_of(value[:, None], by_point[:, e, None], ends[:, e], count).gradient for e in range(2)]
            return Rows(value, parts[0] + parts[1])

        return rows

    def gap(self, world: np.ndarray) -> np.ndarray:
        """(q,) distance of each pixel across the curve [px]."""
        _, _, normal, gap = self._nearest(world)
        return np.abs((gap * normal).sum(1))


class CameraGoal:
    """Reach points of an image."""

    def __init__(self, model: "FaceModel", target: CameraTarget) -> None:
        pixels = np.asarray(target.pixels, np.float64).reshape(-1, 2)
        if len(pixels) != len(target.points):
            raise MuscleFaceError(f"There are {len(target.points)} points on the skin and {len(pixels)} in the image: "
                                  "give every one its partner.")  # fmt: skip
        weights = check_weights(target.weights, len(pixels))
        seen = np.isfinite(pixels).all(1) & (True if weights is None else weights > 0.0)
        contours = [c for c in target.contours if len(c.points) > 1 and np.isfinite(c.pixels).all(1).any()]
        if not seen.any() and not contours:
            raise MuscleFaceError("No image point can be seen: enable some tracks, or choose another frame.")
        camera = target.camera
        _check_camera(camera)
        _check_image(camera, np.concatenate([pixels[seen], *[np.asarray(c.pixels) for c in contours]]))
        self._model, self._camera, self._pixels, self._seen, self._placed = model, camera, pixels, seen, False
        self.moves_head = int(seen.sum()) >= LEAST_FOR_HEAD
        self.width = FACE_WIDTH * head_height(model) * self._pixels_per_unit(target.points.at(model.neutral))
        noise = NOISE * self.width
        self.terms: list[Term] = [PixelTerm(target.points, pixels, camera, noise, weights)]
        self.terms += [ContourTerm(c, camera, noise) for c in contours]

    def _pixels_per_unit(self, points: np.ndarray) -> float:
        """Size of the face in the image: by how far its points (p, 3) spread there, else by how far away it is."""
        seen = self._seen
        if seen.sum() >= LEAST_FOR_HEAD:
            spread = np.sort(np.linalg.eigvalsh(np.cov(points[seen].T)))[1:].sum()
            if spread < (NO_EXTENT * head_height(self._model)) ** 2:
                raise MuscleFaceError("All tracks follow one place on the face: give each the place that it follows.")
            return float(np.sqrt(self._pixels[seen].var(0).sum() / spread))
        depth = self._camera.depth(self._model.neutral[self._model.skin_vertices]).mean()
        return self._camera.fx / max(float(depth), 1e-300)

    def first_head(self, points: np.ndarray, scale: bool) -> Head:
        """See ``points.VertexGoal``."""
        seen, still = self._seen, StillSkin(points)
        # Where the artist has the face must be before the camera, though the head will be moved from there.
        self._check_view(points, Head())
        self._placed = True
        points_seen = points[: len(seen)][seen]
        guesses = [Head()]
        if self.moves_head:
            guesses.append(placed_by_image(points_seen, self._pixels[seen], self._camera))
        in_front = [h for h in guesses if (self._camera.depth(h.at(points)) > 0.0).all()]
        if not in_front:
            raise MuscleFaceError("The face lies behind the camera: turn the camera towards the face.")
        mm, reach = self._model.mm_per_unit, 0.4 * head_height(self._model)
        nothing = np.zeros(0)
        problem = Problem(still, self.terms, np.zeros((0, 2)), Prior(nothing, nothing), 7 if scale else 6, mm, reach)
        found = [descend(problem, Found(nothing, h, Posed(points)), iterations=20) for h in in_front]
        return min(found, key=lambda f: np.nanmedian(self.terms[0].gap(f.world[: len(seen)]))).head

    def check(self, points: np.ndarray, head: Head) -> None:
        """See ``points.VertexGoal``."""
        if not self._placed:
            self._check_view(points, head)
        off = self.terms[0].gap(head.at(points)[: len(self._seen)])[self._seen]
        unlike = len(off) > 0 and np.sqrt(np.median(off**2)) > UNLIKE * self.width
        if unlike or not self._faced(points, head):
            raise MuscleFaceError("The image points are not where this face could have them: check which points of the "
                                  "skin they belong to, and whether the image is mirrored or upside down.")  # fmt: skip

    def _check_view(self, points: np.ndarray, head: Head) -> None:
        """Raise MuscleFaceError where the camera does not see the front of the face."""
        world = head.at(points)
        if not (self._camera.depth(world) > 0.0).all():
            raise MuscleFaceError("The face lies behind the camera: turn the camera towards the face.")
        if not self._faced(points, head):
            raise MuscleFaceError("The camera stands behind the head: move it in front of the face.")

    def _faced(self, points: np.ndarray, head: Head) -> bool:
        """Whether the face with points (p, 3) looks to the camera's side."""
        forward = head.rotation @ (self._model.rotation.T @ [0.0, 0.0, 1.0])
        return forward @ (_centre(self._camera) - head.at(points).mean(0)) > 0.0

    def sharpen(self, found: Found) -> bool:
        """See ``points.VertexGoal``."""
        return False

    def near(self, found: Found) -> str:
        """See ``points.VertexGoal``."""
        return f"{self.measure(found).pixels_rms:.2f} px"

    def measure(self, found: Found) -> Figures:
        """See ``points.VertexGoal``."""
        world = found.head.at(found.posed.points)
        start, gaps = 0, []
        for term in self.terms:
            gaps.append(term.gap(world[start : start + len(term.points)]))
            start += len(term.points)
        gap = np.concatenate([gaps[0][self._seen], *gaps[1:]])
        rms = float(np.sqrt((gap**2).mean()))
        eyes = np.array([self._model.landmarks[f"pupil_{side}"] for side in "LR"])
        between = float(np.linalg.norm(np.diff(self._camera.project(found.head.at(eyes)), axis=0)))
        far = self.terms[0].far(world[: len(self._seen)])
        return Figures(pixels_rms=rms, percent_interocular=100.0 * rms / between, far=far)


def placed_by_image(points: np.ndarray, pixels: np.ndarray, camera: Camera) -> Head:
    """The head that shows points (p, 3) near pixels (p, 2): POSIT (DeMenthon & Davis, IJCV 15, 1995), without scale."""
    flat = camera.straightened(pixels)
    at = points - points.mean(0)
    A = np.linalg.pinv(np.column_stack([at, np.ones(len(at))]))
    w = np.ones(len(at))
    for _ in range(20):
        rows = A @ (flat * w[:, None])
        size = np.sqrt(np.linalg.norm(rows[:3, 0]) * np.linalg.norm(rows[:3, 1]))
        if not size > 0.0:
            break
        u, _, vt = np.linalg.svd(rows[:3].T, full_matrices=False)
        across = u @ vt
        R = np.vstack([across, np.cross(across[0], across[1])])
        w = 1.0 - size * (at @ R[2])
        if (w <= 0.0).any():
            break
    t = np.array([rows[3, 0], rows[3, 1], -1.0]) / max(size, 1e-300)
    M = np.asarray(camera.world_to_camera, np.float64)
    return Head(M[:3, :3].T @ R, M[:3, :3].T @ (t - R @ points.mean(0) - M[:3, 3]))


def _centre(camera: Camera) -> np.ndarray:
    """(3,) where a camera stands."""
    M = np.asarray(camera.world_to_camera, np.float64)
    return -M[:3, :3].T @ M[:3, 3]


def _check_camera(camera: Camera) -> None:
    numbers = [camera.fx, camera.fy, camera.cx, camera.cy, *np.ravel(camera.world_to_camera), *camera.distortion]
    if not np.isfinite(numbers).all() or camera.fx <= 0.0 or camera.fy <= 0.0:
        raise MuscleFaceError("The camera has a focal length or a place that is not a number: set it again.")


def _check_image(camera: Camera, pixels: np.ndarray) -> None:
    """Raise MuscleFaceError where pixels (n, 2) are of another image."""
    size = np.array([camera.width, camera.height])
    if (np.abs(pixels - 0.5 * size) > 1.5 * size).any(1).mean() > 0.5:
        raise MuscleFaceError(
            f"Most image points lie far outside of the image of {camera.width} x {camera.height} pixels: choose the "
            "clip that they were tracked in."
        )
    if len(pixels) > 2 and pixels.std(0).max() < 1.0:
        raise MuscleFaceError("All image points lie in one place: track them again.")
