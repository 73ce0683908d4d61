"""SQL of imports."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.imports.models import ImportJob, ImportRow
from app.collection.imports.rows import RowResult
from app.collection.imports.states import ImportState
from app.identity.actor import ADMINISTRATORS, Actor
from app.identity.scope import counties_of, visible_to
from app.kit import pagination
from app.kit.problems import NotFound

OVER = (ImportState.DONE, ImportState.CANCELLED, ImportState.FAILED)


async def get_import(
    session: AsyncSession, actor: Actor, import_id: UUID, *, lock: bool = False
) -> ImportJob:
    """The import. Raises NotFound outside the actor's scope; administrators see divisions only."""
    statement = select(ImportJob).where(
        ImportJob.county_code.in_(await counties_of(session, actor)),
        ImportJob.id == import_id,
        _seen_by(actor),
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = await session.scalar(statement)
    if found is None:
        raise NotFound
    return found


def _seen_by(actor: Actor) -> Any:
    seen = visible_to(actor, ImportJob)
    return seen & (ImportJob.kind == "divisions") if actor.role in ADMINISTRATORS else seen


async def list_imports(
    session: AsyncSession, actor: Actor, *, state: str | None, cursor: str | None, limit: int
) -> tuple[list[ImportJob], str | None]:
    """Imports of the actor's area, the oldest first."""
    statement = select(ImportJob).where(
        ImportJob.county_code.in_(await counties_of(session, actor)), _seen_by(actor)
    )
    if state is not None:
        statement = statement.where(ImportJob.state == state)
    keys = (ImportJob.created_at, ImportJob.id)
    rows = (await session.scalars(pagination.after(statement, keys, cursor, limit))).all()
    return pagination.page(rows, limit, lambda row: [row.created_at, row.id])


async def list_rows(
    session: AsyncSession, job: ImportJob, *, cursor: str | None, limit: int
) -> tuple[list[ImportRow], str | None]:
    """Rows of a file about which there is something to say, by number."""
    statement = select(ImportRow).where(
        ImportRow.county_code == job.county_code, ImportRow.import_id == job.id
    )
    rows = (await session.scalars(pagination.after(statement, [ImportRow.row_no], cursor, limit))).all()
    return pagination.page(rows, limit, lambda row: [row.row_no])


async def find_job(
    session: AsyncSession, county_code: str, import_id: UUID, *, lock: bool = False
) -> ImportJob | None:
    """The import, for the worker."""
    return await session.get(
        ImportJob, (county_code, import_id), with_for_update=lock or None, populate_existing=True
    )


async def keep_rows(session: AsyncSession, job: ImportJob, results: Sequence[RowResult]) -> None:
    """Keeps what there is to say about rows; said again, it replaces what was said before."""
    rows = [
        {
            "county_code": job.county_code,
            "import_id": job.id,
            "row_no": result.number,
            "outcome": result.outcome,
            "errors": [remark.told() for remark in result.remarks],
        }
        for result in results
        if result.remarks
    ]
    if rows:
        statement = insert(ImportRow).values(rows)
        told = {name: statement.excluded[name] for name in ("outcome", "errors")}
        await session.execute(
            statement.on_conflict_do_update(index_elements=["county_code", "import_id", "row_no"], set_=told)
        )


async def forget_rows(session: AsyncSession, job: ImportJob) -> None:
    """Forgets what the dry run said: the import says it again."""
    await session.execute(
        delete(ImportRow).where(ImportRow.county_code == job.county_code, ImportRow.import_id == job.id)
    )


async def list_to_forget(session: AsyncSession, now: datetime, limit: int) -> Sequence[Any]:
    """(county_code, id, file_key) of files that nobody needs any more: imported, given up, or waited too long."""
    statement = (
        select(ImportJob.county_code, ImportJob.id, ImportJob.file_key)
        .where(ImportJob.file_key.is_not(None), or_(ImportJob.state.in_(OVER), ImportJob.expires_at <= now))
        .order_by(ImportJob.expires_at)
        .limit(limit)
    )
    return (await session.execute(statement)).all()
