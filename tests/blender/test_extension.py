# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The zip, installed as an artist installs it: the whole road runs from the installed extension."""

import importlib.util
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

INSTALL = """
import os, sys, bpy, addon_utils
addon_utils.enable("bl_pkg")
bpy.ops.extensions.package_install_files(
    filepath=sys.argv[1], repo="user_default", enable_on_install=True, overwrite=True)
assert "bl_ext.user_default.muscle_face" in bpy.context.preferences.addons, "not enabled"
bpy.ops.wm.save_userpref()
sys.stdout.flush(); os._exit(0)
"""

ROAD = """
import os, sys, traceback
import bpy, numpy as np

def main():
    # The module starts with factory preferences; Blender itself reads them. The module 4.2 crashes when it should.
    if bpy.app.version < (4, 3):
        import addon_utils
        addon_utils.enable("bl_ext.user_default.muscle_face", default_set=True)
    else:
        bpy.ops.wm.read_userpref()
    bpy.ops.wm.read_homefile(use_empty=True)
    assert "bl_ext.user_default.muscle_face" in bpy.context.preferences.addons, "not enabled in a second session"
    bpy.ops.mesh.muscle_face_demo_add()
    head = bpy.context.object
    assert bpy.ops.muscle_face.create_rig(quality="draft") == {"FINISHED"}
    import scipy, warp
    for module in (scipy, warp):
        assert module.__file__.startswith(os.environ["BLENDER_USER_RESOURCES"]), module.__file__

    def shown(obj):
        mesh = obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
        return np.array([v.co for v in mesh.vertices])

    rest = shown(head)
    head.muscle_face.muscles["zygomaticus_major_L"].activation = 1.0
    bpy.ops.muscle_face.solve()
    smile = shown(head)
    assert np.abs(smile - rest).max() > 0.001
    mesh = bpy.data.meshes.new_from_object(head.evaluated_get(bpy.context.evaluated_depsgraph_get()))
    target = bpy.data.objects.new("Target", mesh)
    bpy.context.collection.objects.link(target)
    head.muscle_face.muscles["zygomaticus_major_L"].activation = 0.5
    head.muscle_face.fit_target = target
    assert bpy.ops.muscle_face.fit() == {"FINISHED"}
    # A millimetre on a life-size head: the installed copy fits, how well is tested elsewhere.
    assert np.abs(shown(head) - smile).max() < 0.001
    head.keyframe_insert('muscle_face.muscles["zygomaticus_major_L"].activation', frame=1)
    assert bpy.ops.muscle_face.bake(frame_start=1, frame_end=2) == {"FINISHED"}
    path = os.path.join(os.environ["BLENDER_USER_RESOURCES"], "road.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    head = bpy.context.object
    assert head.muscle_face.is_rig
    bpy.context.scene.frame_set(1)
    assert np.abs(shown(head) - smile).max() < 0.001
    assert bpy.ops.muscle_face.remove_rig() == {"FINISHED"}
    assert [k.name for k in head.data.shape_keys.key_blocks][-2:] == ["Bake 0001", "Bake 0002"]
    assert "muscle_face_rig" not in head.data

try:
    main()
    print("ROAD FINISHED", flush=True)
except BaseException:
    traceback.print_exc()
os._exit(0)
"""


@pytest.fixture(scope="module")
def zip_path(tmp_path_factory) -> Path:
    """The zip for this platform and Python."""
    spec = importlib.util.spec_from_file_location("muscle_face_build", ROOT / "build.py")
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    build.PYTHON = Path(sys.executable)
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return build.build_zip(build.this_platform(), [version], folder=tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def blender_alone(tmp_path_factory) -> Path:
    """Site packages as Blender has them: without the wheels that the extension must bring."""
    folder = tmp_path_factory.mktemp("site")
    for item in Path(sysconfig.get_path("purelib")).iterdir():
        if not item.name.startswith(("scipy", "warp", "muscle_face", "_", "pytest")):
            (folder / item.name).symlink_to(item)
    return folder


def blender(script: str, blender_alone: Path, user: Path, *arguments: str) -> str:
    """Run a script in a fresh Blender with its own user folder; returns all that it prints."""
    environment = {**os.environ, "BLENDER_USER_RESOURCES": str(user), "PYTHONPATH": str(blender_alone)}
    result = subprocess.run(
        # -S keeps the development environment's own packages out.
        [sys.executable, "-S", "-c", script, *arguments],
        env=environment,
        cwd=user,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")
def test_the_zip_installs_and_the_whole_road_runs(zip_path, blender_alone, tmp_path):
    """Install from disk, restart, add the demo head, rig, solve, fit, bake, save, reopen, remove."""
    blender(INSTALL, blender_alone, tmp_path, str(zip_path))
    printed = blender(ROAD, blender_alone, tmp_path)
    assert "ROAD FINISHED" in printed, printed


def test_the_zip_is_small_enough(zip_path):
    """200 MB is what the extensions platform takes."""
    assert zip_path.stat().st_size < 200e6
