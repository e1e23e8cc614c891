# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The sidebar tab "Muscle Face": sub-panels in the order of work."""

import bpy

from . import jobs, requirements, storage
from .properties import TISSUES


class _Panel:
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Muscle Face"


class _RigPanel(_Panel):
    """Shown only where there is a rig: an empty panel would only be in the way."""

    @classmethod
    def poll(cls, context):
        return context.object is not None and context.object.type == "MESH" and requirements.is_rig(context.object)


class MUSCLE_FACE_PT_rig(_Panel, bpy.types.Panel):
    """Create, solve and remove"""

    bl_label = "Rig"

    def draw(self, context):
        layout = self.layout
        if jobs.status is not None:
            fraction, text = jobs.status
            layout.progress(factor=fraction, text=f"{text} (Esc Stops)")
            return
        obj = context.object
        if obj is None or obj.type != "MESH":
            column = layout.column()
            column.label(text="Select a head mesh,", icon="INFO")
            column.label(text="or add one to try:", icon="BLANK1")
            layout.operator("mesh.muscle_face_demo_add", text="Add Demo Head", icon="USER")
        elif not requirements.is_rig(obj):
            layout.use_property_split = True
            layout.prop(obj.muscle_face, "quality")
            layout.prop(obj.muscle_face, "tissue")
            layout.operator("muscle_face.create_rig", icon="OUTLINER_OB_ARMATURE")
        else:
            self._draw_rig(obj)

    def _draw_rig(self, obj):
        layout, settings = self.layout, obj.muscle_face
        layout.use_property_split = True
        row = layout.row(align=True)
        row.prop(settings, "live", toggle=True, icon="PLAY")
        row.operator("muscle_face.solve", icon="FILE_REFRESH")
        layout.prop(settings, "influence")
        if storage.bake_mutes(obj.data) is not None:
            layout.label(text="Baked: the sliders rest", icon="INFO")
        if settings.message:
            layout.label(text=settings.message, icon="ERROR")
        layout.operator("muscle_face.remove_rig", icon="X")


class MUSCLE_FACE_PT_shapes(_RigPanel, bpy.types.Panel):
    """The mesh's own shape keys"""

    bl_label = "Shapes"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        keys = context.object.data.shape_keys
        names = storage.before(context.object.data)["keys"]
        shapes = [key for key in keys.key_blocks if key.name in names and key != keys.reference_key] if keys else []
        column = self.layout.column(align=True)
        for key in shapes:
            row = column.row(align=True)
            row.active = not key.mute
            row.prop(key, "value", text=key.name, slider=True)
        if not shapes:
            column.label(text="This mesh has no shape keys: use the muscles", icon="INFO")


class MUSCLE_FACE_PT_muscles(_RigPanel, bpy.types.Panel):
    """One activation per muscle, left and right side by side"""

    bl_label = "Muscles"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        muscles = context.object.muscle_face.muscles
        column = self.layout.column(align=True)
        column.label(text="Per cent: what this face implies", icon="INFO")
        # The face's right side stands on the left of the panel, as it does when one looks at the face.
        for muscle in muscles:
            stem, side = muscle.name[:-2], muscle.name[-2:]
            if side == "_R" and f"{stem}_L" in muscles:
                continue
            pair = [("", muscle)]
            if side == "_L" and f"{stem}_R" in muscles:
                pair = [("R", muscles[f"{stem}_R"]), ("L", muscle)]
            heading = column.split(factor=0.7)
            heading.label(text=(stem if side == "_L" else muscle.name).replace("_", " ").title())
            reading = heading.row()
            reading.alignment = "RIGHT"
            # What the face implies, beside what the slider asks for.
            if max(member.implied_activation for _, member in pair) >= 0.005:
                reading.label(text="  ".join(f"{text} {m.implied_activation:.0%}".strip() for text, m in pair))
            row = column.row(align=True)
            for text, member in pair:
                row.prop(member, "activation", text=text, slider=True)


class MUSCLE_FACE_PT_jaw(_RigPanel, bpy.types.Panel):
    """The jaw bone"""

    bl_label = "Jaw"

    def draw(self, context):
        layout, settings = self.layout, context.object.muscle_face
        layout.use_property_split = True
        for name in ("jaw_open", "jaw_forward", "jaw_side"):
            layout.prop(settings, name)


class MUSCLE_FACE_PT_fit(_RigPanel, bpy.types.Panel):
    """Sliders from a sculpt"""

    bl_label = "Fit"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        layout, settings = self.layout, context.object.muscle_face
        layout.use_property_split = True
        layout.prop(settings, "fit_target")
        layout.operator("muscle_face.fit", icon="CON_SHRINKWRAP")
        if settings.fit_max_mm > 0.0:
            column = layout.column(align=True)
            column.label(text=f"RMS {settings.fit_rms_mm:.3f} mm")
            column.label(text=f"95% under {settings.fit_p95_mm:.3f} mm, at most {settings.fit_max_mm:.3f} mm")
            column.label(text=f"Shape keys alone: RMS {settings.fit_blendshape_rms_mm:.3f} mm")


class MUSCLE_FACE_PT_bake(_RigPanel, bpy.types.Panel):
    """Animation as shape keys"""

    bl_label = "Bake"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        layout, scene = self.layout, context.scene
        layout.use_property_split = True
        column = layout.column(align=True)
        column.prop(scene, "frame_start", text="Frame Start")
        column.prop(scene, "frame_end", text="End")
        layout.operator("muscle_face.bake", icon="REC")
        if storage.bake_mutes(context.object.data) is not None:
            layout.operator("muscle_face.remove_bake", icon="X")


class MUSCLE_FACE_PT_physics(_RigPanel, bpy.types.Panel):
    """What the flesh is made of and how the last solve went"""

    bl_label = "Physics"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        layout, settings = self.layout, context.object.muscle_face
        layout.use_property_split = True
        layout.operator_menu_enum("muscle_face.set_tissue", "tissue", text=f"Tissue: {tissue_label(settings.tissue)}")
        row = layout.row(heading="Gravity")
        row.prop(settings, "use_gravity", text="")
        sub = row.row()
        sub.active = settings.use_gravity
        sub.prop(settings, "gravity", text="")
        column = layout.column(align=True)
        stats = storage.stats(context.object.data)
        column.label(text=f"Flesh: {stats.get('tets', 0):,.0f} tets, {stats.get('nodes', 0):,.0f} nodes")
        column.label(text=f"Last solve: {settings.last_solve_ms:.0f} ms, residual {settings.last_residual:.1e}")


def tissue_label(name: str) -> str:
    """What the interface calls a tissue."""
    return next(label for key, label, _tip in TISSUES if key == name)


CLASSES = (
    MUSCLE_FACE_PT_rig,
    MUSCLE_FACE_PT_shapes,
    MUSCLE_FACE_PT_muscles,
    MUSCLE_FACE_PT_jaw,
    MUSCLE_FACE_PT_fit,
    MUSCLE_FACE_PT_bake,
    MUSCLE_FACE_PT_physics,
)


def register() -> None:
    """Register the panels in their order."""
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    """The mirror of register."""
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
