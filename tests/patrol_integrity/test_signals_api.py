"""Signals end to end: found, shown, reviewed; and never in a figure."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.patrol.day_inputs import DayInputs, Interval
from app.patrol.fold import fold_day
from app.patrol.integrity.clocks import ClockReading
from app.patrol.integrity.day_signals import find_day_signals
from app.patrol.integrity.limits import IntegrityLimits
from app.simulation.receivers import START_MS, Receiver, record
from app.simulation.truths import with_pauses
from tests.factories import patrol as make
from tests.factories import staffing
from tests.factories.patrol import Beat, Handheld, walk
from tests.patrol.conftest import Office
from tests.patrol_integrity.conftest import Night

PATH = "/integrity-signals"
FIGURES = "SELECT status, figures FROM day_figures WHERE service_day = :day"
CHANGES = "SELECT type, data FROM event WHERE type LIKE 'integrity_signal.%' ORDER BY ord"


def noisy(night: Night, seed: int, day_back: int = 0, clock: str = "08:10") -> list[dict[str, Any]]:
    """A walk of 5 km with visits, as a receiver sees it."""
    rng = np.random.default_rng(seed)
    fixes = record(rng, with_pauses(rng, 5000, 1.1, (120, 300)), Receiver(10.0, 4.0, 60.0))
    start = make.to_ms(night.beat.at(clock, night.beat.day - timedelta(days=day_back)))
    return [
        {
            "recorded_at": int(t) - START_MS + start,
            "longitude": lon / 1e7,
            "latitude": lat / 1e7,
            "accuracy_m": 6.0,
        }
        for t, lon, lat in zip(fixes.at_ms, fixes.lon_e7.tolist(), fixes.lat_e7.tolist(), strict=True)
    ]


async def post(handheld: Handheld, path: str, body: Any) -> httpx.Response:
    return await handheld.client.post(f"/api/v1{path}", json=body, headers=handheld.headers)


class TestFound:
    async def test_with_the_judgement_once_and_withdrawn_when_newer_data_says_otherwise(
        self, night: Night
    ) -> None:
        mocked = walk(night.beat.at("08:05"), 1200, is_mock=True)
        await night.send(mocked)
        await night.judge()
        await night.judge()
        assert await night.signals() == {("mock", "inspector", night.beat.day)}
        told = await night.rows(CHANGES)
        assert [t.type for t in told] == ["integrity_signal.found"]
        assert told[0].data["kind"] == "mock"
        assert not {"longitude", "latitude", "evidence"} & set(told[0].data)
        await night.rows("UPDATE fix_batch SET track = NULL, attributes = NULL RETURNING 1")
        await night.rows(
            "UPDATE patrol_day SET input_version = input_version + 1, pending = true RETURNING 1"
        )
        await night.judge()
        assert await night.signals() == set()
        assert [t.type for t in await night.rows(CHANGES)][1:] == ["integrity_signal.withdrawn"]

    async def test_not_while_the_day_runs(self, night: Night) -> None:
        night.clock.now = night.beat.at("12:00")
        await night.send(walk(night.beat.at("08:05"), 1200, is_mock=True))
        await night.judge()
        assert await night.signals() == set()

    async def test_a_clock_far_off(self, night: Night) -> None:
        fixes = walk(night.beat.at("08:05"), 1200, time_source="device")
        for fix in fixes:
            fix["recorded_at"] += 900_000
        await night.send(fixes, clock_offset_ms=-900_000)
        await night.judge()
        assert await night.signals() == {("clock_skew", "inspector", night.beat.day)}

    async def test_a_rule_of_the_area_decides(self, night: Night) -> None:
        async with night.database.transaction() as session:
            await make.decide(session, night.beat.county.town, "integrity.mock_min_fixes", 500)
        await night.send(walk(night.beat.at("08:05"), 1200, is_mock=True))
        await night.judge()
        assert await night.signals() == set()


class TestCompared:
    async def test_a_track_of_the_day_before_sent_again(self, night: Night) -> None:
        beat = night.beat
        async with night.database.transaction() as session:
            back = beat.day - timedelta(days=1)
            await staffing.shift(session, beat.inspector, beat.at("08:00", back), beat.at("13:00", back))
        await night.send(noisy(night, 1, 1))
        await night.send(noisy(night, 1, 0, "09:00"))
        await night.send(noisy(night, 2), beat.colleague, beat.other_device)
        await night.judge()
        assert await night.compare() == 2
        assert await night.signals() == {("replayed_track", "inspector", beat.day)}
        found = (await night.rows("SELECT evidence, counterpart_key, severity FROM integrity_signal"))[0]
        assert found.counterpart_key == f"{beat.inspector.id}/{back}"
        assert found.evidence["shift_s"] == -86_400 - 3000
        assert found.severity == "high"
        assert await night.compare() == 0

    async def test_a_late_upload_of_the_original_has_the_copy_looked_at_again(self, night: Night) -> None:
        beat = night.beat
        back = beat.day - timedelta(days=1)
        async with night.database.transaction() as session:
            await staffing.shift(session, beat.inspector, beat.at("08:00", back), beat.at("13:00", back))
        await night.send(noisy(night, 1, 0, "09:00"))
        await night.judge()
        await night.compare()
        assert await night.signals() == set()
        await night.send(noisy(night, 1, 1))
        await night.judge()
        await night.compare()
        await night.compare()
        assert await night.signals() == {("replayed_track", "inspector", beat.day)}

    async def test_colleagues_side_by_side_are_asked_and_told_that_company_explains_it(
        self, night: Night, office: Office
    ) -> None:
        beat = night.beat
        side = [f | {"longitude": round(f["longitude"] + 3e-5, 7)} for f in noisy(night, 1)]
        jitter = np.random.default_rng(8).normal(0, 2.5e-5, (len(side), 2)).cumsum(axis=0) * 0.1
        for fix, (dx, dy) in zip(side, jitter.tolist(), strict=True):
            fix["longitude"] = round(fix["longitude"] + dx, 7)
            fix["latitude"] = round(fix["latitude"] + dy, 7)
        await night.send(noisy(night, 1))
        await night.send(side, beat.colleague, beat.other_device)
        await night.judge()
        before = await night.rows("SELECT figures FROM day_figures ORDER BY inspector_id")
        await night.compare()
        assert await night.signals() == {
            ("twin_devices", "inspector", beat.day),
            ("twin_devices", "colleague", beat.day),
        }
        assert await night.rows("SELECT figures FROM day_figures ORDER BY inspector_id") == before
        supervisor = await office.of(beat.supervisor)
        items = (await supervisor.get(PATH, day_to=beat.day)).json()["items"]
        own = next(i for i in items if i["inspector_id"] == str(beat.inspector.id))
        assert own["counterpart_id"] == str(beat.colleague.id)
        assert own["severity"] == "low"
        assert "两人结伴巡查也会如此" in own["zh"]
        handheld = await office.of(beat.inspector, beat.device)
        day = (await handheld.get(f"/patrol-days/{beat.inspector.id}/{beat.day}/explanation")).json()
        assert [s["kind"] for s in day["signals"]] == ["twin_devices"]
        assert day["signals"][0]["counterpart_id"] is None
        assert str(beat.colleague.id) not in str(day["signals"])

    async def test_a_frozen_day_is_left_as_it_is(self, night: Night) -> None:
        await night.send(noisy(night, 1))
        await night.judge()
        await night.rows("UPDATE patrol_day SET frozen_at = now() RETURNING 1")
        assert await night.compare() == 0


class TestShownAndReviewed:
    @pytest.fixture
    async def signal_id(self, night: Night) -> str:
        await night.send(walk(night.beat.at("08:05"), 1200, is_mock=True))
        await night.judge()
        return str((await night.rows("SELECT id FROM integrity_signal"))[0].id)

    async def test_filters_and_pages(self, night: Night, beat: Beat, office: Office, signal_id: str) -> None:
        await night.send(walk(beat.at("08:05"), 1200, is_mock=True), beat.colleague, beat.other_device)
        await night.judge()
        supervisor = await office.of(beat.supervisor)
        day = beat.day.isoformat()
        asked = {"day_from": day, "day_to": day}
        first = (await supervisor.get(PATH, **asked, limit=1)).json()
        second = (await supervisor.get(PATH, **asked, limit=1, cursor=first["next"])).json()
        assert second["next"] is None
        assert signal_id in {i["id"] for i in first["items"] + second["items"]}
        assert (await supervisor.get(PATH, **asked, kind="loop")).json()["items"] == []
        assert (await supervisor.get(PATH, **asked, reviewed=True)).json()["items"] == []
        assert len((await supervisor.get(PATH, **asked, reviewed=False)).json()["items"]) == 2
        other = (beat.day - timedelta(days=1)).isoformat()
        assert (await supervisor.get(PATH, day_from=other, day_to=other)).json()["items"] == []
        seen = await night.rows("SELECT data FROM event WHERE type = 'integrity_signals.listed'")
        assert str(beat.inspector.id) in str(seen[0].data) + str(seen[1].data)

    async def test_scope_roles_and_bad_input(
        self, beat: Beat, office: Office, client: httpx.AsyncClient, signal_id: str
    ) -> None:
        body = {"outcome": "explained", "note": "结伴宣传"}
        review = f"{PATH}/{signal_id}/reviews"
        assert (await client.get(f"/api/v1{PATH}")).status_code == 401
        assert (await client.post(f"/api/v1{review}", json=body)).status_code == 401
        day = beat.day.isoformat()
        foreigner = await office.of(beat.foreigner)
        assert (await foreigner.get(PATH, day_to=day)).json()["items"] == []
        foreign = await foreigner.get(PATH, day_to=day, area_id=str(beat.county.town))
        assert (foreign.status_code, foreign.json()["code"]) == (404, "not_found")
        refused = await post(foreigner, review, body)
        assert (refused.status_code, refused.json()["code"]) == (404, "signal_not_found")
        inspector = await office.of(beat.inspector, beat.device)
        assert (await inspector.get(PATH)).status_code == 403
        assert (await post(inspector, review, body)).status_code == 403
        supervisor = await office.of(beat.supervisor)
        for params in (
            {"kind": "laziness"},
            {"day_from": "2026-01-01", "day_to": "2026-12-31"},
            {"day_from": "2026-03-02", "day_to": "2026-03-01"},
            {"cursor": "%%%"},
            {"limit": 0},
            {"area_id": "x"},
        ):
            assert (await supervisor.get(PATH, **params)).status_code == 422, params
        for bad in (
            {},
            body | {"outcome": "guilty"},
            body | {"note": " "},
            body | {"note": "x" * 501},
            body | {"fine": 50},
        ):
            assert (await post(supervisor, review, bad)).status_code == 422, bad
        unknown = await post(supervisor, f"{PATH}/{uuid4()}/reviews", body)
        assert unknown.json()["code"] == "signal_not_found"

    async def test_a_review_is_kept_shown_to_the_inspector_and_changes_no_figure(
        self, night: Night, beat: Beat, office: Office, signal_id: str
    ) -> None:
        before = await night.rows("SELECT status, figures FROM day_figures")
        supervisor = await office.of(beat.supervisor)
        answer = await post(supervisor, f"{PATH}/{signal_id}/reviews", {"outcome": "unclear", "note": "待问"})
        assert (answer.status_code, answer.json()["outcome"]) == (201, "unclear")
        answer = await post(
            supervisor, f"{PATH}/{signal_id}/reviews", {"outcome": "confirmed", "note": "<b>本人承认</b>"}
        )
        assert answer.json()["reviewed_by"] == str(beat.supervisor.id)
        told = await night.rows(
            "SELECT data FROM event WHERE type = 'integrity_signal.reviewed' ORDER BY ord"
        )
        assert [t.data["outcome"] for t in told] == ["unclear", "confirmed"]
        assert await night.rows("SELECT status, figures FROM day_figures") == before
        handheld = await office.of(beat.inspector, beat.device)
        path = f"/patrol-days/{beat.inspector.id}/{beat.day}"
        day = (await handheld.get(f"{path}/explanation")).json()
        assert day["signals"][0]["outcome"] == "confirmed"
        assert "本人承认" not in (await handheld.get(f"{path}/page")).text
        assert (await supervisor.get(PATH, day_to=beat.day, reviewed=True)).json()["items"][0][
            "id"
        ] == signal_id

    async def test_a_withdrawn_one_needs_no_review(
        self, night: Night, beat: Beat, office: Office, signal_id: str
    ) -> None:
        await night.rows("UPDATE integrity_signal SET withdrawn_at = now() RETURNING 1")
        supervisor = await office.of(beat.supervisor)
        answer = await post(supervisor, f"{PATH}/{signal_id}/reviews", {"outcome": "unclear", "note": "待问"})
        assert (answer.status_code, answer.json()["code"]) == (409, "signal_withdrawn")
        asked = {"day_to": beat.day}
        assert (await supervisor.get(PATH, **asked)).json()["items"] == []
        assert len((await supervisor.get(PATH, **asked, withdrawn=True)).json()["items"]) == 1


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), mocked=st.integers(0, 50), offset_s=st.integers(-4000, 4000))
def test_looking_for_signals_changes_nothing_of_a_fold(seed: int, mocked: int, offset_s: int) -> None:
    """Whatever the limits: the fold is the same before and after, bit by bit."""
    rng = np.random.default_rng(seed)
    fixes = record(rng, with_pauses(rng, 2000, 1.1), Receiver(10.0, 4.0))
    fixes.flags[:mocked] |= 1
    fold = fold_day(DayInputs(fixes, (Interval(START_MS, START_MS + 36_000_000),)))
    kept = {
        name: np.copy(getattr(fold, name)) for name in ("verdicts", "credited_mm", "in_grid", "vehicle_mm")
    }
    sums = (fold.distance_mm, fold.patrol_ms, fold.online_ms, fold.totals, fold.segments, fold.gaps)
    for strict in (IntegrityLimits(), IntegrityLimits(1, 1, 1, 1, 10.0, 2, 50, 100, 1, 100, 10, 2)):
        find_day_signals(fold, [ClockReading("d", 0, offset_s * 1000, offset_s * 1000)], strict)
    assert sums == (fold.distance_mm, fold.patrol_ms, fold.online_ms, fold.totals, fold.segments, fold.gaps)
    assert all(np.array_equal(getattr(fold, name), before) for name, before in kept.items())


async def test_judged_figures_are_the_same_with_and_without_signals(night: Night) -> None:
    """A day with a signal is judged as the same day is where the rules see none."""
    await night.send(walk(night.beat.at("08:05"), 3600) + walk(night.beat.at("10:05"), 600, is_mock=True))
    await night.judge()
    with_signal = await night.rows(FIGURES, day=night.beat.day)
    assert await night.signals() == {("mock", "inspector", night.beat.day)}
    async with night.database.transaction() as session:
        await make.decide(session, night.beat.county.county, "integrity.mock_min_fixes", 10_000)
        await session.execute(
            text("UPDATE patrol_day SET pending = true WHERE service_day = :day"), {"day": night.beat.day}
        )
    await night.judge()
    assert await night.signals() == set()
    assert await night.rows(FIGURES, day=night.beat.day) == with_signal
    assert (
        len(await night.rows("SELECT 1 FROM day_judgement WHERE service_day = :day", day=night.beat.day)) == 1
    )
