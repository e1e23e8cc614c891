# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The muscles of a rig: laid into its flesh, shown as curves, exchanged for the artist's own.

Shapes stay as they are whatever the muscles: the tracks hold where the flesh is at each shape, and what resists it
there is worked out from the flesh as it is (``physics.tracks``). So only fibres, shares of tissue, the unloaded shape
and the readout's table are made anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from .anatomy import composition
from .anatomy.bones import Mesh, read_mesh
from .anatomy.fibres import muscle_fibres
from .anatomy.muscle_curves import CURVE, MESH, MuscleCurve, SkinAbove, check_curve, muscle_of_curve, packed, unpacked
from .anatomy.muscle_meshes import curve_through, filled, in_tets
from .anatomy.muscles import Muscle
from .errors import MuscleFaceError
from .geometry.quality import signed_volume
from .hanging import unload
from .physics import presets
from .physics.flesh import Fibres, Flesh
from .progress import Progress, silent
from .rig import UPDATE, Rig

if TYPE_CHECKING:
    from .face import FaceModel

FAINTEST = 1e-12
"""Strength of a muscle that has none."""


@dataclass(frozen=True)
class Content:
    """One muscle in the tets of a flesh. tet: (n,) · fraction: (n,) 0..1 · direction: (n, 3) unit, to the insertion."""

    tet: np.ndarray
    fraction: np.ndarray
    direction: np.ndarray


def contents(muscles: Sequence[Muscle], nodes: np.ndarray, tets: np.ndarray) -> list[Content]:
    """What muscles put into each tet (T, 4) over nodes (N, 3)."""
    volume = signed_volume(nodes, tets)
    edge = np.cbrt(volume * np.sqrt(72.0))
    muscle, tet, fraction, direction = muscle_fibres(muscles, nodes[tets].mean(1), edge, volume)
    rows = [muscle == k for k in range(len(muscles))]
    return [Content(tet[r].astype(np.int32), fraction[r], direction[r]) for r in rows]


def fibres_of(parts: Sequence[Content], strength: np.ndarray, tets: int) -> tuple[Fibres, np.ndarray]:
    """Fibres of all muscles with their strengths (M,), and the share of muscle in each of the tets (T,)."""
    owner = np.repeat(np.arange(len(parts), dtype=np.int32), [len(p.tet) for p in parts])
    tet = np.concatenate([np.zeros(0, np.int32), *(p.tet for p in parts)])
    fraction = np.concatenate([np.zeros(0), *(p.fraction for p in parts)])
    direction = np.concatenate([np.zeros((0, 3)), *(p.direction for p in parts)])
    # A muscle without strength is there all the same: its share of a tet is read back from the stress.
    stress = presets.SIGMA_MAX * np.maximum(strength, FAINTEST)[owner] * fraction
    fibres = Fibres(owner, tet, stress, direction, len(parts))
    return fibres, np.minimum(np.bincount(tet, fraction, tets), 1.0)


def curves_of(rig: Rig) -> dict[str, MuscleCurve]:
    """The muscles that have paths, by name. Raises MuscleFaceError for a rig of a version that did not keep them."""
    curves = unpacked({f: getattr(rig, f) for f in packed([])})
    if len(rig.muscle_names) and not any(curves):
        raise MuscleFaceError(f"This rig does not hold the paths of its muscles: {UPDATE}.")
    return {str(n): c for n, c in zip(rig.muscle_names, curves, strict=True) if c is not None and len(c.points)}


def with_curves(model: "FaceModel", curves: Mapping[str, MuscleCurve], progress: Progress | None) -> Rig:
    """The rig with some muscles exchanged for curves, new names appended. Raises MuscleFaceError."""
    rig, old = model.rig, curves_of(model.rig)
    for name, curve in curves.items():
        check_curve(name, curve)
    changed = {n: c for n, c in curves.items() if n not in old or not old[n].same(c)}
    if not changed:
        return rig
    frame = rig.head_frame()
    skin = SkinAbove(frame.to_norm(rig.vertices), rig.triangles, rig.vertex_exposure())
    placed = [muscle_of_curve(n, c, frame, skin, rig.mouth_line) for n, c in changed.items()]
    return exchanged(model, changed, dict(zip(changed, contents(placed, rig.nodes, rig.tets), strict=True)), CURVE,
                     progress)  # fmt: skip


