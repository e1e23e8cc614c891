# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Muscle face core: anatomy, simulation and fit; numpy in, numpy out, no Blender."""

import os

# Before SciPy is first imported: its BLAS works on many small blocks here, for which its own threads only cost time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from .errors import Cancelled, MuscleFaceError

__all__ = ["Cancelled", "FaceModel", "MuscleFaceError", "Parameters", "guess_landmarks"]


def __getattr__(name: str):
    # Warp takes a second to import: only those who ask for the model pay for it.
    if name == "FaceModel":
        from .face import FaceModel

        return FaceModel
    if name == "Parameters":
        from .sensitivity import Parameters

        return Parameters
    if name == "guess_landmarks":
        from .anatomy.head import guess_landmarks

        return guess_landmarks
    raise AttributeError(name)
