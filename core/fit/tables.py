# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Tables in text files, their columns separated by commas, semicolons or tabs."""

import csv
import io
import math

import numpy as np

from ..errors import MuscleFaceError

LONGEST = 1_000_000
"""Frames beyond which a file's numbers are no times: half a day of footage."""


def read_table(text: str) -> list[list[str]]:
    """The cells of each row. Raises ValueError where the text is no table."""
    first = text.partition("\n")[0]
    # Commas last: where a spreadsheet separates columns by another sign, they are decimal points.
    try:
        return list(csv.reader(io.StringIO(text), delimiter=max(";\t,", key=first.count)))
    except csv.Error as error:
        raise ValueError("no table of rows and columns") from error


def number(cell: str) -> float:
    """The number in a cell, with a decimal point or comma; NaN where there is none."""
    try:
        return float(cell.replace(",", "."))
    except ValueError:
        return math.nan


def frame_times(end: float, rate: float) -> np.ndarray:
    """(F,) [s] of the frames at a rate [1/s] from 0 to ``end`` [s]. Raises MuscleFaceError where there are none or too
    many."""
    if not 0.0 < rate < math.inf:
        raise MuscleFaceError(f"There is no rate of {rate:g} frames per second: give one above 0.")
    if end * rate > LONGEST:
        raise MuscleFaceError(
            f"The recording goes on for {end * rate:.3g} frames: number it by frames or seconds, not by other times."
        )
    return np.arange(int(end * rate + 1e-6) + 1) / rate
