# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Imported 2D tracks: the same points from every layout."""

import json
from dataclasses import replace

import numpy as np
import pytest
from conftest import FACES
from muscle_face.core import MuscleFaceError
from muscle_face.core.fit.tracks2d import read_tracks

SIZE = (640, 480)
# Three frames of four points, y downwards as trackers count.
POINTS = np.array([[[10.0, 20.0], [300.0, 40.0], [50.0, 400.0], [600.0, 470.0]]] * 3) + np.arange(3)[:, None, None]
LOST = np.array(POINTS)
LOST[1, 2] = np.nan


def upwards(points: np.ndarray) -> np.ndarray:
    """From the lower left corner."""
    return np.stack([points[..., 0], SIZE[1] - points[..., 1]], axis=-1)


def npz(path, shares):
    np.savez(path / "a.npz", points=shares, image_size=SIZE, fps=25.0)
    return path / "a.npz"


def json_of_arrays(path, shares):
    data = {"fps": 25, "image_size": SIZE, "points": np.where(np.isnan(shares), 0.0, shares).tolist()}
    (path / "a.json").write_text(json.dumps(data))
    return path / "a.json"


def json_of_mediapipe(path, shares):
    frames = [
        {"frame": k, "face_landmarks": [[{"x": x, "y": y, "z": 0.1, "visibility": 0.0} for x, y in points]]}
        for k, points in enumerate(np.where(np.isnan(shares), 0.0, shares).tolist())
    ]
    (path / "a.json").write_text(json.dumps({"fps": 25, "width": SIZE[0], "height": SIZE[1], "frames": frames}))
    return path / "a.json"


def openpose_folder(path, shares):
    for k, points in enumerate(shares):
        flat = [v for x, y in points for v in ((0.0, 0.0, 0.0) if np.isnan(x) else (x, y, 0.9))]
        data = {"version": 1.3, "people": [{"pose_keypoints_2d": [], "face_keypoints_2d": flat}]}
        (path / f"clip_{k:012d}_keypoints.json").write_text(json.dumps(data))
    return path


def one_of_an_openpose_series(path, shares):
    return openpose_folder(path, shares) / "clip_000000000001_keypoints.json"


def openface_csv(path, shares):
    header = "frame, face_id, timestamp, confidence, success, gaze_0_x, gaze_0_y, "
    header += ", ".join([f"x_{k}" for k in range(4)] + [f"y_{k}" for k in range(4)] + ["X_0", "Y_0"])
    lines = [
        ", ".join(map(str, [k + 1, 0, 0.04 * k, 0.98, 1, 0.1, 0.2, *points[:, 0], *points[:, 1], 9.0, 9.0]))
        for k, points in enumerate(shares)
    ]
    (path / "a.csv").write_text("\n".join([header, *lines]))
    return path / "a.csv"


def named_csv(path, shares):
    header = "frame;" + ";".join(f"chin{k}_{axis}" for k in range(4) for axis in "xy")
    (path / "a.csv").write_text(
        "\n".join([header, *[";".join(map(str, [k, *p.ravel()])) for k, p in enumerate(shares)]])
    )
    return path / "a.csv"


def long_csv(path, shares):
    lines = [
        f"{k},{n},{x},{y}" for k, points in enumerate(shares) for n, (x, y) in enumerate(points) if not np.isnan(x)
    ]
    (path / "a.csv").write_text("\n".join(["frame,landmark,x,y", *lines]))
    return path / "a.csv"


LAYOUTS = [
    npz,
    json_of_arrays,
    json_of_mediapipe,
    openpose_folder,
    one_of_an_openpose_series,
    openface_csv,
    named_csv,
    long_csv,
]


@pytest.mark.parametrize("layout", LAYOUTS, ids=[f.__name__ for f in LAYOUTS])
@pytest.mark.parametrize("normalised", [False, True], ids=["pixels", "shares"])
def test_every_layout_gives_the_same_points(tmp_path, layout, normalised):
    """Pixels or shares of the image, a point missing: the same tracks, counted from the lower left corner."""
    tracks = read_tracks(layout(tmp_path, LOST / SIZE if normalised else LOST), image_size=SIZE)
    assert np.allclose(tracks.pixels, upwards(LOST), equal_nan=True)
    assert np.allclose(np.diff(tracks.frames), 1.0) and (tracks.width, tracks.height) == SIZE
    assert tracks.confidence[1, 2] == 0.0 and tracks.confidence[0].min() > 0.8


def test_points_of_little_trust_are_missing(tmp_path):
    """A tracker's own doubt counts."""
    confidence = np.ones((3, 4))
    confidence[2, 1] = 0.1
    np.savez(tmp_path / "a.npz", points=POINTS, confidence=confidence, image_size=SIZE)
    tracks = read_tracks(tmp_path / "a.npz")
    assert np.isnan(tracks.pixels[2, 1]).all() and np.isfinite(tracks.pixels).sum() == 2 * 11
    assert np.isfinite(read_tracks(tmp_path / "a.npz", min_confidence=0.05).pixels).all()


def test_resampled_at_the_rate_of_the_scene(tmp_path):
    """Straight between frames; next to a missing one, missing; exact frames stay exact."""
    tracks = read_tracks(npz(tmp_path, LOST))
    moved = tracks.resampled(50.0)
    assert moved.pixels.shape == (5, 4, 2) and np.allclose(moved.pixels[::2], tracks.pixels, equal_nan=True)
    assert np.allclose(moved.pixels[1, 0], 0.5 * (tracks.pixels[0, 0] + tracks.pixels[1, 0]))
    assert np.isnan(moved.pixels[1:4, 2]).all() and np.isfinite(moved.pixels[[0, 4], 2]).all()


