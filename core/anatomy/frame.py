# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The normalised head frame: centimetres, +Y up, +Z front, +X the character's left."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from ..errors import MuscleFaceError

# Adult means (Farkas 1994): pupil distance 6.3 cm; eye line to mouth line 7.0 cm.
EYE_DISTANCE = 6.3
EYE_TO_MOUTH = 7.0
# Where the point half way between eyes and mouth lies in the normalised frame.
FACE_CENTRE = np.array([0.0, 0.3, 9.5])
SNAP_DEGREES = 12.0  # a head turned by less from an axis is taken to be upright
_UNITS = [10.0**k for k in range(-6, 7)] + [2.54, 30.48]


@dataclass(frozen=True)
class Frame:
    """x_norm = scale * rotation @ (x_user - origin)."""

    scale: float
    rotation: np.ndarray
    origin: np.ndarray

    def to_norm(self, x: np.ndarray) -> np.ndarray:
        """Points (..., 3) of the user's frame in normalised centimetres."""
        return self.scale * (np.asarray(x, float) - self.origin) @ self.rotation.T

    def to_user(self, x: np.ndarray) -> np.ndarray:
        """Points (..., 3) in normalised centimetres in the user's frame."""
        return (np.asarray(x, float) / self.scale) @ self.rotation + self.origin

    def vector_to_norm(self, d: np.ndarray) -> np.ndarray:
        """Displacements (..., 3) of the user's frame in normalised centimetres."""
        return self.scale * np.asarray(d, float) @ self.rotation.T


@dataclass(frozen=True)
class FaceMarks:
    """The four points that fix a frame: eyes and mouth corners, left and right, in the user's frame."""

    eye_left: np.ndarray
    eye_right: np.ndarray
    mouth_left: np.ndarray
    mouth_right: np.ndarray

    @property
    def eyes(self) -> np.ndarray:
        """Midpoint of the eyes (3,)."""
        return 0.5 * (self.eye_left + self.eye_right)

    @property
    def mouth(self) -> np.ndarray:
        """Midpoint of the mouth corners (3,)."""
        return 0.5 * (self.mouth_left + self.mouth_right)


def normalised_marks(marks: FaceMarks, frame: Frame) -> FaceMarks:
    """The same marks in the normalised frame."""
    corners = (marks.eye_left, marks.eye_right, marks.mouth_left, marks.mouth_right)
    return FaceMarks(*(frame.to_norm(m) for m in corners))


def motion_centre(vertices: np.ndarray, delta: np.ndarray) -> np.ndarray:
    """Centre (3,) of the region that a shape moves, weighted by the squared motion."""
    w = (delta**2).sum(axis=1)
    return w @ vertices / w.sum()


def swap_marks(marks: FaceMarks) -> FaceMarks:
    """The marks with left and right exchanged."""
    return FaceMarks(marks.eye_right, marks.eye_left, marks.mouth_right, marks.mouth_left)


def sides_swapped(marks: FaceMarks, skin: np.ndarray) -> bool:
    """True when left and right are the viewer's: the face then looks into the head."""
    across = marks.eye_left - marks.eye_right
    front = np.cross(across, marks.eyes - marks.mouth)
    front /= max(np.linalg.norm(front), 1e-30)
    ahead = (0.5 * (marks.eyes + marks.mouth) - skin.mean(axis=0)) @ front
    return bool(ahead < -0.3 * np.linalg.norm(across))


def marks_from_shapes(vertices: np.ndarray, deltas: Mapping[str, np.ndarray]) -> FaceMarks | None:
    """Eyes and mouth corners from the shapes that move them; None when either has no shapes."""
    points = {}
    for mark, names in {"eye": ("eyeBlink", "eyeSquint", "eyeWide"), "mouth": _MOUTH_SHAPES}.items():
        for name in names:
            pair = [deltas.get(f"{name}{side}") for side in ("Left", "Right")]
            if all(d is not None and np.any(d) for d in pair):
                points[mark] = [motion_centre(vertices, d) for d in pair]
                break
        else:
            return None
    return FaceMarks(*points["eye"], *points["mouth"])


_MOUTH_SHAPES = ("mouthSmile", "mouthStretch", "mouthDimple", "mouthFrown", "mouthUpperUp", "mouthLowerDown")


def axis_rotations() -> np.ndarray:
    """The 24 rotations (24, 3, 3) that map axes to axes."""
    rotations = []
    for x, y in product(np.vstack([np.eye(3), -np.eye(3)]), repeat=2):
        if abs(x @ y) < 0.5:
            rotations.append(np.array([x, y, np.cross(x, y)]))
    return np.array(rotations)


def snap_rotation(rotation: np.ndarray) -> np.ndarray:
    """The nearest axis rotation when it is within SNAP_DEGREES, else `rotation` itself."""
    candidates = axis_rotations()
    cosine = (np.einsum("kij,ij->k", candidates, rotation) - 1.0) / 2.0
    best = int(np.argmax(cosine))
    return candidates[best] if cosine[best] > np.cos(np.radians(SNAP_DEGREES)) else rotation


def _unit(v: np.ndarray) -> np.ndarray:
    return v / np.linalg.norm(v)


def frame_from_marks(marks: FaceMarks, axes: np.ndarray | None = None) -> Frame:
    """The normalised frame in which the marks lie as on an adult head.

    axes: (3, 3) unit rows left, up, front where they are known better than from the marks.

    The scale is a power of ten (or inch or foot) when that makes the head adult-sized within about 30 %, so that
    it does not depend on the noise of the marks; else the head is scaled to the adult mean.
    """
    left = (marks.eye_left - marks.eye_right) + (marks.mouth_left - marks.mouth_right)
    x = _unit(left)
    up = marks.eyes - marks.mouth
    y = _unit(up - (up @ x) * x)
    rotation = snap_rotation(np.array([x, y, np.cross(x, y)]) if axes is None else axes)
    across = np.linalg.norm(marks.eye_left - marks.eye_right)
    size = np.sqrt(across * np.linalg.norm(up) / (EYE_DISTANCE * EYE_TO_MOUTH))
    if not np.isfinite(size) or size <= 0:
        raise MuscleFaceError("The eyes and the mouth lie in one point: select a head mesh with its real proportions.")
    scale = next((u for u in _UNITS if 0.7 < size * u < 1.43), 1.0 / size)
    centre = scale * rotation @ (0.5 * (marks.eyes + marks.mouth))
    offset = centre - FACE_CENTRE
    # A head that already sits near the normalised place keeps its own origin: exact identity for such a head.
    near = abs(offset[0]) < 0.15 and np.linalg.norm(offset) < 15.0
    origin = np.zeros(3) if near else rotation.T @ offset / scale
    return Frame(scale, rotation, origin)
