"""A hundred people in one town on one morning: the instant online rate is that of a slow, obvious reference."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random
from statistics import mean
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.clock import day_start
from app.kit.db import Database
from app.patrol.ingest import Answer, ingest_group
from app.patrol.online.models import OnlineDay
from app.patrol.online.service import compute_online_days, find_online_day
from tests.factories import patrol as make
from tests.factories.patrol import Clock
from tests.patrol_online.conftest import Office, Town, Worker, heartbeat, town, worker

EXPECTS = {"work", "half_day"}
EXCUSES = {"leave", "training", "meeting", "secondment", "typhoon", "outage"}
PEOPLE, MORNING_MIN = 100, 100


async def people(session: AsyncSession, of: Town, midnight: datetime, now: datetime) -> list[Worker]:
    """Day, night, half-day and split shifts, leave, absences by the hour, substitutes, part-timers."""
    rng = Random(20261122)

    def at(hours: float) -> datetime:
        return midnight + timedelta(hours=hours)

    found = []
    for number in range(PEOPLE):
        kind = number % 10
        day = (at(8) + timedelta(minutes=rng.choice([0, 0, 0, 7.5, 30])), at(16), "work")
        plan: dict[str, Any] = {"shifts": [day]}
        if kind == 1:
            plan = {"shifts": [(at(-2), at(8.25), "work")]}
        elif kind == 2:
            plan = {"shifts": [(at(8), at(16), "leave")]}
        elif kind == 3:
            plan["absences"] = [(at(8.5), at(8.75), "meeting"), (at(9), at(30), "leave")]
        elif kind == 4:
            plan = {"shifts": [(at(8), at(8.5), "half_day"), (at(9), at(12), "half_day")]}
        elif kind == 5:
            plan["posts"] = [("substitute", at(-48), None)]
        elif kind == 6:
            plan["posts"] = [("full_time", at(-48), at(8.6)), ("full_time", at(9.1), None)]
        elif kind == 7:
            plan["posts"] = [("part_time", at(-48), None), ("full_time", at(9), at(9.4))]
        elif kind == 8:
            plan = {"shifts": [(at(8), at(16), "rest")]}
        found.append(await worker(session, of, int(rng.random() < 0.4), now, **plan))
    return found


async def morning(session: AsyncSession, found: list[Worker], start: datetime) -> None:
    """Each handheld speaks as reliably as it is, in groups as they come."""
    rng = Random(1)
    reliability = {w.account.id: rng.choice([0, 0.05, 0.15, 0.3, 0.9]) for w in found}
    for minute in range(MORNING_MIN):
        at = start + timedelta(minutes=minute, seconds=rng.randrange(60))
        heard = [w for w in found if rng.random() < reliability[w.account.id]]
        answers = await ingest_group(session, [heartbeat(w, at) for w in heard], now=at, zone=make.ZONE)
        assert all(isinstance(a, Answer) for a in answers)
        for each in heard:
            each.heard_at.append(at)


def reference(own: Iterable[Worker], at: datetime, *, with_leave: bool) -> tuple[int, int]:
    """Online and expected among `own` in the minute that begins at `at`."""
    kinds = EXPECTS | EXCUSES if with_leave else EXPECTS
    expected = [w for w in own if w.kind_at(at) in kinds and w.is_full_time(at)]
    return sum(w.is_heard(at) for w in expected), len(expected)


def quarters(
    own: list[Worker], midnight: datetime, *, with_leave: bool
) -> tuple[list[float | None], list[float]]:
    """The quarters of the day, and the rates of all minutes that have one."""
    told: list[float | None] = []
    everything: list[float] = []
    for number in range(96):
        shares = [
            reference(own, midnight + timedelta(minutes=15 * number + m), with_leave=with_leave)
            for m in range(15)
        ]
        rates = [online / expected for online, expected in shares if expected]
        told.append(mean(rates) if rates else None)
        everything += rates
    return told, everything


@pytest.mark.requirement("S4-06")
async def test_a_hundred_people_on_one_morning(database: Database, clock: Clock, office: Office) -> None:
    day = clock.now.astimezone(make.ZONE).date()
    midnight = day_start(day, make.ZONE)
    async with database.transaction() as session:
        of = await town(session)
        found = await people(session, of, midnight, clock.now)
        await morning(session, found, midnight + timedelta(hours=7.9))
    over = midnight + timedelta(days=1, hours=1)
    async with database.transaction() as session:
        assert await compute_online_days(session, make.COUNTY, [day], now=over, zone=make.ZONE) == 4
    own = {
        of.county: found,
        of.town: found,
        of.communities[0]: [w for w in found if w.area_id == of.communities[0]],
        of.communities[1]: [w for w in found if w.area_id == of.communities[1]],
    }
    for area_id, members in own.items():
        told, rates = quarters(members, midnight, with_leave=False)
        told_with, rates_with = quarters(members, midnight, with_leave=True)
        assert 0.02 < mean(rates) < 0.9
        assert rates != rates_with
        assert None in told
        async with database.transaction() as session:
            kept = await find_online_day(session, area_id, day)
        assert isinstance(kept, OnlineDay)
        assert (kept.minutes, kept.minutes_with_leave) == (len(rates), len(rates_with))
        assert kept.rate_sum == pytest.approx(sum(rates), abs=1e-9)
        assert kept.rate_sum_with_leave == pytest.approx(sum(rates_with), abs=1e-9)
        assert kept.quarters == pytest.approx(told, abs=1e-6)
        assert kept.quarters_with_leave == pytest.approx(told_with, abs=1e-6)
    clock.now = midnight + timedelta(hours=8.8, seconds=11)
    online, expected = reference(found, clock.now.replace(second=0), with_leave=False)
    with_leave = reference(found, clock.now.replace(second=0), with_leave=True)
    chief = await office.of(of.supervisor)
    live = (await chief.get("/online-rates/live")).json()
    assert live["without_leave"] == {
        "online": online,
        "expected": expected,
        "rate": round(online / expected, 4),
    }
    assert (live["with_leave"]["online"], live["with_leave"]["expected"]) == with_leave
    assert (live["target"]["rate"], live["is_met"]) == (0.6, online / expected >= 0.6)
