# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Grown shapes beside an artist's own, into "grow" of out/report.json. Without Blender.

The head is stripped of its shapes, rigged, and the ARKit set is grown; then each grown shape is compared, region by
region of the outer skin, with the shape that the artist made. Run by `python build.py report`.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
from muscle_face.core import FaceModel
from muscle_face.core.anatomy.cavities import INNER_EXPOSURE
from muscle_face.core.anatomy.composition import REGIONS
from muscle_face.core.anatomy.names import match_arkit
from muscle_face.core.demo_head import demo_head
from muscle_face.core.geometry import surface

ROOT = Path(__file__).resolve().parents[2]
ICT = ROOT.parent / "shared" / "faces" / "ict" / "ict_base_expr.npz"
JUDGED = ("brow", "eye", "nose", "cheek", "mouth", "jaw")
SEEN_MM = 0.4
"""RMS motion of a region below which a shape is not judged there."""


def main() -> None:
    """Grow, compare, write and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--head", type=Path, help="an .npz head with shapes; default: ICT, or the demo head")
    parser.add_argument("--out", type=Path, default=ROOT / "out", help="folder of report.json")
    parser.add_argument("--quality", default="standard", help="of the rig")
    arguments = parser.parse_args()
    path = arguments.head or (ICT if ICT.exists() else None)
    vertices, faces, shapes = demo_head() if path is None else read_head(path)
    model = FaceModel.build(vertices, faces, {}, quality=arguments.quality)
    began, cpu = time.perf_counter(), time.process_time()
    grown = model.grow()
    figures = {
        "head": path.stem if path else "demo head",
        "rig_seconds": model.stats["rig_seconds"],
        "grow_seconds": time.perf_counter() - began,
        "grow_cpu_seconds": time.process_time() - cpu,
        **judged(model, grown, artist_shapes(shapes)),
    }
    write(arguments.out / "report.json", figures)
    print(markdown(figures))


def read_head(path: Path) -> tuple[np.ndarray, list, dict[str, np.ndarray]]:
    """Vertices, faces and shapes of an .npz head."""
    with np.load(path, allow_pickle=False) as data:
        faces = [f.tolist() for f in np.split(data["loop_vert"], np.cumsum(data["loop_total"])[:-1])]
        names, deltas = ("shape_names", "shape_deltas") if "shape_names" in data else ("arkit_names", "arkit_deltas")
        shapes = dict(zip(data[names].tolist(), data[deltas].astype(float), strict=True))
        return data["verts"].astype(float), faces, shapes


def artist_shapes(shapes: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The artist's shapes by ARKit's names, halves summed."""
    return {name: sum(shapes[g] for g in given) for name, given in match_arkit(shapes).items()}


def judged(model: FaceModel, grown: dict[str, np.ndarray], artist: dict[str, np.ndarray]) -> dict:
    """Per shape: cosine and size ratio of the motions of the whole face and of each region that the artist moves."""
    rig, skin = model.rig, model.skin_vertices
    owner = rig.carrier_weight[: len(skin)].argmax(axis=1)
    region = rig.region[rig.carrier[np.arange(len(skin)), owner]]
    area = surface.vertex_areas(model.neutral, rig.triangles)[skin]
    weight = np.where(rig.exposure > INNER_EXPOSURE, area, 0.0)
    names = list(REGIONS)
    shapes = {}
    for name in sorted(set(grown) & set(artist)):
        a, b = grown[name][skin] * model.mm_per_unit, artist[name][skin] * model.mm_per_unit
        row = {"face": compared(a, b, np.where(region == names.index("neck"), 0.0, weight))}
        for part in JUDGED:
            row[part] = compared(a, b, np.where(region == names.index(part), weight, 0.0))
        row = {part: figure for part, figure in row.items() if figure}
        if row:
            shapes[name] = row
    by_region = {}
    for part in ("face", *JUDGED):
        rows = [row[part] for row in shapes.values() if part in row]
        by_region[part] = {
            "shapes": len(rows),
            "cosine_median": float(np.median([r["cosine"] for r in rows])),
            "size_median": float(np.median([r["size"] for r in rows])),
        }
    return {"shapes": shapes, "regions": by_region}


def compared(grown: np.ndarray, artist: np.ndarray, weight: np.ndarray) -> dict | None:
    """Cosine between two motions (n, 3) [mm] as fields, and ratio of their sizes; None where the artist's is still."""
    ours, theirs = (np.sqrt((weight * (d**2).sum(axis=1)).sum()) for d in (grown, artist))
    if theirs < SEEN_MM * np.sqrt(weight.sum()) * (1.0 if len(weight) else 0.0):
        return None
    cosine = (weight * (grown * artist).sum(axis=1)).sum() / max(ours * theirs, 1e-12)
    return {"cosine": float(cosine), "size": float(ours / theirs)}


def write(path: Path, figures: dict) -> None:
    """Put the figures into the report beside what is there."""
    report = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    report["grow"] = figures
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1, default=float) + "\n", encoding="utf-8")


def markdown(figures: dict) -> str:
    """The comparison as a table: cosine / size."""
    parts = ("face", *JUDGED)
    lines = [f"| {figures['head']}: cosine / size | {' | '.join(parts)} |", "|---" * (len(parts) + 1) + "|"]
    pairs = {name: row for name, row in figures["shapes"].items() if not name.endswith("Right")}
    for name, row in pairs.items():
        cells = [f"{row[p]['cosine']:.2f} / {row[p]['size']:.2f}" if p in row else "" for p in parts]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    cells = [f"{r['cosine_median']:.2f} / {r['size_median']:.2f}" for r in figures["regions"].values()]
    return "\n".join([*lines, f"| median | {' | '.join(cells)} |"])


if __name__ == "__main__":
    main()
