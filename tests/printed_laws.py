# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The laws of flesh and muscle as printed, and closed forms of their stresses, written from the publications.

What the flesh is compared with: nothing here is read from ``core``.
"""

import numpy as np

JOINT = 0.1
"""Volume ratio below which the Mooney-Rivlin functions of J are documented to go on as second-order Taylor series."""


def _determinant(F: np.ndarray) -> np.ndarray:
    """det F of real or complex (..., 3, 3), without the divisions that a flat F would upset."""
    return (F[..., 0] * np.cross(F[..., 1], F[..., 2])).sum(-1)


def _taylor(J: np.ndarray, value: float, slope: float, curvature: float) -> np.ndarray:
    return value + slope * (J - JOINT) + curvature * (J - JOINT) ** 2 / 2


def _power(J: np.ndarray, p: float) -> np.ndarray:
    """J^p, going on as its Taylor series below the joint."""
    safe = np.where(J.real > JOINT, J, 1.0)
    below = _taylor(J, JOINT**p, p * JOINT ** (p - 1), p * (p - 1) * JOINT ** (p - 2))
    return np.where(J.real > JOINT, safe**p, below)


def _log_square(J: np.ndarray) -> np.ndarray:
    """(ln J)^2, going on as its Taylor series below the joint."""
    safe = np.where(J.real > JOINT, J, 1.0)
    log = np.log(JOINT)
    below = _taylor(J, log**2, 2 * log / JOINT, 2 * (1 - log) / JOINT**2)
    return np.where(J.real > JOINT, np.log(safe) ** 2, below)


def published_energy(law: str, F: np.ndarray, moduli: tuple) -> np.ndarray:
    """Energy per rest volume of (..., 3, 3) gradients, zero at rest.

    Mooney-Rivlin as in Sifakis, Neverov, Fedkiw 2005, section 3; stable neo-Hookean as in Smith, De Goes, Kim 2018
    without its logarithmic term, mu/2 (I_C - 3) + l/2 (J - 1 - mu/l)^2, whose l is Lame's lambda + mu.
    """
    C = np.swapaxes(F, -1, -2) @ F
    trace, square = np.einsum("...ii", C), np.einsum("...ij,...ji", C, C)
    J = _determinant(F)
    if law == "mooney_rivlin":
        mu10, mu01, kappa = moduli
        shear = mu10 * _power(J, -2 / 3) * trace + mu01 / 2 * _power(J, -4 / 3) * (trace**2 - square)
        return shear + kappa / 2 * _log_square(J) - 3 * (mu10 + mu01)
    mu, bulk = moduli[0], moduli[0] + moduli[1]
    return mu / 2 * (trace - 3) + bulk / 2 * ((J - 1 - mu / bulk) ** 2 - (mu / bulk) ** 2)


def published_stress(law: str, F: np.ndarray, moduli: tuple) -> np.ndarray:
    """First Piola-Kirchhoff stress (..., 3, 3) of the printed energy, by complex steps: exact to rounding."""
    nudge = 1e-30j * np.eye(9).reshape(9, 3, 3)
    return (published_energy(law, F[..., None, :, :] + nudge, moduli).imag / 1e-30).reshape(F.shape)


def second_derivative(stress, F: np.ndarray) -> np.ndarray:
    """(..., 9, 9) d stress / dF, rows and columns in the order of F.ravel(), by fourth-order central differences."""
    h = 2e-4
    nudge = h * np.eye(9).reshape(9, 3, 3)
    at = {k: stress(F[..., None, :, :] + k * nudge).reshape(*F.shape[:-2], 9, 9) for k in (-2, -1, 1, 2)}
    H = (8 * (at[1] - at[-1]) - (at[2] - at[-2])) / (12 * h)
    return (H + np.swapaxes(H, -1, -2)) / 2


def principal_stresses(law: str, stretch: np.ndarray, moduli: tuple) -> np.ndarray:
    """Closed form of the nominal stresses dpsi/dlambda_i at principal stretches (3,), J > 0.1."""
    s = np.asarray(stretch, float)
    J, I1 = s.prod(), (s**2).sum()
    if law == "mooney_rivlin":
        mu10, mu01, kappa = moduli
        I2 = ((s.prod() / s) ** 2).sum()
        first = mu10 * J ** (-2 / 3) * (2 * s - 2 / 3 * I1 / s)
        second = mu01 * J ** (-4 / 3) * (2 * s * (I1 - s**2) - 4 / 3 * I2 / s)
        return first + second + kappa * np.log(J) / s
    mu, lame, _ = moduli
    return mu * (s - J / s) + (lame + mu) * (J - 1) * J / s


def simple_shear_stress(law: str, shear: float, moduli: tuple) -> np.ndarray:
    """Closed form of the Cauchy stress (3, 3) of F = I + shear e1 e2^T: shear and Poynting's normal stresses.

    J = 1, so that sigma = 2 mu10 dev B - 2 mu01 dev B^-1 (Mooney-Rivlin) or mu (B - I) (stable neo-Hookean).
    """
    g = shear
    if law == "mooney_rivlin":
        mu10, mu01, _ = moduli
        normal = 2 / 3 * g**2 * np.array([2 * mu10 + mu01, -mu10 - 2 * mu01, mu01 - mu10])
        stress = np.diag(normal)
        stress[0, 1] = stress[1, 0] = 2 * (mu10 + mu01) * g
        return stress
    return moduli[0] * np.array([[g**2, g, 0], [g, 0, 0], [0, 0, 0]])


def active_curve(stretch: np.ndarray) -> np.ndarray:
    """Active force-length curve of the Stanford face model (its source in PhysBAM)."""
    e = np.abs(np.asarray(stretch) - 1)
    return np.select([e < 0.4, e < 0.6], [1 - 25 / 6 * e**2, 25 / 3 * (e - 0.6) ** 2], 0.0)


def passive_curve(stretch: np.ndarray) -> np.ndarray:
    """Passive force-length curve of the same source: exponential, beyond a stretch of 1.4 its tangent."""
    e = np.maximum(np.asarray(stretch) - 1, 0)
    c = np.minimum(e, 0.4)
    return 0.05 * (np.exp(6.6 * c) - 6.6 * c - 1) + 0.33 * (np.exp(6.6 * c) - 1) * (e - c)
