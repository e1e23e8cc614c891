# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The Blender side of Muscle Face: what is registered, in order."""

from . import (
    command_line,
    drive,
    editing,
    handlers,
    heat,
    jobs,
    landmarks,
    live,
    operators,
    overlay,
    panels,
    preferences,
    properties,
    storage,
    watching,
)
from .fit import places

_registered = False


def register() -> None:
    """Register everything once."""
    global _registered
    if _registered:
        return
    for module in (properties, preferences, operators, panels, handlers, heat, command_line):
        module.register()
    _registered = True


def unregister() -> None:
    """The mirror of register; waits for running jobs."""
    global _registered
    if not _registered:
        return
    jobs.join_all()
    live.clear()
    editing.forget()
    landmarks.forget()
    watching.forget()
    drive.clear_cache()
    storage.clear_cache()
    places.clear_cache()
    overlay.unregister()
    for module in (command_line, heat, handlers, panels, operators, preferences, properties):
        module.unregister()
    _registered = False
