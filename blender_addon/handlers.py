# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What happens by itself: rigs follow frames, drivers and sliders; caches die with undo and load."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import bpy
from bpy.app.handlers import persistent

from . import drive, editing, jobs, landmarks, live, overlay, storage, watching
from .fit import places

# True while a handler writes: what it writes updates the scene, which would call it again.
_writing = False
# Poses that were worked out ahead, by the bytes of the drive's key; None where there are none.
_known: dict[bytes, object] | None = None


@contextmanager
def answering(known: dict[bytes, object]) -> Iterator[None]:
    """While a job plays frames: live rigs show poses that are known, {key of the drive: Pose or None}."""
    global _known
    _known = known
    try:
        yield
    finally:
        _known = None


def _recite(obj: bpy.types.Object, model, asked: drive.Drive) -> None:
    key = asked.key.tobytes()
    if key in _known:
        drive.write(obj, model, asked, _known[key], 0.0)
    else:
        drive.solve(obj, model, asked)


def _is_driven(item, by_hand: bool = True) -> bool:
    return (
        isinstance(item, bpy.types.Object)
        and item.type == "MESH"
        and item.muscle_face.is_rig
        # A stroke of the brush waits for no face; frames move it also while it is painted on.
        and (item.mode == "OBJECT" or (not by_hand and drive.may_write(item)))
        and item.library is None
        and item.data.library is None
        and storage.has_rig(item.data)
        and drive.leader(item) == item
    )


def _is_awaited() -> bool:
    """Whether a script changes the frame, or a job of Blender's such as an export: it reads or draws the face as soon
    as the handlers are through, as a viewport render does that a script runs. What this extension shows by itself may
    come later."""
    if threading.current_thread() is not threading.main_thread():
        return True
    frame, names = sys._getframe(2), []
    while (frame := frame.f_back) is not None:
        names.append(frame.f_globals.get("__name__", ""))
    return bool(names) and not any(name.startswith(__package__) for name in names)


def _refresh(objects, depsgraph: bpy.types.Depsgraph, by_hand: bool) -> None:
    global _writing
    if _writing or (jobs.busy() and _known is None):
        return
    _writing = True
    watched = live.watched() and (by_hand or not _is_awaited())
    try:
        for obj in objects:
            if not _is_driven(obj, by_hand):
                continue
            graph = depsgraph
            if obj.muscle_face.symmetric and by_hand:
                # What symmetry has just written is not evaluated yet.
                graph = None if editing.follow_symmetry(obj) else depsgraph
            elif obj.muscle_face.symmetric:
                editing.remember(obj)
            behind = False
            if obj.muscle_face.live and _known is not None:
                behind = drive.refresh(obj, graph, _recite)
            elif obj.muscle_face.live and (not watched or live.ready(obj)):
                behind = drive.refresh(obj, graph, live.follow if watched else None)
            if behind and not by_hand:
                # Renders and exporters copy the written keys anew, with the values that the window shows: Blender is
                # asked to animate them once more.
                obj.data.shape_keys.update_tag(refresh={"TIME"})
    finally:
        _writing = False


@persistent
def on_frame_change(_scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
    """Solve every live rig at the new frame, also inside a render."""
    # Not the scene's objects: instanced collections and a background scene bring in others.
    objects = [obj for obj in storage.rigged_objects() if obj.evaluated_get(depsgraph).is_evaluated]
    _refresh(objects, depsgraph, by_hand=False)


@persistent
def on_update(_scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
    """Solve the live rigs among the objects that changed."""
    _refresh([update.id.original for update in depsgraph.updates], depsgraph, by_hand=True)


def _read_ahead() -> None:
    """Read the file's rigs in the background: the first button pressed on one does not wait for it."""
    for obj in bpy.context.scene.objects:
        if _is_driven(obj):
            live.ready(obj)


def _show_again() -> None:
    overlay.synchronise()
    # Later: the scene that has just come does not hear of changes yet.
    if overlay.active() and not bpy.app.background:
        bpy.app.timers.register(_recall, first_interval=0.0)


def _mend() -> None:
    for obj in storage.rigged_objects():
        drive.mend(obj)


def _recall() -> None:
    for obj in overlay.shown_objects():
        drive.recall(obj)


@persistent
def on_history(*_args) -> None:
    """Undo, redo and load replace all data: no pose of before belongs to an object of after."""
    live.forget()
    editing.forget()
    landmarks.forget()
    watching.look_again()
    drive.clear_cache()
    if bpy.app.background:
        _mend()
    else:
        # Later: the scene that has just come does not hear of changes yet.
        bpy.app.timers.register(_mend, first_interval=0.0)
    _show_again()


@persistent
def on_render(*_args) -> None:
    """A render begins."""
    live.set_rendering(True)
    for obj in storage.rigged_objects():
        if not obj.muscle_face.is_rig or storage.bake_mutes(obj.data) is not None:
            continue
        # On a farm nobody looks at the panel that says so too.
        if not obj.data.is_editable:
            print(
                f"Muscle Face: '{obj.name}' is linked from another file and keeps the face that it was saved with; "
                "bake it in its own file, or make the object and its mesh local.",
                flush=True,
            )
        elif obj.muscle_face.live and not drive.may_write(obj):
            print(
                f"Muscle Face: '{obj.name}' keeps the face that it has while it is edited or sculpted; leave that mode "
                "and render again.",
                flush=True,
            )


@persistent
def on_render_end(*_args) -> None:
    """A render is over."""
    live.set_rendering(False)


@persistent
def on_load(*_args) -> None:
    """A new file: forget the models of the last one too."""
    live.clear()
    editing.forget()
    landmarks.forget()
    watching.forget()
    drive.clear_cache()
    storage.clear_cache()
    places.clear_cache()
    if live.watched():
        bpy.app.timers.register(_read_ahead, first_interval=0.0)
    _show_again()


HANDLERS = (
    (bpy.app.handlers.frame_change_post, on_frame_change),
    (bpy.app.handlers.depsgraph_update_post, on_update),
    (bpy.app.handlers.undo_post, on_history),
    (bpy.app.handlers.redo_post, on_history),
    (bpy.app.handlers.load_post, on_load),
    (bpy.app.handlers.render_init, on_render),
    (bpy.app.handlers.render_complete, on_render_end),
    (bpy.app.handlers.render_cancel, on_render_end),
)


def register() -> None:
    """Add each handler once."""
    for registry, handler in HANDLERS:
        if handler not in registry:
            registry.append(handler)


def unregister() -> None:
    """Take the handlers out."""
    for registry, handler in HANDLERS:
        if handler in registry:
            registry.remove(handler)
