"""SQL of appeals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, case, literal, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.identity.actor import Actor, Role
from app.identity.models import Account
from app.identity.scope import counties_of, visible_to
from app.kit import pagination
from app.kit.problems import NotFound
from app.patrol.appeals.models import Appeal
from app.patrol.models import DayJudgement, PatrolDay

JUDGEMENT = (
    (DayJudgement.county_code == Appeal.county_code)
    & (DayJudgement.inspector_id == Appeal.inspector_id)
    & (DayJudgement.service_day == Appeal.service_day)
)
Decider = aliased(Account)


def _seen_by(actor: Actor) -> ColumnElement[bool]:
    """An inspector's appeals stay his own when he works in another area; everybody else sees those of his area."""
    if actor.role is Role.INSPECTOR:
        return Appeal.inspector_id == actor.account_id
    return visible_to(actor, Appeal)


@dataclass(frozen=True, slots=True)
class JudgedDay:
    """A judgement that can be contested. `area_path` from the day's area up to the root."""

    area_id: UUID
    area_path: list[UUID]
    revision: int
    judged_at: datetime


async def lock_day(session: AsyncSession, county_code: str, inspector_id: UUID, day: date) -> UUID | None:
    """The area that the day counts in, its row locked; None when the day has no row."""
    found: UUID | None = await session.scalar(
        select(PatrolDay.area_id)
        .where(
            PatrolDay.county_code == county_code,
            PatrolDay.inspector_id == inspector_id,
            PatrolDay.service_day == day,
        )
        .with_for_update(key_share=True)
    )
    return found


PATH = text("""
SELECT coalesce(array_agg(ancestor_id ORDER BY depth), '{}') FROM area_closure WHERE area_id = :area_id
""")


async def find_judgement(
    session: AsyncSession, county_code: str, inspector_id: UUID, day: date, revision: int | None
) -> JudgedDay | None:
    """That judgement of the day, the latest when `revision` is None."""
    statement = (
        select(DayJudgement.area_id, DayJudgement.revision, DayJudgement.judged_at)
        .where(
            DayJudgement.county_code == county_code,
            DayJudgement.inspector_id == inspector_id,
            DayJudgement.service_day == day,
            DayJudgement.revision == revision if revision is not None else literal(True),
        )
        .order_by(DayJudgement.revision.desc())
        .limit(1)
    )
    row = (await session.execute(statement)).first()
    if row is None:
        return None
    path = await session.scalar(PATH, {"area_id": row.area_id}) or []
    return JudgedDay(row.area_id, path, row.revision, row.judged_at)


async def find_appeal(session: AsyncSession, county_code: str, appeal_id: UUID) -> Appeal | None:
    """The appeal of that id, whoever filed it."""
    found: Appeal | None = await session.get(Appeal, (county_code, appeal_id))
    return found


async def list_of_day(session: AsyncSession, appeal: Appeal) -> Sequence[Row[str, int]]:
    """(state, revision) of the appeals of the same day that are stored."""
    statement = select(Appeal.state, Appeal.revision).where(
        Appeal.county_code == appeal.county_code,
        Appeal.inspector_id == appeal.inspector_id,
        Appeal.service_day == appeal.service_day,
    )
    return (await session.execute(statement)).all()


async def get_locked(session: AsyncSession, actor: Actor, appeal_id: UUID) -> Appeal:
    """The appeal for a change, its row locked. Raises NotFound outside the actor's scope."""
    found: Appeal | None = await session.scalar(
        select(Appeal)
        .where(
            Appeal.county_code.in_(await counties_of(session, actor)),
            Appeal.id == appeal_id,
            _seen_by(actor),
        )
        .with_for_update()
    )
    if found is None:
        raise NotFound
    return found


