# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Shapes grown from muscles: every recipe solved on one head and made a clean shape."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .. import blas
from ..errors import MuscleFaceError
from ..parallel import Pool, Steps, run_all
from ..physics.face_flesh import FaceFlesh
from ..progress import Progress, silent
from .eyes import find_eyes
from .mouth import Mouth
from .recipe import Recipe
from .sets import RECIPES, SETS
from .skin import mirror_twins, mirrored, smoother, without_tiny

if TYPE_CHECKING:
    from ..face import FaceModel
    from ..physics.face_flesh import Load


PRESSURE_ROUNDS = 4
"""Solves in which a pressure follows the skin it presses on."""

EASIER = 0.75
"""Share of its effort that a recipe is tried with again when the flesh does not bear it."""

TRIES = 5
"""Recipes tried for a shape, each weaker than the one before."""

TOLERANCE = 1e-5
"""Residual of the solves: what they leave would show as motion of what is still."""


def grow_shapes(
    model: "FaceModel", names: Sequence[str] | None = None, progress: Progress | None = None
) -> dict[str, np.ndarray]:
    """{name: delta (V, 3)} of grown shapes, user's frame and unit; see FaceModel.grow. A shape that the flesh does not
    bear, however weak its recipe is made, is left out."""
    names = list(SETS["arkit"] if names is None else names)
    unknown = [n for n in names if n not in RECIPES]
    if unknown:
        raise MuscleFaceError(f'No recipe grows a shape called "{unknown[0]}": use names of core.grow.SETS.')
    return Grower(model).shapes(names, progress or silent)


