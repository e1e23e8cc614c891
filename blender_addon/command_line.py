# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""`blender --command muscle_face ...`: bakes without a window, for render farms.

A farm gives each machine its frames: `bake` writes one file per frame into a folder, and since every frame is solved
from rest, the same frame gives the same file whoever solves it. `assemble` turns the folder into shape keys.
"""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path

import bpy
import numpy as np

from ..core import MuscleFaceError
from . import animation, baking, jobs, requirements, storage

NAME = "muscle_face"


def main(arguments: list[str]) -> int:
    """Run one command; returns its exit code."""
    parser = _parser()
    try:
        given = parser.parse_args(_joined(arguments))
    except SystemExit as end:
        return int(end.code or 0)
    try:
        given.run(given)
    except (MuscleFaceError, OSError) as error:
        print(f"Muscle Face: {error}", flush=True)
        return 1
    return 0


def _joined(arguments: list[str]) -> list[str]:
    """The frames written behind their option by "=": argparse takes "-5--1" for an option of its own."""
    out = []
    for argument in arguments:
        if out and out[-1] == "--frames":
            out[-1] = f"--frames={argument}"
        else:
            out.append(argument)
    return out


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"blender --command {NAME}", description="Bake simulated faces")
    commands = parser.add_subparsers(required=True)
    bake = commands.add_parser("bake", help="simulate frames into a folder, one file each")
    assemble = commands.add_parser("assemble", help="turn the folder into shape keys of the file")
    for command, run in ((bake, bake_frames), (assemble, assemble_frames)):
        command.set_defaults(run=run)
        command.add_argument("file", type=Path, help="the .blend with the rig")
        command.add_argument("--frames", type=frame_range, required=True, help="first-last, such as 1-40")
        command.add_argument("--cache", type=Path, required=True, help="the folder of the frames")
        command.add_argument("--object", default="", help="the rigged object, where the file has several")
    assemble.add_argument("--save", type=Path, required=True, help="the .blend to write")
    assemble.add_argument("--method", choices=("frames", "compressed", "sliders"), default="frames")
    assemble.add_argument("--error", type=float, default=0.1, help="largest error of --method compressed in mm")
    return parser


def frame_range(text: str) -> range:
    """ "1-40" or "7" as frames; also negative ones ("-5--1")."""
    match = re.fullmatch(r"(-?\d+)(?:-(-?\d+))?", text.strip())
    if match is None:
        raise argparse.ArgumentTypeError(f"'{text}' is not a range of frames such as 1-40")
    first = int(match.group(1))
    last = int(match.group(2)) if match.group(2) is not None else first
    if last < first:
        raise argparse.ArgumentTypeError(f"the last frame of '{text}' lies before the first")
    return range(first, last + 1)


def bake_frames(given: argparse.Namespace) -> None:
    """Simulate the frames and write each into the folder."""
    with jobs.held():
        obj = _open(given)
        model, frames = storage.load(obj.data), given.frames
        reading = baking.read_frames(bpy.context, obj, model, frames)
        drives = _finished(reading)
        if bpy.app.autoexec_fail:
            print(
                f"Muscle Face: WARNING: Blender may not run Python of this file: {bpy.app.autoexec_fail_message}. "
                "If it moves the face, the frames are wrong; run Blender with --enable-autoexec.",
                flush=True,
            )
        _prepare(given.cache)
        poses = baking.solve_independent(model, drives)
        for frame, item, pose in zip(frames, drives, poses, strict=True):
            (offset,) = baking.offsets_of(obj, model, [item], [pose])
            _write(_path(given.cache, obj, frame), offset)
            rough = "" if pose is None or pose.converged else " (did not settle)"
            print(f"Muscle Face: frame {frame} of {frames[0]} to {frames[-1]}{rough}", flush=True)


def assemble_frames(given: argparse.Namespace) -> None:
    """Read the frames from the folder, bake them to shape keys and save the file."""
    with jobs.held():
        obj = _open(given)
        model = storage.load(obj.data)
        missing = [frame for frame in given.frames if not _path(given.cache, obj, frame).exists()]
        if missing:
            raise MuscleFaceError(f"{len(missing)} frames are missing in {given.cache}, first {missing[0]}: bake them.")
        offsets = [_read(_path(given.cache, obj, frame)) for frame in given.frames]
        if any(offset.shape != (model.vertex_count, 3) for offset in offsets):
            raise MuscleFaceError(f"The frames in {given.cache} are of another mesh: bake them again.")
        method = given.method.upper()
        baking.check(obj, model, method)
        found = baking.reduced(obj, model, offsets, method, given.error)()
        text = _finished(baking.write(bpy.context.scene, obj, model, given.frames, offsets, method, found))
        bpy.context.scene.frame_set(bpy.context.scene.frame_current)
        try:
            bpy.ops.wm.save_as_mainfile(filepath=str(given.save.resolve()), copy=True)
        except RuntimeError as error:
            raise MuscleFaceError(f"{given.save} cannot be written; choose another place.") from error
    print(f"Muscle Face: {text}; saved {given.save}", flush=True)


def _open(given: argparse.Namespace) -> bpy.types.Object:
    if not given.file.exists():
        raise MuscleFaceError(f"There is no file {given.file}.")
    try:
        bpy.ops.wm.open_mainfile(filepath=str(given.file.resolve()))
    except RuntimeError as error:
        raise MuscleFaceError(f"{given.file} cannot be opened as a .blend.") from error
    scene = bpy.context.scene
    rigs = [obj for obj in scene.objects if obj.type == "MESH" and requirements.is_rig(obj)]
    named = [obj for obj in rigs if given.object in ("", obj.name)]
    if not rigs:
        raise MuscleFaceError(f"The file's active scene '{scene.name}' has no muscle rig: save the file with another.")
    if len(named) != 1:
        names = ", ".join(obj.name for obj in rigs)
        raise MuscleFaceError(f"Say which rig to bake with --object; this file has: {names}.")
    (obj,) = named
    with bpy.context.temp_override(object=obj, active_object=obj):
        # Saved in another mode: its end would write over the shape keys.
        if obj.mode != "OBJECT":
            bpy.ops.object.mode_set(mode="OBJECT")
        problem = requirements.bake_problem(bpy.context)
    if problem is not None:
        raise MuscleFaceError(f"{problem}.")
    animation.check_untweaked(obj.data.shape_keys)
    return obj


def _finished(generator):
    while True:
        try:
            next(generator)
        except StopIteration as end:
            return end.value


def _path(folder: Path, obj: bpy.types.Object, frame: int) -> Path:
    return folder / f"{bpy.path.clean_name(obj.name)}.{frame:05d}.npy"


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Asked now: a simulated frame that cannot be kept is lost.
        probe = folder / f".{os.getpid()}.part"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise MuscleFaceError(f"Cannot write to {folder} ({error.strerror}); choose another folder.") from error


def _read(path: Path) -> np.ndarray:
    try:
        return np.load(path)
    except (ValueError, EOFError) as error:
        raise MuscleFaceError(f"{path} is broken: bake its frame again.") from error


def _write(path: Path, offset: np.ndarray) -> None:
    """A file appears whole or not at all: machines of a farm read each other's folders."""
    partial = path.with_suffix(f".{os.getpid()}.part")
    with open(partial, "wb") as file:
        np.save(file, offset.astype(np.float32))
    partial.replace(path)


_handle: object | None = None


def register() -> None:
    """Add the command to `blender --command`."""
    global _handle
    _handle = bpy.utils.register_cli_command(NAME, main)


def unregister() -> None:
    """The mirror of register."""
    global _handle
    if _handle is not None:
        bpy.utils.unregister_cli_command(_handle)
        _handle = None
