# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Takes of the Live Link Face app: a CSV with a timecode and one column per ARKit channel, read by column name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.transform import Rotation

from ..anatomy.names import canonical_name, match_arkit
from ..errors import MuscleFaceError
from .tables import frame_times, number, read_table

if TYPE_CHECKING:
    from ..face import FaceModel

COUNTED_RATES = (24, 25, 30, 48, 50, 60, 100, 120)
"""Rates at which timecodes count frames. The app counts at 60 whatever rate it records at."""

_TIME_COLUMNS = ("timecode", "timestamp", "time")
_ANGLES = {f"{part}{angle}".lower(): (part, k) for part in ("Head", "LeftEye", "RightEye")
           for k, angle in enumerate(("Yaw", "Pitch", "Roll"))}  # fmt: skip
_TIMECODE = re.compile(r"^(\d+):(\d+):(\d+)([:;])(\d+(?:\.\d+)?)$")
_DAY = np.array([24.0, 0.0, 0.0, 0.0])
"""On the clock."""


@dataclass(frozen=True)
class Take:
    """A recorded performance, F frames.

    times: (F,) [s] from the first frame, rising · rate: frames per second of the recording · missing: frames that it
    lost · channels: ARKit name -> (F,), 0 to 1 and at times above · angles: "Head", "LeftEye", "RightEye" -> (F, 3)
    yaw, pitch, roll [rad]; yaw turns to the face's right, pitch down, roll tips to its right · unknown: columns that
    are none of these.
    """

    times: np.ndarray
    rate: float
    missing: int
    channels: dict[str, np.ndarray]
    angles: dict[str, np.ndarray]
    unknown: list[str]

    def resampled(self, rate: float) -> Take:
        """The take at another rate [1/s], straight between its frames. Raises MuscleFaceError where that is none."""
        times = frame_times(self.times[-1], rate)
        channels = {n: np.interp(times, self.times, v) for n, v in self.channels.items()}
        angles = {n: np.stack([np.interp(times, self.times, a) for a in v.T], 1) for n, v in self.angles.items()}
        return Take(times, rate, self.missing, channels, angles, self.unknown)

    def head_rotations(self) -> np.ndarray | None:
        """(F, 3, 3) of the head in the normalised frame, yaw applied last; None where the take has it still."""
        angles = self.angles.get("Head")
        if angles is None or not angles.any():
            return None
        yaw, pitch, roll = angles.T
        return Rotation.from_euler("YXZ", np.stack([-yaw, pitch, roll], 1)).as_matrix()


def read_take(path: str | Path) -> Take:
    """Read a take. Raises MuscleFaceError when the file is none."""
    header, rows = _table(Path(path))
    names = [h.strip() for h in header]
    lower = [n.lower() for n in names]
    time_column = next((lower.index(n) for n in _TIME_COLUMNS if n in lower), None)
    known = {i: canonical_name(n) for i, n in enumerate(names)}
    channels = {i: found[0] for i, found in known.items() if found is not None and not found[1]}
    if time_column is None or not channels:
        raise MuscleFaceError(
            f"'{Path(path).name}' is not a Live Link Face take: its first line must name Timecode and ARKit channels."
        )
    angles = {i: _ANGLES[n] for i, n in enumerate(lower) if n in _ANGLES}
    kept = [(row[time_column].strip(), row) for row in rows if len(row) == len(names)]
    times, lines = _times([stamp for stamp, _ in kept])
    table = np.array([[number(cell) for cell in kept[k][1]] for k in lines], np.float64).reshape(-1, len(names))
    # Where the app lost the face it writes a line without values.
    seen = np.isfinite(table[:, list(channels)]).any(axis=1)
    times, table = times[seen], table[seen]
    if len(times) < 2:
        raise MuscleFaceError(f"'{Path(path).name}' holds no frames: record the take again.")
    step = float(np.median(np.diff(times)))
    if step > 1.0:
        raise MuscleFaceError(f"'{Path(path).name}' holds a frame every {step:.0f} s: give its times in seconds.")
    curves = {i: _filled(times, table[:, i]) for i in (*channels, *angles)}
    parts = {part: np.zeros((len(times), 3)) for part, _ in angles.values()}
    for i, (part, angle) in angles.items():
        parts[part][:, angle] = curves[i]
    used = {time_column, *channels, *angles}
    return Take(
        times=times - times[0],
        rate=1.0 / step,
        missing=int((np.rint(np.diff(times) / step) - 1.0).clip(0.0).sum()),
        channels={name: curves[i] for i, name in channels.items()},
        angles=parts,
        unknown=[n for i, n in enumerate(names) if i not in used and n.lower() != "blendshapecount"],
    )


