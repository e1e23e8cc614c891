# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""From controls to what drives the flesh, and from flesh to skin, for B poses at once.

The same equations as ``FaceModel.split``, ``FaceModel.load_of``, ``Jaw.motion``, ``StrainLimit.apply``,
``Flesh.natural`` and ``skinning.posed_skin``. Tracks at weight 0 cost no more than reading that weight.
"""

import warp as wp

from ..anatomy.jaw import OPENING_TAKES, YIELD, YIELD_BACK, YIELD_CLOSED
from ..geometry.head_flesh import MANDIBLE
from ..physics.materials import f64, mat33, vec3
from ..physics.strain import inverse_stretch, principal, stretch_matrix, symmetric, vec6
from ..physics.strain_limit import LINEAR, MOST

wp.set_module_options({"enable_backward": False})

vec3s = wp.types.vector(length=3, dtype=wp.int16)
vec6f = wp.types.vector(length=6, dtype=wp.float32)

_YIELD = wp.constant(f64(YIELD))
_CLOSED = wp.constant(f64(YIELD_CLOSED))
_BACK = wp.constant(f64(YIELD_BACK))
_TAKES_AHEAD = wp.constant(f64(OPENING_TAKES[0]))
_TAKES_ASIDE = wp.constant(f64(OPENING_TAKES[1]))
_LINEAR = wp.constant(f64(LINEAR))
_ROOM = wp.constant(f64(MOST - LINEAR))
_TINY = wp.constant(f64(1e-8))

_MANDIBLE = wp.constant(MANDIBLE)


@wp.kernel
def track_weights(
    jaw_tracks: wp.array2d[f64],
    shapes: int,
    muscles: int,
    controls: wp.array2d[f64],
    weight_out: wp.array2d[f64],
):
    """Weight of each track: its shape's slider and what the jaw sliders add."""
    b, k = wp.tid()
    jaw = shapes + muscles
    side = controls[b, jaw + 2]
    w = f64(0.0)
    if k < shapes:
        w = controls[b, k]
    w += controls[b, jaw] * jaw_tracks[0, k] + controls[b, jaw + 1] * jaw_tracks[1, k]
    w += wp.max(side, f64(0.0)) * jaw_tracks[2, k] + wp.max(-side, f64(0.0)) * jaw_tracks[3, k]
    weight_out[b, k] = w


@wp.kernel
def activations(shapes: int, controls: wp.array2d[f64], activation_out: wp.array2d[f64]):
    """Activation of each muscle, not negative."""
    b, m = wp.tid()
    activation_out[b, m] = wp.max(controls[b, shapes + m], f64(0.0))


@wp.func
def soft_stop(value: f64, limit: f64) -> f64:
    """``jaw.soft_stop``."""
    if value <= limit:
        return value
    return limit * (f64(1.0) + _YIELD * wp.tanh((value / limit - f64(1.0)) / _YIELD))


@wp.func
def soft_floor(value: f64, depth: f64) -> f64:
    """``jaw.soft_floor``."""
    if value >= f64(0.0):
        return value
    return depth * wp.tanh(value / depth)


@wp.func
def limited(q: vec3) -> vec3:
    """``Jaw.limited``."""
    opened = soft_floor(soft_stop(q[0], f64(1.0)), _CLOSED)
    ahead = soft_floor(soft_stop(q[1], f64(1.0) - _TAKES_AHEAD * opened), _BACK)
    aside = soft_stop(wp.abs(q[2]), f64(1.0) - _TAKES_ASIDE * opened)
    if q[2] < f64(0.0):
        aside = -aside
    return vec3(opened, ahead, aside)


@wp.func
def rotation(w: vec3) -> mat33:
    """exp of a rotation vector (Rodrigues)."""
    angle = wp.length(w)
    K = wp.skew(w)
    one = wp.identity(n=3, dtype=f64)
    if angle < _TINY:
        return one + K
    half = wp.sin(f64(0.5) * angle) / angle
    return one + (wp.sin(angle) / angle) * K + f64(2.0) * half * half * (K * K)


@wp.kernel
def jaw_motions(
    hinge: vec3,
    spin: mat33,
    slide: mat33,
    side_advance: vec3,
    jaw_of_track: wp.array[vec3],
    track_turn: wp.array[mat33],
    track_shift: wp.array[vec3],
    weight: wp.array2d[f64],
    turn_out: wp.array[mat33],
    shift_out: wp.array[vec3],
    lag_turn_out: wp.array[mat33],
    lag_shift_out: wp.array[vec3],
):
    """x' = turn x + shift of the mandible's bone, and how far that is from the sum of what the tracks ask of it."""
    b = wp.tid()
    q = vec3()
    asked_turn = mat33()
    asked_shift = vec3()
    for k in range(weight.shape[1]):
        w = weight[b, k]
        if w != f64(0.0):
            q += w * jaw_of_track[k]
            asked_turn += w * track_turn[k]
            asked_shift += w * track_shift[k]
    p = limited(q)
    R = rotation(p * spin)
    t = hinge - R * hinge + p * slide + p[2] * p[2] * side_advance
    turn_out[b] = R
    shift_out[b] = t
    lag_turn_out[b] = R - wp.identity(n=3, dtype=f64) - asked_turn
    lag_shift_out[b] = t - asked_shift


