# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Grow Shapes: shape keys made by muscles, jaw, lids and eyeballs alone, on a head that lacks them.

On a rig the grown keys are at first plain shape keys on top of the simulation, and the panel offers Update Rig, which
makes them sliders of it: nothing is simulated twice.
"""

import bpy
import numpy as np
from bpy.props import EnumProperty

from ...core import MuscleFaceError
from ...core.anatomy.names import canonical_name
from .. import bridge, engine, jobs, landmarks, requirements, staleness, storage, watching

SETS = (
    ("arkit", "ARKit", "The shapes that face capture with a phone drives; the tongue is left out"),
    ("action_units", "Action Units", "One shape for each action unit of FACS, AU01 to AU64, by side where it has one"),
    ("visemes", "Visemes", "The 15 mouth shapes of speech, as lip-sync tools name them"),
)


class MUSCLE_FACE_OT_grow_shapes(jobs.JobOperator, bpy.types.Operator):
    """Add shape keys that the muscles make by themselves; names that the mesh has already are left as they are"""

    bl_idname = "muscle_face.grow_shapes"
    bl_label = "Grow Shapes"
    bl_options = {"UNDO"}

    shapes: EnumProperty(name="Shapes", description="Which set of shapes to grow", items=SETS)

    @classmethod
    def poll(cls, context):
        return requirements.check(cls, requirements.grow_problem(context))

    def plan(self, context):
        obj = context.object
        self._object = obj.name
        from ...core.grow import SETS as NAMES

        names = missing(obj.data, NAMES[self.shapes])
        if not names:
            raise MuscleFaceError(f"'{obj.name}' has all shapes of this set already: choose another one.")
        self._wanted = names
        if requirements.is_rig(obj):
            model = yield from storage.loading(obj.data)
            return lambda progress: model.grow(names, progress)
        vertices, faces, own = yield from staleness.read_head(obj)
        build, marks, settings = engine.face_model().build, landmarks.positions(obj), obj.muscle_face
        options = {"quality": settings.quality, "tissue": settings.tissue, "landmarks": marks}

        def work(progress):
            model = build(vertices, faces, own, progress=lambda s, text: progress(0.6 * s, text), **options)
            return model.grow(names, lambda s, text: progress(0.6 + 0.4 * s, text))

        return work

    def finish(self, context, result):
        obj = self.subject(context)
        if result:
            write_keys(obj, result)
        if requirements.is_rig(obj):
            watching.forget()
        self.report({"INFO"}, f"Grew {len(result)} shape keys")
        lacking = [name for name in self._wanted if name not in result]
        if lacking:
            self.report({"WARNING"}, f"The flesh does not bear {', '.join(lacking)}: sculpt these keys yourself")


def missing(mesh: bpy.types.Mesh, names: tuple[str, ...]) -> list[str]:
    """Those of the names that no shape key of the mesh has, in whichever spelling."""
    given = [key.name for key in mesh.shape_keys.key_blocks] if mesh.shape_keys else []
    known = {name if (found := canonical_name(name)) is None or found[1] else found[0] for name in given}
    return [name for name in names if name not in known]


def write_keys(obj: bpy.types.Object, deltas: dict[str, np.ndarray]) -> None:
    """Append a shape key for each delta (V, 3), and a Basis where there is none."""
    if obj.data.shape_keys is None:
        bridge.add_key(obj, "Basis")
    rest = bridge.vertex_positions(obj.data)
    for name, delta in deltas.items():
        bridge.add_key(obj, name, rest + delta)
    obj.data.update()
