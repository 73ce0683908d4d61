"""Tasks, declarations and tips: ready-made rows and requests."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.assignments.models import Task
from app.collection.assignments.opening import NewTask, open_tasks
from app.collection.assignments.workflow import TaskKind
from app.collection.declarations.models import DeclarationPoint
from app.identity.actor import system_actor
from tests.factories.patrol import Beat

ZONE = ZoneInfo("Asia/Shanghai")
TENANT = {
    "name": "李小龙",
    "gender": "1",
    "inflow_reason": "01",
    "phone": "13812345678",
    "residence_address": "安澜路12号3幢501室",
}


async def open_one(
    session: AsyncSession, beat: Beat, kind: TaskKind = TaskKind.RETURNED, *, now: datetime, **more: Any
) -> UUID:
    """A task of the beat's grid."""
    origin = more.pop("origin_id", None) or uuid4()
    new = NewTask(
        kind,
        beat.county.community,
        more.pop("grid_id", beat.grid),
        more.pop("origin_kind", "submission"),
        origin,
        **more,
    )
    (task_id,) = await open_tasks(session, system_actor(beat.county.code), [new], now=now, zone=ZONE)
    return task_id


async def task(session: AsyncSession, task_id: UUID) -> Task:
    """The task as the database has it."""
    found = await session.scalar(
        select(Task).where(Task.id == task_id).execution_options(populate_existing=True)
    )
    assert found is not None
    return found


async def point(session: AsyncSession, beat: Beat, *, now: datetime) -> str:
    """The token of a new declaration point of the beat's grid."""
    row = DeclarationPoint(
        county_code=beat.county.code,
        id=uuid4(),
        token=f"TESTED{uuid4().hex[:16].upper()}",
        grid_id=beat.grid,
        area_id=beat.county.community,
        created_by=None,
        created_at=now,
        revoked_at=None,
    )
    session.add(row)
    await session.flush()
    return row.token


async def declare(client: httpx.AsyncClient, point: str, **more: Any) -> httpx.Response:
    """A tenant's declaration as JSON."""
    body = {
        "id": str(uuid4()),
        "token": point,
        "item_code": "resident_floating",
        "fields": TENANT,
        "consent_version": "2026-1",
    }
    return await client.post("/api/v1/declarations", json=body | more)
