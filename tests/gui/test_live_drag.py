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


def test_a_muscle_follows_the_hand(standard, bench):
    """While the hand moves the face does; when it rests the face settles at the slider."""
    window = standard
    window.do("rig.search = 'zygomaticus major'")
    window.panel("Muscles")
    window.drag("activation", 0.3)
    window.settle()
    spot = window.find("activation")
    width = window.ask("region('UI').width")
    window.call("measure")
    window.call("drag", spot[0], spot[1], spot[0] + 0.3 * width, spot[1], SECONDS, SWEEPS)
    record = window.ask("{'blocks': blocks, 'own': own, 'draws': draws, 'answers': answers}")
    window.shot("30_live_drag")
    window.settle()
    assert 0.0 < window.ask("rig.last_residual") <= 1e-4
    times = np.array([answer[0] for answer in record["answers"]])
    # A face that only jumped at the end would be one answer.
    assert len(times) > 5
    blocks, draws = np.array(record["blocks"]), np.array(record["draws"])
    bench.update(
        fps=round((len(times) - 1) / (times[-1] - times[0]), 1),
        worst_block_ms=round(1e3 * blocks.max(), 1),
        blocks_over_200_ms=int((blocks > 0.2).sum()),
        worst_own_ms=round(1e3 * max(seconds for _, seconds in record["own"]), 1),
        median_block_ms=round(1e3 * float(np.median(blocks[blocks > 0.012])), 1),
        worst_answer_ms=round(max(answer[2] for answer in record["answers"]), 1),
        median_answer_ms=round(float(np.median([answer[2] for answer in record["answers"]])), 1),
        median_draw_ms=round(1e3 * float(np.median(draws)), 1),
        worst_draw_ms=round(1e3 * draws.max(), 1),
        head="demo, standard quality",
        opengl=window.ask("__import__('gpu').platform.renderer_get()"),
    )
