# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Measures of a whole face: its derivatives, gravity, volume, robustness, symmetry, readout, tissues.

Every function takes a FaceModel and returns numbers; the tests say how small they have to be, the physics job writes
them into the report. Lengths in millimetres.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import warp as wp
from muscle_face.core import FaceModel
from muscle_face.core.anatomy.composition import REGIONS
from muscle_face.core.build import jaw_bones
from muscle_face.core.face import Pose
from muscle_face.core.parallel import worker_count
from muscle_face.core.physics import presets
from muscle_face.core.physics.equilibrium import factor
from muscle_face.core.physics.face_flesh import FaceFlesh, Load
from muscle_face.core.physics.flesh import Fibres, Flesh
from muscle_face.core.physics.gravity import node_mass
from muscle_face.core.readout import mean_stretch
from muscle_face.core.sensitivity import Parameters
from reflection import mirrored_controls, mirrored_directions, mirrored_points, reflected

NOT_FACS = ("PupilDilate", "cheekRaiser")
"""Shapes that are no expressions of the face."""

STILL = 1e-3
"""A control that moves no vertex by this much [mm per unit] has no column to compare (pupils)."""

TIGHT = 1e-12
"""Residual of poses that are differentiated numerically: differences divide what is left of it by the step."""

STEP = 3e-5
"""Step of differences over controls: lips near a fold bend so sharply that 3e-4 leaves 3e-4 of a column to curvature on
the ICT head, ten times less leaves a hundredth of it."""

Say = Callable[[str], None]


def silent(_: str) -> None:
    """Say nothing."""


def expressions(model: FaceModel) -> list[str]:
    """The shapes that are expressions."""
    return [name for name in model.shapes if not name.startswith(NOT_FACS)]


def spring_free(model: FaceModel) -> FaceModel:
    """The same face all but without track springs (a millionth of them)."""
    return model.with_track_stiffness(dict.fromkeys(REGIONS, 1e-6))


def mixed(model: FaceModel, seed: int = 5) -> dict[str, float]:
    """Something of everything: eight shapes, all muscles (at least at 0.05: negative activation is none), the jaw."""
    rng = np.random.default_rng(seed)
    shapes = rng.choice(expressions(model), 8, replace=False)
    values = {str(n): float(v) for n, v in zip(shapes, rng.uniform(0.2, 0.6, 8), strict=True)}
    names = model.controls().names
    values |= {
        n: float(rng.uniform(0.05, 0.3)) for n, kind in zip(names, model.control_kinds, strict=True) if kind == "muscle"
    }
    return values | dict(zip(names[-3:], (0.3, 0.1, 0.2), strict=True))


def sharp(model: FaceModel, values: dict[str, float], gravity: np.ndarray | None = None) -> Pose:
    """A settled pose brought to TIGHT from where it settled, with as many iterations again."""
    pose = model.solve(values, gravity=gravity)
    return _settled([model.solve(values, gravity=gravity, start=pose, tolerance=TIGHT)])[0]


def mixed_pose(model: FaceModel) -> Pose:
    """``mixed`` under a slanting gravity, to differentiate at."""
    return sharp(model, mixed(model), model.rotation.T @ [3.0, -8.0, 2.0])


def _settled(poses: list[Pose]) -> list[Pose]:
    for pose in poses:
        if not pose.converged:
            raise RuntimeError(pose.message)
    return poses


# --- Derivatives ----------------------------------------------------------------------------------------------------


def jacobian_errors(
    model: FaceModel, pose: Pose, names: Sequence[str] | None = None, *, say: Say = silent
) -> tuple[dict[str, float], list[str]]:
    """Jacobian columns against central differences of the whole solve: by control the largest difference over the
    column's largest entry; and the controls left out because they move nothing. ``names``: default all."""
    every = model.controls().names
    J = model.jacobian(pose)
    size = np.abs(J).max(0)
    still = [n for n in names or every if size[every.index(n)] * model.mm_per_unit < STILL]
    moving = [n for n in names or every if n not in still]
    errors = {}
    for begin in range(0, len(moving), 10):
        some = [every.index(n) for n in moving[begin : begin + 10]]
        vectors = [pose.controls + h * np.eye(len(every))[i] for i in some for h in (STEP, -STEP)]
        poses = _settled(model.solve_batch(vectors, gravity=pose.gravity, starts=[pose] * len(vectors),
                                           tolerance=TIGHT))  # fmt: skip
        for i, up, down in zip(some, poses[::2], poses[1::2], strict=True):
            difference = (up.skin - down.skin).ravel() / (2 * STEP)
            errors[every[i]] = float(np.abs(J[:, i] - difference).max() / size[i])
        say(f"Jacobian: {len(errors)} of {len(moving)} columns, worst {max(errors.values()):.1e}")
    return errors, still


