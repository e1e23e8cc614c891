# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The comparison as a table for README.md."""

import json
import sys
from pathlib import Path

TITLES = {
    "felupe": "FElupe {felupe} + MKL Pardiso",
    "tatva": "tatva {tatva} (JAX {jax}) + MKL Pardiso",
    "torch-fem": "torch-fem {torch-fem} (PyTorch {torch}) + MKL Pardiso",
    "newton-physics": "newton {newton}, VBD on Warp's CPU device",
}


def problem_table(bench: dict) -> str:
    """Markdown: each solver's time to 0.05 mm and to residual 1e-4, CPU time and adjoint gradient."""
    part = bench["problem"]
    if "skipped" in part:
        return f"Not measured: {part['skipped']}."
    lines = ["| solver | to 0.05 mm | times ours | CPU time | times ours | to residual 1e-4 | gradient |",
             "|---|---|---|---|---|---|---|"]  # fmt: skip
    rows = [("Muscle Face", "ours", part["ours_s"], 1.0, part["ours_cpu_s"], 1.0)]
    for peer, title in TITLES.items():
        try:
            title = title.format_map(part["versions"])
        except KeyError:
            title = peer
        rows.append((title, peer, part["peers_s"][peer], part["ratios"][peer], part["peers_cpu_s"][peer],
                     part["cpu_ratios"][peer]))  # fmt: skip
    for title, key, seconds, ratio, cpu, cpu_ratio in rows:
        if key in part["failed"]:
            lines.append(f"| {title} | {part['failed'][key]} | | | | | |")
            continue
        residual, gradient = part["residual_1e-4_s"].get(key), part["gradient_s"].get(key)
        cells = [_number(seconds, " s"), _number(ratio), _number(cpu, " s"), _number(cpu_ratio)]
        cells += [_number(residual, " s"), _number(gradient, " s")]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _number(value: float | None, unit: str = "") -> str:
    """Two significant digits, a dash for what was not measured."""
    return "-" if value is None else f"{float(f'{value:.2g}'):g}{unit}"


if __name__ == "__main__":
    print(problem_table(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
