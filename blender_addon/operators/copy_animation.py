# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Copy Animation: the slider curves of one face to other faces, by the names of the sliders."""

from collections.abc import Callable

import bpy
from bpy.props import StringProperty

from ...core import MuscleFaceError
from .. import animation, frame_range, requirements, sliders


class MUSCLE_FACE_OT_copy_animation(bpy.types.Operator):
    """Give the other selected faces the animation of the active one; shape keys match by ARKit name, muscles by name"""

    bl_idname = "muscle_face.copy_animation"
    bl_label = "Copy Animation to Selected"
    bl_options = {"REGISTER", "UNDO"}

    action: StringProperty(
        name="Action", description="Action to copy from; the ones that animate the active face when empty"
    )

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.copy_animation_problem(context))

    def draw(self, _context):
        self.layout.prop_search(self, "action", bpy.data, "actions")

    def execute(self, context):
        source, targets = context.object, requirements.other_rigs(context)
        try:
            found = sliders.animated(source, self._curves(source))
            for target in targets:
                if requirements.slider_bake_problem(target.data):
                    raise MuscleFaceError(f"The sliders of '{target.name}' hold a bake; press Remove Bake on it first.")
                animation.check_writable(target, target.data.shape_keys)
                animation.check_untweaked(target, target.data.shape_keys)
                animation.check_replacing(target, target.data.shape_keys)
        except MuscleFaceError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        missing = [f"{name} ({obj.name})" for obj in targets for name in copy_sliders(found, obj)]
        deaf = [f"{name} ({obj.name})" for obj in targets for name in some_of(found, obj, sliders.deaf)]
        over = [f"{name} ({obj.name})" for obj in targets for name in some_of(found, obj, sliders.beyond)]
        frame_range.show(context.scene, frame_range.now(context.scene))
        text = f"{len(found)} sliders to {', '.join(obj.name for obj in targets)}"
        text += f"; {sliders.deaf_note(deaf)}" if deaf else ""
        text += f"; {sliders.beyond_note(over)}" if over else ""
        text += f"; not mapped: {', '.join(missing)}" if missing else ""
        self.report({"WARNING" if missing or deaf or over else "INFO"}, text)
        return {"FINISHED"}

    def _curves(self, obj: bpy.types.Object) -> list:
        if not self.action:
            owners = [obj, obj.data.shape_keys] if obj.data.shape_keys else [obj]
            return [curve for owner in owners for curve in animation.curves(owner)]
        action = bpy.data.actions.get(self.action)
        if action is None:
            raise MuscleFaceError(f"There is no action '{self.action}' in this file; choose another one.")
        return animation.action_curves(action)


def some_of(found: dict, target: bpy.types.Object, which: Callable) -> list[str]:
    """Those of the curves {(kind, name): F-Curve} that on another face, where they were copied to, are such that
    ``which`` lists them: `sliders.deaf` or `sliders.beyond`."""
    places = {name: sliders.counterparts(kind, name, target) for kind, name in found}
    return [name for name, some in places.items() if which(dict(enumerate(some)))]


def copy_sliders(found: dict, target: bpy.types.Object) -> list[str]:
    """Copy curves {(kind, name): F-Curve} of one face to another. Returns the names that it has no slider for."""
    missing = []
    # Before anything is keyed: a key on an object's shape keys goes into the object's action.
    for owner in filter(None, (target, target.data.shape_keys)):
        animation.part_from(owner, {curve.id_data for curve in found.values()})
    for (kind, name), curve in found.items():
        places = sliders.counterparts(kind, name, target)
        if not places:
            missing.append(name)
        for owner, path in places:
            if kind == "shape":
                sliders.widen(owner, path, [point.co[1] for point in curve.keyframe_points])
            animation.copy_curve(curve, owner, path)
    return missing
