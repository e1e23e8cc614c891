# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""From a head mesh to a rig: anatomy, flesh, muscles, and tracks calibrated from the shapes."""

import time
from collections.abc import Callable, Mapping, Sequence
from threading import Lock

import numpy as np

from . import blas
from .anatomy import bone_fit, composition
from .anatomy.bones import Mesh, in_frame, landmark_depths, read_bones, with_bones
from .anatomy.head import Head, analyse_head
from .anatomy.jaw import Jaw
from .anatomy.muscle_curves import (
    CURVE,
    TEMPLATE,
    MuscleCurve,
    SkinAbove,
    check_curve,
    curve_of_muscle,
    muscle_of_curve,
    packed,
)
from .anatomy.muscles import Muscle, mouth_line, place_muscles
from .anatomy.teeth import dental_arches, lining
from .errors import MuscleFaceError, as_numbers
from .geometry import embedding, surface
from .geometry.head_flesh import MANDIBLE, TARGET_TETS, HeadFlesh, build_flesh, skin_of
from .geometry.rest import harmonic
from .hanging import Hung, hang
from .muscle_rig import contents, fibre_arrays, fibres_of
from .parallel import Once, Steps, run_all
from .physics import presets
from .physics.contact import Teeth
from .physics.face_flesh import FaceFlesh, Load
from .physics.flesh import Flesh
from .physics.gravity import node_mass, prestretch
from .physics.tracks import Calibration, largest_strain
from .progress import Progress, silent
from .readout import LEVELS, MuscleReader
from .rig import VERSION, Rig, quantised, topology_hash
from .warm_up import compile_kernels

DETAIL_LIMIT = 0.25
"""Longest skin motion of a shape that is laid over the flesh's own [cm], the size of a fine tet."""

JAW_CONTROLS = ("jaw_open", "jaw_forward", "jaw_side")
_JAW_SHAPES = (("jawOpen",), ("jawForward",), ("jawLeft",), ("jawRight",))
_JAW_DIRECTIONS = np.array([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0], [0, 0, -1.0]])


