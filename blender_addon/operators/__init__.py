# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""One operator per file; each reads Blender, calls the core, writes Blender."""

import bpy

from .add_corrective import MUSCLE_FACE_OT_add_corrective
from .apply_pose import MUSCLE_FACE_OT_apply_pose
from .bake import MUSCLE_FACE_OT_bake, MUSCLE_FACE_OT_remove_bake
from .bind_markers import MUSCLE_FACE_OT_bind_markers
from .copy_animation import MUSCLE_FACE_OT_copy_animation
from .create_rig import MUSCLE_FACE_OT_create_rig
from .demo_add import MESH_OT_muscle_face_demo_add, draw_menu
from .drag_point import MUSCLE_FACE_OT_drag_point
from .edit_muscles import MUSCLE_FACE_OT_apply_muscles, MUSCLE_FACE_OT_show_muscles
from .exclude_shape import MUSCLE_FACE_OT_exclude_shape
from .export_cache import MUSCLE_FACE_OT_export_cache
from .find_landmarks import MUSCLE_FACE_OT_find_landmarks, MUSCLE_FACE_OT_remove_landmarks
from .fit import MUSCLE_FACE_OT_fit
from .fit_bones import MUSCLE_FACE_OT_fit_bones
from .fit_performance import MUSCLE_FACE_OT_fit_performance
from .grow_shapes import MUSCLE_FACE_OT_grow_shapes
from .import_livelink import MUSCLE_FACE_OT_import_livelink
from .keyframe_sliders import MUSCLE_FACE_OT_keyframe_sliders
from .map_tracks import MUSCLE_FACE_OT_map_tracks
from .mirror_sliders import MUSCLE_FACE_OT_mirror_sliders
from .physics_preset import MUSCLE_FACE_OT_physics_preset
from .pick_landmarks import MUSCLE_FACE_OT_pick_landmarks
from .pick_muscle import MUSCLE_FACE_OT_pick_muscle
from .pick_point import MUSCLE_FACE_OT_influences, MUSCLE_FACE_OT_pick_point
from .pick_track_place import MUSCLE_FACE_OT_pick_track_place
from .remove_rig import MUSCLE_FACE_OT_remove_rig
from .reset_sliders import MUSCLE_FACE_OT_reset_sliders
from .save_pose import MUSCLE_FACE_OT_save_pose
from .sculpt_target import MUSCLE_FACE_OT_sculpt_target
from .self_test import MUSCLE_FACE_OT_self_test
from .set_hold import MUSCLE_FACE_OT_set_hold
from .set_tissue import MUSCLE_FACE_OT_set_tissue
from .solve import MUSCLE_FACE_OT_solve
from .update_rig import MUSCLE_FACE_OT_update_rig

CLASSES = (
    MUSCLE_FACE_OT_find_landmarks,
    MUSCLE_FACE_OT_pick_landmarks,
    MUSCLE_FACE_OT_remove_landmarks,
    MUSCLE_FACE_OT_create_rig,
    MUSCLE_FACE_OT_update_rig,
    MUSCLE_FACE_OT_fit_bones,
    MUSCLE_FACE_OT_show_muscles,
    MUSCLE_FACE_OT_apply_muscles,
    MUSCLE_FACE_OT_grow_shapes,
    MUSCLE_FACE_OT_solve,
    MUSCLE_FACE_OT_set_tissue,
    MUSCLE_FACE_OT_sculpt_target,
    MUSCLE_FACE_OT_fit,
    MUSCLE_FACE_OT_fit_performance,
    MUSCLE_FACE_OT_bind_markers,
    MUSCLE_FACE_OT_add_corrective,
    MUSCLE_FACE_OT_map_tracks,
    MUSCLE_FACE_OT_pick_track_place,
    MUSCLE_FACE_OT_import_livelink,
    MUSCLE_FACE_OT_copy_animation,
    MUSCLE_FACE_OT_bake,
    MUSCLE_FACE_OT_remove_bake,
    MUSCLE_FACE_OT_remove_rig,
    MUSCLE_FACE_OT_reset_sliders,
    MUSCLE_FACE_OT_mirror_sliders,
    MUSCLE_FACE_OT_keyframe_sliders,
    MUSCLE_FACE_OT_save_pose,
    MUSCLE_FACE_OT_apply_pose,
    MUSCLE_FACE_OT_exclude_shape,
    MUSCLE_FACE_OT_export_cache,
    MUSCLE_FACE_OT_physics_preset,
    MUSCLE_FACE_OT_set_hold,
    MUSCLE_FACE_OT_self_test,
    MUSCLE_FACE_OT_pick_muscle,
    MUSCLE_FACE_OT_influences,
    MUSCLE_FACE_OT_pick_point,
    MUSCLE_FACE_OT_drag_point,
    MESH_OT_muscle_face_demo_add,
)


def register() -> None:
    """Register the operators and the Add menu's entry."""
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.VIEW3D_MT_mesh_add.append(draw_menu)


def unregister() -> None:
    """The mirror of register."""
    bpy.types.VIEW3D_MT_mesh_add.remove(draw_menu)
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
