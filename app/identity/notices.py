"""The notice (告知书): dated versions of one text, and who acknowledged which."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor
from app.identity.device_models import Notice, NoticeAcknowledgement
from app.identity.problems import NoticeNotAcknowledged, NoticeNotNewer
from app.kit import events


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A version to be published; `version` is the year and a number, "2027-1"."""

    version: str
    effective_from: date
    zh: str
    en: str


async def get_current_notice(session: AsyncSession, today: date, county_code: str | None = None) -> Notice:
    """The version in force on `today`: the county's own, else the general one of the migrations."""
    own = Notice.county_code == county_code
    latest = (
        select(Notice)
        .where(Notice.effective_from <= today, or_(own, Notice.county_code.is_(None)))
        .order_by(Notice.county_code.is_(None), Notice.effective_from.desc(), Notice.version.desc())
        .limit(1)
    )
    return (await session.scalars(latest)).one()


async def publish_notice(
    session: AsyncSession, actor: Actor, new: NewNotice, *, now: datetime, today: date
) -> Notice:
    """A version for the actor's county, from today or later on. Raises NoticeNotNewer; versions never change.

    The county's code is put before the version, so that an acknowledgement names one text.
    """
    if new.effective_from < today:
        raise NoticeNotNewer
    notice = Notice(
        version=f"{actor.county_code}-{new.version}",
        county_code=actor.county_code,
        effective_from=new.effective_from,
        zh=new.zh,
        en=new.en,
    )
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


async def require_current(session: AsyncSession, version: str, county_code: str, today: date) -> None:
    """Raises NoticeNotAcknowledged (which names the version to show) unless `version` is in force."""
    current = await get_current_notice(session, today, county_code)
    if version != current.version:
        raise NoticeNotAcknowledged(notice_version=current.version, county_code=county_code)


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
