# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The CPU's fast path, eight tets at a time, is the kernels of single tets; and its fast inverses are inverses."""

from concurrent.futures import Future
from dataclasses import replace

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse as sp
import scipy.sparse.linalg as spla
from anatomy_heads import model
from flesh_blocks import block, fibres_along, flesh_of
from muscle_face.core import parallel
from muscle_face.core.live import PRECISION, LiveFace
from muscle_face.core.physics import derivatives, lbfgs
from muscle_face.core.physics.cholesky import Cholesky
from muscle_face.core.physics.smooth import smooth_inverse
from muscle_face.core.physics.workspace import LaneWorkspace, Workspace

BLOCK = block()
CLOSE = 1e-13


def mixed():
    """Flesh of both laws with fibres in two thirds of its tets, some of them in two muscles, and a prestretch."""
    b, count = BLOCK, len(BLOCK.tets)
    fibres = fibres_along((0.6, 0.64, 0.48), count)
    kept = np.concatenate([np.flatnonzero(np.arange(count) % 3), np.arange(0, count, 5)])
    fibres = replace(fibres, muscle=(np.arange(len(kept)) % 2).astype(np.int32), tet=fibres.tet[kept],
                     stress=fibres.stress[kept], direction=fibres.direction[kept], count=2)  # fmt: skip
    flesh = flesh_of(b.nodes, b.tets, "mooney_rivlin", fibres=fibres, fixed=b.face(0))
    law = np.where(np.arange(count) % 4, "mooney_rivlin", "stable_neo_hookean")
    F0 = np.eye(3) + 0.05 * np.random.default_rng(1).standard_normal((count, 3, 3))
    return replace(flesh, law=law, prestretch=F0)


def state(flesh, shake: float, strained: bool):
    """Both workspaces in one state: activations, strain; and positions, some tets turned over for a large shake."""
    rng = np.random.default_rng(2)
    x = flesh.rest + shake * rng.standard_normal(flesh.rest.shape)
    strain = 0.3 * rng.standard_normal((len(flesh.tets), 6)) if strained else None
    single, lanes = Workspace(flesh), LaneWorkspace(flesh)
    for workspace in (single, lanes):
        workspace.set_activation(np.array([0.3, 0.9]))
        workspace.set_strain(strain)
    return x, strain, single, lanes


@pytest.mark.parametrize("strained", [False, True])
@pytest.mark.parametrize("shake", [0.01, 0.2])
def test_forces_are_those_of_single_tets(shake, strained):
    """Energy and forces agree to rounding, also where tets are turned over."""
    flesh = mixed()
    x, _, single, lanes = state(flesh, shake, strained)
    (e, f), (energy, force) = single.tet_energy_and_force(x), lanes.tet_energy_and_force(x)
    assert energy == pytest.approx(e, rel=CLOSE)
    assert np.abs(force - f).max() < CLOSE * np.abs(f).max()


@pytest.mark.parametrize("free", [False, True])
@pytest.mark.parametrize("strained", [False, True])
def test_stiffness_is_that_of_forces(strained, free):
    """Blocks are the central differences of the forces of single tets, springs included."""
    flesh = mixed()
    flesh.spring = np.where(flesh.fixed, 0.0, 0.7)
    x, strain, single, _ = state(flesh, 0.02, strained)
    K = flesh.stiffness(x, np.array([0.3, 0.9]), strain).tocsr()
    if free:
        rows = (3 * flesh.free[:, None] + np.arange(3)).ravel()
        pattern = flesh.pattern(free=True)
        blocks = flesh.stiffness_blocks(x, np.array([0.3, 0.9]), strain, free=True)
        small = sp.bsr_matrix((blocks, pattern.indices, pattern.indptr), shape=(len(rows), len(rows))).toarray()
        assert np.abs(small - K[rows][:, rows].toarray()).max() < CLOSE * abs(K).max()
        return
    way, h = np.random.default_rng(4).standard_normal(x.shape), 1e-6
    up, down = (single.tet_energy_and_force(x + s * h * way)[1] - flesh.spring[:, None] * s * h * way for s in (1, -1))
    expected = (down - up).ravel() / (2.0 * h)
    assert np.abs(K @ way.ravel() - expected).max() < 1e-7 * np.abs(expected).max()


def test_results_do_not_depend_on_the_number_of_cores(monkeypatch):
    """The work is cut the same way everywhere: the same bits."""
    flesh = mixed()
    x, _, _, lanes = state(flesh, 0.02, True)
    shared = lanes.tet_energy_and_force(x)
    monkeypatch.setattr(parallel, "_worker_count", 1)
    alone = lanes.tet_energy_and_force(x)
    assert alone[0] == shared[0] and np.array_equal(alone[1], shared[1])


def test_strains_are_scipys_logarithms():
    """ln U of the groups' kernel is half of SciPy's matrix logarithm of F^T F."""
    flesh = mixed()
    x = flesh.rest + 0.05 * np.random.default_rng(5).standard_normal(flesh.rest.shape)
    ours = derivatives.log_strain(flesh, x)
    for t in range(0, len(flesh.tets), 17):
        corners, rest = x[flesh.tets[t]], flesh.rest[flesh.tets[t]]
        F = np.linalg.solve((rest[1:] - rest[0]), (corners[1:] - corners[0])).T
        S = scipy.linalg.logm(F.T @ F).real / 2.0
        assert ours[t] == pytest.approx([S[0, 0], S[1, 1], S[2, 2], S[1, 2], S[0, 2], S[0, 1]], abs=1e-12)


