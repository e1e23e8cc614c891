# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The muscles of expression as data: where each runs between landmarks, how wide and thick it is, and its action unit.

Origins and insertions follow Gray's Anatomy (41st ed., chapter 30) and Freilinger et al. 1987 (Plast. Reconstr. Surg.
80, 686); action units follow Ekman and Friesen's FACS. Widths are anatomical. Thicknesses are about twice the
cadaveric ones, because the flesh model's tets are 3 to 6 mm wide.

Orbicularis oris has four bands without a side (upper and lower lip, marginal in the red lip and peripheral around it):
each runs from one modiolus to the other, and artists purse, press and roll whole lips.
"""

from .muscle_spec import MuscleSpec
from .muscles_mouth import CORNER, LOWER_LIP, MOUTH_RING, UPPER_LIP
from .muscles_upper_face import BROW, EYE, NOSE

MUSCLE_TABLE: tuple[MuscleSpec, ...] = BROW + EYE + NOSE + UPPER_LIP + CORNER + LOWER_LIP + MOUTH_RING
