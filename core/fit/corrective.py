# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""What a fit left over becomes a corrective shape: which controls cause it, and so should switch it on."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..face import FaceModel
    from ..pose import Pose

MOST = 4
"""Controls that a corrective hangs on: more than an artist combines knowingly."""

SHARE = 0.25
"""Of the strongest cause's influence: what has less is no cause."""

LEAST = 0.05
"""Value of a slider below which it does nothing worth correcting."""


def causes(model: "FaceModel", pose: "Pose", remainder: np.ndarray) -> list[str]:
    """The controls of a pose that move the skin where a remainder (V, 3) lies, strongest first.

    A control's influence is how far it moves each vertex in this pose, weighted by the remainder there.
    """
    weight = np.linalg.norm(remainder, axis=1)
    used = np.flatnonzero(np.abs(pose.controls) >= LEAST)
    if not len(used) or not weight.any():
        return []
    slopes = model.jacobian(pose).reshape(-1, 3, len(pose.controls))[:, :, used]
    influence = weight @ np.linalg.norm(slopes, axis=1) * np.abs(pose.controls[used])
    order = np.argsort(-influence)[:MOST]
    names = model.controls().names
    return [names[used[k]] for k in order if influence[k] >= SHARE * influence.max()]
