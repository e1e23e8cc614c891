# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What a fit aims at and how near the last one came."""

import bpy
from bpy.props import FloatProperty, FloatVectorProperty, PointerProperty, StringProperty


def _is_mesh(_self, obj: bpy.types.Object) -> bool:
    return obj.type == "MESH"


class FitProperties:
    """The fit's part of `object.muscle_face`."""

    fit_target: PointerProperty(
        type=bpy.types.Object,
        name="Target",
        description="A mesh of the same topology whose shape the fit reproduces",
        poll=_is_mesh,
    )
    fit_rms_mm: FloatProperty(name="RMS (mm)", description="Root mean square distance of the last fit in millimetres")
    fit_p95_mm: FloatProperty(name="95% (mm)", description="Distance that 95% of the points of the last fit stay under")
    fit_max_mm: FloatProperty(name="Max (mm)", description="Largest distance of the last fit in millimetres")
    fit_seconds: FloatProperty(name="Seconds", description="Time that the last fit took")
    fit_blendshape_rms_mm: FloatProperty(
        name="Blendshapes Alone (mm)",
        description="Root mean square distance that the shape keys reach without the simulation, in millimetres",
    )
    head_rest: FloatVectorProperty(
        name="Head at Rest",
        description="Where the face object stood in the world before the motion of its head was keyed",
        size=16,
        options={"HIDDEN"},
    )
    take_report: StringProperty(
        name="Take", description="What the last imported take became, and which of its columns no slider takes"
    )
