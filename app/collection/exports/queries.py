"""SQL of exports."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.exports.models import ExportJob
from app.collection.exports.states import CANCELLABLE, ExportState
from app.identity.actor import Actor, Role
from app.identity.scope import AreaClosure, counties_of, visible_to
from app.kit import pagination
from app.kit.problems import NotFound

ABANDONED = (ExportState.CANCELLED, ExportState.FAILED)
APPROVERS = (Role.COUNTY, Role.CITY)


def is_superior(actor: Actor) -> ColumnElement[bool]:
    """Whether the actor asked himself, or stands above who asked."""
    above = select(AreaClosure.area_id).where(AreaClosure.ancestor_id == actor.area_id, AreaClosure.depth > 0)
    return or_(ExportJob.requested_by == actor.account_id, ExportJob.requester_area_id.in_(above))


def _seen_by(actor: Actor) -> ColumnElement[bool]:
    """Own ones and those of people below; who may approve sees those of his own area, too."""
    seen = is_superior(actor)
    if actor.role in APPROVERS:
        seen = or_(seen, ExportJob.requester_area_id == actor.area_id)
    return seen & visible_to(actor, ExportJob)


async def get_export(
    session: AsyncSession, actor: Actor, export_id: UUID, *, lock: bool = False
) -> ExportJob:
    """The export. Raises NotFound when it is not the actor's business."""
    statement = select(ExportJob).where(
        ExportJob.county_code.in_(await counties_of(session, actor)),
        ExportJob.id == export_id,
        _seen_by(actor),
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = await session.scalar(statement)
    if found is None:
        raise NotFound
    return found


async def may_fetch(session: AsyncSession, actor: Actor, export: ExportJob) -> bool:
    """Whether the file is the actor's to fetch: who approves has no need of it."""
    key = (ExportJob.county_code == export.county_code) & (ExportJob.id == export.id)
    return await session.scalar(select(ExportJob.id).where(key, is_superior(actor))) is not None


async def list_exports(
    session: AsyncSession, actor: Actor, *, state: str | None, cursor: str | None, limit: int
) -> tuple[list[ExportJob], str | None]:
    """Exports that are the actor's business, the newest last."""
    statement = select(ExportJob).where(
        ExportJob.county_code.in_(await counties_of(session, actor)), _seen_by(actor)
    )
    if state is not None:
        statement = statement.where(ExportJob.state == state)
    keys = (ExportJob.requested_at, ExportJob.id)
    rows = (await session.scalars(pagination.after(statement, keys, cursor, limit))).all()
    return pagination.page(rows, limit, lambda row: [row.requested_at, row.id])


async def count_open(session: AsyncSession, account_id: UUID) -> int:
    """How many exports of a person wait or run."""
    waiting = select(func.count()).where(
        ExportJob.requested_by == account_id, ExportJob.state.in_(sorted(CANCELLABLE))
    )
    return int(await session.scalar(waiting) or 0)


async def find_job(
    session: AsyncSession, county_code: str, export_id: UUID, *, lock: bool = False
) -> ExportJob | None:
    """The export, for the worker."""
    return await session.get(
        ExportJob, (county_code, export_id), with_for_update=lock or None, populate_existing=True
    )


async def advance(session: AsyncSession, county_code: str, export_id: UUID, rows_done: int) -> bool:
    """Notes how far it is; False when it was cancelled meanwhile."""
    told = await session.scalar(
        update(ExportJob)
        .where(
            ExportJob.county_code == county_code,
            ExportJob.id == export_id,
            ExportJob.state == ExportState.RUNNING,
        )
        .values(rows_done=rows_done)
        .returning(ExportJob.id)
    )
    return told is not None


async def list_expired(session: AsyncSession, now: datetime, limit: int) -> Sequence[Any]:
    """(county_code, id, file_key) of files that are past their time, or that a cancelled job left."""
    statement = (
        select(ExportJob.county_code, ExportJob.id, ExportJob.file_key)
        .where(
            ExportJob.file_key.is_not(None),
            or_(ExportJob.expires_at <= now, ExportJob.state.in_(ABANDONED)),
        )
        .order_by(ExportJob.expires_at)
        .limit(limit)
    )
    return (await session.execute(statement)).all()
