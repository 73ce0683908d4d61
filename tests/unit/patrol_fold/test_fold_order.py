"""The same inputs in any order, split or repetition give the same bits."""

from dataclasses import fields, replace
from itertools import pairwise

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.patrol.day_inputs import DayInputs, GapReport, Interval, OwnGrid, ProfileWindow, WorkInterval
from app.patrol.figures import DayFold, Verdict
from app.patrol.fixes import FLAG_MOCK, Fixes
from app.patrol.fold import fold_day
from app.simulation.receivers import START_MS, Receiver, record
from app.simulation.truths import joined, ride, still, street_walk

END_MS = START_MS + 36_000_000
SLOW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def lively_day(seed: int) -> Fixes:
    """A walk, a stop, a ride and another walk, with outliers, losses, a second device and some mock fixes."""
    rng = np.random.default_rng(seed)
    truth = joined(
        [street_walk(rng, 600, 1.2), still(400), ride(rng, 2000, 10), still(700), street_walk(rng, 500, 0.8)]
    )
    first = record(rng, truth, Receiver((1.0, 60.0), 8.0, outlier_share=0.02, dropout_share=0.1))
    other = record(rng, truth, Receiver(30.0, 8.0))
    second = replace(other, device=np.ones(len(other), np.int64))
    both = Fixes.concatenate([first, second])
    mock = np.where(rng.random(len(both)) < 0.02, FLAG_MOCK, 0)
    return replace(both, flags=mock.astype(np.int64))


def inputs(fixes: Fixes, order: np.random.Generator | None = None) -> DayInputs:
    """A day with every kind of input; `order` shuffles and repeats them all."""
    duty = [Interval(START_MS, START_MS + 3_000_000), Interval(START_MS + 2_000_000, END_MS)]
    work = [WorkInterval(START_MS + 900_000, START_MS + 1_500_000, "visit", "a")]
    grids = [OwnGrid(START_MS, START_MS + 2_400_000, "g", "g", "none")]
    gaps = [GapReport(START_MS + 5_000_000, "killed"), GapReport(START_MS + 5_000_000, "battery")]
    profiles = [ProfileWindow(START_MS, START_MS + 500_000, "ebike")]
    beats = np.arange(START_MS, START_MS + 6_000_000, 250_000)
    if order is not None:
        for part in (duty, work, grids, gaps, profiles):
            part += part[:1]
            order.shuffle(part)  # type: ignore[arg-type]
        beats = order.permutation(np.concatenate([beats, beats[:3]]))
    return DayInputs(
        fixes=fixes,
        duty=tuple(duty),
        beats_ms=beats,
        work=tuple(work),
        grids=tuple(grids),
        gap_reports=tuple(gaps),
        profiles=tuple(profiles),
    )


def assert_same(one: DayFold, two: DayFold) -> None:
    for field in fields(DayFold):
        a, b = getattr(one, field.name), getattr(two, field.name)
        if isinstance(a, np.ndarray):
            assert a.dtype == b.dtype
            assert np.array_equal(a, b), field.name
        elif isinstance(a, Fixes):
            assert all(np.array_equal(getattr(a, f.name), getattr(b, f.name)) for f in fields(Fixes))
        else:
            assert a == b, field.name


class TestOrder:
    @SLOW
    @given(seed=st.integers(0, 30), order_seed=st.integers(0, 10**6), cuts=st.lists(st.integers(0, 400)))
    def test_any_split_shuffle_and_repetition_gives_identical_figures(
        self, seed: int, order_seed: int, cuts: list[int]
    ) -> None:
        fixes, order = lively_day(seed), np.random.default_rng(order_seed)
        plain = fold_day(inputs(fixes))
        bounds = [0, *sorted(min(c, len(fixes)) for c in cuts), len(fixes)]
        batches = [fixes.take(slice(a, b)) for a, b in pairwise(bounds)]
        batches += [batches[int(order.integers(len(batches)))]]  # a batch that was sent twice
        mixed = [batches[i] for i in order.permutation(len(batches))]
        shuffled = Fixes.concatenate(mixed)
        shuffled = shuffled.take(order.permutation(len(shuffled)))
        assert_same(plain, fold_day(inputs(shuffled, order)))

    def test_lively_days_have_every_kind_of_verdict(self) -> None:
        days = [fold_day(inputs(lively_day(seed))) for seed in range(6)]
        missing = [v for v in Verdict if not any(day.totals[v].fixes for day in days)]
        assert missing == [Verdict.OUTSIDE_DUTY, Verdict.INACCURATE]

    def test_fewer_fixes_do_change_the_day(self) -> None:
        fixes = lively_day(2)
        early = fixes.take(fixes.at_ms < START_MS + 300_000)
        assert fold_day(inputs(fixes)).distance_mm > fold_day(inputs(early)).distance_mm > 0


class TestSums:
    @SLOW
    @given(seed=st.integers(0, 10**6))
    def test_parts_add_up_to_the_whole_in_integers(self, seed: int) -> None:
        day = fold_day(inputs(lively_day(seed)))
        assert day.distance_mm == int(day.credited_mm.sum()) == sum(s.credited_mm for s in day.segments)
        assert day.vehicle_distance_mm == int(day.vehicle_mm.sum()) == sum(s.vehicle_mm for s in day.segments)
        assert day.distance_mm == sum(t.credited_mm for t in day.totals.values())
        assert day.naive_mm == sum(t.raw_mm for t in day.totals.values())
        assert len(day.fixes) == sum(t.fixes for t in day.totals.values())
        assert (day.credited_mm >= 0).all()
        assert (day.vehicle_mm >= 0).all()

    @SLOW
    @given(seed=st.integers(0, 10**6))
    def test_figures_keep_their_order(self, seed: int) -> None:
        day = fold_day(inputs(lively_day(seed)))
        assert 0 <= day.patrol_ms <= day.online_ms <= day.duty_ms
        assert 0 <= day.in_grid_distance_mm <= day.distance_mm
        assert day.distance_low_mm <= day.distance_mm <= day.distance_high_mm
        assert day.work_ms <= day.patrol_ms


class TestAnyContent:
    @SLOW
    @given(
        rows=st.lists(
            st.tuples(
                st.integers(0, 2),
                st.integers(START_MS - 10**6, END_MS + 10**6),
                st.integers(-1_800_000_000, 1_800_000_000),
                st.integers(-900_000_000, 900_000_000),
                st.integers(-1, 5000),
                st.integers(0, 3),
            ),
            max_size=40,
        )
    )
    def test_no_content_of_the_columns_raises(self, rows: list[tuple[int, ...]]) -> None:
        table = np.array(rows, np.int64).reshape(-1, 6)
        unknown = np.full(len(table), -1, np.int64)
        fixes = Fixes(
            table[:, 0], table[:, 1], table[:, 1], table[:, 2], table[:, 3], table[:, 4],
            unknown, unknown, unknown, unknown, table[:, 5], unknown,
        )  # fmt: skip
        day = fold_day(inputs(fixes))
        assert day.distance_mm >= 0
        assert day.online_ms <= day.duty_ms
