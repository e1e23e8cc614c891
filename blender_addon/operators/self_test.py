# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Self-Test: what this computer can do."""

import bpy

from .. import engine, jobs


class MUSCLE_FACE_OT_self_test(jobs.JobOperator, bpy.types.Operator):
    """Rig and solve a small head out of sight and say what this computer can do; takes up to a minute"""

    bl_idname = "muscle_face.self_test"
    bl_label = "Self-Test"

    def plan(self, context):
        yield 0.0, "Starting"
        engine.face_model()
        from ...core.self_test import self_test

        return self_test

    def finish(self, context, result):
        chosen = engine.preferences()
        if chosen is not None:
            chosen.findings = "\n".join(result)
        for line in result:
            print(f"Muscle Face: {line}")
        self.report({"INFO"}, result[-1])
