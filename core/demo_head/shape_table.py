# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Motions of facial landmarks in each shape, in millimetres (x to the left, y up, z front), left side and midline."""

from __future__ import annotations

# Landmarks on the outer skin by their frontal place (x, y) [cm]; x = 0 lies on the midline.
SKIN_LANDMARKS = {
    "brow_in": (1.2, 1.9), "brow_mid": (2.6, 2.25), "brow_out": (4.3, 2.05), "forehead_in": (1.3, 4.2),
    "forehead_out": (3.8, 4.2), "forehead_top": (2.2, 6.6), "forehead_mid": (0.0, 5.0), "glabella": (0.0, 1.9),
    "nasion": (0.0, 0.4), "bridge": (0.0, -1.8), "nose_side": (0.95, -2.2), "tip": (0.0, -3.7), "ala": (1.55, -4.05),
    "subnasale": (0.0, -4.95), "infraorbital": (3.1, -1.7), "tear": (1.7, -1.3), "canthus_out": (5.2, 0.2),
    "cheekbone": (4.8, -2.0), "cheek_high": (3.4, -3.1), "nasolabial": (2.4, -4.8), "cheek": (4.3, -5.0),
    "cheek_low": (4.4, -7.3), "jowl": (3.4, -9.0), "chin_side": (1.7, -9.8), "chin": (0.0, -9.9), "sulcus": (0.0, -8.6),
    "sulcus_side": (1.6, -8.4), "throat": (0.0, -12.3), "throat_side": (3.2, -11.6), "temple": (6.2, 0.8),
}  # fmt: skip
# Lip landmarks move all sheets of the lip at a step of the mouth rings: 0 lower midline, 16 corner, 32 upper midline.
LIP_STEPS = {
    "low_mid": 0, "low_inner": 5, "low_outer": 9, "low_corner": 13, "corner": 16, "up_corner": 19, "up_outer": 23, "up_inner": 27,
    "up_mid": 32,
}  # fmt: skip
# Landmarks inside the mouth bag, just behind the lips: steps of the mouth rings.
BAG_STEPS = {"bag_low": [9, 10], "bag_corner": [13, 16, 19], "bag_up": [22, 23]}
# Stay put in every shape that does not name them.
GUARDS = ("nasion", "temple", "throat", "throat_side", "forehead_top", "tip", "canthus_out", "forehead_mid")
LOWER_FACE_GUARDS = ("brow_in", "brow_mid", "brow_out", "glabella", "bridge")
UPPER_FACE_GUARDS = ("ala", "subnasale", "nasolabial", "cheek", "corner", "up_mid", "chin", "cheek_low")

Motions = dict[str, tuple[float, float, float]]

