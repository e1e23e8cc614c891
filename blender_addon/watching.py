# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Whether a rig still is that of its mesh, for the panel: worked out in slices beside the drawing, never in it.

Nothing tells of all edits (a script may write a shape key without a word), so each drawing has the mesh looked at once
more after it; the panel is drawn again where the answer has changed.
"""

from __future__ import annotations

import time

import bpy

from . import live, staleness, storage

SLICE_SECONDS = 0.001
TICK_SECONDS = 0.02
REST_SECONDS = 0.5
"""Between two looks at a mesh: panels are drawn more often than meshes are edited."""

_Place = tuple[str, str | None]


class _Look:
    """One look at a mesh. Between its slices everything may change, so it holds names and no data of Blender's."""

    def __init__(self, start: float) -> None:
        self.start, self.again = start, False
        self._names, self._found = None, {}

    def advance(self, obj: bpy.types.Object) -> bool:
        """Look a while longer; whether all is seen."""
        until = time.perf_counter() + SLICE_SECONDS
        if staleness.at_once(obj) is not staleness.UNKNOWN:
            return True
        names = staleness.sources(obj)
        if names != self._names:
            self._names, self._found = names, {}
        for name in names:
            if name not in self._found:
                self._found[name] = staleness.checksum(obj, name)
                if time.perf_counter() > until:
                    return False
        return True

    def answer(self, obj: bpy.types.Object) -> str | None:
        """What `staleness.changes` would say."""
        return staleness.changes(obj, self._found)


_looks: dict[_Place, _Look] = {}
_answers: dict[_Place, str | None] = {}
_ended: dict[_Place, float] = {}


def reason(obj: bpy.types.Object) -> str | None:
    """What has changed since the rig of an object was made, as far as it was seen; None when nothing has."""
    if not live.watched():
        return staleness.changes(obj)
    place = obj.name, obj.library.filepath if obj.library else None
    look = _looks.get(place)
    if look is None:
        _looks[place] = _Look(max(time.perf_counter(), _ended.get(place, 0.0) + REST_SECONDS))
    elif look.start <= time.perf_counter():
        # What it has seen already may be what has changed.
        look.again = True
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=TICK_SECONDS)
    return _answers.get(place)


def _tick() -> float | None:
    """A slice for each mesh whose time has come; comes back while there is more to see."""
    for place, look in list(_looks.items()):
        if time.perf_counter() < look.start:
            continue
        obj = bpy.data.objects.get(place)
        if obj is None or obj.type != "MESH" or not storage.has_rig(obj.data):
            del _looks[place]
        elif look.advance(obj):
            _finish(place, look, look.answer(obj))
    return TICK_SECONDS if _looks else None


def _finish(place: _Place, look: _Look, answer: str | None) -> None:
    del _looks[place]
    _ended[place] = time.perf_counter()
    if look.again:
        _looks[place] = _Look(_ended[place] + REST_SECONDS)
    if answer != _answers.get(place):
        _answers[place] = answer
        live.draw("UI")


def look_again() -> None:
    """Undo and redo have replaced all data: what was seen of them is worth nothing."""
    _looks.clear()
    _ended.clear()


def forget() -> None:
    """Drop the answers too: other data have the same names now, or the rig was made anew."""
    look_again()
    _answers.clear()
