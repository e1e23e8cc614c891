# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""A smooth step."""

import numpy as np


def ease(t: np.ndarray) -> np.ndarray:
    """0 up to 0, 1 from 1 on, smooth in between."""
    t = np.clip(t, 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)
