# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Whatever an artist does, in whatever order: no exception, and a mesh that is as before once the rig is gone.

MUSCLE_FACE_RANDOM=500 asks for more sequences than the few of the suite; MUSCLE_FACE_SEED begins elsewhere.
"""

import os
import random

import bpy
import numpy as np
import pytest
from muscle_face.blender_addon import bridge, storage
from random_actions import ANOTHER_MESH, WEIGHTS, active
from recording_layout import drawn

SEQUENCES = int(os.environ.get("MUSCLE_FACE_RANDOM", "6"))
FIRST_SEED = int(os.environ.get("MUSCLE_FACE_SEED", "0"))
STEPS = 8


def shapes_of(obj: bpy.types.Object) -> dict[str, bytes]:
    """Positions of every shape key."""
    blocks = obj.data.shape_keys.key_blocks if obj.data.shape_keys else ()
    return {key.name: bridge.key_positions(key).tobytes() for key in blocks}


def attempt(action, rng) -> None:
    """Do it; a button that refuses with a sentence is right, one that fails is not."""
    try:
        action(rng)
    except RuntimeError as error:
        assert "Traceback" not in str(error), str(error)
    bpy.context.evaluated_depsgraph_get().update()
    drawn()


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + SEQUENCES))
def test_any_sequence_leaves_the_mesh_as_it_was(rig, seed, capfd):
    """A random sequence raises nothing, also not in handlers, and Remove Muscle Rig gives the shapes back."""
    rng = random.Random(seed)
    before, done = shapes_of(rig), []
    for _ in range(STEPS):
        if active() is None or active().type != "MESH" or not active().muscle_face.is_rig:
            break
        (action,) = rng.choices(list(WEIGHTS), WEIGHTS.values())
        done.append(action.__name__)
        attempt(action, rng)
    for obj in [o for o in bpy.data.objects if o.type == "MESH"]:
        assert np.isfinite(bridge.evaluated_positions(obj, bpy.context.evaluated_depsgraph_get())).all(), done
        if obj.mode != "OBJECT" or obj.name not in bpy.context.view_layer.objects:
            continue
        bpy.context.view_layer.objects.active = obj
        if obj.muscle_face.is_rig and storage.has_rig(obj.data):
            assert bpy.ops.muscle_face.remove_rig() == {"FINISHED"}
        kept = shapes_of(obj)
        assert storage.PROPERTY not in obj.data and "Muscle Face Heat" not in obj.data.attributes, done
        if not ANOTHER_MESH & set(done):
            assert storage.SIM_KEY not in kept, done
            assert all(before[name] == positions for name, positions in kept.items() if name in before), done
    printed = capfd.readouterr()
    assert "Traceback" not in printed.err + printed.out, (done, printed.err[-2000:])