class Grower:
    """One head on which recipes are solved; lengths in the normalised frame [cm]."""

    def __init__(self, model: "FaceModel") -> None:
        rig, self._model, self._frame = model.rig, model, model.rig.head_frame()
        self.x = self._frame.to_norm(rig.vertices)
        points = self._frame.to_norm(rig.landmarks)
        self.landmarks = dict(zip(rig.landmark_names.tolist(), points, strict=True))
        self._mouth = Mouth(model, self.x, self.landmarks)
        self._eyes = {eye.side: eye for eye in find_eyes(rig, self.x, self.landmarks)}
        self._smooth = smoother(self.x, rig.triangles, rig.skin)
        self._twins = mirror_twins(self.x, float(self.landmarks["stomion"][0]))

    def shapes(self, names: Sequence[str], say: Progress) -> dict[str, np.ndarray]:
        """The grown deltas by name."""
        wanted = {name: RECIPES[name] for name in names}
        parts = {name: self._parts(recipe) for name, recipe in wanted.items()}
        needed: dict[Recipe, str] = {}
        for name, recipes in parts.items():
            for one in recipes:
                needed.setdefault(one, name)
        self._model.prepare()
        solvers, steps = Pool(self._model.solver.twin), Steps(say, 0.0, 0.97, len(needed))

        def task(recipe: Recipe, name: str) -> np.ndarray | None:
            with solvers.lent() as solver, blas.one_thread():
                motion = self._solved(recipe, solver, lambda: steps.tick(f"Growing {name}"))
            steps.finished()
            return motion

        solved = run_all([lambda r=r, n=n: task(r, n) for r, n in needed.items()])
        motions = {one: motion for one, motion in zip(needed, solved, strict=True) if motion is not None}
        say(0.98, "Cleaning the shapes")
        borne = [name for name, recipes in parts.items() if all(one in motions for one in recipes)]
        return {name: self._clean(wanted[name], motions) @ self._model.rig.frame.T for name in borne}

    def _parts(self, recipe: Recipe) -> list[Recipe]:
        """What is solved for a recipe: itself, its mirror image, and the jaw alone where that is taken away."""
        both = [recipe, recipe.mirrored()] if self._twins is not None else [recipe]
        return [*both, *(one.jaw_alone() for one in both if one.beyond_jaw)]

    def _clean(self, recipe: Recipe, motions: dict[Recipe, np.ndarray]) -> np.ndarray:
        """Delta (V, 3) of a recipe: mean of itself and its mirror image's mirror image, finished."""
        motion = self._finished(recipe, motions)
        if self._twins is not None:
            motion = 0.5 * (motion + mirrored(self._finished(recipe.mirrored(), motions), self._twins))
        return without_tiny(motion)

    def _finished(self, recipe: Recipe, motions: dict[Recipe, np.ndarray]) -> np.ndarray:
        """Motion (V, 3) with facets smoothed, lids and eyeballs moved."""
        motion = motions[recipe].copy()
        if recipe.beyond_jaw:
            motion -= motions[recipe.jaw_alone()]
        skin = self._model.skin_vertices
        motion[skin] = self._smooth(motion[skin])
        for side in recipe.eyes:
            eye = self._eyes[side]
            # Lids that muscles squeeze would sink into the ball: around the eye what the flesh does fades out early.
            motion[eye.near] = (1.0 - np.sqrt(eye.share[:, None])) * motion[eye.near]
            if any(recipe.lids):
                motion[eye.near] += eye.lid_motion(recipe.lids)
            if any(recipe.gaze):
                motion[eye.ball] += eye.gaze_motion(self.x, recipe.gaze)
        return motion

    def _solved(self, recipe: Recipe, solver: FaceFlesh, tick: Callable[[], None]) -> np.ndarray | None:
        """Motion (V, 3) of the vertices at a recipe's equilibrium, weaker where the flesh does not bear it; None where
        it bears none of the tries."""
        for _ in range(TRIES):
            tick()
            pose_skin, sound = self._equilibrium(recipe, solver, tick)
            if sound:
                return self._frame.vector_to_norm(pose_skin - self._model.rig.vertices)
            solver.forget()
            recipe = _easier(recipe)
        return None

    def _equilibrium(self, recipe: Recipe, solver: FaceFlesh, tick: Callable[[], None]) -> tuple[np.ndarray, bool]:
        """Vertices (V, 3), user's frame, and whether the flesh came to rest with no tet turned over."""
        from ..skinning import posed_skin

        model = self._model
        c = np.zeros(len(model.controls().names))
        m, muscles = len(model.shapes), model.muscles
        for name, value in recipe.activations(muscles).items():
            c[m + muscles.index(name)] = value
        c[-3:] = recipe.jaw
        load, w, q = model.load_of(c, model.rest_gravity)
        if recipe.seal is not None:
            solver, load = self._sealed(recipe.seal, load, q)
        start = load.anchor if recipe.seal is None else model.rig.nodes
        nodes, report = solver.solve(load, [start], tolerance=TOLERANCE, tick=tick)
        if recipe.cheeks or any(recipe.pout):
            own = load.force
            for _ in range(PRESSURE_ROUNDS):
                force = own + self._mouth.pressure(nodes, recipe.cheeks, recipe.pout)
                pressed = replace(load, force=force)
                nodes, report = solver.solve(pressed, [load.anchor, nodes], tolerance=TOLERANCE, tick=tick)
        sound = report.converged and bool((model.flesh.volume_ratio(nodes) > 0.0).all())
        return posed_skin(model, nodes, w, q), sound

    def _sealed(self, share: float, load: "Load", q: np.ndarray) -> tuple[FaceFlesh, "Load"]:
        """A solver and a load with springs that bring both lips together, ``share`` of the way the jaw takes."""
        model = self._model
        R, t = model.jaw.motion(*q)
        stomion = self.landmarks["stomion"]
        stiffness, goal = self._mouth.seal(share * (R @ stomion + t - stomion))
        total = model.flesh.spring + stiffness
        mix = (stiffness / np.maximum(total, 1e-12))[:, None]
        held = model.flesh.varied(spring=total)
        return FaceFlesh(held), replace(load, anchor=(1.0 - mix) * load.anchor + mix * goal)


def _easier(recipe: Recipe) -> Recipe:
    """The same with less effort."""
    return replace(
        recipe,
        muscles=tuple((name, EASIER * value) for name, value in recipe.muscles),
        jaw=tuple(EASIER * value for value in recipe.jaw) if not recipe.beyond_jaw else recipe.jaw,
        cheeks=EASIER * recipe.cheeks,
        pout=tuple(EASIER * value for value in recipe.pout),
    )
