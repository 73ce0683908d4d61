"""The feed loses nothing: with many writers every event gets one place, causes before effects."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import verify as verification
from app.audit.purged import PurgedStretches, purged_stretches
from app.audit.verify import Finding, verify
from app.kit import events
from app.kit.db import Database

COUNTIES = ("330921", "330922")
WRITERS, STEPS = 8, 25
NOW = datetime.now(UTC)


class ChangedMindError(Exception):
    """A writer rolls back."""


async def write(
    database: Database, county: str, subject: UUID, data: dict[str, object], *, pause_s: float = 0
) -> None:
    """One event in a transaction of its own, which stays open for a while."""
    async with database.transaction() as session:
        await events.record(
            session, events.SYSTEM, "thing.changed", ("thing", subject), data, county_code=county, now=NOW
        )
        await asyncio.sleep(pause_s)


async def seal(database: Database, *, limit: int = 5000) -> int:
    """One sweep of the sealer."""
    async with database.transaction() as session:
        return await events.seal(session, limit=limit)


async def chain(database: Database, county: str) -> list[tuple[int, dict[str, object]]]:
    """What a reader of the county's feed sees."""
    async with database.transaction() as session:
        rows = await session.execute(
            text("SELECT seq, data FROM event WHERE county_code = :c AND seq IS NOT NULL ORDER BY seq"),
            {"c": county},
        )
        return [(row.seq, row.data) for row in rows]


async def findings(database: Database) -> list[Finding]:
    """What `audit verify` finds."""
    async with database.transaction() as session:
        return (await verify(session)).findings


class TestManyWriters:
    async def test_gapless_once_and_causes_before_effects(self, fresh_database: Database) -> None:
        """Writers take turns on shared counters under a row lock: each step causes the next."""
        async with fresh_database.transaction() as session:
            await session.execute(text("CREATE TABLE counter (id int PRIMARY KEY, county text, value int)"))
            await session.execute(
                text("INSERT INTO counter VALUES (0, '330921', 0), (1, '330922', 0), (2, '330921', 0)")
            )
        subjects = [uuid4() for _ in range(3)]
        noise = Random(3)
        writing = True

        async def writer() -> None:
            for _ in range(STEPS):
                with suppress(ChangedMindError):
                    await step(noise.randrange(3))

        async def step(which: int) -> None:
            async with fresh_database.transaction() as session:
                county, value = (
                    await session.execute(
                        text("UPDATE counter SET value = value + 1 WHERE id = :id RETURNING county, value"),
                        {"id": which},
                    )
                ).one()
                await events.record(
                    session,
                    events.SYSTEM,
                    "counter.raised",
                    ("counter", subjects[which]),
                    {"counter": which, "value": value},
                    county_code=county,
                    now=NOW,
                )
                if noise.random() < 0.3:
                    await asyncio.sleep(noise.random() * 0.02)  # commits long after it drew its `ord`
                if noise.random() < 0.1:
                    raise ChangedMindError

        seen: dict[str, list[int]] = {county: [] for county in COUNTIES}

        async def reader() -> None:
            while writing:
                await follow()
                await asyncio.sleep(0.005)

        async def follow() -> None:
            for county, known in seen.items():
                after = known[-1] if known else 0
                known += [seq for seq, _ in await chain(fresh_database, county) if seq > after]

        async def sealer() -> None:
            while writing:
                await seal(fresh_database, limit=7)
                await asyncio.sleep(0.002)

        others = [asyncio.create_task(work()) for work in (sealer, sealer, reader)]
        await asyncio.gather(*(writer() for _ in range(WRITERS)))
        writing = False
        await asyncio.gather(*others)
        while await seal(fresh_database):
            pass
        await follow()
        total = 0
        for county in COUNTIES:
            rows = await chain(fresh_database, county)
            assert [seq for seq, _ in rows] == list(range(1, len(rows) + 1))
            assert seen[county] == [seq for seq, _ in rows]
            for which in range(3):
                values = [data["value"] for _, data in rows if data["counter"] == which]
                assert values == list(range(1, len(values) + 1))
            total += len(rows)
        async with fresh_database.transaction() as session:
            assert total == await session.scalar(text("SELECT sum(value) FROM counter"))
        assert await findings(fresh_database) == []

    async def test_an_open_transaction_holds_nobody_up(self, fresh_database: Database) -> None:
        subject = uuid4()
        late = asyncio.create_task(write(fresh_database, "330921", subject, {"n": "late"}, pause_s=0.3))
        await asyncio.sleep(0.1)
        await write(fresh_database, "330921", subject, {"n": "early"})
        assert await seal(fresh_database) == 1
        await late
        assert await seal(fresh_database) == 1
        assert [(s, d["n"]) for s, d in await chain(fresh_database, "330921")] == [(1, "early"), (2, "late")]

    async def test_a_second_sealer_does_nothing_meanwhile(self, fresh_database: Database) -> None:
        await write(fresh_database, "330921", uuid4(), {})
        async with fresh_database.transaction() as session:
            assert await events.seal(session) == 1
            assert await seal(fresh_database) == 0
        assert await seal(fresh_database) == 0

    async def test_a_rollback_leaves_no_event(self, fresh_database: Database) -> None:
        with pytest.raises(RuntimeError, match="no"):
            await self.failing(fresh_database)
        assert await seal(fresh_database) == 0

    async def failing(self, database: Database) -> None:
        async with database.transaction() as session:
            await events.record(
                session, events.SYSTEM, "x.y", ("x", uuid4()), {}, county_code="330921", now=NOW
            )
            raise RuntimeError("no")


