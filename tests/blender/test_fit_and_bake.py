# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Fit to a sculpt, bake to shape keys."""

import subprocess
import sys

import bpy
import muscle_face
import numpy as np
import pytest
from muscle_face.blender_addon import animation, bridge, storage
from muscle_face.core import Cancelled
from readings import SINGLE, blend_sum, moved, shown

MUSCLE = "zygomaticus_major_L"


def target_of(rig, positions) -> bpy.types.Object:
    """A mesh object of the rig's topology at the given positions, moved elsewhere in the scene."""
    mesh = bridge.new_mesh("Target", positions, bridge.faces(rig.data))
    target = bpy.data.objects.new("Target", mesh)
    target.location = (1.0, 2.0, 3.0)
    bpy.context.collection.objects.link(target)
    return target


def test_fit_recovers_sliders(rig):
    """A target that the rig made itself is found again, to its sliders and to the face."""
    keys = rig.data.shape_keys.key_blocks
    wanted = {"jawOpen": 0.4, "mouthSmileLeft": 0.7}
    for name, value in wanted.items():
        keys[name].value = value
    made = shown(rig)
    rig.muscle_face.fit_target = target_of(rig, made)
    for name in wanted:
        keys[name].value = 0.0
    assert bpy.ops.muscle_face.fit() == {"FINISHED"}
    # 0.05 of a slider and 0.05 mm are what the issue asks of a self-made target.
    for name, value in wanted.items():
        assert keys[name].value == pytest.approx(value, abs=0.05)
    assert 0.0 <= rig.muscle_face.fit_rms_mm < 0.05
    assert rig.muscle_face.fit_rms_mm <= rig.muscle_face.fit_p95_mm <= rig.muscle_face.fit_max_mm
    assert moved(made, shown(rig)) < 0.002


def animate(rig) -> None:
    """Frames 1 to 4: a muscle and a shape key rise."""
    key = rig.data.shape_keys.key_blocks["jawOpen"]
    for frame, value in ((1, 0.0), (4, 0.6)):
        rig.muscle_face.muscles[MUSCLE].activation = value
        rig.keyframe_insert(f'muscle_face.muscles["{MUSCLE}"].activation', frame=frame)
        key.value = value
        key.keyframe_insert("value", frame=frame)


def frames_of(obj, frames) -> list[np.ndarray]:
    """What an object shows at each frame."""
    result = []
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        result.append(shown(obj))
    return result


def baked_names(obj) -> list[str]:
    """The baked keys, in their order."""
    return [key.name for key in obj.data.shape_keys.key_blocks if key.name.startswith("Bake ")]


def test_bake_plays_without_the_extension(rig):
    """Each frame shows its own key: the simulated face, with the extension unregistered."""
    animate(rig)
    live = frames_of(rig, range(1, 5))
    before = [key.name for key in rig.data.shape_keys.key_blocks]
    assert bpy.ops.muscle_face.bake(frame_start=1, frame_end=4) == {"FINISHED"}
    names = [key.name for key in rig.data.shape_keys.key_blocks]
    assert names == [*before, "Bake 0001", "Bake 0002", "Bake 0003", "Bake 0004"]
    keys = rig.data.shape_keys.key_blocks
    assert keys["Muscle Sim"].mute and keys["jawOpen"].mute
    muscle_face.unregister()
    for expected, baked in zip(live, frames_of(rig, range(1, 5)), strict=True):
        # A live frame and a baked one start their solves elsewhere and stop at the same tolerance.
        assert moved(expected, baked) < 0.002
    for name in ("Bake 0002", "Bake 0003"):
        curve = animation.find_curve(rig.data.shape_keys, f'key_blocks["{name}"].value')
        frame = int(name[-4:])
        assert [curve.evaluate(frame + step) for step in (-2, -1, 0, 1, 2)] == [0.0, 0.0, 1.0, 0.0, 0.0]


def test_baking_again_replaces_the_bake(rig):
    """A second bake replaces the first and reads the sources as if nothing were baked."""
    animate(rig)
    bpy.ops.muscle_face.bake(frame_start=1, frame_end=4)
    first = frames_of(rig, (3, 4))
    bpy.ops.muscle_face.bake(frame_start=3, frame_end=4)
    assert baked_names(rig) == ["Bake 0003", "Bake 0004"]
    assert moved(first[1], frames_of(rig, (4,))[0]) < 0.002


