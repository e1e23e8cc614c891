# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""A plausible adult head made by code: skin, eyeballs, teeth and the ARKit shapes. Nothing in it is taken from
another mesh.
"""

from __future__ import annotations

import numpy as np

from .head import build_head
from .shapes import make_shapes

__all__ = ["demo_head"]


def demo_head() -> tuple[np.ndarray, list[list[int]], dict[str, np.ndarray]]:
    """The demo head: vertices (V, 3) in centimetres, faces, and {ARKit name: delta (V, 3)}.

    +Y up, +Z front, +X the character's left; pupils at y = 0, ear canals at z = 0. The same numbers on every call.
    """
    head = build_head()
    return head.vertices, head.faces, make_shapes(head)