def single_precision_error(model: FaceModel, pose: Pose) -> float:
    """Largest difference of a Jacobian column from one factor in single precision, over the column's largest entry."""
    load, _, _ = model.load_of(pose.controls, pose.gravity)
    single = replace(pose, _linear={"last": (model, model.solver.linearise(pose.nodes, load, single=True))})
    J = model.jacobian(pose)
    size = np.abs(J).max(0)
    difference = np.abs(model.jacobian(single) - J).max(0)
    return float((difference / np.maximum(size, STILL / model.mm_per_unit)).max())


def directions(model: FaceModel) -> dict[str, Parameters]:
    """A seeded direction in every kind of parameter that is no control, of the parameter's own size."""
    rng, flesh = np.random.default_rng(3), model.flesh
    waves = np.stack([np.sin(flesh.rest @ rng.standard_normal(3) / 2.0) for _ in range(3)], axis=1)
    return {
        "gravity": Parameters(gravity=rng.standard_normal(3)),
        "moduli": Parameters(moduli=flesh.moduli * rng.standard_normal((len(flesh.tets), 1))),
        "track_stiffness": Parameters(track_stiffness=flesh.spring * rng.standard_normal(len(flesh.spring))),
        "rest": Parameters(rest=waves),
    }


# Short enough for lips that begin to touch the teeth; the response (some hundredths of a millimetre of gravity, less of
# springs) still stands far above what solves leave.
STEPS = {"gravity": 0.02, "moduli": 2e-4, "track_stiffness": 1e-3, "rest": 4e-5}


def parameter_errors(model: FaceModel, pose: Pose) -> dict[str, float]:
    """Skin derivatives along ``directions`` against central differences of equilibria of changed flesh: the largest
    difference over the largest entry. Tracks stay as they are."""
    ways = directions(model)
    forward = model.forward(pose, list(ways.values()))
    rotation = model.rotation
    load, _, q = model.load_of(pose.controls, pose.gravity)
    weight = model.mass[:, None] * (rotation @ pose.gravity)

    def skin(kind: str, h: float) -> np.ndarray:
        flesh, changed, d = model.flesh, load, ways[kind]
        if kind == "gravity":
            changed = replace(load, force=load.force + h * model.mass[:, None] * (rotation @ d.gravity))
        elif kind == "moduli":
            flesh = replace(flesh, moduli=flesh.moduli + h * d.moduli)
        elif kind == "track_stiffness":
            flesh = replace(flesh, spring=flesh.spring + h * d.track_stiffness)
        else:
            flesh = replace(flesh, rest=flesh.rest + h * d.rest)
            changed = replace(
                load,
                anchor=load.anchor + h * d.rest,
                fixed=jaw_bones(model.jaw, flesh.rest, model.rig.bone, q),
                force=load.force - weight + node_mass(flesh)[:, None] * (rotation @ pose.gravity),
            )
        nodes, report = FaceFlesh(flesh).solve(changed, [pose.nodes], tolerance=TIGHT)
        if not report.converged:
            raise RuntimeError(f"{kind}: residual {report.residual:.1e}")
        return (model.carry @ nodes) @ model.rig.frame.T

    errors = {}
    for k, (kind, h) in enumerate(STEPS.items()):
        difference = (skin(kind, h) - skin(kind, -h)) / (2 * h)
        errors[kind] = float(np.abs(difference - forward[model.rig.carried, :, k]).max() / np.abs(difference).max())
    return errors


