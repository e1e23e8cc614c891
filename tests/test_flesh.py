# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The flesh's energy, forces and stiffness against published formulas, finite differences and SciPy."""

from itertools import permutations

import numpy as np
import pytest
from muscle_face.core.errors import MuscleFaceError
from muscle_face.core.hanging import hang, unload
from muscle_face.core.physics import derivatives
from muscle_face.core.physics.equilibrium import minimise
from muscle_face.core.physics.face_flesh import FaceFlesh, Load
from muscle_face.core.physics.flesh import Fibres, Flesh
from muscle_face.core.physics.gravity import unloaded_nodes
from muscle_face.core.physics.strain_limit import WEIGHT, StrainLimit, norm
from scipy.integrate import quad
from scipy.linalg import logm

MODULI = (0.6, 0.2, 30.0)


def bar(seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and tets of a bar of 3 x 1 x 1 cm: shaken cubes of six tets each."""
    rng = np.random.default_rng(seed)
    shape = np.array([7, 4, 4])
    index = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), -1).reshape(-1, 3)
    nodes = index / (shape - 1) * [3.0, 1.0, 1.0]
    inside = ((index > 0) & (index < shape - 1)).all(1)
    nodes += 0.04 * rng.standard_normal(nodes.shape) * inside[:, None]
    cubes = index[(index < shape - 1).all(1)]
    tets = []
    for order in permutations(range(3)):
        corner = cubes.copy()
        path = [corner.copy()]
        for axis in order:
            corner = corner + np.eye(3, dtype=int)[axis]
            path.append(corner)
        tets.append(np.stack([np.ravel_multi_index(p.T, shape) for p in path], axis=1))
    tets = np.concatenate(tets)
    edges = nodes[tets[:, 1:]] - nodes[tets[:, :1]]
    turned = np.linalg.det(edges) < 0
    tets[turned] = tets[turned][:, [0, 2, 1, 3]]
    return nodes, tets


def flesh_bar(*, fibres: bool = True, spring: float = 0.0) -> Flesh:
    """The bar as flesh, held at x = 0, with fibres of two muscles along x and a diagonal."""
    nodes, tets = bar()
    n = len(tets)
    direction = np.repeat([[1.0, 0.0, 0.0], [0.6, 0.8, 0.0]], n, axis=0)
    two = Fibres(np.repeat([0, 1], n).astype(np.int32), np.tile(np.arange(n), 2).astype(np.int32),
                 np.full(2 * n, 6.0), direction, 2)  # fmt: skip
    held = nodes[:, 0] < 0.01
    return Flesh(nodes, tets, np.tile(MODULI, (n, 1)), two if fibres else Fibres.none(), held,
                 np.where(held, 0.0, spring))  # fmt: skip


def published_energy(F: np.ndarray) -> float:
    """Mooney-Rivlin energy per volume as Sifakis et al. 2005 print it, in C, less its rest value."""
    C = F.T @ F
    J = np.linalg.det(F)
    mu10, mu01, kappa = MODULI
    trace = np.trace(C)
    shear = mu10 * J ** (-2 / 3) * trace + mu01 / 2 * J ** (-4 / 3) * (trace**2 - np.trace(C @ C))
    return shear + kappa / 2 * np.log(J) ** 2 - 3 * (mu10 + mu01)


def random_state(flesh: Flesh, size: float, seed: int = 0) -> np.ndarray:
    return flesh.rest + size * np.random.default_rng(seed).standard_normal(flesh.rest.shape)


def test_energy_is_the_published_one():
    """The passive energy of the bar is that of the printed formula, tet by tet."""
    flesh = flesh_bar(fibres=False)
    x = random_state(flesh, 0.03)
    value, _ = flesh.workspace().tet_energy_and_force(x)
    edges = (x[flesh.tets[:, 1:]] - x[flesh.tets[:, :1]]).transpose(0, 2, 1)
    rest = (flesh.rest[flesh.tets[:, 1:]] - flesh.rest[flesh.tets[:, :1]]).transpose(0, 2, 1)
    F = edges @ np.linalg.inv(rest)
    assert np.linalg.det(F).min() > 0.1
    expected = sum(v * published_energy(f) for v, f in zip(flesh.volume, F, strict=True))
    # Two roundings of some five hundred terms.
    assert value == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("size", [0.03, 0.4])
def test_force_is_minus_the_energy_gradient(size):
    """f = -dE/dx by central differences, in ordinary poses and in tangled ones with inverted tets."""
    flesh = flesh_bar()
    workspace = flesh.workspace()
    workspace.set_activation(np.array([0.7, 0.3]))
    workspace.set_strain(0.2 * np.random.default_rng(5).standard_normal((len(flesh.tets), 6)))
    x = random_state(flesh, size)
    assert ((flesh.volume_ratio(x) < 0).any()) == (size > 0.1)
    _, force = workspace.tet_energy_and_force(x)
    direction = np.random.default_rng(1).standard_normal(x.shape)
    h = 1e-6
    up, down = (workspace.tet_energy_and_force(x + s * h * direction)[0] for s in (1, -1))
    # Central differences of a double-precision energy at this step are good to about 1e-8.
    assert (up - down) / (2 * h) == pytest.approx(-float((force * direction).sum()), rel=1e-6)


@pytest.mark.parametrize("size", [0.03, 0.4])
def test_stiffness_is_minus_the_force_derivative(size):
    """K = -df/dx by central differences, with active fibres, strained flesh and springs."""
    flesh = flesh_bar(spring=0.5)
    activation = np.array([0.7, 0.3])
    strain = 0.2 * np.random.default_rng(5).standard_normal((len(flesh.tets), 6))
    x = random_state(flesh, size)
    workspace = flesh.workspace()
    workspace.set_activation(activation)
    workspace.set_strain(strain)
    direction = np.random.default_rng(1).standard_normal(x.shape)
    h = 1e-6

    def total(y):
        return workspace.tet_energy_and_force(y)[1] - flesh.spring[:, None] * y

    difference = (total(x + h * direction) - total(x - h * direction)) / (2 * h)
    product = (flesh.stiffness(x, activation, strain) @ direction.ravel()).reshape(-1, 3)
    assert np.abs(product + difference).max() < 1e-6 * np.abs(difference).max()


def forces_along(flesh, x, strain, tet, direction):
    """(N, 3) change of the forces when the strain (T, 6) of tets (n,) changes along ``direction`` (n, 6)."""
    unit = derivatives.by_unit_strain(flesh, x, strain).reshape(-1, 6, 3, 3)[tet]
    corner = np.einsum("tk,tkci->tci", direction, unit)
    corner = np.concatenate([-corner.sum(1, keepdims=True), corner], axis=1)
    out = np.zeros_like(x)
    np.add.at(out, flesh.tets[tet], corner)
    return out


@pytest.mark.parametrize("stretch", [0.0, 3.3])
def test_activation_and_strain_forces_are_derivatives(stretch):
    """df/da and df/dstrain agree with central differences, also by tets that shapes together stretch twentyfold."""
    flesh = flesh_bar()
    rng = np.random.default_rng(2)
    x = random_state(flesh, 0.03)
    strain = 0.2 * rng.standard_normal((len(flesh.tets), 6)) + stretch * np.array([1.0, -0.2, 0.0, 0.0, 0.0, 0.0])
    tet = np.arange(0, len(flesh.tets), 3, dtype=np.int32)
    direction = rng.standard_normal((len(tet), 6))
    workspace = flesh.workspace()

    def force(activation, amount):
        workspace.set_activation(np.array([activation, 0.4]))
        s = strain.copy()
        s[tet] += amount * direction
        workspace.set_strain(s)
        return workspace.tet_energy_and_force(x)[1]

    h = 1e-5
    by_activation = (force(0.5 + h, 0.0) - force(0.5 - h, 0.0)) / (2 * h)
    by_strain = (force(0.5, h) - force(0.5, -h)) / (2 * h)
    ours = derivatives.by_activation(flesh, x)[:, [0]].toarray().reshape(-1, 3)
    assert np.abs(ours - by_activation).max() < 1e-7 * np.abs(by_activation).max()
    ours = forces_along(flesh, x, strain, tet, direction)
    assert np.abs(ours - by_strain).max() < 1e-6 * np.abs(by_strain).max()


def test_strain_sensitivity_is_the_transpose_of_strain_forces():
    """The gradient of weighed forces by every tet's strain is what the forces' derivatives add up to."""
    flesh = flesh_bar()
    rng = np.random.default_rng(4)
    x, weights = random_state(flesh, 0.03), rng.standard_normal(flesh.rest.shape)
    strain = 0.2 * rng.standard_normal((len(flesh.tets), 6))
    direction = rng.standard_normal((len(flesh.tets), 6))
    forces = forces_along(flesh, x, strain, np.arange(len(flesh.tets)), direction)
    sensitivity = derivatives.strain_sensitivity(flesh, x, flesh.natural(strain), weights)
    assert float((sensitivity * direction).sum()) == pytest.approx(float((weights * forces).sum()), rel=1e-12)


def test_limited_strain_has_the_stated_derivative_and_bounds():
    """Sums of strains are kept up to 1.25 of the largest single one, stay under 1.5, and differentiate as stated."""
    rng = np.random.default_rng(6)
    largest = np.full(300, 0.8)
    limit = StrainLimit(largest)
    strain = rng.standard_normal((300, 6))
    strain *= (rng.uniform(0.01, 4.0, 300) / norm(strain))[:, None]
    limited = limit.apply(strain)
    small = norm(strain) <= 1.25 * largest
    assert 20 < small.sum() < 280
    assert np.allclose(limited[small], strain[small], rtol=1e-14)
    assert (norm(limited) <= 1.5 * largest).all() and (norm(limited[~small]) > 1.25 * largest[~small]).all()
    assert not limit.apply(np.zeros((300, 6))).any()
    direction, h = rng.standard_normal((300, 6)), 1e-6
    share, bend = limit.factors(strain)
    ours = share[:, None] * direction + (bend * (WEIGHT * strain * direction).sum(1))[:, None] * strain
    difference = (limit.apply(strain + h * direction) - limit.apply(strain - h * direction)) / (2 * h)
    # Central differences of numbers of order 1 at this step.
    assert np.abs(ours - difference).max() < 1e-7


@pytest.mark.parametrize("gravity", [300.0, 3000.0, 1e6])
def test_flesh_that_cannot_bear_its_weight_is_refused(gravity):
    """A bar a centimetre thick hangs under ordinary gravity; under thirty times that and more it is refused."""
    assert 0.0 < np.abs(unloaded_nodes(flesh_bar(), np.array([0.0, -9.81, 0.0])) - flesh_bar().rest).max() < 0.5
    assert unloaded_nodes(flesh_bar(), np.array([0.0, -gravity, 0.0])) is None
    with pytest.raises(MuscleFaceError, match=f"gravity of {gravity:.1f}"):
        unload(flesh_bar(), np.array([0.0, -gravity, 0.0]))


@pytest.mark.parametrize(("softer", "share"), [(1.0, 1.0), (20.0, 0.5), (1e5, 0.0)])
def test_flesh_too_thin_for_its_weight_bears_a_part_of_it(softer, share):
    """Softer flesh hangs under less gravity where none is given, with a warning, and is refused where one is."""
    bar = flesh_bar()
    soft = bar.varied(moduli=bar.moduli / softer)
    hung = hang(soft, None)
    borne = np.linalg.norm(hung.gravity) / 9.81
    assert borne == pytest.approx(share)
    assert len(hung.warnings) == (share < 1.0)
    assert np.array_equal(hung.unloaded, soft.rest) == (share == 0.0)
    if share < 1.0:
        with pytest.raises(MuscleFaceError, match="cannot bear"):
            hang(soft, np.array([0.0, -9.81, 0.0]))


def test_log_strain_is_scipys():
    """ln U of the deformation gradient is SciPy's matrix logarithm of F^T F, halved."""
    flesh = flesh_bar()
    x = random_state(flesh, 0.04)
    ours = derivatives.log_strain(flesh, x)
    for t in range(0, len(flesh.tets), 25):
        corners, rest = x[flesh.tets[t]], flesh.rest[flesh.tets[t]]
        F = (corners[1:] - corners[0]).T @ np.linalg.inv((rest[1:] - rest[0]).T)
        expected = 0.5 * logm(F.T @ F).real
        s = ours[t]
        assert np.allclose([[s[0], s[5], s[4]], [s[5], s[1], s[3]], [s[4], s[3], s[2]]], expected, atol=1e-10)


@pytest.mark.parametrize("stretch", [0.3, 0.5, 0.75, 0.95, 1.0, 1.2, 1.35, 1.5, 1.7])
def test_fibre_tension_follows_the_published_curve(stretch):
    """Force of a stretched bar of fibres: the printed force-length law, its energy the law's integral."""
    nodes, tets = bar()
    n = len(tets)
    tet, ahead = np.arange(n, dtype=np.int32), np.tile([1.0, 0.0, 0.0], (n, 1))
    along = Fibres(np.zeros(n, np.int32), tet, np.full(n, 30.0), ahead, 1)
    flesh = Flesh(nodes, tets, np.full((n, 3), 1e-30), along, nodes[:, 0] < 0, np.zeros(len(nodes)))
    workspace = flesh.workspace()
    workspace.set_activation(np.array([0.8]))

    def law(length):
        e = length - 1
        active = 1 - 25 / 6 * e**2 if abs(e) < 0.4 else 25 / 3 * (abs(e) - 0.6) ** 2 if abs(e) < 0.6 else 0.0
        c = min(e, 0.4)
        passive = 0.05 * (np.exp(6.6 * c) - 6.6 * c - 1) + 0.33 * (np.exp(6.6 * c) - 1) * (e - c) if e > 0 else 0.0
        return 30.0 * (0.8 * active + passive)

    energy, _ = workspace.tet_energy_and_force(nodes * [stretch, 1, 1])
    expected = quad(law, 1.0, stretch, points=[0.4, 0.6, 1.4, 1.6])[0]
    assert energy / flesh.volume.sum() == pytest.approx(expected, abs=1e-9)


def test_affine_boundary_gives_affine_flesh():
    """Patch test: nodes inside a uniformly deformed boundary settle on the uniform deformation."""
    nodes, tets = bar()
    edge = ((nodes < 0.02) | (nodes > [2.98, 0.98, 0.98])).any(1)
    A = np.array([[1.1, 0.2, 0.0], [0.0, 0.95, 0.1], [0.05, 0.0, 1.0]])
    flesh = Flesh(nodes, tets, np.tile(MODULI, (len(tets), 1)), Fibres.none(), edge, np.zeros(len(nodes)))
    load = Load(nodes @ A.T, nodes, np.zeros_like(nodes), np.zeros(0))
    x, report = FaceFlesh(flesh).solve(load, [np.where(edge[:, None], load.fixed, nodes)], tolerance=1e-9)
    assert report.converged
    # A residual of 1e-9 leaves some 1e-8 cm.
    assert np.abs(x - nodes @ A.T).max() < 1e-6
    assert not edge.all()


@pytest.mark.parametrize("law", ["mooney_rivlin", "stable_neo_hookean"])
@pytest.mark.parametrize("size", [0.5, 1.5])
def test_a_tangled_start_ends_where_a_sound_one_does(law, size):
    """From nodes thrown about by more than a tet's size the bar settles on the equilibrium it finds from rest."""
    nodes, tets = bar()
    held = nodes[:, 0] < 0.01
    moduli = np.tile(MODULI if law == "mooney_rivlin" else (1.6, 28.9, 0.0), (len(tets), 1))
    flesh = Flesh(nodes, tets, moduli, Fibres.none(), held, np.zeros(len(nodes)), law=law)
    bones = nodes @ np.array([[1.1, 0.1, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]).T
    load = Load(bones, nodes, np.zeros_like(nodes), np.zeros(0))
    tangled = random_state(flesh, size)
    assert (flesh.volume_ratio(tangled) < 0.0).mean() > 0.2
    x, report = FaceFlesh(flesh).solve(load, [tangled], tolerance=1e-8)
    assert report.converged and (flesh.volume_ratio(x) > 0.0).all()
    # A residual of 1e-8 leaves some 1e-7 cm.
    assert np.abs(x - FaceFlesh(flesh).solve(load, [nodes], tolerance=1e-8)[0]).max() < 1e-5


def test_projected_newton_untangles_neo_hookean_flesh():
    """The minimiser itself, from a tangled state and without another start to fall back on, finds the equilibrium."""
    nodes, tets = bar()
    held = nodes[:, 0] < 0.01
    flesh = Flesh(nodes, tets, np.tile((1.6, 28.9, 0.0), (len(tets), 1)), Fibres.none(), held, np.zeros(len(nodes)),
                  law="stable_neo_hookean")  # fmt: skip
    workspace, free = flesh.workspace(), flesh.free
    full = nodes.copy()

    def energy(x):
        full[free] = x
        value, force = workspace.tet_energy_and_force(full)
        return value, -force[free]

    def newton(x):
        full[free] = x
        K = flesh.stiffness(full, np.zeros(0), definite=True).toarray()
        rows = (3 * free[:, None] + np.arange(3)).ravel()
        inverse = np.linalg.inv(K[np.ix_(rows, rows)] + 1e-4 * np.eye(len(rows)))
        return lambda g: (inverse @ g.ravel()).reshape(-1, 3)

    start = random_state(flesh, 0.2)[free]
    full[free] = start
    assert (flesh.volume_ratio(full) < 0.0).any()
    x, report = minimise(energy, start, newton(nodes[free]), 1.0, tolerance=1e-8, stiffness_inverse=newton,
                         patience=(4, 4))  # fmt: skip
    # Nothing loads the bar: it comes back to rest.
    assert report.converged and np.abs(x - nodes[free]).max() < 1e-5