class TestTampering:
    """Somebody with all rights, who even switches the trigger off."""

    @pytest.fixture
    async def sealed(self, fresh_database: Database) -> Database:
        for n in range(6):
            at = NOW - timedelta(days=31 * (n % 3))  # rows in several months
            async with fresh_database.transaction() as session:
                await events.record(
                    session,
                    events.SYSTEM,
                    "thing.changed",
                    ("thing", uuid4()),
                    {"n": n},
                    county_code=COUNTIES[n % 2],
                    now=at,
                )
        await seal(fresh_database)
        assert await findings(fresh_database) == []
        return fresh_database

    async def tamper(self, database: Database, statement: str) -> list[tuple[str, int, str]]:
        """Does it in spite of the trigger; what is found then."""
        async with database.transaction() as session:
            await session.execute(text("SET LOCAL session_replication_role = replica"))
            await session.execute(text(statement))
        return [(f.county_code, f.seq, f.what) for f in await findings(database)]

    @pytest.mark.parametrize(
        "change",
        [
            "data = '{\"n\": 99}'",
            "type = 'thing.hidden'",
            "actor_kind = 'account'",
            "actor_id = gen_random_uuid()",
            "subject_type = 'person'",
            "subject_id = gen_random_uuid()",
            "area_id = gen_random_uuid()",
            "occurred_at = occurred_at + interval '1 second'",
            "hash = '\\x00'",
            "id = gen_random_uuid()",
        ],
    )
    async def test_a_changed_row(self, sealed: Database, change: str) -> None:
        where = "WHERE county_code = '330921' AND seq = 2"
        found = await self.tamper(sealed, f"UPDATE event SET {change} {where}")
        assert ("330921", 2, "changed") in found
        assert {f[0] for f in found} == {"330921"}

    async def test_a_missing_row(self, sealed: Database) -> None:
        found = await self.tamper(sealed, "DELETE FROM event WHERE county_code = '330922' AND seq = 2")
        assert found == [("330922", 2, "missing")]

    async def test_the_last_row_missing(self, sealed: Database) -> None:
        found = await self.tamper(sealed, "DELETE FROM event WHERE county_code = '330922' AND seq = 3")
        assert found == [("330922", 3, "head")]

    async def test_all_rows_of_a_county_missing(self, sealed: Database) -> None:
        found = await self.tamper(sealed, "DELETE FROM event WHERE county_code = '330921'")
        assert found == [("330921", 1, "head")]

    async def test_two_rows_swapped(self, sealed: Database) -> None:
        swap = (
            "UPDATE event e SET data = o.data FROM event o WHERE e.county_code = '330921' AND o.county_code = "
            "'330921' AND (e.seq, o.seq) IN ((1, 2), (2, 1))"
        )
        assert [f[1:] for f in await self.tamper(sealed, swap)] == [(1, "changed"), (2, "changed")]

    async def test_a_row_slipped_in(self, sealed: Database) -> None:
        found = await self.tamper(
            sealed,
            "INSERT INTO event SELECT county_code, gen_random_uuid(), occurred_at, ord, seq, hash, actor_kind, "
            "actor_id, type, subject_type, subject_id, area_id, data FROM event "
            "WHERE county_code = '330921' AND seq = 2",
        )
        assert ("330921", 2, "repeated") in found

    async def test_a_forged_link_breaks_the_next(self, sealed: Database) -> None:
        """Whoever changes a row and gives it the right hash has to forge all that follow, and the head."""
        async with sealed.transaction() as session:
            rows = (
                await session.execute(text("SELECT * FROM event WHERE county_code = '330921' ORDER BY seq"))
            ).all()
            first, second = rows[0], rows[1]
            row = SimpleNamespace(**dict(second._mapping) | {"data": {"n": 99}})
            forged = events.link(first.hash, 2, cast("Any", row))
            await session.execute(text("SET LOCAL session_replication_role = replica"))
            await session.execute(
                text("UPDATE event SET data = '{\"n\": 99}', hash = :hash WHERE id = :id"),
                {"hash": forged, "id": second.id},
            )
        found = [(f.county_code, f.seq, f.what) for f in await findings(sealed)]
        assert found == [("330921", 3, "changed")]

    async def test_without_switching_the_trigger_off_it_is_refused(self, sealed: Database) -> None:
        for statement in (
            "UPDATE event SET seq = NULL",
            f"DELETE FROM event_y{NOW:%Y}m{NOW:%m}",
            "TRUNCATE event",
        ):
            with pytest.raises(DBAPIError, match=r"append-only"):
                await self.plainly(sealed, statement)

    async def plainly(self, database: Database, statement: str) -> None:
        async with database.transaction() as session:
            await session.execute(text(statement))

    async def test_events_not_sealed_yet_are_counted(self, sealed: Database) -> None:
        await write(sealed, "330921", uuid4(), {})
        async with sealed.transaction() as session:
            found = await verify(session)
        assert (found.sealed, found.unsealed, found.findings) == (6, 1, [])

    async def test_a_head_set_back(self, sealed: Database) -> None:
        """As if the last row had been appended by hand."""
        back = (
            "UPDATE event_head h SET seq = e.seq, hash = e.hash FROM event e "
            "WHERE h.county_code = '330922' AND e.county_code = '330922' AND e.seq = 2"
        )
        assert await self.tamper(sealed, back) == [("330922", 4, "head")]

    async def test_what_is_sealed_meanwhile_is_no_finding(
        self, sealed: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The sealer comes between the head and the rows, also for a county that had nothing sealed before."""
        for county in ("330921", "330923"):
            await write(sealed, county, uuid4(), {})

        async def stretches(session: AsyncSession, county_code: str) -> PurgedStretches:
            await seal(sealed)
            return await purged_stretches(session, county_code)

        monkeypatch.setattr(verification, "purged_stretches", stretches)
        async with sealed.transaction() as session:
            found = await verify(session)
        assert (found.sealed, found.findings) == (8, [])
