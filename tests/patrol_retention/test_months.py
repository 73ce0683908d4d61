"""Months of tables: dropped when nothing in them is needed, made when a row finds none."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from app.audit.verify import Finding, verify
from app.kit import events, partitions
from app.kit.db import Database
from app.kit.events import SYSTEM
from app.kit.partitions import months_ahead, next_month, shifted
from app.patrol.retention.checkpoints import Stretch, merged, skip
from tests.factories import patrol as make
from tests.factories import staffing
from tests.factories.patrol import Beat, Clock, batch, walk
from tests.patrol.conftest import Office
from tests.patrol_retention.conftest import Archive, appeal_of

AWAY_DAYS = 300
"""Nobody has made these months in the template."""


async def months(database: Database, table: str) -> list[date]:
    """Months that exist."""
    async with database.transaction() as session:
        return await partitions.list_months(session, table)


async def seal_all(database: Database) -> None:
    """Seals everything there is."""
    async with database.transaction() as session:
        while await events.seal(session):
            pass


async def found(database: Database) -> list[Finding]:
    """What the audit says."""
    async with database.transaction() as session:
        verification = await verify(session)
    assert verification.frozen_findings == []
    return verification.findings


class TestMonthsOfFixes:
    async def test_a_month_goes_as_a_whole_when_every_day_of_it_may_go(self, archive: Archive) -> None:
        month = archive.beat.day.replace(day=1)
        assert month in await months(archive.database, "fix_batch")
        done = await archive.purge()
        assert month not in await months(archive.database, "fix_batch")
        assert f"fix_batch {month:%Y-%m}" in done.months
        assert done.counties[make.COUNTY].batches == 0

    async def test_a_contested_day_keeps_its_month_and_the_others_rows_go(self, archive: Archive) -> None:
        body = appeal_of(archive.beat.day, uuid4())
        assert (await archive.post(archive.inspector, "/appeals", body)).status_code == 201
        kept = await archive.fixes(archive.beat.inspector.id)
        done = await archive.purge()
        assert archive.beat.day.replace(day=1) in await months(archive.database, "fix_batch")
        assert done.counties[make.COUNTY].batches > 0
        assert await archive.fixes() == kept > 0

    async def test_a_month_that_uploads_may_still_reach_is_not_dropped(self, archive: Archive) -> None:
        async with archive.database.transaction() as session:
            await make.decide(session, archive.beat.county.county, "retention.fixes_days", 60)
            await make.decide(
                session, archive.beat.foreign.county, "retention.fixes_days", 60, county_code="330922"
            )
        await archive.purge(days=62)
        assert await archive.fixes() == 0
        assert archive.beat.day.replace(day=1) in await months(archive.database, "fix_batch")


class TestMonthsOfEvents:
    async def test_the_log_goes_on_from_its_checkpoint(self, archive: Archive) -> None:
        await seal_all(archive.database)
        before = await archive.one("SELECT max(seq) FROM event WHERE county_code = '330921'")
        done = await archive.purge(days=1300)
        assert done.counties[make.COUNTY].events >= before
        checkpoints = await archive.rows(
            "SELECT first_seq, seq FROM event_checkpoint WHERE county_code = '330921'"
        )
        assert checkpoints == [(1, before)]
        assert await found(archive.database) == []
        await seal_all(archive.database)
        assert await found(archive.database) == []

    async def test_a_second_purge_joins_the_checkpoints(self, archive: Archive) -> None:
        await seal_all(archive.database)
        await archive.purge(days=1300)
        await seal_all(archive.database)
        last = await archive.one("SELECT max(seq) FROM event WHERE county_code = '330921'")
        await archive.purge(days=2600)
        checkpoints = await archive.rows(
            "SELECT first_seq, seq FROM event_checkpoint WHERE county_code = '330921'"
        )
        assert checkpoints == [(1, last)]
        await seal_all(archive.database)
        assert await found(archive.database) == []

    async def test_an_unsealed_event_keeps_its_month(self, archive: Archive) -> None:
        before = await archive.one("SELECT count(*) FROM event")
        await archive.purge(days=1300)
        assert await archive.one("SELECT count(*) FROM event") > before
        assert await archive.one("SELECT count(*) FROM event_checkpoint") == 0

    async def test_a_legal_hold_keeps_its_months_log(self, archive: Archive) -> None:
        await archive.post(archive.county, "/legal-holds", archive.hold())
        await seal_all(archive.database)
        await archive.purge(days=1300)
        month = archive.beat.day.replace(day=1)
        assert month in await months(archive.database, "event")
        assert await archive.one("SELECT count(*) FROM event WHERE type = 'patrol_day.judged'") > 0

    async def test_numbers_that_do_not_follow_the_months_leave_no_gap(self, archive: Archive) -> None:
        """A request that began before midnight commits after one that began in the new month."""
        today = datetime.now(UTC).date()
        old, young = shifted(today, -3), shifted(today, -2)
        async with archive.database.transaction() as session:
            for month in (old, young, old, young, young, old):
                at = datetime.combine(month, time(12), UTC)
                await events.record(
                    session, SYSTEM, "thing.changed", ("thing", uuid4()), {}, county_code="330921", now=at
                )
        await seal_all(archive.database)
        gone = next_month(old) + timedelta(days=1096)
        await archive.purge(days=(gone - archive.beat.day).days)
        await seal_all(archive.database)
        assert await archive.one("SELECT count(*) FROM event_checkpoint WHERE county_code = '330921'") == 3
        assert await archive.one("SELECT count(*) FROM event WHERE type = 'thing.changed'") == 3
        assert await found(archive.database) == []

    async def test_a_forged_checkpoint_is_not_announced(self, archive: Archive) -> None:
        await seal_all(archive.database)
        async with archive.database.transaction() as session:
            last = (
                await session.execute(
                    text("SELECT seq, hash FROM event WHERE county_code = '330921' AND seq = 3")
                )
            ).one()
            await session.execute(text("ALTER TABLE event DISABLE TRIGGER USER"))
            await session.execute(text("DELETE FROM event WHERE county_code = '330921' AND seq <= 3"))
            await session.execute(
                text("INSERT INTO event_checkpoint VALUES ('330921', 1, 3, :hash, now())"),
                {"hash": last.hash},
            )
        assert await found(archive.database) == [Finding("330921", 1, "unannounced")]

    async def test_a_lost_checkpoint_is_found(self, archive: Archive) -> None:
        await seal_all(archive.database)
        await archive.purge(days=1300)
        await seal_all(archive.database)
        await archive.one("DELETE FROM event_checkpoint WHERE county_code = '330921' RETURNING 1")
        whats = {f.what for f in await found(archive.database)}
        assert whats == {"unannounced", "missing"}

    async def test_the_trigger_still_forbids_to_delete_events(self, archive: Archive) -> None:
        from sqlalchemy.exc import DBAPIError

        with pytest.raises(DBAPIError, match="append-only"):
            await archive.one("DELETE FROM event RETURNING 1")


def test_stretches_are_joined_and_skipped() -> None:
    a, b, c = Stretch(1, 3, b"3"), Stretch(4, 4, b"4"), Stretch(7, 9, b"9")
    assert merged([c], [b, a]) == [Stretch(1, 4, b"4"), c]
    purged = {s.first_seq: s for s in merged([a, b, c], [])}
    assert skip(purged, 0, b"") == (4, b"4")
    assert skip(purged, 5, b"5") == (5, b"5")
    assert skip(purged, 6, b"6") == (9, b"9")


class TestMissingMonth:
    """The first second of a month that nobody made, because the worker was down for long."""

    @pytest.fixture
    async def away(self, beat: Beat, clock: Clock, database: Database) -> date:
        clock.now += timedelta(days=AWAY_DAYS)
        day = beat.day + timedelta(days=AWAY_DAYS)
        async with database.transaction() as session:
            await staffing.shift(session, beat.inspector, beat.at("08:00", day), beat.at("13:00", day))
            await partitions.ensure_month(session, "event", clock.now.date())
        return day

    async def drop(self, database: Database, day: date) -> None:
        async with database.transaction() as session:
            await partitions.drop_month(session, "event", day.replace(day=1))

    async def test_an_upload_makes_its_month(
        self, beat: Beat, office: Office, database: Database, away: date
    ) -> None:
        handheld = await office.of(beat.inspector, beat.device)
        assert away.replace(day=1) not in await months(database, "fix_batch")
        answer = await handheld.send(batch(walk(beat.at("08:05", away), 600)))
        assert answer.status_code == 200, answer.text
        assert {r["disposition"] for r in answer.json()["results"]} == {"stored"}
        assert away.replace(day=1) in await months(database, "fix_batch")
        assert int((await handheld.get("/my-day", day=away.isoformat())).json()["figures"]["fixes"]) == 61

    async def test_any_other_request_is_told_to_come_again_and_then_succeeds(
        self, beat: Beat, office: Office, database: Database, away: date
    ) -> None:
        supervisor = await office.of(beat.supervisor)
        await self.drop(database, away)
        path = f"/patrol-days/{beat.inspector.id}/{away}/explanation"
        first: httpx.Response = await supervisor.get(path)
        assert (first.status_code, first.headers["Retry-After"]) == (503, "1")
        assert (await supervisor.get(path)).status_code == 200

    async def test_other_violations_make_no_month(self, database: Database, beat: Beat) -> None:
        from sqlalchemy.exc import IntegrityError

        with pytest.raises(IntegrityError):
            async with database.transaction() as session:
                await session.execute(text("UPDATE account SET username = 'UPPER'"))

    async def test_months_ahead_are_counted_without_holes(self, database: Database) -> None:
        today = datetime.now(UTC).date()
        async with database.transaction() as session:
            assert await months_ahead(session, today) == {"event": 4, "fix_batch": 4}
            await partitions.drop_month(session, "fix_batch", shifted(today, 3))
            assert await months_ahead(session, today) == {"event": 4, "fix_batch": 2}
            assert await months_ahead(session, today + timedelta(days=AWAY_DAYS)) == {
                "event": -1,
                "fix_batch": -1,
            }
