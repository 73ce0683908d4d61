"""Judged days computed again: new revisions where the substance differs, with the reason; the rest left alone."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import typer
from sqlalchemy import text
from typer.testing import CliRunner

from app.commands import rejudge as command
from app.commands.rejudge import lines
from app.kit.db import Database
from app.patrol.periods.problems import CountyUnknown, InspectorUnknown
from app.patrol.periods.rejudging import RejudgeOutcome, RejudgeRequest, rejudge
from tests.factories import patrol as make
from tests.factories.patrol import ZONE, Beat, Clock
from tests.patrol.conftest import Office, beat, handheld, office
from tests.patrol.test_days import close_of_day, judged, upload
from tests.patrol_periods.conftest import events_of

__all__ = ["beat", "handheld", "office"]
WHY = "标准经批复更正"


@pytest.fixture
def clock() -> Clock:
    return Clock(make.noon())


async def walked(beat: Beat, office: Office, database: Database, clock: Clock) -> None:
    """Two judged days: 4 km in 1.1 h by one inspector, nothing by the other: both fail or have no data."""
    clock.now = close_of_day(beat)
    await upload(
        await office.of(beat.inspector, beat.device), make.walk(beat.at("08:05"), 4000, speed_mps=1.0)
    )
    await upload(
        await office.of(beat.colleague, beat.other_device), make.walk(beat.at("08:05"), 1000, speed_mps=1.0)
    )
    await judged(database, clock)


def request(beat: Beat, **changes: Any) -> RejudgeRequest:
    asked: dict[str, Any] = {
        "county_code": "330921",
        "first": beat.day,
        "last": beat.day,
        "inspector_id": None,
        "reason": WHY,
        "dry_run": False,
    }
    return RejudgeRequest(**(asked | changes))


async def statuses(database: Database, inspector_id: UUID) -> list[str]:
    async with database.transaction() as session:
        found = await session.scalars(
            text("SELECT status FROM day_judgement WHERE inspector_id = :inspector ORDER BY revision"),
            {"inspector": inspector_id},
        )
        return list(found)


async def correct_the_rules(database: Database, beat: Beat) -> None:
    """An hour is asked now, as should have been decided then; where days are judged already nothing changes."""
    async with database.transaction() as session:
        for key, value in (("patrol.day.patrol_min_s", 3600), ("patrol.day.online_share_min", 0.1)):
            await make.decide(session, beat.county.county, key, value)


async def test_days_get_the_rules_that_the_book_now_has(
    beat: Beat, office: Office, database: Database, clock: Clock
) -> None:
    await walked(beat, office, database, clock)
    assert (await statuses(database, beat.inspector.id), await statuses(database, beat.colleague.id)) == (
        ["fail"],
        ["fail"],
    )
    await correct_the_rules(database, beat)
    outcome = await rejudge(database, request(beat), now=clock.now, zone=ZONE)
    assert (outcome.days, dict(outcome.changed)) == (2, {("fail", "pass"): 1, ("fail", "fail"): 1})
    assert await statuses(database, beat.inspector.id) == ["fail", "pass"]
    revised = [e for e in await events_of(database, "patrol_day.revised") if e["revision"] == 2]
    assert [e["reason"] for e in revised] == [WHY] * 2
    again = await rejudge(database, request(beat), now=clock.now + timedelta(hours=1), zone=ZONE)
    assert (again.days, dict(again.changed)) == (2, {})
    assert await statuses(database, beat.inspector.id) == ["fail", "pass"]
    assert lines(outcome, dry_run=False) == [
        "2 judged days computed again, 2 changed, 0 frozen ones left alone",
        "  fail -> fail: 1 (other figures)",
        "  fail -> pass: 1",
    ]


async def test_later_folds_keep_the_new_rules(
    beat: Beat, office: Office, database: Database, clock: Clock
) -> None:
    await walked(beat, office, database, clock)
    await correct_the_rules(database, beat)
    await rejudge(database, request(beat, inspector_id=beat.inspector.id), now=clock.now, zone=ZONE)
    await upload(await office.of(beat.inspector, beat.device), make.walk(beat.at("12:50"), 60, speed_mps=1.0))
    clock.now += timedelta(hours=1)
    await judged(database, clock)
    assert (await statuses(database, beat.inspector.id))[1:] == ["pass", "pass"]
    assert await statuses(database, beat.colleague.id) == ["fail"]  # one inspector was asked for


async def test_a_dry_run_says_the_same_and_writes_nothing(
    beat: Beat, office: Office, database: Database, clock: Clock
) -> None:
    await walked(beat, office, database, clock)
    await correct_the_rules(database, beat)
    dry = await rejudge(database, request(beat, dry_run=True), now=clock.now, zone=ZONE)
    assert dict(dry.changed) == {("fail", "pass"): 1, ("fail", "fail"): 1}
    assert await statuses(database, beat.inspector.id) == ["fail"]
    assert "would change" in lines(dry, dry_run=True)[0]
    wet = await rejudge(database, request(beat), now=clock.now, zone=ZONE)
    assert wet.changed == dry.changed


async def test_frozen_days_are_left_alone_and_counted(
    beat: Beat, office: Office, database: Database, clock: Clock
) -> None:
    await walked(beat, office, database, clock)
    await correct_the_rules(database, beat)
    async with database.transaction() as session:
        await session.execute(
            text("UPDATE patrol_day SET frozen_at = now() WHERE inspector_id = :i"), {"i": beat.inspector.id}
        )
    outcome = await rejudge(database, request(beat), now=clock.now, zone=ZONE)
    assert (outcome.days, outcome.frozen) == (1, 1)
    assert await statuses(database, beat.inspector.id) == ["fail"]


async def test_unchanged_rules_change_nothing(
    beat: Beat, office: Office, database: Database, clock: Clock
) -> None:
    await walked(beat, office, database, clock)
    outcome = await rejudge(database, request(beat), now=clock.now, zone=ZONE)
    assert (outcome.days, dict(outcome.changed)) == (2, {})
    none = await rejudge(
        database, request(beat, first=date(2020, 1, 1), last=date(2020, 1, 2)), now=clock.now, zone=ZONE
    )
    assert none == RejudgeOutcome()


@pytest.mark.parametrize("wrong", [{"county_code": "999999"}, {"inspector_id": UUID(int=7)}])
async def test_nobody_known_is_refused(
    beat: Beat, database: Database, clock: Clock, wrong: dict[str, Any]
) -> None:
    with pytest.raises((CountyUnknown, InspectorUnknown)):
        await rejudge(database, replace(request(beat), **wrong), now=clock.now, zone=ZONE)


def test_the_command_says_so_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object) -> RejudgeOutcome:
        raise CountyUnknown(county_code="999999")

    monkeypatch.setattr(command, "_rejudge", refuse)
    monkeypatch.setattr(
        command, "database_of", lambda *_, **__: nullcontext(SimpleNamespace(database_url="", zone=ZONE))
    )
    monkeypatch.setattr(command, "get_settings", lambda: None)
    app = typer.Typer()
    app.command()(command.rejudge)
    days = ["--from", "2026-10-01", "--to", "2026-10-02"]
    said = CliRunner().invoke(app, ["--county", "999999", *days, "--reason", WHY])
    assert (said.exit_code, said.stderr) == (1, "wangge: There is no county 999999\n")
