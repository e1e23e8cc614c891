# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The smooth step of shading languages."""

import numpy as np


def smoothstep(t: np.ndarray) -> np.ndarray:
    """0 up to t = 0, 1 from t = 1 on, and between them the cubic that is level at both ends."""
    t = np.clip(t, 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)
