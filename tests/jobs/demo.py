# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The whole road on one head: rig, drive, fit, bake; pictures and figures into out/.

Run by `python build.py demo [--head HEAD.npz]`.
"""

import argparse
import json
import os
import platform
import sys
import time
import traceback
from pathlib import Path

import bpy
import muscle_face
import numpy as np
import stage
from muscle_face.blender_addon import bridge, drive, storage

ROOT = Path(__file__).resolve().parents[2]
FRAMES = 24

# Shapes that are no expressions of the face.
NOT_FACS = ("PupilDilate", "cheekRaiser")

# Expressions by both sides of the artist's shapes: start of the shape's name -> value.
SHAPE_EXPRESSIONS = {
    "smile": {"mouthSmile": 1.0, "cheekSquint": 0.5},
    "frown": {"mouthFrown": 1.0, "browDown": 0.7},
    "pucker": {"mouthPucker": 1.0},
    "brow_raise": {"browInnerUp": 1.0, "browOuterUp": 1.0},
}
# Expressions by muscles alone: start of the muscle's name -> activation; the jaw slider by its own name.
MUSCLE_EXPRESSIONS = {
    "muscles_smile": {
        "zygomaticus_major": 0.8,
        "zygomaticus_minor": 0.3,
        "risorius": 0.3,
        "orbicularis_oculi_orbital": 0.15,
    },
    "muscles_frown": {
        "depressor_anguli_oris": 1.0,
        "mentalis": 0.3,
        "corrugator_supercilii": 1.0,
        "depressor_supercilii": 0.5,
    },
    "muscles_pucker": {
        "orbicularis_oris_upper_peripheral": 0.6,
        "orbicularis_oris_lower_peripheral": 0.6,
        "incisivus": 1.0,
    },
    "muscles_brow_raise": {"frontalis": 1.0},
    "jaw_open_smile": {"jaw_open": 0.6, "zygomaticus_major": 1.0, "risorius": 0.5, "levator_anguli_oris": 0.4},
}
# One picture to look at first.
SHEET = (
    *("smile", "frown", "pucker", "jawOpen"),
    *("muscles_smile", "muscles_frown", "muscles_brow_raise", "jaw_open_smile"),
)
FIT_MIX = {"jawOpen": 0.4, "mouthSmile": 0.7, "browInnerUp": 0.5}


def main() -> None:
    """Run the demo."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--head", type=Path, help="an .npz head; without it the project's own demo head")
    parser.add_argument("--out", type=Path, default=ROOT / "out", help="folder for pictures, report and .blend")
    arguments = parser.parse_args()
    out = arguments.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    head_path = arguments.head.resolve() if arguments.head else None

    bpy.ops.wm.read_factory_settings(use_empty=True)
    muscle_face.register()
    head = stage.load_head(head_path) if head_path else stage.add_demo_head()
    say(f"Creating the rig of {head.name}")
    bpy.ops.muscle_face.create_rig()
    model = storage.load(head.object.data)
    stage.light_and_camera(head.object)
    report = {
        "head": head.name,
        **figures(model),
        "blender": bpy.app.version_string,
        "python": platform.python_version(),
        "warnings": list(model.warnings),
    }
    report["expressions"] = drive_expressions(head, model, out)
    report["fit"] = fit_mix(head, model)
    report["bake_frames"] = bake(head)
    bpy.ops.wm.save_as_mainfile(filepath=str(out / "demo.blend"))
    (out / "report.json").write_text(json.dumps(report, indent=1, default=float) + "\n", encoding="utf-8")
    say(f"Wrote {out}")


def figures(model) -> dict:
    """What the report says about the rig itself."""
    counts = {key: int(model.stats[key]) for key in ("tets", "nodes", "rest_inverted", "lip_glued_edges")}
    return {**counts, **{key: round(float(model.stats[key]), 3) for key in ("rig_seconds", "min_dihedral_deg")}}


def say(text: str) -> None:
    """One line of progress."""
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