@blas.one_thread()
def build_rig(
    vertices: np.ndarray,
    faces: Sequence[Sequence[int]],
    shapes: Mapping[str, np.ndarray] | None = None,
    *,
    quality: str = "standard",
    tissue: str = "soft_tissue",
    rest_gravity: Sequence[float] | None = None,
    landmarks: Mapping[str, np.ndarray] | None = None,
    muscles: Mapping[str, MuscleCurve] | None = None,
    bones: Mapping[str, Mesh] | None = None,
    fit_bones: bool = False,
    progress: Progress | None = None,
) -> Rig:
    """Build the rig of a head; see FaceModel.build for the arguments."""
    say = progress or silent
    started = time.perf_counter()
    if quality not in TARGET_TETS:
        raise MuscleFaceError(f'There is no quality "{quality}": use one of {", ".join(TARGET_TETS)}.')
    kind = presets.tissue(tissue)
    compile_kernels(lambda _share, text: say(0.0, text))
    head = analyse_head(vertices, faces, shapes, lambda s, text: say(0.1 * s, text), landmarks)
    given = read_bones(bones) if bones else None
    if given:
        say(0.1, "Placing the bones")
        given = (
            bone_fit.fit_bones(head, given, lambda: say(0.1, "Fitting the skull"))
            if fit_bones
            else in_frame(given, head.frame)
        )
        head = with_bones(head, given)
    flesh = build_flesh(head, quality, lambda: say(0.1, "Filling the head with flesh"))
    say(0.35, "Laying the muscles")
    placed, source = _muscles(head, muscles or {})
    strength = np.array([m.strength for m in placed])
    fibres, muscle_share = fibres_of(contents(placed, flesh.nodes, flesh.tets), strength, len(flesh.tets))
    skin_share = composition.skin_share(head.vertices, head.triangles, head.exposure, flesh.nodes, flesh.tets)
    skin_share = np.minimum(skin_share, 1.0 - muscle_share)
    moduli = kind.moduli(muscle_share, skin_share)
    solid = flesh.open_flesh.varied(rest=flesh.nodes, moduli=moduli, fibres=fibres, law=kind.law)
    rotation = head.frame.rotation
    gravity = None if rest_gravity is None else rotation @ checked_gravity(rest_gravity)
    names = list(head.shapes)
    directions, jaw_tracks, jaw_shaped = _jaw_tracks(head, names)
    arches = dental_arches(head)
    lining_node, lining_row, lining_area = lining(head, flesh.nodes, flesh.tets, flesh.bone == 0, arches)
    teeth = Teeth.of(solid, lining_node, lining_row, lining_area, arches)
    hung, own, displacement, strain, restless = _calibrate(head, flesh, solid, teeth, directions, gravity, say)
    step, steps = quantised(displacement)
    carried, carrier, weight, mandible, part_vertices = _carry(head, flesh)
    displacement = step[:, None, None] * steps
    part_delta = _part_delta(head, flesh, directions, displacement, (carried, carrier, weight), mandible, part_vertices)
    detail_step, detail_steps = quantised(_detail(head, flesh, displacement))
    stats = {**flesh.stats, "rig_seconds": time.perf_counter() - started}
    say(1.0, "Rig ready")
    return Rig(
        version=np.int64(VERSION),
        topology=np.array(topology_hash(len(vertices), faces)),
        vertices=np.array(vertices, np.float64),
        frame=head.frame.rotation.T / head.frame.scale,
        origin=np.asarray(head.frame.origin, np.float64),
        mm_per_unit=np.float64(10.0 * head.frame.scale),
        skin=head.skin,
        triangles=head.triangles.astype(np.int32),
        landmark_names=np.array(list(head.landmarks), dtype=np.str_),
        landmarks=head.frame.to_user(np.array(list(head.landmarks.values()))),
        exposure=head.exposure[head.skin].astype(np.float32),
        landmark_depth=landmark_depths(head, given),
        bones=np.array(list(given or ()), dtype=np.str_),
        shape_names=np.array(names, dtype=np.str_),
        quality=np.array(quality),
        muscle_names=np.array([m.name for m in placed], dtype=np.str_),
        muscle_source=source,
        **packed([curve_of_muscle(m, head.frame) for m in placed]),
        mouth_line=mouth_line(head),
        jaw_tracks=jaw_tracks,
        jaw_shaped=jaw_shaped,
        jaw_hinge=head.jaw.hinge,
        jaw_spin=head.jaw.spin,
        jaw_slide=head.jaw.slide,
        jaw_side_advance=head.jaw.side_advance,
        jaw_of_track=directions,
        nodes=flesh.nodes,
        tets=flesh.tets,
        bone=flesh.bone,
        region=composition.face_regions(head, flesh.nodes),
        tissue=np.array(tissue),
        muscle_share=muscle_share,
        skin_share=skin_share,
        track_stiffness=np.ones(len(composition.REGIONS)),
        rest_gravity=hung.gravity,
        unloaded=hung.unloaded,
        own_stretch=own,
        **fibre_arrays(solid.fibres),
        teeth_arch=arches,
        lining_node=lining_node.astype(np.int32),
        lining_row=lining_row,
        lining_area=lining_area,
        carried=carried,
        carrier=carrier.astype(np.int32),
        carrier_weight=weight,
        mandible_vertices=mandible,
        track_step=step,
        track_steps=steps,
        strain_largest=strain,
        detail_step=detail_step,
        detail_steps=detail_steps,
        part_vertices=part_vertices,
        part_delta=part_delta,
        eye_left=_vertices_of(head, "eye_L"),
        eye_right=_vertices_of(head, "eye_R"),
        stat_names=np.array(list(stats), dtype=np.str_),
        stat_values=np.array(list(stats.values()), np.float64),
        warnings=np.array([*head.warnings, *hung.warnings, *restless], dtype=np.str_),
    )


def _vertices_of(head: Head, kind: str) -> np.ndarray:
    """(n,) vertices of all loose parts of a kind."""
    return np.concatenate([np.zeros(0, np.int64), *(p.vertices for p in head.parts if p.kind == kind)])


def checked_gravity(gravity: Sequence[float]) -> np.ndarray:
    """(3,) gravity [m/s2]. Raises MuscleFaceError."""
    sentence = "Gravity is not three numbers: set it again."
    gravity = as_numbers(gravity, sentence).copy()
    if gravity.shape != (3,) or not np.isfinite(gravity).all():
        raise MuscleFaceError(sentence)
    return gravity


@blas.one_thread()
def read_muscles(flesh: Flesh, teeth: Teeth, unloaded: np.ndarray, gravity: np.ndarray, say: Progress) -> np.ndarray:
    """(M, levels) fibre stretch of each muscle acting alone in a flesh with unloaded nodes (N, 3); see ``readout``."""
    steps = Steps(say, 0.0, 1.0, flesh.fibres.count)
    return _stretches(run_all(_readings(flesh, Once(lambda: _reader(flesh, teeth, unloaded, gravity)), steps)))


def _reader(flesh: Flesh, teeth: Teeth, unloaded: np.ndarray, gravity: np.ndarray) -> MuscleReader:
    loaded = flesh.varied(prestretch=prestretch(flesh.rest, unloaded, flesh.tets))
    return MuscleReader(loaded, teeth, node_mass(loaded)[:, None] * gravity)