# Left-sided shapes; the right-sided ones are their mirror images.
LEFT_SHAPES: dict[str, Motions] = {
    "mouthSmile": {
        "corner": (3.5, 9.0, -4.5), "up_corner": (3.4, 7.4, -3.4), "low_corner": (3.4, 7.2, -3.6), "up_outer": (2.6, 4.6, -2.2),
        "low_outer": (2.6, 4.2, -2.2), "up_inner": (1.2, 1.6, -1.0), "low_inner": (1.2, 1.3, -1.0), "up_mid": (0.0, 0.4, -0.6),
        "low_mid": (0.0, 0.2, -0.6), "nasolabial": (3.0, 5.6, 0.6), "cheek_high": (0.8, 4.6, 2.6), "cheek": (2.4, 4.4, 2.2),
        "infraorbital": (0.0, 1.8, 1.2), "cheekbone": (0.4, 2.2, 1.2), "cheek_low": (1.6, 3.8, -0.8),
        "sulcus_side": (1.0, 1.2, -0.8), "jowl": (0.6, 1.6, 0.0), "ala": (0.8, 0.8, -0.3), "chin": (0.0, 0.0, 0.0),
        "chin_side": (0.2, 0.4, 0.0), "tear": (0.0, 0.4, 0.2), "sulcus": (0.0, 0.0, -0.4),
    },
    "mouthFrown": {
        "corner": (0.8, -8.0, -1.2), "up_corner": (0.7, -5.6, -0.8), "low_corner": (0.8, -6.2, -0.8), "up_outer": (0.2, -2.2, -0.2),
        "low_outer": (0.4, -2.8, 0.0), "up_inner": (0.0, -0.5, 0.0), "low_inner": (0.0, -0.7, 0.0), "up_mid": (0.0, 0.0, 0.0),
        "low_mid": (0.0, 0.2, 0.2), "nasolabial": (0.2, -2.4, -0.4), "cheek": (0.2, -1.6, 0.0), "cheek_low": (0.6, -3.0, 0.6),
        "sulcus_side": (0.5, -3.6, 0.8), "jowl": (0.4, -2.4, 1.0), "chin_side": (0.0, -1.0, 0.6), "chin": (0.0, 0.4, 0.2),
        "sulcus": (0.0, 0.3, 0.0), "cheek_high": (0.0, -0.6, 0.0), "ala": (0.0, -0.2, 0.0),
    },
    "mouthDimple": {
        "corner": (4.5, 1.6, -4.6), "up_corner": (3.4, 1.2, -3.4), "low_corner": (3.4, 0.8, -3.4), "up_outer": (2.0, 0.6, -1.6),
        "low_outer": (2.0, 0.4, -1.6), "up_inner": (0.8, 0.1, -0.6), "low_inner": (0.8, 0.0, -0.6), "nasolabial": (1.6, 0.9, 0.2),
        "cheek": (1.2, 0.8, 1.2), "cheek_low": (1.4, 0.4, 1.2), "sulcus_side": (0.6, 0.2, -0.4), "ala": (0.0, 0.0, 0.0),
    },
    "mouthStretch": {
        "corner": (6.5, -3.5, -5.0), "up_corner": (5.2, -2.8, -3.8), "low_corner": (5.2, -3.6, -3.8), "up_outer": (3.2, -1.4, -2.0),
        "low_outer": (3.2, -2.6, -2.2), "up_inner": (1.2, -0.4, -0.8), "low_inner": (1.2, -1.6, -1.0), "up_mid": (0.0, 0.0, -0.4),
        "low_mid": (0.0, -1.0, -0.6), "nasolabial": (2.2, -1.6, -0.6), "cheek": (2.2, -1.4, 0.6), "cheek_low": (2.6, -2.6, 0.2),
        "sulcus_side": (1.8, -2.4, -0.6), "jowl": (1.4, -2.4, 0.2), "chin_side": (0.4, -1.0, 0.0), "chin": (0.0, 0.0, 0.0),
        "throat_side": (0.6, -1.0, 1.0), "ala": (0.3, -0.2, 0.0),
    },
    "mouthPress": {
        "corner": (1.2, -0.2, -1.6), "up_corner": (0.9, -0.8, -1.4), "low_corner": (0.9, 0.8, -1.4), "up_outer": (0.4, -1.0, -1.2),
        "low_outer": (0.4, 1.4, -1.0), "up_inner": (0.2, -0.8, -0.9), "low_inner": (0.2, 1.4, -0.6), "up_mid": (0.0, -0.4, -0.6),
        "low_mid": (0.0, 0.8, -0.4), "sulcus_side": (0.2, 0.9, 0.6), "nasolabial": (0.4, 0.0, 0.0), "chin": (0.0, 0.4, 0.0),
        "chin_side": (0.0, 0.6, 0.4), "cheek_low": (0.4, 0.4, 0.8), "subnasale": (0.0, 0.0, 0.0),
    },
    "mouthUpperUp": {
        "corner": (0.2, 1.2, -0.4), "up_corner": (0.4, 3.4, 0.2), "up_outer": (0.4, 6.2, 1.0), "up_inner": (0.2, 6.6, 1.4),
        "up_mid": (0.0, 4.6, 1.0), "low_corner": (0.0, 0.3, 0.0), "low_outer": (0.0, 0.0, 0.0), "low_mid": (0.0, 0.0, 0.0),
        "nasolabial": (0.8, 4.4, 1.0), "ala": (0.8, 2.0, 0.2), "subnasale": (0.0, 0.9, 0.2), "cheek_high": (0.3, 2.6, 1.2),
        "infraorbital": (0.0, 1.2, 0.6), "cheek": (0.4, 1.4, 0.4), "cheek_low": (0.0, 0.2, 0.0), "nose_side": (0.0, 0.8, 0.3),
    },
    "mouthLowerDown": {
        "corner": (0.4, -1.6, -0.4), "low_corner": (0.6, -4.0, 0.2), "low_outer": (0.8, -6.6, 0.6), "low_inner": (0.5, -7.4, 0.6),
        "low_mid": (0.0, -5.6, 0.4), "up_corner": (0.0, -0.4, 0.0), "up_outer": (0.0, 0.0, 0.0), "up_mid": (0.0, 0.0, 0.0),
        "sulcus_side": (0.8, -4.4, 1.0), "sulcus": (0.0, -2.4, 0.6), "chin_side": (0.4, -1.8, 0.8), "chin": (0.0, -0.6, 0.4),
        "jowl": (0.4, -1.6, 0.4), "cheek_low": (0.2, -1.0, 0.0), "nasolabial": (0.0, 0.0, 0.0),
    },
    "noseSneer": {
        "ala": (0.9, 4.0, -0.3), "nose_side": (0.2, 2.6, 1.2), "bridge": (0.0, 1.2, 0.4), "nasolabial": (0.6, 3.8, 1.2),
        "subnasale": (0.0, 0.9, 0.0), "tip": (0.0, 0.9, -0.2), "up_outer": (0.2, 2.4, 0.6), "up_inner": (0.1, 2.6, 0.8),
        "up_mid": (0.0, 1.4, 0.4), "up_corner": (0.1, 1.0, 0.0), "corner": (0.0, 0.2, 0.0), "low_mid": (0.0, 0.0, 0.0),
        "cheek_high": (0.0, 2.0, 1.0), "infraorbital": (0.0, 1.2, 0.6), "tear": (0.0, 1.4, 0.6), "brow_in": (-0.6, -1.4, 0.4),
        "glabella": (0.0, -0.8, 0.2), "brow_mid": (0.0, -0.4, 0.0), "cheek": (0.0, 0.4, 0.2),
    },
    "cheekSquint": {
        "cheek_high": (0.4, 4.8, 2.2), "infraorbital": (0.0, 3.6, 1.0), "cheekbone": (0.2, 3.0, 1.2), "tear": (0.0, 1.4, 0.4),
        "nasolabial": (0.6, 2.2, 0.8), "cheek": (0.4, 2.4, 1.0), "canthus_out": (0.0, 0.8, 0.2), "corner": (0.2, 0.8, -0.2),
        "ala": (0.1, 0.4, 0.0), "up_mid": (0.0, 0.0, 0.0), "cheek_low": (0.0, 0.4, 0.0),
    },
    "browDown": {
        "brow_in": (-2.6, -5.4, 0.8), "brow_mid": (-1.4, -5.2, 0.4), "brow_out": (-0.4, -2.8, 0.0),
        "glabella": (0.0, -3.6, 1.2), "nasion": (0.0, -1.4, 0.6), "forehead_in": (-0.6, -2.2, 0.0),
        "forehead_out": (-0.2, -1.6, 0.0), "forehead_mid": (0.0, -1.0, 0.0), "bridge": (0.0, 0.0, 0.0),
        "canthus_out": (0.0, 0.0, 0.0),
    },
    "browOuterUp": {
        "brow_out": (0.6, 7.6, -0.6), "brow_mid": (0.4, 5.0, 0.0), "brow_in": (0.0, 1.0, 0.0), "forehead_out": (0.2, 5.0, -0.8),
        "forehead_in": (0.0, 1.6, 0.0), "forehead_top": (0.0, 1.0, -0.4), "glabella": (0.0, 0.0, 0.0),
        "canthus_out": (0.0, 0.8, 0.0), "temple": (0.2, 1.6, -0.4),
    },
}  # fmt: skip

