# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Shape names in every spelling, and meshes that are no faces."""

import numpy as np
import pytest
from muscle_face.core import MuscleFaceError
from muscle_face.core.anatomy.head import analyse_head
from muscle_face.core.anatomy.names import ARKIT, canonical_name, match_arkit


def ball(count: int = 24) -> tuple[np.ndarray, list[list[int]]]:
    """A closed ball with quads."""
    a, b = np.meshgrid(np.linspace(0.01, np.pi - 0.01, count), np.linspace(0, 2 * np.pi, count, endpoint=False))
    v = 10.0 * np.stack([np.sin(a) * np.cos(b), np.cos(a), np.sin(a) * np.sin(b)], axis=2).reshape(-1, 3)
    index = np.arange(count * count).reshape(count, count)
    right = np.roll(index, -1, axis=0)
    quads = np.stack([index[:, :-1], right[:, :-1], right[:, 1:], index[:, 1:]], axis=2)
    return v, quads.reshape(-1, 4).tolist()


@pytest.mark.parametrize(
    "given",
    "mouthSmileLeft mouthSmile_L MouthSmileLeft mouthSmile.L mouth_smile_left mouthSmile_left MOUTH_SMILE_LEFT "
    "blendShape1.mouthSmile_L face:mouthSmileLeft L_mouthSmile".split(),
)
def test_common_spellings_are_one_shape(given):
    """Every common spelling of a sided shape is recognised."""
    assert canonical_name(given) == ("mouthSmileLeft", "")


def test_halves_of_a_whole_shape_are_kept_together():
    """Shapes that ARKit has whole may come split; jawLeft and mouthLeft are whole shapes, not halves."""
    found = match_arkit(
        ["browInnerUp_R", "browInnerUp_L", "cheekPuff", "cheekPuff_L", "jawLeft", "mouth_left", "Basis"]
    )
    assert found["browInnerUp"] == ("browInnerUp_L", "browInnerUp_R")
    assert found["cheekPuff"] == ("cheekPuff",)
    assert found["jawLeft"] == ("jawLeft",) and found["mouthLeft"] == ("mouth_left",)
    assert len(found) == 4


def test_there_are_52_names():
    """The table is ARKit's, whole, and each name spells itself."""
    assert len(ARKIT) == 52
    assert all(canonical_name(n) == (n, "") for n in ARKIT)


def test_other_names_are_left_alone():
    """Visemes and words that merely contain a shape's name are not taken for ARKit shapes."""
    assert match_arkit(["viseme_aa", "smile", "left", "jawOpenWide", "Key 1", ""]) == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda v, f: (v, [], {}), "no faces"),
        (lambda v, f: (v, [[]], {}), "no faces"),
        (lambda v, f: (v, f, {"smile": 1.0}), '"smile" has'),
        (lambda v, f: (np.where(np.arange(len(v))[:, None] == 3, np.nan, v), f, {}), "not numbers"),
        (lambda v, f: (v[:8], [[0, 1, 2, 3]], {}), "only 8 vertices"),
        (lambda v, f: (v, f, {"smile": np.zeros((5, 3))}), '"smile" has 5 vertices'),
        (lambda v, f: (v, f, {"smile": np.full_like(v, np.inf)}), "not numbers"),
        (lambda v, f: (v * [1, 1, 0], f, {}), "flat"),
        (lambda v, f: (v, [*f, [0, 1, 10**6]], {}), "does not exist"),
        (lambda v, f: (v, f, {}), "face"),
    ],
)
def test_what_is_no_face_is_refused_in_a_sentence(change, said):
    """Each kind of bad input raises MuscleFaceError with one sentence that says what is wrong and what to do."""
    v, faces = ball()
    with pytest.raises(MuscleFaceError) as caught:
        analyse_head(*change(v, faces))
    text = str(caught.value)
    assert said in text or "nose" in text
    assert text.endswith(".") and "\n" not in text
