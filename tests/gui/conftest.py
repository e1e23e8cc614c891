# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The extension's zip, installed in a real Blender; only `python build.py gui-test` runs these tests."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

import build

if not os.environ.get("MUSCLE_FACE_GUI_TEST"):
    collect_ignore_glob = ["test_*.py"]

build.PYTHON = Path(sys.executable)
OUT = build.ROOT / "out" / "gui"


@pytest.fixture(scope="session")
def blender():
    """The Blender to test, with preferences and files of its own."""
    from blender_window import Blender, display

    found = Blender.find(os.environ.get("MUSCLE_FACE_BLENDER"))
    with display():
        yield found
    shutil.rmtree(found.outside, ignore_errors=True)


@pytest.fixture(scope="session")
def extension_zip(blender) -> Path:
    """The zip for this Blender's Python; built again when a source is newer."""
    OUT.mkdir(parents=True, exist_ok=True)
    python = blender.python()
    platform, tag = build.this_platform(), python.replace(".", "")
    made = sorted(OUT.glob(f"*-cp{tag}.zip"))
    sources = [p for folder in ("core", "blender_addon") for p in (build.ROOT / folder).rglob("*.py")]
    sources.append(build.ROOT / "blender_manifest.toml")
    if made and made[-1].stat().st_mtime > max(p.stat().st_mtime for p in sources):
        return made[-1]
    return build.build_zip(platform, [python], f"-cp{tag}", OUT)


@pytest.fixture(scope="session")
def window(blender, extension_zip):
    """A Blender window into which Blender's own installer has put the extension."""
    from blender_window import Window

    for picture in OUT.glob("*.png"):
        picture.unlink()
    opened = Window(blender, OUT)
    shutil.copy(extension_zip, blender.outside)
    path = f"{blender.inside}/{extension_zip.name}"
    opened.do(
        f"bpy.ops.extensions.package_install_files(filepath={path!r}, repo='user_default', enable_on_install=True)\n"
        "bpy.ops.wm.read_homefile(use_empty=True)",
        patience=300.0,
    )
    opened.do("bpy.ops.wm.save_userpref()")
    yield opened
    assert opened.close() == 0
    assert "Traceback" not in opened.log.read_text(errors="replace")


@pytest.fixture(scope="session")
def bench():
    """What goes under "gui" into out/bench.json; the rest of the file stays."""
    found: dict = {}
    yield found
    path = OUT.parent / "bench.json"
    whole = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    whole["gui"] = {**whole.get("gui", {}), **found}
    path.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
