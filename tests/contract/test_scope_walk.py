"""Every route of the OpenAPI document, walked with accounts of another county: nothing of ours is found.

A new route is walked by itself, with its own examples, which name rows of the demo county. It fails here
when it forgets scope, when it is open to everybody without being listed, or when it gives no example.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.examples import DEMO_LATITUDE, DEMO_LONGITUDE
from app.demo.loader import load_demo
from app.identity.actor import ADMINISTRATORS, Role
from app.identity.device_models import Device
from app.identity.models import Account
from app.kit.clock import to_ms
from app.kit.db import Database
from app.kit.events import Event
from app.kit.ids import (
    DEMO_APPEAL,
    DEMO_BATCH,
    DEMO_COUNTY_CODE,
    DEMO_COUNTY_SUPERVISOR,
    DEMO_DEVICE,
    DEMO_INSPECTOR,
    DEMO_SIGNAL,
    demo_id,
)
from tests.conftest import _clone, _drop, url_of
from tests.contract.scope_walk import Operation, Trial, leaks, operations, says_nothing, trial
from tests.factories import identity as make

OUR_JOB = 330_921_000_000_001
"""Number of a failed job that names our county."""
FOREIGN_AREA = demo_id("area", "440304000000")
ZONE = make.settings().zone
PUBLIC = {
    "POST /api/v1/auth/token",
    "GET /api/v1/declaration-forms/{token}",
    "POST /api/v1/declarations",
    "POST /api/v1/declarations/status",
    "GET /declare/status",
    "POST /declare/status",
    "GET /declare/{token}",
    "GET /declare/{token}/{item_code}",
    "POST /declare/{token}/{item_code}",
    "GET /api/v1/notices/current",
    "GET /api/v1/.well-known/jwks.json",
    "POST /api/v1/devices/activations",
    "GET /health/live",
    "GET /health/ready",
    "GET /metrics",
}
"""What is open to everybody, on purpose."""
OURS = text(
    """
    SELECT id::text FROM account WHERE county_code = :code
    UNION SELECT username FROM account WHERE county_code = :code AND length(username) > 12
    UNION SELECT id::text FROM area WHERE county_code = :code
    UNION SELECT code FROM collection_item WHERE county_code = :code
    UNION SELECT code FROM code_table WHERE county_code = :code
    UNION SELECT id::text FROM device WHERE county_code = :code
    UNION SELECT id::text FROM upload WHERE county_code = :code
    UNION SELECT serial_no FROM device WHERE county_code = :code
    """
)
FAIL_A_JOB = text(
    "INSERT INTO procrastinate_jobs (id, queue_name, task_name, status, args) "
    "VALUES (:id, 'default', 'test.fails', 'failed', cast(:args AS jsonb))"
)
CONTEST = text(
    "INSERT INTO appeal (county_code, id, digest, inspector_id, service_day, revision, area_id, statement, evidence, "
    "filed_at, file_by, decide_by, state) "
    "SELECT county_code, :id, '', inspector_id, service_day, revision, area_id, 'test', '[]', judged_at, judged_at, "
    "judged_at, 'filed' FROM day_judgement WHERE inspector_id = :inspector LIMIT 1"
)
SIGNAL = text(
    "INSERT INTO integrity_signal (county_code, id, inspector_id, area_id, service_day, kind, severity, evidence, "
    "fold_version, found_at, changed_at) SELECT county_code, :id, id, area_id, '2026-01-05', 'mock', 'low', "
    """'{"fixes": 3, "fixes_on_duty": 9, "stretches": []}', 1, created_at, created_at FROM account """
    "WHERE id = :inspector"
)
ROWS_WITH_IDS = text(
    """
    SELECT table_name FROM information_schema.columns c
    WHERE table_schema = 'public' AND column_name IN ('county_code', 'id') AND table_name <> 'event'
      AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = format('%I', table_name)::regclass)
    GROUP BY table_name HAVING count(*) = 2
    """
)


def document() -> tuple[FastAPI, dict[str, Any]]:
    app = make.app_over(Database.connect("postgresql://nobody@/nothing"))
    return app, app.openapi()


DOCUMENT = document()[1]
OPERATIONS = operations(DOCUMENT)
SECURED = [operation for operation in OPERATIONS if operation.secured]
WALKED = [pytest.param(operation, id=operation.name) for operation in SECURED]


@dataclass(frozen=True, slots=True)
class Scene:
    """The demo county with a walked day, and people of another county."""

    app: FastAPI
    database: Database
    client: httpx.AsyncClient
    foreigners: dict[str, Account]
    foreign_device: Device
    samples: dict[str, Any]
    ours: frozenset[str]

    async def headers(self, account: Account, on: Device | None = None) -> dict[str, str]:
        """A fresh login: the walk signs people out, too."""
        async with self.database.transaction() as session:
            return make.bearer(await make.login(self.app, session, account, on))

    async def all_foreign_headers(self) -> dict[str, dict[str, str]]:
        found = {role: await self.headers(account) for role, account in self.foreigners.items()}
        inspector = self.foreigners["inspector"]
        return found | {"inspector with a handheld": await self.headers(inspector, self.foreign_device)}

    async def our_events(self) -> int:
        async with self.database.transaction() as session:
            count = select(func.count()).select_from(Event).where(Event.county_code == DEMO_COUNTY_CODE)
            return int(await session.scalar(count) or 0)


@pytest.fixture(scope="module")
async def scene(template: str) -> AsyncIterator[Scene]:
    name = _clone(template)
    database = Database.connect(url_of(name))
    app = make.app_over(database)
    now = make.now()
    await load_demo(database, make.settings(), today=now.astimezone(ZONE).date())
    async with database.transaction() as session:
        foreigners, device = await _foreigners(session)
        await session.execute(FAIL_A_JOB, {"id": OUR_JOB, "args": f'{{"county_code": "{DEMO_COUNTY_CODE}"}}'})
        await session.execute(CONTEST, {"id": DEMO_APPEAL, "inspector": DEMO_INSPECTOR})
        await session.execute(SIGNAL, {"id": DEMO_SIGNAL, "inspector": DEMO_INSPECTOR})
        shift = (await session.execute(_last_shift(), {"inspector": DEMO_INSPECTOR, "now": now})).one()
    async with app.router.lifespan_context(app), make.client_of(app) as client:
        await _walk_a_bit(app, database, client, shift.on_duty_at)
        scene = Scene(app, database, client, foreigners, device, _samples(shift), await _ours(database))
        yield scene
    await database.close()
    _drop(name)


def _last_shift() -> Any:
    return text(
        "SELECT id, starts_at + interval '30 minutes' AS on_duty_at FROM shift "
        "WHERE inspector_id = :inspector AND ends_at < :now ORDER BY starts_at DESC LIMIT 1"
    )


def _samples(shift: Any) -> dict[str, Any]:
    """By parameter name, what the document's fixed examples can't know: this run's shift and its day."""
    day = shift.on_duty_at.astimezone(ZONE).date().isoformat()
    return {
        "shift_id": str(shift.id),
        "job_id": str(OUR_JOB),
        "service_day": day,
        "day_from": day,
        "day_to": day,
        "from": day,
        "to": day,
        "start_at": (shift.on_duty_at - timedelta(hours=1)).isoformat(),
        "end_at": (shift.on_duty_at + timedelta(hours=1)).isoformat(),
        "west": DEMO_LONGITUDE - 0.01,
        "east": DEMO_LONGITUDE + 0.01,
        "south": DEMO_LATITUDE - 0.01,
        "north": DEMO_LATITUDE + 0.01,
    }


