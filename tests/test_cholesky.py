# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The multifrontal Cholesky against SciPy, on grids and on the matrices that break orderings."""

from itertools import product

import numpy as np
import pytest
import scipy.sparse as sp
from muscle_face.core.physics.cholesky import Cholesky, NotDefinite, Ordering, shifted
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse.linalg import spsolve


def matrix(points: np.ndarray, pairs: np.ndarray, seed: int = 0) -> sp.bsr_matrix:
    """A random positive definite matrix with a 3 x 3 block for each node and each pair of nodes."""
    rng = np.random.default_rng(seed)
    n = len(points)
    pairs = np.asarray(pairs, int).reshape(-1, 2)
    # A sum of squares over the pairs, as a stiffness is one over the tets.
    factors = rng.standard_normal((len(pairs), 6, 6)) + np.eye(6)
    squares = (factors @ factors.transpose(0, 2, 1)).reshape(-1, 2, 3, 2, 3)
    rows = np.concatenate([np.repeat(pairs, 2, axis=1).ravel(), np.arange(n)])
    columns = np.concatenate([np.tile(pairs, (1, 2)).ravel(), np.arange(n)])
    blocks = np.concatenate([squares.transpose(0, 1, 3, 2, 4).reshape(-1, 3, 3), np.tile(np.eye(3), (n, 1, 1))])
    entries = 3 * np.stack([rows, columns])[:, :, None, None] + np.indices((3, 3))[:, None]
    A = sp.coo_matrix((blocks.ravel(), entries.reshape(2, -1)), shape=(3 * n, 3 * n)).tobsr((3, 3))
    A.sort_indices()
    return A


def grid(*shape: int) -> tuple[np.ndarray, np.ndarray]:
    """Points of a grid and the pairs of its neighbours, diagonals included."""
    points = np.stack(np.meshgrid(*[np.arange(s) for s in shape], indexing="ij"), axis=-1).reshape(-1, 3)
    pairs = []
    for step in product((-1, 0, 1), repeat=3):
        if step > (0, 0, 0):
            other = points + step
            inside = ((other >= 0) & (other < shape)).all(1)
            pairs.append(np.stack([np.flatnonzero(inside), np.ravel_multi_index(other[inside].T, shape)], axis=1))
    return points.astype(float), np.concatenate(pairs)


def factor(A: sp.bsr_matrix, points: np.ndarray, *, leaf: int = 8, single: bool = False) -> Cholesky:
    """The factor by our own ordering."""
    return Cholesky(Ordering(A.indptr, A.indices, points, leaf=leaf), A.data, single=single)


def right_sides(A: sp.bsr_matrix, *k: int) -> np.ndarray:
    """Random right sides."""
    return np.random.default_rng(7).standard_normal((A.shape[0], *k))


POINTS, PAIRS = grid(7, 9, 6)
CASES = {
    "one node": (np.zeros((1, 3)), []),
    "two nodes": (np.eye(3)[:2], [(0, 1)]),
    "isolated nodes": (np.random.default_rng(1).random((50, 3)), []),
    "an isolated node among others": (np.concatenate([POINTS, [[3.0, 4.0, 3.0]]]), PAIRS),
    "two grids": (np.concatenate([POINTS, POINTS + 0.1]), np.concatenate([PAIRS, PAIRS + len(POINTS)])),
    "all points equal": (np.zeros_like(POINTS), PAIRS),
    "points shuffled": (np.random.default_rng(2).permutation(POINTS), PAIRS),
    "dense": (np.random.default_rng(3).random((40, 3)), np.stack(np.triu_indices(40, 1), axis=1)),
    "a chain": (np.linspace(0.0, 1.0, 300)[:, None] * np.ones(3), np.stack([np.arange(299), np.arange(1, 300)], 1)),
}


@pytest.mark.parametrize("leaf", [1, 8, 48, 1000])
def test_solves_a_grid_as_scipy_does(leaf):
    """A grid's matrix is solved as by SuperLU, whatever the size of the leaves."""
    A = matrix(POINTS, PAIRS)
    b = right_sides(A)
    expected = spsolve(A.tocsc(), b)
    np.testing.assert_allclose(
        factor(A, POINTS, leaf=leaf).solve(b), expected, rtol=0, atol=1e-11 * abs(expected).max()
    )