def slider_curves(channels: dict[str, np.ndarray], model: FaceModel) -> tuple[dict[str, np.ndarray], list[str]]:
    """Curves for the sliders of a face from ARKit channels {name: (F,)}, and the channels that it has no slider for.

    A shape that the head has in two halves gets the channel twice; jaw channels move the jaw itself where the head
    has no shape for them.
    """
    shapes = match_arkit(model.shapes)
    curves = {given: curve for name, curve in channels.items() for given in shapes.get(name, ())}
    left = [name for name in channels if name not in shapes]
    jaw = {"jawOpen": (0, 1.0), "jawForward": (1, 1.0), "jawLeft": (2, 1.0), "jawRight": (2, -1.0)}
    sliders = model.controls().names[-3:]
    for name in [n for n in left if n in jaw and not model.jaw_repeats_shapes[jaw[n][0]]]:
        axis, sign = jaw[name]
        curves[sliders[axis]] = curves.get(sliders[axis], 0.0) + sign * channels[name]
        left.remove(name)
    return curves, left


def _table(path: Path) -> tuple[list[str], list[list[str]]]:
    try:
        rows = read_table(path.read_text("utf-8-sig"))
    except OSError as error:
        raise MuscleFaceError(f"'{path.name}' cannot be read: choose an existing CSV file.") from error
    except ValueError as error:
        raise MuscleFaceError(f"'{path.name}' is not a text table: choose the CSV of a Live Link Face take.") from error
    return (rows[0] if rows else [], rows[1:])


def _times(stamps: list[str]) -> tuple[np.ndarray, list[int]]:
    """(F,) [s] of the lines whose stamp is later than all before, and their numbers."""
    parts = [_TIMECODE.match(s) for s in stamps]
    if any(parts):
        clock = np.array([[float(p[k]) for k in (1, 2, 3, 5)] if p else [np.nan] * 4 for p in parts])
        rate = _counted_rate(clock[:, :3] @ [3600.0, 60.0, 1.0], clock[:, 3])
        drop_frame = rate % 30.0 == 0.0 and any(p and p[4] == ";" for p in parts)
        raw, whole_day = _seconds(clock, rate, drop_frame), _seconds(_DAY, rate, drop_frame)
    else:
        raw, whole_day = np.array([number(s) for s in stamps], np.float64), 86400.0
    times, lines, day = [], [], 0.0
    for k in np.flatnonzero(np.isfinite(raw)):
        if times and raw[k] + day < times[-1] - 0.5 * whole_day:
            day += whole_day  # the take ran past midnight
        if not times or raw[k] + day > times[-1]:
            times.append(raw[k] + day)
            lines.append(int(k))
    return np.array(times, np.float64), lines


def _seconds(clock: np.ndarray, rate: float, drop_frame: bool) -> np.ndarray:
    """Seconds of clocks (..., 4): hours, minutes, seconds and frames counted at a rate.

    Drop-frame timecode (SMPTE ST 12-1, written with a semicolon) counts 29.97 or 59.94 frames a second at 30 or 60: the
    first 2 or 4 numbers of every minute that is no tenth are left out, and no frame is lost with them.
    """
    seconds, frames = clock[..., :3] @ [3600.0, 60.0, 1.0], clock[..., 3]
    if not drop_frame:
        return seconds + frames / rate
    minutes = clock[..., :2] @ [60.0, 1.0]
    skipped = rate / 15.0 * (minutes - minutes // 10.0)
    return (rate * seconds + frames - skipped) * 1.001 / rate


def _counted_rate(seconds: np.ndarray, frames: np.ndarray) -> float:
    """How many frames a second of the timecode has, read off where a second ends; 60 when none does."""
    finite = np.isfinite(seconds)
    seconds, frames = seconds[finite], frames[finite]
    rises, jumps = np.diff(frames), np.diff(seconds)
    inside = rises[(jumps == 0) & (rises > 0)]
    over = rises[jumps == 1]
    if not len(inside) or not len(over):
        return 60.0
    rate = float(np.median(inside)) - float(np.median(over))
    return float(min(COUNTED_RATES, key=lambda r: abs(r - rate)))


def _filled(times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """A channel with its missing values bridged; zero when it has none at all."""
    known = np.isfinite(values)
    return np.interp(times, times[known], values[known]) if known.any() else np.zeros(len(times))
