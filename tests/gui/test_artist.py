# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""An artist's first hour, from the empty scene to a baked file, by mouse and keyboard: one story, told in order."""

PATIENCE = 600.0
"""Seconds that a rig may take on a slow machine, its kernels compiled for the first time."""

LATE = 0.01
"""Metres that the mouth moves at least when the jaw opens wide."""


def far(window) -> float:
    """How far the face is from its rest at its most moved vertex [m]."""
    return window.call("shown", window.ask("obj.name"))[1]


def test_the_tab_tells_what_to_do_first(window):
    """An empty scene: the tab offers a head."""
    window.call("open_tab")
    window.shot("01_empty_scene")
    window.click("mesh.muscle_face_demo_add")
    window.until("obj is not None and obj.type == 'MESH' and not module('jobs').busy()")
    window.do("bpy.ops.view3d.view_axis(type='FRONT'); bpy.ops.view3d.view_selected()")
    window.shot("02_demo_head")


def test_landmarks_are_found_and_placed_by_a_click(window):
    """Find Landmarks marks them; Pick Landmarks puts the first where the skin is clicked."""
    window.do("bpy.context.space_data.overlay.show_floor = False")
    window.call("open_landmarks")
    window.click("muscle_face.find_landmarks")
    window.until("len(module('landmarks').empties(obj)) > 10", PATIENCE)
    window.shot("03_landmarks_found")
    window.click("muscle_face.pick_landmarks")
    first = window.ask("module('engine').picked_landmarks()[0].name")
    before = window.ask(f"list(module('landmarks').empties(obj)[{first!r}].location)")
    window.shot("04_pick_landmarks")
    window.call("click", *window.ask(f"pixel(module('landmarks').empties(obj)[{first!r}].matrix_world.translation, 6)"))
    window.until(f"list(module('landmarks').empties(obj)[{first!r}].location) != {before}", 10.0)
    after = window.ask(f"list(module('landmarks').empties(obj)[{first!r}].location)")
    assert 0.0 < sum((a - b) ** 2 for a, b in zip(after, before, strict=True)) ** 0.5 < 0.02
    window.shot("05_landmark_placed")
    window.call("press", "ESC")
    window.click("muscle_face.remove_landmarks")
    window.until("not module('landmarks').empties(obj)", 10.0)


def test_a_rig_is_created_and_stopped(window, bench):
    """Create Muscle Rig shows its progress, stops at Esc with nothing changed, and makes a rig when it may finish."""
    window.panel("Rig")
    window.do("rig.quality = 'draft'")
    window.click("muscle_face.create_rig")
    window.until("module('jobs').status is not None", 10.0)
    window.call("press", "ESC")
    window.until("not module('jobs').busy()", 10.0)
    assert not window.ask("rig.is_rig or 'Muscle Sim' in obj.data.shape_keys.key_blocks")
    window.click("muscle_face.create_rig")
    window.call("measure")
    window.until("module('jobs').status and module('jobs').status[0] > 0.2", PATIENCE)
    window.shot("06_creating_the_rig")
    window.until("rig.is_rig and not module('jobs').busy()", PATIENCE)
    bench["create_rig_worst_block_ms"] = round(1e3 * window.ask("max(end - begin for begin, end in blocks)"), 1)
    bench["create_rig_worst_own_ms"] = round(
        1e3 * window.ask("max(end - begin for who, begin, end in spans if who == 'own')"), 1
    )
    window.panel("Rig")
    window.shot("07_rig")


def test_the_jaw_follows_the_mouse(window):
    """Dragging Open drops the jaw at once; the face settles when the hand rests."""
    window.panel("Jaw & Head")
    window.drag("jaw_open", 0.5)
    assert window.ask("rig.jaw_open") > 0.3
    window.settle()
    assert far(window) > LATE
    assert 0.0 < window.ask("rig.last_residual") <= 1e-4
    window.shot("08_jaw_open")


def test_undo_and_redo_take_one_step_for_a_gesture(window):
    """Ctrl Z is the face before the drag, Shift Ctrl Z the face after it."""
    opened, moved = window.ask("rig.jaw_open"), far(window)
    window.call("press", "Z", ctrl=True)
    window.until("rig.jaw_open == 0.0", 10.0)
    window.settle()
    assert far(window) < 1e-6
    window.shot("09_undone")
    window.call("press", "Z", ctrl=True, shift=True)
    window.until(f"abs(rig.jaw_open - {opened}) < 1e-6", 10.0)
    window.settle()
    assert abs(far(window) - moved) < 2e-4
    window.shot("10_redone")


def test_a_muscle_is_searched_and_pulled(window):
    """A word in the search narrows the list, and the muscle's slider moves the face."""
    window.do("rig.jaw_open = 0.0")
    window.panel("Rig")
    window.click("search")
    window.call("write", "zygomaticus major")
    window.panel("Muscles")
    window.shot("11_muscle_searched")
    window.drag("activation", 0.4)
    window.settle()
    assert window.ask("max(m.activation for m in rig.muscles)") > 0.3
    assert far(window) > 0.002
    window.shot("12_muscle_pulled")
    window.do("rig.search = ''")


