# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""All that the random artist of test_random can do: every operator of the extension, its properties, Blender's own."""

import os

import bpy
import muscle_face
from muscle_face.blender_addon import bridge


def active() -> bpy.types.Object:
    return bpy.context.view_layer.objects.active


def keys() -> list[bpy.types.ShapeKey]:
    """The shape keys beside the Basis; a step that needs one is refused without."""
    found = list(active().data.shape_keys.key_blocks)[1:] if active().data.shape_keys else []
    if not found:
        raise RuntimeError("There are no shape keys")
    return found


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
    count = len(obj.data.vertices)
    group.add(rng.sample(range(count), min(count, 50)), 0.5, "REPLACE")
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
    face, first = bpy.ops.muscle_face, rng.randint(-1, 2)
    frames = {"frame_start": first, "frame_end": first + rng.randint(0, 1)}
    rng.choice(
        (
            face.solve,
            face.mirror_sliders,
            face.reset_sliders,
            lambda: face.reset_sliders(kind="muscle", group="mouth"),
            face.keyframe_sliders,
            face.save_pose,
            lambda: face.apply_pose(pose="Expression", blend=rng.random(), mirrored=rng.random() < 0.5),
            lambda: face.bake(method=rng.choice(("FRAMES", "COMPRESSED", "SLIDERS")), **frames),
            face.remove_bake,
            lambda: face.influences(vertex=rng.randrange(12_000)),
            lambda: face.drag_point(vertex=rng.randrange(10_000), offset=(0.0, 0.0, rng.uniform(-0.01, 0.01))),
            lambda: face.physics_preset(preset=rng.choice(("AGED", "BOTOX", "LEFT_PALSY", "FLOATING", "HEALTHY"))),
            lambda: face.set_hold(region=rng.choice(("MOUTH", "BROW")), factor=rng.uniform(0.0, 4.0)),
            lambda: face.set_tissue(tissue=rng.choice(("soft_tissue", "stanford", "soft_tissue_neo_hookean"))),
            lambda: face.pick_muscle(muscle=rng.choice(("zygomaticus_major_L", "nothing"))),
            lambda: face.exclude_shape(shape=rng.choice(keys()).name),
            face.show_muscles,
            face.create_rig,
            face.self_test,
            face.copy_animation,
            face.find_landmarks,
            face.remove_landmarks,
            face.map_tracks,
            lambda: face.pick_track_place(vertex=rng.randrange(12_000)),
            lambda: export(rng, **frames),
        )
    )()


def export(rng, **frames):
    """A cache of a few frames."""
    kind, ending = rng.choice((("MDD", "mdd"), ("ALEMBIC", "abc"), ("USD", "usdc")))
    path = os.path.join(bpy.app.tempdir, f"random.{ending}")
    bpy.ops.muscle_face.export_cache(filepath=path, format=kind, **frames)


def fitting(rng):
    """A fit with random options to whichever target was chosen, and what can follow it."""
    settings, face = active().muscle_face, bpy.ops.muscle_face
    settings.fit_mode, settings.fit_hold = rng.choice(("faithful", "readable")), rng.random() < 0.3
    settings.fit_use_shapes, settings.fit_use_muscles = rng.random() < 0.8, rng.random() < 0.5
    settings.fit_use_jaw, settings.fit_scale = rng.random() < 0.8, rng.random() < 0.2
    settings.fit_head_pose, settings.fit_head = rng.choice(("AUTO", "ON", "OFF")), rng.choice(("OBJECT", "EMPTY"))
    settings.fit_group, settings.fit_prior = rng.choice(("", "", "Part")), rng.uniform(0.0, 10.0)
    rng.choice(
        (
            face.fit,
            lambda: face.fit_performance(frame_start=1, frame_end=2),
            face.bind_markers,
            face.add_corrective,
            face.sculpt_target,
        )
    )()


def target(rng):
    """A copy of the face, anywhere and of any size, a scan of half of it, markers, a lost track file, or nothing."""
    obj = active()
    settings, kind = obj.muscle_face, rng.choice(("copy", "scan", "markers", "file", "none", "gone"))
    if kind in ("copy", "scan", "gone"):
        shown = bridge.evaluated_positions(obj, bpy.context.evaluated_depsgraph_get())
        faces = bridge.faces(obj.data)
        if len(shown) != len(obj.data.vertices):
            return
        other = bpy.data.objects.new("Target", bridge.new_mesh("Target", shown, faces[:: 2 if kind == "scan" else 1]))
        bpy.context.scene.collection.objects.link(other)
        settings.fit_target = other
        if kind == "copy":
            other.location, other.scale = (rng.random(), 0.0, 1.0), (rng.uniform(0.5, 2.0),) * 3
        elif kind == "gone":
            bpy.data.objects.remove(other)
    elif kind == "markers":
        collection = bpy.data.collections.new("Markers")
        for name in rng.sample(("nose_tip", "mouth_corner_L", "mouth_corner_R", "chin", "Empty"), rng.randrange(5)):
            collection.objects.link(bpy.data.objects.new(name, None))
        bpy.context.scene.collection.children.link(collection)
        settings.fit_markers = collection
    else:
        settings.fit_track_file = "//none.json" if kind == "file" else ""


def take(rng):
    """A Live Link take of three frames."""
    path = os.path.join(bpy.app.tempdir, "take.csv")
    with open(path, "w") as file:
        file.write("Timecode,BlendshapeCount,MouthSmileLeft,JawOpen,TongueOut,HeadYaw,HeadPitch,HeadRoll\n")
        file.writelines(f"10:00:00:{k:02d},61,{rng.random()},{rng.random()},0,0.1,0,0\n" for k in range(3))
    bpy.ops.muscle_face.import_livelink(filepath=path, head=rng.choice(("OBJECT", "EMPTY", "NONE")))


