"""What raises a signal and, more important, what does not: honest walks with a real receiver's noise."""

from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kit.geodesy import metres_per_degree
from app.patrol.day_inputs import DayInputs, Interval, OwnGrid
from app.patrol.fixes import FLAG_DEVICE_TIME, FLAG_MOCK, Fixes
from app.patrol.fold import fold_day
from app.patrol.integrity.clocks import ClockReading
from app.patrol.integrity.day_signals import find_day_signals
from app.patrol.integrity.limits import IntegrityLimits
from app.patrol.integrity.loops import find_loop
from app.patrol.integrity.meetings import Minutes, find_meetings, minutes_of
from app.patrol.integrity.paths import Path as Track
from app.patrol.integrity.paths import path_of
from app.patrol.integrity.prints import print_of, shared_prints
from app.patrol.integrity.replays import find_replay
from app.patrol.integrity.signals import Counterpart
from app.patrol.integrity.twins import find_twins
from app.replay.readers import read_walk
from app.rules.catalogue import PARAMETERS
from app.rules.catalogue.integrity import PREFIX
from app.simulation.receivers import ORIGIN_LAT, ORIGIN_LON, START_MS, Receiver, record
from app.simulation.truths import (
    Truth,
    along,
    joined,
    loop_walk,
    ride,
    street_corners,
    street_walk,
    with_pauses,
)

LIMITS = IntegrityLimits()
PHONE = Receiver(10.0, 5.0, 60.0)
PERFECT = Receiver(10.0, 0.0)
DAY_MS = 86_400_000


def walked(seed: int, metres: float = 6000, receiver: Receiver = PHONE, start_ms: int = START_MS) -> Fixes:
    """Streets, with visits."""
    return record(
        np.random.default_rng(seed), with_pauses(np.random.default_rng(seed), metres, 1.1), receiver, start_ms
    )


def seen(truth: Truth, seed: int, receiver: Receiver = PHONE, start_ms: int = START_MS) -> Fixes:
    """One receiver's record of a walk."""
    return record(np.random.default_rng(seed), truth, receiver, start_ms)


def track(fixes: Fixes, origin: tuple[int, int] | None = None) -> Track:
    """Its path."""
    return path_of(fixes.at_ms, fixes.lon_e7, fixes.lat_e7, origin)


def pair(a: Fixes, b: Fixes) -> tuple[Track, Track]:
    """Two paths with one origin."""
    one = track(a)
    return one, track(b, one.origin_e7)


def minutes(fixes: Fixes) -> Minutes:
    """Once a minute."""
    return minutes_of(fixes.at_ms, fixes.lon_e7, fixes.lat_e7)


def day(fixes: Fixes) -> DayInputs:
    """On duty for twelve hours, in a grid that holds everything."""
    end = START_MS + 12 * 3_600_000
    return DayInputs(fixes, (Interval(START_MS, end),), grids=(OwnGrid(START_MS, end, "g", "1", "none"),))


def kinds(fixes: Fixes, clocks: tuple[ClockReading, ...] = ()) -> dict[str, str]:
    """Kind and severity of the signals of a day."""
    return {s.kind: s.severity for s in find_day_signals(fold_day(day(fixes)), clocks, LIMITS)}


def pace(truth: Truth, factor: float) -> Truth:
    """The same way, faster or slower."""
    return Truth(truth.t_s * factor, truth.x_m, truth.y_m)


def test_every_limit_is_a_rule_with_a_source() -> None:
    for field in fields(IntegrityLimits):
        parameter = PARAMETERS[f"{PREFIX}.{field.name}"]
        assert parameter.default == field.default
        assert parameter.source


