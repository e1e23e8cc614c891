# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Sliders are found by part of the face and side."""

from dataclasses import replace

import numpy as np
from anatomy_heads import model
from muscle_face.core import FaceModel, sliders


def test_every_slider_has_a_place():
    """The demo head's shapes and muscles all belong to a part of the face, and nothing is left over."""
    layout = sliders.sliders(model("demo"))
    assert [s.name for s in layout] == model("demo").controls().names
    groups = {s.name: s.group for s in layout}
    assert "Other" not in groups.values()
    assert groups["mouthSmileLeft"] == "Mouth" and groups["browInnerUp"] == "Brow"
    assert groups["zygomaticus_major_L"] == "Upper Lip" and groups["corrugator_supercilii_R"] == "Brow"


def test_pairs_in_any_spelling():
    """Left and right find each other however they are spelled; a lone side has no partner."""
    names = ["smileLeft", "smileRight", "brow_L", "brow_R", "L_lid", "R_lid", "Nose.l", "Nose.r", "cheek_L", "level"]
    found = sliders.partners(names)
    assert found["smileLeft"] == ("left", "smileRight") and found["brow_R"] == ("right", "brow_L")
    assert found["L_lid"] == ("left", "R_lid") and found["Nose.r"] == ("right", "Nose.l")
    assert "cheek_L" not in found and "level" not in found


def test_symmetric_editing_follows_the_moved_side():
    """The side that stayed takes the other's value; jaw left and jaw right do not move together."""
    layout = sliders.sliders(model("demo"))
    before = {s.name: 0.0 for s in layout}
    now = {**before, "mouthSmileLeft": 0.4, "zygomaticus_major_R": 0.7, "jawLeft": 0.5, "mouthPucker": 0.2}
    assert sliders.followed(before, now, layout) == {"mouthSmileRight": 0.4, "zygomaticus_major_L": 0.7}


def test_mirror_twice_is_the_pose_itself():
    """Mirroring swaps the sides and turns a sideways jaw; twice gives the first values."""
    layout = sliders.sliders(model("demo"))
    values = {s.name: 0.01 * k for k, s in enumerate(layout)}
    once = sliders.mirrored(values, layout)
    assert once["mouthSmileLeft"] == values["mouthSmileRight"] and once["jaw_side"] == -values["jaw_side"]
    assert sliders.mirrored(once, layout) == values


def test_one_side_alone_goes_to_the_other():
    """A pose that holds the left side only becomes one of the right side."""
    layout = sliders.sliders(model("demo"))
    assert sliders.mirrored({"mouthSmileLeft": 0.7, "jawOpen": 0.2}, layout) == {"mouthSmileRight": 0.7, "jawOpen": 0.2}


def test_an_unknown_shape_goes_where_it_moves():
    """A shape with a name of its own is filed by the part of the face that it moves."""
    rig = model("demo").rig
    names = [{"noseSneerLeft": "Frank", "browInnerUp": "Greta"}.get(str(n), str(n)) for n in rig.shape_names]
    groups = {s.name: s.group for s in sliders.sliders(FaceModel(replace(rig, shape_names=np.array(names))))}
    assert groups["Frank"] == "Nose" and groups["Greta"] == "Brow"
