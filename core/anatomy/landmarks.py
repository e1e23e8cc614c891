# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Anatomical landmarks on the skin, found without clicks.

Lips and lids come from the rims of the mouth bag and the eye sockets, the midline from the profile, the others from
adult proportions (Farkas 1994, Anthropometry of the head and face) between those, put onto the skin by rays.
Everything is in the normalised frame (cm, +Y up, +Z front, +X the character's left). Paired names end in _L, _R.
"""

from collections.abc import Mapping
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from ..errors import MuscleFaceError
from .cavities import Cavity
from .crease import mouth_crease, outer_corner
from .frame import FaceMarks
from .picked import follow_placed
from .profile import profile_landmarks
from .proportions import face_size
from .rays import RayTarget

SAME_SIDES = 0.2  # [cm]
MIDPLANE_NOISE = 0.05  # [cm]
BROW_BEHIND, BROW_DEPTHS = 0.85, 0.6  # [cm] of its outer end behind the corner of the eye, and off that in people
Points = dict[str, np.ndarray]
Deltas = Mapping[str, np.ndarray]
SIDES = {"L": 1.0, "R": -1.0}


class SkinView:
    """The outer skin as rays see it."""

    def __init__(self, vertices: np.ndarray, triangles: np.ndarray):
        self.vertices = vertices
        self.used = np.unique(triangles)
        self._target = RayTarget(vertices, triangles)
        self._foremost = float(vertices[self.used, 2].max())

    def hit(self, aim: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """Where rays along `direction` through the points `aim` (n, 3) first meet the skin from outside.

        A ray that misses gives the skin vertex nearest to its aim.
        """
        aim = np.atleast_2d(np.asarray(aim, float))
        d = np.asarray(direction, float) / np.linalg.norm(direction)
        # Through a hole in the face a ray would land inside the back of the head.
        found = self._target.first_hits(aim - 60.0 * d, d, both_sides=False)
        missed = np.isnan(found[:, 0])
        if missed.any():
            found[missed] = self.nearest(aim[missed])
        return found

    def nearest(self, points: np.ndarray) -> np.ndarray:
        """The nearest outer skin vertex (n, 3) to each point."""
        return self.vertices[self.used[self._tree.query(np.atleast_2d(points))[1]]]

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.vertices[self.used])

    def closest(self, points: np.ndarray) -> np.ndarray:
        """The nearest point (n, 3) of the outer skin to each point (n, 3)."""
        corners, bary = self._target.closest(np.atleast_2d(points))
        return np.einsum("nc,nci->ni", bary, self.vertices[corners])

    def front(self, x: float, y: float) -> np.ndarray:
        """Foremost skin point (3,) at x, y."""
        return self.hit([[x, y, self._foremost]], [0.0, 0.0, -1.0])[0]

    def side(self, y: float, z: float, sign: float) -> np.ndarray:
        """Outermost skin point (3,) at y, z on the left (+1) or right (-1)."""
        return self.hit([[0.0, y, z]], [-sign, 0.0, 0.0])[0]


def find_landmarks(
    view: SkinView,
    marks: FaceMarks,
    mouth: Cavity | None,
    eyes: Mapping[str, Cavity | None],
    deltas: Deltas,
    exposure: np.ndarray,
    placed: Mapping[str, np.ndarray] | None = None,
    guess: Mapping[str, np.ndarray] | None = None,
) -> Points:
    """All landmarks {name: (3,)}; the `placed` ones stay where the artist put them and the others are found by them.

    guess: where eyes and lips are, for a head on which neither shows as an opening.
    """
    placed, guess = placed or {}, guess or {}
    points: Points = {}

    def add(found: Points) -> None:
        points.update(follow_placed(found, placed, view.closest))

    for side, sign in SIDES.items():
        add(_eye(view, side, sign, marks, eyes.get(side), guess))
        if f"pupil_{side}" not in placed:
            points[f"pupil_{side}"] = _pupil(points, side)
    add(_mouth(view, marks, mouth, guess))
    unit = face_size(points)
    add(profile_landmarks(view, points, unit))
    for side, sign in SIDES.items():
        add(brow_landmarks(view, points, side, sign, deltas, unit))
        add(_nose_side(view, points, side, sign, unit))
        add(_cheek(view, points, side, sign, unit))
        add(_ear_and_jaw(view, points, side, sign, exposure, unit))
    add(_skull(view, points, unit))
    if unknown := sorted(set(placed) - set(points)):
        raise MuscleFaceError(f'There is no landmark "{unknown[0]}": use the names of the list of landmarks.')
    return _even_sides(points, placed)


def _even_sides(points: Points, placed: Mapping[str, np.ndarray]) -> Points:
    """Pairs that mirror each other to SAME_SIDES are made to do so exactly: triangulation is not asymmetry."""
    centre = np.array([points["stomion"][0], 0.0, 0.0])
    mirror = np.array([-1.0, 1.0, 1.0])
    for name in [n for n in points if n.endswith("_L")]:
        if name in placed or name[:-1] + "R" in placed:
            continue
        left, right = points[name] - centre, points[name[:-1] + "R"] - centre
        if np.linalg.norm(left - mirror * right) < SAME_SIDES:
            mean = 0.5 * (left + mirror * right)
            points[name], points[name[:-1] + "R"] = centre + mean, centre + mirror * mean
    return points


def _eye(view: SkinView, side: str, sign: float, marks: FaceMarks, cavity: Cavity | None, guess: Points) -> Points:
    mark = marks.eye_left if sign > 0 else marks.eye_right
    if cavity is not None:
        rim = view.vertices[cavity.rim]
        lateral = sign * rim[:, 0]
        found = {"eye_inner": _extreme(rim, -lateral), "eye_outer": _extreme(rim, lateral)}
        middle = 0.5 * (found["eye_inner"] + found["eye_outer"])[0]
        column = rim[np.abs(rim[:, 0] - middle) < max(0.4, np.sort(np.abs(rim[:, 0] - middle))[3])]
        found["upper_lid"] = column[np.argmax(column[:, 1])]
        found["lower_lid"] = column[np.argmin(column[:, 1])]
    elif f"eye_inner_{side}" in guess:
        found = {n: view.front(*guess[f"{n}_{side}"][:2]) for n in _EYE}
        outer = outer_corner(view, found["eye_inner"], found["eye_outer"])
        aside = 0.5 * (outer - found["eye_outer"])[0]
        lids = {n: view.front(found[n][0] + aside, found[n][1]) for n in ("upper_lid", "lower_lid")}
        found |= lids | {"eye_outer": outer}
    else:
        found = {n: view.front(mark[0] + sign * dx, mark[1] + dy) for n, (dx, dy) in _EYE.items()}
    found = {f"{name}_{side}": p for name, p in found.items()}
    return found | {f"pupil_{side}": _pupil(found, side)}


_EYE = {"eye_inner": (-1.45, -0.1), "eye_outer": (1.3, 0.0), "upper_lid": (0.0, 0.4), "lower_lid": (0.0, -0.6)}


def _pupil(points: Points, side: str) -> np.ndarray:
    """The middle between the corners of the eye, as far in front as the lids."""
    inner, outer, upper, lower = (points[f"{n}_{side}"] for n in _EYE)
    return np.array([*(0.5 * (inner + outer))[:2], max(upper[2], lower[2])])


def _extreme(points: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Mean of the points (n, 3) within a millimetre of the highest score."""
    return points[score > score.max() - 0.1].mean(axis=0)


def _mouth(view: SkinView, marks: FaceMarks, cavity: Cavity | None, guess: Points) -> Points:
    if cavity is None:
        sides = [
            guess.get(f"mouth_corner_{s}", m) for s, m in zip(SIDES, (marks.mouth_left, marks.mouth_right), strict=True)
        ]
        stomion = guess.get("stomion", marks.mouth * [0.0, 1.0, 1.0])
        found = mouth_crease(view, stomion, 0.5 * float(np.linalg.norm(sides[0] - sides[1])))
        found = found or {"stomion": view.front(*stomion[:2])}
        corners = [found.get(f"mouth_corner_{s}", view.front(*p[:2])) for s, p in zip(SIDES, sides, strict=True)]
        stomion = found["stomion"]
        lips = {"upper_lip": stomion + [0.0, 0.05, 0.0], "lower_lip": stomion - [0.0, 0.05, 0.0]}
    else:
        rim = view.vertices[cavity.rim]
        corners = [_extreme(rim, sign * rim[:, 0]) for sign in SIDES.values()]
        middle = 0.5 * (corners[0] + corners[1])[0]
        middle = 0.0 if abs(middle) < MIDPLANE_NOISE else middle
        column = rim[np.abs(rim[:, 0] - middle) < max(0.25, np.sort(np.abs(rim[:, 0] - middle))[1])]
        lips = {"upper_lip": column[np.argmax(column[:, 1])], "lower_lip": column[np.argmin(column[:, 1])]}
        lips = {name: np.array([middle, *p[1:]]) for name, p in lips.items()}
        stomion = 0.5 * (lips["upper_lip"] + lips["lower_lip"])
    return {"mouth_corner_L": corners[0], "mouth_corner_R": corners[1], "stomion": stomion, **lips}


def brow_landmarks(view: SkinView, points: Points, side: str, sign: float, deltas: Deltas, unit: np.ndarray) -> Points:
    """The brow: its distance from the eye varies with the size of the head, less with the distance of the eyes."""
    pupil, inner = points[f"pupil_{side}"], points[f"eye_inner_{side}"]
    size = _head_size(view, points, unit)
    y = pupil[1] + 2.43 * size
    for name in ("browInnerUp", f"browDown{'Left' if side == 'L' else 'Right'}"):
        if name in deltas:
            weight = (deltas[name] ** 2).sum(axis=1) * (sign * view.vertices[:, 0] > 0)
            if weight.sum() > 0:
                y = np.clip((weight @ view.vertices)[1] / weight.sum(), pupil[1] + 1.7 * size, y + 0.4)
                break
    spots = {"brow_inner": (0.65 * inner[0], y), "brow_mid": (pupil[0] + sign * 0.5 * size, y + 0.3 * size)}
    spots["brow_outer"] = (pupil[0] + sign * 2.48 * size, y - 0.7 * size)
    found = {f"{name}_{side}": view.front(*at) for name, at in spots.items()}
    # Where the temple is steep, a ray from the front lands far behind the end of the brow, and too far in front of a
    # flat one.
    outer = np.array([*spots["brow_outer"], points[f"eye_outer_{side}"][2] - BROW_BEHIND * unit[2]])
    if abs(found[f"brow_outer_{side}"][2] - outer[2]) > BROW_DEPTHS * unit[2]:
        found[f"brow_outer_{side}"] = view.hit([outer], [-sign, 0.0, -1.0])[0]
    return found


def _head_size(view: SkinView, points: Points, unit: np.ndarray) -> float:
    """Size of the head in adult units: the mean of the face's and that of the width between the cheekbones, which is
    13.4 cm (Farkas 1994, zy-zy)."""
    eye = 0.5 * (points["eye_outer_L"] + points["eye_outer_R"])
    left, right = (view.side(eye[1] - 1.6 * unit[1], eye[2] - 4.2 * unit[2], sign)[0] for sign in (1.0, -1.0))
    return float(np.sqrt(unit[2] * np.clip((left - right) / 13.4, 0.8 * unit[2], 1.25 * unit[2])))


def _nose_side(view: SkinView, points: Points, side: str, sign: float, unit: np.ndarray) -> Points:
    """The wing of the nose: where the section across it bends into the cheek."""
    tip, base = points["nose_tip"], points["subnasale"]
    # Above the nostrils, through the middle of the wings.
    y = base[1] + 0.8 * unit[1]
    crease, ala = _wing(view, tip[0], y, sign, unit)
    nasion, rhinion = points["nasion"], points["rhinion"]
    return {
        f"ala_crease_{side}": crease,
        f"ala_{side}": ala,
        f"ala_base_{side}": view.front(0.75 * crease[0] + 0.25 * tip[0], base[1]),
        f"nasal_side_{side}": view.front(tip[0] + sign * 0.75 * unit[0], rhinion[1]),
        f"frontal_process_{side}": view.front(tip[0] + sign * 1.05 * unit[0], 0.8 * nasion[1] + 0.2 * tip[1]),
    }


def _wing(view: SkinView, middle: float, y: float, sign: float, unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The crease beside the wing of the nose and the wing's side (3,) in the section at a height."""
    x = middle + sign * np.arange(0.0, 3.2 * unit[0], 0.05)
    section = view.hit(np.stack([x, np.full_like(x, y), np.zeros_like(x)], axis=1), [0.0, 0.0, -1.0])
    section = section[section[:, 2] > section[-1, 2] - 1.0]
    chord = section[-1] - section[0]
    rel = section - section[0]
    gap = sign * (chord[2] * rel[:, 0] - chord[0] * rel[:, 2])
    crease = section[np.argmax(gap)]
    ala = section[np.argmin(np.abs(np.abs(section[:, 0] - middle) - abs(crease[0] - middle) + 0.25))]
    return crease, ala


def _cheek(view: SkinView, points: Points, side: str, sign: float, unit: np.ndarray) -> Points:
    pupil, outer, lid = (points[f"{n}_{side}"] for n in ("pupil", "eye_outer", "lower_lid"))
    corner, base = points[f"mouth_corner_{side}"], points["subnasale"]
    ux, uy, uz = unit
    oblique = np.array([-sign, 0.0, -1.0])
    bone_y = 0.62 * outer[1] + 0.38 * base[1]
    return {
        f"infraorbital_{side}": view.front(pupil[0], lid[1] - 1.3 * uy),
        f"canine_fossa_{side}": view.front(pupil[0] - sign * 0.4 * ux, 0.35 * lid[1] + 0.65 * base[1]),
        f"cheekbone_{side}": view.hit([[outer[0] + sign * 0.3 * ux, bone_y, outer[2] - 0.3 * uz]], oblique)[0],
        f"zygion_{side}": view.side(outer[1] - 1.6 * uy, outer[2] - 4.2 * uz, sign),
        f"orbit_lateral_{side}": view.hit([[outer[0] + sign * 0.7 * ux, outer[1], outer[2] - 0.5 * uz]], oblique)[0],
        f"cheek_{side}": view.hit([[1.9 * corner[0], corner[1] + 1.2 * uy, corner[2] - 2.5 * uz]], oblique)[0],
        f"chin_side_{side}": view.front(0.75 * corner[0], 0.5 * (points["mentolabial"] + points["pogonion"])[1]),
    }


def _ear_and_jaw(
    view: SkinView, points: Points, side: str, sign: float, exposure: np.ndarray, unit: np.ndarray
) -> Points:
    """Ear, jaw angle and neck; the ear is the shaded patch on the side of the head."""
    eye, base, corner = points[f"eye_outer_{side}"], points["subnasale"], points[f"mouth_corner_{side}"]
    ux, uy, uz = unit
    tragus = np.array([sign * 7.0 * ux, 0.5 * (eye[1] + base[1]), eye[2] - 7.0 * uz])
    v = view.vertices[view.used]
    box = (np.abs(v[:, 1] - tragus[1]) < 3.5 * uy) & (np.abs(v[:, 2] - tragus[2]) < 4.0 * uz)
    box &= sign * v[:, 0] > 4.5 * ux
    shaded = np.where(box, np.clip(0.75 - exposure[view.used], 0.0, None), 0.0)
    if shaded.sum() > 1.0:
        ear = shaded @ v / shaded.sum()
        tragus[1:] = [ear[1] - 0.3 * uy, ear[2] + 1.0 * uz]
    tragus = view.side(tragus[1], tragus[2], sign)
    gonion_y = corner[1] - 0.9 * uy
    menton = points["menton"]
    gonion = view.side(gonion_y, tragus[2] + 1.6 * uz, sign)
    body = 0.5 * (gonion + menton)
    return {
        f"tragus_{side}": tragus,
        f"gonion_{side}": gonion,
        f"jaw_body_{side}": view.hit([[body[0], body[1] + 0.4 * uy, body[2]]], [-sign, 0.0, -0.8])[0],
        f"ramus_{side}": view.side(0.5 * (gonion[1] + tragus[1]), tragus[2] + 2.2 * uz, sign),
        f"mastoid_{side}": view.side(tragus[1] - 2.2 * uy, tragus[2] - 2.6 * uz, sign),
        f"temple_{side}": view.side(points[f"brow_outer_{side}"][1] + 0.3 * uy, eye[2] - 2.8 * uz, sign),
        f"neck_side_{side}": view.side(menton[1] - 3.0 * uy, tragus[2] - 1.5 * uz, sign),
        f"forehead_side_{side}": view.front(points[f"brow_outer_{side}"][0], points["mid_forehead"][1] - 0.8 * uy),
    }


def _skull(view: SkinView, points: Points, unit: np.ndarray) -> Points:
    """Crown, back of the head and the front of the neck."""
    v = view.vertices[view.used]
    middle = np.abs(v[:, 0] - points["stomion"][0]) < 2.0
    head = v[middle] if middle.any() else v
    tragus_y = 0.5 * (points["tragus_L"] + points["tragus_R"])[1]
    back = head[np.abs(head[:, 1] - tragus_y - 2.0) < 4.0]
    menton = points["menton"]
    vertex = head[np.argmax(head[:, 1])]
    behind = back[np.argmin(back[:, 2])] if len(back) else head[np.argmin(head[:, 2])]
    ear = 0.5 * (points["tragus_L"] + points["tragus_R"])
    return {
        "vertex": vertex,
        "opisthocranion": behind,
        "crown_back": view.hit(0.5 * (vertex + behind), [0.0, -1.0, 1.0])[0],
        "parietal_L": view.side(vertex[1] - 4.5 * unit[1], ear[2] - 1.5 * unit[2], 1.0),
        "parietal_R": view.side(vertex[1] - 4.5 * unit[1], ear[2] - 1.5 * unit[2], -1.0),
        "submental": view.hit(menton + [0.0, 0.0, -3.8 * unit[2]], [0.0, 1.0, 0.0])[0],
        "neck_front": view.front(menton[0], menton[1] - 3.5 * unit[1]),
    }