class TestOneDay:
    @pytest.mark.parametrize("seed", range(6))
    @pytest.mark.parametrize("every_s", [1.0, 10.0, 30.0])
    def test_an_honest_day_raises_nothing(self, seed: int, every_s: float) -> None:
        receiver = Receiver(every_s, 5.0, 60.0, outlier_share=0.01)
        assert kinds(walked(seed, 8000, receiver)) == {}

    def test_mock_fixes_with_their_stretches(self) -> None:
        fixes = walked(1)
        flags = fixes.flags.copy()
        flags[100:200] |= FLAG_MOCK
        fixes = replace(fixes, flags=flags)
        signals = find_day_signals(fold_day(day(fixes)), (), LIMITS)
        mock = next(s for s in signals if s.kind == "mock")
        assert mock.evidence["fixes"] == 100
        assert len(mock.evidence["stretches"][0]["from"]) == 2
        few = fixes.flags.copy()
        few[:] = 0
        few[5:7] = FLAG_MOCK
        assert "mock" not in kinds(replace(fixes, flags=few))

    def test_a_ride_names_where_and_how_fast(self) -> None:
        rng = np.random.default_rng(3)
        fixes = seen(joined([street_walk(rng, 2000, 1.1), ride(rng, 4000, 10.0)]), 3)
        found = next(s for s in find_day_signals(fold_day(day(fixes)), (), LIMITS) if s.kind == "vehicle")
        assert found.evidence["distance_m"] == pytest.approx(4000, rel=0.1)
        assert 10 < found.evidence["stretches"][0]["speed_kmh"] < 40

    def test_clocks(self) -> None:
        calm = ClockReading("d", -2000, 3000, None)
        assert kinds(walked(1), (calm,)) == {}
        assert kinds(walked(1), (ClockReading("d", -900_000, -900_000, None),)) == {"clock_skew": "low"}
        assert kinds(walked(1), (ClockReading("d", 0, 400_000, None),)) == {"clock_skew": "medium"}
        assert kinds(walked(1), (ClockReading("d", 0, 0, 130_000),)) == {"clock_skew": "medium"}

    def test_a_batch_that_was_delivered_late_is_no_skew(self) -> None:
        """Written at noon, delivered in the evening: its `sent_at` is hours behind the server."""
        assert kinds(walked(1), (ClockReading("d", 0, 0, -6 * 3_600_000),)) == {}

    def test_a_clock_set_while_running_but_no_restart(self) -> None:
        fixes = walked(2)
        device = replace(fixes, flags=fixes.flags | FLAG_DEVICE_TIME)
        up = 5 * DAY_MS + fixes.sent_ms - START_MS
        assert kinds(replace(device, elapsed_ms=up)) == {}
        told = fixes.sent_ms.copy()
        told[300:] += 20 * 60_000
        assert kinds(replace(device, sent_ms=told, at_ms=told, elapsed_ms=up)) == {"clock_skew": "medium"}
        restarted = up.copy()
        restarted[300:] = fixes.sent_ms[300:] - fixes.sent_ms[299]
        assert kinds(replace(device, elapsed_ms=restarted)) == {}


class TestLoops:
    def test_a_drawn_circle_repeated_by_a_script(self) -> None:
        found = find_loop(track(seen(loop_walk(4000, 1.2, 100), 1, PERFECT)), LIMITS)
        assert found is not None
        assert found.evidence["rounds"] == pytest.approx(4000 / 628, abs=0.5)
        assert found.evidence["loop_m"] == pytest.approx(628, rel=0.05)
        assert found.evidence["deviation_median_m"] < 1

    @pytest.mark.parametrize("seed", range(8))
    def test_real_rounds_of_a_block_differ(self, seed: int) -> None:
        """The same block ten times at an even pace: the receiver's noise tells it from a script."""
        assert (
            find_loop(track(seen(loop_walk(6000, 1.2, 100), seed, Receiver(10.0, 3.0, 60.0))), LIMITS) is None
        )

    def test_jitter_far_below_a_receivers_noise_hides_nothing(self) -> None:
        assert (
            find_loop(track(seen(loop_walk(4000, 1.2, 100), 1, Receiver(10.0, 0.3, 0.0))), LIMITS) is not None
        )

    def test_standing_still_to_the_centimetre_is_no_loop(self) -> None:
        still = Truth(np.arange(0.0, 20_000), np.zeros(20_000), np.zeros(20_000))
        assert find_loop(track(seen(still, 1, PERFECT)), LIMITS) is None


class TestReplays:
    @pytest.mark.parametrize("shift_ms", [DAY_MS, 7 * DAY_MS + 1_234_000, -2 * 3_600_000])
    def test_a_recorded_track_sent_again(self, shift_ms: int) -> None:
        fixes = walked(4)
        own, other = pair(fixes, replace(fixes, at_ms=fixes.at_ms + shift_ms))
        found = find_replay(own, other, LIMITS)
        assert found is not None
        assert found[1]["shift_s"] == shift_ms // 1000
        assert found[1]["deviation_max_m"] <= LIMITS.same_path_m
        assert found[1]["walked_m"] > 4000

    def test_sampled_anew_from_the_recorded_track(self) -> None:
        """A player that interpolates sends none of the recorded fixes, yet the same way at the same pace."""
        truth = Truth(*(np.asarray(v) for v in _recorded(walked(4))))
        own, other = pair(walked(4), seen(truth, 9, Receiver(7.0, 0.0), START_MS + DAY_MS))
        found = find_replay(own, other, LIMITS)
        assert found is not None
        assert set(print_of(own).tolist()) & set(print_of(other).tolist())

    @pytest.mark.parametrize("seed", range(10))
    def test_the_usual_round_on_two_days_is_honest(self, seed: int) -> None:
        """One way, the very same pauses, even the same pace: noise alone keeps them apart."""
        truth = with_pauses(np.random.default_rng(77), 6000, 1.1)
        own, other = pair(seen(truth, seed), seen(truth, seed + 100, start_ms=START_MS + DAY_MS))
        assert find_replay(own, other, LIMITS) is None

    def test_at_the_same_time_it_is_no_replay(self) -> None:
        own, other = pair(walked(4), walked(4))
        assert find_replay(own, other, LIMITS) is None

    def test_a_short_piece_is_left_alone(self) -> None:
        fixes = walked(4)
        piece = fixes.take(slice(0, 30))
        own, other = pair(fixes, replace(piece, at_ms=piece.at_ms + DAY_MS))
        assert find_replay(own, other, LIMITS) is None


