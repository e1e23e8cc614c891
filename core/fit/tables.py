# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Text files of rows and columns, whatever parts their columns."""

import csv
import io
import math


def read_table(text: str) -> list[list[str]]:
    """The rows of a table as cells; commas, semicolons or tabs part them. Raises ValueError where it is no table."""
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
