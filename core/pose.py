# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The sliders of a face, and a face at rest under them."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np


class Controls(NamedTuple):
    """The sliders: names, bounds (n, 2) and neutral values (n,)."""

    names: list[str]
    bounds: np.ndarray
    neutral: np.ndarray


@dataclass(frozen=True)
class Pose:
    """An equilibrium of the face.

    controls: (n,) · gravity: (3,) [m/s2], user's frame · skin: (V, 3) all vertices of the mesh, user's frame and
    unit · nodes: (N, 3) [cm] · residual as in the solver · inverted: number of tets with J <= 0 · converged · ms: time
    taken · message: why it did not converge.
    """

    controls: np.ndarray
    gravity: np.ndarray
    skin: np.ndarray
    nodes: np.ndarray
    residual: float
    inverted: int
    converged: bool
    iterations: int
    ms: float
    message: str = ""
    _linear: dict = field(default_factory=dict, repr=False, compare=False)
