# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Map Tracks: fill the table of tracks and places by the tracks' names or numbers."""

import bpy

from ...core import MuscleFaceError
from .. import requirements, storage
from ..fit import footage, source


class MUSCLE_FACE_OT_map_tracks(bpy.types.Operator):
    """Find the place on the face that each track follows by its name or its number; rows with a place stay"""

    bl_idname = "muscle_face.map_tracks"
    bl_label = "Map Tracks"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        problem = requirements.rig_problem(context)
        if problem is None and not source.is_footage(context.object.muscle_face):
            problem = "Choose a clip or a track file in the Fit panel first"
        return requirements.check(cls, problem)

    def execute(self, context):
        obj = context.object
        try:
            model, clip = storage.load(obj.data), obj.muscle_face.fit_clip
            names = list(footage.tracks_of(clip)) if clip else footage.read_file(context, obj).names
            count = footage.fill_table(obj, model, names)
        except MuscleFaceError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"{count} of {len(names)} tracks have a place on the face")
        return {"FINISHED"}
