# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The artist's own skull and jaw: fitted into the head, checked, and met by the flesh."""

from functools import cache

import numpy as np
import pytest
from anatomy_heads import head, mesh
from conftest import FACES
from muscle_face.core import FaceModel, MuscleFaceError
from muscle_face.core.anatomy.bone_fit import fit_bones
from muscle_face.core.anatomy.bones import (
    Bone,
    Hull,
    check_inside,
    landmark_depths,
    read_bones,
    table_depths,
    with_bones,
)
from muscle_face.core.anatomy.rays import sphere
from scipy.spatial.transform import Rotation


@cache
def skull() -> dict:
    """A real adult skull and mandible as (vertices, faces); skips when absent."""
    read = {}
    for name, file in (("cranium", "skull.obj"), ("mandible", "jaw.obj")):
        path = FACES / "skull" / file
        if not path.exists():
            pytest.skip(f"no skull at {path}")
        rows = [line.split() for line in path.read_text().splitlines() if line[:2] in ("v ", "f ")]
        vertices = np.array([[float(x) for x in r[1:4]] for r in rows if r[0] == "v"])
        read[name] = vertices, [[int(x.split("/")[0]) - 1 for x in r[1:]] for r in rows if r[0] == "f"]
    return read


def moved(scale: float, turn: Rotation, shift: np.ndarray) -> dict:
    """The skull in another frame."""
    return {n: (scale * turn.apply(v) + shift, f) for n, (v, f) in skull().items()}


@cache
def fitted(name: str) -> dict[str, Bone]:
    """The real skull in a head."""
    return fit_bones(head(name), read_bones(skull()))


def braincase(name: str) -> dict[str, Bone]:
    """A head's own outside above brows and ears, a centimetre further in: a skull without a source."""
    h, hull = head(name), Hull(head(name))
    floor = max(h.landmarks["glabella"][1], h.landmarks["tragus_L"][1] + 3.0)
    above = (h.vertices[hull.outer, 1] > floor).all(1)
    return {"cranium": Bone(h.vertices - 1.0 * hull.normals, hull.outer[above])}


@pytest.mark.parametrize("name", ["ict", "mpfb", "demo"])
def test_a_real_skull_lies_in_the_head_at_plausible_depths(name):
    """Every vertex of skull and jaw lies under the skin by its thickness at least; at the landmarks over bone the depth
    is half to twice the published mean at nine of ten, and the median is within a sixth of it."""
    hull = Hull(head(name))
    for bone in fitted(name).values():
        assert hull.depth(bone.vertices).min() > 0.2
    names = list(head(name).landmarks)
    depth = dict(zip(names, landmark_depths(head(name), fitted(name)), strict=True))
    over_bone = [
        n for n in table_depths(names) if not n.startswith(("nose_tip", "rhinion", "submental", "eye_", "ala", "mouth"))
    ]
    ratio = np.array([depth[n] / table_depths(names)[n] for n in over_bone])
    assert (np.abs(np.log2(ratio)) < 1.0).mean() > 0.9
    assert abs(np.log(np.median(ratio))) < np.log(7 / 6)


def test_scale_and_frame_of_the_skull_do_not_matter():
    """A skull in millimetres, turned and far away ends within 3 mm (median) of where it ends as it is."""
    other = fit_bones(
        head("ict"),
        read_bones(moved(10.0, Rotation.from_euler("xyz", (170, 35, -60), True), np.array([300.0, -20, 7]))),
    )
    for name, bone in fitted("ict").items():
        assert np.median(np.linalg.norm(other[name].vertices - bone.vertices, axis=1)) < 0.3


def test_the_jaw_stays_below_the_skull():
    """Fitted, the chin is the jaw's and the crown the skull's, and the condyles stay at the skull's base."""
    bones, p = fitted("ict"), head("ict").landmarks
    for landmark, owner in (
        ("pogonion", "mandible"),
        ("gonion_L", "mandible"),
        ("glabella", "cranium"),
        ("zygion_R", "cranium"),
    ):
        gap = {n: np.linalg.norm(b.vertices - p[landmark], axis=1).min() for n, b in bones.items()}
        assert min(gap, key=gap.get) == owner, landmark
    jaw = bones["mandible"].vertices
    condyles = jaw[jaw[:, 1] > np.quantile(jaw[:, 1], 0.98)]
    gap = np.linalg.norm(condyles[:, None] - bones["cranium"].vertices[None], axis=2).min(1)
    assert np.median(gap) < 0.8


def test_flesh_is_as_deep_as_the_given_bone():
    """A skull a centimetre under the skin is met a centimetre under the skin, and only where it is."""
    h = head("demo")
    given = with_bones(h, braincase("demo"))
    hull = Hull(h)
    outer = np.unique(hull.outer)
    cap = outer[h.vertices[outer, 1] > h.landmarks["glabella"][1] + 2.0]
    assert np.abs(given.tissue_depth[cap] - 1.0).max() < 0.25
    below = outer[h.vertices[outer, 1] < h.landmarks["glabella"][1] - 2.0]
    assert np.allclose(given.tissue_depth[below], h.tissue_depth[below], atol=1e-9)


def test_a_rig_on_given_bones_says_how_deep_they_lie():
    """The flesh ends at the given skull, and the rig tells the depth under each landmark beside the published one."""
    vertices, faces, _ = mesh("demo")
    frame = head("demo").frame
    bones = {n: (frame.to_user(b.vertices), b.triangles) for n, b in braincase("demo").items()}
    face = FaceModel.build(vertices, faces, {}, quality="draft", bones=bones)
    assert face.stats["rest_inverted"] == 0
    depths = face.bone_depths()
    assert depths["glabella"][1] == 5.5 and abs(depths["glabella"][0] - 10.0) < 2.5
    cranium = face.rig.nodes[
        (face.rig.bone == 1) & (face.rig.nodes[:, 1] > head("demo").landmarks["glabella"][1] + 2.0)
    ]
    depth = Hull(head("demo")).depth(cranium)
    assert abs(np.median(depth) - 1.0) < 0.15
    pose = face.solve({"jaw_open": 1.0, "frontalis_medial_L": 1.0})
    assert pose.converged and pose.inverted == 0


def test_bones_that_do_not_fit_say_so():
    """A skull beside the head, one that sticks out, one that is none, an unknown bone: a sentence each."""
    vertices, faces, _ = mesh("demo")
    ball, triangles = sphere(np.zeros(3), 8.0)

    def build(bones, **more):
        return FaceModel.build(vertices, faces, {}, quality="draft", bones=bones, **more)

    frame = head("demo").frame
    with pytest.raises(MuscleFaceError, match="does not lie in the head: press Fit Bones"):
        build({"cranium": (frame.to_user(ball + [30.0, 0.0, 0.0]), triangles)})
    with pytest.raises(MuscleFaceError, match=r"sticks .* mm out of the skin near the"):
        build({"cranium": (frame.to_user(0.9 * ball + [0.0, 2.0, 3.0]), triangles)})
    with pytest.raises(MuscleFaceError, match="give a human skull"):
        build({"cranium": (ball * [1.0, 0.1, 0.1], triangles)}, fit_bones=True)
    with pytest.raises(MuscleFaceError, match='no bone "skull"'):
        build({"skull": (ball, triangles)})
    with pytest.raises(MuscleFaceError, match="no mesh with a surface"):
        build({"cranium": (ball, triangles[:3])})
    check_inside(head("demo"), braincase("demo"))
