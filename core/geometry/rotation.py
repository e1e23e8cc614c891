# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The rotation between two sets of points."""

import numpy as np


def best_rotation(covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rotation R (3, 3) that takes points x nearest to y in least squares, both about their means, and signed singular
    values (3,).

    covariance: (3, 3) sum of w y x^T. Kabsch 1976; no reflection: Umeyama 1991, whose scale is the sum of the values
    over the sum of w |x|^2.
    """
    u, values, vt = np.linalg.svd(covariance)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    return (u * sign) @ vt, values * sign
