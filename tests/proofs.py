# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Measures of the flesh against what is not this project's code: printed laws, textbook solutions, NumPy.

Every function returns numbers, most of them a worst relative difference in per cent; the tests say how small they have
to be.
"""

import numpy as np
from flesh_blocks import MODULI, SIGMA_MAX, block, edges, fibres_along, flesh_of, forces, traction_error, tractions
from muscle_face.core.physics.flesh import Flesh
from printed_laws import (
    JOINT,
    active_curve,
    passive_curve,
    principal_stresses,
    published_energy,
    published_stress,
    second_derivative,
    simple_shear_stress,
)
from scipy.optimize import brentq
from scipy.spatial.transform import Rotation

# --- Homogeneous deformations ---------------------------------------------------------------------------------------


def uniaxial_pct(law: str, stretches: tuple = (0.5, 0.7, 0.9, 1.1, 1.4, 1.8)) -> float:
    """Uniaxial stress: tractions on all faces (none on the sides) against the closed form [% of the axial stress].

    The sides are drawn in as the closed form says that leaves them without stress.
    """
    b = block()
    flesh, worst = flesh_of(b.nodes, b.tets, law), 0.0
    for axial in stretches:
        side = brentq(lambda s, a=axial: principal_stresses(law, (a, s, s), MODULI[law])[1], 0.6, 1.6, xtol=1e-15)
        stress = principal_stresses(law, (axial, side, side), MODULI[law])[0]
        _, force = forces(flesh, b.nodes * [axial, side, side])
        worst = max(worst, traction_error(b, force, np.diag([stress, 0, 0])) / abs(stress))
    return 100 * worst


def simple_shear_pct(law: str, shears: tuple = (0.05, 0.2, 0.5, 1.0)) -> float:
    """Simple shear: tractions on all faces, Poynting's normal ones included [% of the shear stress]."""
    b = block()
    flesh, worst = flesh_of(b.nodes, b.tets, law), 0.0
    for shear in shears:
        F = np.eye(3)
        F[0, 1] = shear
        sigma = simple_shear_stress(law, shear, MODULI[law])
        _, force = forces(flesh, b.nodes @ F.T)
        worst = max(worst, traction_error(b, force, sigma @ np.linalg.inv(F).T) / sigma[0, 1])
    return 100 * worst


def incompressible_limit(ratio: float, stretches: tuple = (0.6, 1.5, 2.0)) -> dict[str, float]:
    """Pulled Mooney-Rivlin flesh of bulk modulus ratio x shear modulus, whose own sides bear no traction; worst of the
    stretches.

    stress_pct: difference from the incompressible 2 (s - s^-2) (C10 + C01 / s), C10 = mu10, C01 = mu01 ·
    volume_pct: |J - 1| · volume_law_pct: difference of kappa ln J from a third of the textbook's Kirchhoff stress,
    which is the pressure that an incompressible body has there.
    """
    mu10, mu01, _ = MODULI["mooney_rivlin"]
    kappa = ratio * 2 * (mu10 + mu01)
    b = block()
    flesh = flesh_of(b.nodes, b.tets, "mooney_rivlin", moduli=(mu10, mu01, kappa))
    worst = np.zeros(3)
    for s in stretches:

        def pull(side: float, s: float = s) -> np.ndarray:
            return tractions(b, forces(flesh, b.nodes * [s, side, side])[1])

        side = brentq(lambda w: pull(w)[1, 1], 0.95 * s**-0.5, 1.05 * s**-0.5, xtol=1e-15, rtol=1e-15)
        J, textbook = s * side**2, 2 * (s - s**-2) * (mu10 + mu01 / s)
        law = kappa * np.log(J) / (s * textbook / 3) - 1
        worst = np.maximum(worst, np.abs([pull(side)[0, 0] / textbook - 1, J - 1, law]))
    return dict(zip(("stress_pct", "volume_pct", "volume_law_pct"), 100 * worst, strict=True))


# --- Motions, small strains, stress-free shapes ---------------------------------------------------------------------


