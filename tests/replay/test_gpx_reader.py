"""GPX as receivers and phones write it, and as it should not be."""

from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from app.kit.clock import from_ms
from app.replay.readers import read_walk
from app.replay.walk import ACCURACY_DEFAULT_M, WalkUnreadable

TRACKS = Path(__file__).parent.parent / "data" / "tracks"
EDGE = TRACKS / "edge"
SHANGHAI = ZoneInfo("Asia/Shanghai")
POINT = '<trkpt lat="30.28" lon="122.17"><time>2026-11-20T01:00:00Z</time></trkpt>'
NEXT = '<trkpt lat="30.281" lon="122.17"><time>2026-11-20T01:01:00Z</time></trkpt>'


def gpx(body: str) -> str:
    return f'<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1">{body}</gpx>'


def track(*segments: str) -> str:
    return gpx("<trk>" + "".join(f"<trkseg>{s}</trkseg>" for s in segments) + "</trk>")


@pytest.fixture
def file(tmp_path):
    def write(content: str | bytes, name: str = "walk.gpx") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.mark.parametrize(
    ("name", "points", "raw_m"),
    [
        ("DC_garmin", 441, 6181),
        ("DC_polar", 5114, 6438),
        ("DC_telephone", 583, 6220),
        ("MC_garmin", 340, 5459),
        ("MC_polar", 4954, 5743),
        ("MC_telephone", 198, 5052),
    ],
)
def test_recorded_walks_are_read_whole(name, points, raw_m):
    walk = read_walk(TRACKS / f"{name}.gpx", SHANGHAI)
    assert (len(walk), round(walk.raw_m)) == (points, raw_m)
    assert np.all(np.diff(walk.times_ms) > 0)
    assert walk.notes == ()


def test_offsets_of_times_are_heeded():
    walk = read_walk(TRACKS / "DC_telephone.gpx", SHANGHAI)
    assert from_ms(int(walk.times_ms[0])).isoformat() == "2021-07-20T06:18:29+00:00"
    assert walk.altitude_m[0] == 95


def test_fractions_of_seconds_are_kept():
    walk = read_walk(EDGE / "track-with-less-sec-time.gpx", SHANGHAI)
    assert from_ms(int(walk.times_ms[0])).isoformat() == "2015-12-11T14:43:13+00:00"
    assert np.any(walk.times_ms % 1000)


def test_an_empty_segment_is_no_obstacle():
    assert len(read_walk(EDGE / "track-with-empty-segment.gpx", SHANGHAI)) == 9


def test_without_times_the_message_offers_a_pace():
    walk = read_walk(EDGE / "track-with-extremes.gpx", SHANGHAI)
    with pytest.raises(WalkUnreadable, match=r"track-with-extremes.gpx.*no times.*--pace 1.2"):
        _ = walk.times_ms


def test_a_handful_of_times_among_hundreds_of_points_are_not_the_walk():
    walk = read_walk(EDGE / "cerknicko-without-times.gpx", SHANGHAI)
    assert walk.at_ms is None
    assert walk.notes == ("times ignored: only 5 of 296 points carry one",)


def test_a_few_points_without_time_are_left_out_and_told(file):
    walk = read_walk(file(track(POINT, '<trkpt lat="30.2" lon="122.1"/>', NEXT)), SHANGHAI)
    assert len(walk) == 2
    assert walk.notes == ("1 points without a time left out",)


@pytest.mark.parametrize("name", ["gpx_with_garmin_extension", "unicode_with_bom"])
def test_waypoints_alone_are_no_walk(name):
    with pytest.raises(WalkUnreadable, match=rf"{name}.gpx: no track and no route in it, only 1 waypoints"):
        read_walk(EDGE / f"{name}.gpx", SHANGHAI)


def test_one_point_is_no_walk():
    with pytest.raises(WalkUnreadable, match="only one point"):
        read_walk(EDGE / "track_with_dilution_errors.gpx", SHANGHAI)


