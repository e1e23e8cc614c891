# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The pictures of the README's guide, taken while an artist's steps are played; they are out/gui/guide_*.png."""

import pytest

PATIENCE = 600.0


@pytest.fixture(scope="module")
def stage(window):
    """The rigged demo head, large in the window and seen a little from the side."""
    window.do("bpy.ops.wm.read_homefile(use_empty=True)\nopened.clear()")
    window.do("bpy.ops.mesh.muscle_face_demo_add()\nbpy.ops.screen.screen_full_area()")
    window.call("rest", 8)
    window.do(
        "space = view().spaces.active\n"
        "space.shading.color_type, space.shading.show_cavity = 'MATERIAL', True\n"
        "space.overlay.show_floor = space.overlay.show_axis_x = space.overlay.show_axis_y = False\n"
        "space.overlay.show_outline_selected = space.overlay.show_cursor = False\n"
        "bpy.ops.view3d.view_axis(type='FRONT')\nbpy.ops.view3d.view_selected()"
    )
    window.do("bpy.ops.muscle_face.create_rig()", patience=PATIENCE)
    window.do(
        "from mathutils import Euler\n"
        "eye = view().spaces.active.region_3d\n"
        "eye.view_perspective = 'PERSP'\n"
        "eye.view_rotation = Euler((1.5, 0.0, 0.45)).to_quaternion()\n"
        "eye.view_distance *= 0.8\n"
        "eye.view_location = (0.02, 0.0, -0.02)"
    )
    return window


def test_shapes(stage):
    """A smile by the artist's own shapes, simulated."""
    stage.do(
        "rig.search = 'smile'\n"
        "for side in 'Left', 'Right': obj.data.shape_keys.key_blocks['mouthSmile' + side].value = 0.9"
    )
    stage.panel("Shapes")
    stage.settle()
    assert stage.call("shown", stage.ask("obj.name"))[1] > 0.003
    stage.shot("guide_shapes")
    stage.do("bpy.ops.muscle_face.reset_sliders()")


def test_muscles(stage):
    """The muscles over the face, coloured by how hard they pull, and their sliders."""
    stage.do(
        "rig.show_muscles, rig.search = True, 'zygomaticus'\n"
        "for side in 'L', 'R':\n"
        "    rig.muscles[f'zygomaticus_major_{side}'].activation = 0.8\n"
        "    rig.muscles[f'zygomaticus_minor_{side}'].activation = 0.4"
    )
    stage.panel("Muscles")
    stage.settle()
    assert stage.call("shown", stage.ask("obj.name"))[1] > 0.003
    stage.shot("guide_muscles")
    stage.do("rig.show_muscles, rig.search = False, ''\nbpy.ops.muscle_face.reset_sliders()")


def test_fit(stage):
    """A sculpted face beside the rig, fitted, with the distance that is left as colours."""
    stage.do(
        "obj.data.shape_keys.key_blocks['jawOpen'].value = 0.25\n"
        "obj.data.shape_keys.key_blocks['browInnerUp'].value = 0.8\n"
        "rig.muscles['zygomaticus_major_L'].activation = 1.0"
    )
    stage.settle()
    stage.do(
        "mesh = bpy.data.meshes.new_from_object(obj.evaluated_get(depsgraph()))\n"
        "cheek = min(mesh.vertices, key=lambda v: abs(v.co.x - 0.04) + abs(v.co.z + 0.03) + 0.3 * v.co.y).co.copy()\n"
        "for v in mesh.vertices: v.co.y += 0.004 * max(0.0, 1.0 - (v.co - cheek).length / 0.02)\n"
        "target = bpy.data.objects.new('Sculpt', mesh)\n"
        "bpy.context.collection.objects.link(target)\n"
        "target.location.x, rig.fit_target = -0.2, target\n"
        "bpy.ops.muscle_face.reset_sliders()"
    )
    stage.panel("Fit")
    stage.click("muscle_face.fit()")
    stage.until("rig.fit_rms_mm > 0.0 and not module('jobs').busy()", PATIENCE)
    assert stage.ask("rig.fit_rms_mm") < 1.0
    stage.do(
        "rig.heat_map = 'FIT'\n"
        "eye = view().spaces.active.region_3d\n"
        "eye.view_distance *= 1.3\neye.view_location.x = -0.07"
    )
    stage.settle()
    stage.shot("guide_fit")
