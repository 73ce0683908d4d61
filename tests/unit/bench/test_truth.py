"""The figures of `bench truth` at few seeds, and that its targets can fail."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.bench.truth import TruthCase, fold_whole_day, recorded_missing, run_truth, targets_hold
from app.patrol.fold_rules import FoldRules
from app.simulation.receivers import Receiver, gauss_markov, record
from app.simulation.truths import ride, still, street_walk

TRACKS = Path(__file__).parents[2] / "data" / "tracks"


@pytest.fixture(scope="module")
def cases() -> list[TruthCase]:
    return run_truth(seeds=3, tracks=TRACKS)


class TestTargets:
    def test_every_target_is_reached(self, cases: list[TruthCase]) -> None:
        assert [c for c in cases if c.ok is False] == []
        assert targets_hold(cases)

    def test_the_demanded_cases_are_all_there(self, cases: list[TruthCase]) -> None:
        demanded = {(c.case, c.sampling_s, c.speed_mps) for c in cases if c.ok is not None}
        for sampling in (1.0, 5.0, 10.0, 30.0):
            assert ("idle 8 h at 8 m", sampling, None) in demanded
            assert ("idle 8 h at 15 m", sampling, None) in demanded
            assert ("walk 5 km, streets", sampling, 0.7) in demanded
            assert ("walk 5 km, streets", sampling, 1.2) in demanded
        assert ("recorded DC, 3 devices", None, None) in demanded
        assert ("recorded MC, 3 devices", None, None) in demanded
        assert {c.case for c in cases} >= {"car ride", "ferry as a passenger", "e-bike patrol"}

    def test_a_naive_sum_passes_every_idle_phone(self, cases: list[TruthCase]) -> None:
        idle = [c for c in cases if c.case.startswith("idle 8 h")]
        assert all(c.naive_m > 8000 and c.true_m == 0 for c in idle)

    def test_a_missed_target_is_told(self, cases: list[TruthCase]) -> None:
        assert not targets_hold([*cases, replace(cases[0], ok=False)])

    def test_rows_are_plain_json(self, cases: list[TruthCase]) -> None:
        row = cases[0].as_row()
        assert {"case", "sampling_s", "noise_m", "true_m", "ours_m", "naive_m", "error_pct"} <= set(row)
        assert all(isinstance(v, int | float | str | bool | None) for v in row.values())

    def test_without_tracks_the_recorded_walks_are_skipped_and_named(self, tmp_path: Path) -> None:
        assert "DC, MC" in (recorded_missing(tmp_path) or "")
        assert "DC, MC" in (recorded_missing(None) or "")
        assert recorded_missing(TRACKS) is None


class TestCanFail:
    """The same days folded with rules that a careless reader might choose miss the targets."""

    def test_without_a_stop_rule_an_idle_phone_walks(self) -> None:
        careless = FoldRules(
            rest_net_accuracies=0.1, noise_floor_m=1.0, anchor_accuracies=0.2, still_accuracies=0.1
        )
        fixes = record(np.random.default_rng(1), still(8 * 3600), Receiver(10.0, 8.0))
        assert fold_whole_day(fixes, rules=careless).distance_m > 1000

    def test_without_smoothing_a_slow_walk_at_1_hz_is_overstated(self) -> None:
        rng = np.random.default_rng(1)
        fixes = record(rng, street_walk(rng, 3000, 0.7), Receiver(1.0, 8.0))
        raw = fold_whole_day(fixes, rules=FoldRules(smooth_s=0.0, anchor_accuracies=0.2, knot_s=1))
        assert raw.distance_m > 3000 * 1.5

    def test_without_a_cap_a_car_earns_its_metres(self) -> None:
        rng = np.random.default_rng(1)
        fixes = record(rng, ride(rng, 5000, 12), Receiver(5.0, 8.0))
        assert fold_whole_day(fixes, rules=FoldRules(foot_cap_mps=99.0)).distance_m > 4500


class TestSimulators:
    def test_noise_has_the_spread_and_the_memory_it_claims(self) -> None:
        t_s = np.arange(0.0, 200_000.0, 10.0)
        noise = gauss_markov(np.random.default_rng(5), t_s, 8.0, 60.0)
        assert noise.std() == pytest.approx(8.0, rel=0.1)
        assert np.corrcoef(noise[:-6], noise[6:])[0, 1] == pytest.approx(np.exp(-1), abs=0.06)

    def test_truths_are_as_long_as_they_say(self) -> None:
        rng = np.random.default_rng(2)
        assert street_walk(rng, 5000, 1.2).length_m == pytest.approx(5000)
        assert ride(rng, 9000, 12).length_m == pytest.approx(9000, rel=1e-3)
