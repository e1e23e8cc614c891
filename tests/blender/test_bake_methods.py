# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Bakes of all kinds hold the motion, and machines may share the frames."""

import subprocess
import sys
from pathlib import Path

import bpy
import numpy as np
import pytest
from muscle_face.blender_addon import command_line, drive
from muscle_face.blender_addon.operators import export_cache
from readings import moved, shown

MUSCLE = "zygomaticus_major_L"
# Where bound and file formats are single precision: of the head's size.
SINGLE = 3e-6


def animate(rig) -> None:
    """Frames 1 to 6: a muscle, the jaw's shape and the jaw bone rise and fall."""
    key = rig.data.shape_keys.key_blocks["jawOpen"]
    for frame, value in ((1, 0.0), (3, 0.5), (6, 0.1)):
        rig.muscle_face.muscles[MUSCLE].activation = value
        rig.keyframe_insert(f'muscle_face.muscles["{MUSCLE}"].activation', frame=frame)
        key.value = 0.8 * value
        key.keyframe_insert("value", frame=frame)


def frames_of(obj, frames=range(1, 7)) -> list[np.ndarray]:
    """What an object shows at each frame."""
    result = []
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        result.append(shown(obj))
    return result


def test_compressed_bake_keeps_its_bound(rig):
    """A few keys play what one key per frame plays, no vertex farther than the bound, and go without a trace."""
    animate(rig)
    names = [k.name for k in rig.data.shape_keys.key_blocks]
    bpy.ops.muscle_face.bake(frame_start=1, frame_end=6)
    exact = frames_of(rig)
    assert bpy.ops.muscle_face.bake(frame_start=1, frame_end=6, method="COMPRESSED", bound=0.1) == {"FINISHED"}
    parts = [k.name for k in rig.data.shape_keys.key_blocks if k.name.startswith("Bake")]
    assert 1 <= len(parts) <= 4 and all(name.startswith("Bake Part") for name in parts)
    for one, other in zip(exact, frames_of(rig), strict=True):
        # The demo head is made to measure in metres.
        assert 1000.0 * np.linalg.norm(one - other, axis=1).max() < 0.1 + 0.002
    bpy.ops.muscle_face.remove_bake()
    assert [k.name for k in rig.data.shape_keys.key_blocks] == names


def test_sliders_only_bake(rig):
    """The face's own shapes get the keys, near the simulation; Remove Bake brings the artist's keys back."""
    animate(rig)
    live = frames_of(rig)
    assert bpy.ops.muscle_face.bake(frame_start=1, frame_end=6, method="SLIDERS") == {"FINISHED"}
    keys = rig.data.shape_keys.key_blocks
    assert not any(k.name.startswith("Bake") for k in keys) and keys["Muscle Sim"].mute
    played = frames_of(rig)
    rest = live[0]
    for one, other in list(zip(live, played, strict=True))[1:]:
        # Shapes alone cannot follow the muscle all the way, but must get most of the motion.
        assert np.linalg.norm(one - other) < 0.5 * np.linalg.norm(one - rest)
    bpy.context.scene.frame_set(3)
    assert keys["mouthSmileLeft"].value > 0.05
    with pytest.raises(RuntimeError, match="Remove Bake"):
        bpy.ops.muscle_face.bake(frame_start=1, frame_end=2)
    bpy.ops.muscle_face.remove_bake()
    for one, other in zip(live, frames_of(rig), strict=True):
        assert moved(one, other) < 0.002
    assert keys["mouthSmileLeft"].value == 0.0


def reimported(rig, importer, path) -> list[np.ndarray]:
    """What Blender's own importer reads back, frame by frame."""
    before = set(bpy.data.objects)
    importer(filepath=str(path))
    obj = next(o for o in set(bpy.data.objects) - before if o.type == "MESH")
    return [p @ np.array(obj.matrix_world.to_3x3()).T for p in frames_of(obj)]


