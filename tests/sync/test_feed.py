"""The feed under concurrent writers: every event once, causes before effects; a cursor over serial ids misses some."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from app.exchange.sources import Scope
from app.kit import events
from app.kit.db import Database
from app.sync import feed
from app.sync.follower import Follower
from tests.factories import areas, identity

WRITERS, ROUNDS = 8, 30
TYPES = ["thing"]


@dataclass
class Written:
    """What writers committed. last: the last committed step of each shared thing."""

    ids: list[UUID] = field(default_factory=list)


@dataclass
class Readers:
    """What two readers saw: one follows `seq`, one the serial number that each row has from its insertion."""

    by_seq: list[tuple[UUID, int]] = field(default_factory=list)
    by_ord: list[UUID] = field(default_factory=list)


async def write(database: Database, community: UUID, written: Written, rng: random.Random) -> None:
    """Transactions of one to three events that commit after a random while, late ones among them.

    Every event is about a thing whose row is locked first, so that its steps have an order of their own.
    """
    for _ in range(ROUNDS):
        async with database.transaction() as session:
            made = []
            for thing in sorted(rng.sample(range(20), rng.randint(1, 3))):
                step = await session.scalar(
                    text("UPDATE thing SET step = step + 1 WHERE id = :id RETURNING step"), {"id": thing}
                )
                made.append(
                    await events.record(
                        session,
                        events.SYSTEM,
                        "thing.changed",
                        ("thing", UUID(int=thing)),
                        {"step": step},
                        county_code="330921",
                        now=datetime.now(UTC),
                        area_id=community,
                    )
                )
            await session.execute(text("SELECT pg_sleep(:s)"), {"s": rng.choice((0, 0, 0.002, 0.01, 0.04))})
        written.ids += made
        await asyncio.sleep(rng.uniform(0, 0.004))


async def repeat(work: Callable[[], Awaitable[None]], done: asyncio.Event, every_s: float) -> None:
    """Until `done`, and once more after it."""
    while not done.is_set():
        await work()
        await asyncio.sleep(every_s)
    await work()


@pytest.mark.requirement("S4-51")
async def test_a_reader_by_seq_sees_every_event_once_in_causal_order_and_one_by_serial_id_does_not(
    fresh_url: str,
) -> None:
    database = Database.connect(fresh_url, pool_size=12)
    rng = random.Random(4)
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE thing (id int PRIMARY KEY, step int NOT NULL DEFAULT 0)"))
        await session.execute(text("INSERT INTO thing SELECT generate_series(0, 19)"))
        county = await identity.county(session, "330921")
    scope = Scope("330921", uuid4(), frozenset(), frozenset([county.community]), areas.SINCE)
    written, readers, place = Written(), Readers(), {"seq": 0, "ord": 0}
    follower = Follower(database, TYPES)

    async def seal() -> None:
        async with database.transaction() as session:
            await events.seal(session, limit=7)

    async def seal_all() -> None:
        async with database.transaction() as session:
            while await events.seal(session):
                pass

    async def by_seq() -> None:
        """As a handheld reads: pages of a few, from its cursor to the head."""
        async with database.transaction() as session:
            head = await feed.head(session, "330921")
            rows = await feed.changes(session, scope, place["seq"], head.seq, TYPES, 5)
        readers.by_seq += [(row.subject_id, row.seq) for row in rows]
        place["seq"] = rows[-1].seq if len(rows) == 5 else head.seq

    async def by_ord() -> None:
        async with database.transaction() as session:
            rows = await session.execute(
                text("SELECT id, ord FROM event WHERE subject_type = 'thing' AND ord > :o ORDER BY ord"),
                {"o": place["ord"]},
            )
            for row in rows:
                readers.by_ord.append(row.id)
                place["ord"] = row.ord

    async def from_memory() -> None:
        """What memory calls idle holds nothing unseen up to its own head."""
        async with database.engine.connect() as connection:
            await follower.poll(connection)
            head = follower.head("330921")
            seq = place["seq"]
            if head is None or not head.base < seq <= head.seq:
                return
            idle = head.is_idle(scope, seq)
            unseen = await connection.scalar(
                text("SELECT count(*) FROM event WHERE subject_type = 'thing' AND seq > :a AND seq <= :b"),
                {"a": seq, "b": head.seq},
            )
            assert idle == (unseen == 0)

    done = asyncio.Event()
    reading = [
        asyncio.create_task(repeat(work, done, every_s))
        for work, every_s in ((seal, 0.003), (by_seq, 0.002), (by_ord, 0.002), (from_memory, 0.005))
    ]
    await asyncio.gather(
        *(write(database, county.community, written, random.Random(rng.random())) for _ in range(WRITERS))
    )
    done.set()
    await asyncio.gather(*reading)
    await seal_all()
    for _ in range(len(written.ids) // 5 + 2):
        await by_seq()
    await by_ord()
    seqs = [seq for _, seq in readers.by_seq]
    assert seqs == sorted(set(seqs)), "each once, in order"
    async with database.transaction() as session:
        sealed = (
            await session.execute(
                text("SELECT id, seq, subject_id, data FROM event WHERE subject_type = 'thing' ORDER BY seq")
            )
        ).all()
    assert sorted(row.id for row in sealed) == sorted(written.ids)
    assert seqs == [row.seq for row in sealed], "none missed"
    steps: dict[UUID, int] = {}
    for row in sealed:
        assert row.data["step"] == steps.get(row.subject_id, 0) + 1, "a cause comes before its effect"
        steps[row.subject_id] = row.data["step"]
    await database.close()
    missed = set(written.ids) - set(readers.by_ord)
    assert missed, "the serial id misses what commits late: the writers were not concurrent enough"
