"""A score is the sum of parts that say what is missing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.collection.submissions.quality import Facts, Weights, entry_lag_s, judge, score, with_freshness

WEIGHTS = Weights(50, 15, 10, 15, 10, position_m=30, fresh_days=180)
FULL = Facts({"name": "x", "phone": "1"}, {"name": 3, "phone": 1}, {"own_grid": True}, 1, True, 10.0)
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def total(facts: Facts, *, age_days: float = 0) -> int | None:
    return score(with_freshness(judge(facts, WEIGHTS), WEIGHTS, NOW - timedelta(days=age_days), NOW))


@pytest.mark.requirement("S0-09")
class TestQuality:
    def test_a_complete_checked_fresh_record_with_photo_and_position_has_all_points(self) -> None:
        assert total(FULL) == 100

    @pytest.mark.parametrize(
        ("worse", "points"),
        [
            (replace(FULL, values={"name": "x"}), 88),
            (replace(FULL, values={"phone": "1"}), 62),
            (replace(FULL, photo_count=0), 90),
            (replace(FULL, has_position=False, accuracy_m=None), 85),
            (replace(FULL, accuracy_m=120.0), 85),
            (replace(FULL, checks={"own_grid": False, "no_conflict": True}), 92),
        ],
    )
    def test_each_lack_costs_its_part(self, worse: Facts, points: int) -> None:
        assert total(worse) == points

    @pytest.mark.parametrize(("age_days", "points"), [(180, 100), (270, 95), (360, 90), (9999, 90)])
    def test_freshness_fades(self, age_days: int, points: int) -> None:
        assert total(FULL, age_days=age_days) == points

    def test_parts_name_the_empty_fields_and_never_a_value(self) -> None:
        (completeness, *_) = judge(replace(FULL, values={"name": ""}), WEIGHTS)
        assert completeness.detail == ("name", "phone")

    @given(
        st.dictionaries(st.sampled_from("abc"), st.none() | st.text(max_size=2)),
        st.dictionaries(st.sampled_from("abc"), st.integers(0, 5)),
        st.integers(0, 3),
        st.none() | st.floats(0, 500),
        st.integers(0, 5000),
    )
    def test_a_score_lies_between_0_and_100(
        self,
        values: dict[str, str | None],
        weights: dict[str, int],
        photos: int,
        accuracy: float | None,
        age: int,
    ) -> None:
        found = total(Facts(values, weights, {}, photos, accuracy is not None, accuracy), age_days=age)
        assert found is not None
        assert 0 <= found <= 100

    def test_without_any_weight_there_is_no_score(self) -> None:
        none = Weights(0, 0, 0, 0, 0, position_m=30, fresh_days=180)
        assert score(judge(FULL, none)) is None


@pytest.mark.requirement("S0-45")
def test_entry_lag_runs_from_recording_to_receipt_and_is_never_negative() -> None:
    assert entry_lag_s(NOW - timedelta(hours=8), NOW) == 8 * 3600
    assert entry_lag_s(NOW + timedelta(minutes=3), NOW) == 0
