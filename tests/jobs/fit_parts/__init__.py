# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Parts of the fit's report: each has ``measure(head)``, which gives keys of "fit"."""
