"""Tasks of the demo grid: a declaration to be verified, a tip that waits for the meeting, a building overdue."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.assignments.cycles import sweep_cycles
from app.collection.assignments.opening import NewTask, open_tasks
from app.collection.assignments.workflow import TaskKind
from app.collection.declarations.models import DeclarationPoint
from app.collection.declarations.offering import open_form, open_point
from app.collection.declarations.service import NewDeclaration, declare
from app.collection.subjects.models import Subject
from app.collection.tips.schemas import TipCreate
from app.collection.tips.service import register_tip
from app.exchange.items import Desk
from app.identity.actor import Actor, Role, system_actor
from app.kit.crypto import Vault
from app.kit.ids import (
    DEMO_BUILDING,
    DEMO_COMMUNITY,
    DEMO_COMMUNITY_SUPERVISOR,
    DEMO_COUNTY_CODE,
    DEMO_DECLARATION,
    DEMO_DECLARATION_TOKEN,
    DEMO_GRID,
    DEMO_TASK,
    DEMO_TIP,
    demo_id,
)
from app.rules.catalogue.declarations import NOTICE_VERSION

OVERDUE_BACK = timedelta(days=400)
"""Longer ago than any shipped cycle."""
TENANT = {
    "name": "陈小满",
    "gender": "2",
    "inflow_reason": "01",
    "phone": "13857200001",
    "residence_address": "安澜路12号3幢501室",
}


async def load(session: AsyncSession, vault: Vault, *, today: date, zone: ZoneInfo, now: datetime) -> None:
    """A point with a fixed token, so that the page of the demo grid has an address; and one task of each way."""
    await _declare(session, vault, zone=zone, now=now)
    await _tip(session, vault, today=today, zone=zone, now=now)
    await session.execute(
        update(Subject).where(Subject.id == DEMO_BUILDING).values(fresh_at=now - OVERDUE_BACK)
    )
    await sweep_cycles(session, DEMO_COUNTY_CODE, now=now, zone=zone)


async def _declare(session: AsyncSession, vault: Vault, *, zone: ZoneInfo, now: datetime) -> None:
    session.add(
        DeclarationPoint(
            county_code=DEMO_COUNTY_CODE,
            id=demo_id("declaration_point", "1"),
            token=DEMO_DECLARATION_TOKEN,
            grid_id=DEMO_GRID,
            area_id=DEMO_COMMUNITY,
            created_by=DEMO_COMMUNITY_SUPERVISOR,
            created_at=now,
            revoked_at=None,
        )
    )
    await session.flush()  # the page looks for it
    point = await open_point(session, DEMO_DECLARATION_TOKEN, now=now, zone=zone)
    _, form = await open_form(session, point, "resident_floating", now=now)
    origin = ("declaration", DEMO_DECLARATION)
    task = NewTask(
        TaskKind.VERIFICATION, DEMO_COMMUNITY, DEMO_GRID, *origin, item_code=form.item_code, id=DEMO_TASK
    )
    await open_tasks(session, system_actor(DEMO_COUNTY_CODE), [task], now=now, zone=zone)
    new = NewDeclaration(DEMO_DECLARATION, "page", TENANT, point.rules[NOTICE_VERSION])
    await declare(session, vault, point, form, new, now=now, zone=zone)


async def _tip(session: AsyncSession, vault: Vault, *, today: date, zone: ZoneInfo, now: datetime) -> None:
    clerk = Actor(DEMO_COMMUNITY_SUPERVISOR, DEMO_COUNTY_CODE, Role.COMMUNITY, DEMO_COMMUNITY, None, "demo")
    body = TipCreate(
        id=DEMO_TIP,
        grid_id=DEMO_GRID,
        item_code="gumei_work_register",
        form_version=1,
        recorded_at=now,
        fields={"registered_on": today.isoformat(), "content": "3幢楼道长反映:501室新来一户租客,尚未登记。"},
    )
    await register_tip(session, Desk(clerk, vault, zone, now), body)
