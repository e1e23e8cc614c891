# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Tracked face points from other programs: JSON, CSV or npz, one file or a folder of numbered ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..errors import MuscleFaceError
from .tables import frame_times
from .track_files import read_raw

MIN_CONFIDENCE = 0.2
"""Points that their tracker trusts less than this count as missing."""

NORMALISED = 2.0
"""Coordinates below this are shares of the image: no face is two pixels wide."""


@dataclass(frozen=True)
class Tracks:
    """p tracked points over F frames.

    names: (p) as the file calls them, numbers from 0 where it does not · pixels: (F, p, 2) from the lower left corner
    of the image, NaN = missing · confidence: (F, p) 0 to 1 · frames: (F,) rising frame numbers of the file · rate:
    frames per second, None where the file does not tell · width, height [px].
    """

    names: list[str]
    pixels: np.ndarray
    confidence: np.ndarray
    frames: np.ndarray
    rate: float | None
    width: int
    height: int

    def resampled(self, rate: float) -> Tracks:
        """The tracks at another frame rate; frames count from 0. A point is missing next to a frame that lacks it.

        Raises MuscleFaceError where the file's numbers are no frames, or the rate is none.
        """
        times = (self.frames - self.frames[0]) / (self.rate or rate or 1.0)
        wanted = frame_times(times[-1], rate)
        before = np.clip(np.searchsorted(times, wanted + 1e-9) - 1, 0, len(times) - 1)
        after = np.minimum(before + 1, len(times) - 1)
        gap = np.where(after > before, times[after] - times[before], 1.0)
        w = np.clip((wanted - times[before]) / gap, 0.0, 1.0)
        w = np.where(w < 1e-6, 0.0, w)[:, None]
        # A weight of nothing must not bring in a neighbour's NaN.
        far = np.where(w[..., None] > 0.0, self.pixels[after], 0.0)
        pixels = (1.0 - w[..., None]) * self.pixels[before] + w[..., None] * far
        confidence = (1.0 - w) * self.confidence[before] + w * self.confidence[after]
        # A stretch that the file left out is missing, not a straight line.
        lost = (w[:, 0] > 0.0) & (gap > 2.5 * np.median(np.diff(times))) if len(times) > 1 else np.zeros(len(w), bool)
        pixels[lost], confidence[lost] = np.nan, 0.0
        return replace(
            self, pixels=pixels, confidence=confidence, frames=np.arange(len(wanted), dtype=float), rate=rate
        )


def read_tracks(
    path: str | Path, image_size: tuple[int, int] | None = None, min_confidence: float = MIN_CONFIDENCE
) -> Tracks:
    """Read tracks. image_size: (width, height) [px] of the footage, for files that do not tell it.

    Layouts: npz with ``points`` (F, p, 2 or 3) and, if it has them, ``confidence``, ``fps``, ``image_size``,
    ``point_names``; JSON of MediaPipe, of OpenPose (a file or a folder of files) or with the keys of the npz; CSV with
    one line per frame (OpenFace; columns such as x_0, y_0 or nose_x, nose_y) or one line per point (columns frame,
    point, x, y). Raises MuscleFaceError with one sentence when the file is none of these.
    """
    path = Path(path)
    raw = read_raw(path)
    points = raw.points
    confidence = np.ones(points.shape[:2]) if raw.confidence is None else raw.confidence
    # Some trackers write the field and leave it empty.
    confidence = np.where(np.any(confidence > 0.0), confidence, 1.0)
    seen = np.isfinite(points).all(axis=2) & (confidence >= min_confidence)
    # OpenPose writes what it did not find as the image's corner.
    seen &= (points != 0.0).any(axis=2)
    if not seen.any():
        raise MuscleFaceError(f"'{path.name}' holds no tracked point: track the footage again.")
    size = raw.size or image_size
    if size is None:
        raise MuscleFaceError(
            f"'{path.name}' does not tell the size of the image: choose the clip or camera that the points belong to."
        )
    width, height = int(size[0]), int(size[1])
    points = np.where(seen[..., None], points, np.nan)
    if np.nanmax(np.abs(points)) <= NORMALISED:
        points = points * [width, height]
    points[..., 1] = height - points[..., 1]
    frames = np.arange(len(points), dtype=float) if raw.frames is None else raw.frames
    order = np.argsort(frames, kind="stable")
    order = order[np.diff(frames[order], prepend=-np.inf) > 0.0]
    if not seen[order].any():
        raise MuscleFaceError(f"'{path.name}' numbers no frame that shows a point: number its frames.")
    return Tracks(
        names=[str(n) for n in raw.names] if raw.names is not None else [str(k) for k in range(points.shape[1])],
        pixels=points[order],
        confidence=np.where(seen, confidence, 0.0)[order],
        frames=frames[order],
        rate=raw.rate,
        width=width,
        height=height,
    )
