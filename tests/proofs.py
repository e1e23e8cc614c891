# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Measures of the flesh against what is not this project's code: printed laws, textbook solutions, NumPy, FElupe.

Every function returns numbers, most of them a worst relative difference in per cent; the tests say how small they have
to be. The references are written out here and read nothing of ``core``.
"""

from dataclasses import dataclass
from itertools import permutations

import numpy as np
from muscle_face.core.physics.face_flesh import FaceFlesh, Load
from muscle_face.core.physics.flesh import Fibres, Flesh
from scipy.optimize import brentq
from scipy.spatial.transform import Rotation

MODULI = {"mooney_rivlin": (0.6, 0.2, 30.0), "stable_neo_hookean": (1.6, 27.0, 0.0)}
"""Moduli [N/cm2] of each law: (mu10, mu01, kappa), and Lame's (mu, lambda, unused). Soft and hardly compressible."""

SIGMA_MAX = 30.0
"""Maximal isometric stress of a muscle [N/cm2]."""

JOINT = 0.1
"""Volume ratio below which the Mooney-Rivlin functions of J are documented to go on as second-order Taylor series."""


# --- Printed laws ---------------------------------------------------------------------------------------------------


def _determinant(F: np.ndarray) -> np.ndarray:
    """det F of real or complex (..., 3, 3), without the divisions that a flat F would upset."""
    return (F[..., 0] * np.cross(F[..., 1], F[..., 2])).sum(-1)


def _taylor(J: np.ndarray, value: float, slope: float, curvature: float) -> np.ndarray:
    return value + slope * (J - JOINT) + curvature * (J - JOINT) ** 2 / 2


def _power(J: np.ndarray, p: float) -> np.ndarray:
    """J^p, going on as its Taylor series below the joint."""
    safe = np.where(J.real > JOINT, J, 1.0)
    below = _taylor(J, JOINT**p, p * JOINT ** (p - 1), p * (p - 1) * JOINT ** (p - 2))
    return np.where(J.real > JOINT, safe**p, below)


def _log_square(J: np.ndarray) -> np.ndarray:
    """(ln J)^2, going on as its Taylor series below the joint."""
    safe = np.where(J.real > JOINT, J, 1.0)
    log = np.log(JOINT)
    below = _taylor(J, log**2, 2 * log / JOINT, 2 * (1 - log) / JOINT**2)
    return np.where(J.real > JOINT, np.log(safe) ** 2, below)


def published_energy(law: str, F: np.ndarray, moduli: tuple) -> np.ndarray:
    """Energy per rest volume of (..., 3, 3) gradients, zero at rest.

    Mooney-Rivlin as in Sifakis, Neverov, Fedkiw 2005, section 3; stable neo-Hookean as in Smith, De Goes, Kim 2018
    without its logarithmic term, mu/2 (I_C - 3) + l/2 (J - 1 - mu/l)^2, whose l is Lame's lambda + mu.
    """
    C = np.swapaxes(F, -1, -2) @ F
    trace, square = np.einsum("...ii", C), np.einsum("...ij,...ji", C, C)
    J = _determinant(F)
    if law == "mooney_rivlin":
        mu10, mu01, kappa = moduli
        shear = mu10 * _power(J, -2 / 3) * trace + mu01 / 2 * _power(J, -4 / 3) * (trace**2 - square)
        return shear + kappa / 2 * _log_square(J) - 3 * (mu10 + mu01)
    mu, bulk = moduli[0], moduli[0] + moduli[1]
    return mu / 2 * (trace - 3) + bulk / 2 * ((J - 1 - mu / bulk) ** 2 - (mu / bulk) ** 2)


def published_stress(law: str, F: np.ndarray, moduli: tuple) -> np.ndarray:
    """First Piola-Kirchhoff stress (..., 3, 3) of the printed energy, by complex steps: exact to rounding."""
    nudge = 1e-30j * np.eye(9).reshape(9, 3, 3)
    return (published_energy(law, F[..., None, :, :] + nudge, moduli).imag / 1e-30).reshape(F.shape)


def second_derivative(stress, F: np.ndarray) -> np.ndarray:
    """(..., 9, 9) d stress / dF, rows and columns in the order of F.ravel(), by fourth-order central differences."""
    h = 2e-4
    nudge = h * np.eye(9).reshape(9, 3, 3)
    at = {k: stress(F[..., None, :, :] + k * nudge).reshape(*F.shape[:-2], 9, 9) for k in (-2, -1, 1, 2)}
    H = (8 * (at[1] - at[-1]) - (at[2] - at[-2])) / (12 * h)
    return (H + np.swapaxes(H, -1, -2)) / 2


