# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Solves inside a ``wp.Tape``: losses written in Warp kernels flow back to the controls.

The adjoint of the equilibrium is one linear solve (see ``sensitivity``), recorded as a custom function.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import warp as wp

from .errors import MuscleFaceError

if TYPE_CHECKING:
    from .face import FaceModel
    from .pose import Pose

SKIN_OF = {wp.float32: wp.vec3, wp.float64: wp.vec3d}


@contextmanager
def _paused(tape: wp.Tape) -> Iterator[None]:
    """Keep the solver's own launches off a tape that is recording."""
    try:
        tape.__exit__(None, None, None)
        recording = True
    except RuntimeError:
        recording = False
    try:
        yield
    finally:
        if recording:
            tape.__enter__()


def solve_on_tape(
    model: "FaceModel", tape: wp.Tape, controls: wp.array, *, starts: "Sequence[Pose | None] | None" = None
) -> "tuple[wp.array, list[Pose]]":
    """Skin of a control vector (n,) or of a batch (B, n), recorded on ``tape``.

    controls: float32 or float64 array with ``requires_grad``. Returns the skin (V,) or (B, V) as vec3 of the same
    precision with a gradient, and the poses. Call it inside or outside of ``with tape``. Raises MuscleFaceError.
    """
    if controls.dtype not in SKIN_OF or not controls.requires_grad:
        raise MuscleFaceError("Give the controls on a tape as a float32 or float64 array with requires_grad.")
    with _paused(tape):
        values = controls.numpy().astype(np.float64)
        poses = model.solve_batch(np.atleast_2d(values), starts=starts)
        skins = np.stack([pose.skin for pose in poses]).reshape(*values.shape[:-1], model.vertex_count, 3)
        skin = wp.array(skins, dtype=SKIN_OF[controls.dtype], device=controls.device, requires_grad=True)

    def backward() -> None:
        given = skin.grad.numpy().astype(np.float64).reshape(len(poses), model.vertex_count, 3)
        gradient = model.gradient_batch(poses, given).reshape(values.shape)
        controls.grad.assign(controls.grad.numpy() + gradient)

    tape.record_func(backward, [controls, skin])
    return skin, poses
