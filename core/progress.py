# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""How long work tells how far it is."""

from collections.abc import Callable

Progress = Callable[[float, str], None]
"""Called often with the share done, 0 to 1, and what is being done; raises Cancelled to stop the work."""


def silent(share: float, text: str) -> None:
    """Progress that nobody watches."""