@pytest.mark.parametrize("case", CASES)
def test_solves_unusual_graphs(case):
    """Disconnected, dense, tiny and flat graphs are solved as by a dense Cholesky."""
    points, pairs = CASES[case]
    A = matrix(points, pairs)
    b = right_sides(A, 2)
    expected = cho_solve(cho_factor(A.toarray()), b)
    chol = factor(A, points, leaf=4)
    np.testing.assert_allclose(chol.solve(b), expected, rtol=0, atol=1e-11 * abs(expected).max())
    np.testing.assert_allclose(chol.solve(b[:, 0]), expected[:, 0], rtol=0, atol=1e-11 * abs(expected).max())


def test_solves_nothing():
    """A matrix of no nodes has empty solutions."""
    chol = Cholesky(Ordering(np.zeros(1, int), np.zeros(0, int), np.zeros((0, 3))), np.zeros((0, 3, 3)))
    assert chol.solve(np.zeros(0)).shape == (0,)
    assert chol.solve(np.zeros((0, 3))).shape == (0, 3)
    assert chol.solve(np.zeros((0, 5))).shape == (0, 5)


@pytest.mark.parametrize("k", [0, 1, 3, 31, 100])
def test_solves_many_right_sides_each_as_alone(k):
    """Columns are solved as they are alone, and what was passed in is not touched."""
    A = matrix(POINTS, PAIRS)
    chol = factor(A, POINTS)
    b = right_sides(A, k)
    kept = b.copy()
    x = chol.solve(b)
    assert x.shape == b.shape and x.dtype == np.float64
    np.testing.assert_array_equal(b, kept)
    for j in range(k):
        alone = chol.solve(b[:, j])
        np.testing.assert_allclose(x[:, j], alone, rtol=0, atol=1e-12 * abs(alone).max())


def test_solves_vectors_of_nodes():
    """A right side (n, 3) is the flat one in another shape, and strided ones are read as they are."""
    A = matrix(POINTS, PAIRS)
    chol = factor(A, POINTS)
    b = right_sides(A, 4)
    flat = chol.solve(b[:, 1])
    np.testing.assert_array_equal(chol.solve(b[:, 1].reshape(-1, 3)), flat.reshape(-1, 3))
    np.testing.assert_array_equal(chol.solve(np.asfortranarray(b)), chol.solve(b))


def test_reads_the_lower_triangle_only():
    """Blocks above the diagonal in elimination order may hold anything."""
    A = matrix(POINTS, PAIRS)
    ordering = Ordering(A.indptr, A.indices, POINTS)
    place = np.argsort(ordering.order)
    rows = np.repeat(np.arange(len(POINTS)), np.diff(A.indptr))
    blocks = A.data.copy()
    blocks[place[rows] < place[A.indices]] = np.nan
    b = right_sides(A)
    np.testing.assert_array_equal(Cholesky(ordering, blocks).solve(b), Cholesky(ordering, A.data).solve(b))


@pytest.mark.parametrize("k", [(), (40,)])
def test_single_precision_is_close(k):
    """Single precision solves to 1e-5 of the right side."""
    A = matrix(POINTS, PAIRS)
    b = right_sides(A, *k)
    x = factor(A, POINTS, single=True).solve(b)
    assert x.dtype == np.float64
    assert np.linalg.norm(A @ x - b) < 1e-5 * np.linalg.norm(b)


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("bad", [-1.0, 0.0, np.nan])
def test_refuses_what_is_not_definite(bad, single):
    """A pivot that is not positive is an error wherever it lies, and the next factorisation is as good as ever."""
    A = matrix(POINTS, PAIRS)
    ordering = Ordering(A.indptr, A.indices, POINTS)
    diagonal = np.flatnonzero(np.repeat(np.arange(len(POINTS)), np.diff(A.indptr)) == A.indices)
    b = right_sides(A)
    expected = Cholesky(ordering, A.data).solve(b)
    for node in (0, ordering.order[0], ordering.order[-1]):
        blocks = A.data.copy()
        blocks[diagonal[node], 1, 1] = bad
        with pytest.raises(NotDefinite):
            Cholesky(ordering, blocks, single=single)
    np.testing.assert_array_equal(Cholesky(ordering, A.data).solve(b), expected)


