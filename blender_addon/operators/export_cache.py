# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Export Cache: the moving face as Alembic, USD or MDD, by Blender's own exporters where it has one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy
import numpy as np
from bpy.props import EnumProperty, IntProperty, StringProperty

from ...core import MuscleFaceError
from .. import baking, bridge, drive, engine, frame_range, handlers, jobs, live, requirements, storage
from ..fit import shown

EXTENSIONS = {"ALEMBIC": ".abc", "USD": ".usdc", "MDD": ".mdd"}
LABELS = {"ALEMBIC": "Alembic", "USD": "USD", "MDD": "MDD"}
REPLACED = {*EXTENSIONS.values(), ".usd", ".usda", ".usdz"}
BUILD_OPTIONS = {"ALEMBIC": "alembic", "USD": "usd"}


class MUSCLE_FACE_OT_export_cache(jobs.JobOperator, bpy.types.Operator):
    """Write the face as it moves over a range of frames to a file for other programs"""

    bl_idname = "muscle_face.export_cache"
    bl_label = "Export Cache"

    filepath: StringProperty(name="File", description="Where to write", subtype="FILE_PATH")
    format: EnumProperty(
        name="Format",
        description="What kind of file to write",
        items=(
            ("ALEMBIC", "Alembic", "Mesh with motion, for most programs"),
            ("USD", "USD", "Mesh with motion, for most programs"),
            ("MDD", "MDD", "Point positions only, for the Mesh Cache modifier"),
        ),
    )
    frame_start: IntProperty(name="Start", description="First frame to write; the scene's own when not given")
    frame_end: IntProperty(name="End", description="Last frame to write; the scene's own when not given")

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.rig_problem(context))

    def check(self, _context):
        """In the file browser: the name follows the format."""
        path = with_extension(self.filepath, self.format) if self.filepath else ""
        changed, self.filepath = path != self.filepath, path
        return changed

    def invoke(self, context, _event):
        frame_range.propose(self, context.scene)
        if not self.filepath:
            folder = Path(bpy.data.filepath).parent if bpy.data.filepath else Path.home()
            self.filepath = str(folder / f"{bpy.path.clean_name(context.object.name)}{EXTENSIONS[self.format]}")
        self._chosen = True
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context):
        # The file browser comes back here; scripts come here at once and wait.
        if getattr(self, "_chosen", False):
            return jobs.JobOperator.invoke(self, context, None)
        return super().execute(context)

    def plan(self, context):
        obj, scene = context.object, context.scene
        self._object, self._frame = obj.name, frame_range.now(scene)
        missing = BUILD_OPTIONS.get(self.format)
        if missing and not getattr(bpy.app.build_options, missing):
            raise MuscleFaceError(f"This Blender was built without {LABELS[self.format]}: choose another format.")
        shown.check(context, obj)
        if not len(bridge.evaluated_positions(obj, context.evaluated_depsgraph_get())):
            raise MuscleFaceError(f"The modifiers of '{obj.name}' leave no vertices to write; switch them off first.")
        frames = frame_range.chosen(self, scene, "write")
        if self.format == "USD" and frames[0] < 0:
            # Its exporter takes the scene's range, which Blender cuts off at 0.
            raise MuscleFaceError("Blender writes no USD before frame 0: move the animation, or choose another format.")
        simulated = obj.muscle_face.live and storage.bake_mutes(obj.data) is None
        if simulated:
            drive.sim_key(obj.data)
        if not self.filepath:
            raise MuscleFaceError("There is no file to write to: give its path.")
        if not simulated:
            return lambda _progress: (frames, {})
        model = yield from storage.loading(obj.data)
        drives = yield from baking.read_frames(context, obj, model, frames)

        def work(progress):
            poses = baking.solve_frames(model, drives, progress, "Simulating")
            return frames, {item.key.tobytes(): pose for item, pose in zip(drives, poses, strict=True)}

        return work

    def finish(self, context, result):
        frames, known = result
        obj, scene = self.subject(context), context.scene
        path = with_extension(bpy.path.abspath(self.filepath), self.format)
        yield 0.99, f"Writing {Path(path).name}"
        # Files want settled faces, as renders do.
        live.set_rendering(True)
        try:
            with handlers.answering(known), _unpinned(obj), context.temp_override(object=obj, active_object=obj):
                WRITERS[self.format](context, path, frames[0], frames[-1])
        except (OSError, RuntimeError) as error:
            raise MuscleFaceError(f"Nothing was exported: {error}") from error
        finally:
            live.set_rendering(False)
            frame_range.show(scene, self._frame)
        self.report({"INFO"}, f"Wrote {len(frames)} frames to {path}")

    def abort(self, context):
        frame_range.put_back(self, context.scene)


