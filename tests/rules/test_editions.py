"""What processes keep of the rule book is never older than its stamp."""

import asyncio
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from app.kit.db import Database
from app.kit.events import SYSTEM
from app.rules import service
from app.rules.calendar_seed import seed_calendar
from app.rules.catalogue import judging
from app.rules.service import Decision

DAY = date(2026, 6, 1)


async def decide(database: Database, value: int, *, fail: bool = False) -> None:
    async with database.transaction() as session:
        decision = Decision(judging.DISTANCE_MIN_M.key, None, DAY, None, value, "test")
        now = datetime.now(UTC)
        await service.set_value(
            session, SYSTEM, decision, county_code="330921", area_path=[], now=now, today=None
        )
        if fail:
            raise RuntimeError("after the decision was read back")


async def current(database: Database) -> int:
    async with database.transaction() as session:
        return (await service.resolve(session, [], DAY))[judging.DISTANCE_MIN_M]


async def test_a_decision_that_was_rolled_back_is_never_seen(fresh_database: Database) -> None:
    assert await current(fresh_database) == 3000
    with pytest.raises(RuntimeError, match="after the decision"):
        await decide(fresh_database, 1111, fail=True)
    assert await current(fresh_database) == 3000
    await decide(fresh_database, 2222)
    assert await current(fresh_database) == 2222


async def test_decisions_at_once_take_turns(fresh_database: Database) -> None:
    await asyncio.gather(*(decide(fresh_database, value) for value in range(1, 9)))
    async with fresh_database.transaction() as session:
        rows = (await session.execute(text("SELECT version, value FROM rule_value ORDER BY version"))).all()
    assert [row.version for row in rows] == list(range(1, 9))
    assert await current(fresh_database) == rows[-1].value


async def test_two_processes_may_seed_the_calendar_at_once(fresh_database: Database) -> None:
    async def seed() -> int:
        async with fresh_database.transaction() as session:
            return len(await seed_calendar(session, now=datetime.now(UTC)))

    assert max(await asyncio.gather(seed(), seed())) == 23
    async with fresh_database.transaction() as session:
        assert await session.scalar(text("SELECT count(*) FROM work_calendar_year")) == 23
