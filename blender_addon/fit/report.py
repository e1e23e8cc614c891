# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""How near a fit came: figures on the object, distance and remainder on the mesh's vertices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import bpy
import numpy as np

from ...core.sliders import label_of

if TYPE_CHECKING:
    from ...core import FaceModel
    from ...core.fit.result import FitResult, Performance

ERROR = "Fit Error (mm)"
REMAINDER = "Fit Remainder"
"""Point attributes: distance to the target, and the motion that would reach it and no slider gives."""

NAMED_MUSCLES, NAMED = 5, 8

OFTEN = 0.1
"""Share of the frames on which a point must be too far off to be named."""


def write(obj: bpy.types.Object, model: FaceModel, fit: FitResult, note: str = "") -> str:
    """Keep the figures of a fit and a note on it; returns the figures as one line."""
    settings = obj.muscle_face
    for name in ("rms_mm", "p95_mm", "max_mm", "pixels_rms", "percent_interocular"):
        for kind, figures in (("fit", fit), ("fit_blendshape", fit.blendshape_only)):
            value = getattr(figures, name)
            setattr(settings, f"{kind}_{name.removesuffix('_interocular')}", value if np.isfinite(value) else 0.0)
    settings.fit_seconds = fit.seconds
    pulling = fit.active_muscles[:NAMED_MUSCLES]
    settings.fit_muscles = ", ".join(f"{label_of(name)} {pull:.0%}" for name, pull in pulling)
    stopped = "Stopped early: this is the best until then" if fit.stopped else ""
    settings.fit_message = "; ".join(filter(None, (stopped, note)))
    _write_attribute(obj.data, ERROR, "FLOAT", fit.error_mm if len(fit.error_mm) == model.vertex_count else None)
    _write_attribute(obj.data, REMAINDER, "FLOAT_VECTOR", fit.residual_skin)
    if settings.fit_pixels_rms > 0.0:
        return f"RMS {fit.pixels_rms:.2f} px, {fit.percent_interocular:.2f}% of the distance between the eyes"
    return f"RMS {fit.rms_mm:.3f} mm, 95% under {fit.p95_mm:.3f} mm, at most {fit.max_mm:.3f} mm"


def note(driven: Iterable[str], added: Sequence[str], far: Sequence[str], keyed: bool = False) -> str:
    """What to know beside the figures: sliders that their drivers keep, shape keys that Blender adds to the simulation,
    markers and tracks that did not count, and that keyed sliders lose what is fitted."""
    parts = ["The sliders are animated: Keyframe All keeps the fit on this frame"] if keyed else []
    if driven:
        parts.append(f"Drivers keep {_some(sorted(driven))}: mute these to have them fitted")
    if added:
        parts.append(f"Outside of the simulation, so not counted: {_some(added)}")
    if far:
        parts.append(f"Too far off to count: {_some(far)}")
    return "; ".join(parts)


def moving_note(held: Sequence[str], frame: int) -> str:
    """That keys or drivers moved sliders over the frames of a performance, which holds them; "" for none."""
    if not held:
        return ""
    return f"All frames were fitted with {_some(held)} as on frame {frame}, but keys or drivers move these"


def _some(names: Sequence[str]) -> str:
    """The first few of many."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def often_far(names: Sequence[str], found: Performance) -> list[str]:
    """The points that were too far off to count on many frames, the worst first, with their number."""
    least = max(1, int(OFTEN * len(found.frames)))
    return [f"{names[k]} ({found.far[k]} frames)" for k in np.argsort(-found.far) if found.far[k] >= least]


def write_performance(obj: bpy.types.Object, found: Performance, footage: bool, note: str = "") -> str:
    """Keep the figures of a performance and a note on it; returns them as one line."""
    settings, unit = obj.muscle_face, "px" if footage else "mm"
    rms = found.rms[np.isfinite(found.rms)]
    text = f"{len(found.frames)} frames"
    # Who stops a fit does not wait for its figures.
    if len(rms):
        mean, worst = float(np.sqrt((rms**2).mean())), int(found.frames[np.nanargmax(found.rms)])
        text += f": RMS {mean:.3g} {unit}, at most {rms.max():.3g} at frame {worst}"
    if found.unconverged:
        text += f"; bridged: {_some([f'{found.frames[k]:g}' for k in found.unconverged])}"
    if found.stopped:
        text += "; stopped early"
    text += f"; {note}" if note else ""
    settings.fit_message, settings.fit_seconds, settings.fit_muscles = text, found.seconds, ""
    settings.fit_pixels_rms = settings.fit_max_mm = 0.0
    # Those of a fit before are of another face.
    remove(obj.data)
    return text


def remainder(mesh: bpy.types.Mesh) -> np.ndarray | None:
    """(V, 3) motion that the last fit left over; None where it left none."""
    return _read(mesh, REMAINDER, "vector", 3)


def error(mesh: bpy.types.Mesh) -> np.ndarray | None:
    """(V,) distance [mm] of the last fit, 0 where nothing was compared; None where there is no such fit."""
    found = _read(mesh, ERROR, "value", 1)
    return None if found is None else found[:, 0]


def remove(mesh: bpy.types.Mesh) -> None:
    """Take the attributes off the mesh."""
    for name in (ERROR, REMAINDER):
        _write_attribute(mesh, name, "", None)


def _read(mesh: bpy.types.Mesh, name: str, field: str, width: int) -> np.ndarray | None:
    layer = mesh.attributes.get(name)
    if layer is None or len(layer.data) != len(mesh.vertices):
        return None
    values = np.empty(width * len(layer.data), np.float32)
    layer.data.foreach_get(field, values)
    return values.reshape(-1, width).astype(np.float64)


def _write_attribute(mesh: bpy.types.Mesh, name: str, kind: str, values: np.ndarray | None) -> None:
    layer = mesh.attributes.get(name)
    if layer is not None:
        mesh.attributes.remove(layer)
    if values is not None:
        layer = mesh.attributes.new(name, kind, "POINT")
        flat = np.ascontiguousarray(np.nan_to_num(values), np.float32).ravel()
        layer.data.foreach_set("vector" if kind == "FLOAT_VECTOR" else "value", flat)
