# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""All measures of the physics on one head, into "physics" of out/report.json. Without Blender.

Run by `python build.py report`, after the demo on the same head.
"""

import argparse
import functools
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from muscle_face.core import FaceModel
from muscle_face.core.demo_head import demo_head
from muscle_face.core.physics.presets import TISSUES

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

import face_proofs  # noqa: E402
from felupe_peer import felupe_pct  # noqa: E402
from proofs import muscle_force_pct  # noqa: E402

ICT = ROOT.parent / "shared" / "faces" / "ict" / "ict_base_expr.npz"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--head", type=Path, help="an .npz head or saved model; default: ICT, or the demo head")
    parser.add_argument("--out", type=Path, default=ROOT / "out", help="folder of report.json")
    parser.add_argument("--random", type=int, default=200, help="number of random slider vectors")
    arguments = parser.parse_args()
    began = time.perf_counter()
    path = arguments.head or (ICT if ICT.exists() else None)
    say(f"Rigging {path.name if path else 'the demo head'}")
    model = model_of(path)
    figures = {"head": path.stem if path else "demo head", "tets": len(model.rig.tets)}
    measures = [material, derivatives, gravity, volume, symmetry, readout, tissues]
    if arguments.random > 0:
        measures.append(functools.partial(random_sliders, count=arguments.random))
    for measure in measures:
        figures |= timed(measure, model)
        # After each: a run takes an hour, and what it has is not lost when it is cut.
        write(arguments.out / "report.json", figures | {"seconds": time.perf_counter() - began})


def say(text: str) -> None:
    """One line of progress."""
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


def model_of(path: Path | None) -> FaceModel:
    """The rigged head, or the demo head."""
    if path is None:
        return FaceModel.build(*demo_head())
    with np.load(path, allow_pickle=False) as data:
        if "topology" in data:
            return FaceModel.load(path)
        faces = [f.tolist() for f in np.split(data["loop_vert"], np.cumsum(data["loop_total"])[:-1])]
        names, deltas = ("shape_names", "shape_deltas") if "shape_names" in data else ("arkit_names", "arkit_deltas")
        shapes = dict(zip(data[names].tolist(), data[deltas].astype(float), strict=True))
        return FaceModel.build(data["verts"].astype(float), faces, shapes)


def write(path: Path, figures: dict) -> None:
    """Put the figures into the report beside what is there."""
    report = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    report["physics"] = figures
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1, default=float) + "\n", encoding="utf-8")


def timed(measure: Callable[[FaceModel], dict], model: FaceModel) -> dict:
    """A measure's figures, printed with the time they took; or why there are none."""
    function = getattr(measure, "func", measure)
    say(function.__doc__.splitlines()[0])
    began = time.perf_counter()
    try:
        figures = measure(model)
    except RuntimeError as error:
        figures = {f"{function.__name__}_failed": str(error)}
    for name, value in figures.items():
        if not isinstance(value, dict) or len(value) < 8:
            say(f"  {name}: {value}")
    say(f"  {time.perf_counter() - began:.1f} s")
    return figures


def material(_: FaceModel) -> dict:
    """Flesh against FElupe, muscle force against the printed curve."""
    percent, version = felupe_pct()
    return {
        "felupe_pct": max(percent.values()),
        "felupe_pct_by_case": percent,
        "felupe_version": version,
        "muscle_force_pct": muscle_force_pct(),
    }


def derivatives(model: FaceModel) -> dict:
    """Derivatives against central differences."""
    pose = face_proofs.mixed_pose(model)
    errors, still = face_proofs.jacobian_errors(model, pose, say=say)
    kinds = dict(zip(model.controls().names, model.control_kinds, strict=True))
    by_kind = {k: max(e for n, e in errors.items() if kinds[n] == k) for k in ("shape", "muscle", "jaw")}
    adjoint = face_proofs.adjoint_errors(model, pose)
    names = [model.shapes[0], model.muscles[0], "jaw_open", "jaw_side"]
    poses = [face_proofs.sharp(model, face_proofs.mixed(model, seed)) for seed in (1, 2)]
    return {
        "jacobian_rel_error": max(errors.values()),
        "jacobian_rel_error_by_kind": by_kind,
        "jacobian_controls_compared": len(errors),
        "jacobian_controls_that_move_nothing": still,
        "adjoint_rel_error": max(adjoint.values()),
        "adjoint_rel_error_by_kind": adjoint,
        "parameter_rel_error": face_proofs.parameter_errors(model, pose),
        "single_precision_rel_error": face_proofs.single_precision_error(model, pose),
        "tape_rel_error": face_proofs.tape_error(model, poses, names),
    }


