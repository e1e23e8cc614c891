# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What a fit aims at, what it may move, and how near the last one came."""

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    FloatVectorProperty,
    IntProperty,
    IntVectorProperty,
    PointerProperty,
    StringProperty,
)

from .. import head_pose

SOURCES = ("fit_target", "fit_markers", "fit_clip", "fit_track_file")
"""Properties that a fit can aim at; at most one is set, and which one decides the kind of fit."""


# Blender wants to be told since 4.5 that a path may be relative to the file.
_RELATIVE = {"ANIMATABLE", "PATH_SUPPORTS_BLEND_RELATIVE"} if bpy.app.version >= (4, 5, 0) else {"ANIMATABLE"}


def _is_mesh(_self, obj: bpy.types.Object) -> bool:
    return obj.type == "MESH"


def _is_camera(_self, obj: bpy.types.Object) -> bool:
    return obj.type == "CAMERA"


def _chosen(source: str):
    def clear_others(self, _context) -> None:
        if getattr(self, source):
            for other in SOURCES:
                if other != source:
                    self.property_unset(other)
            self.fit_message = ""

    return clear_others


def _places(_self, _context, text: str) -> list[str]:
    # Imported late: the table of places needs SciPy.
    from ..fit.places import suggestions

    return [name for name in suggestions() if text.lower() in name.lower()]


class MuscleFaceMarker(bpy.types.PropertyGroup):
    """An empty bound to a point of the skin."""

    marker: PointerProperty(type=bpy.types.Object, name="Marker", description="The empty that follows the skin")
    corners: IntVectorProperty(name="Corners", description="Vertices of the triangle that the point lies in", size=3)
    weights: FloatVectorProperty(name="Weights", description="Where in the triangle the point lies", size=3)
    beside: FloatVectorProperty(name="Beside", description="How far from that point of the skin the empty lies", size=3)


class MuscleFaceTrack(bpy.types.PropertyGroup):
    """A track of footage and the place on the face that it follows; `name` is the track's."""

    use: BoolProperty(name="Use", description="Let the fit follow this track", default=True)
    place: StringProperty(
        name="Place",
        description="The place on the face that the track follows: a landmark, or a curve and a share of its length",
        search=_places,
    )
    clicked: BoolProperty(name="Clicked", description="Whether the place was clicked on the skin")
    corners: IntVectorProperty(name="Corners", description="Vertices of the triangle that was clicked", size=3)
    weights: FloatVectorProperty(name="Weights", description="Where in the triangle the click was", size=3)
    importance: FloatProperty(
        name="Importance", description="How much the track counts", min=0.0, max=1.0, default=1.0, subtype="FACTOR"
    )