def _listed(now: datetime) -> Select[Any]:
    shown = [c for c in Appeal.__table__.c if c.name not in ("digest",)]
    overdue = and_(Appeal.state == "filed", Appeal.decide_by < now)
    return (
        select(
            *shown,
            Account.display_name,
            DayJudgement.status.label("judged_status"),
            (Appeal.filed_at > Appeal.file_by).label("by_grace"),
            overdue.label("is_overdue"),
        )
        .join(Account, Account.id == Appeal.inspector_id)
        .join(DayJudgement, JUDGEMENT & (DayJudgement.revision == Appeal.revision))
    )


async def list_appeals(
    session: AsyncSession,
    actor: Actor,
    *,
    state: str | None,
    is_overdue: bool | None,
    inspector_id: UUID | None,
    cursor: str | None,
    limit: int,
    now: datetime,
) -> tuple[list[Row[Any]], str | None]:
    """Appeals the actor may see, the oldest first."""
    statement = _listed(now).where(Appeal.county_code.in_(await counties_of(session, actor)), _seen_by(actor))
    if state is not None:
        statement = statement.where(Appeal.state == state)
    if is_overdue is not None:
        late = case((and_(Appeal.state == "filed", Appeal.decide_by < now), True), else_=False)
        statement = statement.where(late.is_(is_overdue))
    if inspector_id is not None:
        statement = statement.where(Appeal.inspector_id == inspector_id)
    rows = (
        await session.execute(pagination.after(statement, (Appeal.filed_at, Appeal.id), cursor, limit))
    ).all()
    return pagination.page(rows, limit, lambda r: (r.filed_at, r.id))


async def get_appeal(session: AsyncSession, actor: Actor, appeal_id: UUID, now: datetime) -> Row[Any]:
    """The appeal with the judgement it contests. Raises NotFound."""
    statement = (
        _listed(now)
        .add_columns(
            Decider.display_name.label("decided_by_name"), DayJudgement.judged_at, DayJudgement.figures
        )
        .outerjoin(Decider, Decider.id == Appeal.decided_by)
        .where(
            Appeal.county_code.in_(await counties_of(session, actor)),
            Appeal.id == appeal_id,
            _seen_by(actor),
        )
    )
    row = (await session.execute(statement)).first()
    if row is None:
        raise NotFound
    return row


STANDING = text("""
SELECT j.revision, j.status AS judged_status, j.judged_at, j.area_id, a.id AS appeal_id, a.decision,
       a.decided_status, a.revision AS decided_revision, o.id AS open_appeal_id,
       coalesce(a.decided_status, f.status, j.status) AS status
  FROM (VALUES (1)) AS one
  LEFT JOIN LATERAL (
       SELECT revision, status, judged_at, area_id FROM day_judgement
        WHERE county_code = :county_code AND inspector_id = :inspector_id AND service_day = :day
        ORDER BY revision DESC LIMIT 1) j ON true
  LEFT JOIN day_figures f ON f.county_code = :county_code AND f.inspector_id = :inspector_id
       AND f.service_day = :day
  LEFT JOIN appeal a ON a.county_code = :county_code AND a.inspector_id = :inspector_id
       AND a.service_day = :day AND a.is_current
  LEFT JOIN appeal o ON o.county_code = :county_code AND o.inspector_id = :inspector_id
       AND o.service_day = :day AND o.state = 'filed'
""")


async def get_standing(session: AsyncSession, county_code: str, inspector_id: UUID, day: date) -> Row[Any]:
    """Latest judgement, current decision and open appeal of a day; every column null where there is none."""
    asked = {"county_code": county_code, "inspector_id": inspector_id, "day": day}
    return (await session.execute(STANDING, asked)).one()


async def take_over(session: AsyncSession, appeal: Appeal) -> None:
    """No earlier decision of the day is current any more."""
    await session.execute(
        text(
            "UPDATE appeal SET is_current = false WHERE county_code = :county_code "
            "AND inspector_id = :inspector_id AND service_day = :day AND is_current"
        ),
        {
            "county_code": appeal.county_code,
            "inspector_id": appeal.inspector_id,
            "day": appeal.service_day,
        },
    )