def _recorded(fixes: Fixes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    east, north = (float(m[0]) for m in metres_per_degree(np.array([ORIGIN_LAT])))
    return (
        (fixes.at_ms - START_MS) / 1000,
        (fixes.lon_e7 / 1e7 - ORIGIN_LON) * east,
        (fixes.lat_e7 / 1e7 - ORIGIN_LAT) * north,
    )


class TestPrints:
    def test_equal_tracks_share_all_and_strangers_none(self) -> None:
        prints = [print_of(track(walked(seed))) for seed in range(30)]
        again = [print_of(track(replace(f, at_ms=f.at_ms + DAY_MS))) for f in (walked(7), walked(11))]
        found = shared_prints(again, prints)
        assert {(a, b) for a, b, _ in found} == {(0, 7), (1, 11)}
        assert all(n == len(prints[b]) for _, b, n in found)

    def test_half_a_day_copied_is_named_too(self) -> None:
        hits = 0
        for seed in range(20):
            fixes = walked(seed, 8000)
            half = fixes.take(slice(len(fixes) // 2, None))
            hits += bool(shared_prints([print_of(track(half))], [print_of(track(fixes))]))
        assert hits >= 18


class TestTwins:
    def test_two_handhelds_in_one_bag(self) -> None:
        truth = with_pauses(np.random.default_rng(5), 8000, 1.1)
        a, b = minutes(seen(truth, 1)), minutes(seen(truth, 2))
        assert find_meetings([a, b, minutes(walked(9))], LIMITS.twin_min_minutes, LIMITS.twin_group_max) == [
            (0, 1)
        ]
        found = find_twins(a, b, LIMITS)
        assert found is not None
        severity, evidence = found
        assert severity == "low"
        assert evidence["minutes_together"] >= 60
        assert len(evidence["moments"]) == 10

    def test_a_copy_at_the_same_seconds_is_told_apart_from_company(self) -> None:
        found = find_twins(minutes(walked(5, 8000)), minutes(walked(5, 8000)), LIMITS)
        assert found is not None
        assert found[0] == "high"

    def test_company_for_less_than_the_rules_minutes_is_nothing(self) -> None:
        truth = with_pauses(np.random.default_rng(5), 8000, 1.1)
        a, b = minutes(seen(truth, 1)), minutes(seen(truth, 2))
        found = find_twins(a, b, LIMITS)
        assert found is not None
        together = found[1]["minutes_together"]
        assert find_twins(a, b, replace(LIMITS, twin_min_minutes=together)) == found
        assert find_twins(a, b, replace(LIMITS, twin_min_minutes=together + 1)) is None

    def test_an_hour_in_one_office_is_nothing(self) -> None:
        still = Truth(np.arange(0.0, 14_400), np.zeros(14_400), np.zeros(14_400))
        tracks = [minutes(seen(still, seed)) for seed in range(5)]
        assert find_meetings(tracks, LIMITS.twin_min_minutes, LIMITS.twin_group_max) == []
        assert find_twins(tracks[0], tracks[1], LIMITS) is None

    def test_crossing_ways_are_nothing(self) -> None:
        tracks = [minutes(walked(seed, 8000)) for seed in range(20)]
        assert find_meetings(tracks, LIMITS.twin_min_minutes, LIMITS.twin_group_max) == []

    def test_an_outing_of_thirty_pairs_nobody(self) -> None:
        truth = with_pauses(np.random.default_rng(5), 8000, 1.1)
        tracks = [minutes(seen(truth, seed)) for seed in range(30)]
        assert find_meetings(tracks, LIMITS.twin_min_minutes, LIMITS.twin_group_max) == []

    @settings(max_examples=15, deadline=None)
    @given(seed=st.integers(0, 500), lag_s=st.integers(0, 30), late_ms=st.integers(0, 59_999))
    def test_hashing_finds_what_comparing_all_pairs_finds(self, seed: int, lag_s: int, late_ms: int) -> None:
        """Against the slow reference: every pair that is a twin is named by the keys."""
        corners = street_corners(np.random.default_rng(seed), 9000, (100, 300))
        truth = along(corners, np.full(len(corners) - 1, 1.1))
        tracks = [
            minutes(seen(truth, seed)),
            minutes(seen(truth, seed + 1, start_ms=START_MS + lag_s * 500)),
            minutes(walked(seed + 2, 9000, start_ms=START_MS + late_ms)),
            minutes(walked(seed + 3, 9000)),
        ]
        pairs = [(a, b) for a in range(4) for b in range(a + 1, 4)]
        slow = {(a, b) for a, b in pairs if find_twins(tracks[a], tracks[b], LIMITS)}
        named = set(find_meetings(tracks, LIMITS.twin_min_minutes, LIMITS.twin_group_max))
        assert slow <= named
        assert slow <= {(0, 1)}


class TestOrder:
    @settings(max_examples=20, deadline=None)
    @given(seed=st.integers(0, 200), order=st.randoms(use_true_random=False))
    def test_any_order_and_repetition_gives_the_same_signals(
        self, seed: int, order: "np.random.Generator"
    ) -> None:
        rng = np.random.default_rng(seed)
        fixes = seen(joined([loop_walk(2500, 1.2, 60), ride(rng, 2000, 10.0)]), seed, PERFECT)
        flags = fixes.flags.copy()
        flags[::40] |= FLAG_MOCK
        fixes = replace(fixes, flags=flags)
        index = list(range(len(fixes))) + list(range(0, len(fixes), 7))
        order.shuffle(index)
        clocks = [ClockReading("b", 0, 200_000, None), ClockReading("a", -900_000, 0, 300_000)]
        straight = find_day_signals(fold_day(day(fixes)), clocks, LIMITS)
        shuffled = find_day_signals(fold_day(day(fixes.take(np.array(index)))), clocks[::-1], LIMITS)
        assert straight == shuffled
        assert {s.kind for s in straight} >= {"mock", "vehicle", "clock_skew", "loop"}


class TestRealTracks:
    """Three devices on one real walk (tests/data/tracks), and three on another."""

    DATA = Path(__file__).parents[1] / "data" / "tracks"

    def fixes(self, name: str) -> Fixes:
        walk = read_walk(self.DATA / name, ZoneInfo("Europe/Paris"))
        at_ms = walk.times_ms
        n = len(at_ms)
        blank = np.zeros(n, np.int64)
        lon, lat = (np.rint(np.asarray(v) * 1e7).astype(np.int64) for v in (walk.longitude, walk.latitude))
        return Fixes(blank, at_ms, at_ms, lon, lat, blank + 80, *(blank - 1 for _ in range(5)), blank - 1)

    @pytest.mark.parametrize("walk", ["DC", "MC"])
    def test_devices_carried_together_are_twins_and_no_replay(self, walk: str) -> None:
        a, b = self.fixes(f"{walk}_garmin.gpx"), self.fixes(f"{walk}_polar.gpx")
        hours = min(a.at_ms[-1] - a.at_ms[0], b.at_ms[-1] - b.at_ms[0]) / 3_600_000
        limits = replace(LIMITS, twin_min_minutes=max(int(hours * 60 * 0.5), 5))
        found = find_twins(minutes(a), minutes(b), limits)
        assert found is not None
        assert found[0] == "low"
        own, other = pair(a, b)
        assert find_replay(own, other, LIMITS) is None
        later = replace(b, at_ms=b.at_ms + DAY_MS)
        own, other = pair(a, later)
        assert find_replay(own, other, LIMITS) is None, "another receiver on the same walk is no copy"

    def test_one_device_sent_again_a_week_later_is(self) -> None:
        fixes = self.fixes("DC_garmin.gpx")
        own, other = pair(fixes, replace(fixes, at_ms=fixes.at_ms + 7 * DAY_MS))
        assert find_replay(own, other, LIMITS) is not None

    @pytest.mark.parametrize("name", ["DC_garmin", "DC_polar", "DC_telephone", "MC_garmin", "MC_polar"])
    def test_no_real_walk_is_a_perfect_loop(self, name: str) -> None:
        assert find_loop(track(self.fixes(f"{name}.gpx")), LIMITS) is None


def test_a_counterpart_names_person_and_day() -> None:
    who = uuid4()
    assert Counterpart(who, date(2026, 3, 4)).key == f"{who}/2026-03-04"