def test_dilution_becomes_accuracy(file):
    diluted = POINT.replace("</trkpt>", "<hdop>2.5</hdop></trkpt>")
    walk = read_walk(file(track(diluted + NEXT)), SHANGHAI)
    assert walk.accuracy_m.tolist() == [12.5, ACCURACY_DEFAULT_M]


def test_speed_and_accuracy_of_extensions_are_taken(file):
    extended = POINT.replace(
        "</trkpt>",
        '<extensions><x:TrackPointExtension xmlns:x="urn:x"><x:speed>1.5</x:speed><x:accuracy>4</x:accuracy>'
        "<x:hr>120</x:hr></x:TrackPointExtension></extensions></trkpt>",
    )
    walk = read_walk(file(track(extended + NEXT)), SHANGHAI)
    assert walk.speed_mps[0] == 1.5
    assert np.isnan(walk.speed_mps[1])
    assert walk.accuracy_m[0] == 4


def test_a_byte_order_mark_and_a_foreign_encoding_are_read(file):
    body = track(POINT + NEXT).replace("<trk>", "<trk><name>高亭</name>")
    for content in (b"\xef\xbb\xbf" + body.encode(), body.encode("utf-16"), body.encode("gb18030")):
        assert len(read_walk(file(content), SHANGHAI)) == 2
    declared = f'<?xml version="1.0" encoding="GB2312"?>\n{body}'
    assert len(read_walk(file(declared.encode("gb18030")), SHANGHAI)) == 2


def test_points_out_of_order_and_repeated_are_put_right(file):
    walk = read_walk(file(track(NEXT + POINT + NEXT)), SHANGHAI)
    assert np.diff(walk.times_ms).tolist() == [60_000]
    assert walk.notes == ("1 points at a time that another point already has left out",)


def test_times_without_offset_are_utc_as_the_format_says(file):
    walk = read_walk(file(track(POINT.replace("Z", "") + NEXT.replace("Z", ""))), SHANGHAI)
    assert from_ms(int(walk.times_ms[0])).hour == 1


def test_a_route_serves_where_there_is_no_track(file):
    route = "<rte>" + (POINT + NEXT).replace("trkpt", "rtept") + "</rte>"
    assert len(read_walk(file(gpx(route)), SHANGHAI)) == 2


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "walk.gpx: the file is empty"),
        (" \n", "walk.gpx: the file is empty"),
        ("not xml", "walk.gpx: not a GPX file: .*line 1"),
        ("<gpx><trk><trkseg>\n<trkpt lat='1'", "walk.gpx: not a GPX file: .*line 2"),
        ("<html><body>404</body></html>", "walk.gpx: no track and no route"),
        (gpx(""), "walk.gpx: no track and no route"),
        (track(""), "walk.gpx: no track and no route"),
        (track('<trkpt lat="abc" lon="2"/>' + POINT), "walk.gpx: not a GPX file"),
        (track('<trkpt lon="2"/>' + POINT), "walk.gpx"),
        (track(POINT + '<trkpt lat="122.17" lon="30.28"/>'), "track 1, segment 1, point 2: .*swapped"),
        (track(POINT, '<trkpt lat="30" lon="500"/>'), "track 1, segment 2, point 1: .*outside the world"),
        (track('<trkpt lat="nan" lon="2"/>' + POINT), "track 1, segment 1, point 1: .*finite"),
        (track(POINT.replace("2026", "1970") + NEXT), "point 1: its time is not between 1980 and 2100"),
        ('<!DOCTYPE g [<!ENTITY a "b">]>' + track(POINT + NEXT), "XML entities are not allowed"),
        (b"\x00\x80\xff\xfe" * 50, "walk.gpx"),
    ],
)
def test_what_cannot_be_read_is_said_with_file_and_place(file, content, says):
    with pytest.raises(WalkUnreadable, match=says):
        read_walk(file(content), SHANGHAI)


def test_a_missing_file_and_a_folder_are_said(tmp_path):
    with pytest.raises(WalkUnreadable, match=r"none.gpx: No such file"):
        read_walk(tmp_path / "none.gpx", SHANGHAI)
    with pytest.raises(WalkUnreadable, match="Is a directory"):
        read_walk(tmp_path, SHANGHAI)
