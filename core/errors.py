# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Errors that reach the artist, and the signal that stops a job."""

import numpy as np


class MuscleFaceError(Exception):
    """Something the artist can put right; its text is one sentence: what is wrong and what to do."""


class Cancelled(Exception):
    """Raised by a progress callback to stop a running job; nothing was changed."""


def as_numbers(values: object, otherwise: str) -> np.ndarray:
    """The values as float64, any shape. Raises MuscleFaceError with the sentence ``otherwise`` where they are none."""
    try:
        return np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise MuscleFaceError(otherwise) from error
