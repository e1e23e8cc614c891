# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What a fit returns."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from .head import Head

if TYPE_CHECKING:
    from ..pose import Pose


@dataclass
class Figures:
    """How near a face came to its target; the fields of ``FitResult`` of the same names."""

    rms_mm: float = float("nan")
    p95_mm: float = float("nan")
    max_mm: float = float("nan")
    error_mm: np.ndarray = field(default_factory=lambda: np.zeros(0))
    pixels_rms: float = float("nan")
    percent_interocular: float = float("nan")
    residual_skin: np.ndarray | None = None
    far: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))

    @classmethod
    def of_mm(cls, error: np.ndarray) -> "Figures":
        """Of distances [mm], those that are NaN left out."""
        seen = error[np.isfinite(error)]
        return cls(float(np.sqrt((seen**2).mean())), float(np.percentile(seen, 95)), float(seen.max()), error)


@dataclass(frozen=True)
class FitResult:
    """values: {name: value} · controls: (n,) · pose · head: where the head is.

    rms_mm, p95_mm, max_mm: distance of the skin to the target over error_mm (a camera's: depth unknown, nan) ·
    error_mm: (V,) of each vertex for meshes and scans (nan where nothing is compared), (p,) of each marker (nan where
    missing), empty for cameras · pixels_rms and percent_interocular: of image points, in pixels and in per cent of the
    distance between the eyes in the image; nan for other targets · blendshape_only: all that of a fit of the shapes as
    plain sums · residual_skin: (V, 3) motion of the posed vertices that would reach the target and that no slider
    gives, None for points and images · far: indices of markers or image points that lie too far off to have pulled ·
    active_muscles: (name, activation), strongest first · stopped: the caller's progress broke off the fit, and this is
    the best until then.
    """

    values: dict[str, float]
    controls: np.ndarray
    pose: "Pose"
    head: Head
    rms_mm: float
    p95_mm: float
    max_mm: float
    seconds: float
    blendshape_only: Figures
    error_mm: np.ndarray
    pixels_rms: float = float("nan")
    percent_interocular: float = float("nan")
    residual_skin: np.ndarray | None = None
    far: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    active_muscles: list[tuple[str, float]] = field(default_factory=list)
    stopped: bool = False


@dataclass(frozen=True)
class Performance:
    """A fit of many frames. frames: (F,) · controls: (F, n) · heads: (F) · rms: (F,) distance to the target [mm], of
    image points [px] · unconverged: frames whose flesh did not settle or whose target was missing (these hold what lies
    between their neighbours) · far: on how many frames each point was too far off to have pulled, up to the last such
    point · seconds · stopped as in ``FitResult``: frames after the last fitted one are left out."""

    frames: np.ndarray
    controls: np.ndarray
    heads: list[Head]
    rms: np.ndarray
    unconverged: list[int]
    far: np.ndarray
    seconds: float
    stopped: bool = False