@pytest.mark.parametrize("kind", ["ALEMBIC", "USD"])
def test_exported_files_hold_the_motion(rig, tmp_path, kind):
    """Alembic and USD files read back show the face of every frame."""
    option = {"ALEMBIC": "alembic", "USD": "usd"}[kind]
    if not getattr(bpy.app.build_options, option):
        pytest.skip(f"this bpy was built without {option}")
    animate(rig)
    bpy.ops.muscle_face.bake(frame_start=1, frame_end=6)
    baked = frames_of(rig)
    path = tmp_path / ("face.abc" if kind == "ALEMBIC" else "face.usdc")
    assert bpy.ops.muscle_face.export_cache(filepath=str(path), format=kind, frame_start=1, frame_end=6) == {"FINISHED"}
    importer = bpy.ops.wm.alembic_import if kind == "ALEMBIC" else bpy.ops.wm.usd_import
    for one, other in zip(baked, reimported(rig, importer, path), strict=True):
        assert moved(one, other) < SINGLE


def test_mdd_plays_in_a_mesh_cache_modifier(rig, tmp_path):
    """Blender's Mesh Cache modifier plays the file on the bare mesh as the live face moved."""
    animate(rig)
    live = frames_of(rig)
    path = tmp_path / "face.mdd"
    bpy.ops.muscle_face.export_cache(filepath=str(path), format="MDD", frame_start=1, frame_end=6)
    bare = bpy.data.objects.new("Bare", rig.data.copy())
    bpy.context.collection.objects.link(bare)
    bare.shape_key_clear()
    modifier = bare.modifiers.new("Cache", "MESH_CACHE")
    modifier.cache_format, modifier.filepath, modifier.frame_start = "MDD", str(path), 1.0
    for one, other in zip(live, frames_of(bare), strict=True):
        # Live faces of two visits to a frame agree to the solver's tolerance.
        assert moved(one, other) < 0.002


def test_an_export_works_its_faces_out_ahead(rig, tmp_path, monkeypatch):
    """Blender's exporters cannot be stopped: while one writes, nothing is simulated any more."""
    animate(rig)
    bpy.context.scene.frame_set(5)
    solved = []
    monkeypatch.setattr(drive, "solve", lambda *_args, **_options: solved.append(_args))
    path = tmp_path / "face.mdd"
    assert bpy.ops.muscle_face.export_cache(filepath=str(path), format="MDD", frame_start=1, frame_end=4) == {
        "FINISHED"
    }
    # The frame that the scene returns to is no part of the file.
    assert len(solved) <= 1 and bpy.context.scene.frame_current == 5
    frames = np.frombuffer(path.read_bytes()[8 + 4 * 4 :], ">f4").reshape(4, -1, 3)
    assert moved(frames[0], frames[2]) > 0.01


def test_three_ranges_give_what_one_gives(rig, tmp_path):
    """Frames baked in three runs, each in a fresh process, equal those of one run to the last bit, and assemble."""
    animate(rig)
    live = frames_of(rig)
    path = tmp_path / "shot.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    script = (
        "import sys, os, muscle_face; muscle_face.register();"
        "from muscle_face.blender_addon import command_line;"
        "code = command_line.main(sys.argv[1:]); sys.stdout.flush(); os._exit(code)"
    )
    for frames in ("1-2", "3-4", "5-6"):
        run = [sys.executable, "-c", script, "bake", path, "--frames", frames, "--cache", tmp_path / "farm"]
        result = subprocess.run([str(word) for word in run], capture_output=True, text=True, timeout=300)
        assert result.returncode == 0, result.stdout + result.stderr
    assert command_line.main(["bake", str(path), "--frames", "1-6", "--cache", str(tmp_path / "one")]) == 0
    names = sorted(p.name for p in (tmp_path / "one").iterdir())
    assert len(names) == 6 and names == sorted(p.name for p in (tmp_path / "farm").iterdir())
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "farm" / name).read_bytes(), name
    baked = tmp_path / "baked.blend"
    assemble = ["assemble", str(path), "--frames", "1-6", "--cache", str(tmp_path / "farm"), "--save", str(baked)]
    assert command_line.main(assemble) == 0
    bpy.ops.wm.open_mainfile(filepath=str(baked))
    for one, other in zip(live, frames_of(bpy.context.object), strict=True):
        assert moved(one, other) < 0.002