def adjoint_errors(model: FaceModel, pose: Pose) -> dict[str, float]:
    """Gradients of a random loss against the forward derivatives of the same parameters, relative."""
    loss = np.random.default_rng(0).standard_normal(pose.skin.shape)
    ways, adjoint = directions(model), model.adjoint(pose, loss)
    forward = model.forward(pose, list(ways.values()))
    errors = {}
    for k, (kind, d) in enumerate(ways.items()):
        along = np.vdot(loss, forward[..., k])
        errors[kind] = float(abs(np.vdot(getattr(adjoint, kind), getattr(d, kind)) / along - 1.0))
    expected = model.jacobian(pose).T @ loss.ravel()
    for kind, given in (("controls", adjoint.controls), ("controls_alone", model.gradient(pose, loss))):
        errors[kind] = float(np.abs(given - expected).max() / np.abs(expected).max())
    return errors


@wp.kernel
def _weighted_squares(skin: wp.array2d[wp.vec3d], rest: wp.array[wp.vec3d], loss: wp.array[wp.float64]):
    """loss = sum over poses b of (b + 1) |skin_b - rest|^2 [unit^2]."""
    b, i = wp.tid()
    moved = skin[b, i] - rest[i]
    wp.atomic_add(loss, 0, wp.float64(b + 1) * wp.dot(moved, moved))


def tape_error(model: FaceModel, poses: Sequence[Pose], names: Sequence[str]) -> float:
    """Gradient of ``_weighted_squares`` through a batch of solves on a tape against central differences over the named
    controls of each pose: the largest difference over the largest entry."""
    every = model.controls().names
    values = wp.array(np.stack([p.controls for p in poses]), dtype=wp.float64, device="cpu", requires_grad=True)
    rest = wp.array(model.neutral, dtype=wp.vec3d, device="cpu")
    loss = wp.zeros(1, dtype=wp.float64, device="cpu", requires_grad=True)
    tape = wp.Tape()
    with tape:
        skin, _ = model.solve_on_tape(tape, values, starts=poses)
        wp.launch(_weighted_squares, skin.shape, [skin, rest], [loss], device="cpu")
    tape.backward(loss)
    given = values.grad.numpy()[:, [every.index(n) for n in names]]
    expected = np.zeros_like(given)
    for b, pose in enumerate(poses):
        vectors = [pose.controls + h * np.eye(len(every))[every.index(n)] for n in names for h in (STEP, -STEP)]
        nearby = _settled(model.solve_batch(vectors, starts=[pose] * len(vectors), tolerance=TIGHT))
        losses = np.array([(b + 1) * ((p.skin - model.neutral) ** 2).sum() for p in nearby])
        expected[b] = (losses[::2] - losses[1::2]) / (2 * STEP)
    return float(np.abs(given - expected).max() / np.abs(expected).max())


# --- Gravity --------------------------------------------------------------------------------------------------------


def gravity_neutral_mm(model: FaceModel) -> dict[str, float]:
    """Flesh that rests in the stored unloaded shape, let go under the sculpt's gravity.

    neutral: how far a node ends from the neutral · sag: how far one sank. The flesh knows nothing of prestretch,
    springs, tracks or the neutral.
    """
    rig, kind = model.rig, presets.tissue(str(model.rig.tissue))
    moduli = kind.moduli(rig.muscle_share, rig.skin_share)
    flesh = Flesh(rig.unloaded, rig.tets, moduli, Fibres.none(), rig.bone > 0, np.zeros(len(rig.nodes)), law=kind.law)
    weight = np.repeat(presets.DENSITY * flesh.volume / 4.0, 4)
    mass = np.bincount(rig.tets.ravel(), weight, len(rig.nodes))
    load = Load(rig.unloaded, rig.unloaded, mass[:, None] * rig.rest_gravity, np.zeros(0))
    nodes, report = FaceFlesh(flesh).solve(load, [rig.unloaded], tolerance=1e-8)
    if not report.converged:
        raise RuntimeError(f"The unloaded flesh did not settle: residual {report.residual:.1e}")
    off, sag = (10.0 * np.linalg.norm(nodes - x, axis=1).max() for x in (rig.nodes, rig.unloaded))
    return {"neutral": float(off), "sag": float(sag)}