def test_remove_bake_drives_again(rig):
    """Remove Bake brings the live face back and leaves no key and no curve."""
    animate(rig)
    live = frames_of(rig, (3,))[0]
    bpy.ops.muscle_face.bake(frame_start=1, frame_end=4)
    with pytest.raises(RuntimeError, match="baked"):
        bpy.ops.muscle_face.solve()
    bpy.ops.muscle_face.remove_bake()
    assert baked_names(rig) == []
    assert animation.find_curve(rig.data.shape_keys, 'key_blocks["Bake 0001"].value') is None
    assert moved(live, frames_of(rig, (3,))[0]) < 0.002


def test_remove_rig_keeps_the_bake(rig):
    """The baked keys stay when the rig goes, and play the same face."""
    animate(rig)
    bpy.ops.muscle_face.bake(frame_start=1, frame_end=4)
    baked = frames_of(rig, range(1, 5))
    bpy.ops.muscle_face.remove_rig()
    assert len(baked_names(rig)) == 4 and "Muscle Sim" not in rig.data.shape_keys.key_blocks
    for expected, kept in zip(baked, frames_of(rig, range(1, 5)), strict=True):
        assert np.array_equal(expected, kept)


def test_bake_respects_influence(rig):
    """At influence 0 the bake holds the plain blendshapes."""
    rig.data.shape_keys.key_blocks["jawOpen"].value = 0.5
    rig.muscle_face.influence = 0.0
    plain = blend_sum(rig)
    bpy.ops.muscle_face.bake(frame_start=1, frame_end=1)
    assert moved(plain, frames_of(rig, (1,))[0]) < SINGLE


def test_cancelled_bake_leaves_nothing(rig, monkeypatch):
    """A bake that stops half-way adds no key and keeps all mutes."""
    animate(rig)
    names = [(key.name, key.mute) for key in rig.data.shape_keys.key_blocks]
    model = type(storage.load(rig.data))

    def stop(*_args, **_kwargs):
        raise Cancelled

    monkeypatch.setattr(model, "solve", stop)
    with pytest.raises(RuntimeError):
        bpy.ops.muscle_face.bake(frame_start=1, frame_end=4)
    assert [(key.name, key.mute) for key in rig.data.shape_keys.key_blocks] == names
    assert storage.bake_mutes(rig.data) is None


def test_background_render_follows_the_animation(rig, tmp_path):
    """Rendering an animation in background shows another simulated face in every frame."""
    animate(rig)
    rig.keyframe_delete(f'muscle_face.muscles["{MUSCLE}"].activation', frame=1)
    scene = bpy.context.scene
    bpy.ops.object.camera_add()
    camera = bpy.context.object
    size = max(rig.dimensions)
    camera.location, camera.rotation_euler = (0.0, -3.0 * size, 0.0), (np.pi / 2, 0.0, 0.0)
    scene.camera = camera
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising = 1, False
    scene.render.resolution_x = scene.render.resolution_y = 16
    scene.render.use_lock_interface = True
    scene.render.filepath = str(tmp_path / "frame_")
    scene.frame_start, scene.frame_end = 1, 3
    scene.frame_set(3)
    path = str(tmp_path / "render.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    script = (
        "import sys, os, bpy, muscle_face, numpy as np; muscle_face.register();"
        f"bpy.ops.wm.open_mainfile(filepath={path!r});"
        "from muscle_face.blender_addon import bridge;"
        "o = next(o for o in bpy.data.objects if o.type == 'MESH'); seen = [];"
        "bpy.app.handlers.render_post.append("
        "lambda *_: seen.append(bridge.key_positions(o.data.shape_keys.key_blocks['Muscle Sim'])));"
        "bpy.ops.render.render(animation=True);"
        "steps = [float(abs(b - a).max()) for a, b in zip(seen, seen[1:])];"
        "print('STEPS', len(seen), min(steps), flush=True); os._exit(0)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300)
    line = next(line for line in result.stdout.splitlines() if line.startswith("STEPS"))
    _word, count, smallest = line.split()
    assert int(count) == 3
    assert float(smallest) > 1e-5, "two frames rendered the same face"
    assert len(list(tmp_path.glob("frame_*.png"))) == 3