def _readings(flesh: Flesh, reader: Once[MuscleReader], steps: Steps) -> list[Callable[[], np.ndarray]]:
    """A task for each muscle."""

    def task(muscle: int) -> np.ndarray:
        out = reader().stretch(muscle, lambda: steps.tick("Reading the muscles"))
        steps.finished()
        return out

    return [lambda k=k: task(k) for k in range(flesh.fibres.count)]


def _stretches(rows: list[np.ndarray]) -> np.ndarray:
    return np.array(rows).reshape(-1, len(LEVELS))


def _muscles(head: Head, own: Mapping[str, MuscleCurve]) -> tuple[list[Muscle], np.ndarray]:
    """The template's muscles in this head, the artist's ``own`` in their place or after them; and their source (M,)."""
    placed = {m.name: m for m in place_muscles(head)}
    for name, curve in own.items():
        check_curve(name, curve)
    if own:
        skin, line = SkinAbove(head.vertices, head.triangles, head.exposure), mouth_line(head)
        placed |= {name: muscle_of_curve(name, curve, head.frame, skin, line) for name, curve in own.items()}
    return list(placed.values()), np.array([CURVE if n in own else TEMPLATE for n in placed], np.int8)


def _jaw_tracks(head: Head, names: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bone motion (K, 3) of each track, track weights (4, K) of the jaw controls, and which of them are shapes.

    A jaw control repeats the head's own jaw shapes; a motion without a shape gets a track of its own.
    """
    directions = [head.jaw.jaw_of_shape.get(n, (0.0, 0.0, 0.0)) for n in names]
    rows = []
    shaped = []
    for arkit, direction in zip(_JAW_SHAPES, _JAW_DIRECTIONS, strict=True):
        given = head.arkit.get(arkit[0], ())
        members = [names.index(g) for g in given]
        shaped.append(bool(members))
        if not members:
            members = [len(directions)]
            directions.append(tuple(direction))
        rows.append(members)
    weights = np.zeros((4, len(directions)))
    for row, members in enumerate(rows):
        weights[row, members] = 1.0
    jaw_shaped = np.array([shaped[0], shaped[1], shaped[2] and shaped[3]])
    return np.array(directions, float).reshape(-1, 3), weights, jaw_shaped


def jaw_bones(jaw: Jaw, nodes: np.ndarray, bone: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Node positions (N, 3) with the mandible's nodes moved rigidly by q = (open, forward, side)."""
    out = nodes.copy()
    R, t = jaw.motion(*q)
    m = bone == MANDIBLE
    out[m] = nodes[m] @ R.T + t
    return out


def _calibration(head: Head, flesh: HeadFlesh, solid: Flesh) -> Calibration:
    """The calibration that finds the tracks of this head; inner skin counts little in it."""
    skin, vertices = skin_of(head)
    area = surface.vertex_areas(head.vertices[vertices], skin.triangles)
    return Calibration(solid, flesh.embed, area * np.where(skin.outer, 1.0, 0.2))


def _calibrate(
    head: Head,
    flesh: HeadFlesh,
    solid: Flesh,
    teeth: Teeth,
    directions: np.ndarray,
    gravity: np.ndarray | None,
    say: Progress,
) -> tuple[Hung, np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """How the flesh hangs, the readout's table (M, levels), node displacement of every track (K, N, 3), the largest
    strain that these ask of each tet (T,), and warnings: one queue of work, so that no core waits for another's last
    step."""
    names, vertices, count = list(head.shapes), flesh.skin, len(directions)
    steps = Steps(say, 0.36, 0.98, count + solid.fibres.count)
    calibration = Once(lambda: _calibration(head, flesh, solid))
    hung = Once(lambda: hang(solid, gravity, lambda: steps.tick("Hanging the flesh")))
    reader = Once(lambda: _reader(solid, teeth, hung().unloaded, hung().gravity))
    largest, turn, restless = np.zeros(len(solid.tets)), Lock(), []

    def track(k: int) -> np.ndarray:
        label = f"Calibrating {names[k]}" if k < len(names) else "Calibrating the jaw"
        steps.tick(label)
        fixed = jaw_bones(head.jaw, flesh.nodes, flesh.bone, directions[k])
        displacement = np.zeros((len(flesh.nodes), 3))
        if k >= len(names):
            nodes, sound = _settled(solid, fixed, lambda: steps.tick(label))
            displacement = nodes - flesh.nodes
            if not sound:
                restless.append(_jaw_warning(directions[k]))
        else:
            delta = head.shapes[names[k]][vertices]
            if np.abs(delta).max() > 1e-6 or directions[k].any():
                target = head.vertices[vertices] + delta
                displacement = calibration().shape(target, fixed, tick=lambda: steps.tick(label))
        strain = largest_strain(solid, displacement[None])
        with turn:
            np.maximum(largest, strain, out=largest)
        steps.finished()
        return displacement

    # The largest first and the many small ones last.
    order = sorted(range(count), key=lambda k: -_size(head, names, k))
    tasks = [calibration, reader, *(lambda k=k: track(k) for k in order), *_readings(solid, reader, steps)]
    results = run_all(tasks)[2:]
    displacement = np.zeros((count, len(flesh.nodes), 3))
    displacement[order] = np.reshape(results[:count], displacement.shape)
    return hung(), _stretches(results[count:]), displacement, largest, sorted(restless)


def _size(head: Head, names: list[str], track: int) -> float:
    """How much a track moves: what moves more takes longer to find."""
    return float(np.square(head.shapes[names[track]][head.skin]).sum()) if track < len(names) else np.inf


def _jaw_warning(direction: np.ndarray) -> str:
    """That the flesh does not follow a jaw control (open, forward, side) of 1."""
    shape = _JAW_SHAPES[int(np.argmax(_JAW_DIRECTIONS @ direction))][0]
    return f"The flesh does not come to rest under the jaw's own motion: sculpt a {shape} or check landmarks and bones."


def _settled(solid: Flesh, fixed: np.ndarray, tick: Callable[[], None]) -> tuple[np.ndarray, bool]:
    """Nodes (N, 3) where the flesh comes to rest by itself when the bones move to ``fixed`` (N, 3), and whether it
    does, with no tet turned over."""
    moved = np.where(solid.fixed[:, None], fixed - solid.rest, 0.0)
    start = solid.rest + harmonic(solid, solid.fixed, moved)
    still = Load(fixed, solid.rest, np.zeros_like(solid.rest), np.zeros(solid.fibres.count))
    nodes, report = FaceFlesh(solid).solve(still, [start], tick=tick)
    return nodes, report.converged and bool((solid.volume_ratio(nodes) > 0.0).all())


def _carry(head: Head, flesh: HeadFlesh) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What carries the vertices: flesh (vertices, nodes, weights) or mandible (vertices); and the vertices of parts."""
    follow = {"skin": [], "mandible": [], "cranium": []}
    for part in head.parts:
        follow[part.follows].append(part.vertices)
    none = np.zeros(0, np.int64)
    riders = np.concatenate([none, *follow["skin"]])
    mandible = np.concatenate([none, *follow["mandible"]])
    parts = np.concatenate([none, *follow["cranium"], mandible, riders])
    S = flesh.embed.tocsr()
    nodes, weights = S.indices.reshape(-1, 4), S.data.reshape(-1, 4)
    if len(riders):
        nearest = surface.closest_vertices(head.vertices[riders], head.vertices, flesh.skin)
        tet_of_skin = np.full(len(head.vertices), -1)
        tet_of_skin[flesh.skin] = flesh.carrier
        E = embedding.embedding_matrix(head.vertices[riders], flesh.nodes, flesh.tets, tet_of_skin[nearest])
        nodes = np.concatenate([nodes, E.indices.reshape(-1, 4)])
        weights = np.concatenate([weights, E.data.reshape(-1, 4)])
    return np.concatenate([flesh.skin, riders]), nodes, weights, mandible, parts


def _detail(head: Head, flesh: HeadFlesh, displacement: np.ndarray) -> np.ndarray:
    """(K, Vs, 3) what each shape does to the skin beyond what the flesh does, at most DETAIL_LIMIT long.

    Lid margins and lip edges are finer than tets: without this a blink stays open by a hair.
    """
    detail = np.zeros((len(displacement), len(flesh.skin), 3))
    for k, shape in enumerate(head.shapes.values()):
        gap = shape[flesh.skin] - flesh.embed @ displacement[k]
        length = np.linalg.norm(gap, axis=1, keepdims=True)
        detail[k] = gap * np.minimum(1.0, DETAIL_LIMIT / np.maximum(length, 1e-12))
    return detail


def _part_delta(
    head: Head,
    flesh: HeadFlesh,
    directions: np.ndarray,
    displacement: np.ndarray,
    carry: tuple[np.ndarray, np.ndarray, np.ndarray],
    mandible: np.ndarray,
    parts: np.ndarray,
) -> np.ndarray:
    """(K, P, 3) what each shape does to the parts beyond being carried by bones and flesh."""
    carried, carrier, weight = carry
    delta = np.zeros((len(displacement), len(parts), 3), np.float32)
    row = np.full(len(head.vertices), -1)
    row[parts] = np.arange(len(parts))
    rides = row[carried] >= 0
    for k, shape in enumerate(head.shapes.values()):
        own = shape[parts].copy()
        R, t = head.jaw.motion(*directions[k])
        x = head.vertices[mandible]
        own[row[mandible]] -= x @ R.T + t - x
        moved = np.einsum("ck,cki->ci", weight[rides], displacement[k][carrier[rides]])
        own[row[carried[rides]]] -= moved
        delta[k] = own
    return delta
