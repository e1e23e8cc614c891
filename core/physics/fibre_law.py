# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Hill-type fibres as Warp functions (Zajac 1989; constants of the Stanford face model).

Tension T(lambda, a) = active + passive in units of the maximal isometric stress, with e = lambda - 1.
"""

import warp as wp

from .materials import THIRD, f64, vec3

# Python numbers written inside a Warp function pass through single precision: those that it cannot hold live here.
_0_05 = wp.constant(f64(0.05))
_0_4 = wp.constant(f64(0.4))
_0_6 = wp.constant(f64(0.6))
_6_6 = wp.constant(f64(6.6))
_25_3 = wp.constant(f64(25.0 / 3.0))
_25_18 = wp.constant(f64(25.0 / 18.0))
AREA = 0.4 - 25.0 / 18.0 * 0.4**3 + 25.0 / 9.0 * 0.2**3
"""Integral of the active curve over 0 < e < 0.6."""

_AREA = wp.constant(f64(AREA))


@wp.func
def active_tension(stretch: f64) -> vec3:
    """(integral, value, slope) of the active force-length curve, 1 at the rest length and 0 beyond |e| = 0.6."""
    e = stretch - f64(1.0)
    s = wp.abs(e)
    value = f64(0.0)
    slope = f64(0.0)
    # Integral of the curve from e = 0, odd in e.
    integral = _AREA
    if s < _0_4:
        value = f64(1.0) - f64(0.5) * _25_3 * e * e
        slope = -_25_3 * e
        integral = s - _25_18 * s * s * s
    elif s < _0_6:
        r = _0_6 - s
        value = _25_3 * r * r
        slope = -f64(2.0) * _25_3 * r * wp.sign(e)
        integral = integral - THIRD * _25_3 * r * r * r
    return vec3(integral * wp.sign(e), value, slope)


@wp.func
def passive_tension(stretch: f64) -> vec3:
    """(integral, value, slope) of the passive fibre curve: exponential to a stretch of 1.4, linear beyond."""
    e = wp.max(stretch - f64(1.0), f64(0.0))
    c = wp.min(e, _0_4)
    k = _6_6
    ex = wp.exp(k * c)
    value = _0_05 * (ex - k * c - f64(1.0))
    slope = _0_05 * k * (ex - f64(1.0))
    integral = _0_05 * (ex / k - f64(0.5) * k * c * c - c - f64(1.0) / k)
    t = e - c
    return vec3(integral + t * (value + f64(0.5) * t * slope), value + t * slope, slope)


@wp.func
def fibre_tension(stretch: f64, slack: f64, activation: f64) -> vec3:
    """(energy per rest volume, tension, slope) of a fibre in units of sigma_max.

    The passive part is free of tension up to the stretch ``slack`` to which a shape has brought the flesh.
    """
    inverse = f64(1.0) / slack
    passive = passive_tension(stretch * inverse)
    scaled = vec3(passive[0], passive[1] * inverse, passive[2] * inverse * inverse)
    return activation * active_tension(stretch) + scaled


@wp.func
def tension_by_slack(stretch: f64, slack: f64) -> f64:
    """Change of the tension per unit of slack."""
    inverse = f64(1.0) / slack
    passive = passive_tension(stretch * inverse)
    return -(passive[2] * stretch * inverse + passive[1]) * inverse * inverse
