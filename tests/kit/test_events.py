from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.kit import events
from app.kit.db import Database, savepoint

NOW = datetime.now(UTC)


async def test_sealed_events_form_a_chain_and_cannot_change(database: Database) -> None:
    async with database.transaction() as session:
        for n in range(3):
            await events.record(
                session,
                events.SYSTEM,
                "thing.made",
                ("thing", uuid4()),
                {"n": n},
                county_code="330921",
                now=NOW,
            )
    async with database.transaction() as session:
        assert await events.seal(session) == 3
        assert await events.seal(session) == 0
        rows = (await session.execute(select(events.Event.__table__).order_by(events.Event.seq))).all()
        assert [(r.seq, r.data["n"]) for r in rows] == [(1, 0), (2, 1), (3, 2)]
        previous = b""
        for row in rows:
            previous = events.link(previous, row.seq, row)
            assert row.hash == previous
    for statement in (
        "UPDATE event SET type = 'other'",
        "UPDATE event SET seq = 9, hash = '\\x00'",
        "DELETE FROM event",
        "TRUNCATE event",
    ):
        async with database.transaction() as session:
            with pytest.raises(DBAPIError, match="append-only"):
                async with savepoint(session):
                    await session.execute(text(statement))