def drive_expressions(head: stage.HeadOnStage, model, out: Path) -> dict:
    """Solve and render every expression: each shape at 1, both sides together, then those made by muscles."""
    expressions = {
        **{name: {name: 1.0} for name in drive.shape_names(model) if not name.startswith(NOT_FACS)},
        **by_name(SHAPE_EXPRESSIONS, model),
        **by_name(MUSCLE_EXPRESSIONS, model),
    }
    result = {}
    for name, values in expressions.items():
        pose = set_sliders(head.object, model, values)
        result[name] = measure(head, model, pose, by_muscles=name in MUSCLE_EXPRESSIONS)
        stage.picture(out / f"{name}.png")
        say(f"{name}: {result[name]}")
    set_sliders(head.object, model, {})
    chosen = [name for name in SHEET if name in result]
    chosen = chosen[: len(chosen) // 4 * 4] or chosen[:1]
    stage.sheet([out / f"{name}.png" for name in chosen], out / "expressions.png", min(4, len(chosen)))
    return result


def by_name(expressions: dict, model) -> dict:
    """Expressions with the model's own slider names; those for which it has no slider are left out."""
    names = model.controls().names
    full = {
        expression: {n: value for stem, value in stems.items() for n in names if n.startswith(stem)}
        for expression, stems in expressions.items()
    }
    return {expression: values for expression, values in full.items() if values}


def set_sliders(obj: bpy.types.Object, model, values: dict):
    """Set all sliders (those not named: neutral), solve by the operator; returns the Pose."""
    settings = obj.muscle_face
    settings.live = False
    for name, kind, rest in zip(model.controls().names, model.control_kinds, model.controls().neutral, strict=True):
        value = values.get(name, rest)
        if kind == "shape":
            obj.data.shape_keys.key_blocks[name].value = value
        elif kind == "muscle":
            settings.muscles[name].activation = value
        else:
            setattr(settings, name, value)
    bpy.ops.muscle_face.solve()
    settings.live = True
    return drive.last_pose(obj)


def shown(obj: bpy.types.Object) -> np.ndarray:
    """What Blender shows, (V, 3)."""
    return bridge.evaluated_positions(obj, bpy.context.evaluated_depsgraph_get())


def measure(head: stage.HeadOnStage, model, pose, by_muscles: bool) -> dict:
    """Figures of the expression on stage, read off the mesh that Blender shows."""
    obj = head.object
    offset = shown(obj) - bridge.vertex_positions(obj.data) - drive.blendshape_offset(obj, model, pose.controls)
    distance = np.linalg.norm(offset[head.region], axis=1) * model.mm_per_unit
    return {
        "residual": float(pose.residual),
        "inverted": int(pose.inverted),
        "converged": bool(pose.converged),
        "solve_ms": round(float(obj.muscle_face.last_solve_ms), 1),
        "rms_to_blendshape_mm": None if by_muscles else round(float(np.sqrt(np.mean(distance**2))), 4),
        "volume_change_pct": round(float(model.volume_change(pose)), 4),
    }


def fit_mix(head: stage.HeadOnStage, model) -> dict:
    """Fit to a mix that the rig makes itself, from neutral; the target stays in the file beside the head."""
    obj = head.object
    wanted = {n: v for stem, v in FIT_MIX.items() for n in drive.shape_names(model) if n.startswith(stem)}
    set_sliders(obj, model, wanted)
    target = bpy.data.objects.new("Fit Target", bridge.new_mesh("Fit Target", shown(obj), bridge.faces(obj.data)))
    target.location.x, target.hide_render = 1.2 * obj.dimensions.x, True
    bpy.context.collection.objects.link(target)
    set_sliders(obj, model, {})
    settings = obj.muscle_face
    settings.fit_target = target
    bpy.ops.muscle_face.fit()
    found = dict(zip(model.controls().names, drive.read(obj, model).controls, strict=True))
    result = {
        "rms_mm": settings.fit_rms_mm,
        "p95_mm": settings.fit_p95_mm,
        "max_mm": settings.fit_max_mm,
        "seconds": settings.fit_seconds,
        "blendshape_only_rms_mm": settings.fit_blendshape_rms_mm,
        "wanted": wanted,
        "found": {n: round(float(v), 4) for n, v in found.items() if n in wanted or abs(v) > 0.01},
        "largest_control_error": max(abs(float(v) - wanted.get(n, 0.0)) for n, v in found.items()),
    }
    say(f"fit: {result}")
    return result


def bake(head: stage.HeadOnStage) -> int:
    """Animate a smile by muscles that opens into the jaw, bake it; returns how many frames were baked."""
    obj, scene = head.object, bpy.context.scene
    model = storage.load(obj.data)
    set_sliders(obj, model, {})
    scene.frame_start, scene.frame_end = 1, FRAMES
    expressions = by_name(MUSCLE_EXPRESSIONS, model)
    smile, laugh = expressions["muscles_smile"], expressions["jaw_open_smile"]
    names = sorted(set(smile) | set(laugh))
    obj.muscle_face.live = False
    for frame, values in ((1, {}), (FRAMES // 2, smile), (FRAMES, laugh)):
        for name in names:
            path = name if name.startswith("jaw") else f'muscles["{name}"].activation'
            owner, _dot, attribute = f"muscle_face.{path}".rpartition(".")
            setattr(obj.path_resolve(owner), attribute, values.get(name, 0.0))
            obj.keyframe_insert(f"muscle_face.{path}", frame=frame)
    bpy.ops.muscle_face.bake(frame_start=1, frame_end=FRAMES)
    scene.frame_set(1)
    obj.muscle_face.live = True
    return sum(key.name.startswith("Bake ") for key in obj.data.shape_keys.key_blocks)


if __name__ == "__main__":
    status = 1
    try:
        main()
        status = 0
    except Exception:
        traceback.print_exc()
    finally:
        # Blender 4's module may hang at the interpreter's end while handlers are registered.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
