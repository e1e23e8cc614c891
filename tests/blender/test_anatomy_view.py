# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The anatomy is shown when asked for, and points of the skin can be asked and dragged."""

from contextlib import nullcontext
from functools import partial
from types import SimpleNamespace

import bpy
import numpy as np
import pytest
from muscle_face.blender_addon import drive, editing, heat, overlay, picking, storage
from muscle_face.blender_addon.operators import drag_point
from muscle_face.blender_addon.overlay import anatomy
from readings import fingerprint, moved, shown

MUSCLE = "zygomaticus_major_L"


def corner(rig) -> int:
    """The vertex that mouthSmileLeft moves most."""
    keys = rig.data.shape_keys.key_blocks
    from muscle_face.blender_addon import bridge

    return int(np.linalg.norm(bridge.key_delta(rig, keys["mouthSmileLeft"]), axis=1).argmax())


def test_no_draw_handler_while_nothing_is_shown(rig):
    """A toggle brings the handler, the last one takes it away, and so does removing the rig."""
    assert not overlay.active()
    rig.muscle_face.show_muscles = True
    assert overlay.active()
    rig.muscle_face.show_bones = True
    rig.muscle_face.show_muscles = False
    assert overlay.active()
    rig.muscle_face.show_bones = False
    assert not overlay.active()
    rig.muscle_face.show_tets = True
    bpy.ops.muscle_face.remove_rig()
    assert not overlay.active()


def test_muscles_brighten_as_they_pull(rig):
    """The strokes of a pulling muscle have the active colour, those of a resting one do not."""
    model = storage.load(rig.data)
    rig.muscle_face.muscles[MUSCLE].activation = 1.0
    shown(rig)
    pose = drive.last_pose(rig)
    lines = anatomy.muscles(rig, model, pose.nodes)
    owner = np.repeat(model.rig.fibre_muscle, 2)
    mine = lines.colours[owner == model.muscles.index(MUSCLE), :3]
    others = lines.colours[owner == model.muscles.index("frontalis_medial_R"), :3]
    assert np.allclose(mine, anatomy.ACTIVE) and others.sum(1).max() < 0.7 * sum(anatomy.ACTIVE)
    assert len(lines.points) == len(lines.colours)