@pytest.mark.parametrize("rate", [0.0, -24.0, np.nan, np.inf])
def test_a_rate_of_no_frames_is_refused(tmp_path, rate):
    """Nothing is resampled at no rate, with or without one of the file's own."""
    tracks = read_tracks(npz(tmp_path, LOST))
    for given in (tracks, replace(tracks, rate=None)):
        with pytest.raises(MuscleFaceError, match="frames per second: give one above 0"):
            given.resampled(rate)


def test_single_points_may_be_missing_in_json(tmp_path):
    """A null among points is one missing point, wherever it stands; a null rate is none."""
    frames = POINTS.tolist()
    frames[0][1], frames[1][0] = None, None
    (tmp_path / "a.json").write_text(json.dumps({"points": frames, "fps": None}))
    tracks = read_tracks(tmp_path / "a.json", image_size=SIZE)
    lost = np.isnan(tracks.pixels).all(2)
    assert lost[0, 1] and lost[1, 0] and lost.sum() == 2 and tracks.rate is None


def test_a_file_may_tell_nonsense_of_rate_and_size(tmp_path):
    """No rate and no size are as if the file told neither; frames without a number show nothing."""
    np.savez(tmp_path / "a.npz", points=POINTS, fps=np.nan, image_size=(0, 0))
    tracks = read_tracks(tmp_path / "a.npz", image_size=SIZE)
    assert tracks.rate is None and (tracks.width, tracks.height) == SIZE
    assert len(tracks.resampled(25.0).frames) == len(POINTS)
    np.savez(tmp_path / "b.npz", points=POINTS, frames=np.full(len(POINTS), np.nan))
    with pytest.raises(MuscleFaceError, match="number its frames"):
        read_tracks(tmp_path / "b.npz", image_size=SIZE)


def test_time_stamps_are_no_frame_numbers(tmp_path):
    """Two frames numbered a year of nanoseconds apart are refused before anything is made of them."""
    path = long_csv(tmp_path, POINTS)
    path.write_text(path.read_text().replace("\n2,", "\n31536000000000000,"))
    with pytest.raises(MuscleFaceError, match="number it by frames"):
        read_tracks(path, image_size=SIZE).resampled(24.0)


def test_frames_that_the_file_leaves_out_are_missing(tmp_path):
    """A stretch without lines is not bridged."""
    path = long_csv(tmp_path, POINTS)
    # The last frame comes ten later.
    path.write_text(path.read_text().replace("\n2,", "\n12,").replace("landmark,x,y\n", "landmark,x,y\n"))
    path.write_text(path.read_text() + "".join(f"\n{13 + k},0,1,1" for k in range(3)))
    moved = read_tracks(path, image_size=SIZE).resampled(24.0)
    assert len(moved.frames) == 16
    assert np.isnan(moved.pixels[2:12]).all() and np.isfinite(moved.pixels[[0, 1, 12]]).all()


REAL = [("example_face", (97, 468), 25), ("mediapipe_long_face", (278, 128), 24), ("openpose_face", (93, 70), 24)]


@pytest.mark.parametrize("name, shape, rate", REAL, ids=[name for name, *_ in REAL])
def test_real_tracks(name, shape, rate):
    """Every frame of the real tracks is read, the chin below the nose."""
    path = FACES / "landmarks" / f"{name}.npz"
    if not path.exists():
        pytest.skip(f"no tracks at {path}")
    tracks = read_tracks(path)
    assert tracks.pixels.shape == (*shape, 2) and tracks.rate == rate
    nose, chin = ("FN_30", "FB_8") if shape[1] == 70 else ("0", "152")
    column = tracks.names.index
    assert (tracks.pixels[:, column(nose), 1] > tracks.pixels[:, column(chin), 1]).all()


def test_other_files_are_refused_with_a_sentence(tmp_path):
    """Another table, broken JSON, no face, no file, no image size."""
    files = {
        "a.csv": "name,price\npear,2\n",
        "b.json": "{not json",
        "c.json": '{"frames": [{"face_landmarks": []}]}',
        "d.json": "[1, 2, 3]",
        "e.csv": "",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(MuscleFaceError, match="holds no"):
            read_tracks(tmp_path / name, image_size=SIZE)
    with pytest.raises(MuscleFaceError, match="cannot be read"):
        read_tracks(tmp_path / "none.npz")
    (tmp_path / "f.npz").write_bytes(b"no archive")
    with pytest.raises(MuscleFaceError, match="holds no"):
        read_tracks(tmp_path / "f.npz")
    with pytest.raises(MuscleFaceError, match="size of the image"):
        read_tracks(named_csv(tmp_path, POINTS))


@pytest.mark.parametrize(
    "name, content",
    [
        ("empty.npz", b""),
        ("cut.npz", b"PK\x03\x04" + bytes(40)),
        ("long.csv", b'a,"' + b"x" * 200_000),
        ("blank.csv", b""),
        ("deep.json", b"[" * 100_000),
    ],
)
def test_broken_files_are_refused_with_a_sentence(tmp_path, name, content):
    """Files that are empty, cut short or of endless parts raise no error of their reader."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MuscleFaceError, match=name):
        read_tracks(tmp_path / name, SIZE)


@pytest.mark.parametrize(
    "arrays",
    [
        {"angles": np.zeros(3)},
        {"points": np.array([["a", "b"], ["c", "d"]])},
        {"points": POINTS, "frames": np.arange(7)},
        {"points": POINTS, "names": np.array(["chin", "nose"])},
    ],
)
def test_arrays_that_are_no_tracks_are_refused(tmp_path, arrays):
    """No points, points that are text, and numbers of frames or names that are not those of the points."""
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(MuscleFaceError, match=r"a\.npz"):
        read_tracks(tmp_path / "a.npz", SIZE)
