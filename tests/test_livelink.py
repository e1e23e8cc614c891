# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""Live Link Face takes are read by name and by clock."""

from types import SimpleNamespace

import numpy as np
import pytest
from conftest import FACES
from muscle_face.core import MuscleFaceError
from muscle_face.core.anatomy.names import ARKIT
from muscle_face.core.fit import livelink

TAKE = FACES / "livelink" / "alex_rom_3.csv"


def face(shapes, jaw_shaped=(False, False, False)):
    """What slider_curves asks of a model."""
    names = [*shapes, "jaw_open", "jaw_forward", "jaw_side"]
    return SimpleNamespace(
        shapes=list(shapes), jaw_repeats_shapes=list(jaw_shaped), controls=lambda: SimpleNamespace(names=names)
    )


def write(path, stamps, values, header="Timecode,BlendShapeCount,JawOpen,HeadYaw,Mystery"):
    """A take whose lines hold a stamp, a count and `values` for JawOpen; HeadYaw is a tenth of it."""
    lines = [f"{stamp},61,{v},{0.1 * v},7" for stamp, v in zip(stamps, values, strict=True)]
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def test_real_take_keeps_its_clock():
    """134 s at 30 frames a second, counted at 60, three frames lost, all 52 channels known."""
    if not TAKE.exists():
        pytest.skip(f"no take at {TAKE}")
    take = livelink.read_take(TAKE)
    assert (len(take.times), take.missing, len(take.channels)) == (4030, 3, 52)
    assert take.rate == pytest.approx(30.0, rel=1e-3)
    # From 13:13:04:31.652 to 13:15:18:54.561.
    assert take.times[-1] == pytest.approx(134.0 + (54.561 - 31.652) / 60.0, abs=1e-6)
    assert take.unknown == []
    # Written out by hand from the file's first line: JawRight comes before JawLeft.
    first = {"jawRight": 0.0185036063, "jawLeft": 0.0, "jawOpen": 0.0190581698, "mouthRight": 0.0}
    assert {n: take.channels[n][0] for n in first} == first


def test_real_take_says_how_its_angles_turn():
    """The eyes' angles of the take agree with its look channels: yaw to the face's right, pitch down."""
    if not TAKE.exists():
        pytest.skip(f"no take at {TAKE}")
    take = livelink.read_take(TAKE)
    right = take.channels["eyeLookInLeft"] - take.channels["eyeLookOutLeft"]
    down = take.channels["eyeLookDownLeft"] - take.channels["eyeLookUpLeft"]
    assert np.corrcoef(take.angles["LeftEye"][:, 0], right)[0, 1] > 0.99
    assert np.corrcoef(take.angles["LeftEye"][:, 1], down)[0, 1] > 0.99


@pytest.mark.parametrize("count", ["BlendShapeCount", "BlendshapeCount"])
def test_channels_angles_and_the_rest_are_kept_apart(tmp_path, count):
    """Either spelling of the count is no channel; head angles and unknown columns are set aside."""
    header = f"Timecode,{count},JawOpen,HeadYaw,Mystery"
    path = write(tmp_path / "a.csv", ["00:00:00:00", "00:00:00:02", "00:00:00:04"], [0.0, 0.5, 1.25], header)
    take = livelink.read_take(path)
    assert take.channels.keys() == {"jawOpen"} and take.unknown == ["Mystery"]
    assert np.array_equal(take.channels["jawOpen"], [0.0, 0.5, 1.25])
    assert np.allclose(take.angles["Head"], [[0.0, 0, 0], [0.05, 0, 0], [0.125, 0, 0]])


