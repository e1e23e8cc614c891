# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The 15 Oculus visemes: jaw and lips of each group of speech sounds."""

from .recipe import Recipe, made


def _rounded(share: float) -> dict[str, float]:
    """The ring of the mouth drawn together by a share."""
    return {
        "orbicularis_oris_upper_peripheral": 1.5 * share,
        "orbicularis_oris_lower_peripheral": 0.7 * share,
        "incisivus_labii_superioris": share,
        "incisivus_labii_inferioris": 0.6 * share,
    }


VISEME_RECIPES: dict[str, Recipe] = {
    "viseme_sil": made(),
    "viseme_PP": made(orbicularis_oris_upper_marginal=0.4, orbicularis_oris_lower_marginal=0.3, mentalis=0.4),
    "viseme_FF": made(levator_labii_superioris=0.1, mentalis=0.5, orbicularis_oris_lower_marginal=0.2),
    "viseme_TH": made(depressor_labii_inferioris=0.3, levator_labii_superioris=0.15, jaw=(0.15, 0.0, 0.0)),
    "viseme_DD": made(depressor_labii_inferioris=0.3, levator_labii_superioris=0.1, risorius=0.1, jaw=(0.1, 0.0, 0.0)),
    "viseme_kk": made(depressor_labii_inferioris=0.2, levator_labii_superioris=0.1, jaw=(0.2, 0.0, 0.0)),
    "viseme_CH": made(
        **_rounded(0.5),
        depressor_labii_inferioris=0.5,
        levator_labii_superioris=0.4,
        pout=(15.0, 15.0),
        jaw=(0.05, 0.0, 0.0),
    ),
    "viseme_SS": made(
        risorius=0.4,
        zygomaticus_major=0.2,
        depressor_labii_inferioris=0.5,
        levator_labii_superioris=0.3,
        jaw=(0.03, 0.0, 0.0),
    ),
    "viseme_nn": made(depressor_labii_inferioris=0.3, levator_labii_superioris=0.15, jaw=(0.12, 0.0, 0.0)),
    "viseme_RR": made(**_rounded(0.5), depressor_labii_inferioris=0.3, levator_labii_superioris=0.2, pout=(10.0, 10.0)),
    "viseme_aa": made(depressor_labii_inferioris=0.3, levator_labii_superioris=0.2, jaw=(0.65, 0.0, 0.0)),
    "viseme_E": made(
        risorius=0.4,
        zygomaticus_major=0.3,
        depressor_labii_inferioris=0.3,
        levator_labii_superioris=0.2,
        jaw=(0.3, 0.0, 0.0),
    ),
    "viseme_I": made(
        risorius=0.6,
        zygomaticus_major=0.4,
        depressor_labii_inferioris=0.3,
        levator_labii_superioris=0.2,
        jaw=(0.15, 0.0, 0.0),
    ),
    "viseme_O": made(**_rounded(0.8), depressor_labii_inferioris=0.2, pout=(15.0, 15.0), jaw=(0.4, 0.0, 0.0)),
    "viseme_U": made(**_rounded(1.0), pout=(20.0, 20.0), jaw=(0.1, 0.0, 0.0)),
}
