# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Size of a face by its landmarks (normalised cm), whether its mouth is closed or not."""

from collections.abc import Mapping

import numpy as np

from .frame import EYE_DISTANCE, EYE_TO_MOUTH

CLOSED_LIPS = 0.5  # [cm] between the edges of lips that are taken for closed


def parted(points: Mapping[str, np.ndarray]) -> float:
    """How far [cm] either lip of a face sculpted with an open mouth is from the middle between them."""
    return 0.5 * max(float((points["upper_lip"] - points["lower_lip"])[1]) - CLOSED_LIPS, 0.0)


def face_size(points: Mapping[str, np.ndarray]) -> np.ndarray:
    """Size of a face (3,) in adult units across (x), up (y) and deep (z)."""
    left, right = points["pupil_L"], points["pupil_R"]
    across = abs(left[0] - right[0]) / EYE_DISTANCE
    up = (0.5 * (left + right)[1] - points["stomion"][1] - parted(points)) / EYE_TO_MOUTH
    return np.clip([across, up, np.sqrt(abs(across * up))], 0.6, 1.7)
