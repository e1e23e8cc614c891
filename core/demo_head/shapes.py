# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The ARKit shapes of the demo head: landmark motions spread over the skin, jaw motions and lid motions."""

from __future__ import annotations

import numpy as np

from ..geometry.smoothstep import smoothstep
from . import landmarks, paired_shapes, sided_shapes
from .eyes import MARGIN_RINGS
from .fields import SurfaceKernel, laplacian
from .head import DemoHead
from .jaw_shapes import jaw_field, jaw_shapes
from .layout import LID_RING, LIP_RING, outer_mask
from .lid_shapes import lid_shapes
from .mouth import PARTING_RING

KERNEL_REACH = 2.0  # [cm]
MIDLINE_BLEND = 1.2  # [cm] half width of the band where a one-sided shape fades out
MIRROR = np.array([-1.0, 1.0, 1.0])


def landmark_groups(head: DemoHead) -> dict[str, np.ndarray]:
    """Skin vertices of each landmark, left side or midline."""
    top = head.topology
    outer = np.flatnonzero(outer_mask(top))
    x = head.vertices[outer]
    front = x[:, 2] > 2.0
    groups = {}
    for name, (px, py) in landmarks.SKIN_LANDMARKS.items():
        gap = np.hypot(x[:, 0] - px, x[:, 1] - py) + np.where(front, 0.0, 100.0)
        if px == 0.0:
            gap = gap + np.where(np.abs(x[:, 0]) < 1e-9, 0.0, 100.0)
        groups[name] = outer[[np.argmin(gap)]]
    for name, step in landmarks.LIP_STEPS.items():
        rings = [LIP_RING - 1, LIP_RING, PARTING_RING, PARTING_RING + 2]
        groups[name] = top.mouth[rings, step]
    for name, step in landmarks.LIP_STEPS.items():
        groups[f"{name}_inside"] = top.mouth[[PARTING_RING, PARTING_RING + 2], step]
    for name, steps in landmarks.LID_STEPS.items():
        groups[name] = top.eye[LID_RING : LID_RING + MARGIN_RINGS + 1, steps].ravel()
    for name, steps in landmarks.BAG_STEPS.items():
        groups[name] = top.mouth[PARTING_RING + 3 : PARTING_RING + 5, steps].ravel()
    return groups


class Sculptor:
    """Turns landmark motions into smooth fields on the whole skin."""

    def __init__(self, head: DemoHead):
        self.head = head
        skin = head.vertices[: head.skin_count]
        self.skin = skin
        self.stiffness, self.area = laplacian(skin, head.skin_quads)
        self.kernel = SurfaceKernel(self.stiffness, self.area, landmark_groups(head), KERNEL_REACH, head.mirror)
        # nothing moves at the neck's border
        over_border = skin[:, 1] + 18.3 + 0.29 * skin[:, 2]
        self.neck_fade = smoothstep((over_border - 0.4) / 4.0)
        # the sockets stay with the skull
        self.steady = np.ones(head.skin_count)
        top, last = head.topology, LID_RING + MARGIN_RINGS
        for ring in range(last + 1, len(top.eye)):
            self._hold(top.eye[ring], max(0.0, 1.0 - (ring - last) / 3.0))
        self._hold(np.setdiff1d(top.socket, top.eye[-1]), 0.0)
        self.side_fade = smoothstep(0.5 + 0.5 * skin[:, 0] / MIDLINE_BLEND)

    def _hold(self, left: np.ndarray, share: float) -> None:
        self.steady[left] = self.steady[self.head.mirror[left]] = share

    def field(self, motions: landmarks.Motions, same_direction: bool = False) -> np.ndarray:
        """Motions in mm at left and midline landmarks -> (skin_count, 3) [cm]; the right side gets the mirrored
        motion.
        """
        both = {}
        for name, motion in motions.items():
            both[name] = 0.1 * np.array(motion)
            if name not in self.kernel.on_midline:
                both[f"{name}'"] = both[name] * (1.0 if same_direction else MIRROR)
        return self.kernel.interpolate(both) * (self.neck_fade * self.steady)[:, None]

    def one_sided(self, motions: landmarks.Motions) -> tuple[np.ndarray, np.ndarray]:
        """The left half of a field and its mirror image."""
        left = self.field(motions) * self.side_fade[:, None]
        return left, self.mirrored(left)

    def mirrored(self, field: np.ndarray) -> np.ndarray:
        return field[self.head.mirror] * MIRROR


def _with_guards(motions: landmarks.Motions) -> landmarks.Motions:
    """Add the landmarks that hold still."""
    is_mouth = any(name in landmarks.LIP_STEPS and any(m) for name, m in motions.items())
    more = landmarks.LOWER_FACE_GUARDS if is_mouth else landmarks.UPPER_FACE_GUARDS
    still = {name: (0.0, 0.0, 0.0) for name in landmarks.GUARDS + more}
    return {**still, **motions}


def make_shapes(head: DemoHead) -> dict[str, np.ndarray]:
    """All shapes: ARKit name -> delta (V, 3) [cm] of every vertex, loose parts included."""
    sculptor = Sculptor(head)
    fields: dict[str, np.ndarray] = {}
    for name, motions in sided_shapes.LEFT_SHAPES.items():
        fields[name + "Left"], fields[name + "Right"] = sculptor.one_sided(_with_guards(motions))
    for name, motions in paired_shapes.BOTH_SHAPES.items():
        fields[name] = sculptor.field(_with_guards(motions))
    fields["mouthLeft"] = sculptor.field(_with_guards(paired_shapes.MOUTH_LEFT), same_direction=True)
    fields["mouthRight"] = sculptor.mirrored(fields["mouthLeft"])

    shapes = {name: _whole(head, skin, {}) for name, skin in fields.items()}
    weight = jaw_field(head, sculptor.stiffness, sculptor.area)
    for name, (skin, parts) in jaw_shapes(head, weight, sculptor).items():
        shapes[name] = _whole(head, skin, parts)
    for name, (skin, parts) in lid_shapes(head).items():
        left, right = _whole(head, skin, parts), _whole(head, sculptor.mirrored(skin), _mirror_parts(parts))
        for side, delta in (("Left", left), ("Right", right)):
            # a look inwards is not the mirror image's name: both sides are named for their own eye
            key = name + side
            shapes[key] = shapes[key] + delta if key in shapes else delta
    shapes["tongueOut"] = np.zeros_like(head.vertices)  # the head has no tongue
    return shapes


def _whole(head: DemoHead, skin: np.ndarray, parts: dict[str, np.ndarray]) -> np.ndarray:
    delta = np.zeros_like(head.vertices)
    delta[: head.skin_count] = skin
    for name, motion in parts.items():
        delta[head.parts[name]] = motion
    return delta


def _mirror_parts(parts: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name.replace("left", "right"): motion * MIRROR for name, motion in parts.items()}
