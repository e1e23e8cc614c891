# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What the artist points at decides the kind of fit; a source reads its target off the scene, frame by frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import bpy
from mathutils import Matrix

from .. import requirements
from . import shown
from .footage import ClipSource, TrackFileSource
from .markers import MarkerSource
from .meshes import MeshSource, SculptSource

if TYPE_CHECKING:
    from ...core import FaceModel
    from ...core.fit.targets import Target


class Source(Protocol):
    """Something that a fit can aim at. Made once per fit; raises MuscleFaceError when it cannot be meant. names: of its
    markers or tracks, in the target's order."""

    names: list[str]

    def read(self, depsgraph: bpy.types.Depsgraph, frame: int, to_face: Matrix) -> Target:
        """The target at the frame that the scene shows; `to_face` leads from the world to the face's own space."""
        ...


def of(context: bpy.types.Context, obj: bpy.types.Object, model: FaceModel) -> Source:
    """The source that is set in the Fit panel."""
    settings = obj.muscle_face
    if settings.fit_clip is not None:
        return ClipSource(context, obj, model)
    if settings.fit_track_file:
        return TrackFileSource(context, obj, model)
    if settings.fit_markers is not None:
        return MarkerSource(context, obj, model)
    if settings.fit_target is not None:
        return MeshSource(context, obj, model)
    return SculptSource(context, obj, model)


def target(
    context: bpy.types.Context, obj: bpy.types.Object, model: FaceModel, aim: Source, rest: Matrix | None = None
) -> Target:
    """What a source shows at the scene's frame. rest: see ``shown.to_face``."""
    depsgraph = context.evaluated_depsgraph_get()
    return aim.read(depsgraph, context.scene.frame_current, shown.to_face(obj, model, depsgraph, rest))


def problem(context: bpy.types.Context) -> str | None:
    """Why nothing can be fitted now, in one sentence; None when something can."""
    found = requirements.drive_problem(context)
    if found is None and context.object.muscle_face.fit_target == context.object:
        found = "The target must be another object than the face itself"
    return found or requirements.size_problem(context.object)


def neutral_frame(settings) -> int | None:
    """The scene frame on which the person filmed or captured is at rest, where one is given."""
    of_points = is_footage(settings) or settings.fit_markers is not None
    return settings.fit_neutral_frame if of_points and settings.fit_use_neutral else None


def slides(settings, aim: Source) -> list[str] | None:
    """The places of the points that may slide, None where they are held."""
    return aim.places if is_footage(settings) and settings.fit_slide else None


def is_sculpt(settings) -> bool:
    """Whether the fit aims at what is sculpted on the face itself."""
    return not (settings.fit_target or settings.fit_markers or is_footage(settings))


def is_footage(settings) -> bool:
    """Whether the fit aims at pixels."""
    return settings.fit_clip is not None or bool(settings.fit_track_file)
