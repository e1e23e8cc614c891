# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What a viewport draws of a pose lies where the anatomy is."""

import numpy as np
from anatomy_heads import model
from muscle_face.core import heat, views


def test_fibres_shorten_with_their_muscle():
    """A muscle's strokes keep their middle in its tets and shorten as it contracts."""
    face = model("demo")
    muscle = face.muscles.index("zygomaticus_major_L")
    length = []
    for value in (0.0, 1.0):
        lines, owner = views.fibre_lines(face, face.solve({"zygomaticus_major_L": value}).nodes)
        mine = lines[owner == muscle]
        length.append(np.linalg.norm(mine[:, 1] - mine[:, 0], axis=1).sum())
    assert len(lines) == len(face.rig.fibre_tet)
    # A full contraction shortens a fibre by 10 to 30 per cent in the mean (README).
    assert 0.7 < length[1] / length[0] < 0.97


def test_rest_strokes_lie_along_the_fibres():
    """At rest a stroke is the fibre's own direction."""
    face = model("demo")
    lines, _ = views.fibre_lines(face, face.rig.nodes)
    along = (lines[:, 1] - lines[:, 0]) @ face.rotation.T
    cosine = np.einsum("ij,ij->i", along, face.rig.fibre_direction) / np.linalg.norm(along, axis=1)
    assert cosine.min() > 1.0 - 1e-9


def test_bone_is_drawn_under_the_skin():
    """Both bones have a surface, of bone nodes only, and no point of it is outside the head's box."""
    face = model("demo")
    triangles, bone = views.bone_surface(face)
    assert set(bone) == {1, 2}
    assert (face.rig.bone[triangles] > 0).all()
    points = views.to_user(face, face.rig.nodes[np.unique(triangles)])
    # The neck ends in bone at the mesh's own border.
    assert (points >= face.neutral.min(0) - 1e-6).all() and (points <= face.neutral.max(0) + 1e-6).all()


def test_the_cut_is_the_left_half():
    """The cut's edges reach the midplane and stop there, within the size of a tet."""
    face = model("demo")
    edges = views.cut_edges(face)
    x = face.rig.nodes[:, 0]
    widest = np.abs(x[edges[:, 0]] - x[edges[:, 1]]).max()
    assert -widest < x[edges].min() < 0.1 * widest and x[edges].max() > 5.0


def test_strain_of_known_deformations():
    """Stretching everything by a fifth is a strain of 0.2; turning and moving is none."""
    face = model("demo")
    angle = 0.7
    turn = np.array([[np.cos(angle), -np.sin(angle), 0.0], [np.sin(angle), np.cos(angle), 0.0], [0.0, 0.0, 1.0]])
    skin = face.rig.skin
    assert np.abs(heat.skin_strain(face, face.neutral @ turn.T + 3.0)[skin]).max() < 1e-6
    assert np.abs(heat.skin_strain(face, 1.2 * face.neutral)[skin] - 0.2).max() < 1e-6


def test_colours_rise_with_the_value():
    """Brightness rises from nothing to the full value, and stays there beyond."""
    table = heat.colours(np.array([0.0, 0.5, 1.0, 2.0]), 1.0)
    brightness = table[:, :3].sum(1)
    assert (np.diff(brightness)[:2] > 0.0).all() and brightness[2] == brightness[3]
    assert np.array_equal(heat.colours(np.zeros(3), 0.0), heat.colours(np.zeros(3), 1.0))