def test_a_pose_is_saved_with_its_picture(window):
    """The pose asset shows the head on the view's background."""
    window.do("bpy.ops.muscle_face.save_pose(name='Smirk')")
    window.do(
        "import numpy as np\n"
        "preview = bpy.data.actions['Smirk'].preview\n"
        "pixels = np.empty(len(preview.image_pixels_float), np.float32)\n"
        "preview.image_pixels_float.foreach_get(pixels)\n"
        "grey = pixels.reshape(*preview.image_size, 4)[:, :, :3].mean(2)\n"
        "bpy.app.driver_namespace['spread'] = [float(grey.std()), float(abs(grey[128, 128] - grey[2, 2]))]"
    )
    spread, middle = window.ask("bpy.app.driver_namespace['spread']")
    assert spread > 0.05 and middle > 0.05


def test_panels_are_complete(window):
    """Every panel of the tab opens."""
    for number, label in enumerate(window.ask("list(top_panels())")):
        window.panel(label)
        window.shot(f"13{chr(97 + number)}_panel_{label.lower().replace(' ', '_').replace('&', 'and')}")


def test_a_sculpted_dent_is_fitted(window):
    """A copy of the smiling face gets a dent; Fit finds the smile again and says how near it is."""
    window.do(
        "import bmesh, numpy as np\n"
        "mesh = bpy.data.meshes.new_from_object(obj.evaluated_get(depsgraph()))\n"
        "for v in mesh.vertices:\n"
        "    gap = (v.co - mesh.vertices[len(mesh.vertices) // 2].co).length\n"
        "    v.co.y += 0.003 * max(0.0, 1.0 - gap / 0.02)\n"
        "target = bpy.data.objects.new('Sculpt', mesh)\n"
        "bpy.context.collection.objects.link(target)\n"
        "target.location.x = 0.3\n"
        "rig.fit_target = target\n"
        "for m in rig.muscles: m.activation = 0.0"
    )
    window.panel("Fit")
    window.shot("14_fit_panel")
    window.click("muscle_face.fit()")
    window.until("module('jobs').status is not None", 10.0)
    window.shot("15_fitting")
    window.until("not module('jobs').busy()", PATIENCE)
    assert 0.0 < window.ask("rig.fit_rms_mm") < 1.0
    window.panel("Fit")
    window.shot("16_fitted")


def test_a_bake_stops_and_bakes(window):
    """Esc in the middle of a bake leaves no key behind; a bake that finishes plays, and can be undone."""
    window.do(
        "scene = bpy.context.scene\n"
        "scene.frame_start, scene.frame_end = 1, 250\n"
        "for frame, value in ((1, 0.0), (12, 1.0), (250, 0.0)):\n"
        "    rig.jaw_open = value\n"
        "    rig.keyframe_insert('jaw_open', frame=frame)\n"
        "scene.frame_set(3)\n"
        "bpy.ops.ed.undo_push(message='Keys')"
    )
    window.panel("Bake")
    window.shot("17_bake_panel")
    window.click("muscle_face.bake(")
    window.until("module('jobs').status and module('jobs').status[1].startswith('Baking frame')", PATIENCE)
    window.shot("18_baking")
    window.call("press", "ESC")
    window.until("not module('jobs').busy()", 30.0)
    assert window.ask("bpy.context.scene.frame_current") == 3
    assert not window.ask("[k.name for k in obj.data.shape_keys.key_blocks if k.name.startswith('Bake')]")
    window.do("bpy.context.scene.frame_end = 12\nbpy.ops.ed.undo_push(message='End')")
    window.click("muscle_face.bake(")
    window.until("not module('jobs').busy()", PATIENCE)
    assert window.ask("len([k for k in obj.data.shape_keys.key_blocks if k.name.startswith('Bake')])") == 12
    window.panel("Bake")
    window.shot("19_baked")
    window.call("press", "Z", ctrl=True)
    window.until("not [k for k in obj.data.shape_keys.key_blocks if k.name.startswith('Bake')]", 30.0)
    # The animation that was baked is there again.
    window.until("bpy.context.scene.frame_end == 12 and obj.animation_data.action is not None", 10.0)


def test_a_saved_file_goes_on(window):
    """Saved and opened again, the rig drives the same face."""
    window.settle()
    window.do("bpy.context.scene.frame_set(9)")
    window.settle()
    assert far(window) > LATE
    before, path = far(window), f"{window.blender.inside}/artist.blend"
    window.do(f"bpy.ops.wm.save_as_mainfile(filepath={path!r})")
    window.do(f"bpy.ops.wm.open_mainfile(filepath={path!r}, load_ui=False)")
    window.until("rig.is_rig", 30.0)
    window.do("bpy.context.scene.frame_set(9)")
    window.settle()
    # Both are settled; drags stop within a residual that is worth 0.14 mm at most.
    assert abs(far(window) - before) < 2e-4
    window.panel("Jaw & Head")
    window.shot("20_reopened")