def rigid_motion_residual(law: str) -> tuple[float, float]:
    """Energy density and force per face area of turned and moved flesh with slack muscles, in units of its shear
    modulus; worst of ten motions."""
    b = block()
    flesh = flesh_of(b.nodes, b.tets, law, fibres=fibres_along((0.6, 0.0, 0.8), len(b.tets)))
    mu = 2 * sum(MODULI[law][:2]) if law == "mooney_rivlin" else MODULI[law][0]
    worst = np.zeros(2)
    for seed in range(10):
        turn, rng = Rotation.random(random_state=seed).as_matrix(), np.random.default_rng(seed)
        energy, force = forces(flesh, b.nodes @ turn.T + rng.uniform(-5, 5, 3))
        worst = np.maximum(worst, [abs(energy) / b.size.prod(), np.abs(force).max() / (b.size[1] * b.size[2])])
    return tuple(worst / mu)


def frame_indifference_pct(law: str) -> tuple[float, float]:
    """Differences [%] of energy and turned forces between deformed flesh with a tense muscle and the same turned."""
    b = block()
    flesh = flesh_of(b.nodes, b.tets, law, fibres=fibres_along((0.6, 0.0, 0.8), len(b.tets)))
    x = b.nodes * [1.2, 0.9, 0.9] + 0.02 * np.random.default_rng(1).standard_normal(b.nodes.shape)
    energy, force = forces(flesh, x, 0.7)
    worst = np.zeros(2)
    for seed in range(10):
        Q = Rotation.random(random_state=seed).as_matrix()
        turned_energy, turned = forces(flesh, x @ Q.T, 0.7)
        difference = np.abs(turned - force @ Q.T).max() / np.abs(force).max()
        worst = np.maximum(worst, [abs(turned_energy / energy - 1), difference])
    return tuple(100 * worst)


def _nodal_gradient(x: np.ndarray, tets: np.ndarray) -> np.ndarray:
    """(T, 9, 12) matrix from corner displacements to the displacement gradient, row-major."""
    inverse = np.linalg.inv(edges(x, tets))
    g = np.concatenate([-inverse.sum(1, keepdims=True), inverse], axis=1)
    return np.einsum("taj,ik->tijak", g, np.eye(3)).reshape(len(tets), 9, 12)


def _assemble(local: np.ndarray, tets: np.ndarray, nodes: int) -> np.ndarray:
    """Dense sum of (T, 12, 12) element matrices."""
    K = np.zeros((3 * nodes, 3 * nodes))
    rows = (3 * tets[:, :, None] + np.arange(3)).reshape(len(tets), 12)
    np.add.at(K, (rows[:, :, None], rows[:, None, :]), local)
    return K


def small_strain_pct(law: str) -> float:
    """Stiffness at rest against linear elasticity's sum of V B^T D B [% of its largest entry].

    Lame's moduli: shear 2 (mu10 + mu01) and bulk kappa for Mooney-Rivlin, the given ones for stable neo-Hookean.
    """
    b = block()
    if law == "mooney_rivlin":
        mu10, mu01, bulk = MODULI[law]
        mu = 2 * (mu10 + mu01)
        lame = bulk - 2 / 3 * mu
    else:
        mu, lame, _ = MODULI[law]
    unit = np.eye(3)
    tensor = lame * np.einsum("ij,kl->ijkl", unit, unit)
    tensor += mu * (np.einsum("ik,jl->ijkl", unit, unit) + np.einsum("il,jk->ijkl", unit, unit))
    linear = _assemble(_element(b.nodes, b.tets, tensor.reshape(9, 9)), b.tets, len(b.nodes))
    ours = flesh_of(b.nodes, b.tets, law).stiffness(b.nodes, np.zeros(0)).toarray()
    return 100 * np.abs(ours - linear).max() / np.abs(linear).max()


