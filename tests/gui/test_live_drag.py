# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""A muscle's slider in the hand: what is shown meanwhile, and how long the interface stands still, into out/bench.json.

Nothing here asserts a time: what a shared machine with software OpenGL takes says little about an artist's.
"""

import numpy as np
import pytest

SECONDS, SWEEPS = 6.0, 3


@pytest.fixture(scope="module")
def standard(window):
    """The demo head with a rig of standard quality, seen from the front."""
    window.do("bpy.ops.wm.read_homefile(use_empty=True)\nopened.clear()")
    window.do("bpy.ops.mesh.muscle_face_demo_add()")
    window.do("bpy.ops.view3d.view_axis(type='FRONT'); bpy.ops.view3d.view_selected()")
    window.do("bpy.ops.muscle_face.create_rig(quality='standard')", patience=1200.0)
    return window


def drag(window, what: str) -> dict:
    """Drag a slider from 0 there and back; what the interface did meanwhile."""
    window.do("for m in rig.muscles: m.activation = 0.0")
    window.settle()
    x, y = window.find(what)
    window.call("measure")
    window.call("drag", x, y, x + 0.3 * window.ask("region('UI').width"), y, SECONDS, SWEEPS)
    return window.ask("{'blocks': blocks, 'spans': spans, 'answers': answers}")


def shares(record: dict) -> dict[str, np.ndarray]:
    """Seconds of each turn of the interface, as a whole and by who held it."""
    out = {"block": np.array([end - begin for begin, end in record["blocks"]])}
    for who in ("own", "evaluate", "draw"):
        spans = [(begin, end) for name, begin, end in record["spans"] if name == who]
        out[who] = np.array([
            sum(max(0.0, min(e, end) - max(b, begin)) for b, e in spans) for begin, end in record["blocks"]
        ])  # fmt: skip
    return out


def ms(seconds: np.ndarray, measure=np.max) -> float:
    """Milliseconds, of the worst unless another measure is asked for."""
    return round(1e3 * float(measure(seconds)), 1)


def test_a_muscle_follows_the_hand(standard, bench):
    """While the hand moves the face does; when it rests the face settles at the slider."""
    window = standard
    window.do("rig.search = 'zygomaticus major'")
    window.panel("Muscles")
    # The first answer makes the face ready to follow.
    window.drag("activation", 0.3)
    window.settle()
    record = drag(window, "activation")
    window.shot("30_live_drag")
    window.settle()
    assert 0.0 < window.ask("rig.last_residual") <= 1e-4
    times = np.array([answer[0] for answer in record["answers"]])
    # A face that only jumped at the end would be one answer.
    assert len(times) > 5
    found = shares(record)
    busy = found["block"] > 0.012
    # The same hand on the same head without a simulation: what Blender itself takes here.
    window.do("rig.live = False")
    alone = shares(drag(window, "activation"))
    window.do("rig.live = True")
    window.settle()
    bench.update(
        fps=round((len(times) - 1) / (times[-1] - times[0]), 1),
        worst_block_ms=ms(found["block"]),
        median_block_ms=ms(found["block"][busy], np.median),
        blocks_over_200_ms=int((found["block"] > 0.2).sum()),
        worst_own_ms=ms(found["own"]),
        worst_own_and_evaluation_ms=ms(found["own"] + found["evaluate"]),
        worst_draw_ms=ms(found["draw"]),
        median_draw_ms=ms(found["draw"][found["draw"] > 0.0], np.median),
        without_simulation_worst_block_ms=ms(alone["block"]),
        without_simulation_median_block_ms=ms(alone["block"][alone["block"] > 0.012], np.median),
        worst_answer_ms=round(max(answer[2] for answer in record["answers"]), 1),
        median_answer_ms=round(float(np.median([answer[2] for answer in record["answers"]])), 1),
        head="demo, standard quality",
        opengl=window.ask("__import__('gpu').platform.renderer_get()"),
    )
