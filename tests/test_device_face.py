# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The face on one Warp device: the same faces as FaceModel, in batches, from controls to skin as one graph.

Everything runs on the CPU device, which replays the same captured graph; on a GPU as well where there is one.
"""

from functools import cache

import numpy as np
import pytest
import warp as wp
from anatomy_heads import mesh, model
from muscle_face.core import MuscleFaceError
from muscle_face.core.device import DeviceFace

DEVICES = ["cpu", *(["cuda"] if wp.is_cuda_available() else [])]

POSES = {
    "shape": {"mouthSmileLeft": 1.0},
    "mixture": {"browInnerUp": 0.7, "mouthFunnel": 0.5, "eyeBlinkLeft": 1.0, "jawOpen": 0.3},
    "muscle": {"zygomaticus_major_L": 1.0},
    "muscles": {"frontalis_medial_L": 0.6, "orbicularis_oris_upper_peripheral": 0.4, "risorius_R": 0.5},
    "jaw": {"jaw_open": 0.8, "jaw_side": 0.4},
    "everything": {"jaw_open": 0.4, "mouthSmileRight": 0.6, "zygomaticus_major_L": 0.5},
}

NEAR = 0.02
"""Distance [mm] within which two settled answers are the same: a fifth of what an eye can see on a face."""


@cache
def device_face(device: str) -> DeviceFace:
    """The demo head on a device, settled closely enough to compare answers."""
    return DeviceFace(model("demo"), device, tolerance=1e-6)


@cache
def reference(name: str) -> np.ndarray:
    """(V, 3) skin of a pose as FaceModel solves it."""
    return model("demo").solve(POSES[name], tolerance=1e-7).skin


def skins(device: str, poses: list[dict], *, fresh: bool = True) -> np.ndarray:
    """(B, V, 3) skins of slider settings, from rest or going on from the batch before."""
    face = device_face(device)
    if fresh:
        face.reset()
    controls = np.array([model("demo").vector(p) for p in poses])
    skin = face.skin(wp.array(controls, dtype=wp.float64, device=device)).numpy().copy()
    assert face.report(len(poses)).converged.all()
    return skin


def apart(a: np.ndarray, b: np.ndarray) -> float:
    """Largest distance of two skins [mm]."""
    return float(np.linalg.norm(a - b, axis=-1).max()) * model("demo").mm_per_unit


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", POSES)
def test_same_face_as_the_model(device, name):
    """A pose from rest is the pose that FaceModel finds."""
    assert apart(skins(device, [POSES[name]])[0], reference(name)) < NEAR


@pytest.mark.parametrize("device", DEVICES)
def test_neutral_is_exactly_the_neutral_mesh(device):
    """Zero everywhere gives the artist's vertices bit by bit, from rest and from an expression."""
    assert np.array_equal(skins(device, [{}])[0], mesh("demo")[0])
    skins(device, [POSES["mixture"]])
    assert np.array_equal(skins(device, [{}], fresh=False)[0], mesh("demo")[0])


@pytest.mark.parametrize("device", DEVICES)
def test_a_batch_is_its_poses(device):
    """Poses solved together are those solved alone, bit by bit: no pose sees its neighbours."""
    together = skins(device, [{}, *POSES.values()])
    for i, pose in enumerate(POSES.values()):
        assert np.array_equal(together[i + 1], skins(device, [pose])[0])
    assert np.array_equal(together[0], mesh("demo")[0])


@pytest.mark.parametrize("device", DEVICES)
def test_dragging_ends_where_a_jump_ends(device):
    """A pose reached in small steps, each from the one before, is the pose reached from rest, and takes less work."""
    face = device_face(device)
    skins(device, [POSES["everything"]])
    cold = face.report(1)
    skins(device, [{}])
    for share in (0.25, 0.5, 0.75, 0.97, 1.0):
        warm = skins(device, [{n: share * v for n, v in POSES["everything"].items()}], fresh=False)[0]
    assert apart(warm, reference("everything")) < NEAR
    assert face.report(1).products[0] < cold.products[0]


@pytest.mark.parametrize("device", DEVICES)
def test_runs_repeat_bit_by_bit(device):
    """The same sliders give the same bits again: sums have one order."""
    first = skins(device, list(POSES.values()))
    assert np.array_equal(first, skins(device, list(POSES.values())))


@pytest.mark.parametrize("device", DEVICES)
def test_impossible_sliders_end(device):
    """Sliders far outside their bounds end after a bounded number of steps, in finite positions, and leave no trace."""
    face = device_face(device)
    wild = {"jawOpen": 3.0, "jaw_side": -4.0, "mouthSmileLeft": 3.0, "zygomaticus_major_L": 5.0}
    controls = model("demo").vector(wild)[None]
    assert np.isfinite(face.skin(wp.array(controls, dtype=wp.float64, device=device)).numpy()).all()
    assert apart(skins(device, [POSES["shape"]], fresh=False)[0], reference("shape")) < NEAR


def test_the_model_hands_itself_over():
    """FaceModel.on_device gives this face with the model's usual tolerance."""
    face = model("demo").on_device("cpu")
    controls = model("demo").vector(POSES["muscle"])[None]
    skin = face.skin(wp.array(controls, dtype=wp.float64, device="cpu")).numpy()[0]
    # Settled to 1e-4 of the forces and two hundredths of a millimetre in the last step.
    assert apart(skin, reference("muscle")) < 2 * NEAR


@pytest.mark.skipif(not wp.is_cuda_available(), reason="there is no NVIDIA GPU")
def test_gpu_and_cpu_agree():
    """Both devices find the same faces."""
    assert apart(skins("cuda", list(POSES.values())), skins("cpu", list(POSES.values()))) < NEAR


@pytest.mark.parametrize("shape", [(105,), (1, 104), (2, 1)])
def test_controls_of_another_shape_are_refused(shape):
    """What would fill the batch with something else is told: one vector, too few controls."""
    assert len(model("demo").controls().names) == 105
    with pytest.raises(MuscleFaceError, match=r"shape \(B, 105\)"):
        device_face("cpu").skin(wp.zeros(shape, dtype=wp.float64, device="cpu"))