def prestretch_pct(law: str) -> dict[str, float]:
    """Flesh prestretched from a stress-free shape X0 to its rest, at a third shape: its energy and forces against the
    printed energy of X0 -> x, and those and its definite stiffness against flesh that rests in X0 [%]."""
    b = block()
    rng = np.random.default_rng(7)
    bend = np.array([[1.1, 0.1, 0.0], [0.0, 0.95, 0.0], [0.0, -0.1, 1.15]])
    stress_free = b.nodes @ bend.T + 0.02 * rng.standard_normal(b.nodes.shape)
    x = b.nodes + 0.02 * rng.standard_normal(b.nodes.shape)
    natural = edges(stress_free, b.tets)
    F0 = edges(b.nodes, b.tets) @ np.linalg.inv(natural)
    flesh, other = flesh_of(b.nodes, b.tets, law, prestretch=F0), flesh_of(stress_free, b.tets, law)
    (energy, force), (other_energy, other_force) = forces(flesh, x), forces(other, x)
    K, other_K = (f.stiffness(x, np.zeros(0), definite=True).toarray() for f in (flesh, other))

    F = edges(x, b.tets) @ np.linalg.inv(natural)
    volume = np.linalg.det(natural) / 6
    printed_energy = float((volume * published_energy(law, F, MODULI[law])).sum())
    P = published_stress(law, F, MODULI[law]).reshape(-1, 9)
    corner = -volume[:, None] * np.einsum("tij,ti->tj", _nodal_gradient(stress_free, b.tets), P)
    printed_force = np.zeros_like(x)
    np.add.at(printed_force, b.tets, corner.reshape(-1, 4, 3))
    size = np.abs(printed_force).max()
    return {
        "energy": 100 * abs(energy / printed_energy - 1),
        "force": 100 * np.abs(force - printed_force).max() / size,
        "energy_of_rest": 100 * abs(energy / other_energy - 1),
        "force_of_rest": 100 * np.abs(force - other_force).max() / size,
        "stiffness_of_rest": 100 * np.abs(K - other_K).max() / np.abs(other_K).max(),
    }


# --- Muscle ---------------------------------------------------------------------------------------------------------


def muscle_force_pct() -> float:
    """Isometric muscle: end force active less slack against sigma_max x rest cross-section x curve x activation, for
    five lengths and five activations [% of sigma_max x cross-section]."""
    b = block()
    flesh = flesh_of(b.nodes, b.tets, "mooney_rivlin", fibres=fibres_along((1.0, 0.0, 0.0), len(b.tets)))
    end, area, worst = b.face(0), b.size[1] * b.size[2], 0.0
    for stretch in (0.5, 0.75, 1.0, 1.25, 1.5):
        x = b.nodes * [stretch, stretch**-0.5, stretch**-0.5]
        slack = forces(flesh, x, 0.0)[1][end]
        for activation in (0.2, 0.4, 0.6, 0.8, 1.0):
            pull = -(forces(flesh, x, activation)[1][end] - slack).sum(0)
            expected = [SIGMA_MAX * area * active_curve(stretch) * activation, 0, 0]
            worst = max(worst, np.abs(pull - expected).max() / (SIGMA_MAX * area))
    return 100 * worst


# --- Definite stiffness ---------------------------------------------------------------------------------------------


def gradients() -> dict[str, np.ndarray]:
    """Deformation gradients (n, 3, 3) by kind; none has its volume ratio within a hundredth of the joint, where the
    second derivative has a kink."""
    rng = np.random.default_rng(11)

    def turned(stretches: np.ndarray) -> np.ndarray:
        left, right = (Rotation.random(len(stretches), random_state=s).as_matrix() for s in (4, 5))
        return left @ (stretches[:, :, None] * np.eye(3)) @ right

    gaps = np.array([[0, 0, 0], [0, 1, 2], [0, 0, 1], [1, 0, 0]])
    alike = [s * np.array([1, ratio, 1]) + gap * gaps
             for s in (0.7, 1.0, 1.4) for ratio in (1.0, 1.3) for gap in (0.0, 1e-14, 1e-11, 1e-8, 1e-5)]  # fmt: skip
    rank = np.repeat([0, 1, 2], 5)[:, None]
    kinds = {
        "ordinary": np.eye(3) + 0.25 * rng.standard_normal((40, 3, 3)),
        "swollen": turned(rng.uniform(1.004, 1.01, (20, 3))),
        "equal stretches": turned(np.concatenate(alike)),
        "compressed": turned(rng.uniform(0.2, 0.9, (60, 3))),
        "inverted": turned(rng.uniform(0.2, 1.6, (60, 3)) * [1, 1, -1]),
        "flat": turned(rng.uniform(0.5, 1.5, (15, 3)) * (np.arange(3) < rank)),
    }
    return {k: F[np.abs(np.linalg.det(F) - JOINT) > 0.01] for k, F in kinds.items()}