async def _foreigners(session: AsyncSession) -> tuple[dict[str, Account], Device]:
    roles = [role for role in Role if role not in (Role.PARTNER, Role.CITY)]
    found = {role.value: await make.account(session, FOREIGN_AREA, role) for role in roles}
    device = await make.device(session, FOREIGN_AREA)
    await make.binding(session, device, found["inspector"])
    return found, device


async def _walk_a_bit(app: FastAPI, database: Database, client: httpx.AsyncClient, at: Any) -> None:
    async with database.transaction() as session:
        inspector = await session.get_one(Account, DEMO_INSPECTOR)
        device = await session.get_one(Device, (DEMO_COUNTY_CODE, DEMO_DEVICE))
        headers = make.bearer(await make.login(app, session, inspector, device))
    steps = 30
    columns = {
        "recorded_at_ms": [to_ms(at), *[10_000] * (steps - 1)],
        "longitude_e7": [round(DEMO_LONGITUDE * 1e7), *[100] * (steps - 1)],
        "latitude_e7": [round(DEMO_LATITUDE * 1e7), *[100] * (steps - 1)],
        "accuracy_m": [6.0],
        "provider": ["gps"],
    }
    body = {
        "batch_id": str(demo_id("batch", "another walk")),
        "coord_sys": "wgs84",
        "sent_at": to_ms(at) + 600_000,
        "columns": columns,
    }
    answer = await client.post("/api/v1/fix-batches", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert '"stored"' in answer.text, answer.text
    looked = await client.get(
        f"/api/v1/patrol-days/{DEMO_INSPECTOR}/{at.astimezone(ZONE).date()}", headers=headers
    )
    assert looked.is_success, looked.text  # who looks has it folded, and it is listed


async def _ours(database: Database) -> frozenset[str]:
    """Ids of all our rows, whatever table they are in, and names that tell people and handhelds."""
    words: set[str] = set()
    async with database.transaction() as session:
        words |= set(await session.scalars(OURS, {"code": DEMO_COUNTY_CODE}))
        for table in await session.scalars(ROWS_WITH_IDS):
            ids = text(f'SELECT id::text FROM "{table}" WHERE county_code = :code')
            words |= set(await session.scalars(ids, {"code": DEMO_COUNTY_CODE}))
        items = text("SELECT item_id::text FROM item_receipt WHERE county_code = :code")
        words |= set(await session.scalars(items, {"code": DEMO_COUNTY_CODE}))
    return frozenset(words) | {str(DEMO_BATCH), str(OUR_JOB)}


def request_of(operation: Operation, scene: Scene) -> Trial:
    return trial(operation, DOCUMENT, scene.samples)


def test_only_the_listed_operations_are_open_to_everybody() -> None:
    assert {operation.name for operation in OPERATIONS if not operation.secured} == PUBLIC


@pytest.mark.parametrize("operation", WALKED)
async def test_nothing_without_a_token(operation: Operation, scene: Scene) -> None:
    refused = (401, "" if operation.verb == "HEAD" else "unauthenticated")  # HEAD has no body to say it in
    answer = await request_of(operation, scene).send(scene.client, {})
    assert (answer.status_code, (answer.content and answer.json()["code"]) or "") == refused
    request = request_of(operation, scene)
    request.headers.clear()  # whoever has no token learns nothing else, not even which header is missing
    answer = await request.send(scene.client, {})
    assert (answer.status_code, (answer.content and answer.json()["code"]) or "") == refused


@pytest.mark.parametrize("operation", [w for w in WALKED if "{" in w.values[0].path])  # type: ignore[union-attr]
async def test_the_walk_names_rows_that_exist(operation: Operation, scene: Scene) -> None:
    """A 404 for a row that isn't there would prove nothing."""
    assert request_of(operation, scene).named & scene.ours, (
        f"{operation.name}: no example names a row of ours"
    )


@pytest.mark.parametrize("operation", WALKED)
async def test_a_foreign_account_finds_and_changes_nothing_of_ours(
    operation: Operation, scene: Scene
) -> None:
    request = request_of(operation, scene)
    events_before = await scene.our_events()
    for who, headers in (await scene.all_foreign_headers()).items():
        answer = await request.send(scene.client, headers)
        said = f"{who}: {answer.status_code} {answer.text[:400]}"
        assert answer.status_code != 401, f"the walk itself is broken; {said}"
        assert answer.status_code < 500, said
        assert not leaks(answer, scene.ours, request.named), (
            f"{leaks(answer, scene.ours, request.named)}; {said}"
        )
        if request.named & scene.ours:
            assert answer.status_code in (403, 404) or says_nothing(answer), said
    assert await scene.our_events() == events_before, "somebody changed something of ours"


@pytest.mark.parametrize("operation", [w for w in WALKED if w.values[0].verb == "GET"])  # type: ignore[union-attr]
async def test_our_own_people_are_answered(operation: Operation, scene: Scene) -> None:
    """The same request by ours: else the walk would pass on a service that refuses everybody."""
    async with scene.database.transaction() as session:
        inspector = await session.get_one(Account, DEMO_INSPECTOR)
        device = await session.get_one(Device, (DEMO_COUNTY_CODE, DEMO_DEVICE))
        supervisor = await session.get_one(Account, DEMO_COUNTY_SUPERVISOR)
        admins = [await session.get_one(Account, demo_id("account", role)) for role in ADMINISTRATORS]
    people = [await scene.headers(each) for each in (supervisor, *admins)]
    people.append(await scene.headers(inspector, device))
    request = request_of(operation, scene)
    answers = [await request.send(scene.client, headers) for headers in people]
    assert any(answer.is_success for answer in answers), [answer.text[:300] for answer in answers]


async def test_the_walk_sees_ours_where_it_is_shown(scene: Scene) -> None:
    async with scene.database.transaction() as session:
        supervisor = await session.get_one(Account, DEMO_COUNTY_SUPERVISOR)
    for path in ("devices", "accounts", "areas", "grids", "patrol-days"):
        answer = await scene.client.get(f"/api/v1/{path}", headers=await scene.headers(supervisor))
        assert leaks(answer, scene.ours, frozenset()), f"{path}: {answer.text[:300]}"