def exchanged(
    model: "FaceModel",
    curves: Mapping[str, MuscleCurve],
    parts: Mapping[str, Content],
    source: int,
    progress: Progress | None,
) -> Rig:
    """The rig with the named muscles shown by ``curves`` and made of ``parts``; unknown names are appended."""
    from .build import read_muscles

    rig, say = model.rig, progress or silent
    say(0.0, "Laying the muscles")
    names = [str(n) for n in rig.muscle_names]
    names += [n for n in curves if n not in names]
    known = curves_of(rig)
    paths = [curves.get(n) or known.get(n) or _NOTHING for n in names]
    strength = np.array([p.strength for p in paths])
    fibres, muscle_share = fibres_of([parts[n] if n in parts else content_of(rig, n) for n in names], strength,
                                     len(rig.tets))  # fmt: skip
    vertices, exposure = rig.head_frame().to_norm(rig.vertices), rig.vertex_exposure()
    skin_share = composition.skin_share(vertices, rig.triangles, exposure, rig.nodes, rig.tets)
    skin_share = np.minimum(skin_share, 1.0 - muscle_share)
    kind = presets.tissue(str(rig.tissue))
    bare = Flesh(rig.nodes, rig.tets, kind.moduli(muscle_share, skin_share), fibres, rig.bone > 0,
                 np.zeros(len(rig.nodes)), law=kind.law)  # fmt: skip
    say(0.1, "Hanging the flesh")
    unloaded = unload(bare, rig.rest_gravity, lambda: say(0.1, "Hanging the flesh"))
    teeth = model.teeth.of_flesh(bare)
    own = read_muscles(bare, teeth, unloaded, rig.rest_gravity, lambda s, text: say(0.2 + 0.8 * s, text))
    sources = np.concatenate([rig.muscle_source, np.zeros(len(names) - len(rig.muscle_names), np.int8)])
    sources[[names.index(n) for n in curves]] = source
    return replace(
        rig,
        muscle_names=np.array(names, dtype=np.str_),
        **packed(paths),
        muscle_source=sources,
        muscle_share=muscle_share,
        skin_share=skin_share,
        unloaded=unloaded,
        own_stretch=own,
        **fibre_arrays(fibres),
    )


_NOTHING = MuscleCurve(np.zeros((0, 3)), np.zeros(0), 0.0)
"""What stands for a muscle that has no fibres left but keeps its name and place."""


def fibre_arrays(fibres: Fibres) -> dict[str, np.ndarray]:
    """Arrays of a rig that hold its fibres."""
    return {
        "fibre_muscle": fibres.muscle.astype(np.int32),
        "fibre_tet": fibres.tet.astype(np.int32),
        "fibre_stress": fibres.stress,
        "fibre_direction": fibres.direction,
    }


def content_of(rig: Rig, name: str) -> Content:
    """What a muscle of the rig has in each tet now."""
    k = [str(n) for n in rig.muscle_names].index(name)
    mine = rig.fibre_muscle == k
    unit = presets.SIGMA_MAX * max(float(rig.muscle_strength[k]), FAINTEST)
    return Content(rig.fibre_tet[mine], rig.fibre_stress[mine] / unit, rig.fibre_direction[mine])


def with_inert(rig: Rig, names: Sequence[str]) -> Rig:
    """The rig with a muscle without fibres for each of the ``names`` that it lacks, so that sliders keep what they are
    called."""
    missing = [n for n in names if n not in set(rig.muscle_names.tolist())]
    if not missing:
        return rig
    curves = unpacked({f: getattr(rig, f) for f in packed([])})
    paths = [c or _NOTHING for c in curves] + [_NOTHING] * len(missing)
    own = np.ones((len(missing), rig.own_stretch.shape[1]))
    return replace(
        rig,
        muscle_names=np.array([*rig.muscle_names.tolist(), *missing], dtype=np.str_),
        muscle_source=np.concatenate([rig.muscle_source, np.zeros(len(missing), np.int8)]),
        own_stretch=np.concatenate([rig.own_stretch, own]),
        **packed(paths),
    )


def with_meshes(model: "FaceModel", meshes: Mapping[str, Mesh], progress: Progress | None) -> Rig:
    """The rig with some muscles exchanged for closed meshes, new names appended. Raises MuscleFaceError."""
    rig, known = model.rig, curves_of(model.rig)
    frame, curves, parts = rig.head_frame(), {}, {}
    for name, (vertices, faces) in meshes.items():
        vertices, triangles = read_mesh(f"muscle mesh {name}", vertices, faces)
        muscle = filled(name, frame.to_norm(vertices), triangles, rig.nodes[rig.bone > 0])
        parts[name] = Content(*in_tets(name, muscle, rig.nodes, rig.tets))
        strength, lip = (known[name].strength, known[name].lip) if name in known else (1.0, 0)
        drawn = curve_through(muscle, strength, lip)
        curves[name] = replace(drawn, points=frame.to_user(drawn.points), width=drawn.width / frame.scale,
                               thickness=drawn.thickness / frame.scale)  # fmt: skip
    return exchanged(model, curves, parts, MESH, progress) if meshes else rig
