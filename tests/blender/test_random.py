# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Whatever an artist does, in whatever order: no exception, and a mesh that is as before once the rig is gone.

MUSCLE_FACE_RANDOM=500 asks for more sequences than the few of the suite; MUSCLE_FACE_SEED begins elsewhere.
"""

import os
import random

import bpy
import numpy as np
import pytest
from muscle_face.blender_addon import bridge, storage

SEQUENCES = int(os.environ.get("MUSCLE_FACE_RANDOM", "6"))
FIRST_SEED = int(os.environ.get("MUSCLE_FACE_SEED", "0"))
STEPS = 8


def active() -> bpy.types.Object:
    return bpy.context.view_layer.objects.active


def keys() -> list[bpy.types.ShapeKey]:
    return list(active().data.shape_keys.key_blocks)[1:]


def set_shape(rng):
    key = rng.choice(keys())
    key.slider_max = rng.choice((1.0, 2.0))
    key.value = rng.uniform(0.0, key.slider_max)


def set_muscle(rng):
    muscle = rng.choice(active().muscle_face.muscles)
    muscle.activation, muscle.strength = rng.random(), rng.choice((0.0, 0.5, 1.0))


def set_jaw(rng):
    settings = active().muscle_face
    settings.jaw_open, settings.jaw_side = rng.random(), rng.uniform(-1.0, 1.0)


def set_switch(rng):
    settings = active().muscle_face
    name = rng.choice(("live", "symmetric", "use_gravity", "show_muscles", "show_bones", "show_tets", "show_landmarks"))
    setattr(settings, name, not getattr(settings, name))


def set_amount(rng):
    settings = active().muscle_face
    settings.influence = rng.choice((0.0, 0.5, 1.0))
    settings.flesh_weight, settings.muscle_strength = rng.uniform(0.0, 2.0), rng.random()


def mute(rng):
    key, group = rng.choice(keys()), rng.choice(active().muscle_face.muscle_groups)
    key.mute = not key.mute
    group.mute, group.solo = rng.random() < 0.5, rng.random() < 0.2


def heat(rng):
    active().muscle_face.heat_map = rng.choice(("NONE", "STRAIN", "BLENDSHAPE", "FIT"))


def frame(rng):
    bpy.context.scene.frame_set(rng.randint(-2, 12))


def group_key(rng):
    obj = active()
    group = obj.vertex_groups.new(name="Part")
    group.add([rng.randrange(len(obj.data.vertices)) for _ in range(50)], 0.5, "REPLACE")
    rng.choice(keys()).vertex_group = group.name


def painted(rng):
    """Flesh under a vertex group that is stiffer, softer or swollen, or under one that is gone."""
    obj = active()
    settings, groups = obj.muscle_face, [group.name for group in obj.vertex_groups]
    settings.stiffness_group = settings.swelling_group = rng.choice([*groups, "", "gone"])
    settings.stiffness_painted, settings.swelling = rng.uniform(0.2, 4.0), rng.uniform(-0.3, 0.5)
    settings.stiffness[rng.randrange(7)] = rng.uniform(0.3, 3.0)


def modifier(rng):
    obj = active()
    kind = rng.choice(("SUBSURF", "ARMATURE", "MIRROR"))
    obj.modifiers.new(kind.title(), kind)
    if len(obj.modifiers) > 1:
        obj.modifiers.move(len(obj.modifiers) - 1, 0)
    if rng.random() < 0.5:
        obj.modifiers.clear()


def transform(rng):
    obj = active()
    obj.scale, obj.rotation_euler = (rng.choice((-1.0, 0.5, 2.0)), 1.0, 1.0), (rng.uniform(-3.0, 3.0), 0.0, 0.0)


def duplicate(rng):
    bpy.ops.object.duplicate(linked=rng.random() < 0.3)


def edit_mode(_rng):
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.context.scene.frame_set(bpy.context.scene.frame_current)
    bpy.ops.object.mode_set(mode="OBJECT")


def drop_key(rng):
    """Delete a shape key, or the Muscle Sim key itself."""
    active().shape_key_remove(rng.choice(keys()))


def operator(rng):
    """A button of the panels with random options."""
    face = bpy.ops.muscle_face
    rng.choice(
        (
            face.solve,
            face.mirror_sliders,
            face.reset_sliders,
            face.keyframe_sliders,
            face.save_pose,
            lambda: face.apply_pose(pose="Expression", blend=rng.random(), mirrored=rng.random() < 0.5),
            lambda: face.bake(
                frame_start=rng.randint(1, 2),
                frame_end=rng.randint(1, 3),
                method=rng.choice(("FRAMES", "COMPRESSED", "SLIDERS")),
            ),
            face.remove_bake,
            lambda: face.influences(vertex=rng.randrange(12_000)),
            lambda: face.drag_point(vertex=rng.randrange(10_000), offset=(0.0, 0.0, rng.uniform(-0.01, 0.01))),
            lambda: face.physics_preset(preset=rng.choice(("AGED", "BOTOX", "LEFT_PALSY", "FLOATING", "HEALTHY"))),
            lambda: face.pick_muscle(muscle=rng.choice(("zygomaticus_major_L", "nothing"))),
            face.fit,
            face.create_rig,
            lambda: face.export_cache(
                filepath=os.path.join(bpy.app.tempdir, "random.mdd"), format="MDD", frame_start=1, frame_end=2
            ),
        )
    )()


def save_and_load(_rng):
    path = os.path.join(bpy.app.tempdir, "random.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)


def undo(_rng):
    bpy.ops.ed.undo_push(message="before")
    active().muscle_face.jaw_open = 0.3
    bpy.ops.ed.undo_push(message="after")
    bpy.ops.ed.undo()


ACTIONS = (set_shape, set_muscle, set_jaw, set_switch, set_amount, mute, heat, frame, group_key, painted, modifier,
           transform, duplicate, edit_mode, drop_key, operator, save_and_load, undo)  # fmt: skip
WEIGHTS = (4, 4, 2, 4, 2, 2, 2, 3, 1, 1, 1, 1, 1, 1, 1, 8, 1, 1)


def shapes_of(obj: bpy.types.Object) -> dict[str, bytes]:
    """Positions of every shape key."""
    blocks = obj.data.shape_keys.key_blocks if obj.data.shape_keys else ()
    return {key.name: bridge.key_positions(key).tobytes() for key in blocks}


def attempt(action, rng) -> None:
    """Do it; a button that refuses with a sentence is right, one that fails is not."""
    try:
        action(rng)
    except RuntimeError as error:
        assert "Traceback" not in str(error), str(error)
    bpy.context.evaluated_depsgraph_get().update()


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + SEQUENCES))
def test_any_sequence_leaves_the_mesh_as_it_was(rig, seed, capfd):
    """A random sequence raises nothing, also not in handlers, and Remove Muscle Rig gives the shapes back."""
    rng = random.Random(seed)
    before, settings = shapes_of(rig), []
    for _ in range(STEPS):
        if not active().muscle_face.is_rig:
            break
        (action,) = rng.choices(ACTIONS, WEIGHTS)
        settings.append(action.__name__)
        attempt(action, rng)
    for obj in [o for o in bpy.data.objects if o.type == "MESH"]:
        assert np.isfinite(bridge.evaluated_positions(obj, bpy.context.evaluated_depsgraph_get())).all()
        bpy.context.view_layer.objects.active = obj
        if obj.muscle_face.is_rig and storage.has_rig(obj.data):
            assert bpy.ops.muscle_face.remove_rig() == {"FINISHED"}
        kept = {n: p for n, p in shapes_of(obj).items() if not n.startswith("Bake")}
        assert storage.SIM_KEY not in kept and storage.PROPERTY not in obj.data, settings
        assert kept.items() <= before.items(), settings
        assert "Muscle Face Heat" not in obj.data.attributes, settings
    printed = capfd.readouterr()
    assert "Traceback" not in printed.err + printed.out, (settings, printed.err[-2000:])
