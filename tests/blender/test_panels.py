# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What the sidebar shows in each state of the work."""

import blf
import bpy
from muscle_face.blender_addon import jobs, landmarks, panels
from recording_layout import drawn

ORDER = ["Rig", "Shapes", "Muscles", "Jaw & Head", "Fit", "Physics", "Bake"]


def test_nothing_selected_offers_a_head():
    """An empty scene shows one panel, which says what to do and offers the demo head."""
    shown = drawn()
    assert list(shown) == ["Rig"]
    assert shown["Rig"].operators == ["mesh.muscle_face_demo_add"]
    assert any("Select a head" in text for text in shown["Rig"].texts)


def test_a_plain_head_offers_the_rig(head):
    """A head without a rig shows the button that makes one, and no sliders."""
    shown = drawn()
    assert "Muscles" not in shown and "muscle_face.create_rig" in shown["Rig"].operators


def test_a_rig_shows_all_panels_in_the_order_of_work(rig):
    """Every sub-panel draws without error, folded and unfolded, and every slider is in one of them."""
    assert [label for label in drawn(unfolded=False) if label in ORDER] == ORDER
    shown = drawn()
    muscles = [p for p in shown["Muscles"].properties if p == ("MuscleFaceMuscle", "activation")]
    assert len(muscles) == len(rig.muscle_face.muscles)
    shapes = [p for p in shown["Shapes"].properties if p == ("ShapeKey", "value")]
    assert len(shapes) == len(rig.data.shape_keys.key_blocks) - 2


def test_a_live_face_asks_for_a_locked_interface(rig):
    """The thread that renders writes the face: the rig locks Blender's interface, and the panel asks for it again."""
    render = bpy.context.scene.render
    assert render.use_lock_interface
    assert ("RenderSettings", "use_lock_interface") not in drawn()["Rig"].properties
    render.use_lock_interface = False
    assert ("RenderSettings", "use_lock_interface") in drawn()["Rig"].properties
    rig.muscle_face.live = False
    assert ("RenderSettings", "use_lock_interface") not in drawn()["Rig"].properties


def test_landmarks_are_offered_where_they_do_something(head):
    """Before the rig; with a rig only while there are some to remove."""
    assert "muscle_face.find_landmarks" in drawn()["Landmarks"].operators
    head.muscle_face.is_rig, head.data["muscle_face_rig"] = True, {}
    assert not panels.landmarks.MUSCLE_FACE_PT_landmarks.poll(bpy.context)
    landmarks.place(head, "nose_tip", "Nose Tip", (0.0, 0.0, 0.0))
    assert panels.landmarks.MUSCLE_FACE_PT_landmarks.poll(bpy.context)


def test_long_texts_wrap_to_the_sidebar():
    """No line is wider than the room it has, and no word is lost."""
    text = "Press Show Muscles and edit the curves, or choose a collection of muscle meshes first"
    blf.size(0, 11.0)
    lines = panels.rows.wrapped(text, 150.0)
    assert " ".join(lines) == text and len(lines) > 2
    assert max(blf.dimensions(0, line)[0] for line in lines) <= 150.0


def test_the_ranking_of_a_point_has_its_sliders(rig):
    """What moves a point can be moved right there."""
    bpy.ops.muscle_face.influences(vertex=4000)
    rig.muscle_face.show_muscles = False
    listed = [item.name for item in rig.muscle_face.influences]
    before = len(drawn()["Rig"].properties)
    rig.muscle_face.picked_vertex = -1
    assert before - len(drawn()["Rig"].properties) == len(listed) > 3


def test_search_narrows_the_sliders(rig):
    """A search leaves the sliders whose names hold the text, and says so when there is none."""
    rig.muscle_face.search = "smile"
    shown = drawn()
    assert shown["Shapes"].properties == [("MuscleFaceSettings", "search")] + [("ShapeKey", "value")] * 2
    assert shown["Muscles"].texts == ["", "No muscle is called so"]
    assert shown["Muscles"].properties == [("MuscleFaceSettings", "search")]
    assert "No muscle is called so" in shown["Physics"].texts


def test_search_knows_the_parts_of_the_face(rig):
    """Who does not know a muscle's name finds it by where it is, and words may stand in any order."""
    rig.muscle_face.search = "lip upper"
    muscles = [p for p in drawn()["Muscles"].properties if p == ("MuscleFaceMuscle", "activation")]
    assert len(muscles) == len([m for m in rig.muscle_face.muscles if m.group == "Upper Lip" or "upper" in m.name]) > 4


def test_a_key_shown_alone_is_told(rig):
    """With Blender's pin the sliders move nothing that is seen: the panel says so and has the switch."""
    rig.show_only_shape_key = True
    assert ("Object", "show_only_shape_key") in drawn()["Rig"].properties


def test_baked_face_says_so(rig):
    """A baked face tells what brings its sliders back, where the buttons are grey for it."""
    bpy.ops.muscle_face.bake(frame_start=1, frame_end=1)
    shown = drawn()
    for panel in ("Rig", "Shapes", "Muscles", "Jaw & Head", "Fit", "Physics"):
        assert "press Remove Bake" in " ".join(shown[panel].texts)
    stays = "Baked: this view does not follow the face"
    assert stays not in shown["Rig"].texts
    rig.muscle_face.show_muscles = True
    assert stays in drawn()["Rig"].texts


def test_work_shows_wherever_it_was_started(rig, monkeypatch):
    """While a job runs, its progress stands in the place of the buttons that start one."""
    monkeypatch.setattr(jobs, "status", (0.4, "Baking frame 4 of 10"))
    shown = drawn()
    for panel in ("Rig", "Fit", "Physics", "Bake"):
        assert "Baking frame 4 of 10 (Esc Stops)" in shown[panel].texts
        assert not shown[panel].operators


def test_no_shape_is_called_like_its_heading(rig):
    """Below Jaw and Mouth the shapes to the side have a name of their own."""
    texts = drawn()["Shapes"].texts
    assert texts.count("Jaw") == texts.count("Mouth") == 1 and texts.count("To the Side") == 2


def test_grey_buttons_say_what_is_missing(rig):
    """Beside a button that cannot be pressed stands the next step, not only in its tooltip."""
    shown = drawn()
    assert "Select the faces to copy to" in " ".join(shown["Animation"].texts)
    assert "Press Show Muscles" in " ".join(shown["Own Anatomy"].texts)
    bpy.ops.muscle_face.show_muscles()
    assert "Edit the curves" in " ".join(drawn()["Own Anatomy"].texts)


def test_every_property_and_operator_explains_itself():
    """All sliders, settings and buttons have a name in title case and a tooltip without a full stop."""
    groups = [bpy.types.Object.bl_rna.properties["muscle_face"].fixed_type]
    seen = []
    while groups:
        group = groups.pop()
        seen.append(group)
        for prop in group.properties:
            if prop.identifier in ("rna_type", "name"):
                continue
            assert prop.description and not prop.description.endswith("."), prop.identifier
            assert prop.name[:1].isupper() or prop.name[:1].isdigit(), prop.identifier
            inner = getattr(prop, "fixed_type", None)
            if inner is not None and inner.identifier.startswith("MuscleFace") and inner not in seen:
                groups.append(inner)
    assert len(seen) > 2
    for name in dir(bpy.ops.muscle_face):
        kind = getattr(bpy.ops.muscle_face, name).get_rna_type()
        assert kind.description and not kind.description.endswith("."), name
        for prop in kind.properties:
            if prop.identifier != "rna_type" and not prop.is_hidden:
                assert prop.description, f"{name}.{prop.identifier}"
