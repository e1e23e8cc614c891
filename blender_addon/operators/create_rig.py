# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Create Muscle Rig: from a head mesh to a stored, driven model."""

import bpy
from bpy.props import EnumProperty

from .. import anatomy, baked, bridge, drive, engine, jobs, requirements, staleness, storage
from ..properties import TISSUES


class MUSCLE_FACE_OT_create_rig(jobs.JobOperator, bpy.types.Operator):
    """Build flesh, bones and muscles under the active mesh; its shape keys become sliders of the simulation"""

    bl_idname = "muscle_face.create_rig"
    bl_label = "Create Muscle Rig"
    bl_options = {"UNDO"}

    quality: EnumProperty(
        name="Quality",
        description="How finely the flesh is filled",
        items=(("standard", "Standard", "Fine enough for final animation"), ("draft", "Draft", "Coarser and faster")),
    )

    tissue: EnumProperty(name="Tissue", description="What the flesh is made of", items=TISSUES)

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.create_problem(context))

    def invoke(self, context, event):
        for name in ("quality", "tissue"):
            if not self.properties.is_property_set(name):
                setattr(self, name, getattr(context.object.muscle_face, name))
        return super().invoke(context, event)

    def plan(self, context):
        obj = context.object
        self._object = obj.name
        vertices, faces, shapes = yield from staleness.read_head(obj)
        quality, tissue = self.quality, self.tissue
        options, meshes = anatomy.options(obj), anatomy.muscle_meshes(obj)

        def work(progress):
            model = engine.face_model().build(
                vertices, faces, shapes, quality=quality, tissue=tissue, progress=progress, **options
            )
            model = model.with_muscle_meshes(meshes, progress) if meshes else model
            return model, model.to_bytes()

        return work

    def finish(self, context, result):
        model, blob = result
        obj = self.subject(context)
        obj.muscle_face.muscles.clear()
        drop_sim_key(obj)
        baked.begin(obj.data)
        before = describe(obj)
        add_sim_key(obj)
        storage.store(obj.data, model, blob, before, fingerprint=staleness.fingerprint(obj))
        fill_settings(obj, model)
        self.committed = True
        yield from drive.solving(obj, model, drive.read(obj, model, context.evaluated_depsgraph_get()))
        lock_interface(self, context.scene)
        for warning in model.warnings:
            self.report({"WARNING"}, warning)


def lock_interface(operator: bpy.types.Operator, scene: bpy.types.Scene) -> None:
    """A face that follows frames is written by the thread that renders: nobody may draw or edit it meanwhile."""
    if not scene.render.use_lock_interface:
        scene.render.use_lock_interface = True
        operator.report({"INFO"}, "Render > Lock Interface is on now: a live face changes while it is rendered")


def describe(obj: bpy.types.Object) -> dict:
    """What remove_rig puts back: the shape keys' values and mutes as they are before the rig."""
    keys = obj.data.shape_keys
    blocks = keys.key_blocks if keys else []
    return {
        "has_keys": keys is not None,
        "active": obj.active_shape_key_index,
        "keys": {key.name: [key.value, key.mute] for key in blocks},
    }


def add_sim_key(obj: bpy.types.Object) -> None:
    """Append the Muscle Sim key, and a Basis where there is none."""
    if obj.data.shape_keys is None:
        bridge.add_key(obj, "Basis")
    bridge.add_key(obj, storage.SIM_KEY, bridge.vertex_positions(obj.data))


def drop_sim_key(obj: bpy.types.Object) -> None:
    """Remove the key of a rig that is gone: a head joined into a body leaves it there."""
    key = obj.data.shape_keys.key_blocks.get(storage.SIM_KEY) if obj.data.shape_keys else None
    if key is not None:
        obj.shape_key_remove(key)


def fill_settings(obj: bpy.types.Object, model) -> None:
    """Give the object the sliders of a fresh model; those that it has stay in their places, which F-Curves address."""
    settings = obj.muscle_face
    for slider in storage.sliders(obj.data):
        if slider.kind == "muscle":
            muscle = settings.muscles.get(slider.name) or settings.muscles.add()
            muscle.name, muscle.group = slider.name, slider.group
    for group in dict.fromkeys(muscle.group for muscle in settings.muscles):
        if group not in settings.muscle_groups:
            settings.muscle_groups.add().name = group
    settings.tissue, settings.quality = model.tissue, str(model.rig.quality)
    settings.is_rig = True
