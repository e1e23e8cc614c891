# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The flesh obeys the printed laws: closed-form solutions, invariances, limits, and NumPy's own linear algebra.

``proofs`` measures, in per cent where it says so. ROUNDING is the tolerance wherever both sides are exact: stresses of
some 1 N/cm2 are left over from bulk terms of some 30, summed over a hundred nodes, in double precision, which leaves
1e-12 per cent or less.
"""

import numpy as np
import proofs
import pytest
from flesh_blocks import MODULI
from printed_laws import principal_stresses, published_stress, simple_shear_stress

ROUNDING = 1e-10

laws = pytest.mark.parametrize("law", list(MODULI))


@laws
def test_uniaxial_stress_is_the_closed_form(law):
    """A block at half to 1.8 times its length pulls as the closed form says and leaves its sides free of force."""
    assert proofs.uniaxial_pct(law) < ROUNDING


@laws
def test_simple_shear_has_the_closed_forms_shear_and_normal_stresses(law):
    """A sheared block feels the closed form's tractions, the normal ones of the Poynting effect among them."""
    assert proofs.simple_shear_pct(law) < ROUNDING


@pytest.mark.parametrize("ratio", [1e3, 1e4, 1e5])
def test_stiff_bulk_tends_to_the_incompressible_textbook(ratio):
    """With bulk / shear = r the stress is the incompressible Mooney-Rivlin one, and the volume change the pressure over
    the bulk modulus, both but for terms of order 1 / r."""
    limit = proofs.incompressible_limit(ratio)
    # Linear in p / kappa: p is here at most two shear moduli, and the relative stiffness of the sides about one.
    assert limit["stress_pct"] < 100 * 2 / ratio
    assert limit["volume_law_pct"] < 100 * 2 / ratio
    assert 100 * 0.1 / ratio < limit["volume_pct"] < 100 * 2 / ratio


@laws
def test_rigid_motion_costs_nothing(law):
    """Flesh with slack muscles, turned and moved by centimetres, has no energy and no force."""
    energy, force = proofs.rigid_motion_residual(law)
    # In shear moduli: rounding of positions some 5 cm from the origin in tets of 0.2 cm, times bulk / shear of 20.
    assert energy < 1e-12
    assert force < 1e-12


@laws
def test_forces_turn_with_the_flesh(law):
    """Turning deformed flesh with a tense muscle keeps its energy and turns its forces."""
    energy, force = proofs.frame_indifference_pct(law)
    assert energy < ROUNDING
    assert force < ROUNDING


@laws
def test_small_strains_are_linear_elasticity(law):
    """The stiffness at rest is that of linear tets with the law's moduli of shear and volume."""
    assert proofs.small_strain_pct(law) < ROUNDING


@laws
def test_prestretched_flesh_remembers_its_stress_free_shape(law):
    """Flesh prestretched to its rest has the energy, forces and stiffness of flesh that rests where it is free."""
    differences = proofs.prestretch_pct(law)
    assert set(differences) == {"energy", "force", "energy_of_rest", "force_of_rest", "stiffness_of_rest"}
    assert max(differences.values()) < ROUNDING


def test_isometric_muscle_pulls_by_length_cross_section_and_activation():
    """A held muscle adds sigma_max x rest cross-section x force-length curve x activation to its ends' pull."""
    assert proofs.muscle_force_pct() < ROUNDING


DIFFERENCES = 1e-6
"""Nearly equal stretches are told apart by their squares, which may cost half of the sixteen digits: 1e-6 per cent.
The reference is better: fourth-order differences of a stress exact to rounding, and clamping spreads no errors."""


@laws
@pytest.mark.parametrize("kind", list(proofs.gradients()))
def test_definite_stiffness_is_the_clamped_second_derivative(law, kind):
    """The definite stiffness of a tet is NumPy's: eigenvalues of the law's second derivative below zero put to zero;
    so it is symmetric, has no negative eigenvalue, and is the exact one where that had none."""
    found = proofs.definite_stiffness(law, proofs.gradients()[kind])
    assert found["difference_pct"] < DIFFERENCES
    # Rounding of twelve by twelve matrices.
    assert found["lowest"] > -1e-14
    assert found["asymmetry"] < 1e-14
    assert found["kept_pct"] < DIFFERENCES


@laws
def test_definite_stiffness_is_tried_on_both_sides(law):
    """Gently swollen tets have a semi-definite second derivative already, compressed and inverted ones never do."""
    kept = {kind: proofs.definite_stiffness(law, F)["kept"] / len(F) for kind, F in proofs.gradients().items()}
    assert kept["swollen"] == 1
    assert kept["compressed"] == kept["inverted"] == 0


def test_definite_stiffness_of_tense_fibres_is_clamped():
    """A fibre past its best length pushes nothing apart: its definite stiffness is NumPy's clamped one."""
    assert proofs.definite_muscle_pct() < DIFFERENCES


@laws
def test_references_agree_with_each_other(law):
    """The closed forms in principal stretches and in shear are derivatives of the printed energies."""
    moduli = MODULI[law]
    for stretch in ([1.3, 0.9, 0.8], [0.6, 1.2, 1.1]):
        closed = principal_stresses(law, stretch, moduli)
        assert np.allclose(published_stress(law, np.diag(stretch), moduli), np.diag(closed), atol=1e-12)
    F = np.eye(3)
    F[0, 1] = 0.7
    sigma = published_stress(law, F, moduli) @ F.T
    assert np.allclose(sigma, simple_shear_stress(law, 0.7, moduli), atol=1e-12)
