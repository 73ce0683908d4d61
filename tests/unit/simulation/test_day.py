"""A simulated day is what its plan says, the same at every run, and cut into uploads without loss."""

from dataclasses import replace
from uuid import uuid4

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from app.bench.truth import fold_whole_day
from app.patrol.arrival import Arrival, read_arrival
from app.patrol.door import STORED
from app.patrol.fixes import Fixes
from app.simulation import episodes
from app.simulation.day import HandheldDay, simulate_day
from app.simulation.episodes import Episode
from app.simulation.habits import ordinary_shift
from app.simulation.plan import Clock, DayPlan, Shift
from app.simulation.receivers import START_MS, Receiver
from app.simulation.streets import Streets, Wanderer
from app.simulation.uploads import uploads_of

GRID = shapely.Polygon(
    [(122.17, 30.28), (122.18, 30.28), (122.18, 30.286), (122.175, 30.282), (122.17, 30.287)]
)
HOUR_MS = 3_600_000
CALM = Receiver(10.0, 3.0, 45.0)


def plan(*parts: Episode, hours: float = 9.0, seed: int = 3) -> DayPlan:
    return DayPlan(
        "wg1", GRID, (Shift(START_MS, START_MS + round(hours * HOUR_MS), parts),), seed, receiver=CALM
    )


def ordinary(seed: int) -> DayPlan:
    return plan(*ordinary_shift(np.random.default_rng(seed), 540), seed=seed)


def arrivals(day: HandheldDay, every_s: float = 300.0, fixes_max: int = 600) -> list[Arrival]:
    sent = uploads_of(day, every_s=every_s, fixes_max=fixes_max)
    return [read_arrival("330921", uuid4(), u.body(u.due_ms)) for u in sent]


class TestDay:
    def test_the_same_plan_gives_the_same_day_and_another_seed_another(self) -> None:
        first, again, other = (simulate_day(ordinary(seed)) for seed in (1, 1, 2))
        assert [u.body(0) for u in uploads_of(first)] == [u.body(0) for u in uploads_of(again)]
        assert not np.array_equal(first.fixes.longitude[:50], other.fixes.longitude[:50])
        assert not {u.batch_id for u in uploads_of(first)} & {u.batch_id for u in uploads_of(other)}

    def test_nobody_leaves_the_grid(self) -> None:
        walks = plan(episodes.walk(minutes=200), episodes.ride(minutes=60))
        fixes = simulate_day(replace(walks, receiver=Receiver(10.0, 0.0))).fixes
        assert shapely.contains_xy(GRID, fixes.longitude, fixes.latitude).all()

    def test_metres_asked_for_are_the_metres_walked_and_the_fold_finds_them(self) -> None:
        day = simulate_day(plan(episodes.walk(metres=4000, speed_mps=1.2), hours=2))
        assert day.walked_m == pytest.approx(4000)
        fixes = Fixes.concatenate([a.parcel.fixes for a in arrivals(day)])
        assert fold_whole_day(fixes).distance_m == pytest.approx(4000, rel=0.08)

    def test_who_stays_walks_nothing(self) -> None:
        day = simulate_day(plan(episodes.stay(30), episodes.desk(30), hours=1))
        assert (day.walked_m, day.ridden_m) == (0.0, 0.0)
        assert day.fixes.longitude.std() * 96_000 > 1  # noise there is

    def test_a_shift_cuts_what_is_too_long_and_fills_what_is_too_short(self) -> None:
        long = simulate_day(plan(episodes.walk(minutes=600), hours=1))
        assert [(h.kind, h.end_ms - START_MS) for h in long.happened] == [("walk", HOUR_MS)]
        assert long.walked_m < 1.1 * 1.2 * 3600
        short = simulate_day(plan(episodes.walk(minutes=10), hours=1))
        assert [h.kind for h in short.happened] == ["walk", "stay"]
        assert short.happened[-1].end_ms == START_MS + HOUR_MS

    @pytest.mark.parametrize(
        ("episode", "fixes", "beats", "cause"),
        [
            (episodes.indoors(30, fixes="none"), False, True, None),
            (episodes.lost_signal(30), False, True, "no_signal"),
            (episodes.killed(30), False, False, "killed"),
            (episodes.battery_dead(30), False, False, "battery"),
            (episodes.off_duty(30), False, False, None),
            (episodes.indoors(30), True, True, None),
        ],
    )
    def test_what_is_recorded_during_it(
        self, episode: Episode, fixes: bool, beats: bool, cause: str | None
    ) -> None:
        day = simulate_day(plan(episodes.walk(minutes=10), episode, episodes.walk(minutes=10), hours=1))
        middle = day.happened[1]

        def during(at_ms: np.ndarray) -> bool:
            return bool(((at_ms >= middle.start_ms) & (at_ms < middle.end_ms)).any())

        assert during(day.fixes.true_ms) == fixes
        assert during(day.beats_ms) == beats
        assert [(r.sent_ms, r.cause) for r in day.reports] == ([(middle.start_ms, cause)] if cause else [])
        assert len(day.presses) == (4 if episode.kind == "off_duty" else 2)

    def test_a_reboot_starts_the_monotonic_clock_afresh(self) -> None:
        day = simulate_day(plan(episodes.walk(minutes=30), episodes.battery_dead(20), hours=2))
        assert set(day.fixes.boot.tolist()) == {0, 1}
        assert (np.diff(day.fixes.elapsed_ms) < 0).sum() == 1
        boots = [u.content["boot_id"] for u in uploads_of(day) if u.content["fixes"]]
        assert len(set(boots)) == 2

    def test_metres_without_speed_are_refused(self) -> None:
        with pytest.raises(ValueError, match="metres"):
            Episode("walk", metres=10)
        with pytest.raises(ValueError, match="lasts"):
            Episode("walk", minutes=1, metres=10, speed_mps=1)


