"""What was set aside: listed, looked at, released into the day it belongs to, or dismissed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.exchange.items import Result as ItemResult
from app.identity.actor import Actor
from app.identity.scope import area_path, counties_of, visible_to
from app.kit import events, pagination
from app.kit.crypto import Vault
from app.kit.problems import NotFound, Problem
from app.operations.item_release import RELEASABLE_ITEMS, release_items
from app.operations.problems import AlreadySettled, NotReleasable, ReleaseTooLate
from app.patrol.arrival import Arrival, read_arrival
from app.patrol.ingest import ingest_group
from app.patrol.models import Quarantined
from app.patrol.quarantine import body_of
from app.patrol.results import Result
from app.patrol.wire import Unreadable
from app.rules import service as rules
from app.rules.catalogue.ingest import TOO_OLD_DAYS
from app.sync.pushing import Tools

SHOWN_BYTES = 64 << 10
RELEASABLE = "revoked_device"
"""The readable part of any other upload was stored when it came; the rest nobody can read."""
COLUMNS = (
    Quarantined.county_code,
    Quarantined.area_id,
    Quarantined.id,
    Quarantined.device_id,
    Quarantined.account_id,
    Quarantined.batch_id,
    Quarantined.reason,
    Quarantined.detail,
    Quarantined.received_at,
    func.greatest(func.octet_length(Quarantined.body), func.octet_length(Quarantined.sealed)).label(
        "body_bytes"
    ),
    Quarantined.outcome,
    Quarantined.settled_at,
    Quarantined.settled_by,
    Quarantined.settled_reason,
)


@dataclass(frozen=True, slots=True)
class QuarantineFilter:
    """Which rows are wanted. state: "open", "released", "dismissed" or None for all."""

    state: str | None = None
    reason: str | None = None


async def list_quarantined(
    session: AsyncSession, actor: Actor, wanted: QuarantineFilter, *, cursor: str | None, limit: int
) -> tuple[list[Row[Any]], str | None]:
    """What could not be accepted, the oldest first."""
    statement = await _visible(session, actor, *COLUMNS)
    if wanted.reason is not None:
        statement = statement.where(Quarantined.reason == wanted.reason)
    if wanted.state == "open":
        statement = statement.where(Quarantined.outcome.is_(None))
    elif wanted.state is not None:
        statement = statement.where(Quarantined.outcome == wanted.state)
    keys = (Quarantined.received_at, Quarantined.id)
    rows = (await session.execute(pagination.after(statement, keys, cursor, limit))).all()
    return pagination.page(rows, limit, lambda r: (r.received_at, r.id))


async def open_quarantined(
    session: AsyncSession, actor: Actor, quarantine_id: UUID, *, how: str, vault: Vault, now: datetime
) -> tuple[Row[Any], bytes]:
    """A row and the whole body as sent. Raises NotFound. Leaves an event: it may show whereabouts.

    how: "viewed" or "downloaded".
    """
    statement = await _visible(session, actor, *COLUMNS, Quarantined.body, Quarantined.sealed)
    row = (await session.execute(statement.where(Quarantined.id == quarantine_id))).one_or_none()
    if row is None:
        raise NotFound
    await _record(session, actor, row, how, {}, now)
    return row, body_of(row, vault)


@dataclass(frozen=True, slots=True)
class Released:
    """The row, and what came of it: `result` of an upload of fixes, `items` of what was pushed."""

    row: Row[Any]
    result: Result | None
    items: list[tuple[UUID | None, ItemResult]]


async def release(
    session: AsyncSession, actor: Actor, quarantine_id: UUID, reason: str, *, now: datetime, tools: Tools
) -> Released:
    """Takes it in as if it had been accepted when it came, for whoever held the handheld then.

    Again: the same result, nothing new. Raises NotFound, NotReleasable, AlreadySettled (dismissed),
    ReleaseTooLate, or what the door refuses it for.
    """
    row = await _locked(session, actor, quarantine_id)
    if row.outcome == "dismissed":
        raise AlreadySettled(outcome=row.outcome)
    result, items = None, []
    if row.reason == RELEASABLE:
        result = await _release_fixes(session, row, tools, now)
        facts = {
            "fixes_stored": sum(r.last - r.first + 1 for r in result.results if r.disposition == "stored")
        }
    elif row.reason in RELEASABLE_ITEMS:
        items = await release_items(session, row, tools, now=now)
        facts = {"items": len(items)}
    else:
        raise NotReleasable(reason=row.reason)
    if row.outcome is None:
        _settle(row, "released", actor, reason, now)
        await _record(session, actor, row, "released", facts, now)
    return Released(await _read(session, row), result, items)


async def _release_fixes(session: AsyncSession, row: Quarantined, tools: Tools, now: datetime) -> Result:
    arrival = _arrival(row, tools.vault)
    if row.outcome is None:
        await _refuse_old(session, row, now)
    (answer,) = await ingest_group(session, [arrival], now=row.received_at, zone=tools.zone, vouched=True)
    if isinstance(answer, Problem):
        raise answer
    return answer.result


async def dismiss(
    session: AsyncSession, actor: Actor, quarantine_id: UUID, reason: str, *, now: datetime
) -> Row[Any]:
    """Sets it aside for good; the content stays until retention removes it. Again: nothing new.

    Raises NotFound, AlreadySettled (released).
    """
    row = await _locked(session, actor, quarantine_id)
    if row.outcome == "released":
        raise AlreadySettled(outcome=row.outcome)
    if row.outcome is None:
        _settle(row, "dismissed", actor, reason, now)
        await _record(session, actor, row, "dismissed", {}, now)
    return await _read(session, row)


def _settle(row: Quarantined, outcome: str, actor: Actor, reason: str, now: datetime) -> None:
    row.outcome, row.settled_at, row.settled_by, row.settled_reason = outcome, now, actor.account_id, reason


def _arrival(row: Quarantined, vault: Vault) -> Arrival:
    if row.device_id is None:
        raise NotReleasable(reason=row.reason)
    try:
        return read_arrival(row.county_code, row.device_id, body_of(row, vault))
    except Unreadable as error:
        raise NotReleasable(reason="unreadable") from error


async def _refuse_old(session: AsyncSession, row: Quarantined, now: datetime) -> None:
    """A repetition is only recognised as long as receipts are kept."""
    found = await rules.resolve(session, await area_path(session, row.area_id), now.date())
    max_days = found[TOO_OLD_DAYS]
    if now - row.received_at > timedelta(days=max_days):
        raise ReleaseTooLate(max_days=max_days)


async def _visible(session: AsyncSession, actor: Actor, *columns: Any) -> Select[*tuple[Any, ...]]:
    return select(*columns).where(
        Quarantined.county_code.in_(await counties_of(session, actor)), visible_to(actor, Quarantined)
    )


async def _locked(session: AsyncSession, actor: Actor, quarantine_id: UUID) -> Quarantined:
    statement = (await _visible(session, actor, Quarantined)).where(Quarantined.id == quarantine_id)
    row: Quarantined | None = await session.scalar(statement.with_for_update())
    if row is None:
        raise NotFound
    return row


async def _read(session: AsyncSession, row: Quarantined) -> Row[Any]:
    await session.flush()  # the row is read again with what was set above
    key = (Quarantined.county_code == row.county_code) & (Quarantined.id == row.id)
    return (await session.execute(select(*COLUMNS).where(key))).one()


async def _record(
    session: AsyncSession,
    actor: Actor,
    row: Quarantined | Row[Any],
    what: str,
    data: dict[str, Any],
    now: datetime,
) -> None:
    await events.record(
        session,
        actor.event_actor,
        f"quarantine.{what}",
        ("quarantine", row.id),
        {"device_id": str(row.device_id) if row.device_id else None, "reason": row.reason, **data},
        county_code=row.county_code,
        now=now,
        area_id=row.area_id,
    )


def beginning(body: bytes) -> tuple[str, bool]:
    """The first 64 KiB as text, and whether there is more."""
    return body[:SHOWN_BYTES].decode("utf-8", "replace"), len(body) > SHOWN_BYTES
