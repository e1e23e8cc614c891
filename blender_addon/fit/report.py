# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""How near a fit came: figures on the object, distance and remainder on the mesh's vertices."""

from __future__ import annotations

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

NAMED_MUSCLES, NAMED_FRAMES = 5, 8


def write(obj: bpy.types.Object, model: FaceModel, fit: FitResult, note: str = "") -> str:
    """Keep the figures of a fit and a note on it; returns the figures as one line."""
    settings = obj.muscle_face
    for name in ("rms_mm", "p95_mm", "max_mm", "pixels_rms", "blendshape_only_rms_mm"):
        value = getattr(fit, name)
        setattr(settings, f"fit_{name.replace('_only', '')}", value if np.isfinite(value) else 0.0)
    settings.fit_percent = fit.percent_interocular if np.isfinite(fit.percent_interocular) else 0.0
    plain = fit.blendshape_only_pixels_rms
    settings.fit_blendshape_pixels_rms = plain if np.isfinite(plain) else 0.0
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


def write_performance(obj: bpy.types.Object, found: Performance, footage: bool, note: str = "") -> str:
    """Keep the figures of a performance and a note on it; returns them as one line."""
    settings, unit = obj.muscle_face, "px" if footage else "mm"
    rms = found.rms[np.isfinite(found.rms)]
    mean = float(np.sqrt((rms**2).mean())) if len(rms) else 0.0
    worst = int(found.frames[np.nanargmax(found.rms)]) if len(rms) else 0
    text = f"{len(found.frames)} frames: RMS {mean:.3g} {unit}, at most {max(rms, default=0.0):.3g} at frame {worst}"
    if found.unconverged:
        listed = ", ".join(f"{found.frames[k]:g}" for k in found.unconverged[:NAMED_FRAMES])
        more = len(found.unconverged) - NAMED_FRAMES
        text += f"; bridged: {listed}" + (f" and {more} more" if more > 0 else "")
    if found.stopped:
        text += "; stopped early"
    text += f"; {note}" if note else ""
    settings.fit_message, settings.fit_seconds, settings.fit_muscles = text, found.seconds, ""
    settings.fit_pixels_rms = settings.fit_max_mm = 0.0
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
