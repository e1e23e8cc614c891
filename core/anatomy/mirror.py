# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The midplane that paired landmarks share, and points mirrored in it."""

from collections.abc import Mapping

import numpy as np

from ..errors import MuscleFaceError


def mirrored_in(landmarks: Mapping[str, np.ndarray], point: np.ndarray) -> np.ndarray:
    """The point (3,) on the other side of the midplane of landmarks {name: (3,)}, all in one frame.

    The plane's normal is the mean direction from right to left and the plane halves the mean pair. Raises
    MuscleFaceError without a pair.
    """
    other = {n: n[:-1] + "R" for n in landmarks if n.endswith("_L")}
    pairs = [(landmarks[left], landmarks[right]) for left, right in other.items() if right in landmarks]
    if not pairs:
        raise MuscleFaceError("There is no pair of landmarks to mirror by: find the landmarks first.")
    left, right = (np.array(side, float) for side in zip(*pairs, strict=True))
    normal = (left - right).sum(0)
    normal /= np.linalg.norm(normal)
    middle = 0.5 * (left + right).mean(0)
    return point - 2.0 * ((point - middle) @ normal) * normal
