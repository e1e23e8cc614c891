# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The jaw's rigid motion: opening about condyles that slide down the eminence, forward and sideways slide, limits.

The condyles travel 11.9 mm while the lower incisors move by 46.6 mm (Travers, Buschang, Hayasaki and Throckmorton 2000,
means of 27 women), for which a jaw of adult size turns by 0.52 rad: 2.3 cm per radian, widely spread between people.
Their path falls by 32 degrees (Johnson and Winstanley 1997, mean sagittal condylar inclination of 103 people).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import least_squares

from ..geometry.rotation import best_rotation
from ..geometry.smoothstep import smoothstep
from .frame import FaceMarks

MEAN_OPENING = 0.25  # [rad], a wide but comfortable opening
MEAN_PROTRUSION = 0.8  # [cm]
CHIN_RADIUS = 1.6  # [cm] about the pogonion; skin at the chin's sides lags behind the bone by half a centimetre
SKIN_SLIDE = 0.25  # [cm] how far chin skin strays from the mandible
HINGE_SPREAD = 0.4  # [cm] of the condylar axis about its place by landmarks
CONDYLE_SLIDE = 2.3  # [cm/rad] way of the condyles per turn of opening
CONDYLE_SLIDE_SPREAD = 0.8  # [cm/rad]
EMINENCE = np.array([0.0, -np.sin(np.deg2rad(32.0)), np.cos(np.deg2rad(32.0))])  # way of the condyles, unit
MEAN_SIDE_ANGLE = 0.1  # [rad], one centimetre sideways at the chin

# Controls are met in full up to their limit and give way softly beyond: shares of the limit, or of 1 below zero.
YIELD = 0.25
YIELD_CLOSED = 0.05  # the teeth meet
YIELD_BACK = 0.2  # the condyles are nearly as far back as they go
# What open = 1 takes off the limits 1 of forward and |side|: the range of border movements narrows from the closed
# jaw to the open one (Posselt 1952), because the condyles have spent their way along the eminence on the opening.
OPENING_TAKES = np.array([0.7, 0.6])


def cross_matrix(v: np.ndarray) -> np.ndarray:
    """(3, 3) matrix of the cross product with v."""
    return np.array([[0.0, -v[2], v[1]], [v[2], 0.0, -v[0]], [-v[1], v[0], 0.0]])


def rotation_matrix(w: np.ndarray) -> np.ndarray:
    """exp of a rotation vector (Rodrigues)."""
    angle = np.linalg.norm(w)
    k = cross_matrix(w)
    if angle < 1e-8:
        return np.eye(3) + k + 0.5 * k @ k
    return np.eye(3) + np.sin(angle) / angle * k + (1.0 - np.cos(angle)) / angle**2 * k @ k


def rotation_derivatives(w: np.ndarray) -> np.ndarray:
    """dR/dw_i (3, 3, 3) of exp (Gallego and Yezzi 2015, equation 9)."""
    angle2 = float(w @ w)
    if angle2 < 1e-16:
        half = 0.5 * cross_matrix(w)
        e = [cross_matrix(row) for row in np.eye(3)]
        return np.array([k + half @ k + k @ half for k in e])
    r, k = rotation_matrix(w), cross_matrix(w)
    rest = np.eye(3) - r
    return np.array([(w[i] * k + cross_matrix(np.cross(w, rest[:, i]))) @ r / angle2 for i in range(3)])


def rotation_vector(r: np.ndarray) -> np.ndarray:
    """log of a rotation matrix, angle below pi."""
    v = 0.5 * np.array([r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]])
    sine, cosine = np.linalg.norm(v), 0.5 * (np.trace(r) - 1.0)
    return v * (np.arctan2(sine, cosine) / sine) if sine > 1e-12 else v


