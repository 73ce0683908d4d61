"""Reading periods: their figures, from the days while they are open, from the snapshot once they are sealed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor, Role
from app.identity.models import Account
from app.identity.scope import AreaClosure, area_path, require_area
from app.kit import events, pagination
from app.kit.pagination import BadCursor
from app.kit.problems import NotFound
from app.patrol.periods import queries
from app.patrol.periods.calendar import Kind, seal_due_at
from app.patrol.periods.figures import Span, area_rules, compute_figures
from app.patrol.periods.models import Period
from app.patrol.periods.problems import PersonsNotRanked
from app.patrol.periods.queries import Subject
from app.patrol.periods.revisions import count_revisions
from app.patrol.periods.rollup import AREA_LEVELS, Level
from app.rules import service as rules
from app.rules.calendar import load_calendar
from app.rules.catalogue.periods import SEAL_AFTER_WORKING_DAYS

Order = Literal["name", "pass_share", "average_online_s", "average_distance_m", "online_rate"]
BELOW: Mapping[str, Level] = {"county": "township", "township": "community", "community": "grid"}


@dataclass(frozen=True, slots=True)
class Moment:
    """When and in which zone something is asked."""

    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        """The service day."""
        return self.now.astimezone(self.zone).date()


@dataclass(frozen=True, slots=True)
class FiguresPage:
    """An area's own figures and a page of those inside it. `source`: `days` or `snapshot`."""

    period: dict[str, Any]
    source: str
    area: dict[str, Any] | None
    items: list[dict[str, Any]]
    next: str | None
    withheld_inspectors: int


async def period_document(session: AsyncSession, period: Period, zone: ZoneInfo) -> dict[str, Any]:
    """Everything `schemas.PeriodRead` promises."""
    due_at = None if period.sealed_at else await due_to_seal(session, period, zone)
    return {
        **{c: getattr(period, c) for c in ("id", "county_code", "kind", "first_day", "last_day", "status")},
        "seal_due_at": due_at,
        "sealed_at": period.sealed_at,
        "sealed_by": period.sealed_by,
        "seal_reason": period.seal_reason,
        "digest": None if period.digest is None else period.digest.hex(),
        "waiting_days": None if period.document is None else period.document["waiting_days"],
    }


async def due_to_seal(session: AsyncSession, period: Period, zone: ZoneInfo) -> datetime:
    """When a period is sealed by itself."""
    county = await queries.county_area(session, period.county_code)
    path = await area_path(session, county) if county else []
    days = (await rules.resolve(session, path, period.last_day))[SEAL_AFTER_WORKING_DAYS]
    kind: Kind = period.kind  # type: ignore[assignment]  # the database checks it
    return seal_due_at(kind, period.last_day, days, await load_calendar(session, path), zone)


async def read_figures(
    session: AsyncSession,
    actor: Actor,
    period_id: UUID,
    *,
    area_id: UUID | None,
    level: Level | None,
    order: Order,
    cursor: str | None,
    limit: int,
    at: Moment,
) -> FiguresPage:
    """Figures of an area and of what lies below it; an inspector gets his own.

    Raises PeriodNotFound, NotFound, PersonsNotRanked, BadCursor. Persons shown to others leave an event.
    """
    period = await queries.get_period(session, actor, period_id)
    place, place_level = await place_with_level(session, actor, period, area_id)
    own_only = actor.role is Role.INSPECTOR
    asked: Level = "inspector" if own_only else level or BELOW[place_level]
    if asked == "inspector" and order != "name":
        raise PersonsNotRanked
    own_id = actor.account_id if own_only else None
    items, following = await _items(session, period, place, asked, own_id, order, cursor, limit, at)
    own = None if own_only else await _one(session, period, place, place_level, place, at)
    if asked == "inspector":
        await note_view(session, actor, period, place, items, at.now)
    return FiguresPage(
        period=await period_document(session, period, at.zone),
        source=source_of(period, asked),
        area=own,
        items=items,
        next=following,
        withheld_inspectors=await _withheld(session, period, place) if asked == "inspector" else 0,
    )


