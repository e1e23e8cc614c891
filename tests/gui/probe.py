# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Runs inside the Blender window that is tested: plays mouse and keyboard, tells what is under the pointer and how long
the interface was blocked.

`window.py` writes one request at a time, {"call": name, "args": [...]}, into a folder; the answer lies beside it. Calls
that take several turns of the interface are generators: each yield is one turn.
"""

import contextlib
import ctypes
import faulthandler
import importlib
import json
import math
import sys
import time
import traceback
from pathlib import Path

import bpy
from bpy_extras import view3d_utils

FOLDER = Path(sys.argv[sys.argv.index("--") + 1])
TICK = 0.008
HUNG = 60.0
SETTLE = 4
"""Turns that the interface needs from an event to what it draws."""
STEP_PX = 8
HEADER_PX = 28
"""Distance of the headers of closed panels, at a resolution scale of 1."""

pointer = (0, 0)
opened: dict[str, bool] = {}
"""Panels that were clicked open or closed."""


def window():
    """The first window."""
    return bpy.context.window_manager.windows[0]


def view():
    """The largest 3D viewport of the window."""
    areas = [a for a in window().screen.areas if a.type == "VIEW_3D"]
    return max(areas, key=lambda area: area.width * area.height)


def region(kind="WINDOW"):
    """A region of the viewport: WINDOW, UI (the sidebar), HEADER."""
    return next(r for r in view().regions if r.type == kind)


def override(kind="WINDOW"):
    """A context as buttons and keys have it."""
    return bpy.context.temp_override(window=window(), area=view(), region=region(kind))


# What a hand does


def event(kind, value="NOTHING", **modifiers):
    """One event where the pointer is."""
    window().event_simulate(type=kind, value=value, x=pointer[0], y=pointer[1], **modifiers)


def move(x, y):
    """Bring the pointer to a point of the window."""
    global pointer
    pointer = (int(x), int(y))
    event("MOUSEMOVE")


def rest(turns=SETTLE):
    """Let the interface handle and draw."""
    for _ in range(turns):
        yield


def click(x, y, **modifiers):
    """Press and release the left button."""
    move(x, y)
    yield from rest()
    event("LEFTMOUSE", "PRESS", **modifiers)
    yield
    event("LEFTMOUSE", "RELEASE", **modifiers)
    yield from rest()


def press(kind, x=None, y=None, **modifiers):
    """Press and release a key, over a point (default: the middle of the viewport)."""
    space = region()
    move(*((space.x + space.width // 2, space.y + space.height // 2) if x is None else (x, y)))
    yield from rest()
    event(kind, "PRESS", **modifiers)
    yield
    event(kind, "RELEASE", **modifiers)
    yield from rest()


def drag(x0, y0, x1, y1, seconds=0.6, sweeps=1):
    """Drag with the left button, there and back ``sweeps`` times: the hand keeps its own time, as a hand does."""
    move(x0, y0)
    yield from rest()
    event("LEFTMOUSE", "PRESS")
    yield
    began = time.perf_counter()
    while (share := (time.perf_counter() - began) / seconds) < 1.0:
        along = 0.5 - 0.5 * math.cos(math.pi * sweeps * share)
        move(x0 + (x1 - x0) * along, y0 + (y1 - y0) * along)
        yield
    if sweeps % 2:
        move(x1, y1)
        yield from rest()
    event("LEFTMOUSE", "RELEASE")
    yield from rest()


# What an eye sees


def hovered():
    """The button under the pointer: the data path of its property or the call of its operator; None over nothing."""
    with override("UI"):
        found = bpy.context.property
        if found:
            return found[1]
        if bpy.ops.ui.copy_python_command_button.poll():
            bpy.context.window_manager.clipboard = ""
            bpy.ops.ui.copy_python_command_button()
            return bpy.context.window_manager.clipboard or None
    return None


def scan(shares=(0.3, 0.8), top=1.0, bottom=0.0):
    """All buttons of the sidebar, [(what, x, y)], from the top down; each once, in its middle."""
    bar, found = region("UI"), []
    # The tabs stand at the right edge.
    width = bar.width - 20
    for share in shares:
        run = []
        for y in range(int(bar.y + top * bar.height) - STEP_PX, int(bar.y + bottom * bar.height), -STEP_PX):
            move(bar.x + share * width, y)
            yield from rest(2)
            what = hovered()
            if run and run[0][0] != what:
                found.append((run[0][0], *run[len(run) // 2][1:]))
                run = []
            if what:
                run.append((what, *pointer))
        if run:
            found.append((run[0][0], *run[len(run) // 2][1:]))
    return sorted(set(found), key=lambda item: -item[2])


def open_tab():
    """Open the sidebar with N and choose the tab."""
    if region("UI").width <= 1:
        yield from press("N")
    # A tab exists once the sidebar has drawn.
    yield from until("choose_tab()", 10.0)


def choose_tab():
    bar = region("UI")
    with contextlib.suppress(TypeError):
        bar.active_panel_category = "Muscle Face"
    bar.tag_redraw()
    return bar.active_panel_category == "Muscle Face"


def open_panel(label):
    """Open a panel of the tab and close the others, by clicks on their headers from the top down."""
    yield from open_tab()
    yield from scroll(5000)
    bar, panels = region("UI"), top_panels()
    first = bar.y + bar.height - HEADER_PX // 2 - 4
    for number, (name, starts_open) in enumerate(panels.items()):
        if opened.get(name, starts_open):
            yield from click(bar.x + 60, first - number * HEADER_PX)
            opened[name] = False
    yield from click(bar.x + 60, first - list(panels).index(label) * HEADER_PX)
    opened[label] = True
    yield from rest(8)


def open_landmarks():
    """Open the panel Landmarks, the first within Rig."""
    yield from open_panel("Rig")
    buttons = yield from scan(shares=(0.5,))
    if not any("find_landmarks" in what for what, _, _ in buttons):
        # The menu of shapes to grow, between the last button and the header, tells nothing about itself.
        yield from click(region("UI").x + 60, buttons[-1][2] - 2 * HEADER_PX)
        yield from rest(8)


def top_panels():
    """The tab's panels that show now and stand in no other panel: label -> whether it opens by itself."""
    out = {}
    with override("UI"):
        for cls in module("panels").CLASSES:
            if issubclass(cls, bpy.types.Panel) and not hasattr(cls, "bl_parent_id"):
                if not hasattr(cls, "poll") or cls.poll(bpy.context):
                    out[cls.bl_label] = "DEFAULT_CLOSED" not in getattr(cls, "bl_options", ())
    return out


