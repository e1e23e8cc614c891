# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""The layouts in which other programs store tracked face points."""

from __future__ import annotations

import json
import math
import re
import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..errors import MuscleFaceError
from .tables import number, read_table

_POINT_KEYS = (
    "face_keypoints_2d",
    "landmarks",
    "points",
    "keypoints",
    "face_landmarks",
    "faceLandmarks",
    "people",
    "faces",
)
_FRAME_KEYS = ("frames", "data", "results")
_TRUST_KEYS = ("confidence", "score", "visibility", "presence")
_UNREADABLE = (
    *(ValueError, KeyError, TypeError, IndexError, AttributeError),
    *(RecursionError, EOFError, zipfile.BadZipFile, zlib.error),
)
"""What files of other kinds, cut short or filled with something else make readers raise."""

# OpenFace has x_0 for pixels beside X_0 in space: case counts there.
_BY_NUMBER = re.compile(r"^(x|y|c|confidence|score)_?()(\d+)$")
_BY_NAME = re.compile(r"^()(.+?)[_. ](x|y|c|confidence|score)$", re.IGNORECASE)


@dataclass(frozen=True)
class Raw:
    """What a file says, and None for what it does not. points: (F, p, 2), y downwards, pixels or shares of the image ·
    confidence: (F, p) · names: (p) · frames: (F,) their numbers · rate: frames per second · size: (width, height)."""

    points: np.ndarray
    confidence: np.ndarray | None = None
    names: list[str] | None = None
    frames: np.ndarray | None = None
    rate: float | None = None
    size: tuple[int, int] | None = None


def read_raw(path: Path) -> Raw:
    """Whatever the file or folder holds. Raises MuscleFaceError when it is nothing known."""
    try:
        return _checked(_read(path))
    except OSError as error:
        raise MuscleFaceError(f"'{path.name}' cannot be read: choose an existing file.") from error
    except MuscleFaceError:
        raise
    except _UNREADABLE as error:
        raise unreadable(path) from error


def _read(path: Path) -> Raw:
    if path.is_dir():
        return _read_json(sorted(path.glob("*.json")))
    kind = path.suffix.lower()
    if kind == ".npz":
        return _read_npz(path)
    return _read_json(_series(path)) if kind == ".json" else _read_csv(path)


def _checked(raw: Raw) -> Raw:
    """The same as numbers. Raises ValueError where its parts do not belong together."""
    points = np.asarray(raw.points, np.float64)[..., :2]
    if points.ndim != 3 or not points.size:
        raise ValueError("no points over frames")
    frames, count = points.shape[:2]
    confidence = None if raw.confidence is None else np.asarray(raw.confidence, np.float64).reshape(frames, count)
    numbers = None if raw.frames is None else np.asarray(raw.frames, np.float64).reshape(frames)
    if raw.names is not None and len(raw.names) != count:
        raise ValueError("names of other points")
    # Stamps that count milliseconds tell of frames that last for half a minute.
    rate = raw.rate if raw.rate is not None and 1.0 <= raw.rate < math.inf else None
    size = raw.size if raw.size is not None and min(raw.size) > 0 else None
    return replace(raw, points=points, confidence=confidence, frames=numbers, rate=rate, size=size)


def unreadable(path: Path) -> MuscleFaceError:
    """The error for a file of another kind."""
    return MuscleFaceError(
        f"'{path.name}' holds no face tracks: give a JSON, CSV or npz file of 2D points over frames."
    )


def _series(path: Path) -> list[Path]:
    """A file of a numbered series stands for all of it (OpenPose writes one per frame)."""
    numbered = re.match(r"^(.*?)(\d{4,})(\D*)$", path.stem)
    if numbered is None:
        return [path]
    pattern = re.compile(re.escape(numbered[1]) + r"\d{4,}" + re.escape(numbered[3]) + "$")
    return sorted(p for p in path.parent.glob("*.json") if pattern.match(p.stem))