def _lone_tets(F: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rest nodes, tets and deformed nodes of tets of random shapes that share no node, one for each F."""
    rng = np.random.default_rng(2)
    n = len(F)
    rest = (np.eye(4, 3, -1) + 0.15 * rng.standard_normal((n, 4, 3))).reshape(-1, 3)
    tets = np.arange(4 * n).reshape(n, 4)
    return rest, tets, (rest.reshape(n, 4, 3) @ F.transpose(0, 2, 1)).reshape(-1, 3)


def _elements(flesh: Flesh, x: np.ndarray, *, definite: bool, activation: float = 0.0) -> np.ndarray:
    """(T, 12, 12) stiffness of lone tets."""
    n = len(flesh.tets)
    K = flesh.stiffness(x, np.full(flesh.fibres.count, activation), definite=definite).toarray()
    return K.reshape(n, 12, n, 12)[np.arange(n), :, np.arange(n)]


def clamped(H: np.ndarray) -> np.ndarray:
    """The symmetric matrices (..., n, n) with their negative eigenvalues at zero."""
    values, vectors = np.linalg.eigh(H)
    return (vectors * np.maximum(values, 0)[..., None, :]) @ np.swapaxes(vectors, -1, -2)


def _element(rest: np.ndarray, tets: np.ndarray, H: np.ndarray) -> np.ndarray:
    """(T, 12, 12) V B^T H B of second derivatives (T, 9, 9)."""
    B = _nodal_gradient(rest, tets)
    return np.linalg.det(edges(rest, tets))[:, None, None] / 6 * (B.transpose(0, 2, 1) @ H @ B)


def _norms(K: np.ndarray) -> np.ndarray:
    return np.linalg.norm(K, axis=(1, 2))


def definite_stiffness(law: str, F: np.ndarray) -> dict[str, float]:
    """The definite stiffness of lone tets at F against V B^T [d2psi/dF2]+ B, the second derivative taken from
    differences of the printed law and clamped by NumPy.

    difference_pct: worst difference · lowest: most negative eigenvalue, asymmetry: |K - K^T|, both of a tet's norm ·
    kept: number of F whose second derivative is semi-definite already · kept_pct: worst difference there from the exact
    stiffness.
    """
    rest, tets, x = _lone_tets(F)
    flesh = flesh_of(rest, tets, law)
    H = second_derivative(lambda G: published_stress(law, G, MODULI[law]), F)
    expected = _element(rest, tets, clamped(H))
    ours, exact = (_elements(flesh, x, definite=d) for d in (True, False))
    values, size = np.linalg.eigvalsh(H), _norms(expected)
    # Differences are good to some 1e-12: what is less negative than this is zero.
    kept = values[:, 0] > -1e-10 * values[:, -1]
    return {
        "difference_pct": 100 * (_norms(ours - expected) / size).max(),
        "lowest": (np.linalg.eigvalsh((ours + ours.transpose(0, 2, 1)) / 2)[:, 0] / size).min(),
        "asymmetry": (_norms(ours - ours.transpose(0, 2, 1)) / size).max(),
        "kept": int(kept.sum()),
        "kept_pct": 100 * (_norms(ours - exact) / size)[kept].max(initial=0.0),
    }


def definite_muscle_pct() -> float:
    """The same of tense fibres alone (flesh a million million times softer), from differences of the printed curves."""
    F = np.concatenate([gradients()[kind] for kind in ("ordinary", "compressed", "inverted")])
    d = np.array([0.6, 0.0, 0.8])
    stretch = np.linalg.norm(F @ d, axis=1)
    # The curves end at 0.4 and bend at the others, where their slopes have no derivative.
    smooth = (np.abs(stretch[:, None] - [0.4, 0.6, 1.0, 1.4, 1.6]) > 0.002).all(1)
    F = F[smooth & (stretch > 0.4)]
    rest, tets, x = _lone_tets(F)

    def stress(G: np.ndarray) -> np.ndarray:
        s = np.linalg.norm(G @ d, axis=-1)
        tension = SIGMA_MAX * (0.7 * active_curve(s) + passive_curve(s))
        return (tension / s)[..., None, None] * (G @ np.outer(d, d))

    flesh = flesh_of(rest, tets, "stable_neo_hookean", moduli=(1e-12, 0.0, 0.0), fibres=fibres_along(d, len(F)))
    expected = _element(rest, tets, clamped(second_derivative(stress, F)))
    ours = _elements(flesh, x, definite=True, activation=0.7)
    return 100 * (_norms(ours - expected) / _norms(expected)).max()
