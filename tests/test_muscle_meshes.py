# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The artist's own muscle meshes: filled with fibres from origin to insertion and laid into the flesh."""

import numpy as np
import pytest
from anatomy_heads import model
from muscle_face.core import MuscleFaceError
from muscle_face.core.anatomy.muscle_meshes import curve_through, filled
from muscle_face.core.geometry import surface

SMILE = "zygomaticus_major_L"


def tube(path: np.ndarray, width: float, thickness: float, corners: int = 12) -> tuple[np.ndarray, list]:
    """A closed tube of elliptic section around a path (k, 3)."""
    tangent = np.gradient(path, axis=0)
    across = np.cross(tangent, [0.3, 0.2, 1.0])
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    deep = np.cross(tangent / np.linalg.norm(tangent, axis=1, keepdims=True), across)
    a = np.linspace(0.0, 2.0 * np.pi, corners, endpoint=False)[:, None]
    rings = [p + 0.5 * width * np.cos(a) * x + 0.5 * thickness * np.sin(a) * y
             for p, x, y in zip(path, across, deep, strict=True)]  # fmt: skip
    faces = [[i * corners + j, i * corners + (j + 1) % corners, (i + 1) * corners + (j + 1) % corners,
              (i + 1) * corners + j] for i in range(len(path) - 1) for j in range(corners)]  # fmt: skip
    last, count = (len(path) - 1) * corners, len(path) * corners
    faces += [[count, (j + 1) % corners, j] for j in range(corners)]
    faces += [[count + 1, last + j, last + (j + 1) % corners] for j in range(corners)]
    return np.concatenate([*rings, path[:1], path[-1:]]), faces


def smile_mesh() -> tuple[np.ndarray, list]:
    """A tube of the zygomaticus' size along its path in the demo head: an ellipse of the same area as its rectangle."""
    curve = model("demo").muscle_curves()[SMILE]
    grow = np.sqrt(4.0 / np.pi)
    return tube(curve.points, grow * curve.width.mean(), grow * curve.thickness)


def test_fibres_run_along_a_straight_muscle():
    """In a straight bar the field is harmonic between its ends: it rises evenly and its gradient is the axis."""
    path = np.linspace([0.0, 0.0, 0.0], [5.0, 2.0, 1.0], 20)
    vertices, faces = tube(path, 0.9, 0.6)
    muscle = filled("bar", vertices, surface.triangulate(faces)[0], np.zeros((1, 3)))
    axis = (path[-1] - path[0]) / np.linalg.norm(path[-1] - path[0])
    # Cubes are stairs at an oblique wall: some degrees there.
    cosine = muscle.direction @ axis
    assert np.degrees(np.arccos(np.median(cosine))) < 10.0 and cosine.min() > 0.5
    assert np.abs(muscle.along - (muscle.points - path[0]) @ axis / np.linalg.norm(path[-1] - path[0])).max() < 0.1
    drawn = curve_through(muscle, 1.0, 0)
    assert abs(drawn.width.mean() - 0.9) < 0.12 and abs(drawn.thickness - 0.6) < 0.2


def test_fibres_follow_a_bent_muscle():
    """Around a half circle, whose long axis is not its length, fibres go round from the end at the bone."""
    angle = np.linspace(0.0, np.pi * 1.3, 40)
    path = 2.0 * np.stack([np.cos(angle), np.sin(angle), 0.0 * angle], axis=1)
    vertices, faces = tube(path, 0.5, 0.5)
    muscle = filled("arc", vertices, surface.triangulate(faces)[0], path[-1:])
    x, y = muscle.points[:, 0], muscle.points[:, 1]
    round_ = np.stack([y, -x, 0.0 * x], axis=1) / np.hypot(x, y)[:, None]
    cosine = np.einsum("ij,ij->i", muscle.direction, round_)
    assert np.median(cosine) > 0.95 and (cosine > 0.5).mean() > 0.95


def test_a_mesh_in_the_place_of_a_muscle_acts_like_it():
    """A tube along the zygomaticus, of its section, holds the volume that lies in flesh and moves the face as it does;
    a further name comes last."""
    face = model("demo")
    own = face.with_muscle_meshes({SMILE: smile_mesh(), "mine": smile_mesh()})
    assert own.muscles == [*face.muscles, "mine"]
    motion, volume = [], []
    for m in (face, own):
        rows = m.rig.fibre_muscle == m.muscles.index(SMILE)
        volume.append(m.rig.fibre_stress[rows] @ m.flesh.volume[m.rig.fibre_tet[rows]])
        motion.append(m.solve({SMILE: 1.0}).skin - face.neutral)
    # Its ends lie in bone and skin, where there is no flesh to pull.
    assert 0.6 < volume[1] / volume[0] < 1.1
    size = [np.linalg.norm(d) for d in motion]
    assert 0.6 < size[1] / size[0] < 1.2
    assert (motion[0] * motion[1]).sum() > 0.9 * size[0] * size[1]
    curve = own.muscle_curves()[SMILE]
    before = face.muscle_curves()[SMILE]
    assert np.linalg.norm(curve.points[0] - before.points[0]) < np.linalg.norm(curve.points[0] - before.points[-1])
    assert own.with_muscles(own.muscle_curves()).rig is own.rig


def test_meshes_that_are_no_muscle_say_so():
    """Open, empty, far too large or outside the head: a sentence each."""
    face = model("demo")
    vertices, faces = smile_mesh()
    size = np.ptp(face.neutral, axis=0).max()
    for mesh, sentence in (
        ((vertices, faces[:-3]), "not closed"),
        ((20.0 * vertices, faces), "make it as large as a muscle is"),
        ((vertices + [0.0, 0.0, size], faces), "outside the flesh"),
    ):
        with pytest.raises(MuscleFaceError, match=sentence):
            face.with_muscle_meshes({"mine": mesh})
