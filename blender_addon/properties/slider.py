# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What all sliders share."""


def touch(self, _context) -> None:
    """Update of a slider: let the live solve see it."""
    # A script's assignment alone does not tell the dependency graph.
    self.id_data.update_tag()