def gravity(model: FaceModel) -> dict:
    """Gravity: the neutral from the unloaded flesh; a head on its back."""
    neutral = face_proofs.gravity_neutral_mm(model)
    return {
        "gravity_neutral_mm": neutral["neutral"],
        "gravity_unloaded_sag_mm": neutral["sag"],
        "gravity_on_back_mm": face_proofs.sinking_mm(model, [0.0, 0.0, -1.0]),
    }


def volume(model: FaceModel) -> dict:
    """Volume of the flesh with each shape at 1, simulated and as the artist's skin would have it."""
    ours, drawn = face_proofs.volume_changes(model), face_proofs.blendshape_volume_changes(model)
    return {
        "volume_change_pct_max": max(map(abs, ours.values())),
        "blendshape_volume_change_pct_max": max(map(abs, drawn.values())),
        "volume_change_pct": ours,
        "blendshape_volume_change_pct": drawn,
    }


def symmetry(model: FaceModel) -> dict:
    """The face in the mirror."""
    return {"mirror_mm": face_proofs.mirror_mm(model)}


def readout(model: FaceModel) -> dict:
    """Activations that fibre lengths imply."""
    errors = face_proofs.lone_readout_errors(model)
    smile = face_proofs.smile(model)
    return {
        "readout_neutral_max": float(model.implied_activations(model.solve({})).max()),
        "readout_lone_error_max": max(errors.values()),
        "readout_lone_error_median": float(np.median(list(errors.values()))),
        "readout_lone_error": errors,
        "readout_smile": face_proofs.readout(model, smile, 6),
        "readout_stretched_max": float(face_proofs.stretched_readout(model, smile).max()),
    }


def tissues(model: FaceModel) -> dict:
    """Neutral and shapes in other tissues, and what zygomaticus major does there."""
    figures = {"zygomaticus_major_mm": face_proofs.muscle_motion_mm(model)}
    for tissue in TISSUES:
        if tissue != model.tissue:
            other = model.with_tissue(tissue)
            motion = face_proofs.muscle_motion_mm(other)
            figures[tissue] = face_proofs.tissue_differences(model, other) | {"zygomaticus_major_mm": motion}
    return {"tissues": figures}


def random_sliders(model: FaceModel, count: int) -> dict:
    """Random sliders, from cold and each from the pose before; counts are of both runs together.

    random_cold_warm_mm: the most that the two answers to one vector differ anywhere: where a face has two equilibria
    (a lip turned in or out), which one it takes is its history's choice.
    """
    began = time.perf_counter()
    runs = face_proofs.random_runs(model, count, say)
    apart = [np.linalg.norm(a.skin - b.skin, axis=1).max() for a, b in zip(*runs.values(), strict=True)]
    by_run, failures = {}, []
    for name, poses in runs.items():
        by_run[name] = {
            "unconverged": sum(not p.converged for p in poses),
            "inverted": sum(p.inverted for p in poses),
            "worst_residual": max(p.residual for p in poses),
            "median_solve_seconds": float(np.median([p.ms for p in poses])) / 1e3,
            "worst_solve_seconds": max(p.ms for p in poses) / 1e3,
        }
        failures += [
            {"run": name, "vector": i, "residual": p.residual, "inverted": p.inverted, "why": p.message}
            for i, p in enumerate(poses)
            if not p.converged or p.inverted
        ]
    return {
        "random_count": count,
        "random_unconverged": sum(run["unconverged"] for run in by_run.values()),
        "random_inverted": sum(run["inverted"] for run in by_run.values()),
        "random_worst_residual": max(run["worst_residual"] for run in by_run.values()),
        "random_by_run": by_run,
        "random_failures": failures,
        "random_cold_warm_mm": {
            "median": float(np.median(apart)) * model.mm_per_unit,
            "worst": float(max(apart)) * model.mm_per_unit,
        },
        "random_seconds": time.perf_counter() - began,
    }


if __name__ == "__main__":
    main()
