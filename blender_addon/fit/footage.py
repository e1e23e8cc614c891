# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Tracked footage: tracks of the Movie Clip Editor, or files of other trackers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import bpy
import numpy as np
from mathutils import Matrix

from ...core import MuscleFaceError
from . import cameras, places

if TYPE_CHECKING:
    from ...core import FaceModel
    from ...core.fit.targets import CameraTarget, Target
    from ...core.fit.tracks2d import Tracks


class ClipSource:
    """Tracks of a movie clip."""

    def __init__(self, context, obj: bpy.types.Object, model: FaceModel) -> None:
        self._clip, self._model = obj.muscle_face.fit_clip, model
        # Found anew on each frame: the scene's markers may switch cameras.
        self._camera = partial(cameras.camera_of, context, obj)
        tracks = tracks_of(self._clip)
        rows = used_rows(obj, model, list(tracks))
        self._tracks = [tracks[row.name] for row in rows]
        self._points = places.bound_rows(model, rows)
        self._weights = np.array([row.importance for row in rows])
        self.names = [row.name for row in rows]
        self.places = ["" if row.clicked else row.place for row in rows]

    def read(self, depsgraph, frame: int, to_face: Matrix) -> CameraTarget:
        """The markers of a scene frame; muted ones are missing."""
        from ...core.fit.targets import CameraTarget

        clip, size = self._clip, tuple(self._clip.size)
        number = frame - clip.frame_start + 1
        found = [track.markers.find_frame(number) for track in self._tracks]
        # A track that was moved off its pattern is where its offset says, as for Blender's own camera solve.
        shares = [
            (np.nan, np.nan) if m is None or m.mute else tuple(m.co + track.offset)
            for m, track in zip(found, self._tracks, strict=True)
        ]
        aspect = clip.tracking.camera.pixel_aspect
        camera = cameras.read(self._camera(), depsgraph, to_face, self._model, size, clip, aspect=aspect)
        importance = self._weights * [track.weight for track in self._tracks]
        return CameraTarget(self._points, np.array(shares, np.float64) * size, camera, importance)


class TrackFileSource:
    """A file of another tracker, at the scene's rate."""

    def __init__(self, context, obj: bpy.types.Object, model: FaceModel) -> None:
        self._model, self._start = model, obj.muscle_face.fit_track_start
        self._camera = partial(cameras.camera_of, context, obj)
        tracks = read_file(context, obj)
        rows = used_rows(obj, model, tracks.names)
        render = context.scene.render
        self._tracks = tracks.resampled(render.fps / render.fps_base)
        self._aspect = render.pixel_aspect_x / render.pixel_aspect_y
        self._columns = [tracks.names.index(row.name) for row in rows]
        self._points = places.bound_rows(model, rows)
        self._weights = np.array([row.importance for row in rows])
        self.names = [row.name for row in rows]
        self.places = ["" if row.clicked else row.place for row in rows]

    def read(self, depsgraph, frame: int, to_face: Matrix) -> CameraTarget:
        """The points of a scene frame; outside of the file all are missing."""
        from ...core.fit.targets import CameraTarget

        tracks, at = self._tracks, frame - self._start
        pixels, trust = np.full((len(self._columns), 2), np.nan), np.zeros(len(self._columns))
        if 0 <= at < len(tracks.frames):
            pixels, trust = tracks.pixels[at, self._columns], tracks.confidence[at, self._columns]
        size = tracks.width, tracks.height
        camera = cameras.read(self._camera(), depsgraph, to_face, self._model, size, aspect=self._aspect)
        return CameraTarget(self._points, pixels, camera, self._weights * trust)


def refined(
    targets: list[Target], model: FaceModel, neutral: Target | None, slide: list[str] | None, progress
) -> list[Target]:
    """Targets without what the neutral frame shows already, and free to slide along lips and lids. Any thread.

    neutral: the target of the neutral frame or None · slide: the place of each point, None where they are held.
    """
    if neutral is not None:
        from ...core.fit.neutral_frame import NeutralFrame

        try:
            frame = NeutralFrame(model, neutral, progress)
        except MuscleFaceError as error:
            raise MuscleFaceError(f"Neutral frame: {error}") from error
        targets = [frame.corrected(target) for target in targets]
    if slide is not None:
        from ...core.fit.sliding import sliding

        known = places.of(model)
        named = [places.spelled(model, name) or "" for name in slide]
        targets = [sliding(target, named, known) for target in targets]
    return targets


def tracks_of(clip: bpy.types.MovieClip) -> dict[str, bpy.types.MovieTrackingTrack]:
    """All tracks of a clip by name; one of another tracking object with a name that is taken also tells its object.
    Raises MuscleFaceError when there are none."""
    found = {}
    for item in clip.tracking.objects:
        for track in item.tracks:
            found[f"{track.name} ({item.name})" if track.name in found else track.name] = track
    if not found:
        raise MuscleFaceError(f"'{clip.name}' has no tracks: track points of the face in the Movie Clip Editor.")
    return found


def read_file(context, obj: bpy.types.Object) -> Tracks:
    """The chosen track file. Raises MuscleFaceError when it is none."""
    from ...core.fit.tracks2d import read_tracks

    render = context.scene.render
    # Without the percentage, which makes test renders small and not the footage.
    size = render.resolution_x, render.resolution_y
    return read_tracks(bpy.path.abspath(obj.muscle_face.fit_track_file), size)


def used_rows(obj: bpy.types.Object, model: FaceModel, names: list[str]) -> list:
    """The rows of the table that have a track and a place; it is filled by name where it knows none of the tracks."""
    table = obj.muscle_face.fit_tracks
    if not any(row.name in names for row in table):
        fill_table(obj, model, names)
    rows = [row for row in table if row.name in names and row.use and (row.clicked or row.place)]
    if not rows:
        raise MuscleFaceError(
            "No track has a place on the face: choose places in the table of tracks, or name tracks after landmarks."
        )
    return rows


def fill_table(obj: bpy.types.Object, model: FaceModel, names: list[str]) -> int:
    """Give every track whose name tells its place a row, and if none does, every track an empty one.

    Rows that the artist has filled stay. Returns how many rows have a place.
    """
    from ...core.fit.landmark_sets import number_of, set_of

    table = obj.muscle_face.fit_tracks
    for index in reversed(range(len(table))):
        row = table[index]
        if row.name not in names or not (row.clicked or row.place):
            table.remove(index)
    numbering = set_of(names)
    found = {}
    for name in names:
        if numbering is None:
            found[name] = places.spelled(model, name), 1.0
        else:
            number = number_of(name)
            found[name] = numbering.places.get(number), numbering.weights.get(number, 1.0)
    for name, (place, weight) in found.items():
        # A dense set would drown the table in points that have no place.
        if name not in table and (place is not None or numbering is None):
            row = table.add()
            row.name, row.place, row.importance = name, place or "", weight
    return sum(1 for row in table if row.clicked or row.place)
