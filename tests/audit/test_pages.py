"""The event log over HTTP: who sees what of it, filters, pages, and a chain that was tampered with."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Role
from app.kit import events
from app.kit.db import Database
from app.patrol.retention.models import EventCheckpoint
from tests.audit.conftest import code_of
from tests.factories import identity as make
from tests.identity.conftest import World

EVENTS, VERIFICATION = "/api/v1/events", "/api/v1/audit/verification"
UNSEALED = text("ALTER TABLE event DISABLE TRIGGER USER")


async def listed(client: httpx.AsyncClient, headers: dict[str, str], **query: str) -> list[dict[str, Any]]:
    """Every page, two rows each."""
    rows: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        params = {"limit": "2", **query, **({"cursor": cursor} if cursor else {})}
        answer = await client.get(EVENTS, params=params, headers=headers)
        assert answer.status_code == 200, answer.text
        rows += answer.json()["items"]
        cursor = answer.json()["next"]
        if cursor is None:
            return rows


class TestEvents:
    async def test_pages_in_the_order_of_the_chain(
        self, client: httpx.AsyncClient, world: World, session: AsyncSession, as_auditor: dict[str, str]
    ) -> None:
        await session.flush()
        assert await listed(client, as_auditor) == []  # not sealed yet
        await events.seal(session)
        rows = await listed(client, as_auditor)
        assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
        assert {row["county_code"] for row in rows} == {"330921"}
        made = next(row for row in rows if row["subject_id"] == str(world.inspector.id))
        assert (made["type"], made["actor_kind"], made["actor_username"]) == (
            "account.created",
            "system",
            None,
        )
        assert len(made["hash"]) == 64

    async def test_filters(
        self,
        client: httpx.AsyncClient,
        world: World,
        session: AsyncSession,
        as_auditor: dict[str, str],
        as_security_admin: dict[str, str],
    ) -> None:
        path = f"/api/v1/accounts/{world.inspector.id}/unlocking"
        assert (
            await client.post(path, json={"reason": "口误锁定"}, headers=as_security_admin)
        ).status_code == 204
        await events.seal(session)
        about = await listed(client, as_auditor, subject_type="account", subject_id=str(world.inspector.id))
        assert [row["type"] for row in about] == ["account.created", "account.unlocked"]
        by = await listed(client, as_auditor, actor_id=str(world.security_admin.id), type="account.*")
        assert [(row["type"], row["actor_username"]) for row in by] == [
            ("account.unlocked", world.security_admin.username)
        ]
        assert by[0]["data"] == {"reason": "口误锁定"}
        assert await listed(client, as_auditor, type="account.unlock") == []
        assert await listed(client, as_auditor, type="account_*") == []
        later = (make.now() + timedelta(hours=1)).isoformat()
        assert await listed(client, as_auditor, since=later, until=later) == []
        assert await listed(client, as_auditor, until=(make.now() - timedelta(days=1)).isoformat()) == []

    @pytest.mark.parametrize(
        "query",
        [
            {"type": "x y"},
            {"subject_type": "a\0"},
            {"since": "2026-01-01"},
            {"limit": "0"},
            {"cursor": "x"},
        ],
    )
    async def test_wrong_filters(
        self, client: httpx.AsyncClient, as_auditor: dict[str, str], query: dict[str, str]
    ) -> None:
        answer = await client.get(EVENTS, params=query, headers=as_auditor)
        assert code_of(answer) in ((422, "invalid"), (422, "bad_cursor"))
        if code_of(answer)[1] == "invalid":
            assert answer.json()["errors"][0]["field"] == f"query.{next(iter(query))}"

    async def test_each_sees_his_own_area(
        self,
        client: httpx.AsyncClient,
        app: FastAPI,
        world: World,
        session: AsyncSession,
        as_auditor: dict[str, str],
        as_foreigner: dict[str, str],
    ) -> None:
        await events.record(
            session,
            events.SYSTEM,
            "thing.changed",
            ("thing", uuid4()),
            {},
            county_code="330921",
            now=make.now(),
        )
        await events.seal(session)
        everything = await listed(client, as_auditor, type="thing.*")
        assert len(everything) == 1
        theirs = await listed(client, as_foreigner)
        assert {row["county_code"] for row in theirs} == {"330922"}
        town = await make.account(session, world.ours.town, Role.AUDIT_ADMIN)
        headers = make.bearer(await make.login(app, session, town))
        await events.seal(session)
        inside = await listed(client, headers)
        assert {row["area_id"] for row in inside} <= {str(world.ours.town), str(world.ours.community)}
        assert inside
        assert await listed(client, headers, type="thing.*") == []

    async def test_a_city_sees_its_counties(
        self, client: httpx.AsyncClient, app: FastAPI, world: World, session: AsyncSession
    ) -> None:
        city = await session.scalar(text("SELECT id FROM area WHERE level = 'city'"))
        for role in (Role.CITY, Role.AUDIT_ADMIN):
            headers = make.bearer(await make.login(app, session, await make.account(session, city, role)))
            await events.seal(session)
            rows = await listed(client, headers)
            assert {row["county_code"] for row in rows} >= {"330921", "330922"}
            keys = [(row["county_code"], row["seq"]) for row in rows]
            assert keys == sorted(set(keys))

    @pytest.mark.parametrize("path", [EVENTS, VERIFICATION])
    async def test_who_may(
        self,
        client: httpx.AsyncClient,
        path: str,
        as_supervisor: dict[str, str],
        as_system_admin: dict[str, str],
        as_security_admin: dict[str, str],
    ) -> None:
        assert code_of(await client.get(path)) == (401, "unauthenticated")
        for headers in (as_supervisor, as_system_admin, as_security_admin):
            assert code_of(await client.get(path, headers=headers)) == (403, "forbidden")


async def verified(client: httpx.AsyncClient, headers: dict[str, str], **query: str | int) -> dict[str, Any]:
    answer = await client.get(VERIFICATION, params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
async def chain(session: AsyncSession, world: World) -> int:
    """Twelve events and more, sealed; how many."""
    for n in range(12):
        await events.record(
            session,
            events.SYSTEM,
            "thing.changed",
            ("thing", uuid4()),
            {"n": n},
            county_code="330921",
            now=make.now(),
        )
    await events.seal(session)
    count = await session.scalar(text("SELECT count(*) FROM event WHERE county_code = '330921'"))
    return int(count or 0)


class TestVerification:
    async def test_part_by_part_to_the_end(
        self, client: httpx.AsyncClient, as_auditor: dict[str, str], session: AsyncSession, chain: int
    ) -> None:
        await events.seal(session)
        whole = await verified(client, as_auditor)
        assert (whole["findings"], whole["next_after_seq"], whole["unsealed"]) == ([], None, 0)
        assert whole["checked"] == whole["last_seq"] >= chain
        seq: int | None = 0
        checked = 0
        while seq is not None:
            part = await verified(client, as_auditor, after_seq=seq, limit=5)
            assert part["findings"] == []
            checked += part["checked"]
            seq = part["next_after_seq"]
        assert checked == whole["checked"]

    @pytest.mark.parametrize(
        ("damage", "findings"),
        [
            (
                "UPDATE event SET data = '{\"n\": 99}' WHERE seq = 7 AND county_code = '330921'",
                [(7, "changed")],
            ),
            ("DELETE FROM event WHERE seq = 7 AND county_code = '330921'", [(7, "missing")]),
            ("UPDATE event SET seq = 6 WHERE seq = 7 AND county_code = '330921'", None),
            ("UPDATE event_head SET seq = seq + 1 WHERE county_code = '330921'", "head"),
            ("UPDATE event_head SET hash = 'x' WHERE county_code = '330921'", "head"),
            ("DELETE FROM event_head WHERE county_code = '330921'", "head"),
        ],
        ids=["changed", "deleted", "renumbered", "longer head", "other head", "no head"],
    )
    async def test_damage_is_found(
        self,
        client: httpx.AsyncClient,
        as_auditor: dict[str, str],
        session: AsyncSession,
        chain: int,
        damage: str,
        findings: list[tuple[int, str]] | str | None,
    ) -> None:
        await events.seal(session)
        assert (await verified(client, as_auditor))["findings"] == []
        await session.execute(UNSEALED)
        await session.execute(text(damage))
        found = [(each["seq"], each["what"]) for each in (await verified(client, as_auditor))["findings"]]
        if isinstance(findings, str):
            assert [what for _, what in found] == [findings]
        elif findings is None:
            assert {what for _, what in found} >= {"repeated"}
        else:
            assert found == findings

    async def test_a_lost_end_is_found(
        self, client: httpx.AsyncClient, as_auditor: dict[str, str], session: AsyncSession, chain: int
    ) -> None:
        await events.seal(session)
        await session.execute(UNSEALED)
        await session.execute(text("DELETE FROM event WHERE seq > 9 AND county_code = '330921'"))
        assert (await verified(client, as_auditor))["findings"] == [{"seq": 10, "what": "head"}]

    async def test_what_was_purged_is_bridged_by_its_checkpoint(
        self, client: httpx.AsyncClient, as_auditor: dict[str, str], session: AsyncSession, chain: int
    ) -> None:
        await events.seal(session)
        last = await session.scalar(text("SELECT hash FROM event WHERE county_code = '330921' AND seq = 5"))
        await session.execute(UNSEALED)
        await session.execute(text("DELETE FROM event WHERE seq BETWEEN 2 AND 5 AND county_code = '330921'"))
        assert (await verified(client, as_auditor))["findings"] == [{"seq": 2, "what": "missing"}]
        session.add(
            EventCheckpoint(county_code="330921", first_seq=2, seq=5, hash=last, purged_at=make.now())
        )
        await session.flush()
        bridged = await verified(client, as_auditor)
        assert (bridged["findings"], bridged["purged"]) == ([], 4)
        assert (await verified(client, as_auditor, after_seq=5))["findings"] == []
        inside = await verified(client, as_auditor, after_seq=3)
        assert inside["findings"][0] == {"seq": 3, "what": "missing"}

    async def test_foreign_county_is_not_found(
        self, client: httpx.AsyncClient, as_auditor: dict[str, str]
    ) -> None:
        answer = await client.get(VERIFICATION, params={"county_code": "330922"}, headers=as_auditor)
        assert code_of(answer) == (404, "not_found")


async def test_what_is_sealed_meanwhile_is_no_finding(fresh_database: Database) -> None:
    """The head is read before the rows: read after them it would be ahead."""
    from app.audit.verification import verify_part

    async def write_and_seal() -> None:
        async with fresh_database.transaction() as other:
            for _ in range(3):
                await events.record(
                    other,
                    events.SYSTEM,
                    "thing.changed",
                    ("thing", uuid4()),
                    {},
                    county_code="330921",
                    now=make.now(),
                )
        async with fresh_database.transaction() as other:
            await events.seal(other)

    await write_and_seal()
    async with fresh_database.transaction() as session:
        execute, seen = session.execute, 0

        async def execute_and_let_others(*args: Any, **kwargs: Any) -> Any:
            nonlocal seen
            seen += 1
            done = await execute(*args, **kwargs)
            await write_and_seal()
            return done

        session.execute = execute_and_let_others  # type: ignore[method-assign]
        part = await verify_part(session, "330921", after_seq=0, limit=1000)
    assert seen >= 1
    assert part.findings == []