def scroll(pixels):
    """Scroll the sidebar; up where ``pixels`` is positive. (The wheel over its empty part would zoom the view.)"""
    with override("UI"):
        if pixels > 0:
            bpy.ops.view2d.scroll_up(deltay=pixels)
        else:
            bpy.ops.view2d.scroll_down(deltay=-pixels)
    yield from rest(8)


def write(text):
    """Type into the field that was clicked, and Enter."""
    event("A", "PRESS", ctrl=True)
    yield
    event("A", "RELEASE", ctrl=True)
    yield
    for letter in text:
        kind = "SPACE" if letter == " " else letter.upper()
        event(kind, "PRESS", unicode=letter)
        yield
        event(kind, "RELEASE")
        yield
    event("RET", "PRESS")
    yield
    event("RET", "RELEASE")
    yield from rest(8)


def until(expression, seconds=60.0):
    """Wait for an expression to hold, while the interface lives on."""
    began = time.perf_counter()
    while not evaluate(expression):
        if time.perf_counter() - began > seconds:
            raise TimeoutError(f"Not so within {seconds:.0f} s: {expression}")
        yield
    yield from rest()
    return time.perf_counter() - began


# What a test knows


def names():
    """The names that expressions use."""
    out = {"bpy": bpy, "obj": bpy.context.view_layer.objects.active, **globals()}
    if out["obj"] is not None and hasattr(out["obj"], "muscle_face"):
        out["rig"] = out["obj"].muscle_face
    return out


def evaluate(expression):
    """The value of an expression; `obj` is the active object, `rig` its muscle_face."""
    return eval(expression, names())


def execute(code):
    """Run statements in the viewport's context; returns what they leave in `result`."""
    space = names()
    with override():
        exec(code, space)
    return space.get("result")


def extension():
    """The package of the installed extension."""
    return next(name for name in bpy.context.preferences.addons.keys() if name.endswith(".muscle_face"))


def module(name):
    """A module of the extension's Blender side."""
    return importlib.import_module(f"{extension()}.blender_addon.{name}")


def depsgraph():
    """The dependency graph, evaluated, as Blender's functions may be given it.

    Before 4.5 a look at ``bpy.context.tool_settings``, as Blender's paint modes take it, makes the scene the owner of
    ``bpy.context`` and of the graph that this hands out. Another file frees that scene, and a function that is given
    the graph reads freed memory. The contexts of operators and panels are their own.
    """
    bpy.context.evaluated_depsgraph_get()
    return bpy.context.view_layer.depsgraph


def lose_owner():
    """Leave ``bpy.context`` with an owner whose memory is gone, where it has one; whether it had."""
    owner = ctypes.c_void_p.from_address(id(bpy.context) + object.__basicsize__)
    kept = owner.value is not None
    if kept:
        owner.value = 1
    return kept


