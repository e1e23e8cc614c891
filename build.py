# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Set up, test, demonstrate and package Muscle Face with the Python that runs this file; nothing else is needed.

python build.py                          the extension's zip for this platform and Python, into dist/
python build.py --all-platforms          every platform and Python
python build.py test [pytest arguments]  lint and test
python build.py gui-test [--blender PATH] [pytest arguments]
                                         the extension in a real Blender window; pictures in out/gui/
python build.py demo [--head HEAD.npz]   rig, drive, fit and bake a head; pictures and out/report.json
python build.py report [--random N]      demo, grown shapes, physics, fit on the ICT head, if present, or the demo head
python build.py heads [--only NAME,...]  rig every kind of head, into out/heads.json
python build.py bench [--only PART,...]  timings, beside other solvers too, into out/bench.json
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
WINDOWS = sys.platform == "win32"
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")

# The Blender whose Python this is; MUSCLE_FACE_BPY names another one for the same Python ("5.0", "4.2").
BPY_OF_PYTHON = {(3, 11): "4.5", (3, 13): "5.2"}
# bpy 4.2 itself accepts any NumPy; the real Blender 4.2 carries this one.
NUMPY_OF_BPY = {"4.2": "numpy==1.24.3"}

# Blender's platform names and the tags of the wheels that run there, best first.
PLATFORMS = {
    "linux-x64": ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
    "windows-x64": ("win_amd64",),
    "macos-arm64": ("macosx_12_0_arm64", "macosx_11_0_arm64"),
}
PYTHONS = ("3.11", "3.13")
ZIP_LIMIT = 200_000_000
# A worker takes up to 2 GB; whole files, since their tests share what takes long to make.
IN_PARALLEL = ("--numprocesses", "auto", "--maxprocesses", "4", "--dist", "loadfile")
ICT_HEAD = ROOT.parent / "shared" / "faces" / "ict" / "ict_base_expr.npz"

DEV_PACKAGE = '''"""Muscle Face in development: this package is the checkout. Written by build.py."""

import atexit

__path__ = [{root!r}]


def register():
    from .blender_addon import register

    # bpy 4.5 as a module hangs at the interpreter's end while classes and handlers are registered.
    atexit.register(unregister)
    register()


def unregister():
    from .blender_addon import unregister

    unregister()
'''


def main(arguments: list[str]) -> int:
    """Run one command; returns its exit code."""
    command, rest = (arguments[0], arguments[1:]) if arguments else ("zip", [])
    if command == "test":
        return test(rest)
    if command == "gui-test":
        return gui_test(rest)
    if command == "demo":
        return job("demo", rest)
    if command == "report":
        return report(rest)
    if command == "heads":
        return job("heads", rest)
    if command == "bench":
        return job("bench", rest)
    if command in ("zip", "--all-platforms"):
        return package(everything=command == "--all-platforms")
    print(__doc__)
    return 0 if command in ("-h", "--help", "help") else 2


def project() -> dict:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


# Set-up


def requirements() -> list[str]:
    """What pip installs into .venv: pyproject's pins, the development tools and a bpy for this Python."""
    version = sys.version_info[:2]
    bpy = os.environ.get("MUSCLE_FACE_BPY") or BPY_OF_PYTHON.get(version)
    if bpy is None:
        sys.exit("Muscle Face needs Python 3.11 (Blender 4.2 to 5.0) or 3.13 (Blender 5.1 and newer).")
    pins = project()
    numpy = NUMPY_OF_BPY.get(bpy, "numpy")
    runtime = [numpy if name == "numpy" else name for name in pins["project"]["dependencies"]]
    return [f"bpy=={bpy}.*", *runtime, *pins["dependency-groups"]["dev"]]