def test_repeats_to_the_last_bit(monkeypatch):
    """The same bits come out every time, with one thread or several."""
    A = matrix(POINTS, PAIRS)
    ordering = Ordering(A.indptr, A.indices, POINTS, leaf=8)
    one, many = right_sides(A), right_sides(A, 70)
    results = []
    for count in (1, 2, 4, 4, 4):
        monkeypatch.setattr("os.cpu_count", lambda count=count: count)
        chol = Cholesky(ordering, A.data)
        results.append((chol.solve(one), chol.solve(many)))
    for x, X in results[1:]:
        np.testing.assert_array_equal(x, results[0][0])
        np.testing.assert_array_equal(X, results[0][1])


def test_factors_live_side_by_side():
    """Factors of one ordering do not disturb each other, nor does one that is gone."""
    A = matrix(POINTS, PAIRS)
    ordering = Ordering(A.indptr, A.indices, POINTS)
    b = right_sides(A)
    first = Cholesky(ordering, A.data)
    expected = first.solve(b)
    second = Cholesky(ordering, 2.0 * A.data, single=True)
    np.testing.assert_array_equal(first.solve(b), expected)
    del second
    third = Cholesky(ordering, 4.0 * A.data)
    np.testing.assert_array_equal(first.solve(b), expected)
    np.testing.assert_array_equal(third.solve(b), expected / 4.0)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 1.0])
def test_a_part_is_solved_in_the_order_of_the_whole(share):
    """Any nodes of a matrix make a matrix that the order of the whole eliminates, scattered ones and none as well."""
    A = matrix(POINTS, PAIRS)
    kept = np.flatnonzero(np.random.default_rng(2).random(len(POINTS)) < share)
    dofs = (3 * kept[:, None] + np.arange(3)).ravel()
    part = sp.bsr_matrix(A.tocsr()[dofs][:, dofs], blocksize=(3, 3)) if len(kept) else sp.bsr_matrix((0, 0))
    indptr, data = (part.indptr, part.data) if len(kept) else (np.zeros(1, int), np.zeros((0, 3, 3)))
    ordering = Ordering(A.indptr, A.indices, POINTS, leaf=8).part(kept, indptr, part.indices)
    b = np.ones(len(dofs))
    np.testing.assert_allclose(part @ Cholesky(ordering, data).solve(b), b, atol=1e-9)


@pytest.mark.parametrize("less", [0.0, 0.005])
def test_what_rounding_makes_indefinite_is_shifted(less):
    """Squares of sizes a thousand million apart have no factor in single precision, still less with a smaller diagonal;
    shifted they have one, which is positive."""
    A = matrix(POINTS, PAIRS)
    rng = np.random.default_rng(5)
    u = rng.standard_normal((len(PAIRS), 2, 3)) * np.where(rng.random(len(PAIRS)) < 0.05, 1e5, 1.0)[:, None, None]
    squares = np.einsum("pai,pbj->pabij", u, u).reshape(-1, 3, 3)
    place = {(r, c): k for r in range(len(POINTS)) for k in range(A.indptr[r], A.indptr[r + 1]) for c in [A.indices[k]]}
    A.data[:] = 0.0
    pairs = [(r, c) for p in PAIRS.tolist() for r in p for c in p]
    np.add.at(A.data, [place[pair] for pair in pairs], squares)
    ordering = Ordering(A.indptr, A.indices, POINTS)
    diagonal = np.array([place[k, k] for k in range(len(POINTS))])
    A.data[diagonal] *= 1.0 - less
    with pytest.raises(NotDefinite):
        Cholesky(ordering, A.data, single=True)
    b = right_sides(A)
    assert shifted(ordering, A.data.copy(), diagonal).solve(b) @ b > 0.0
