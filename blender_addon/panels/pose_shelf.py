# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The pose assets of all asset libraries, in the asset shelf below the 3D view."""

import bpy

from .. import poses, requirements


class MUSCLE_FACE_AST_poses(bpy.types.AssetShelf):
    """Poses for the active face: double-click applies one"""

    bl_space_type = "VIEW_3D"
    bl_options = {"STORE_ENABLED_CATALOGS_IN_PREFERENCES"}

    @classmethod
    def poll(cls, context):
        # While a file loads there is no object in the context.
        return hasattr(context, "object") and requirements.rig_problem(context) is None

    @classmethod
    def asset_poll(cls, asset):
        return asset.id_type == "ACTION" and poses.TAG in asset.metadata.tags

    @classmethod
    def draw_context_menu(cls, _context, _asset, layout):
        layout.operator("muscle_face.apply_pose")
        layout.operator("muscle_face.apply_pose", text="Apply Mirrored").mirrored = True


_keymap: list = []


def register_keymap() -> None:
    """Double-click in the shelf applies the pose."""
    # Blender in the background has no key configuration.
    configuration = bpy.context.window_manager.keyconfigs.addon if bpy.context.window_manager else None
    if configuration is not None:
        keymap = configuration.keymaps.new("Asset Shelf")
        _keymap.append((keymap, keymap.keymap_items.new("muscle_face.apply_pose", "LEFTMOUSE", "DOUBLE_CLICK")))


def unregister_keymap() -> None:
    """The mirror of register_keymap."""
    for keymap, item in _keymap:
        keymap.keymap_items.remove(item)
    _keymap.clear()
