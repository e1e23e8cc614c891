# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Why an operator cannot run now, in one sentence with the remedy; None when it can."""

import bpy

from . import drive, landmarks, muscle_curves, storage


def mesh_problem(context: bpy.types.Context) -> str | None:
    """A local mesh object, in Object Mode."""
    obj = context.object
    if obj is None or obj.type != "MESH":
        return "Select a mesh object first"
    if not (obj.is_editable and obj.data.is_editable):
        return f"'{obj.name}' is linked from another file; make the object and its mesh local first"
    if obj.mode != "OBJECT":
        return "Leave this mode first: Muscle Face works in Object Mode"
    return None


def rig_problem(context: bpy.types.Context) -> str | None:
    """A mesh object with a muscle rig."""
    problem = mesh_problem(context)
    if problem is None and not is_rig(context.object):
        problem = f"'{context.object.name}' has no muscle rig; press Create Muscle Rig first"
    return problem


def drive_problem(context: bpy.types.Context) -> str | None:
    """A muscle rig that is not baked."""
    problem = rig_problem(context) or shared_problem(context.object) or absolute_problem(context.object)
    if problem is None and storage.bake_mutes(context.object.data) is not None:
        problem = "The face is baked; press Remove Bake to drive it again"
    return problem


def sculpt_problem(context: bpy.types.Context) -> str | None:
    """A muscle rig that is not baked and is seen: Blender sculpts on nothing else."""
    problem = drive_problem(context)
    if problem is None and not context.object.visible_get():
        problem = f"'{context.object.name}' is hidden; show it first"
    return problem


def size_problem(obj: bpy.types.Object) -> str | None:
    """An object with a size: places cannot be carried into the frame of another."""
    return f"'{obj.name}' is scaled to 0; give it a size first" if obj.matrix_world.determinant() == 0.0 else None


def shared_problem(obj: bpy.types.Object) -> str | None:
    """A rig that does not show the face of another one."""
    first = drive.leader(obj)
    if first != obj:
        return (
            f"'{obj.name}' shares its mesh with '{first.name}', whose sliders move both; for sliders of its own make "
            "it single-user (Object > Relations > Make Single User > Object & Data)"
        )
    return None


def bake_problem(context: bpy.types.Context) -> str | None:
    """A muscle rig whose own sliders hold no bake; baked shape keys are simply replaced."""
    obj = context.object
    return rig_problem(context) or shared_problem(obj) or absolute_problem(obj) or slider_bake_problem(obj.data)


def slider_bake_problem(mesh: bpy.types.Mesh) -> str | None:
    """Sliders that move the simulation, not what a bake has put there."""
    if storage.bake_mutes(mesh) is not None and storage.bake_aside(mesh) is not None:
        return "The sliders hold a bake; press Remove Bake first"
    return None


def other_rigs(context: bpy.types.Context) -> list[bpy.types.Object]:
    """The selected rigs beside the active one that can be written to."""
    others = [o for o in context.selected_objects if o != context.object and o.type == "MESH" and is_rig(o)]
    return [o for o in others if o.is_editable and o.data.is_editable]


def copy_animation_problem(context: bpy.types.Context) -> str | None:
    """A rig, active, and at least one more to copy its animation to."""
    problem = rig_problem(context)
    if problem is None and not other_rigs(context):
        problem = "Select the faces to copy to, then the face to copy from"
    return problem


def apply_muscles_problem(context: bpy.types.Context) -> str | None:
    """A rig that is not baked, with muscles of the artist's."""
    problem = drive_problem(context)
    if problem is None:
        obj = context.object
        if muscle_curves.collection(obj) is None and obj.muscle_face.own_muscles is None:
            problem = "Press Show Muscles and edit the curves, or choose a collection of muscle meshes first"
    return problem


def fit_bones_problem(context: bpy.types.Context) -> str | None:
    """A mesh object with bones to fit."""
    problem = mesh_problem(context)
    if problem is None and not (context.object.muscle_face.skull or context.object.muscle_face.jaw_bone):
        problem = "Choose the objects of your skull and jaw first"
    return problem


def create_problem(context: bpy.types.Context) -> str | None:
    """A mesh object that can take a rig."""
    problem = mesh_problem(context)
    if problem is not None:
        return problem
    obj = context.object
    if storage.has_rig(obj.data):
        return f"'{obj.name}' has a muscle rig already; remove it first"
    if obj.data.users > 1:
        return f"'{obj.name}' shares its mesh with another object; make it single-user first (Object > Relations)"
    return absolute_problem(obj)


def absolute_problem(obj: bpy.types.Object) -> str | None:
    """Shape keys that add up, where there are some."""
    if obj.data.shape_keys is not None and not obj.data.shape_keys.use_relative:
        return f"The shape keys of '{obj.name}' are absolute; turn on Relative in the Shape Keys panel first"
    return None


def grow_problem(context: bpy.types.Context) -> str | None:
    """A muscle rig that is not baked, or a mesh object that can take one."""
    rigged = mesh_problem(context) is None and is_rig(context.object)
    return drive_problem(context) if rigged else create_problem(context)


def landmark_problem(context: bpy.types.Context) -> str | None:
    """A mesh object with landmarks."""
    problem = mesh_problem(context)
    if problem is None and not landmarks.count(context.object):
        problem = f"'{context.object.name}' has no landmarks; press Find Landmarks first"
    return problem


def is_rig(obj: bpy.types.Object) -> bool:
    """Whether the object is marked as a rig and its mesh carries one."""
    return obj.muscle_face.is_rig and storage.has_rig(obj.data)


def check(cls: type, problem: str | None) -> bool:
    """The answer of a poll: shows the problem where Blender explains a grey button."""
    if problem is not None:
        cls.poll_message_set(problem)
    return problem is None