def region_motion(model: FaceModel, pose: Pose, region: str) -> np.ndarray:
    """(n, 3) motion of a region's skin from the neutral [mm], normalised frame."""
    rig = model.rig
    rows = np.arange(len(rig.skin))
    nearest = rig.carrier[rows, rig.carrier_weight[rows].argmax(1)]
    there = rig.skin[rig.region[nearest] == list(REGIONS).index(region)]
    return (pose.skin - rig.vertices)[there] @ model.rotation.T * model.mm_per_unit


def sinking_mm(model: FaceModel, down: Sequence[float]) -> dict[str, dict[str, float]]:
    """By region: how far the neutral face's skin moves along ``down`` (unit, normalised frame) when gravity turns
    there from where it was sculpted, on the mean and at most."""
    pose = _settled([model.solve({}, gravity=9.81 * model.rotation.T @ down)])[0]
    along = {region: region_motion(model, pose, region) @ down for region in REGIONS}
    return {region: {"mean": float(d.mean()), "most": float(d.max())} for region, d in along.items() if len(d)}


# --- Volume ---------------------------------------------------------------------------------------------------------


def volume_changes(model: FaceModel, names: Sequence[str] | None = None) -> dict[str, float]:
    """Change of the total flesh volume [%] with each shape at 1 (default: all expressions)."""
    names = names or expressions(model)
    poses = _settled(model.solve_batch([{name: 1.0} for name in names]))
    return {name: model.volume_change(pose) for name, pose in zip(names, poses, strict=True)}


class VolumeOfSum:
    """The flesh as it would be if it followed the plain sum of shapes and the bones smoothly, without physics.

    Nodes move by the harmonic field that meets the bones exactly and the skin as nearly as the tets can; the volume of
    the tets is then the volume that their boundary encloses.
    """

    def __init__(self, model: FaceModel) -> None:
        rig, flesh = model.rig, model.flesh
        free, self._rows = flesh.free, model.carry[: len(rig.skin)]
        self._model, self._held = model, np.flatnonzero(flesh.fixed)
        self._smooth = flesh.laplacian(np.ones(len(flesh.tets)))[free]
        self._pull = 1e3 * self._rows[:, free].T  # far stiffer than the flesh is smooth
        self._solve = factor((self._smooth[:, free] + self._pull @ self._rows[:, free]).tocsc()).solve

    def nodes(self, weights: np.ndarray) -> np.ndarray:
        """(N, 3) nodes at weights of the shapes (K,)."""
        model, rig = self._model, self._model.rig
        used = np.flatnonzero(weights)
        moved = np.zeros_like(rig.nodes)
        bones = jaw_bones(model.jaw, rig.nodes, rig.bone, weights[used] @ rig.jaw_of_track[used])
        moved[self._held] = (bones - rig.nodes)[self._held]
        skin = sum(weights[k] * (self._rows @ rig.displacement(k) + rig.detail(k)) for k in used) - self._rows @ moved
        moved[model.flesh.free] = self._solve(np.asarray(self._pull @ skin - self._smooth @ moved))
        return rig.nodes + moved


def blendshape_volume_changes(model: FaceModel) -> dict[str, float]:
    """The same if the flesh followed the artist's skin, see VolumeOfSum."""
    flesh, summed, changes = model.flesh, VolumeOfSum(model), {}
    for name in expressions(model):
        share = flesh.volume_ratio(summed.nodes((np.array(model.shapes) == name).astype(float))) - 1.0
        changes[name] = 100.0 * float(flesh.volume @ share / flesh.volume.sum())
    return changes


# --- Random sliders -------------------------------------------------------------------------------------------------


def random_vectors(model: FaceModel, count: int, seed: int = 0) -> np.ndarray:
    """(count, n) slider values, uniform over the whole box."""
    bounds = model.controls().bounds
    return np.random.default_rng(seed).uniform(bounds[:, 0], bounds[:, 1], (count, len(bounds)))