# Shapes of both sides at once.
BOTH_SHAPES: dict[str, Motions] = {
    "browInnerUp": {
        "brow_in": (0.3, 8.6, 0.2), "glabella": (0.0, 6.4, 0.2), "brow_mid": (0.2, 5.2, 0.2), "brow_out": (0.0, 1.0, 0.0),
        "forehead_in": (0.0, 5.6, -0.4), "forehead_mid": (0.0, 4.6, -0.4), "forehead_out": (0.0, 1.6, 0.0),
        "forehead_top": (0.0, 1.2, -0.4), "nasion": (0.0, 1.6, 0.0), "bridge": (0.0, 0.0, 0.0),
    },
    "mouthPucker": {
        "bag_corner": (-8.0, 0.2, 3.6), "bag_low": (-4.0, -0.2, 6.0), "bag_up": (-4.0, 0.4, 6.0),
        "corner": (-10.8, 0.2, 4.2), "corner_inside": (-10.4, 0.2, 3.4), "up_corner": (-9.2, 0.4, 5.0), "low_corner": (-9.2, 0.0, 5.0), "up_outer": (-6.6, 0.7, 7.0),
        "low_outer": (-6.6, -0.3, 6.4), "up_inner": (-3.2, 0.9, 8.2), "low_inner": (-3.2, -0.5, 7.0), "up_mid": (0.0, 0.8, 8.4),
        "low_mid": (0.0, -0.5, 7.2), "nasolabial": (-3.4, -1.0, 1.2), "cheek": (-2.6, -0.4, -1.4), "cheek_low": (-4.2, 0.2, -1.2),
        "sulcus_side": (-3.4, 0.8, 1.8), "sulcus": (0.0, 0.6, 2.0), "subnasale": (0.0, -0.8, 1.4), "jowl": (-1.4, 0.4, 0.0),
        "ala": (-0.5, -0.4, 0.2), "chin": (0.0, 0.5, 0.4), "chin_side": (-0.8, 0.6, 0.3), "cheek_high": (-0.6, -0.6, -0.3),
    },
    "mouthFunnel": {
        "bag_corner": (-4.5, 0.0, 4.0), "bag_low": (-2.2, -3.0, 5.0), "bag_up": (-2.2, 2.6, 5.0),
        "corner": (-7.4, -0.4, 3.2), "corner_inside": (-7.2, -0.4, 2.6), "up_corner": (-5.6, 2.0, 4.6), "low_corner": (-5.6, -2.6, 4.4), "up_outer": (-3.6, 4.0, 6.6),
        "low_outer": (-3.6, -5.2, 6.2), "up_inner": (-1.6, 4.8, 7.6), "low_inner": (-1.6, -6.4, 7.0), "up_mid": (0.0, 4.8, 7.8),
        "low_mid": (0.0, -6.6, 7.2), "nasolabial": (-2.2, -0.4, 0.8), "cheek": (-2.0, -1.0, -1.2), "cheek_low": (-3.2, -0.8, -1.0),
        "sulcus_side": (-2.0, -2.6, 1.6), "sulcus": (0.0, -2.6, 1.8), "subnasale": (0.0, 0.4, 1.2), "jowl": (-1.0, -0.6, 0.0),
        "ala": (-0.4, -0.4, 0.0), "chin": (0.0, -0.6, 0.4), "chin_side": (-0.4, -0.6, 0.2),
    },
    "mouthRollUpper": {
        "up_mid": (0.0, -1.4, -2.0), "up_inner": (0.0, -1.4, -2.0), "up_outer": (0.0, -1.0, -1.6), "up_corner": (0.0, -0.5, -0.9),
        "up_mid_inside": (0.0, 0.9, -2.6), "up_inner_inside": (0.0, 0.9, -2.6), "up_outer_inside": (0.0, 0.6, -2.0),
        "corner": (0.0, 0.0, -0.4), "subnasale": (0.0, -0.8, -0.2), "nasolabial": (0.0, -0.4, -0.2), "low_mid": (0.0, 0.0, 0.0),
        "low_outer": (0.0, 0.0, 0.0), "ala": (0.0, -0.3, 0.0),
    },
    "mouthRollLower": {
        "low_mid": (0.0, 1.8, -2.2), "low_inner": (0.0, 1.7, -2.1), "low_outer": (0.0, 1.1, -1.7), "low_corner": (0.0, 0.4, -0.9),
        "low_mid_inside": (0.0, -0.7, -2.8), "low_inner_inside": (0.0, -0.7, -2.7), "low_outer_inside": (0.0, -0.5, -2.1),
        "corner": (0.0, 0.0, -0.4), "sulcus": (0.0, 1.4, 0.2), "sulcus_side": (0.0, 1.0, 0.2), "chin": (0.0, 0.8, 0.4),
        "up_mid": (0.0, 0.0, 0.0), "up_outer": (0.0, 0.0, 0.0), "chin_side": (0.0, 0.4, 0.2),
    },
    "mouthShrugUpper": {
        "up_mid": (0.0, 3.4, 2.2), "up_inner": (0.0, 3.2, 2.2), "up_outer": (0.0, 2.4, 1.6), "up_corner": (0.0, 1.2, 0.6),
        "corner": (0.0, 0.2, 0.0), "subnasale": (0.0, 1.0, 0.8), "nasolabial": (0.0, 1.0, 0.4), "low_mid": (0.0, 0.0, 0.0),
        "low_outer": (0.0, 0.0, 0.0), "ala": (0.0, 0.4, 0.0),
    },
    "mouthShrugLower": {
        "low_mid": (0.0, 2.6, 2.6), "low_inner": (0.0, 2.6, 2.6), "low_outer": (0.0, 1.8, 1.6), "low_corner": (0.0, 0.6, 0.6),
        "corner": (0.0, -0.6, 0.0), "sulcus": (0.0, 3.2, 0.8), "sulcus_side": (0.0, 2.6, 0.8), "chin": (0.0, 4.2, 1.0),
        "chin_side": (0.0, 3.2, 0.8), "up_mid": (0.0, 1.2, 0.6), "up_inner": (0.0, 1.2, 0.5), "up_outer": (0.0, 0.6, 0.2),
        "jowl": (0.0, 0.8, 0.2),
    },
    "cheekPuff": {
        "cheek": (6.5, 0.2, 5.0), "cheek_low": (7.0, -0.2, 4.6), "nasolabial": (3.0, 0.6, 4.6), "cheek_high": (1.8, 1.2, 2.2),
        "jowl": (3.0, -0.8, 2.2), "sulcus_side": (1.6, -0.6, 2.6), "corner": (0.4, 0.0, 1.4), "up_corner": (0.3, 0.2, 1.6),
        "low_corner": (0.3, -0.2, 1.6), "up_mid": (0.0, 0.2, 1.6), "low_mid": (0.0, -0.2, 1.4), "up_outer": (0.2, 0.2, 1.6),
        "low_outer": (0.2, -0.2, 1.4), "cheekbone": (1.0, 0.4, 0.8), "subnasale": (0.0, 0.0, 1.2), "sulcus": (0.0, -0.2, 1.2),
        "ala": (0.4, 0.0, 0.3), "chin_side": (0.3, 0.0, 0.3), "chin": (0.0, 0.0, 0.0),
    },
    "mouthClose": {
        "low_mid": (0.0, 16.0, 0.0), "low_inner": (0.0, 15.0, 0.0), "low_outer": (0.0, 12.0, 0.0), "low_corner": (0.0, 7.0, 0.0),
        "corner": (0.0, 0.0, 0.0), "up_corner": (0.0, -3.0, 0.0), "up_outer": (0.0, -7.0, 0.0), "up_inner": (0.0, -10.0, 0.0),
        "up_mid": (0.0, -11.0, 0.0), "sulcus": (0.0, 7.0, 0.0), "sulcus_side": (0.0, 5.0, 0.0), "chin": (0.0, 0.0, 0.0),
        "subnasale": (0.0, -1.5, 0.0), "nasolabial": (0.0, -1.0, 0.0), "ala": (0.0, -0.3, 0.0), "chin_side": (0.0, 0.0, 0.0),
    },
}  # fmt: skip

# The whole mouth slides to the left; every landmark moves the same way on both sides.
MOUTH_LEFT: Motions = {
    "low_mid": (7.0, 0.0, 0.0), "low_inner": (7.0, 0.0, 0.0), "low_outer": (7.0, 0.0, 0.0), "low_corner": (7.0, 0.0, 0.0),
    "corner": (7.0, 0.0, 0.0), "up_corner": (7.0, 0.0, 0.0), "up_outer": (7.0, 0.0, 0.0), "up_inner": (7.0, 0.0, 0.0),
    "up_mid": (7.0, 0.0, 0.0), "sulcus": (4.5, 0.0, 0.0), "sulcus_side": (4.5, 0.0, 0.0), "subnasale": (2.6, 0.0, 0.0),
    "nasolabial": (3.0, 0.0, 0.0), "chin": (1.5, 0.0, 0.0), "ala": (0.8, 0.0, 0.0), "chin_side": (1.5, 0.0, 0.0),
    "cheek": (1.6, 0.0, 0.0), "cheek_low": (2.4, 0.0, 0.0), "tip": (0.4, 0.0, 0.0), "jowl": (1.4, 0.0, 0.0),
}  # fmt: skip
