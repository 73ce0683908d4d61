"""Reading patrol days: my day so far, its explanation, lists, judgements."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor, Role
from app.identity.models import Account
from app.identity.scope import counties_of, require_area, visible_to
from app.kit import events, pagination
from app.kit.problems import NotFound
from app.patrol import sentences
from app.patrol.day_document import explanation_document
from app.patrol.day_reader import DayKey, read_days
from app.patrol.folder import FoldedDay, fold_days, fold_record
from app.patrol.models import DayFigures, DayJudgement, PatrolDay
from app.patrol.problems import DayFrozen, DayNotFound
from app.patrol.unplaced import find_unplaced
from app.patrol.work.telling import counted_work


async def get_day(
    session: AsyncSession, actor: Actor, inspector_id: UUID, day: date, *, now: datetime, zone: ZoneInfo
) -> FoldedDay:
    """The day as it stands now; newer inputs are folded, and their figures stored, before it is shown.

    Raises DayNotFound for an inspector who doesn't exist or whose day lies outside the actor's area, and for
    anybody else's day when an inspector asks. Raises DayFrozen when its fixes may be gone: `shown_days.show_day`
    answers then, too.
    """
    key = await day_key(session, actor, inspector_id, day)
    record = (await read_days(session, [key], zone)).get(key)
    if record is None:
        await _explain_missing(session, actor, key)
        raise DayNotFound
    await require_day_area(session, actor, key, record.area_id)
    if record.is_pending:
        return (await fold_days(session, [key], now=now, zone=zone))[key]
    return fold_record(record, now=now, zone=zone)


async def day_key(session: AsyncSession, actor: Actor, inspector_id: UUID, day: date) -> DayKey:
    """The key of a day. Raises DayNotFound when there is no such account, or an inspector asks for another's."""
    county_code = await session.scalar(select(Account.county_code).where(Account.id == inspector_id))
    if county_code is None or (actor.role is Role.INSPECTOR and inspector_id != actor.account_id):
        raise DayNotFound
    return DayKey(county_code, inspector_id, day)


async def require_day_area(session: AsyncSession, actor: Actor, key: DayKey, area_id: UUID) -> None:
    """Raises DayNotFound unless the day is one's own, wherever one works now, or its area lies inside the actor's."""
    if actor.account_id == key.inspector_id:
        return
    try:
        await require_area(session, actor, area_id)
    except NotFound as error:
        raise DayNotFound from error


async def _explain_missing(session: AsyncSession, actor: Actor, key: DayKey) -> None:
    """Raises DayFrozen for a frozen day inside the actor's area."""
    frozen = await session.get(PatrolDay, (key.county_code, key.inspector_id, key.service_day))
    if frozen is not None:
        await require_day_area(session, actor, key, frozen.area_id)
        raise DayFrozen


class Viewed(Protocol):
    """A day that somebody looks at, folded or frozen."""

    @property
    def key(self) -> DayKey:
        """Whose day, and which."""

    @property
    def area_id(self) -> UUID:
        """Where it counts."""


async def note_view(session: AsyncSession, actor: Actor, day: Viewed, what: str, *, now: datetime) -> None:
    """Whereabouts are sensitive: who looked at somebody else's track leaves an event."""
    key = day.key
    if actor.account_id != key.inspector_id:
        await events.record(
            session,
            actor.event_actor,
            "track.viewed",
            ("inspector", key.inspector_id),
            {"service_day": key.service_day.isoformat(), "what": what, "role": actor.role},
            county_code=key.county_code,
            now=now,
            area_id=day.area_id,
        )


def day_document(day: FoldedDay, *, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Everything `day_schemas.DayRead` promises."""
    told = sentences.day_sentences(
        day.fold,
        day.judgement,
        day.record.rules.fold,
        zone,
        day_over=day.is_over,
        unplaced=find_unplaced(day.fold, day.record.inputs),
        work=counted_work(day.record.inputs),
    )
    return {
        "inspector_id": day.record.key.inspector_id,
        "display_name": day.record.display_name,
        "service_day": day.record.key.service_day,
        "computed_at": now,
        "figures": day.figures,
        "sentences": [{"code": s.code, "zh": s.zh, "en": s.en, "data": s.data} for s in told],
    }


def explanation(day: FoldedDay, *, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Everything `day_schemas.ExplanationRead` promises but what others say of the day: standing, signals."""
    return day_document(day, now=now, zone=zone) | explanation_document(
        day.fold, day.record.inputs, day.record.fixes_left_out, day_over=day.is_over
    )


async def list_days(
    session: AsyncSession,
    actor: Actor,
    *,
    day_from: date,
    day_to: date,
    status: str | None,
    inspector_id: UUID | None,
    cursor: str | None,
    limit: int,
) -> tuple[list[Row[Any]], str | None]:
    """Figures as last computed, by day and inspector; people are never ranked by them."""
    statement = (
        select(
            DayFigures.inspector_id,
            Account.display_name,
            DayFigures.service_day,
            PatrolDay.pending,
            DayFigures.computed_at,
            DayFigures.figures,
        )
        .join(Account, Account.id == DayFigures.inspector_id)
        .join(
            PatrolDay,
            (PatrolDay.county_code == DayFigures.county_code)
            & (PatrolDay.inspector_id == DayFigures.inspector_id)
            & (PatrolDay.service_day == DayFigures.service_day),
        )
        .where(
            DayFigures.county_code.in_(await counties_of(session, actor)),
            DayFigures.service_day.between(day_from, day_to),
            visible_to(actor, DayFigures),
        )
    )
    if status is not None:
        statement = statement.where(DayFigures.status == status)
    if inspector_id is not None:
        statement = statement.where(DayFigures.inspector_id == inspector_id)
    keys = (DayFigures.service_day, DayFigures.inspector_id)
    rows = (await session.execute(pagination.after(statement, keys, cursor, limit))).all()
    return pagination.page(rows, limit, lambda r: (r.service_day, r.inspector_id))


async def list_judgements(
    session: AsyncSession, actor: Actor, inspector_id: UUID, day: date
) -> Sequence[Row[Any]]:
    """All judgements of a day, the first one first. Raises DayNotFound when there is none to be seen."""
    statement = (
        select(DayJudgement.revision, DayJudgement.judged_at, DayJudgement.figures)
        .where(
            DayJudgement.county_code.in_(await counties_of(session, actor)),
            DayJudgement.inspector_id == inspector_id,
            DayJudgement.service_day == day,
            visible_to(actor, DayJudgement),
        )
        .order_by(DayJudgement.revision)
    )
    rows = (await session.execute(statement)).all()
    if not rows:
        raise DayNotFound
    return rows
