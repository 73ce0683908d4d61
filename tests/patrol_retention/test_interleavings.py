"""Any interleaving of appeals, holds and purges: what is contested or held never loses a fix."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor, Role
from app.kit.db import Database
from app.kit.partitions import ensure_month
from app.patrol.appeals.schemas import AppealCreate
from app.patrol.appeals.service import file_appeal
from app.patrol.retention import fixes
from app.patrol.retention.holds import place_hold
from app.patrol.retention.purge import purge
from app.patrol.retention.schemas import HoldCreate
from tests.factories import identity
from tests.factories import patrol as make
from tests.factories.patrol import Clock
from tests.patrol.conftest import Office
from tests.patrol_retention.conftest import Archive, appeal_of, later, make_archive

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["appeal", "settle", "hold", "area_hold", "release", "purge", "freeze", "rows_only"]),
        st.integers(0, 1),
    ),
    min_size=1,
    max_size=14,
)


@asynccontextmanager
async def archive_in(database: Database) -> AsyncIterator[Archive]:
    """An archive over `database`."""
    clock = Clock(make.noon())
    app = make.app_at(database, clock)
    app.state.ingestor.start()
    try:
        async with identity.client_of(app) as client:
            async with database.transaction() as session:
                beat = await make.beat(session, clock.now)
            yield await make_archive(app, Office(app, client, database, clock), database, beat, clock)
    finally:
        await app.state.ingestor.close()


class Keepers:
    """The slow obvious reference: which of the two days must keep its fixes now."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.appeals: dict[int, str | None] = {0: None, 1: None}
        self.holds: list[tuple[set[int], str]] = []
        self.decided: set[int] = set()
        self.people = (archive.beat.inspector, archive.beat.colleague)
        self.clients = (archive.inspector, archive.colleague)

    def kept(self, who: int) -> bool:
        """Whether an appeal is open or a hold covers the day."""
        return self.appeals[who] is not None or any(who in covered for covered, _ in self.holds)

    async def do(self, action: str, who: int) -> None:
        """One step."""
        archive = self.archive
        if action == "appeal" and self.appeals[who] is None and who not in self.decided:
            appeal_id = str(uuid4())
            body = appeal_of(archive.beat.day, uuid4()) | {"appeal_id": appeal_id}
            answer = await archive.post(self.clients[who], "/appeals", body)
            assert answer.status_code == 201, answer.text
            self.appeals[who] = appeal_id
        elif action == "settle" and self.appeals[who] is not None:
            path = f"/appeals/{self.appeals[who]}/decision"
            answer = await archive.post(archive.township, path, {"decision": "dismissed", "reason": "x"})
            assert answer.status_code == 200, answer.text
            self.appeals[who] = None
            self.decided.add(who)
        elif action in ("hold", "area_hold"):
            await self._hold({who} if action == "hold" else {0, 1}, who, action)
        elif action == "release" and self.holds:
            _, hold_id = self.holds.pop(who % len(self.holds))
            await archive.post(archive.county, f"/legal-holds/{hold_id}/release", {"reason": "x"})
        elif action in ("purge", "freeze", "rows_only"):
            await self._purge(action)

    async def _hold(self, covered: set[int], who: int, action: str) -> None:
        archive = self.archive
        about: dict[str, Any] = (
            {"inspector_id": str(self.people[who].id)}
            if action == "hold"
            else {"inspector_id": None, "area_id": str(archive.beat.county.town)}
        )
        answer = await archive.post(archive.county, "/legal-holds", archive.hold(**about))
        assert answer.status_code == 201, answer.text
        self.holds.append((covered, answer.json()["id"]))

    async def _purge(self, action: str) -> None:
        async def nothing(*_: Any, **__: Any) -> None:
            """The purge was killed before this step."""

        with pytest.MonkeyPatch.context() as patch:
            if action in ("freeze", "rows_only"):
                patch.setattr(fixes, "drop_month_of_fixes", nothing)
            if action == "freeze":
                patch.setattr(fixes, "purge_chunk", nothing)
            await self.archive.purge()


async def explained(archive: Archive, who: int, keepers: Keepers) -> dict[str, Any]:
    """The explained day without what tells when it was computed, frozen or contested."""
    path = archive.path("/explanation", keepers.people[who].id)
    answer = await keepers.clients[who].get(path)
    assert answer.status_code == 200, answer.text
    return {k: v for k, v in answer.json().items() if k not in ("computed_at", "frozen", "standing")}


