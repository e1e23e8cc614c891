# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""A face model that stays on one Warp device from controls to skin, made for GPUs."""

from .face import DeviceFace

__all__ = ["DeviceFace"]