def rigid_fit(x: np.ndarray, y: np.ndarray, rounds: int = 8) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rotation, translation and residuals (n,) of y ~ R x + t, robust to a soft minority (reweighted Kabsch)."""
    w = np.ones(len(x))
    for _ in range(rounds):
        cx, cy = w @ x / w.sum(), w @ y / w.sum()
        r, _ = best_rotation(((y - cy) * w[:, None]).T @ (x - cx))
        t = cy - r @ cx
        residual = np.linalg.norm(x @ r.T + t - y, axis=1)
        w = 1.0 / (1.0 + (residual / max(np.median(residual), 1e-6)) ** 2)
    return r, t, residual


def soft_stop(value: float, limit: float) -> tuple[float, float, float]:
    """(y, dy/dvalue, dy/dlimit) of y = value up to limit > 0, beyond limit (1 + m tanh((value / limit - 1) / m)).

    m = YIELD. Twice continuously differentiable, rising in both, never above (1 + m) limit.
    """
    if value <= limit:
        return value, 1.0, 0.0
    over = np.tanh((value / limit - 1.0) / YIELD)
    y, slope = limit * (1.0 + YIELD * over), 1.0 - over**2
    return y, slope, (y - value * slope) / limit


def soft_floor(value: float, depth: float) -> tuple[float, float]:
    """(y, dy/dvalue) of y = value from zero up, depth tanh(value / depth) below: twice continuously differentiable."""
    if value >= 0.0:
        return value, 1.0
    under = np.tanh(value / depth)
    return depth * under, 1.0 - under**2


@dataclass(frozen=True)
class Jaw:
    """x' = exp(sum p_m spin_m) (x - hinge) + hinge + sum p_m slide_m + p_side^2 side_advance, with p = limited(q).

    q = (open, forward, side), side positive to the character's left. Lengths in normalised centimetres.
    hinge: (3,) middle of the condylar axis; opening turns about it while slide[0] carries it along the eminence.
    """

    hinge: np.ndarray
    spin: np.ndarray  # (3, 3) rotation vector of each control [rad]
    slide: np.ndarray  # (3, 3) translation of each control [cm]
    side_advance: np.ndarray  # (3,) both sideways motions pull one condyle forward [cm]
    jaw_of_shape: dict[str, tuple[float, float, float]] = field(default_factory=dict)

    @property
    def open_angle(self) -> float:
        """Opening angle [rad] at open = 1."""
        return float(np.linalg.norm(self.spin[0]))

    @property
    def axis(self) -> np.ndarray:
        """Unit direction (3,) of the condylar axis, about which the jaw opens."""
        return self.spin[0] / self.open_angle

    @staticmethod
    def limited(q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(p (3,), dp/dq (3, 3)): the controls that a jaw can follow.

        p = q for 0 <= open <= 1, 0 <= forward <= 1 - 0.7 open, |side| <= 1 - 0.6 open; soft stops outside.
        """
        opened, d_open, _ = soft_stop(q[0], 1.0)
        opened, d_closed = soft_floor(opened, YIELD_CLOSED)
        room = 1.0 - OPENING_TAKES * opened
        ahead, d_ahead, ahead_of_room = soft_stop(q[1], room[0])
        ahead, d_back = soft_floor(ahead, YIELD_BACK)
        aside, d_aside, aside_of_room = soft_stop(abs(q[2]), room[1])
        sign = np.copysign(1.0, q[2])
        jacobian = np.diag([d_open * d_closed, d_ahead * d_back, d_aside])
        of_room = np.array([ahead_of_room, sign * aside_of_room])
        jacobian[1:, 0] = -of_room * OPENING_TAKES * jacobian[0, 0]
        return np.array([opened, ahead, sign * aside]), jacobian

    def motion(self, open: float, forward: float, side: float) -> tuple[np.ndarray, np.ndarray]:
        """(R (3, 3), t (3,)) with x' = R x + t."""
        p, _ = self.limited(np.array([open, forward, side], float))
        r = rotation_matrix(p @ self.spin)
        return r, self.hinge - r @ self.hinge + p @ self.slide + p[2] ** 2 * self.side_advance

    def motion_derivatives(self, open: float, forward: float, side: float) -> tuple[np.ndarray, np.ndarray]:
        """(dR (3, 3, 3), dt (3, 3)): derivatives of `motion`, first index the control."""
        p, limiting = self.limited(np.array([open, forward, side], float))
        dr = np.einsum("mi,ijk->mjk", self.spin, rotation_derivatives(p @ self.spin))
        dt = self.slide - dr @ self.hinge
        dt[2] += 2.0 * p[2] * self.side_advance
        return np.einsum("mq,mjk->qjk", limiting, dr), limiting.T @ dt


