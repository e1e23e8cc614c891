# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The flesh settles where FElupe, a published finite-element code, says, on the same tets."""

import felupe_peer
import pytest
from flesh_blocks import MODULI

pytest.importorskip("felupe")
pytest.importorskip("tensortrax")

laws = pytest.mark.parametrize("law", list(MODULI))

SAME = 0.1
"""Both solve the same equations: only the tolerances of the two solvers part them, 1e-9 and 1e-10 of the forces. A
thousandth is what an animator would never see, and far more than those tolerances leave (some 1e-8 per cent)."""


@laws
def test_bending_bar_sags_as_felupes(law):
    """A bar held at one end sags by a fifth to a third of its length under its weight, node by node as FElupe's."""
    bar = felupe_peer.felupe_comparison("cantilever", law)
    assert bar.converged
    assert 0.2 < bar.tip < 0.33
    assert bar.displacement_pct < SAME
    assert bar.reaction_pct < SAME


@laws
def test_twisted_bar_takes_felupes_shape_and_torque(law):
    """A bar with an end turned by 90 degrees: nodes, and forces on the held ends, are FElupe's."""
    bar = felupe_peer.felupe_comparison("twist", law)
    assert bar.converged
    assert bar.displacement_pct < SAME
    assert bar.reaction_pct < SAME


def test_comparison_notices_a_hundredth(monkeypatch):
    """Flesh whose shear modulus is off by one per cent is told from FElupe's."""
    law = "stable_neo_hookean"
    right = felupe_peer.felupe_comparison("cantilever", law)
    theirs = felupe_peer.felupe_law(law)
    monkeypatch.setattr(felupe_peer, "felupe_law", lambda _: theirs)
    monkeypatch.setitem(MODULI, law, (1.01 * MODULI[law][0], *MODULI[law][1:]))
    wrong = felupe_peer.felupe_comparison("cantilever", law)
    assert right.displacement_pct < SAME < wrong.displacement_pct
