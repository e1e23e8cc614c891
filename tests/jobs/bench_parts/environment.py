# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The peers' own environment, .venv-bench: what is compared with never touches what is developed."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
VENV = ROOT / ".venv-bench"
PYTHON = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
STAMP = VENV / "peers.json"
GROUPS = {
    "felupe": "bench-felupe",
    "tatva": "bench-tatva",
    "torch-fem": "bench-torch-fem",
    "newton-physics": "bench-newton",
}
"""Each peer's dependency group in pyproject.toml."""

TORCH_INDEX = "https://download.pytorch.org/whl/cpu"


def install() -> dict[str, str | None]:
    """Install the peers that are missing; per peer None, or in one line why it is not there."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    stamp = json.loads(STAMP.read_text(encoding="utf-8")) if STAMP.exists() and PYTHON.exists() else {}
    if stamp.get("python") != sys.version:
        made = _run([sys.executable, "-m", "venv", "--clear", VENV])
        if made:
            return dict.fromkeys(GROUPS, made)
        stamp = {"python": sys.version}
    failed: dict[str, str | None] = {}
    for peer, group in GROUPS.items():
        wanted = groups[group]
        failed[peer] = None
        if stamp.get(peer) == wanted:
            continue
        print(f"Installing {peer}", flush=True)
        # An index that does not answer is passed over at once: for every package it would be waited for again.
        words = ["--quiet", "--disable-pip-version-check", "--retries", "0", "--extra-index-url", TORCH_INDEX]
        failed[peer] = _run([PYTHON, "-m", "pip", "install", *words, *wanted])
        if failed[peer] is None:
            stamp[peer] = wanted
            STAMP.write_text(json.dumps(stamp, indent=1), encoding="utf-8")
    return failed


def versions(packages: tuple[str, ...]) -> dict[str, str]:
    """Versions of what is installed in the peers' environment."""
    code = (
        "import importlib.metadata as m, json, sys; "
        "have = {d.metadata['Name'].lower(): d.version for d in m.distributions()}; "
        "print(json.dumps({n: have[n] for n in sys.argv[1:] if n in have}))"
    )
    done = subprocess.run([str(PYTHON), "-c", code, *packages], capture_output=True, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else {}


def _run(command: list) -> str | None:
    """Run a command; None, or the line in which it says why it failed."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    return None if done.returncode == 0 else last_error(done.stderr, done.returncode)


def last_error(text: str, code: int) -> str:
    """The last line of an error's output that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or [f"ended with code {code}"])[-1][:300]
