# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Between a scene and a fit: what is pointed at becomes a target, what comes back becomes sliders and figures."""