def principal_stresses(law: str, stretch: np.ndarray, moduli: tuple) -> np.ndarray:
    """Closed form of the nominal stresses dpsi/dlambda_i at principal stretches (3,), J > 0.1."""
    s = np.asarray(stretch, float)
    J, I1 = s.prod(), (s**2).sum()
    if law == "mooney_rivlin":
        mu10, mu01, kappa = moduli
        I2 = ((s.prod() / s) ** 2).sum()
        first = mu10 * J ** (-2 / 3) * (2 * s - 2 / 3 * I1 / s)
        second = mu01 * J ** (-4 / 3) * (2 * s * (I1 - s**2) - 4 / 3 * I2 / s)
        return first + second + kappa * np.log(J) / s
    mu, lame, _ = moduli
    return mu * (s - J / s) + (lame + mu) * (J - 1) * J / s


def simple_shear_stress(law: str, shear: float, moduli: tuple) -> np.ndarray:
    """Closed form of the Cauchy stress (3, 3) of F = I + shear e1 e2^T: shear and Poynting's normal stresses.

    J = 1, so that sigma = 2 mu10 dev B - 2 mu01 dev B^-1 (Mooney-Rivlin) or mu (B - I) (stable neo-Hookean).
    """
    g = shear
    if law == "mooney_rivlin":
        mu10, mu01, _ = moduli
        normal = 2 / 3 * g**2 * np.array([2 * mu10 + mu01, -mu10 - 2 * mu01, mu01 - mu10])
        stress = np.diag(normal)
        stress[0, 1] = stress[1, 0] = 2 * (mu10 + mu01) * g
        return stress
    return moduli[0] * np.array([[g**2, g, 0], [g, 0, 0], [0, 0, 0]])


def active_curve(stretch: np.ndarray) -> np.ndarray:
    """Active force-length curve of the Stanford face model (its source in PhysBAM)."""
    e = np.abs(np.asarray(stretch) - 1)
    return np.select([e < 0.4, e < 0.6], [1 - 25 / 6 * e**2, 25 / 3 * (e - 0.6) ** 2], 0.0)


def passive_curve(stretch: np.ndarray) -> np.ndarray:
    """Passive force-length curve of the same source: exponential, beyond a stretch of 1.4 its tangent."""
    e = np.maximum(np.asarray(stretch) - 1, 0)
    c = np.minimum(e, 0.4)
    return 0.05 * (np.exp(6.6 * c) - 6.6 * c - 1) + 0.33 * (np.exp(6.6 * c) - 1) * (e - c)


# --- Blocks of flesh ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Block:
    """Nodes (N, 3) and tets (T, 4) of a block [0, size], in cubes of six tets, its inner nodes shaken."""

    size: np.ndarray
    nodes: np.ndarray
    tets: np.ndarray

    def face(self, axis: int) -> np.ndarray:
        """(N,) nodes on the far face across an axis."""
        return self.nodes[:, axis] > self.size[axis] - 1e-9

    @property
    def inner(self) -> np.ndarray:
        """(N,) nodes on no face."""
        return ((self.nodes > 1e-9) & (self.nodes < self.size - 1e-9)).all(1)


def block(size: tuple = (1.2, 0.8, 0.5), cells: tuple = (4, 3, 3), shake: float = 0.03) -> Block:
    """A block of flesh, of unequal edges so that no area or volume passes for another."""
    shape = np.array(cells) + 1
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1).reshape(-1, 3)
    nodes = index / (shape - 1) * size
    inside = ((index > 0) & (index < shape - 1)).all(1)
    nodes += shake * np.random.default_rng(3).standard_normal(nodes.shape) * inside[:, None]
    cubes = index[(index < shape - 1).all(1)]
    paths = [np.cumsum([[0, 0, 0], *np.eye(3, dtype=int)[list(order)]], axis=0) for order in permutations(range(3))]
    corners = np.concatenate([cubes[:, None] + path for path in paths])
    tets = np.ravel_multi_index(tuple(np.moveaxis(corners, -1, 0)), tuple(shape))
    turned = np.linalg.det(nodes[tets[:, 1:]] - nodes[tets[:, :1]]) < 0
    tets[turned] = tets[turned][:, [0, 2, 1, 3]]
    return Block(np.array(size, float), nodes, tets)


