"""GeoJSON, PLT and CSV, right and wrong."""

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from app.kit.clock import from_ms, to_ms
from app.replay.readers import read_walk
from app.replay.readers.instants import parse_instant
from app.replay.walk import WalkUnreadable

SHANGHAI = ZoneInfo("Asia/Shanghai")
NINE = "2026-11-20T09:00:00+08:00"
TEN = "2026-11-20T10:00:00+08:00"
NINE_MS = to_ms(datetime(2026, 11, 20, 1, tzinfo=UTC))


@pytest.fixture
def read(tmp_path):
    def write(name: str, content: str | bytes | dict):
        path: Path = tmp_path / name
        text = json.dumps(content) if isinstance(content, dict) else content
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return read_walk(path, SHANGHAI)

    return write


class TestInstants:
    @pytest.mark.parametrize(
        "text",
        [
            NINE,
            "2026-11-20T01:00:00Z",
            "2026-11-20 09:00",
            "2026/11/20 9:00:00",
            "2026年11月20日 09:00:00",
            "2026-11-20T09:00:00,000+0800",
            "2026-11-20T03:00:00+02",
            str(NINE_MS),
            str(NINE_MS // 1000),
            f"{NINE_MS // 1000}.0",
        ],
    )
    def test_the_usual_ways_to_write_nine_in_the_morning(self, text):
        assert parse_instant(text, SHANGHAI) == NINE_MS

    def test_milliseconds_are_kept(self):
        assert parse_instant("2026-11-20T09:00:00.1239+08:00", SHANGHAI) == NINE_MS + 124

    @pytest.mark.parametrize(
        "text", ["", "nan", "inf", "yesterday", "20/11/2026 09:00", "2026-13-01 00:00", "2026-11-20", "1e40"]
    )
    def test_anything_else_is_refused(self, text):
        with pytest.raises(ValueError, match=r"."):
            parse_instant(text, SHANGHAI)


def line(times: object, name: str = "coordTimes", kind: str = "LineString", nested: bool = False) -> dict:
    positions = [[122.17, 30.28, 5], [122.18, 30.28]]
    return {
        "type": "Feature",
        "geometry": {"type": kind, "coordinates": [positions] if nested else positions},
        "properties": {name: [times] if nested else times},
    }


class TestGeoJSON:
    @pytest.mark.parametrize("name", ["coordTimes", "times", "timestamp", "time"])
    @pytest.mark.parametrize("kind", ["LineString", "MultiPoint"])
    def test_lines_with_their_times(self, read, name, kind):
        walk = read("walk.geojson", line([NINE, TEN], name, kind))
        assert walk.times_ms.tolist() == [NINE_MS, NINE_MS + 3600_000]
        assert walk.altitude_m[0] == 5
        assert np.isnan(walk.altitude_m[1])

    def test_lines_of_lines(self, read):
        assert len(read("walk.geojson", line([NINE, TEN], kind="MultiLineString", nested=True))) == 2

    def test_times_among_the_coordinate_properties(self, read):
        feature = line([], "x")
        feature["properties"] = {"coordinateProperties": {"times": [NINE, TEN]}}
        assert read("walk.json", feature).times_ms[0] == NINE_MS

    @pytest.mark.parametrize("name", ["time", "timestamp", "recorded_at"])
    def test_points_with_a_time_each(self, read, name):
        features = [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [122.17, 30.28]},
                "properties": {name: at, "accuracy": 5, "speed": 1.2},
            }
            for at in (TEN, NINE_MS)
        ]
        walk = read("walk.json", {"type": "FeatureCollection", "features": features})
        assert walk.times_ms.tolist() == [NINE_MS, NINE_MS + 3600_000]
        assert walk.accuracy_m.tolist() == [5, 5]
        assert walk.speed_mps.tolist() == [1.2, 1.2]

    def test_a_bare_geometry_has_no_times(self, read):
        assert read("walk.geojson", line([])["geometry"]).at_ms is None

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            ('{"type":\n oops', "walk.geojson, line 2: not JSON"),
            ("[1, 2]", "walk.geojson, top level"),
            ({"type": "FeatureCollection"}, "`features` must be an array"),
            ({"type": "FeatureCollection", "features": [5]}, "feature 1: not a Feature"),
            ({"type": "FeatureCollection", "features": []}, "no points in it"),
            ({"type": "Polygon", "coordinates": []}, "Polygon is not a walk"),
            ({"type": "LineString"}, "the geometry: an array is expected"),
            ({"type": "LineString", "coordinates": [[1], [2, 3]]}, "position 1: a position is"),
            ({"type": "LineString", "coordinates": [[1, "2"], [2, 3]]}, "'2' is not a number"),
            ({"type": "LineString", "coordinates": [[True, 2], [2, 3]]}, "'True' is not a number"),
            (line([NINE]), "the feature: 1 times for 2 positions"),
            (line([NINE, "noon"]), "position 2: 'noon' is not a time"),
            (line([NINE, {}]), "position 2: .* is not a number"),
            ({"type": "LineString", "coordinates": [[30.28, 122.17], [30.28, 122.18]]}, "look swapped"),
            ("[" * 100_000, "walk.geojson"),
            ('{"type": "LineString", "coordinates": [[NaN, 1], [2, 3]]}', "not a finite number"),
        ],
    )
    def test_what_is_wrong_is_said_with_its_place(self, read, content, says):
        with pytest.raises(WalkUnreadable, match=says):
            read("walk.geojson", content)