@pytest.mark.parametrize("rate", [24, 30, 60])
def test_timecode_rate_is_read_off_the_seconds(tmp_path, rate):
    """Frames that run to 23, 29 or 59 take a second."""
    frames = np.arange(0, 3 * rate, 1)
    stamps = [f"23:59:{58 + f // rate:02d}:{f % rate:02d}.5" for f in frames if f < 2 * rate]
    stamps += [f"00:00:00:{f % rate:02d}.5" for f in frames if f >= 2 * rate]
    take = livelink.read_take(write(tmp_path / "a.csv", stamps, frames / 100.0))
    # Past midnight too.
    assert np.allclose(take.times, frames / rate) and take.missing == 0


DROP_FRAME = (
    (0, "00:00:00;00", "00:00:00;00"),
    (1, "00:00:00;01", "00:00:00;01"),
    (1799, "00:00:59;29", "00:00:29;59"),
    (1800, "00:01:00;02", "00:00:30;00"),
    (3597, "00:01:59;29", "00:00:59;57"),
    (3598, "00:02:00;02", "00:00:59;58"),
    (3600, "00:02:00;04", "00:01:00;04"),
    (17981, "00:09:59;29", "00:04:59;57"),
    (17982, "00:10:00;00", "00:04:59;58"),
    (35964, "00:20:00;00", "00:10:00;00"),
    (107892, "01:00:00;00", "00:30:00;00"),
    (2589407, "23:59:59;29", "11:59:59;59"),
)
"""Frames and what drop-frame timecode calls them at 29.97 and at 59.94 frames a second (SMPTE ST 12-1)."""


@pytest.mark.parametrize(("column", "rate"), [(1, 30), (2, 60)])
def test_drop_frame_timecode_loses_no_frames(tmp_path, column, rate):
    """It leaves numbers out so that it keeps to the clock at 29.97 and 59.94 frames a second."""
    labels = [row[column] for row in DROP_FRAME]
    # Two frames at the end of a second tell the rate.
    labels = [f"00:00:00;{rate - 2}", f"00:00:00;{rate - 1}", "00:00:01;00", "00:00:01;01", *labels[2:]]
    take = livelink.read_take(write(tmp_path / "a.csv", labels, np.arange(len(labels))))
    frames = [rate - 2, rate - 1, rate, rate + 1, *(row[0] for row in DROP_FRAME[2:])]
    assert np.allclose(take.times, (np.array(frames) - frames[0]) * 1.001 / rate, rtol=0.0, atol=1e-6)


def test_drop_frame_takes_run_past_midnight(tmp_path):
    """A day of that timecode is not quite one of the clock."""
    first, last = [f"23:59:{s:02d};{f:02d}" for s in range(60) for f in range(30)], []
    last += [f"00:00:{s:02d};{f:02d}" for s in range(60) for f in range(30)]
    last += [f"00:01:00;{f:02d}" for f in range(2, 10)]
    stamps = [*first[2:], *last]
    take = livelink.read_take(write(tmp_path / "a.csv", stamps, np.arange(len(stamps))))
    assert take.missing == 0 and take.rate == pytest.approx(30.0 / 1.001)
    assert np.allclose(np.diff(take.times), 1.001 / 30.0)


def test_lost_repeated_and_empty_lines(tmp_path):
    """A gap is bridged, a repeated stamp counts once, a line without a face is a lost frame."""
    frames = (0, 2, 2, 4, 10, 12, 14)
    path = write(tmp_path / "a.csv", [f"00:00:00:{f:02d}" for f in frames], [0.0, 0.2, 9.0, 0.4, 1.0, 1.2, 1.4])
    path.write_text(path.read_text() + "00:00:00:16,0,,,\n00:00:00:18,61,1.8,0.18,7\nbroken line\n")
    take = livelink.read_take(path)
    assert np.allclose(take.times * 60.0, [0, 2, 4, 10, 12, 14, 18]) and take.missing == 3
    moved = take.resampled(24.0)
    # The values grow by 0.1 a 60th of a second: so do the resampled ones, at their own times.
    assert np.allclose(moved.times, np.arange(8) / 24.0)
    assert np.allclose(moved.channels["jawOpen"], 6.0 * moved.times)