class TestAnyOrder:
    @settings(
        max_examples=12,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
    )
    @given(steps=STEPS)
    @example(steps=[("freeze", 0), ("appeal", 1), ("purge", 0), ("settle", 1), ("purge", 0)])
    @example(steps=[("freeze", 0), ("hold", 0), ("purge", 0), ("release", 0), ("rows_only", 0)])
    async def test_nothing_kept_loses_a_fix_and_every_explanation_stays(
        self, worker_database: Database, steps: list[tuple[str, int]]
    ) -> None:
        async with worker_database.engine.connect() as connection:
            outer = await connection.begin()
            try:
                async with archive_in(Database(worker_database.engine, bind=connection)) as archive:
                    await self.walk_through(archive, steps)
            finally:
                await outer.rollback()

    async def walk_through(self, archive: Archive, steps: list[tuple[str, int]]) -> None:
        keepers = Keepers(archive)
        before = [await explained(archive, who, keepers) for who in (0, 1)]
        left = [await archive.fixes(person.id) for person in keepers.people]
        assert min(left) > 0
        for action, who in steps:
            await keepers.do(action, who)
            for each in (0, 1):
                now = await archive.fixes(keepers.people[each].id)
                if keepers.kept(each):
                    assert now == left[each], (action, each)
                left[each] = now
                assert await explained(archive, each, keepers) == before[each], (action, each)
            if action in ("purge", "rows_only"):
                assert all(left[each] == 0 or keepers.kept(each) for each in (0, 1)), action


Keep = Callable[[AsyncSession, Archive], Awaitable[object]]


async def file_appeal_of(session: AsyncSession, archive: Archive) -> None:
    """The inspector contests his day."""
    person = archive.beat.inspector
    actor = Actor(person.id, make.COUNTY, Role.INSPECTOR, person.area_id, None, "x")
    body = AppealCreate.model_validate(appeal_of(archive.beat.day, uuid4()))
    await file_appeal(session, actor, body, now=archive.clock.now, zone=make.ZONE)


async def place_hold_on(session: AsyncSession, archive: Archive) -> None:
    """The county holds the inspector's day."""
    county = archive.beat.county.county
    actor = Actor(archive.beat.supervisor.id, make.COUNTY, Role.COUNTY, county, None, "x")
    await place_hold(session, actor, HoldCreate.model_validate(archive.hold()), now=archive.clock.now)


class TestRaces:
    """Real transactions side by side: who comes first wins, and nobody loses what is contested."""

    @pytest.mark.parametrize("keep", [file_appeal_of, place_hold_on], ids=["appeal", "hold"])
    async def test_what_is_contested_or_held_while_the_purge_runs_keeps_its_fixes(
        self, fresh_database: Database, keep: Keep
    ) -> None:
        async with archive_in(fresh_database) as archive:
            before = await archive.fixes(archive.beat.inspector.id)
            now = later(archive.beat, 400)
            async with fresh_database.transaction() as session:
                await ensure_month(session, "event", now.date())
            holding, go = asyncio.Event(), asyncio.Event()

            async def keep_slowly() -> None:
                """Its transaction stays open until the purge waits for it."""
                async with fresh_database.transaction() as session:
                    await keep(session, archive)
                    holding.set()
                    await go.wait()

            keeping = asyncio.create_task(keep_slowly())
            await holding.wait()
            purging = asyncio.create_task(purge(fresh_database, now=now, zone=make.ZONE))
            await self.until_somebody_waits(fresh_database)
            go.set()
            await keeping
            await purging
            assert await archive.fixes(archive.beat.inspector.id) == before
            assert await archive.fixes(archive.beat.colleague.id) == 0

    async def test_many_appeals_and_purges_at_once(self, fresh_database: Database) -> None:
        async with archive_in(fresh_database) as archive:
            now = later(archive.beat, 400)
            async with fresh_database.transaction() as session:
                await ensure_month(session, "event", now.date())
            before = {
                p.id: await archive.fixes(p.id) for p in (archive.beat.inspector, archive.beat.colleague)
            }
            await asyncio.gather(
                purge(fresh_database, now=now, zone=make.ZONE),
                archive.post(archive.inspector, "/appeals", appeal_of(archive.beat.day, uuid4())),
                purge(fresh_database, now=now + timedelta(seconds=1), zone=make.ZONE),
                archive.post(
                    archive.county,
                    "/legal-holds",
                    archive.hold(inspector_id=str(archive.beat.colleague.id)),
                ),
            )
            for person_id, count in before.items():
                # either gone before it was contested, or all of it is there
                assert await archive.fixes(person_id) in (0, count)
            frozen = await archive.one("SELECT count(*) FROM frozen_explanation WHERE purged_at IS NOT NULL")
            assert frozen >= [await archive.fixes(person_id) for person_id in before].count(0)

    async def until_somebody_waits(self, database: Database) -> None:
        """Returns when a transaction waits for an advisory lock."""
        for _ in range(200):
            async with database.transaction() as session:
                if await session.scalar(
                    text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
                ):
                    return
            await asyncio.sleep(0.05)
        raise AssertionError("the purge waited for nobody")
