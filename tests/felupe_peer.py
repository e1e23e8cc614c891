# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Bars of flesh beside the same bars in FElupe, a published finite-element code, by the printed energies."""

from dataclasses import dataclass

import numpy as np
from flesh_blocks import MODULI, Block, block, edges, flesh_of, forces
from muscle_face.core.physics.face_flesh import FaceFlesh, Load
from scipy.spatial.transform import Rotation

LENGTH, WEIGHT, TURN = 4.0, 0.03, np.pi / 2
"""Length [cm] of the bar; its weight [N/cm3], three times water's, to sag by a quarter of the length; angle
between its twisted ends."""


@dataclass(frozen=True)
class Comparison:
    """Our equilibrium beside FElupe's on the same tets. displacement_pct: of its largest displacement ·
    reaction_pct: of its largest force on a held node · tip: sag of the far end over the length · converged: ours."""

    displacement_pct: float
    reaction_pct: float
    tip: float
    converged: bool


def _twisted(nodes: np.ndarray, share: float) -> np.ndarray:
    """The bar's nodes turned about its axis in proportion to their distance from the near end."""
    turn = Rotation.from_rotvec(share * TURN / LENGTH * nodes[:, :1] * [1, 0, 0])
    middle = np.array([0, 0.5, 0.5])
    return turn.apply(nodes - middle) + middle


def felupe_law(law: str):
    """FElupe's material from the printed energy, differentiated by tensortrax."""
    import tensortrax.math as tm
    from felupe.constitution.tensortrax import Hyperelastic
    from felupe.constitution.tensortrax.models.hyperelastic import mooney_rivlin

    def quasi_incompressible(C, mu10, mu01, kappa):
        return mooney_rivlin(C, C10=mu10, C01=mu01) + kappa / 2 * (tm.log(tm.linalg.det(C)) / 2) ** 2

    def stable(C, mu, bulk):
        return mu / 2 * (tm.trace(C) - 3) + bulk / 2 * (tm.sqrt(tm.linalg.det(C)) - 1 - mu / bulk) ** 2

    if law == "mooney_rivlin":
        return Hyperelastic(quasi_incompressible, **dict(zip(("mu10", "mu01", "kappa"), MODULI[law], strict=True)))
    mu, lame, _ = MODULI[law]
    return Hyperelastic(stable, mu=mu, bulk=mu + lame)


def _felupe_solution(b: Block, held: np.ndarray, law: str, pose: str) -> tuple[np.ndarray, np.ndarray]:
    """Displacements and internal forces (N, 3) of FElupe's Newton, the load put on in five steps from rest."""
    import felupe

    region = felupe.RegionTetra(felupe.Mesh(b.nodes, b.tets, "tetra"))
    field = felupe.FieldContainer([felupe.Field(region, dim=3)])
    body, weight = felupe.SolidBody(felupe_law(law), field), felupe.SolidBodyForce(field)
    fixed = (3 * np.flatnonzero(held)[:, None] + np.arange(3)).ravel()
    free = np.setdiff1d(np.arange(b.nodes.size), fixed)
    for share in (0.2, 0.4, 0.6, 0.8, 1.0):
        weight.update([0, 0, -WEIGHT * share if pose == "cantilever" else 0])
        moved = (_twisted(b.nodes, share) - b.nodes if pose == "twist" else np.zeros_like(b.nodes)).ravel()[fixed]
        felupe.newtonraphson(items=[body, weight], x0=field, dof0=fixed, dof1=free, ext0=moved, tol=1e-10, verbose=0)
    return field[0].values.copy(), body.assemble.vector(field).toarray().reshape(-1, 3)


def felupe_comparison(pose: str, law: str) -> Comparison:
    """A bar of 4 x 1 x 1 cm: "cantilever", held at one end and bent by its weight, or "twist", its ends turned."""
    b = block((LENGTH, 1.0, 1.0), (12, 3, 3), 0.02)
    held = b.nodes[:, 0] < 1e-9
    if pose == "twist":
        held |= b.face(0)
    theirs, internal = _felupe_solution(b, held, law, pose)
    flesh = flesh_of(b.nodes, b.tets, law, fixed=held)
    target, push = b.nodes, np.zeros_like(b.nodes)
    if pose == "twist":
        target = _twisted(b.nodes, 1.0)
    else:
        volume = np.linalg.det(edges(b.nodes, b.tets)) / 6
        push[:, 2] = -WEIGHT * np.bincount(b.tets.ravel(), np.repeat(volume / 4, 4))
    x, report = FaceFlesh(flesh).solve(Load(target, b.nodes, push, np.zeros(0)), [target], tolerance=1e-9)
    ours, reaction = x - b.nodes, -forces(flesh, x)[1][held]
    return Comparison(
        100 * np.linalg.norm(ours - theirs, axis=1).max() / np.linalg.norm(theirs, axis=1).max(),
        100 * np.abs(reaction - internal[held]).max() / np.abs(internal[held]).max(),
        -theirs[b.face(0), 2].mean() / LENGTH,
        report.converged,
    )


def felupe_pct() -> tuple[dict[str, float], str]:
    """Displacement differences [%] by pose and law ("cantilever_mooney_rivlin", ...), and FElupe's version."""
    import felupe

    pairs = [(pose, law) for pose in ("cantilever", "twist") for law in MODULI]
    return {f"{p}_{law}": felupe_comparison(p, law).displacement_pct for p, law in pairs}, felupe.__version__