def with_extension(path: str, kind: str) -> str:
    """The path with the extension of a format. What follows a dot and is no such extension is part of the name: without
    it, the next version of a shot would be written over the one before."""
    given = Path(path)
    stem = given.with_suffix("") if given.suffix.lower() in REPLACED else given
    return f"{stem}{EXTENSIONS[kind]}"


def write_alembic(context: bpy.types.Context, path: str, first: int, last: int) -> None:
    """The active object alone, by Blender's Alembic exporter."""
    with _alone(context):
        bpy.ops.wm.alembic_export(
            filepath=path, start=first, end=last, selected=True, flatten=True, as_background_job=False
        )


def write_usd(context: bpy.types.Context, path: str, first: int, last: int) -> None:
    """The active object alone, by Blender's USD exporter, whose range is the scene's."""
    scene = context.scene
    before = scene.frame_start, scene.frame_end
    scene.frame_start, scene.frame_end = first, last
    try:
        with _alone(context):
            bpy.ops.wm.usd_export(
                filepath=path, selected_objects_only=True, export_animation=True, export_shapekeys=False
            )
    finally:
        scene.frame_start, scene.frame_end = before


def write_points(context: bpy.types.Context, path: str, first: int, last: int) -> None:
    """Positions in the object's own space, with its modifiers."""
    scene, frames = context.scene, []
    for frame in range(first, last + 1):
        scene.frame_set(frame)
        frames.append(bridge.evaluated_positions(context.object, context.evaluated_depsgraph_get()))
    if len({len(frame) for frame in frames}) > 1:
        raise MuscleFaceError(
            "Nothing was exported: a modifier changes the number of vertices over time; switch it off first."
        )
    with open(path, "wb") as file:
        engine.bake().write_mdd(file, np.array(frames), scene.render.fps / scene.render.fps_base)


WRITERS = {"ALEMBIC": write_alembic, "USD": write_usd, "MDD": write_points}


@contextmanager
def _unpinned(obj: bpy.types.Object) -> Iterator[None]:
    """A face that shows all of its shape keys: with the active one alone it does not move."""
    # By name: an exporter steps through frames, which may make the objects anew.
    name, pinned = obj.name, obj.show_only_shape_key
    obj.show_only_shape_key = False
    try:
        yield
    finally:
        bpy.data.objects[name].show_only_shape_key = pinned


@contextmanager
def _alone(context: bpy.types.Context) -> Iterator[None]:
    """The active object is the only one selected, and is shown: exporters leave out what is hidden, without a word."""
    # By name: an exporter steps through frames, which may make the objects anew.
    names = [obj.name for obj in context.view_layer.objects if obj.select_get()]
    name, hidden, unrendered = context.object.name, context.object.hide_get(), context.object.hide_render
    context.object.hide_set(False)
    context.object.hide_render = False
    for obj in context.view_layer.objects:
        obj.select_set(obj == context.object)
    try:
        if not context.object.select_get() or not shown.in_collection(
            context.view_layer, context.object, "hide_render"
        ):
            raise MuscleFaceError(
                f"Nothing was exported: the collection of '{name}' is hidden or disabled in renders; show it first."
            )
        yield
    finally:
        for obj in context.view_layer.objects:
            obj.select_set(obj.name in names)
        obj = context.view_layer.objects[name]
        obj.hide_render = unrendered
        obj.hide_set(hidden)