def test_a_spreadsheet_may_save_decimal_commas(tmp_path):
    """As in most of Europe, with semicolons between the columns."""
    path = write(tmp_path / "a.csv", ["00:00:00:00", "00:00:00:02"], [0.25, 0.5])
    plain = livelink.read_take(path)
    path.write_text(path.read_text().replace(",", ";").replace(".", ","))
    take = livelink.read_take(path)
    assert take.channels["jawOpen"].tolist() == [0.25, 0.5]
    assert np.array_equal(take.angles["Head"], plain.angles["Head"])


def test_times_in_milliseconds_are_refused(tmp_path):
    """A take of one frame in half a minute is none."""
    path = write(tmp_path / "a.csv", [1700000000000, 1700000000033, 1700000000067], [0.0, 0.5, 0.6])
    path.write_text(path.read_text().replace("Timecode", "Timestamp"))
    with pytest.raises(MuscleFaceError, match="times in seconds"):
        livelink.read_take(path)


@pytest.mark.parametrize(("rate", "words"), [(0.0, "above 0"), (-24.0, "above 0"), (1e9, "number it by frames")])
def test_a_rate_of_no_frames_is_refused(tmp_path, rate, words):
    """A take is not resampled at no rate, nor at one that would fill the memory."""
    take = livelink.read_take(write(tmp_path / "a.csv", ["00:00:00:00", "00:00:00:02"], [0.0, 0.5]))
    with pytest.raises(MuscleFaceError, match=words):
        take.resampled(rate)


def test_channels_find_their_sliders():
    """Halves share a channel, any spelling will do, the jaw bone moves where no shape does, the rest is told."""
    channels = {name: np.array([0.1 * k, 1.0]) for k, name in enumerate(ARKIT)}
    shapes = ["browInnerUp_L", "browInnerUp_R", "JawOpen", "mouthSmile.L"]
    curves, left = livelink.slider_curves(channels, face(shapes, (True, False, False)))
    assert curves["browInnerUp_L"] is curves["browInnerUp_R"] is channels["browInnerUp"]
    assert curves["JawOpen"] is channels["jawOpen"] and curves["mouthSmile.L"] is channels["mouthSmileLeft"]
    assert np.array_equal(curves["jaw_forward"], channels["jawForward"]) and "jaw_open" not in curves
    assert np.allclose(curves["jaw_side"], channels["jawLeft"] - channels["jawRight"])
    assert "tongueOut" in left and not {"jawForward", "jawLeft", "jawOpen", "browInnerUp"} & set(left)


def test_a_shape_of_the_jaw_moves_it_alone():
    """Where jawLeft and jawRight are shapes, the jaw's own slider rests."""
    channels = {"jawLeft": np.ones(2), "jawRight": np.zeros(2)}
    curves, left = livelink.slider_curves(channels, face(["jawLeft", "jawRight"], (False, False, True)))
    assert curves.keys() == {"jawLeft", "jawRight"} and left == []


def test_other_files_are_refused_with_a_sentence(tmp_path):
    """A picture, another table, an empty take, no file at all."""
    picture = tmp_path / "a.png"
    picture.write_bytes(b"\x89PNG\xff\xfe\x00")
    table = tmp_path / "b.csv"
    table.write_text("name,price\npear,2\n")
    empty = tmp_path / "c.csv"
    empty.write_text("Timecode,BlendShapeCount,JawOpen\n")
    blank = tmp_path / "d.csv"
    blank.write_text("")
    endless = tmp_path / "e.csv"
    endless.write_text('Timecode,"' + "x" * 200_000)
    for path, words in (
        (picture, "text table"),
        (endless, "text table"),
        (table, "first line must name"),
        (empty, "no frames"),
        (blank, "not a Live"),
        (tmp_path / "none.csv", "cannot be read"),
    ):
        with pytest.raises(MuscleFaceError, match=words):
            livelink.read_take(path)
