"""Walks joined, thinned, paced, moved in time, cut into batches."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from app.kit.clock import from_ms, to_ms
from app.patrol.arrival import read_arrival
from app.replay.batches import cut
from app.replay.timing import DayUnusable, Window, fitted, own_day, past_days, shifted_to
from app.replay.walk import WalkUnreadable, joined, paced
from tests.factories.walks import walk_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
EIGHT = datetime(2026, 11, 20, 8, tzinfo=SHANGHAI)
NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)


def straight(points: int, start: datetime = EIGHT, every_s: int = 10):
    walk = walk_of([122.17] * points, [30.28 + 0.0001 * i for i in range(points)])
    return replace(walk, at_ms=to_ms(start) + np.arange(points) * every_s * 1000)


class TestParts:
    def test_parts_of_a_day_are_joined_in_order(self):
        later = straight(3, EIGHT + timedelta(hours=1))
        assert np.all(np.diff(joined([later, straight(3)]).times_ms) > 0)

    def test_overlapping_parts_are_refused(self):
        with pytest.raises(WalkUnreadable, match=r"overlap in time.*--same-day"):
            joined([straight(10), straight(10, EIGHT + timedelta(seconds=90))])

    def test_thinning_keeps_the_interval(self):
        thin = straight(100, every_s=7).thinned(30)
        assert np.diff(thin.times_ms).min() == 35_000
        assert thin.times_ms[0] == straight(1).times_ms[0]

    def test_a_pace_gives_times_to_a_line(self):
        line = replace(straight(11), at_ms=None)
        walk = paced(line, 1.2, 5, EIGHT)
        assert np.diff(walk.times_ms).tolist() == [5000] * (len(walk) - 1)
        assert walk.raw_m == pytest.approx(line.raw_m, abs=6)
        assert walk.span_s == pytest.approx(line.raw_m / 1.2, abs=5)

    def test_no_pace_moves_a_walk_that_stands_still(self):
        with pytest.raises(WalkUnreadable, match="same place"):
            paced(walk_of([1, 1], [2, 2]), 1.2, 5, EIGHT)


class TestTiming:
    def test_into_the_first_window_that_is_long_enough(self):
        morning, day = (
            Window(EIGHT, EIGHT + timedelta(minutes=10)),
            Window(EIGHT + timedelta(hours=1), EIGHT + timedelta(hours=9)),
        )
        moved = fitted(straight(61, EIGHT - timedelta(days=900)), [morning, day])
        assert from_ms(int(moved.times_ms[0])) == EIGHT + timedelta(hours=1, minutes=5)
        assert moved.span_s == 600
        assert moved.notes == ()

    def test_a_walk_longer_than_duty_is_told(self):
        moved = fitted(straight(61), [Window(EIGHT, EIGHT + timedelta(minutes=8))])
        assert "off_duty" in moved.notes[0]

    def test_nobody_on_duty(self):
        with pytest.raises(DayUnusable):
            fitted(straight(2), [])

    def test_a_walk_keeps_its_own_recent_day(self):
        assert own_day(straight(2), SHANGHAI, NOW, 45) == date(2026, 11, 20)

    def test_an_old_walk_needs_a_day(self):
        with pytest.raises(DayUnusable, match=r"recorded on 2021-07-20.*older than 45 days.*--on 2026-11-21"):
            own_day(straight(2, datetime(2021, 7, 20, 8, tzinfo=SHANGHAI)), SHANGHAI, NOW, 45)

    def test_a_walk_of_tomorrow_is_refused(self):
        with pytest.raises(DayUnusable, match="in the future"):
            own_day(straight(2, EIGHT + timedelta(days=5)), SHANGHAI, NOW, 45)

    def test_working_days_before_the_last_first(self):
        week = [{"day": f"2026-11-{d}", "works": d < 21} for d in range(16, 23)]
        assert past_days(week, date(2026, 11, 20)) == [date(2026, 11, d) for d in (19, 18, 17, 16)]
        assert past_days([{"day": "2026-11-21", "works": False}], date(2026, 11, 22)) == [date(2026, 11, 21)]


class TestBatches:
    WHO, DAY = "25fe244e-3189-584f-9ade-f736f91e6acf", date(2026, 11, 20)

    def ids(self, walk, **other):
        wanted = {"inspector_id": self.WHO, "service_day": self.DAY, "coord_sys": "wgs84"} | other
        return [b.id for b in cut(walk, **wanted)]

    def test_the_same_walk_gives_the_same_ids(self):
        assert self.ids(straight(700)) == self.ids(straight(700))
        assert len(set(self.ids(straight(700)))) == 3

    def test_another_inspector_day_place_or_time_gives_others(self):
        mine = set(self.ids(straight(700)))
        moved = straight(700)
        moved.longitude[699] += 1e-6
        for others in (
            self.ids(straight(700), inspector_id=str(self.DAY)),
            self.ids(straight(700), service_day=date(2026, 11, 19)),
            self.ids(straight(700), coord_sys="gcj02"),
            self.ids(shifted_to(straight(700), EIGHT + timedelta(seconds=1))),
            self.ids(moved),
        ):
            assert not mine & set(others)

    def test_the_door_reads_every_fix(self):
        for batch in cut(straight(700), self.WHO, self.DAY, "wgs84"):
            body = json.dumps(batch.body(to_ms(NOW), "v1"), allow_nan=False).encode()
            arrival = read_arrival("330921", self.DAY, body)  # type: ignore[arg-type]
            assert [r[0] for r in arrival.parcel.ranges()] == ["stored"]
            assert len(arrival.parcel.fixes) == len(batch.fixes)
