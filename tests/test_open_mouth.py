# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Heads whose own shapes do not open the mouth are opened from their geometry, so that lips are never glued."""

import numpy as np
from anatomy_heads import mesh
from muscle_face.core.anatomy.head import analyse_head
from muscle_face.core.demo_head.head import build_head, feature_corners
from muscle_face.core.demo_head.mouth import GAP
from muscle_face.core.geometry import surface
from muscle_face.core.geometry.head_flesh import build_flesh
from odd_heads import pressed_lips, without_openings

CORNERS = feature_corners(build_head())


def test_a_mouth_without_jaw_open_is_opened_for_meshing():
    """Lips that run into each other part by a centimetre, no triangle turns over, no tet glues them or is inverted."""
    v, faces = pressed_lips()
    head = analyse_head(v, faces, landmarks=CORNERS)
    neutral, opened = ([p[head.landmark_vertices[n]] for n in ("upper_lip", "lower_lip")] for p in
                       (head.vertices, head.open_pose))  # fmt: skip
    assert (opened[0] - opened[1])[1] - (neutral[0] - neutral[1])[1] > 1.0
    before, after = (surface.triangle_normals(p, head.triangles) for p in (head.vertices, head.open_pose))
    assert ((before * after).sum(axis=1) > 0.0).all()
    stats = build_flesh(head, "draft").stats
    assert stats["lip_glued_edges"] == 0 and stats["rest_inverted"] == 0


def test_jaw_open_that_does_nothing_is_not_trusted():
    """An empty jawOpen, or one that moves all of the head, opens the mouth as if it were not there."""
    v, faces, _ = mesh("demo")
    known = analyse_head(v, faces, landmarks=CORNERS)
    for delta in (np.zeros_like(v), np.full_like(v, 0.5)):
        found = analyse_head(v, faces, {"jawOpen": delta}, landmarks=CORNERS)
        # The jaw's axis is still fitted to what the shape shows of it.
        assert np.abs(found.open_pose - known.open_pose)[known.skin].max() < 0.5


def test_the_lower_side_of_the_mouth_goes_with_the_jaw():
    """By its shapes or without them, the same vertices of lips, chin and bag are carried by the jaw."""
    v, faces, shapes = mesh("demo")
    own, bare = analyse_head(v, faces, shapes), analyse_head(v, faces, landmarks=CORNERS)
    sure = (own.mandible_weight < 0.05) | (own.mandible_weight > 0.95)
    sure &= np.linalg.norm(v - own.landmarks["stomion"], axis=1) < 3.0
    assert np.abs(own.mandible_weight - bare.mandible_weight)[sure].mean() < 0.06
    assert GAP < 0.1  # the lips are nearly closed: nearness would have told nothing


def test_a_scan_without_openings_is_rigged_with_closed_lips():
    """Warnings say that the lips are one surface and that the eyes show no opening; the flesh is sound."""
    v, faces = without_openings()
    head = analyse_head(v, faces)
    assert head.opening == 0.0 and np.array_equal(head.open_pose, head.vertices)
    assert [("lips" in w, "corners of eyes and brows" in w) for w in head.warnings] == [(True, False), (False, True)]
    assert head.pockets == {}
    assert max(np.linalg.norm(head.frame.to_user(head.landmarks[n]) - p) for n, p in CORNERS.items()) < 0.6
    assert build_flesh(head, "draft").stats["rest_inverted"] == 0