def _read_npz(path: Path) -> Raw:
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name.lower(): stored[name] for name in stored.files}
    names = ("points", "landmarks", "keypoints", *arrays)
    found = [arrays[n] for n in names if n in arrays and arrays[n].ndim in (2, 3) and arrays[n].shape[-1] in (2, 3)]
    points = found[0]
    points = points[None] if points.ndim == 2 else points
    rate = next((float(arrays[n]) for n in ("fps", "rate", "frame_rate") if n in arrays), None)
    size = next((arrays[n] for n in ("image_size", "size", "resolution") if n in arrays), None)
    confidence = next((arrays[n] for n in ("confidence", "confidences", "visibility") if n in arrays), None)
    labels = next((arrays[n] for n in ("point_names", "names") if n in arrays), None)
    return Raw(
        points[..., :2],
        confidence,
        None if labels is None else [str(n) for n in labels],
        arrays.get("frames"),
        rate,
        None if size is None else (int(size[0]), int(size[1])),
    )


def _read_json(files: list[Path]) -> Raw:
    """One file, or one per frame."""
    if not files:
        raise MuscleFaceError("The folder holds no JSON file: choose the one that the tracker wrote into.")
    data = [json.loads(f.read_text("utf-8-sig")) for f in files]
    head = data[0] if isinstance(data[0], dict) else {}
    if len(data) == 1:
        items = next((head[k] for k in _FRAME_KEYS if isinstance(head.get(k), list)), data[0])
        if isinstance(items, dict):
            # The keys of the npz: points over frames in one array.
            stacked = next((items[k] for k in _POINT_KEYS if k in items), None)
            deep = isinstance(stacked, list) and stacked and isinstance(stacked[0], list) and _is_points(stacked[0])
            items = stacked if deep and len(stacked) > 1 else [items]
        elif _is_points(items):
            items = [items]
    else:
        items = data
    found = [_points_of(item) for item in items]
    count = max((len(p) for p in found if p is not None), default=0)
    points, trust = np.full((len(found), count, 2), np.nan), np.zeros((len(found), count))
    for k, face in enumerate(found):
        if face is not None:
            if len(face) != count:
                raise ValueError("frames of different numbers of points")
            points[k], trust[k] = face[:, :2], face[:, 2]
    numbers = [item.get("frame", item.get("frame_number")) if isinstance(item, dict) else None for item in items]
    if len(files) > 1:
        numbers = [int(re.findall(r"\d{4,}", f.stem)[-1]) if re.search(r"\d{4,}", f.stem) else None for f in files]
    stored = head.get("confidence", head.get("confidences")) if len(data) == 1 else None
    return Raw(
        points,
        trust if stored is None else stored,
        head.get("point_names", head.get("names")),
        np.array(numbers, float) if all(n is not None for n in numbers) else None,
        next((number(str(head[k])) for k in ("fps", "frame_rate", "rate") if k in head), None),
        _size(head),
    )


def _size(head: dict) -> tuple[int, int] | None:
    size = next((head[k] for k in ("image_size", "resolution", "size") if k in head), None)
    if size is None and "width" in head and "height" in head:
        size = (head["width"], head["height"])
    return None if size is None else (int(size[0]), int(size[1]))


def _is_point(item: object) -> bool:
    if isinstance(item, dict):
        return "x" in item and "y" in item
    return isinstance(item, list) and 2 <= len(item) <= 4 and all(isinstance(v, int | float) for v in item)


def _is_points(item: object) -> bool:
    """Whether this is a list of points, of which some may be missing (null)."""
    there = [p for p in item if p is not None] if isinstance(item, list) else []
    return bool(there) and _is_point(there[0])


def _numbers_of(point: dict | list | None) -> list[float]:
    """x, y and trust of one point."""
    if point is None:
        return [math.nan, math.nan, 0.0]
    if isinstance(point, dict):
        return [point["x"], point["y"], next((point[k] for k in _TRUST_KEYS if k in point), 1.0)]
    return [point[0], point[1], 1.0]


