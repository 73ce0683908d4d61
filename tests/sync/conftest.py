"""An inspector with a handheld, a taker and a source of the tests' own, and a feed that is sealed on demand."""

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.exchange.items import Desk, Item, Result
from app.exchange.sources import Pulled, Scope
from app.kit import events
from app.kit.db import Database
from app.kit.problems import NotFound
from app.sync.synchronizer import Synchronizer
from tests.factories import identity, staffing
from tests.factories import patrol as make
from tests.factories.patrol import Beat, Clock, Handheld
from tests.patrol import conftest as patrol

clock, beat, office = patrol.clock, patrol.beat, patrol.office
PUSH, PULL, RECEIPTS = "/api/v1/sync/push", "/api/v1/sync/pull", "/api/v1/sync/receipts"


@dataclass
class Notes:
    """A kind of item with a table of its own; its body says what goes wrong."""

    calls: list[list[UUID]] = field(default_factory=list)
    desks: list[Desk] = field(default_factory=list)

    async def __call__(self, session: AsyncSession, items: Sequence[Item], desk: Desk) -> Sequence[Result]:
        self.calls.append([item.id for item in items])
        self.desks.append(desk)
        for item in items:
            if item.body.get("wrong") == "raises":
                raise RuntimeError("a bug")
            if item.body.get("wrong") == "problem":
                raise NotFound
            if item.body.get("wrong") == "sql":
                await session.execute(text("SELECT 1 / 0"))
            await session.execute(
                text("INSERT INTO note VALUES (:id, :text)"), {"id": item.id, "text": item.body["text"]}
            )
        return [
            Result("held" if item.body.get("held") else "stored", {"length": len(item.body["text"])})
            for item in items
        ]


@dataclass
class Things:
    """A source over a table of its own: `thing(id, grid_id, area_id, version)`."""

    kind: str = "thing"
    subject_types: frozenset[str] = frozenset({"thing"})

    async def page(
        self, session: AsyncSession, scope: Scope, after: UUID | None, limit: int
    ) -> Sequence[Pulled]:
        return await self._find(session, scope, "id > :after", {"after": after or UUID(int=0)}, limit)

    async def some(self, session: AsyncSession, scope: Scope, ids: Sequence[UUID]) -> Sequence[Pulled]:
        return await self._find(session, scope, "id = ANY(:ids)", {"ids": list(ids)}, len(ids))

    async def _find(
        self, session: AsyncSession, scope: Scope, which: str, bound: dict[str, Any], limit: int
    ) -> Sequence[Pulled]:
        rows = await session.execute(
            text(
                f"SELECT id, grid_id, version FROM thing WHERE {which} AND (grid_id = ANY(:grids) "
                "OR grid_id IS NULL AND area_id = ANY(:areas)) ORDER BY id LIMIT :limit"
            ),
            {"grids": list(scope.grid_ids), "areas": list(scope.area_ids), "limit": limit, **bound},
        )
        return [Pulled(row.id, row.grid_id, row.version, {"version": row.version}) for row in rows]


async def make_tables(session: AsyncSession) -> None:
    """Tables of the two kinds above."""
    await session.execute(text("CREATE TABLE note (id uuid PRIMARY KEY, text text)"))
    await session.execute(
        text("CREATE TABLE thing (id uuid PRIMARY KEY, grid_id uuid, area_id uuid, version int NOT NULL)")
    )


def note(body: str = "阳台堆物", *, item_id: UUID | str | None = None, **more: Any) -> dict[str, Any]:
    """An item of that kind."""
    return {
        "id": str(item_id or uuid4()),
        "kind": "note",
        "recorded_at": "2026-11-20T03:55:00.000Z",
        "text": body,
        **more,
    }