class TestUploads:
    @settings(max_examples=20, deadline=None)
    @given(
        seed=st.integers(0, 10_000),
        every_s=st.sampled_from([45.0, 300.0, 40_000.0]),
        most=st.sampled_from([7, 600]),
    )
    def test_together_they_hold_everything_once(self, seed: int, every_s: float, most: int) -> None:
        day = simulate_day(ordinary(seed))
        sent = arrivals(day, every_s, most)
        fixes = np.concatenate([a.parcel.fixes.sent_ms for a in sent])
        assert sorted(fixes.tolist()) == day.fixes.sent_ms.tolist()
        assert sorted(b for a in sent for b in a.beats_ms.tolist()) == day.beats_ms.tolist()
        assert sum(len(a.envelope.presses) for a in sent) == len(day.presses) == 2
        assert sum(len(a.envelope.reports) for a in sent) == len(day.reports)
        assert all((a.parcel.disposition == STORED).all() for a in sent)
        assert len({a.batch_id for a in sent}) == len(sent)

    def test_nothing_leaves_before_it_is_known_nor_without_a_network(self) -> None:
        day = simulate_day(plan(episodes.walk(minutes=20), episodes.lost_signal(30), hours=1))
        silent = day.happened[1]
        for each in uploads_of(day, every_s=60):
            assert not silent.start_ms <= each.due_ms < silent.end_ms
            assert all(f["recorded_at"] <= each.due_ms for f in each.content["fixes"])
            assert all(b <= each.due_ms for b in each.content.get("beats", ()))

    @pytest.mark.parametrize("source", ["gnss", "device"])
    @pytest.mark.parametrize("declared", [True, False])
    def test_a_wrong_clock_shows_where_it_is_not_declared(self, source: str, declared: bool) -> None:
        error_ms = 90_000
        clock = Clock(error_ms, declared, source)  # type: ignore[arg-type]
        day = simulate_day(replace(plan(episodes.walk(minutes=60), hours=1), clock=clock))
        sent = arrivals(day)
        fixes = sorted(t for a in sent for t in a.parcel.fixes.at_ms.tolist())
        off = error_ms if source == "device" and not declared else 0
        assert fixes == (day.fixes.true_ms + off).tolist()
        beats = sorted(b for a in sent for b in a.beats_ms.tolist())
        assert beats == (day.beats_ms + (0 if declared else error_ms)).tolist()


class TestStreets:
    def test_a_route_is_walked_from_end_to_end(self) -> None:
        route = shapely.LineString([(122.17, 30.28), (122.18, 30.28)])
        streets = Streets(route, np.random.default_rng(1))
        wanderer = Wanderer(streets, np.random.default_rng(1))
        path = np.array(wanderer.move(1.0, lasts_s=3600.0))
        assert np.ptp(path[:, 1]) == pytest.approx(streets.metres.to_metres(route).length, rel=0.01)
        assert np.abs(path[:, 2]).max() < 1

    def test_a_sliver_is_walked_along_its_border(self) -> None:
        sliver = shapely.Polygon([(122.17, 30.28), (122.1701, 30.28), (122.1701, 30.28001)])
        streets = Streets(sliver, np.random.default_rng(1))
        assert all(streets.next_to[i] for i in range(len(streets.places)))
        assert Wanderer(streets, np.random.default_rng(1)).move(1.0, lasts_s=60.0)[-1][0] == pytest.approx(60)

    def test_an_empty_polygon_is_refused(self) -> None:
        with pytest.raises(ValueError, match="empty"):
            Streets(shapely.Polygon(), np.random.default_rng(1))