def default_jaw(hinge: np.ndarray) -> Jaw:
    """An adult's jaw about a given hinge (3,)."""
    spin = np.array([[MEAN_OPENING, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, MEAN_SIDE_ANGLE, 0.0]])
    opening = MEAN_OPENING * CONDYLE_SLIDE * EMINENCE
    slide = np.array([opening, [0.0, -0.1 * MEAN_PROTRUSION, MEAN_PROTRUSION], [0.0, 0.0, 0.0]])
    return Jaw(hinge, spin, slide, np.array([0.0, 0.0, 0.4]))


def jaw_share(x: np.ndarray, skin: np.ndarray, deltas: Mapping[str, np.ndarray], marks: FaceMarks) -> np.ndarray:
    """Rough share (V,) of the jaw's turn that jawOpen gives each vertex; NaN without jawOpen."""
    if "jawOpen" not in deltas:
        return np.full(len(x), np.nan)
    rel = x - (marks.mouth + [0.0, 4.5, -7.5])
    turn = np.linalg.norm(deltas["jawOpen"], axis=1) / np.maximum(np.hypot(rel[:, 1], rel[:, 2]), 1.0)
    chin = skin[(x[skin, 1] < marks.mouth[1] - 1.0) & (np.abs(x[skin, 0]) < 2.0) & (x[skin, 2] > marks.mouth[2] - 3.0)]
    full = np.percentile(turn[chin], 80) if len(chin) else turn.max()
    return turn / max(full, 1e-9)


def jaw_of_head(
    x: np.ndarray,
    skin: np.ndarray,
    points: Mapping[str, np.ndarray],
    deltas: Mapping[str, np.ndarray],
    arkit: Mapping[str, tuple[str, ...]],
    shapes: Mapping[str, np.ndarray],
) -> Jaw:
    """The jaw from the skin over the front of the chin, which slides least on the mandible."""
    near = np.linalg.norm(x[skin] - points["pogonion"], axis=1) < CHIN_RADIUS
    below = x[skin, 1] < points["mentolabial"][1] + 0.3
    chin = skin[near & below]
    if len(chin) < 6:
        chin = skin[np.argsort(np.linalg.norm(x[skin] - points["pogonion"], axis=1))[:12]]
    of_chin = {n: d[chin] for n, d in deltas.items() if n.startswith("jaw")}
    jaw = fit_jaw(condyle(points), x[chin], of_chin, arkit)
    known = {given for names in arkit.values() for given in names}
    others = {name: _jaw_controls(jaw, x[chin], d[chin]) for name, d in shapes.items() if name not in known}
    return replace(jaw, jaw_of_shape=jaw.jaw_of_shape | {name: q for name, q in others.items() if q is not None})


def _jaw_controls(jaw: Jaw, chin: np.ndarray, delta: np.ndarray) -> tuple[float, float, float] | None:
    """(open, forward, side) of a shape with a name of its own; None unless it moves the chin as the jaw would."""
    size = np.linalg.norm(delta)
    if size < 0.1 * np.sqrt(len(chin)):
        return None
    dr, dt = jaw.motion_derivatives(0.0, 0.0, 0.0)
    basis = np.stack([(chin @ r.T + t).ravel() for r, t in zip(dr, dt, strict=True)], axis=1)
    q, *_ = np.linalg.lstsq(basis, delta.ravel(), rcond=None)
    explained = 1.0 - np.linalg.norm(delta.ravel() - basis @ q) / size
    return tuple(float(v) for v in np.clip(q, -1.5, 1.5)) if explained > 0.6 and np.abs(q).max() > 0.1 else None


def condyle(points: Mapping[str, np.ndarray]) -> np.ndarray:
    """Midpoint (3,) of the axis through the jaw's condyles, a centimetre before the ears."""
    middle = 0.5 * (points["tragus_L"] + points["tragus_R"]) + [0.0, 0.3, 1.2]
    return np.array([points["stomion"][0], middle[1], middle[2]])