def edges(x: np.ndarray, tets: np.ndarray) -> np.ndarray:
    """(T, 3, 3) edge vectors of the tets in columns."""
    return (x[tets[:, 1:]] - x[tets[:, :1]]).transpose(0, 2, 1)


def fibres_along(direction: tuple, tets: int) -> Fibres:
    """Fibres of one muscle in every tet."""
    return Fibres(np.zeros(tets, np.int32), np.arange(tets, dtype=np.int32), np.full(tets, SIGMA_MAX),
                  np.tile(np.array(direction, float), (tets, 1)), 1)  # fmt: skip


def flesh_of(nodes: np.ndarray, tets: np.ndarray, law: str, *, moduli: tuple | None = None,
             fibres: Fibres | None = None, fixed: np.ndarray | None = None, **more) -> Flesh:  # fmt: skip
    """Homogeneous flesh without springs."""
    n = len(nodes)
    return Flesh(nodes, tets, np.tile(moduli or MODULI[law], (len(tets), 1)), fibres or Fibres.none(),
                 np.zeros(n, bool) if fixed is None else fixed, np.zeros(n), law=law, **more)  # fmt: skip


def _forces(flesh: Flesh, x: np.ndarray, activation: float | None = None) -> tuple[float, np.ndarray]:
    """Energy and nodal forces at x."""
    workspace = flesh.workspace()
    workspace.set_activation(np.full(flesh.fibres.count, activation or 0.0))
    return workspace.tet_energy_and_force(x)


def tractions(b: Block, force: np.ndarray) -> np.ndarray:
    """(3, 3) pull on the far faces per rest area, one face a column: the nominal stress of a homogeneous block."""
    areas = b.size.prod() / b.size
    return np.stack([-force[b.face(k)].sum(0) / areas[k] for k in range(3)], axis=1)


def _traction_error(b: Block, force: np.ndarray, stress: np.ndarray) -> float:
    """Worst difference [N/cm2] of the tractions on the faces from a homogeneous stress, and of inner forces from 0."""
    inner = np.abs(force[b.inner]).max() / (b.size.prod() / b.size).min()
    return max(np.abs(tractions(b, force) - stress).max(), inner)


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
        _, force = _forces(flesh, b.nodes * [axial, side, side])
        worst = max(worst, _traction_error(b, force, np.diag([stress, 0, 0])) / abs(stress))
    return 100 * worst


def simple_shear_pct(law: str, shears: tuple = (0.05, 0.2, 0.5, 1.0)) -> float:
    """Simple shear: tractions on all faces, Poynting's normal ones included [% of the shear stress]."""
    b = block()
    flesh, worst = flesh_of(b.nodes, b.tets, law), 0.0
    for shear in shears:
        F = np.eye(3)
        F[0, 1] = shear
        sigma = simple_shear_stress(law, shear, MODULI[law])
        _, force = _forces(flesh, b.nodes @ F.T)
        worst = max(worst, _traction_error(b, force, sigma @ np.linalg.inv(F).T) / sigma[0, 1])
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
            return tractions(b, _forces(flesh, b.nodes * [s, side, side])[1])

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
        energy, force = _forces(flesh, b.nodes @ turn.T + rng.uniform(-5, 5, 3))
        worst = np.maximum(worst, [abs(energy) / b.size.prod(), np.abs(force).max() / (b.size[1] * b.size[2])])
    return tuple(worst / mu)


def frame_indifference_pct(law: str) -> tuple[float, float]:
    """Differences [%] of energy and turned forces between deformed flesh with a tense muscle and the same turned."""
    b = block()
    flesh = flesh_of(b.nodes, b.tets, law, fibres=fibres_along((0.6, 0.0, 0.8), len(b.tets)))
    x = b.nodes * [1.2, 0.9, 0.9] + 0.02 * np.random.default_rng(1).standard_normal(b.nodes.shape)
    energy, force = _forces(flesh, x, 0.7)
    worst = np.zeros(2)
    for seed in range(10):
        Q = Rotation.random(random_state=seed).as_matrix()
        turned_energy, turned = _forces(flesh, x @ Q.T, 0.7)
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
    (energy, force), (other_energy, other_force) = _forces(flesh, x), _forces(other, x)
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
        slack = _forces(flesh, x, 0.0)[1][end]
        for activation in (0.2, 0.4, 0.6, 0.8, 1.0):
            pull = -(_forces(flesh, x, activation)[1][end] - slack).sum(0)
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


# --- FElupe ---------------------------------------------------------------------------------------------------------

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
    ours, reaction = x - b.nodes, -_forces(flesh, x)[1][held]
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
