# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What the artist points at decides the kind of fit; a source reads its target off the scene, frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Protocol

import bpy
from mathutils import Matrix

from .. import drive, requirements, storage
from . import shown
from .footage import ClipSource, TrackFileSource
from .markers import MarkerSource
from .meshes import MeshSource, SculptSource

if TYPE_CHECKING:
    from ...core import FaceModel
    from ...core.fit.targets import Target
    from ...core.pose import Pose


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


def simulating(context: bpy.types.Context, obj: bpy.types.Object) -> Generator[Callable[..., Pose], Pose, None]:
    """Have a target that is a live face itself show the scene's frame: the handlers rest while a job runs."""
    target = obj.muscle_face.fit_target
    if target is None or not storage.has_rig(target.data) or not target.data.is_editable:
        return
    first, behind = drive.leader(target), []
    if requirements.is_rig(first) and first.is_editable and first.muscle_face.live:
        drive.refresh(first, context.evaluated_depsgraph_get(), lambda *given: behind.append(given))
    for given in behind:
        yield from drive.solving(*given)


def target(
    context: bpy.types.Context, obj: bpy.types.Object, model: FaceModel, aim: Source, rest: Matrix | None = None
) -> Target:
    """What a source shows at the scene's frame. rest: see ``shown.to_face``."""
    depsgraph = context.evaluated_depsgraph_get()
    return aim.read(depsgraph, context.scene.frame_current, shown.to_face(obj, model, depsgraph, rest))


def problem(context: bpy.types.Context) -> str | None:
    """Why nothing can be fitted now, in one sentence; None when something can."""
    found = requirements.drive_problem(context)
    if found is None:
        target = context.object.muscle_face.fit_target
        if target is not None and target.data == context.object.data:
            found = "The target must be another object than the face itself, with a mesh of its own"
    return found or requirements.size_problem(context.object)


def frames_problem(context: bpy.types.Context) -> str | None:
    """Why no range of frames can be fitted now."""
    found = problem(context)
    if found is None and is_sculpt(context.object.muscle_face):
        found = "A sculpt is one face, for Fit alone; choose a mesh, markers or footage to fit frames"
    return found


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