def random_runs(model: FaceModel, count: int, say: Say = silent) -> dict[str, list[Pose]]:
    """Poses of random sliders: "cold" (no start, no stiffness of another pose) and each "from_previous" pose."""
    vectors = random_vectors(model, count)
    cold: list[Pose] = []
    while len(cold) < count:
        # As many at a time as there are solvers, so that none has a stiffness from before.
        cold += model.solve_batch(list(vectors[len(cold) : len(cold) + worker_count()]))
        say(f"Random, cold: {len(cold)} of {count}, residual {cold[-1].residual:.1e}, {cold[-1].ms / 1e3:.1f} s")
    warm: list[Pose] = []
    for c in vectors:
        warm.append(model.solve(c, start=warm[-1] if warm else None))
        say(f"Random, on: {len(warm)} of {count}, residual {warm[-1].residual:.1e}, {warm[-1].ms / 1e3:.1f} s")
    return {"cold": cold, "from_previous": warm}


# --- Symmetry -------------------------------------------------------------------------------------------------------


def mirror_mm(model: FaceModel) -> float:
    """Largest distance of the mirrored face's skin from the mirrored skin over three mixed poses, one of them under
    another gravity."""
    # Both without a past: a mixture may have two equilibria, and what a solver keeps of other poses may choose.
    model, mirror, worst = FaceModel(model.rig), reflected(model), 0.0
    weight = model.rotation.T @ [4.0, -7.0, -3.0]
    for seed, gravity in ((1, None), (2, None), (3, weight)):
        values = mixed(model, seed)
        there = None if gravity is None else mirrored_directions(model, gravity)
        ours, theirs = sharp(model, values, gravity), sharp(mirror, mirrored_controls(values), there)
        worst = max(worst, float(np.linalg.norm(theirs.skin - mirrored_points(model, ours.skin), axis=1).max()))
    return worst * model.mm_per_unit


# --- Readout --------------------------------------------------------------------------------------------------------


def lone_readout_errors(
    model: FaceModel, muscles: Sequence[str] | None = None, levels: Sequence[float] = (0.3, 0.6, 0.9)
) -> dict[str, float]:
    """By muscle (default: all): worst difference of what a lone muscle on a face without springs reads from its
    activation."""
    free = spring_free(model)
    names = list(muscles or free.muscles)
    pairs = [(name, level) for name in names for level in levels]
    poses = _settled(free.solve_batch([{name: level} for name, level in pairs]))
    errors = dict.fromkeys(names, 0.0)
    for (name, level), pose in zip(pairs, poses, strict=True):
        read = free.implied_activations(pose)[free.muscles.index(name)]
        errors[name] = max(errors[name], abs(float(read) - level))
    return errors


def smile(model: FaceModel) -> Pose:
    """Both sides of mouthSmile at 1."""
    return _settled([model.solve({n: 1.0 for n in model.shapes if n.startswith("mouthSmile")})])[0]


def readout(model: FaceModel, pose: Pose, count: int = 8) -> dict[str, float]:
    """The most active muscles of a pose by their fibre lengths, most active first."""
    read = model.implied_activations(pose)
    return {model.muscles[k]: float(read[k]) for k in np.argsort(-read, kind="stable")[:count]}


def stretched_readout(model: FaceModel, pose: Pose) -> np.ndarray:
    """What the muscles read whose fibres are longer in a pose than at rest."""
    return model.implied_activations(pose)[mean_stretch(model.flesh, pose.nodes) > 1.0]


# --- Tissues --------------------------------------------------------------------------------------------------------


def tissue_differences(model: FaceModel, other: FaceModel, names: Sequence[str] | None = None) -> dict[str, float]:
    """The same face in two tissues: neutral_mm: how far the other's neutral is from the mesh · shapes_mm: how far its
    shapes at 1 (default: all expressions) are at most from the first one's."""
    names = names or expressions(model)
    values = [{name: 1.0} for name in names]
    ours, theirs = (_settled(m.solve_batch(values)) for m in (model, other))
    apart = [np.linalg.norm(a.skin - b.skin, axis=1).max() for a, b in zip(ours, theirs, strict=True)]
    return {
        "neutral_mm": float(np.abs(other.solve({}).skin - model.neutral).max()) * model.mm_per_unit,
        "shapes_mm": float(max(apart)) * model.mm_per_unit,
    }


def muscle_motion_mm(model: FaceModel, muscle: str = "zygomaticus_major_L") -> float:
    """How far a muscle at 1 moves the skin where it moves it most."""
    pose = _settled([model.solve({muscle: 1.0})])[0]
    return float(np.linalg.norm(pose.skin - model.neutral, axis=1).max()) * model.mm_per_unit
