# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Readout, tissue and gravity in Blender."""

from math import radians

import bpy
import numpy as np
from muscle_face.blender_addon import bridge
from readings import SINGLE, moved, shown

MUSCLE = "zygomaticus_major_L"


def implied(rig) -> dict[str, float]:
    return {m.name: m.implied_activation for m in rig.muscle_face.muscles}


def test_a_smile_reads_as_its_muscles(rig):
    """A left smile by shape key reads as the left zygomaticus; the neutral reads as rest."""
    key = rig.data.shape_keys.key_blocks["mouthSmileLeft"]
    key.value = 1.0
    shown(rig)
    reading = implied(rig)
    assert reading[MUSCLE] > 0.3
    assert reading["zygomaticus_major_R"] < 0.5 * reading[MUSCLE]
    assert rig.muscle_face.muscles[MUSCLE].activation == 0.0
    key.value = 0.0
    shown(rig)
    assert not any(implied(rig).values())


def test_gravity_shows_when_the_head_lies_down(rig):
    """Upright the weight is the sculpt's own; on its back the face sags backwards; switched off it is the neutral."""
    rest, settings = bridge.vertex_positions(rig.data), rig.muscle_face
    settings.use_gravity = True
    # The sculpt's gravity points down the head's own axis, which the landmarks place within some degrees.
    assert moved(rest, shown(rig)) < 2e-4
    rig.rotation_euler.x = radians(-90.0)
    down = shown(rig)
    # In its own axes the head falls back, along +Y: half a millimetre of a head of 30 cm.
    assert moved(rest, down) > 1e-3
    assert (down - rest)[:, 1].mean() > 0.0
    settings.use_gravity = False
    assert np.array_equal(shown(rig), rest.astype(np.float32))


def test_a_bake_holds_the_gravity_of_each_frame(rig):
    """A turning head is baked with its sag: the last frame is the face that the viewport shows there."""
    rig.muscle_face.use_gravity = True
    for frame, angle in ((1, 0.0), (2, -90.0)):
        rig.rotation_euler.x = radians(angle)
        rig.keyframe_insert("rotation_euler", frame=frame)
    scene = bpy.context.scene
    scene.frame_set(2)
    live = shown(rig)
    assert bpy.ops.muscle_face.bake(frame_start=1, frame_end=2) == {"FINISHED"}
    scene.frame_set(2)
    # Two settled answers from different starts.
    assert moved(live, shown(rig)) < 1e-4


def test_firmer_tissue_keeps_shapes_and_resists_muscles(rig):
    """Set Tissue: the neutral and a shape stay, a muscle moves less, and one undo step brings the old flesh back."""
    settings, key = rig.muscle_face, rig.data.shape_keys.key_blocks["mouthSmileLeft"]
    rest = shown(rig)
    settings.muscles[MUSCLE].activation = 1.0
    soft = moved(rest, shown(rig))
    settings.muscles[MUSCLE].activation = 0.0
    key.value = 1.0
    smile = shown(rig)
    key.value = 0.0
    assert bpy.ops.muscle_face.set_tissue(tissue="stanford") == {"FINISHED"}
    assert settings.tissue == "stanford"
    assert moved(rest, shown(rig)) < SINGLE
    key.value = 1.0
    # The calibrated shape is an equilibrium in any flesh; settled answers differ by the tolerance.
    assert moved(smile, shown(rig)) < 2e-4
    key.value = 0.0
    settings.muscles[MUSCLE].activation = 1.0
    assert moved(rest, shown(rig)) < 0.5 * soft


def test_a_rig_can_be_made_of_any_tissue(small_head):
    """Create Muscle Rig takes the tissue; the rig remembers it."""
    assert bpy.ops.muscle_face.create_rig(quality="draft", tissue="soft_tissue_neo_hookean") == {"FINISHED"}
    assert small_head.muscle_face.tissue == "soft_tissue_neo_hookean"
    rest = shown(small_head)
    small_head.muscle_face.muscles[MUSCLE].activation = 1.0
    assert moved(rest, shown(small_head)) > 0.005