def pixel(point, up=0):
    """Where a point of the world is in the window, some pixels further up."""
    space, area = region(), view()
    x, y = view3d_utils.location_3d_to_region_2d(space, area.spaces.active.region_3d, point)
    return [int(space.x + x), int(space.y + y + up)]


def shown(name):
    """Sum and largest length of what the mesh shows off its rest, for telling faces apart."""
    obj = bpy.data.objects[name]
    mesh = obj.evaluated_get(depsgraph()).data
    rest_points = obj.data.shape_keys.reference_key.points if obj.data.shape_keys else obj.data.vertices
    far = [(a.co - b.co).length for a, b in zip(mesh.vertices, rest_points, strict=True)]
    return [round(sum(far), 7), round(max(far), 7)]


# How long the interface stood still, and who held it

blocks: list[tuple] = []
"""Turns of the interface: (begin, end)."""
spans: list[tuple] = []
"""What it did in them: (who, begin, end), who being "own" for the extension, "evaluate" for Blender's dependency graph,
"draw" for the viewport up to its last command; what is in none is sidebar, the graphics driver and waiting."""
answers: list[tuple] = []
_last_tick = time.perf_counter()
_began: dict[str, float] = {}


def measure():
    """Forget what was measured so far."""
    for record in (blocks, spans, answers):
        record.clear()
    # What Blender calls: steps of jobs, handlers, the timer of live faces, what shows a face.
    for owner, name in (
        (module("jobs").JobOperator, "_tick"),
        (module("handlers"), "_refresh"),
        (module("live"), "_look_after"),
        (module("live"), "_collect"),
    ):
        if not hasattr(getattr(owner, name), "timed"):
            setattr(owner, name, timed(getattr(owner, name)))
    if evaluation_ends not in bpy.app.handlers.depsgraph_update_post:
        bpy.app.handlers.depsgraph_update_pre.append(evaluation_begins)
        bpy.app.handlers.depsgraph_update_post.insert(0, evaluation_ends)


def timed(function):
    """The function, with its time noted as the extension's own."""

    def noted(*args, **options):
        began = time.perf_counter()
        try:
            return function(*args, **options)
        finally:
            spans.append(("own", began, time.perf_counter()))

    noted.timed = True
    return noted


@bpy.app.handlers.persistent
def evaluation_begins(*_args):
    _began["evaluate"] = time.perf_counter()


@bpy.app.handlers.persistent
def evaluation_ends(*_args):
    spans.append(("evaluate", _began["evaluate"], time.perf_counter()))


def before_draw():
    _began["draw"] = time.perf_counter()


def after_draw():
    """Note how long the viewport took to draw, and whether it shows another face than before."""
    now = time.perf_counter()
    spans.append(("draw", _began["draw"], now))
    obj = bpy.context.object
    rig = obj.data.get("muscle_face_rig") if obj is not None and obj.type == "MESH" else None
    if rig is not None:
        face = hash(tuple(rig["solved"]))
        if not answers or answers[-1][1] != face:
            answers.append((now, face, obj.muscle_face.last_solve_ms))


# Requests

_turn = None
_number = 0


def answer(value=None, error=None):
    """Write the answer of the request that was handled; a rename, so that nobody reads half of it."""
    global _turn, _number
    path = FOLDER / f"{_number}.answer"
    path.with_suffix(".part").write_text(json.dumps({"value": value, "error": error}), encoding="utf-8")
    path.with_suffix(".part").rename(path)
    _turn, _number = None, _number + 1


def tick():
    """One turn of the interface: go on with the request, or take the next one."""
    global _turn, _last_tick
    now = time.perf_counter()
    # What every thread does goes into the log when there is no next turn.
    faulthandler.dump_traceback_later(HUNG)
    blocks.append((_last_tick, now))
    try:
        if _turn is None:
            path = FOLDER / f"{_number}.request"
            if path.exists():
                request = json.loads(path.read_text(encoding="utf-8"))
                value = globals()[request["call"]](*request["args"], **request["options"])
                if not hasattr(value, "send"):
                    answer(value)
                else:
                    _turn = value
        else:
            next(_turn)
    except StopIteration as end:
        answer(end.value)
    except Exception:
        answer(error=traceback.format_exc())
    # What the request itself takes is no block of the interface.
    _last_tick = time.perf_counter()
    return TICK


preferences = bpy.context.preferences
preferences.view.show_splash = False
preferences.view.smooth_view = 0
preferences.filepaths.use_auto_save_temporary_files = False
bpy.types.SpaceView3D.draw_handler_add(before_draw, (), "WINDOW", "PRE_VIEW")
bpy.types.SpaceView3D.draw_handler_add(after_draw, (), "WINDOW", "POST_PIXEL")
bpy.app.timers.register(tick, first_interval=0.5, persistent=True)