@dataclass(frozen=True)
class Post:
    """The handheld's end of sync, and the office's hand in the feed."""

    handheld: Handheld
    synchronizer: Synchronizer
    database: Database
    clock: Clock
    beat: Beat

    async def push(
        self, items: Iterable[Any], *, headers: dict[str, str] | None = None, **envelope: Any
    ) -> Any:
        """Pushes and returns the answer's JSON."""
        answer = await self.push_raw(self.body(items, **envelope), **(headers or {}))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def body(self, items: Iterable[Any], **envelope: Any) -> bytes:
        """The body of a push sent now."""
        return json.dumps({"sent_at": self.clock.now.isoformat(), "items": list(items), **envelope}).encode()

    async def push_raw(self, content: bytes, **headers: str) -> httpx.Response:
        """Pushes bytes."""
        named = {"Content-Type": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items()}
        return await self.handheld.client.post(
            PUSH, content=content, headers={**self.handheld.headers, **named}
        )

    async def pull(self, cursor: str | None = None, **params: Any) -> Any:
        """One page."""
        asked = {"cursor": cursor, **params} if cursor else params
        answer = await self.handheld.client.get(PULL, params=asked, headers=self.handheld.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def pull_all(self, cursor: str | None = None, **params: Any) -> tuple[list[Any], str]:
        """Pages until nothing is left, and the last cursor."""
        pages = []
        while True:
            pages.append(await self.pull(cursor, **params))
            cursor = pages[-1]["cursor"]
            if not pages[-1]["more"]:
                return pages, str(cursor)

    async def put(
        self, thing_id: UUID | None = None, *, grid: UUID | None = None, area: UUID | None = None, **data: Any
    ) -> UUID:
        """A thing is made or changed, with its event."""
        thing_id = thing_id or uuid4()
        area = area or self.beat.county.community
        async with self.database.transaction() as session:
            await session.execute(
                text(
                    "INSERT INTO thing VALUES (:id, :grid, :area, 1) ON CONFLICT (id) DO UPDATE "
                    "SET version = thing.version + 1, grid_id = excluded.grid_id"
                ),
                {"id": thing_id, "grid": grid, "area": area},
            )
            named = {"grid_id": str(grid)} if grid else {}
            await self.record(session, thing_id, area, named | data)
        return thing_id

    async def record(
        self, session: AsyncSession, thing_id: UUID, area: UUID | None, data: dict[str, Any]
    ) -> None:
        """An event about a thing."""
        await events.record(
            session,
            events.SYSTEM,
            "thing.changed",
            ("thing", thing_id),
            data,
            county_code=make.COUNTY,
            area_id=area,
            now=self.clock.now,
        )

    async def appoint(self, grid: UUID) -> UUID:
        """The inspector gets another grid, with the event that tells it."""
        since = self.clock.now - timedelta(minutes=1)
        async with self.database.transaction() as session:
            given = await staffing.appointment(session, self.beat.inspector, grid, since)
            await self._tell(session, given.id, "appointment.made")
        return UUID(str(given.id))

    async def dismiss(self, *appointments: UUID) -> None:
        """He loses appointments, all of them if none is named."""
        async with self.database.transaction() as session:
            await session.execute(
                text(
                    "UPDATE appointment SET cancelled_at = now() WHERE inspector_id = :inspector "
                    "AND (id = ANY(:ids) OR cardinality(cast(:ids AS uuid[])) = 0)"
                ),
                {"ids": list(appointments), "inspector": self.beat.inspector.id},
            )
            await self._tell(session, uuid4(), "appointment.cancelled")

    async def _tell(self, session: AsyncSession, appointment_id: UUID, type_: str) -> None:
        await events.record(
            session,
            events.SYSTEM,
            type_,
            ("appointment", appointment_id),
            {"inspector_id": str(self.beat.inspector.id)},
            county_code=make.COUNTY,
            area_id=self.beat.county.community,
            now=self.clock.now,
        )

    async def seal(self) -> None:
        """What the sealer does; then this process looks."""
        async with self.database.transaction() as session:
            while await events.seal(session):
                pass
        await self.follow()

    async def follow(self) -> None:
        """The follower's look, on the test's own connection."""
        async with self.database.transaction() as session:
            await self.synchronizer.follower.poll(await session.connection())


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
async def app(database: Database, clock: Clock, notes: Notes) -> AsyncIterator[FastAPI]:
    app = make.app_at(database, clock)
    app.state.synchronizer = synchronizer_at(database, clock, notes)
    app.state.is_urgent = app.state.synchronizer.is_urgent
    async with database.transaction() as session:
        await make_tables(session)
    app.state.ingestor.start()
    yield app
    await app.state.ingestor.close()


def synchronizer_at(database: Database, clock: Clock, notes: Notes) -> Synchronizer:
    """One that takes notes and offers things, too."""
    from app.sync.kinds import SOURCES, TAKERS

    return Synchronizer(
        database,
        vault=identity.vault,
        zone=make.ZONE,
        clock=clock,
        takers={**TAKERS, "note": notes},
        sources=[*SOURCES, Things()],
    )


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with identity.client_of(app) as client:
        yield client


@pytest.fixture
async def post(app: FastAPI, client: httpx.AsyncClient, database: Database, beat: Beat, clock: Clock) -> Post:
    handheld = await make.sign_in(app, client, database, beat.inspector, beat.device, at=clock.now)
    post = Post(handheld, app.state.synchronizer, database, clock, beat)
    await post.seal()  # what set the scene is no news
    return post


async def rows_of(database: Database, statement: str, **bound: Any) -> list[Any]:
    """Rows of a query."""
    async with database.transaction() as session:
        return list((await session.execute(text(statement), bound)).all())