def test_smooth_inverse_is_scipys():
    """Three right sides at once, to the digits that are kept."""
    flesh = mixed()
    free = flesh.free
    matrix = (flesh.laplacian(np.ones(len(flesh.tets))) + sp.eye(len(flesh.rest)))[free][:, free]
    b = np.random.default_rng(6).standard_normal((len(free), 3))
    expected = spla.spsolve(matrix.tocsc(), b)
    assert np.abs(smooth_inverse(flesh.ordering, matrix)(b) - expected).max() < 5e-3 * np.abs(expected).max()


@pytest.mark.parametrize(("single", "rough", "close"), [(False, False, 1e-11), (True, False, 1e-4), (True, True, 0.03)])
def test_packed_factor_solves_as_the_factor_does(single, rough, close):
    """One right side by the packed factor is one of several by BLAS, as far as its digits go."""
    flesh = mixed()
    flesh.spring = np.full(len(flesh.rest), 2.0)
    factor = Cholesky(flesh.ordering, flesh.stiffness_blocks(flesh.rest, np.zeros(2), free=True), single=single)
    b = np.random.default_rng(7).standard_normal((3 * len(flesh.free), 2))
    many = factor.solve(b)
    one = factor.packed(rough=rough)(b[:, 0])
    assert np.abs(one - many[:, 0]).max() < close * np.abs(many).max()


@pytest.mark.parametrize("n", [6, 30, 192, 1000 * 3])
def test_memory_is_the_two_loop_recursion(n):
    """Nocedal & Wright, algorithm 7.4, written out, with more pairs than are kept."""
    rng = np.random.default_rng(8)
    A = rng.standard_normal((n, n))
    A = A @ A.T + np.eye(n)
    memory, pairs = lbfgs.Memory(), []
    for _ in range(3 * lbfgs.MEMORY):
        s = rng.standard_normal(n)
        before = rng.standard_normal(n)
        # SciPy's factors solve into columns.
        step = np.asfortranarray(2.0 * s.reshape(-1, 3))
        memory.add(step, 0.5, *((before + d).reshape(-1, 3) for d in (0.0, A @ s)))
        pairs = [*pairs, (s, A @ s)][-lbfgs.MEMORY :]
    g = rng.standard_normal(n)
    q, alphas = g.copy(), []
    for s, y in reversed(pairs):
        alphas.append(s @ q / (s @ y))
        q = q - alphas[-1] * y
    r = 0.5 * q
    for (s, y), a in zip(pairs, reversed(alphas), strict=True):
        r = r + (a - y @ r / (s @ y)) * s
    ours = memory.direction(g.reshape(-1, 3), lambda v: 0.5 * v).ravel()
    assert ours == pytest.approx(-r, abs=1e-6 * np.abs(r).max())


def test_a_live_face_stays_near_and_settles():
    """Sliders moved step by step: as near all along as was asked for, and the settled pose is the model's."""
    m = model("demo")
    faces, skin = {precision: LiveFace(m) for precision in PRECISION}, m.skin_vertices

    def gap(pose, exact):
        return np.linalg.norm((pose.skin - exact.skin)[skin], axis=1).max() * m.mm_per_unit

    try:
        gaps = {precision: [] for precision in PRECISION}
        for value in np.linspace(0.0, 0.8, 17)[1:]:
            values = {"jaw_open": float(value), "mouthSmileLeft": float(value), "zygomaticus_major_R": float(value)}
            exact = m.solve(values, tolerance=1e-6)
            for precision, face in faces.items():
                pose = face.follow(values, near=PRECISION[precision])
                gaps[precision].append(gap(pose, exact))
        # The steps only tell how near it is; half a millimetre is the promise, and a tenth and a half of the finest.
        assert max(map(max, gaps.values())) < 0.5 and max(gaps["FINE"]) < 0.15
        assert np.mean(gaps["FINE"]) < np.mean(gaps["STANDARD"]) < np.mean(gaps["QUICK"])
        settled = face.settle(pose)
        assert settled.converged and settled.residual <= 1e-4
        assert gap(settled, exact) < 0.05
    finally:
        for face in faces.values():
            face.close()


def test_a_factor_that_fails_fails_once():
    """What the thread of a live face could not factor raises at the next frame, and the ones after follow again."""
    face = LiveFace(model("demo"))
    try:
        broken = Future()
        broken.set_exception(MemoryError("no room for the factor"))
        face._follower._pending = broken
        with pytest.raises(MemoryError):
            face.follow({"jaw_open": 0.1})
        assert face.follow({"jaw_open": 0.1}).converged
    finally:
        face.close()


def test_background_work_ends_with_its_block():
    """A thread has its helpers back when long work in it has ended, and short tasks have their core."""
    before = parallel.workers(), parallel._occupied
    with parallel.in_background():
        assert parallel.workers() == 1 and parallel._occupied == before[1] + 1
    assert (parallel.workers(), parallel._occupied) == before
