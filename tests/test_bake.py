# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""An animation is kept within the error that was asked for."""

import io

import numpy as np
import pytest
from anatomy_heads import model
from muscle_face.core import Cancelled, bake


def performance(frames: int = 100) -> np.ndarray:
    """(F, V, 3) offsets of a talking face: ten shapes that rise and fall at their own times, bent a little as flesh
    bends them."""
    face = model("demo")
    rng = np.random.default_rng(7)
    names = ("jawOpen", "mouthSmileLeft", "mouthSmileRight", "browInnerUp", "mouthPucker", "eyeBlinkLeft",
             "eyeBlinkRight", "noseSneerLeft", "mouthFunnel", "browDownLeft")  # fmt: skip
    poses = [face.solve({name: 1.0}).skin - face.neutral for name in names]
    time = np.linspace(0.0, 2.0 * np.pi, frames)
    weights = np.stack([0.5 - 0.5 * np.cos(rng.integers(1, 5) * time + rng.uniform(0, 6)) for _ in names], 1)
    mixed = np.einsum("fk,kvi->fvi", weights, np.array(poses))
    return mixed + 0.05 * np.einsum("f,vi->fvi", weights[:, 0] * weights[:, 1], poses[0] + poses[1])


def test_a_hundred_frames_become_a_dozen_shapes():
    """A performance of ten shapes and a bend needs about as many keys, and no vertex is off by more than 0.1 mm."""
    offsets = performance()
    bound = 0.1 / model("demo").mm_per_unit
    found = bake.compress(offsets, bound)
    played = np.einsum("fk,kvi->fvi", found.weights.astype(float), found.shapes.astype(float))
    worst = np.linalg.norm(played - offsets, axis=2).max()
    assert worst <= bound and worst == pytest.approx(found.error)
    assert 5 <= len(found.shapes) <= 12
    assert np.abs(found.weights).max() <= 1.0


def test_fewer_shapes_than_the_principal_ones():
    """Frames that are a few shapes and noise within the bound need these shapes only: the principal ones, which aim at
    the noise's mean square, are twice as many."""
    rng = np.random.default_rng(3)
    shapes, weights = rng.normal(size=(4, 300, 3)), rng.normal(size=(40, 4))
    noise = rng.normal(size=(40, 300, 3))
    noise *= 0.05 * rng.uniform(size=(40, 300, 1)) / np.linalg.norm(noise, axis=2, keepdims=True)
    offsets = np.einsum("fk,kvi->fvi", weights, shapes) + noise
    principal = np.linalg.svd(offsets.reshape(40, -1), full_matrices=False)

    def worst(rank: int) -> float:
        u, s, vt = (part[:rank] for part in (principal[0].T, principal[1], principal[2]))
        return np.linalg.norm(((u.T * s) @ vt).reshape(offsets.shape) - offsets, axis=2).max()

    bound = 0.05
    assert worst(8) > bound
    found = bake.compress(offsets, bound)
    assert found.error <= bound and len(found.shapes) == 4


def test_a_bake_can_be_stopped():
    """Progress may raise while shapes are sought."""

    def stop(_share, _text):
        raise Cancelled

    with pytest.raises(Cancelled):
        bake.compress(np.random.default_rng(0).normal(size=(20, 50, 3)), 0.5, stop)


def test_a_tighter_bound_takes_more_shapes():
    """Every bound is kept, and a wider one takes no more shapes."""
    offsets = performance(30) + 1e-3 * np.random.default_rng(1).normal(size=(30, model("demo").vertex_count, 3))
    counts = []
    for bound in (1e-1, 1e-2, 2e-3):
        found = bake.compress(offsets, bound)
        assert found.error <= bound
        counts.append(len(found.shapes))
    assert counts == sorted(counts) and counts[0] < counts[-1]


def test_a_still_face_needs_no_shapes():
    """Nothing moves, nothing is kept."""
    found = bake.compress(np.zeros((5, 20, 3)), 0.01)
    assert found.shapes.shape == (0, 20, 3) and found.weights.shape == (5, 0) and found.error == 0.0


def test_an_impossible_bound_says_so():
    """Single precision cannot hold a face to less than its own rounding."""
    with pytest.raises(bake.MuscleFaceError, match="larger error"):
        bake.compress(performance(8), 1e-12)


@pytest.mark.parametrize("offsets", [np.zeros((0, 4, 3)), np.full((2, 4, 3), np.nan)])
def test_nothing_to_bake_says_so(offsets):
    """No frame, or places that are not numbers, are told before anything is worked out."""
    with pytest.raises(bake.MuscleFaceError, match="bake other frames"):
        bake.compress(offsets, 0.1)


def test_weights_of_shapes_are_found_again():
    """Offsets that are mixtures of the shapes give back the mixture; what lies beyond 1 stays at 1."""
    face = model("demo")
    shapes = np.array([face.solve({n: 1.0}).skin - face.neutral for n in ("jawOpen", "mouthPucker", "browInnerUp")])
    wanted = np.array([[0.3, 0.0, 0.9], [0.0, 0.5, 0.0]])
    weights, left = bake.shape_weights(shapes, np.einsum("fk,kvi->fvi", wanted, shapes))
    # The damping shares 1e-8 of the strongest shape.
    assert np.abs(weights - wanted).max() < 1e-5 and left.max() < 1e-5
    weights, left = bake.shape_weights(shapes, 1.5 * shapes[:1])
    assert weights[0, 0] == pytest.approx(1.0, abs=1e-6) and left[0] > 0.0


def test_frames_do_not_know_each_other():
    """A pose is the same to the last bit whatever was solved before it."""
    face = model("demo")
    names = face.controls().names
    vectors = np.zeros((3, len(names)))
    vectors[0, names.index("jawOpen")] = 0.4
    vectors[1, names.index("zygomaticus_major_L")] = 0.7
    vectors[2, names.index("mouthPucker")] = 0.5
    frames = [(v, None) for v in vectors]
    together = [pose.skin for pose in bake.independent_poses(face, frames)]
    for frame, skin in zip(reversed(frames), reversed(together), strict=True):
        assert np.array_equal(next(bake.independent_poses(face, [frame])).skin, skin)


def test_mdd_layout():
    """Counts, times and points stand in the file as the format says, big-endian."""
    file = io.BytesIO()
    bake.write_mdd(file, np.arange(12.0).reshape(2, 2, 3), 24.0)
    data = file.getvalue()
    assert np.frombuffer(data[:8], ">i4").tolist() == [2, 2]
    assert np.frombuffer(data[8:16], ">f4") == pytest.approx([0.0, 1 / 24])
    assert np.frombuffer(data[16:], ">f4").tolist() == list(range(12))