async def _items(
    session: AsyncSession,
    period: Period,
    place: UUID,
    level: Level,
    subject_id: UUID | None,
    order: Order,
    cursor: str | None,
    limit: int,
    at: Moment,
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of what lies in the area; `subject_id`: only this one, by name."""
    if order != "name":
        return await _ordered(session, period, place, level, order, cursor, limit, at)
    subjects, following = await queries.list_subjects(
        session, period, place, level, today=at.today, cursor=cursor, limit=limit, subject_id=subject_id
    )
    return await _figures(session, period, level, subjects, at), following


async def read_figure(
    session: AsyncSession, actor: Actor, period_id: UUID, level: Level, subject_id: UUID, *, at: Moment
) -> tuple[Period, dict[str, Any]]:
    """The figures of one person, grid or area. Raises PeriodNotFound, NotFound; a person's leave an event."""
    period = await queries.get_period(session, actor, period_id)
    own_only = actor.role is Role.INSPECTOR
    if own_only and (level != "inspector" or subject_id != actor.account_id):
        raise NotFound
    place, _ = await place_with_level(session, actor, period, None)
    found = await _one(session, period, place, level, subject_id, at)
    if found is None:
        raise NotFound
    if level == "inspector":
        await note_view(session, actor, period, found["area_id"], [found], at.now)
    return period, found


def source_of(period: Period, level: Level) -> str:
    """Where figures come from; a sealed day has a snapshot of areas only: a person's day is its judgement."""
    in_snapshot = period.status == "sealed" and (period.kind != "day" or level in AREA_LEVELS)
    return "snapshot" if in_snapshot else "days"


async def place_of(session: AsyncSession, actor: Actor, period: Period, area_id: UUID | None) -> UUID:
    """The area asked for, inside the period's county and the actor's scope. Raises NotFound."""
    return (await place_with_level(session, actor, period, area_id))[0]


async def place_with_level(
    session: AsyncSession, actor: Actor, period: Period, area_id: UUID | None
) -> tuple[UUID, str]:
    """The area asked for and its level: the actor's own by default, the county for whoever is above it.

    Raises NotFound outside the period's county and the actor's scope.
    """
    asked = area_id
    if asked is None:
        asked = actor.area_id
        known = await queries.find_area(session, asked)
        if known is None or known[0] == "city":
            asked = await queries.county_area(session, period.county_code)
    if asked is None:
        raise NotFound
    await require_area(session, actor, asked)
    found = await queries.find_area(session, asked)
    if found is None or found[0] == "city" or found[1] != period.county_code:
        raise NotFound
    return asked, found[0]


async def _rows(
    session: AsyncSession, period: Period, level: Level, subjects: Sequence[UUID], at: Moment
) -> list[Row[Any]]:
    if source_of(period, level) == "snapshot":
        return await queries.snapshot_rows(session, period, level, subjects)
    span = Span.of(period.county_code, period.first_day, period.last_day, today=at.today, period_id=period.id)
    return await compute_figures(session, span, level, subjects, zone=at.zone)


async def _figures(
    session: AsyncSession, period: Period, level: Level, subjects: Sequence[Subject], at: Moment
) -> list[dict[str, Any]]:
    """Figures of `subjects` in their order; who has none is left out."""
    rows = {row.subject_id: row for row in await _rows(session, period, level, [s.id for s in subjects], at)}
    later = await count_revisions(session, period, level, at.zone)
    return [
        dict(rows[s.id]._mapping) | {"name": s.name, "code": s.code, "later_revisions": later.get(s.id, 0)}
        for s in subjects
        if s.id in rows
    ]


async def _one(
    session: AsyncSession, period: Period, place: UUID, level: str, subject_id: UUID, at: Moment
) -> dict[str, Any] | None:
    asked: Level = level  # type: ignore[assignment]  # the database checks it
    subjects, _ = await queries.list_subjects(
        session, period, place, asked, today=at.today, subject_id=subject_id
    )
    found = await _figures(session, period, asked, subjects, at)
    return found[0] if found else None


async def _ordered(
    session: AsyncSession,
    period: Period,
    place: UUID,
    level: Level,
    order: Order,
    cursor: str | None,
    limit: int,
    at: Moment,
) -> tuple[list[dict[str, Any]], str | None]:
    """Areas or grids by a figure, the highest first, those without one last."""
    subjects, _ = await queries.list_subjects(session, period, place, level, today=at.today)
    items = sorted(
        await _figures(session, period, level, subjects, at), key=lambda f: _rank(f[order], f["subject_id"])
    )
    if cursor is not None:
        after = _rank_of(cursor)
        items = [item for item in items if _rank(item[order], item["subject_id"]) > after]
    return pagination.page(
        items[: limit + 1],
        limit,
        lambda f: (None if f[order] is None else float(f[order]), f["subject_id"]),
    )


def _rank(value: Any, subject_id: UUID) -> tuple[bool, float, str]:
    return value is None, 0.0 if value is None else -float(value), str(subject_id)


def _rank_of(cursor: str) -> tuple[bool, float, str]:
    value, subject_id = pagination.values_of(cursor, 2)
    try:
        return _rank(value, UUID(str(subject_id)))
    except (TypeError, ValueError) as error:
        raise BadCursor from error


async def _withheld(session: AsyncSession, period: Period, place: UUID) -> int:
    """Inspectors of an area whose tracks are kept as evidence only, or not at all."""
    known = await area_rules(session, period.county_code, period.last_day)
    policies = zip(known["rule_areas"], known["policies"], strict=True)
    unassessed = [area_id for area_id, policy in policies if policy != "assess"]
    inside = select(AreaClosure.area_id).where(AreaClosure.ancestor_id == place)
    count = select(func.count()).where(
        Account.role == Role.INSPECTOR, Account.area_id.in_(inside), Account.area_id.in_(unassessed)
    )
    return int(await session.scalar(count) or 0)


async def note_view(
    session: AsyncSession,
    actor: Actor,
    period: Period,
    place: UUID,
    items: Sequence[Mapping[str, Any]],
    now: datetime,
) -> None:
    """Figures of persons: who looked at somebody else's leaves an event."""
    others = [item["subject_id"] for item in items if item["subject_id"] != actor.account_id]
    if others:
        await events.record(
            session,
            actor.event_actor,
            "period_figures.viewed",
            ("period", period.id),
            {
                "kind": period.kind,
                "first_day": period.first_day.isoformat(),
                "inspector_ids": list(map(str, others)),
            },
            county_code=period.county_code,
            now=now,
            area_id=place,
        )