def mandible_bone(x: np.ndarray, points: Mapping[str, np.ndarray], under: float = 1.2) -> np.ndarray:
    """Share of the mandible (n,) in bone at points x (n, 3), by geometry: 1 mandible, 0 skull or neck.

    The mandible lies below the plane from the condyles to the mouth line, before the ramus' back edge and above the
    lower border from jaw angle to chin, fading out over `under` [cm] below it. Two centimetres of ramp under the plane
    leave room for the joint's gap.
    """
    hinge = condyle(points)
    along = points["stomion"] - hinge
    normal = np.array([0.0, along[2], -along[1]]) / np.hypot(along[1], along[2])
    below = -(x - points["stomion"]) @ normal
    gonion = 0.5 * (points["gonion_L"] + points["gonion_R"])
    border = points["menton"] - gonion
    up = np.array([0.0, border[2], -border[1]]) / np.hypot(border[1], border[2])
    above_border = (x - gonion) @ up
    before_ramus = x[:, 2] - (hinge[2] - 1.2)
    over_border = smoothstep((above_border + under) / (under - 0.2))
    return smoothstep((below + 0.2) / 2.0) * smoothstep(before_ramus / 1.2) * over_border


def _opening(guess: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Angle [rad], slide (3,) and hinge (3,) [cm] of the opening that takes chin points x (n, 3) to y.

    Chin skin slides and stretches by a few millimetres, which alone would throw the centre of a free rigid fit off by
    centimetres; so the condylar axis is held at its landmarks and its way along the eminence near the adult mean.
    """

    def error(p: np.ndarray) -> np.ndarray:
        angle, per_turn, *place = p
        hinge = np.array([guess[0], *place])
        moved = (x - hinge) @ rotation_matrix(np.array([angle, 0.0, 0.0])).T + hinge + angle * per_turn * EMINENCE
        chin = (moved - y).ravel() / SKIN_SLIDE / np.sqrt(len(x) / 6.0)
        off_mean = (per_turn - CONDYLE_SLIDE) / CONDYLE_SLIDE_SPREAD
        return np.concatenate([chin, [off_mean], (hinge - guess)[1:] / HINGE_SPREAD])

    bounds = ([0.0, 0.0, -np.inf, -np.inf], [0.8, np.inf, np.inf, np.inf])
    angle, per_turn, *place = least_squares(error, [MEAN_OPENING, CONDYLE_SLIDE, *guess[1:]], bounds=bounds).x
    return float(angle), angle * per_turn * EMINENCE, np.array([guess[0], *place])


def fit_jaw(
    guess: np.ndarray, chin: np.ndarray, deltas: dict[str, np.ndarray], shape_names: dict[str, tuple[str, ...]]
) -> Jaw:
    """The jaw that the head's own shapes show.

    guess: (3,) where the hinge should be by landmarks; chin: (n, 3) points on or near the mandible;
    deltas: canonical jaw shape -> (n, 3) their motion [cm]; shape_names: canonical -> given names.
    """
    jaw = default_jaw(guess)
    hinge, spin, slide, advance = jaw.hinge.copy(), jaw.spin.copy(), jaw.slide.copy(), jaw.side_advance.copy()
    if "jawOpen" in deltas:
        angle, way, found = _opening(guess, chin, chin + deltas["jawOpen"])
        if angle > 0.05:
            spin[0], slide[0], hinge = [angle, 0.0, 0.0], way, found
    if "jawForward" in deltas:
        move = np.median(deltas["jawForward"], axis=0)
        slide[1] = [0.0, move[1], move[2]]
    sides = {s: deltas[n] for n, s in (("jawLeft", 1.0), ("jawRight", -1.0)) if n in deltas}
    if sides:
        r, _, _ = rigid_fit(chin, chin + np.mean([s * d for s, d in sides.items()], axis=0))
        w = rotation_vector(r)
        if np.linalg.norm(w) < 0.4:
            spin[2] = [0.0, w[1], w[2]]
            arm = chin - hinge
            move = [np.mean(arm + d - arm @ rotation_matrix(s * spin[2]).T, axis=0) for s, d in sides.items()]
            slide[2] = [np.mean([s * m[0] for s, m in zip(sides, move, strict=True)]), 0.0, 0.0]
            advance = np.mean(move, axis=0) * [0.0, 1.0, 1.0]
    of_canonical = {"jawOpen": (1.0, 0.0, 0.0), "jawForward": (0.0, 1.0, 0.0), "jawLeft": (0.0, 0.0, 1.0)}
    of_canonical["jawRight"] = (0.0, 0.0, -1.0)
    of_shape = {}
    for canonical, q in of_canonical.items():
        # Halves of a shape share its motion.
        given = shape_names.get(canonical, ())
        of_shape |= {name: tuple(value / len(given) for value in q) for name in given}
    return Jaw(hinge, spin, slide, advance, of_shape)