HEADER = "Geolife trajectory\nWGS 84\nAltitude is in Feet\nReserved 3\n0,2,255,My Track,0,0,2,8421376\n0\n"


class TestPLT:
    def test_geolife(self, read):
        walk = read(
            "20081023025304.plt",
            HEADER
            + "39.984702,116.318417,0,492,39744.1201851852,2008-10-23,02:53:04\n"
            + "39.984683,116.31845,0,-777,39744.1202546296,2008-10-23,02:53:10\n",
        )
        assert from_ms(int(walk.times_ms[0])).isoformat() == "2008-10-23T02:53:04+00:00"
        assert walk.times_ms[1] - walk.times_ms[0] == 6000
        assert walk.altitude_m[0] == pytest.approx(149.96, abs=0.01)
        assert np.isnan(walk.altitude_m[1])

    def test_oziexplorer_counts_days(self, read):
        walk = read(
            "ozi.plt",
            HEADER.replace("\n", "\r\n")
            + " 39.984702, 116.318417,1, 492,39744.1201852,23-Oct-08, 02:53:04\r\n"
            + " 39.984683, 116.318450,0, 492,39744.1202546,23-Oct-08, 02:53:10\r\n",
        )
        assert from_ms(int(walk.times_ms[0])).isoformat() == "2008-10-23T02:53:04+00:00"

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            ("one line", "w.plt: a PLT file has six header lines"),
            (HEADER, "w.plt: a PLT file has six header lines"),
            (HEADER + "1,2\n", "w.plt, line 7: a point has latitude"),
            (HEADER + "1,2,0,0,39744.1\n\nx,2,0,0,39744.2\n", "w.plt, line 9: .*'x'"),
            (HEADER + "1,2,0,0,-5\n", "w.plt, line 7: -5 is not a number of days"),
            (HEADER + "1,2,0,0,inf\n", "w.plt, line 7: inf is not a number of days"),
        ],
    )
    def test_what_is_wrong_is_said_with_its_line(self, read, content, says):
        with pytest.raises(WalkUnreadable, match=says):
            read("w.plt", content)


class TestCSV:
    @pytest.mark.parametrize(
        "content",
        [
            f"longitude,latitude,time,accuracy\n122.17,30.28,{NINE},5\n122.18,30.28,{TEN},6\n",
            f"time;lat;lng;accuracy_m\n{NINE};30,28;122,17;5\n{TEN};30,28;122,18;6\n",
            "经度\t纬度\t定位时间\t精度(米)\n122.17\t30.28\t2026-11-20 09:00:00\t5\n"
            "122.18\t30.28\t2026/11/20 10:00\t6\n",
            "Date,Time,X,Y,HAcc\n2026-11-20,09:00:00,122.17,30.28,5\n\n2026-11-20,10:00:00,122.18,30.28,6\n",
            f'"Recorded At","Latitude [deg]","Longitude [deg]",Accuracy\n{NINE},30.28,122.17,5\n'
            f"{TEN},30.28,122.18,6\n",
        ],
    )
    def test_headers_and_delimiters_of_many_programs(self, read, content):
        for encoded in (content.encode(), b"\xef\xbb\xbf" + content.encode(), content.encode("gb18030")):
            walk = read("walk.csv", encoded)
            assert walk.times_ms.tolist() == [NINE_MS, NINE_MS + 3600_000]
            assert walk.longitude.tolist() == [122.17, 122.18]
            assert walk.accuracy_m.tolist() == [5, 6]

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            ("a,b,c\n1,2,3\n", "walk.csv, line 1: the header names no longitude and no latitude"),
            ("lon,lat\n", "no points in it"),
            ("lon,lat,time\n1,2,x\n", "walk.csv, line 2: 'x' is not a time"),
            ("lon,lat\n1,2\n1,two\n", "walk.csv, line 3: latitude 'two' is not a number"),
            ("lon,lat\n1,2\n1\n", "walk.csv, line 3: longitude or latitude is missing"),
            ("lon,lat\n1,nan\n1,2\n", "walk.csv, line 2: .*finite"),
            ("lon,lat\n1,2\n999,2\n", "walk.csv, line 3: .*outside the world"),
            ("lon,lat\n1," + "2" * 200_000 + "\n", "walk.csv, line 2: field larger"),
        ],
    )
    def test_what_is_wrong_is_said_with_its_line(self, read, content, says):
        with pytest.raises(WalkUnreadable, match=says):
            read("walk.csv", content)


def test_a_kind_of_file_that_nobody_reads_is_refused(read):
    with pytest.raises(WalkUnreadable, match=r"walk.fit: not a kind of file"):
        read("walk.fit", "FIT")
