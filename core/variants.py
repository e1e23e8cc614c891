# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The same face with something else inside: another tissue, other track springs; and the face brought up to date."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .anatomy.composition import REGIONS
from .anatomy.muscle_curves import carried
from .build import build_rig, read_muscles
from .errors import MuscleFaceError, as_numbers
from .hanging import given, unload
from .muscle_rig import curves_of, with_inert
from .painted import in_flesh
from .physics import presets
from .progress import Progress, silent
from .rig import Rig

if TYPE_CHECKING:
    from .face import FaceModel


STIFFNESS = 0.1, 10.0
"""Factors of the flesh's moduli that are allowed."""

BORDER = 3
"""Rounds of averaging that make the borders between regions soft."""


def of_tissue(model: "FaceModel", tissue: str, progress: Progress | None) -> Rig:
    """The rig with another tissue: muscles and gravity act on other flesh."""
    rig, say = model.rig, progress or silent
    kind = presets.tissue(tissue)
    moduli = kind.moduli(rig.muscle_share, rig.skin_share)
    bare = model.flesh.varied(moduli=moduli, law=kind.law, prestretch=None)
    unloaded = unload(bare, rig.rest_gravity)
    own = read_muscles(bare, model.teeth.of_flesh(bare), unloaded, rig.rest_gravity, say)
    return replace(rig, tissue=np.array(tissue), unloaded=unloaded, own_stretch=own)


def of_track_stiffness(model: "FaceModel", factors: Mapping[str, float]) -> Rig:
    """The rig with the track springs of some regions scaled. Raises MuscleFaceError."""
    stiffness = by_region(factors, model.rig.track_stiffness)
    if not (np.isfinite(stiffness) & (stiffness >= 0.0)).all():
        raise MuscleFaceError("The track stiffness of a region is not a number of at least 0: set it again.")
    return replace(model.rig, track_stiffness=stiffness)


def by_region(factors: Mapping[str, float], default: np.ndarray) -> np.ndarray:
    """(regions,) factors of the named regions, ``default`` (regions,) of the others. Raises MuscleFaceError."""
    names, out = list(REGIONS), default.copy()
    for name, factor in factors.items():
        if name not in names:
            raise MuscleFaceError(f'There is no region "{name}": use one of {", ".join(names)}.')
        out[names.index(name)] = as_numbers(factor, f'The factor of "{name}" is not a number: set it again.')
    return out


def of_stiffness(model: "FaceModel", factors: Mapping[str, float], painted: np.ndarray | None) -> "FaceModel":
    """``FaceModel.with_stiffness``: a copy that shares all but the moduli."""
    factor = by_region(factors, np.ones(len(REGIONS)))
    sentence = f"Painted stiffness is one number for each of the {model.vertex_count} vertices."
    painted = np.ones(model.vertex_count) if painted is None else as_numbers(painted, sentence)
    if painted.shape != (model.vertex_count,):
        raise MuscleFaceError(sentence)
    asked = np.concatenate([factor, painted])
    if not ((asked >= STIFFNESS[0]) & (asked <= STIFFNESS[1])).all():
        raise MuscleFaceError(f"Stiffness goes from {STIFFNESS[0]} to {STIFFNESS[1]} times that of the tissue.")
    return _stiffened(model, asked)


def stiffened_like(model: "FaceModel", other: "FaceModel") -> "FaceModel":
    """The model with the stiffness that another of the same mesh was given by ``of_stiffness``."""
    asked = vars(other).get("_stiffness")
    return model if asked is None else _stiffened(model, asked)


def _stiffened(model: "FaceModel", asked: np.ndarray) -> "FaceModel":
    """The model with its moduli times factors (regions + V,), of the regions and of the flesh under the vertices."""
    model.prepare()
    last = vars(model).get("_stiffened")
    if last is not None and np.array_equal(last[0], asked):
        return last[1]
    share = vars(model).get("_region_share")
    if share is None:
        share = model._region_share = region_share(model)
    factor, painted = np.split(np.log(asked), [len(REGIONS)])
    of_tet = share @ factor + in_flesh(model, painted)
    face = copy.copy(model)
    # Not the one before it, and the one before that.
    vars(face).pop("_stiffened", None)
    face.flesh = model.flesh.stiffened(np.exp(of_tet))
    face.tracks, face.solver = model.tracks.on(face.flesh), model.solver.twin(face.flesh)
    face._stiffness = asked * vars(model).get("_stiffness", 1.0)
    model._stiffened = asked, face
    return face


def region_share(model: "FaceModel") -> np.ndarray:
    """(T, regions) how much each tet belongs to each of REGIONS; the borders are some edges wide."""
    flesh = model.flesh
    of_node = np.eye(len(REGIONS))[model.rig.region]
    count = flesh.spread(np.full(len(flesh.tets), 4.0))[:, None]
    for _ in range(BORDER):
        of_tet = of_node[flesh.tets].mean(1)
        of_node = np.stack([flesh.spread(4.0 * column) for column in of_tet.T], axis=1) / count
    return of_node[flesh.tets].mean(1)


def updated(
    model: "FaceModel",
    vertices: np.ndarray,
    faces: Sequence[Sequence[int]],
    shapes: Mapping[str, np.ndarray] | None,
    progress: Progress | None,
    **options,
) -> Rig:
    """A rig of the mesh as it is now, made like the model's; ``options`` are those of FaceModel.build.

    The artist's muscle curves go along with the skin; muscles that are gone keep their names and do nothing. Raises
    MuscleFaceError.
    """
    rig = model.rig
    if len(vertices) != len(rig.vertices):
        raise MuscleFaceError(
            f"The mesh has {len(vertices)} vertices now and had {len(rig.vertices)} when it was rigged: undo the edit, "
            "or remove the rig and create it again."
        )
    own, of_artist = {}, rig.drawn_muscles()
    if of_artist:
        own = {n: carried(c, rig.vertices, np.asarray(vertices, float), rig.triangles)
               for n, c in curves_of(rig).items() if n in of_artist}  # fmt: skip
    # Where nobody said how the head hangs, it is found anew: other walls bear another share of their weight.
    hangs = None if given(rig.rest_gravity) is None else model.rest_gravity
    kept = {"quality": str(rig.quality), "tissue": str(rig.tissue), "rest_gravity": hangs, "muscles": own}
    fresh = build_rig(vertices, faces, shapes, progress=progress, **{**kept, **options})
    fresh = with_inert(fresh, [str(n) for n in rig.muscle_names])
    return replace(fresh, track_stiffness=rig.track_stiffness)