@wp.kernel
def node_loads(
    # Model:
    rest: wp.array[vec3],
    bone: wp.array[int],
    weight_force: wp.array[vec3],
    follow: wp.array[wp.vec4d],
    track_step: wp.array[f64],
    track_steps: wp.array2d[vec3s],
    track_load: wp.array2d[wp.vec3f],
    # In:
    weight: wp.array2d[f64],
    turn: wp.array[mat33],
    shift: wp.array[vec3],
    lag_turn: wp.array[mat33],
    lag_shift: wp.array[vec3],
    # Out:
    anchor_out: wp.array2d[vec3],
    force_out: wp.array2d[vec3],
    bones_out: wp.array2d[vec3],
    guess_out: wp.array2d[vec3],
    carried_out: wp.array2d[vec3],
):
    """Where the track springs pull [cm], constant forces [N], and three states: rest with the bones in place, the
    anchors with the flesh taken along where the bones are elsewhere, and rest with the flesh taken along."""
    b, n = wp.tid()
    X = rest[n]
    anchor = X
    force = weight_force[n]
    for k in range(weight.shape[1]):
        w = weight[b, k]
        if w != f64(0.0):
            anchor += (w * track_step[k]) * vec3(track_steps[k, n])
            force += w * vec3(track_load[k, n])
    anchor_out[b, n] = anchor
    force_out[b, n] = force
    if bone[n] != 0:
        at = X
        if bone[n] == _MANDIBLE:
            at = turn[b] * X + shift[b]
        bones_out[b, n] = at
        guess_out[b, n] = at
        carried_out[b, n] = at
    else:
        h = follow[n]
        field = vec3(h[1], h[2], h[3])
        bones_out[b, n] = X
        guess_out[b, n] = anchor + lag_turn[b] * field + h[0] * lag_shift[b]
        carried_out[b, n] = X + turn[b] * field - field + h[0] * shift[b]


@wp.kernel
def contact_floors(
    at_rest: wp.array[f64],
    allowance: wp.array2d[f64],
    weight: wp.array2d[f64],
    floor_out: wp.array2d[f64],
):
    """How deep [cm] the nodes of the lining may lie under the teeth (``FaceTeeth.contact``)."""
    b, i = wp.tid()
    floor = at_rest[i]
    for k in range(weight.shape[1]):
        floor += weight[b, k] * allowance[k, i]
    floor_out[b, i] = floor


@wp.kernel
def natural_shapes(
    # Model:
    strain_start: wp.array[int],
    strain_track: wp.array[int],
    strain: wp.array[vec6f],
    strain_scale: wp.array[f64],
    inv_rest: wp.array[mat33],
    prestretch: wp.array[mat33],
    fibre_start: wp.array[int],
    fibre_direction: wp.array[vec3],
    # In:
    weight: wp.array2d[f64],
    # Out:
    inverse_out: wp.array2d[mat33],
    slack_out: wp.array2d[f64],
):
    """Inverse edge matrix of the stress-free shape under the limited sum of the tracks' strains, and the stretch at
    which fibres are free of passive tension."""
    b, t = wp.tid()
    s = vec6()
    for i in range(strain_start[t], strain_start[t + 1]):
        w = weight[b, strain_track[i]]
        if w != f64(0.0):
            s += w * vec6(strain[i])
    size = wp.sqrt(s[0] * s[0] + s[1] * s[1] + s[2] * s[2] + f64(2.0) * (s[3] * s[3] + s[4] * s[4] + s[5] * s[5]))
    over = (size / strain_scale[t] - _LINEAR) / _ROOM
    if over > f64(0.0):
        s *= strain_scale[t] * (_LINEAR + _ROOM * wp.tanh(over)) / size
    S = symmetric(s)
    Q = principal(S)
    D = wp.transpose(Q) * S * Q
    d = vec3(D[0, 0], D[1, 1], D[2, 2])
    inverse_out[b, t] = inv_rest[t] * inverse_stretch(Q, d) * prestretch[t]
    E = stretch_matrix(Q, d)
    for i in range(fibre_start[t], fibre_start[t + 1]):
        slack_out[b, i] = wp.length(E * fibre_direction[i])


@wp.kernel
def skin_vertices(
    # Model:
    neutral: wp.array[vec3],
    frame: mat33,
    rest: wp.array[vec3],
    carried_row: wp.array[int],
    carrier: wp.array[wp.vec4i],
    carrier_weight: wp.array[wp.vec4d],
    skin_row: wp.array[int],
    detail_step: wp.array[f64],
    detail_steps: wp.array2d[vec3s],
    part_row: wp.array[int],
    part_delta: wp.array2d[wp.vec3f],
    jaw_row: wp.array[int],
    jaw_rest: wp.array[vec3],
    # In:
    x: wp.array2d[vec3],
    weight: wp.array2d[f64],
    turn: wp.array[mat33],
    shift: wp.array[vec3],
    # Out:
    skin_out: wp.array2d[vec3],
):
    """Vertices of the mesh, user's frame and unit: flesh, fine detail of the shapes, jaw parts, other parts."""
    b, v = wp.tid()
    moved = vec3()
    row = carried_row[v]
    if row >= 0:
        for k in range(4):
            n = carrier[row][k]
            moved += carrier_weight[row][k] * (x[b, n] - rest[n])
    row = jaw_row[v]
    if row >= 0:
        moved += turn[b] * jaw_rest[row] + shift[b] - jaw_rest[row]
    skin = skin_row[v]
    part = part_row[v]
    if skin >= 0 or part >= 0:
        for k in range(weight.shape[1]):
            w = weight[b, k]
            if w != f64(0.0):
                if skin >= 0:
                    moved += (w * detail_step[k]) * vec3(detail_steps[k, skin])
                if part >= 0:
                    moved += w * vec3(part_delta[k, part])
    skin_out[b, v] = neutral[v] + frame * moved