def setting(rng):
    """Any property of the settings that takes a number, a switch or a choice, anywhere in its range."""
    settings = active().muscle_face
    props = [
        p for p in settings.bl_rna.properties if not p.is_readonly and p.type in ("BOOLEAN", "INT", "FLOAT", "ENUM")
    ]
    prop = rng.choice([p for p in props if p.identifier not in ("is_rig", "stiffness", "head_rest")])
    if prop.type == "ENUM":
        value = rng.choice([item.identifier for item in prop.enum_items])
    elif prop.type == "BOOLEAN":
        value = rng.random() < 0.5
    else:
        low, high = max(prop.soft_min, -1e3), min(prop.soft_max, 1e3)
        value = [rng.uniform(low, high) for _ in range(max(prop.array_length, 1))]
        value = [int(v) for v in value] if prop.type == "INT" else value
        value = value if prop.array_length else value[0]
    setattr(settings, prop.identifier, value)


def rename(rng):
    """Object, mesh, shape keys, vertex groups: names are the artist's own."""
    obj = active()
    thing = rng.choice((obj, obj.data, rng.choice(keys()), *obj.vertex_groups))
    thing.name = rng.choice(('Jürgen "Ü"', "Kopf.001", "a" * 70, "Bake 0001", "Muscle Sim"))


def scene_edit(rng):
    """What Blender does to objects beside their meshes."""
    obj, scene = active(), bpy.context.scene
    rng.choice(
        (
            lambda: setattr(obj, "hide_viewport", not obj.hide_viewport),
            lambda: setattr(obj, "hide_render", not obj.hide_render),
            lambda: setattr(obj, "scale", (0.0, 0.0, 0.0)),
            lambda: setattr(obj, "show_only_shape_key", not obj.show_only_shape_key),
            lambda: bpy.ops.scene.new(type=rng.choice(("EMPTY", "LINK_COPY", "FULL_COPY"))),
            lambda: bpy.ops.object.make_single_user(object=True, obdata=True),
            lambda: bpy.ops.object.convert(target="MESH"),
            lambda: bpy.data.texts.remove(bpy.data.texts[0]) if bpy.data.texts else None,
            lambda: bpy.ops.outliner.orphans_purge(do_recursive=True),
            lambda: scene.frame_set(3, subframe=0.5),
        )
    )()


def nla(rng):
    """The action of object or keys pushed down into a strip, in some blend, perhaps tweaked."""
    for owner in filter(None, (active(), active().data.shape_keys)):
        data = owner.animation_data
        if data is None or data.action is None or data.use_tweak_mode:
            continue
        strip = data.nla_tracks.new().strips.new("Strip", rng.randint(-2, 5), data.action)
        strip.blend_type = rng.choice(("REPLACE", "ADD"))
        data.action = None
        data.action_blend_type, data.action_influence = rng.choice(("REPLACE", "ADD", "MULTIPLY")), rng.random()


def mesh_edit(rng):
    """What changes the mesh under the rig: it is another mesh afterwards."""
    obj = active()
    if rng.random() < 0.5:
        bpy.ops.object.transform_apply()
    elif rng.random() < 0.3:
        obj.shape_key_clear()
    else:
        bpy.ops.object.mode_set(mode="EDIT")
        bpy.ops.mesh.select_random(ratio=0.01, seed=rng.randrange(9))
        rng.choice(
            (
                lambda: bpy.ops.mesh.delete(type="VERT"),
                lambda: bpy.ops.mesh.separate(type="SELECTED"),
                lambda: bpy.ops.transform.translate(value=(0.0, 0.0, 0.01)),
            )
        )()
        bpy.ops.object.mode_set(mode="OBJECT")


def join(_rng):
    """Another object's mesh becomes part of the face's."""
    other = bpy.data.objects.new("Eye", bridge.new_mesh("Eye", [(0, 0, 0), (1, 0, 0), (0, 1, 0)], [(0, 1, 2)]))
    bpy.context.scene.collection.objects.link(other)
    other.select_set(True)
    active().select_set(True)
    bpy.ops.object.join()


def heavy(rng):
    """What builds flesh anew."""
    face = bpy.ops.muscle_face
    rng.choice((face.update_rig, face.apply_muscles, lambda: face.grow_shapes(shapes="visemes"), face.fit_bones))()


def switch_off(_rng):
    """The extension is disabled and enabled in the preferences."""
    muscle_face.unregister()
    bpy.context.scene.frame_set(bpy.context.scene.frame_current + 1)
    muscle_face.register()


def save_and_load(_rng):
    path = os.path.join(bpy.app.tempdir, "random.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)


def undo(_rng):
    bpy.ops.ed.undo_push(message="before")
    active().muscle_face.jaw_open = 0.3
    bpy.ops.ed.undo_push(message="after")
    bpy.ops.ed.undo()
    bpy.ops.ed.redo()


WEIGHTS = {
    set_shape: 4, set_muscle: 4, set_jaw: 2, set_switch: 3, set_amount: 2, setting: 4, mute: 2, heat: 2, frame: 3,
    group_key: 1, painted: 1, modifier: 1, transform: 1, duplicate: 2, edit_mode: 1, drop_key: 1, rename: 1, nla: 1,
    operator: 12, fitting: 3, target: 2, take: 1, scene_edit: 3, mesh_edit: 1, join: 0.3, heavy: 0.3, switch_off: 0.5,
    save_and_load: 1, undo: 1,
}  # fmt: skip

ANOTHER_MESH = {"mesh_edit", "join", "rename", "scene_edit"}
"""Actions after which the shape keys may be others than before, by the artist's own hand."""