def test_anatomy_knows_the_pose_of_a_loaded_file(rig, tmp_path):
    """After loading a file, what is shown belongs to the face as it stands and not to the face at rest."""
    rig.muscle_face.muscles[MUSCLE].activation = 1.0
    shown(rig)
    path = str(tmp_path / "posed.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    rig = bpy.context.object
    assert drive.last_pose(rig) is None
    rig.muscle_face.show_muscles = True
    shown(rig)
    assert drive.last_pose(rig) is not None
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert overlay.active()


def test_heat_map_follows_the_face_and_goes(rig):
    """Strain shows on the mesh as a colour attribute, changes with the face, and leaves no trace."""
    before = [a.name for a in rig.data.attributes]
    rig.muscle_face.heat_map = "STRAIN"
    assert rig.muscle_face.heat_largest == pytest.approx(0.0, abs=1e-6)
    rig.data.shape_keys.key_blocks["jawOpen"].value = 1.0
    shown(rig)
    # An open mouth stretches the skin of the lip corners by tens of per cent.
    assert 10.0 < rig.muscle_face.heat_largest < 400.0
    layer = rig.data.color_attributes[heat.ATTRIBUTE]
    painted = np.empty(4 * len(layer.data), np.float32)
    layer.data.foreach_get("color", painted)
    assert np.ptp(painted.reshape(-1, 4)[:, 1]) > 0.5
    rig.muscle_face.heat_map = "BLENDSHAPE"
    assert 0.0 < rig.muscle_face.heat_largest < 40.0
    rig.muscle_face.heat_map = "FIT"
    assert "target" in rig.muscle_face.message and heat.ATTRIBUTE not in rig.data.attributes
    rig.muscle_face.heat_map = "NONE"
    assert [a.name for a in rig.data.attributes] == before


def test_a_heat_map_leaves_the_color_that_is_painted(small_rig):
    """It is active when chosen, not again at each frame, and gives back what was active: brushes paint there."""
    colors, scene = small_rig.data.color_attributes, bpy.context.scene
    for name in ("Skin", "Mask", "Veins"):
        colors.new(name, "FLOAT_COLOR", "POINT")
    colors.active_color = colors["Skin"]
    small_rig.muscle_face.heat_map = "STRAIN"
    assert colors.active_color.name == heat.ATTRIBUTE
    small_rig.muscle_face.heat_map = "NONE"
    assert colors.active_color.name == "Skin"
    small_rig.muscle_face.heat_map = "STRAIN"
    colors.active_color = colors["Mask"]
    small_rig.data.shape_keys.key_blocks["jawOpen"].value = 0.5
    scene.frame_set(scene.frame_current)
    shown(small_rig)
    assert small_rig.muscle_face.heat_largest > 1.0
    assert colors.active_color.name == "Mask"
    small_rig.muscle_face.heat_map = "NONE"
    assert colors.active_color.name == "Mask"


def test_a_heat_map_says_that_edit_mode_has_none(rig):
    """A mesh in Edit Mode has no colors to paint; one sentence says so."""
    bpy.ops.object.mode_set(mode="EDIT")
    rig.muscle_face.heat_map = "STRAIN"
    assert "Edit Mode" in rig.muscle_face.message and heat.ATTRIBUTE not in rig.data.attributes
    bpy.ops.object.mode_set(mode="OBJECT")
    rig.muscle_face.heat_map = "STRAIN"
    assert rig.muscle_face.message == "" and heat.ATTRIBUTE in rig.data.attributes


def test_remove_rig_takes_the_heat_map_along(rig):
    """Nothing of a heat map stays on a mesh without a rig."""
    rig.muscle_face.heat_map = "STRAIN"
    bpy.ops.muscle_face.remove_rig()
    assert heat.ATTRIBUTE not in rig.data.attributes
    assert fingerprint(rig)["mesh properties"] == []


def test_pick_a_muscle_by_name(rig):
    """The chosen muscle is noted; one that does not exist is refused."""
    assert bpy.ops.muscle_face.pick_muscle(muscle=MUSCLE) == {"FINISHED"}
    assert rig.muscle_face.active_muscle == MUSCLE
    with pytest.raises(RuntimeError, match="no muscle"):
        bpy.ops.muscle_face.pick_muscle(muscle="tongue")


def test_what_moves_this_point(rig):
    """The left mouth corner lists left mouth muscles and the smile, strongest first."""
    assert bpy.ops.muscle_face.influences(vertex=corner(rig)) == {"FINISHED"}
    entries = rig.muscle_face.influences
    assert "mouthSmileLeft" in entries and MUSCLE in entries
    assert [e.millimetres for e in entries] == sorted((e.millimetres for e in entries), reverse=True)
    assert entries["mouthSmileLeft"].kind == "shape"
    with pytest.raises(RuntimeError, match="no vertex"):
        bpy.ops.muscle_face.influences(vertex=10_000_000)


def test_what_is_muted_moves_no_point(small_rig):
    """Muted shapes and groups are not listed, a weakened muscle by what is left of it."""
    vertex, settings = corner(small_rig), small_rig.muscle_face

    def listed():
        assert bpy.ops.muscle_face.influences(vertex=vertex) == {"FINISHED"}
        return {entry.name: entry.millimetres for entry in settings.influences}

    strong = listed()
    settings.muscles[MUSCLE].strength = 0.5
    assert listed()[MUSCLE] == pytest.approx(0.5 * strong[MUSCLE], rel=1e-4)
    small_rig.data.shape_keys.key_blocks["mouthSmileLeft"].mute = True
    settings.muscle_groups[settings.muscles[MUSCLE].group].mute = True
    left = listed()
    assert "mouthSmileLeft" in strong and not {"mouthSmileLeft", MUSCLE} & set(left)


def test_drag_a_point(rig):
    """A dragged point arrives, the sliders say how, and muted sliders stay."""
    vertex, rest = corner(rig), shown(rig)
    rig.data.shape_keys.key_blocks["jawOpen"].mute = True
    rig.muscle_face.muscle_groups["Lips"].mute = True
    offset = 0.6 * (rig.data.shape_keys.key_blocks["mouthSmileLeft"].data[vertex].co - rig.data.vertices[vertex].co)
    assert bpy.ops.muscle_face.drag_point(vertex=vertex, offset=offset) == {"FINISHED"}
    way = shown(rig)[vertex] - rest[vertex]
    assert np.linalg.norm(way - np.array(offset)) < 0.15 * np.linalg.norm(offset)
    values = editing.values(rig)
    assert values["jawOpen"] == 0.0 and not any(values[m.name] for m in rig.muscle_face.muscles if m.group == "Lips")
    assert moved(drive.last_pose(rig).skin, shown(rig)) < 1e-5


def test_a_drag_leaves_driven_sliders_alone(small_rig):
    """The others take the point there: a driver takes back what is written."""
    vertex, rest, keys = corner(small_rig), shown(small_rig), small_rig.data.shape_keys
    small_rig["control"], driver = 0.0, keys.key_blocks["mouthSmileLeft"].driver_add("value").driver
    driver.type, variable = "SUM", driver.variables.new()
    variable.targets[0].id, variable.targets[0].data_path = small_rig, '["control"]'
    offset = np.array((0.0, 0.0, 0.003))
    assert bpy.ops.muscle_face.drag_point(vertex=vertex, offset=offset) == {"FINISHED"}
    bpy.context.scene.frame_set(1)
    assert keys.key_blocks["mouthSmileLeft"].value == 0.0
    # Most of the way: a face with few sliders cannot do better without this one.
    assert (shown(small_rig)[vertex] - rest[vertex]) @ offset > 0.6 * offset @ offset


def test_a_drag_that_cannot_begin_lets_go(small_rig, monkeypatch):
    """The press finds no model: one sentence, and neither the hand nor the timer stays."""
    said, operator = [], drag_point.MUSCLE_FACE_OT_drag_point
    waiting = SimpleNamespace(vertex=-1, _dragged=None, report=lambda kind, text: said.append(text))
    waiting._end = lambda context, answer: said.append("ended") or answer
    waiting._answer, waiting._press = partial(operator._answer, waiting), partial(operator._press, waiting)
    monkeypatch.setattr(picking, "view_under", lambda context, event: nullcontext((0.0, 0.0)))
    monkeypatch.setattr(picking, "vertex_under", lambda context, obj, place: 0)
    bpy.data.texts.remove(small_rig.data[storage.PROPERTY]["model"])
    storage.clear_cache()
    press = SimpleNamespace(type="LEFTMOUSE", value="PRESS")
    assert operator.modal(waiting, bpy.context, press) == {"CANCELLED"}
    assert "was deleted" in said[0] and said[1:] == ["ended"]
