# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Polygon surface utilities."""

import numpy as np
from muscle_face.core.geometry import surface

BOX = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
BOX_FACES = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]


def test_triangles_remember_their_face():
    """Triangles, quads and larger polygons mix; each triangle knows its face and two-corner faces give none."""
    triangles, owner = surface.triangulate([[0, 1, 2], [3, 4, 5, 6], [0, 1], [0, 1, 2, 3, 4]])
    assert owner.tolist() == [0, 1, 1, 3, 3, 3]
    assert triangles[1:3].tolist() == [[3, 4, 5], [3, 5, 6]]


def test_closed_box_has_no_border_and_points_outwards():
    """A closed surface has no border; its normals leave the middle and its area is exact."""
    triangles, _ = surface.triangulate(BOX_FACES)
    assert surface.border_loops(triangles) == []
    normals = surface.vertex_normals(BOX, triangles)
    assert ((BOX - 0.5) * normals).sum(axis=1).min() > 0
    assert np.isclose(surface.vertex_areas(BOX, triangles).sum(), 6.0)


def test_border_of_an_open_box():
    """Taking one face away leaves one border of its four edges."""
    triangles, _ = surface.triangulate(BOX_FACES[1:])
    (loop,) = surface.border_loops(triangles)
    assert sorted(loop.tolist()) == [0, 1, 2, 3]


def test_loose_parts_and_unused_vertices():
    """Parts are told apart and a vertex without a face belongs to none."""
    labels = surface.loose_parts(7, np.array([[0, 1, 2], [3, 4, 5]]))
    assert labels[0] == labels[1] == labels[2] != labels[3]
    assert labels[3] == labels[4] == labels[5]
    assert labels[6] == -1


def test_smoothing_keeps_a_constant_and_lonely_values():
    """Averaging leaves a constant alone and does not touch a vertex without neighbours."""
    neighbours = surface.adjacency(4, np.array([[0, 1, 2]]))
    values = surface.smooth(np.array([1.0, 1.0, 1.0, 7.0]), neighbours, 3)
    assert np.allclose(values, [1, 1, 1, 7])
