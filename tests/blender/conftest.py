# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""A clean Blender for each test, and one rigged demo head for all of them."""

from pathlib import Path

import bpy
import muscle_face
import pytest

FEW_SHAPES = ("jawOpen", "mouthSmileLeft", "mouthSmileRight", "mouthPucker", "browInnerUp")


@pytest.fixture(scope="session")
def rig_file(tmp_path_factory) -> Path:
    """A .blend with a rigged demo head, built once: creating a rig is the slow part."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    muscle_face.register()
    bpy.ops.mesh.muscle_face_demo_add()
    assert bpy.ops.muscle_face.create_rig(quality="draft") == {"FINISHED"}
    path = tmp_path_factory.mktemp("rig") / "rig.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


@pytest.fixture(autouse=True)
def registered():
    """The add-on is registered and the file is empty."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    muscle_face.register()
    yield
    muscle_face.unregister()


@pytest.fixture
def head() -> bpy.types.Object:
    """A demo head without a rig."""
    bpy.ops.mesh.muscle_face_demo_add()
    return bpy.context.object


@pytest.fixture
def small_head(head) -> bpy.types.Object:
    """A demo head with a few of its shape keys: quick to rig."""
    keep_few(head)
    return head


def keep_few(head: bpy.types.Object) -> None:
    """Remove all shape keys but FEW_SHAPES."""
    for key in list(head.data.shape_keys.key_blocks)[1:]:
        if key.name not in FEW_SHAPES:
            head.shape_key_remove(key)
    head.active_shape_key_index = 0


@pytest.fixture(scope="session")
def small_rig_file(tmp_path_factory) -> Path:
    """The same with a few shape keys only, for tests that make the rig again."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    muscle_face.register()
    bpy.ops.mesh.muscle_face_demo_add()
    keep_few(bpy.context.object)
    assert bpy.ops.muscle_face.create_rig(quality="draft") == {"FINISHED"}
    path = tmp_path_factory.mktemp("small_rig") / "rig.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


@pytest.fixture
def small_rig(small_rig_file, registered) -> bpy.types.Object:
    """A rigged demo head with a few shape keys, active."""
    bpy.ops.wm.open_mainfile(filepath=str(small_rig_file))
    return bpy.context.object


@pytest.fixture
def keyed(small_rig) -> bpy.types.Object:
    """The small rig, its jaw key opening over the frames 1 to 11."""
    key = small_rig.data.shape_keys.key_blocks["jawOpen"]
    for frame, value in ((1, 0.0), (11, 1.0)):
        key.value = value
        key.keyframe_insert("value", frame=frame)
    bpy.context.scene.frame_set(1)
    return small_rig


@pytest.fixture
def rig(rig_file, registered) -> bpy.types.Object:
    """A rigged demo head, active."""
    bpy.ops.wm.open_mainfile(filepath=str(rig_file))
    return bpy.context.object
