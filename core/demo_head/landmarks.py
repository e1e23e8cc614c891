# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The facial landmarks that the demo head's shapes move, and those that hold still unless a shape names them."""

from __future__ import annotations

# Landmarks on the outer skin by their frontal place (x, y) [cm]; x = 0 lies on the midline.
SKIN_LANDMARKS = {
    "brow_in": (1.2, 1.9),
    "brow_mid": (2.6, 2.25),
    "brow_out": (4.3, 2.05),
    "forehead_in": (1.3, 4.2),
    "forehead_out": (3.8, 4.2),
    "forehead_top": (2.2, 6.6),
    "forehead_mid": (0.0, 5.0),
    "glabella": (0.0, 1.9),
    "nasion": (0.0, 0.4),
    "bridge": (0.0, -1.8),
    "nose_side": (0.95, -2.2),
    "tip": (0.0, -3.7),
    "ala": (1.55, -4.05),
    "subnasale": (0.0, -4.95),
    "infraorbital": (3.1, -1.7),
    "tear": (1.7, -1.3),
    "canthus_out": (5.2, 0.2),
    "cheekbone": (4.8, -2.0),
    "cheek_high": (3.4, -3.1),
    "nasolabial": (2.4, -4.8),
    "cheek": (4.3, -5.0),
    "cheek_low": (4.4, -7.3),
    "jowl": (3.4, -9.0),
    "chin_side": (1.7, -9.8),
    "chin": (0.0, -9.9),
    "sulcus": (0.0, -8.6),
    "sulcus_side": (1.6, -8.4),
    "throat": (0.0, -12.3),
    "throat_side": (3.2, -11.6),
    "temple": (6.2, 0.8),
}
# Lip landmarks move all sheets of the lip at a step of the mouth rings: 0 lower midline, 16 corner, 32 upper midline.
LIP_STEPS = {
    "low_mid": 0,
    "low_inner": 5,
    "low_outer": 9,
    "low_corner": 13,
    "corner": 16,
    "up_corner": 19,
    "up_outer": 23,
    "up_inner": 27,
    "up_mid": 32,
}
# Lid landmarks move all sheets of a lid at steps of the eye rings.
LID_STEPS = {
    "lid_up": [5, 8, 11],
    "lid_low": [21, 24, 27],
    "lid_inner_corner": [15, 16, 17],
    "lid_outer_corner": [31, 0, 1],
}
# Landmarks inside the mouth bag, just behind the lips: steps of the mouth rings.
BAG_STEPS = {"bag_low": [9, 10], "bag_corner": [13, 16, 19], "bag_up": [22, 23]}
# Stay put in every shape that does not name them.
GUARDS = ("nasion", "temple", "throat", "throat_side", "forehead_top", "tip", "canthus_out", "forehead_mid", *LID_STEPS)
LOWER_FACE_GUARDS = ("brow_in", "brow_mid", "brow_out", "glabella", "bridge")
UPPER_FACE_GUARDS = ("ala", "subnasale", "nasolabial", "cheek", "corner", "up_mid", "chin", "cheek_low")

Motions = dict[str, tuple[float, float, float]]
