# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Speed of the face on a GPU: tets/s, frames/s and the share of the memory bandwidth, at some 50k, 200k and 1M tets.

python tests/jobs/gpu.py OUT.json [--device cpu] [--small]

Without an NVIDIA GPU the file says so. The larger sizes are rigs refined one to eight: the frames are as hard as a
face's, while a finer rig of the same head would only take longer to build.
"""

import argparse
import json
import statistics
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import warp as wp
from bench_parts.heads import ICT, read_head
from muscle_face.core import FaceModel
from muscle_face.core.demo_head import demo_head
from muscle_face.core.device import DeviceFace
from muscle_face.core.rig import Rig

FRAMES = 40
BATCHES = (1, 8)

# Ends of the six edges of a tet, and its eight children as corners 0-3 and middles 4-9 of those edges (Bey 1995).
_EDGES = np.array([[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]])
_CHILDREN = np.array([[0, 4, 5, 6], [4, 1, 7, 8], [5, 7, 2, 9], [6, 8, 9, 3],
                      [4, 5, 6, 8], [4, 5, 7, 8], [5, 6, 8, 9], [5, 7, 8, 9]])  # fmt: skip


def main() -> None:
    """Measure and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--small", action="store_true", help="few frames of the smallest rig")
    options = parser.parse_args()
    options.path.write_text(json.dumps(measure(options.device, small=options.small), indent=1) + "\n", encoding="utf-8")
    print(f"Wrote {options.path}")


def measure(name: str = "cuda", *, small: bool = False) -> dict:
    """What bench.json says of the GPU."""
    if name.startswith("cuda") and not wp.is_cuda_available():
        return {"device": None, "reason": "there is no NVIDIA GPU on this machine"}
    device = wp.get_device(name)
    result = {
        "device": device.name,
        "graph_loops": device.is_cpu or wp.is_conditional_graph_supported(),
        "copy_gb_per_s": copy_speed(device, 2**22 if small else 2**28) / 1e9,
        "sizes": [],
    }
    for model in models(small):
        print(f"{len(model.rig.tets)} tets", flush=True)
        began = time.perf_counter()
        face = model.on_device(name)
        upload = time.perf_counter() - began
        sizes = [time_batch(model, face, batch, 3 if small else FRAMES, result["copy_gb_per_s"]) for batch in BATCHES]
        result["sizes"].append({"tets": len(model.rig.tets), "prepare_seconds": upload, "batches": sizes})
    return result


def models(small: bool):
    """Rigs of about 50k, 200k and 1M tets, one after the other."""
    if small:
        yield FaceModel.build(*demo_head(), quality="draft")
        return
    head = read_head(ICT if ICT.exists() else None)
    yield FaceModel.build(*head)
    yield FaceModel(refined(FaceModel.build(*head, quality="draft").rig))
    yield FaceModel(refined(refined(FaceModel.build(*demo_head(), quality="draft").rig)))


def refined(rig: Rig) -> Rig:
    """The same rig with every tet cut into eight; without gravity, which a finer mesh bears otherwise."""
    ends = np.sort(rig.tets[:, _EDGES].reshape(-1, 2), axis=1)
    edges, of_tet = np.unique(ends, axis=0, return_inverse=True)
    a, b = edges.T
    all_nodes = np.concatenate([rig.tets, len(rig.nodes) + of_tet.reshape(-1, 6)], axis=1)
    tets = all_nodes[:, _CHILDREN].reshape(-1, 4)
    nodes = np.concatenate([rig.nodes, 0.5 * (rig.nodes[a] + rig.nodes[b])])
    turned = np.linalg.det(nodes[tets[:, 1:]] - nodes[tets[:, :1]]) < 0.0
    tets[turned, :2] = tets[turned, 1::-1]
    steps = rig.track_steps.astype(np.int32)
    middle = (steps[:, a] + steps[:, b]) // 2
    return replace(
        rig,
        nodes=nodes,
        unloaded=nodes,
        rest_gravity=np.zeros(3),
        tets=tets.astype(np.int32),
        bone=np.concatenate([rig.bone, np.where(rig.bone[a] == rig.bone[b], rig.bone[a], 0)]),
        region=np.concatenate([rig.region, rig.region[a]]),
        muscle_share=np.repeat(rig.muscle_share, 8),
        skin_share=np.repeat(rig.skin_share, 8),
        strain_largest=np.repeat(rig.strain_largest, 8),
        fibre_muscle=np.repeat(rig.fibre_muscle, 8),
        fibre_tet=(8 * rig.fibre_tet[:, None] + np.arange(8)).ravel().astype(np.int32),
        fibre_stress=np.repeat(rig.fibre_stress, 8),
        fibre_direction=np.repeat(rig.fibre_direction, 8, axis=0),
        track_steps=np.concatenate([rig.track_steps, middle.astype(np.int16)], axis=1),
    )


def frames(model: FaceModel, count: int) -> np.ndarray:
    """(count, n) controls of a face that talks and smiles with shapes, muscles and jaw: an artist's slow drag."""
    names = model.controls().names
    out = np.zeros((count, len(names)))
    t = np.arange(count) / 30.0
    for name, speed, largest in (
        ("jaw_open", 5.0, 0.4),
        ("zygomaticus_major_L", 2.0, 0.6),
        ("zygomaticus_major_R", 2.0, 0.6),
        ("frontalis_medial_L", 1.5, 0.8),
        (next(n for n in names if n.startswith("mouthFunnel")), 4.0, 0.5),
    ):
        out[:, names.index(name)] = largest * np.sin(speed * t) ** 2
    return out


def time_batch(model: FaceModel, face: DeviceFace, batch: int, count: int, copy_gb_per_s: float) -> dict:
    """Medians over frames of B faces, each a little behind the other; the first frames warm up and are not counted."""
    line = frames(model, count + batch + 2)
    seconds, work, shares = [], [], []
    for k in range(count + 2):
        controls = wp.array(line[k : k + batch], dtype=wp.float64, device=face.device)
        wp.synchronize_device(face.device)
        began = time.perf_counter()
        face.skin(controls)
        wp.synchronize_device(face.device)
        seconds.append(time.perf_counter() - began)
        report = face.report(batch)
        work.append((int(report.rounds.max()), int(report.products.max()), bool(report.converged.all())))
        shares.append(face.traffic(batch) / seconds[-1] / 1e9 / copy_gb_per_s)
    rounds, products, converged = zip(*work[2:], strict=True)
    second = statistics.median(seconds[2:])
    return {
        "batch": batch,
        "frames_per_s": batch / second,
        "tets_per_s": batch * len(model.rig.tets) / second,
        "newton_steps": statistics.median(rounds),
        "krylov_steps": statistics.median(products),
        "bandwidth_share": statistics.median(shares[2:]),
        "converged": all(converged),
    }


def copy_speed(device: wp.Device, count: int) -> float:
    """Bytes per second that a copy reads and writes: the bandwidth that can be had."""
    a, b = (wp.zeros(count, dtype=float, device=device) for _ in range(2))
    times = []
    for _ in range(10):
        wp.synchronize_device(device)
        began = time.perf_counter()
        wp.copy(b, a)
        wp.synchronize_device(device)
        times.append(time.perf_counter() - began)
    return 8.0 * count / min(times)


if __name__ == "__main__":
    main()