def set_up() -> None:
    """Make .venv with all that the project needs (again when the needs change) and the package muscle_face in it."""
    wanted = requirements()
    stamp = VENV / "muscle_face.stamp"
    state = "\n".join([sys.version, str(ROOT), *wanted])
    if not (PYTHON.exists() and stamp.exists()) or stamp.read_text(encoding="utf-8") != state:
        print("Setting up .venv:", ", ".join(wanted), flush=True)
        run([sys.executable, "-m", "venv", "--clear", VENV])
        run([PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted])
        stamp.write_text(state, encoding="utf-8")
    folder = output([PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"])
    module = Path(folder) / "muscle_face" / "__init__.py"
    module.parent.mkdir(exist_ok=True)
    module.write_text(DEV_PACKAGE.format(root=str(ROOT)), encoding="utf-8")


def test(arguments: list[str]) -> int:
    """Lint, then all tests, on all cores; `-n 0` among the arguments keeps them in one process, as a debugger needs."""
    set_up()
    run([PYTHON, "-m", "ruff", "check", ROOT])
    return call([PYTHON, "-m", "pytest", *IN_PARALLEL, *arguments])


def gui_test(arguments: list[str]) -> int:
    """Play an artist in a Blender window: one of --blender, of the environment or of the PATH."""
    parser = argparse.ArgumentParser(prog="build.py gui-test")
    parser.add_argument("--blender", help="the program; else MUSCLE_FACE_BLENDER, or blender on the PATH")
    given, rest = parser.parse_known_args(arguments)
    set_up()
    os.environ["MUSCLE_FACE_GUI_TEST"] = "1"
    if given.blender:
        os.environ["MUSCLE_FACE_BLENDER"] = given.blender
    # Not as an argument: pytest itself knows which of the rest are paths, and looks here where there are none.
    return call([PYTHON, "-m", "pytest", "-x", "-o", "testpaths=tests/gui", *rest])


def job(name: str, arguments: list[str]) -> int:
    """Run tests/jobs/<name>.py in .venv."""
    set_up()
    # Where the user stands, so that relative paths among the arguments are the user's.
    return call([PYTHON, ROOT / "tests" / "jobs" / f"{name}.py", *arguments], Path.cwd())


def report(arguments: list[str]) -> int:
    """The demo, grown shapes, the physics and the fit on the same head, into the same out/report.json."""
    parser = argparse.ArgumentParser(prog="build.py report")
    parser.add_argument("--head", default=str(ICT_HEAD) if ICT_HEAD.exists() else None)
    parser.add_argument("--out", default=str(ROOT / "out"))
    parser.add_argument("--random", default="200", help="random slider vectors that the physics solves")
    given = parser.parse_args(arguments)
    shared = [*(["--head", given.head] if given.head else []), "--out", given.out]
    physics = [*shared, "--random", given.random]
    return job("demo", shared) or job("grow", shared) or job("physics", physics) or job("fit", shared)


# Packaging


def package(everything: bool) -> int:
    """Build zips into dist/: one for this platform and Python, or all."""
    set_up()
    if not everything:
        build_zip(this_platform(), [f"{sys.version_info[0]}.{sys.version_info[1]}"])
        return 0
    for platform in PLATFORMS:
        # One zip for both Pythons where that fits: the artist need not know which Python a Blender has.
        wheels = wheels_for(platform, list(PYTHONS))
        if sum(wheel.stat().st_size for wheel in wheels) < ZIP_LIMIT - 2_000_000:
            build_zip(platform, list(PYTHONS))
        else:
            for version in PYTHONS:
                build_zip(platform, [version], suffix="-cp" + version.replace(".", ""))
    return 0


def this_platform() -> str:
    """Blender's name for this machine."""
    return {"linux": "linux-x64", "win32": "windows-x64", "darwin": "macos-arm64"}[sys.platform]


def build_zip(platform: str, pythons: list[str], suffix: str = "", folder: Path = ROOT / "dist") -> Path:
    """One zip, made and validated by Blender's own extension tool; returns its path."""
    cli, tags = extension_tool()
    wheels = wheels_for(platform, pythons)
    with tempfile.TemporaryDirectory() as scratch:
        source, target = Path(scratch) / "source", Path(scratch) / "target"
        target.mkdir()
        stage(source, platform, wheels)
        run([PYTHON, cli, "validate", "--valid-tags", tags, source])
        run([PYTHON, cli, "build", "--valid-tags", tags, "--source-dir", source, "--output-dir", target])
        built = next(target.glob("*.zip"))
        run([PYTHON, cli, "validate", built])
        manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text(encoding="utf-8"))
        name = f"{manifest['id']}-{manifest['version']}-{platform.replace('-', '_')}{suffix}.zip"
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        shutil.move(built, path)
    size = path.stat().st_size
    print(f"{path}: {size / 1e6:.1f} MB")
    if size > ZIP_LIMIT:
        sys.exit(f"{path.name} is larger than the {ZIP_LIMIT / 1e6:.0f} MB that an extension may have.")
    return path


def stage(source: Path, platform: str, wheels: list[Path]) -> None:
    """Lay out the extension: what the checkout holds plus the root module and the wheels that Blender asks for."""
    source.mkdir()
    for folder in ("blender_addon", "core"):
        shutil.copytree(ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    shutil.copy(ROOT / "LICENSE", source)
    (source / "__init__.py").write_text(
        'from .blender_addon import register, unregister\n\n__all__ = ["register", "unregister"]\n', encoding="utf-8"
    )
    (source / "wheels").mkdir()
    for wheel in wheels:
        shutil.copy(wheel, source / "wheels")
    listed = ",\n".join(f'  "./wheels/{wheel.name}"' for wheel in wheels)
    manifest = (ROOT / "blender_manifest.toml").read_text(encoding="utf-8")
    manifest = re.sub(r"^platforms = .*$", f'platforms = ["{platform}"]', manifest, flags=re.MULTILINE)
    manifest = re.sub(r"^wheels = .*$", f"wheels = [\n{listed},\n]", manifest, flags=re.MULTILINE)
    (source / "blender_manifest.toml").write_text(manifest, encoding="utf-8")


def wheels_for(platform: str, pythons: list[str]) -> list[Path]:
    """The wheels that a platform needs for these Pythons, each once: Warp's is the same for all."""
    found = {wheel.name: wheel for version in pythons for wheel in fetch_wheels(platform, version)}
    return [found[name] for name in sorted(found)]


def fetch_wheels(platform: str, python: str) -> list[Path]:
    """Download (once) what the project depends on, for a platform and Python; NumPy comes with Blender."""
    names = [name for name in project()["project"]["dependencies"] if name != "numpy"]
    key = hashlib.sha256("\n".join(names).encode()).hexdigest()[:12]
    folder = cache_folder() / f"{key}-{platform}-{python}"
    if not folder.exists():
        tags = [word for tag in PLATFORMS[platform] for word in ("--platform", tag)]
        partial = Path(f"{folder}.part")
        shutil.rmtree(partial, ignore_errors=True)
        run([PYTHON, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
             "--only-binary=:all:", "--python-version", python, *tags, "--dest", partial, *names])  # fmt: skip
        partial.rename(folder)
    return sorted(folder.glob("*.whl"))


def cache_folder() -> Path:
    """Where downloaded wheels are kept between builds."""
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
    folder = Path(base) / "muscle-face" / "wheels"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def extension_tool() -> tuple[Path, Path]:
    """Blender's command line tool for extensions and its list of tags, from the bpy in .venv."""
    scripts = Path(output([PYTHON, "-c", "import bpy; print(bpy.utils.system_resource('SCRIPTS'), flush=True)"]))
    return (
        scripts / "addons_core" / "bl_pkg" / "cli" / "blender_ext.py",
        scripts / "modules" / "_bpy_internal" / "extensions" / "tags.py",
    )


# Processes


def environment() -> dict[str, str]:
    """The environment of child processes: the sparse solvers gain nothing from BLAS threads that fight for cores."""
    return {"OPENBLAS_NUM_THREADS": "1", **os.environ}


def call(command: list, folder: Path = ROOT) -> int:
    """Run a command in a folder; returns its exit code."""
    return subprocess.call([str(word) for word in command], cwd=folder, env=environment())


def run(command: list) -> None:
    """Run a command and stop with its exit code when it fails."""
    code = call(command)
    if code:
        sys.exit(code)


def output(command: list) -> str:
    """The last line that a command prints."""
    text = subprocess.run([str(word) for word in command], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return text.strip().splitlines()[-1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
