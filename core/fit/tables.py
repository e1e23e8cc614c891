# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Tables in text files, their columns separated by commas, semicolons or tabs."""

import csv
import io
import math


def read_table(text: str) -> list[list[str]]:
    """The cells of each row. Raises ValueError where the text is no table."""
    first = text.partition("\n")[0]
    try:
        return list(csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first.count)))
    except csv.Error as error:
        raise ValueError("no table of rows and columns") from error


def number(cell: str) -> float:
    """The number in a cell, NaN where there is none."""
    try:
        return float(cell)
    except ValueError:
        return math.nan
