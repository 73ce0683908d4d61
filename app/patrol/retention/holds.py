"""Legal holds: placing, listing, releasing."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Row, Select, case, func, select, text, type_coerce
from sqlalchemy.dialects.postgresql import Range, insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor, Role
from app.identity.models import Account
from app.identity.problems import NotAnInspector
from app.identity.scope import counties_of, require_area, visible_to
from app.kit import events, pagination
from app.kit.problems import NotFound
from app.patrol.retention.locks import keep_purge_out
from app.patrol.retention.models import LegalHold
from app.patrol.retention.problems import HoldIdReused, HoldNeedsCounty, HoldOrder, HoldReleased
from app.patrol.retention.schemas import HoldCreate

AREA = text("SELECT county_code, level FROM area WHERE id = :area_id")


async def place_hold(session: AsyncSession, actor: Actor, body: HoldCreate, *, now: datetime) -> bool:
    """Places a hold; whether it is new. A purge under way has ended before it is placed, and sees it after.

    Raises NotFound, NotAnInspector, HoldOrder, HoldNeedsCounty, HoldIdReused.
    """
    if body.day_to is not None and body.day_to < body.day_from:
        raise HoldOrder
    county_code, area_id = await _place(session, actor, body)
    await keep_purge_out(session, county_code)
    sent = _content(body)
    values = sent | {
        "county_code": county_code,
        "id": body.id,
        "area_id": area_id,
        "placed_by": actor.account_id,
        "placed_at": now,
    }
    keyed = ["county_code", "id"]
    statement = insert(LegalHold).values(values).on_conflict_do_nothing(index_elements=keyed)
    is_new = await session.scalar(statement.returning(LegalHold.id)) is not None
    hold = await session.get_one(LegalHold, (county_code, body.id))
    if not is_new:
        if any(getattr(hold, name) != value for name, value in sent.items()):
            raise HoldIdReused
        return False
    facts = {
        "inspector_id": str(body.inspector_id) if body.inspector_id else None,
        "day_from": body.day_from.isoformat(),
        "day_to": body.day_to.isoformat() if body.day_to else None,
        "document_no": body.document_no,
    }
    await _record(session, actor, "legal_hold.placed", hold, facts, now)
    return True


async def release_hold(
    session: AsyncSession, actor: Actor, hold_id: UUID, reason: str, *, now: datetime
) -> None:
    """Ends a hold; the row stays. Raises NotFound, HoldReleased."""
    hold = await session.scalar(
        select(LegalHold).where(*await _mine(session, actor), LegalHold.id == hold_id).with_for_update()
    )
    if hold is None:
        raise NotFound
    if hold.released_at is not None:
        raise HoldReleased
    hold.released_at, hold.released_by, hold.release_reason = now, actor.account_id, reason
    await _record(session, actor, "legal_hold.released", hold, {"document_no": hold.document_no}, now)


async def get_hold(session: AsyncSession, actor: Actor, hold_id: UUID) -> Row[Any]:
    """One hold. Raises NotFound."""
    statement = _shown().where(*await _mine(session, actor), LegalHold.id == hold_id)
    row: Row[Any] | None = (await session.execute(statement)).first()
    if row is None:
        raise NotFound
    return row


async def list_holds(
    session: AsyncSession, actor: Actor, *, is_released: bool | None, cursor: str | None, limit: int
) -> tuple[list[Row[Any]], str | None]:
    """Holds in the actor's area, the oldest first."""
    statement = _shown().where(*await _mine(session, actor))
    if is_released is not None:
        statement = statement.where(LegalHold.released_at.is_not(None) == is_released)
    keys = (LegalHold.placed_at, LegalHold.id)
    rows = (await session.execute(pagination.after(statement, keys, cursor, limit))).all()
    return pagination.page(rows, limit, lambda r: (r.placed_at, r.id))


async def _place(session: AsyncSession, actor: Actor, body: HoldCreate) -> tuple[str, UUID]:
    """(county, area) of the hold."""
    if body.inspector_id is not None:
        account = await session.scalar(
            select(Account).where(Account.id == body.inspector_id, visible_to(actor, Account))
        )
        if account is None:
            raise NotFound
        if account.role != Role.INSPECTOR:
            raise NotAnInspector
        return account.county_code, account.area_id
    assert body.area_id is not None  # noqa: S101 - the schema asks for one of both
    await require_area(session, actor, body.area_id)
    area = (await session.execute(AREA, {"area_id": body.area_id})).one()
    if area.level == "city":
        raise HoldNeedsCounty
    return area.county_code, body.area_id


def _content(body: HoldCreate) -> dict[str, Any]:
    """What makes two holds the same one; an inspector's area is left out, he may have moved since."""
    until = None if body.day_to is None else body.day_to + timedelta(days=1)
    return {
        "inspector_id": body.inspector_id,
        **({} if body.area_id is None else {"area_id": body.area_id}),
        "days": Range(body.day_from, until),
        "reason": body.reason,
        "document_no": body.document_no,
    }


async def _mine(session: AsyncSession, actor: Actor) -> list[ColumnElement[bool]]:
    return [LegalHold.county_code.in_(await counties_of(session, actor)), visible_to(actor, LegalHold)]


def _shown() -> Select[Any]:
    upper = type_coerce(func.upper(LegalHold.days), Date)
    return select(
        *(c for c in LegalHold.__table__.c if c.name != "days"),
        type_coerce(func.lower(LegalHold.days), Date).label("day_from"),
        case((func.upper_inf(LegalHold.days), None), else_=upper - 1).label("day_to"),
    )


async def _record(
    session: AsyncSession, actor: Actor, type_: str, hold: LegalHold, facts: dict[str, Any], now: datetime
) -> None:
    await events.record(
        session,
        actor.event_actor,
        type_,
        ("legal_hold", hold.id),
        facts,
        county_code=hold.county_code,
        now=now,
        area_id=hold.area_id,
    )