def test_command_line_says_what_is_missing(rig, tmp_path, capsys):
    """Missing or broken frames, what is no file or folder, a wrong range, a scene without a rig, a disabled face and
    sliders that hold a bake end with a sentence and a code."""
    path = tmp_path / "shot.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    cache = ["--cache", str(tmp_path / "none")]
    assert command_line.main(["assemble", str(path), "--frames", "1-3", *cache, "--save", str(path)]) == 1
    assert "3 frames are missing" in capsys.readouterr().out
    assert command_line.main(["bake", str(tmp_path / "x.blend"), "--frames", "1", *cache]) == 1
    assert "There is no file" in capsys.readouterr().out
    assert command_line.main(["bake", str(path), "--frames", "5-2", *cache]) == 2
    assert command_line.main(["bake", __file__, "--frames", "1", *cache]) == 1
    assert "cannot be opened" in capsys.readouterr().out
    assert command_line.main(["bake", str(path), "--frames", "1", "--cache", __file__]) == 1
    assert "choose another folder" in capsys.readouterr().out
    assert command_line.main(["bake", str(path), "--frames", "-3--2", *cache]) == 0
    assemble = ["assemble", str(path), "--frames", "-3--2", *cache, "--save"]
    assert command_line.main([*assemble, str(tmp_path / "no" / "such.blend")]) == 1
    assert "cannot be written" in capsys.readouterr().out
    (tmp_path / "none" / "Demo_Head.-0002.npy").write_bytes(b"half a fi")
    assert command_line.main([*assemble, str(tmp_path / "out.blend")]) == 1
    assert "is broken: bake its frame again" in capsys.readouterr().out
    bpy.context.object.hide_viewport = True
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    assert command_line.main(["bake", str(path), "--frames", "1", *cache]) == 1
    assert "is disabled" in capsys.readouterr().out
    bpy.context.window.scene = bpy.data.scenes.new("Other")
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    assert command_line.main(["bake", str(path), "--frames", "1", *cache]) == 1
    assert "'Other' has no muscle rig" in capsys.readouterr().out
    bpy.context.window.scene = bpy.data.scenes["Scene"]
    bpy.context.view_layer.objects.active = bpy.data.objects["Demo Head"]
    bpy.context.object.hide_viewport = False
    assert bpy.ops.muscle_face.bake(frame_start=1, frame_end=1, method="SLIDERS") == {"FINISHED"}
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    assert command_line.main(["bake", str(path), "--frames", "1", *cache]) == 1
    assert "press Remove Bake" in capsys.readouterr().out


def test_command_line_tells_of_drivers_that_blender_may_not_run(small_rig, tmp_path, capsys):
    """Without --enable-autoexec a driver with Python holds still: a farm would bake wrong frames without a word."""
    path, cache = tmp_path / "shot.blend", ["--cache", str(tmp_path / "cache")]
    driver = small_rig.data.shape_keys.key_blocks["jawOpen"].driver_add("value").driver
    for expression, told in (("frame / 12", 0), ("len(list(range(int(frame)))) / 12", 1)):
        driver.expression = expression
        bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True)
        assert command_line.main(["bake", str(path), "--frames", "6", *cache]) == 0
        assert capsys.readouterr().out.count("run Blender with --enable-autoexec") == told
        driver = bpy.context.object.data.shape_keys.animation_data.drivers[0].driver


@pytest.mark.parametrize(
    ("given", "written"),
    [("shot.v02", "shot.v02.abc"), ("shot.mdd", "shot.abc"), ("shot.USDA", "shot.abc"), ("a.b/shot", "a.b/shot.abc")],
)
def test_an_export_keeps_the_dots_of_a_name(given, written):
    """Only an extension of another format is replaced; versions are not written over each other."""
    assert Path(export_cache.with_extension(given, "ALEMBIC")) == Path(written)