class FitProperties:
    """The fit's part of `object.muscle_face`."""

    fit_target: PointerProperty(
        type=bpy.types.Object,
        name="Mesh",
        description="A sculpted copy of the face, or a scan of any topology that lies on it",
        poll=_is_mesh,
        update=_chosen("fit_target"),
    )
    fit_markers: PointerProperty(
        type=bpy.types.Collection,
        name="Markers",
        description="A collection of empties that follow points of the skin",
        update=_chosen("fit_markers"),
    )
    fit_clip: PointerProperty(
        type=bpy.types.MovieClip,
        name="Clip",
        description="A movie clip whose tracks follow points of the face",
        update=_chosen("fit_clip"),
    )
    fit_track_file: StringProperty(
        name="Track File",
        description="2D points tracked by another program, such as MediaPipe, OpenPose or OpenFace: JSON, CSV or npz",
        subtype="FILE_PATH",
        options=_RELATIVE,
        update=_chosen("fit_track_file"),
    )
    fit_sculpt_key: StringProperty(
        name="Sculpt",
        description="The shape key that holds the sculpt; when empty, what the face itself shows is fitted",
    )
    fit_group: StringProperty(
        name="Weights", description="A vertex group of the face: only its vertices are fitted, by their weights"
    )
    fit_camera: PointerProperty(
        type=bpy.types.Object,
        name="Camera",
        description="The camera that filmed the footage; the scene's own when empty",
        poll=_is_camera,
    )
    fit_track_start: IntProperty(
        name="File Starts At", description="The scene frame that shows the first frame of the track file", default=1
    )
    fit_use_neutral: BoolProperty(
        name="Neutral Frame",
        description="Take one frame as the resting face, so that differences between this head and the person's are "
        "not mistaken for expression",
    )
    fit_neutral_frame: IntProperty(
        name="Neutral Frame", description="The scene frame on which the person's face is at rest", default=1
    )
    fit_slide: BoolProperty(
        name="Slide Along Lips and Lids",
        description="Let points between the corners and the middle of lips and lids slide along them: trackers place "
        "them well across the edge only",
    )
    fit_marker_bindings: CollectionProperty(
        type=MuscleFaceMarker, name="Bound Markers", description="Markers and their points on the skin"
    )
    fit_tracks: CollectionProperty(
        type=MuscleFaceTrack, name="Tracks", description="Tracks and the places on the face that they follow"
    )
    fit_active_track: IntProperty(name="Active Track", description="The selected row of the table", options=set())

    fit_mode: EnumProperty(
        name="Mode",
        description="What a fit prefers",
        items=(
            ("faithful", "Faithful", "Come as near as the sliders can"),
            ("readable", "Readable", "Use few sliders, as an animator would"),
        ),
    )
    fit_use_shapes: BoolProperty(name="Shapes", description="Let the fit move the shape keys", default=True)
    fit_use_muscles: BoolProperty(name="Muscles", description="Let the fit move the muscles", default=True)
    fit_use_jaw: BoolProperty(name="Jaw", description="Let the fit move the jaw", default=True)
    fit_head_pose: EnumProperty(
        name="Head Pose",
        description="Whether the fit may move the head as a whole",
        items=(
            ("AUTO", "Automatic", "For all targets but a mesh of the same topology and a sculpt"),
            ("ON", "Free", "The head may move"),
            ("OFF", "Fixed", "The head stays where it is"),
        ),
    )
    fit_scale: BoolProperty(name="Scale", description="Let the fit also change the size of the head")
    fit_head: EnumProperty(
        name="Head Goes To",
        description="What takes the motion of the head that a fit finds",
        items=head_pose.TARGETS,
    )
    fit_hold: BoolProperty(
        name="Hold to Current Pose", description="Start from the sliders as they are and pull towards them"
    )
    fit_prior: FloatProperty(
        name="Hold",
        description="How strongly sliders are pulled to the current pose or, without one, to neutral",
        min=0.0,
        soft_max=100.0,
        default=1.0,
    )
    fit_smoothness: FloatProperty(
        name="Smoothness",
        description="How steadily the sliders move over the frames of a performance",
        min=0.0,
        soft_max=10.0,
        default=1.0,
    )

    fit_rms_mm: FloatProperty(name="RMS (mm)", description="Root mean square distance of the last fit in millimeters")
    fit_p95_mm: FloatProperty(name="95% (mm)", description="Distance that 95% of the points of the last fit stay under")
    fit_max_mm: FloatProperty(name="Max (mm)", description="Largest distance of the last fit in millimeters")
    fit_pixels_rms: FloatProperty(
        name="RMS (px)", description="Root mean square distance of the last fit in pixels of the image"
    )
    fit_percent: FloatProperty(
        name="Of the Eyes' Distance (%)",
        description="Root mean square distance of the last fit in percent of the distance between the eyes",
    )
    fit_seconds: FloatProperty(name="Seconds", description="Time that the last fit took")
    fit_blendshape_rms_mm: FloatProperty(
        name="Shape Keys Alone: RMS (mm)", description="Distance that the shape keys reach without the simulation"
    )
    fit_blendshape_p95_mm: FloatProperty(
        name="Shape Keys Alone: 95% (mm)", description="Distance that 95% of the points stay under then"
    )
    fit_blendshape_max_mm: FloatProperty(
        name="Shape Keys Alone: Max (mm)", description="Largest distance without the simulation"
    )
    fit_blendshape_pixels_rms: FloatProperty(
        name="Shape Keys Alone: RMS (px)", description="Distance in pixels that the shape keys reach without it"
    )
    fit_blendshape_percent: FloatProperty(
        name="Shape Keys Alone (%)", description="The same in percent of the distance between the eyes"
    )
    fit_muscles: StringProperty(name="Muscles", description="The muscles that pull most in the last fit")
    fit_message: StringProperty(name="Report", description="What the last fit has to say beside its figures")
    head_rest: FloatVectorProperty(
        name="Head at Rest",
        description="The face object's own transform before the motion of its head was keyed",
        size=16,
        options={"HIDDEN"},
    )
    take_report: StringProperty(
        name="Take", description="What the last imported take became, and which of its columns no slider takes"
    )
