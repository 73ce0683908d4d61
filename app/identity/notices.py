"""The notice (告知书): dated versions of one text, and who acknowledged which."""

from datetime import date, datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor
from app.identity.device_models import Notice, NoticeAcknowledgement
from app.identity.problems import NoticeNotAcknowledged, NoticeNotNewer
from app.kit import events


async def get_current_notice(session: AsyncSession, today: date) -> Notice:
    """The version in force on `today`; the first one comes with the migrations."""
    latest = (
        select(Notice)
        .where(Notice.effective_from <= today)
        .order_by(Notice.effective_from.desc(), Notice.version.desc())
        .limit(1)
    )
    return (await session.scalars(latest)).one()


async def publish_notice(
    session: AsyncSession, actor: Actor, notice: Notice, *, now: datetime, today: date
) -> Notice:
    """Adds a version that takes effect today or later. Raises NoticeNotNewer; versions never change."""
    if notice.effective_from < today:
        raise NoticeNotNewer
    session.add(notice)
    await events.record(
        session,
        actor.event_actor,
        "notice.published",
        ("notice", uuid5(NAMESPACE_URL, f"wangge:notice:{notice.version}")),
        {"version": notice.version, "effective_from": notice.effective_from.isoformat()},
        county_code=actor.county_code,
        now=now,
    )
    return notice


async def require_current(session: AsyncSession, version: str, today: date) -> None:
    """Raises NoticeNotAcknowledged (which names the version to show) unless `version` is in force."""
    current = await get_current_notice(session, today)
    if version != current.version:
        raise NoticeNotAcknowledged(notice_version=current.version)


async def acknowledge(
    session: AsyncSession,
    county_code: str,
    inspector_id: UUID,
    device_id: UUID,
    version: str,
    *,
    now: datetime,
) -> None:
    """Keeps when the inspector acknowledged this version on this handheld; the first time counts."""
    row = NoticeAcknowledgement.__table__
    await session.execute(
        insert(row)  # type: ignore[arg-type]
        .values(
            county_code=county_code,
            inspector_id=inspector_id,
            device_id=device_id,
            notice_version=version,
            acknowledged_at=now,
        )
        .on_conflict_do_nothing()
    )
