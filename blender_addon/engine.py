# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The one door to the simulation: it is opened on first use, because Warp takes a second to start."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ..core import MuscleFaceError

if TYPE_CHECKING:
    from ..core import FaceModel
    from ..core.live import LiveFace
    from ..core.progress import Progress

PACKAGE = __package__.rpartition(".")[0]
_opened: type[FaceModel] | None = None
_GPU = {"cuda:0": "NVIDIA GPU", "cuda:1": "second NVIDIA GPU"}


def face_model() -> type[FaceModel]:
    """The FaceModel class, with Warp set up as the preferences say; once it was opened also in other threads."""
    return _opened or opener()()


def opener() -> Callable[[], type[FaceModel]]:
    """What gives the FaceModel class, in any thread: it takes a second the first time. The preferences are read now."""
    folder, chosen = _kernel_folder(), preferences()
    level = chosen.log_level if chosen else "WARNING"
    device, threads = (chosen.device, chosen.threads) if chosen else ("auto", None)

    def open_door() -> type[FaceModel]:
        global _opened
        if _opened is not None:
            return _opened
        import warp as wp

        if folder:
            problem = folder_problem(folder)
            if problem is not None:
                raise MuscleFaceError(problem)
            wp.config.kernel_cache_dir = folder
        wp.config.log_level = getattr(wp, f"LOG_{level}")
        if device in _GPU and device not in [gpu.alias for gpu in wp.get_cuda_devices()]:
            raise MuscleFaceError(
                f"There is no {_GPU[device]} here; choose another Device in Muscle Face's preferences."
            )
        from ..core import FaceModel, parallel

        if threads is not None:
            parallel.use_workers(threads)
        if device != "auto":
            wp.set_device(device)
        _opened = FaceModel
        return FaceModel

    return open_door


def folder_problem(folder: str) -> str | None:
    """Why compiled kernels cannot be kept in a folder, which is made where there is none; None when they can."""
    probe = Path(folder, f".{os.getpid()}.part")
    try:
        probe.parent.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        return (
            f"Compiled kernels cannot be kept in {folder} ({error.strerror}); choose another Kernel Cache in Muscle "
            "Face's preferences."
        )
    return None


def use_log_level(level: str) -> None:
    """Write more or less to the console from now on; before Warp is started, `opener` reads the preferences."""
    if "warp" in sys.modules:
        wp = sys.modules["warp"]
        wp.config.log_level = getattr(wp, f"LOG_{level}")


@cache
def live_face() -> type[LiveFace]:
    """The class that follows sliders."""
    face_model()
    from ..core.live import LiveFace

    return LiveFace


def live_nearness() -> float:
    """How near to its equilibrium a moving face is to be, by the preferences, as ``LiveFace.follow`` takes it."""
    face_model()
    from ..core.live import PRECISION

    chosen = preferences()
    return PRECISION[chosen.precision if chosen else "STANDARD"]


def swollen_face() -> type[FaceModel]:
    """The class of a face whose flesh has swollen."""
    face_model()
    from ..core.swelling import SwollenFace

    return SwollenFace


def carried() -> Callable:
    """The function that carries a motion to another neutral."""
    face_model()
    from ..core.fit.head import carried

    return carried


def regions() -> list[str]:
    """The parts of the face, in the order in which their stiffness is given."""
    face_model()
    from ..core.anatomy.composition import REGIONS

    return list(REGIONS)


def guess_landmarks() -> Callable:
    """The function that finds the landmarks of any head."""
    face_model()
    from ..core import guess_landmarks

    return guess_landmarks


def fitted_bones() -> Callable:
    """The function that fits a skull into any head."""
    face_model()
    from ..core.anatomy.bone_fit import fitted_bones

    return fitted_bones


def muscle_curve() -> type:
    """The class of a muscle drawn as a curve."""
    face_model()
    from ..core.anatomy.muscle_curves import MuscleCurve

    return MuscleCurve


def picked_landmarks() -> Sequence:
    """The landmarks that an artist is asked for, in order: name, label and help."""
    from ..core.anatomy.picked import PICKED

    return PICKED


# Modules that open SciPy, for the same reason.


@cache
def bake():
    """The module core.bake."""
    from ..core import bake

    return bake


@cache
def influence():
    """The module core.influence."""
    face_model()
    from ..core import influence

    return influence


@cache
def views():
    """The module core.views."""
    face_model()
    from ..core import views

    return views


def preparer() -> Callable[[Progress], None]:
    """What compiles all that the simulation runs, once for each machine, in any thread; its progress may cancel."""
    opening = opener()

    def prepare(progress: Progress) -> None:
        opening()
        from ..core.warm_up import compile_kernels

        compile_kernels(progress)

    return prepare


def preferences() -> bpy.types.AddonPreferences | None:
    """The add-on's preferences; None for a checkout that is not installed."""
    addon = bpy.context.preferences.addons.get(PACKAGE)
    return addon.preferences if addon else None


def _kernel_folder() -> str:
    """Where compiled kernels are kept; empty for Warp's own folder."""
    chosen = preferences()
    folder = bpy.path.abspath(chosen.cache_folder) if chosen else ""
    if not folder:
        try:
            folder = bpy.utils.extension_path_user(PACKAGE, path="kernels", create=True)
        except ValueError:
            # Not installed as an extension (a checkout): Warp's own cache folder is right.
            return ""
    return str(Path(folder))