def _points_of(item: object) -> np.ndarray | None:
    """(p, 3) x, y and trust of the first face in a frame, however deep it lies; None where there is no face."""
    if _is_points(item):
        return np.array([_numbers_of(p) for p in item], float)
    if isinstance(item, list):
        if len(item) >= 9 and len(item) % 3 == 0 and all(isinstance(v, int | float) for v in item):
            return np.array(item, float).reshape(-1, 3)  # OpenPose: x, y, confidence
        return next((p for p in map(_points_of, item) if p is not None), None)
    if isinstance(item, dict):
        return next((p for p in (_points_of(item[k]) for k in _POINT_KEYS if k in item) if p is not None), None)
    return None


def _read_csv(path: Path) -> Raw:
    rows = [row for row in read_table(path.read_text("utf-8-sig")) if row]
    header = [h.strip() for h in rows[0]]
    lower = [h.lower() for h in header]
    body = [row for row in rows[1:] if len(row) == len(header)]
    if "x" in lower and "y" in lower:
        return _read_long(lower, body)
    return _read_wide(header, lower, body)


def _column(lower: list[str], *names: str) -> int | None:
    return next((lower.index(n) for n in names if n in lower), None)


def _read_long(lower: list[str], rows: list[list[str]]) -> Raw:
    """One line per point and frame."""
    frame, point = _column(lower, "frame", "frame_number"), _column(lower, "point", "landmark", "name", "id", "index")
    x, y, trust = lower.index("x"), lower.index("y"), _column(lower, *_TRUST_KEYS)
    frames = sorted({number(row[frame]) for row in rows}) if frame is not None else [0.0]
    names = list(dict.fromkeys(row[point].strip() for row in rows))
    points, confidence = np.full((len(frames), len(names), 2), np.nan), np.zeros((len(frames), len(names)))
    line_of, column_of = {f: k for k, f in enumerate(frames)}, {n: k for k, n in enumerate(names)}
    for row in rows:
        at = line_of[number(row[frame]) if frame is not None else 0.0], column_of[row[point].strip()]
        points[at] = number(row[x]), number(row[y])
        confidence[at] = 1.0 if trust is None else number(row[trust])
    return Raw(points, confidence, names, np.array(frames))


def _read_wide(header: list[str], lower: list[str], rows: list[list[str]]) -> Raw:
    """One line per frame, x and y of every point in columns of their own."""
    columns: dict[str, dict[str, int]] = {}
    layout = _BY_NUMBER if any(_BY_NUMBER.match(name) for name in header) else _BY_NAME
    for k, name in enumerate(header):
        if (parts := layout.match(name)) is not None:
            axis, point = (parts[1], parts[3]) if layout is _BY_NUMBER else (parts[3], parts[2])
            columns.setdefault(point, {})[axis.lower()[0]] = k
    names = [n for n, found in columns.items() if {"x", "y"} <= found.keys()]
    table = np.array([[number(cell) for cell in row] for row in rows], float).reshape(len(rows), len(header))
    points = np.stack([table[:, [columns[n]["x"], columns[n]["y"]]] for n in names], axis=1)
    confidence = np.ones(points.shape[:2])
    for k, name in enumerate(names):
        trust = next((columns[name][c] for c in ("c", "s") if c in columns[name]), None)
        if trust is not None:
            confidence[:, k] = table[:, trust]
    # OpenFace trusts whole frames.
    for column in (_column(lower, "confidence"), _column(lower, "success")):
        if column is not None:
            confidence *= np.nan_to_num(table[:, column])[:, None]
    frame, stamp = _column(lower, "frame", "frame_number"), _column(lower, "timestamp", "time")
    rate = None
    if stamp is not None and len(table) > 1:
        step = np.median(np.diff(table[:, stamp]))
        rate = 1.0 / step if step > 0.0 else None
    return Raw(points, confidence, names, table[:, frame] if frame is not None else None, rate)
