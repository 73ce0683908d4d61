"""The one door for items: ids are claimed, new items handed to their kind, repetitions answered from receipts."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from traceback import extract_tb
from typing import Any
from uuid import UUID

import psycopg
import structlog
from sqlalchemy import Row
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from app.exchange import receipts
from app.exchange.items import Desk, Item, Result, Take
from app.exchange.problems import ContentDiffers, IdTaken, ItemFailed, UnknownKind
from app.kit import metrics, partitions
from app.kit.db import savepoint
from app.kit.problems import Problem
from app.patrol import quarantine
from app.patrol.quarantine import Origin, sealed_row

log = structlog.get_logger("wangge.exchange")
PASSING = ("08", "25P", "40", "53", "55", "57")
"""SQLSTATE classes of what is nobody's fault and may work the next time: then nothing is quarantined for it."""
STEPS = 8
OFFSET = "wangge:clock_offset_ms"
"""Member of a quarantined item: what is to be added to the other times in it."""
Answered = tuple[Item, Result]


async def receive(
    session: AsyncSession,
    desk: Desk,
    items: Sequence[Item],
    takers: Mapping[str, Take],
    *,
    released: bool = False,
) -> list[Answered]:
    """Takes items of one sender, in their order; returns each with what became of it.

    takers: by kind, in the order in which they take. An id that was used before is answered from its receipt:
    `duplicate` with what was told first, or `rejected` when its content is another (content_differs) or somebody
    else sent it (id_taken); so is an id that comes twice in `items`. What no taker can digest is quarantined and
    costs its neighbours nothing. released: a person lets in what was quarantined; it is taken once more, and its
    receipt then says what became of it. All of it holds once the caller's transaction commits. Raises DBAPIError
    for deadlocks and outages: then try again.
    """
    first: dict[UUID, Item] = {}
    for item in items:
        first.setdefault(item.id, item)
    free = await receipts.claim(session, desk, list(first.values()))
    known = await receipts.find(session, desk.actor.county_code, sorted(first.keys() - free))
    if released:
        free = free | {id_ for id_, row in known.items() if _is_quarantined(row, first[id_])}
        known = {id_: row for id_, row in known.items() if id_ not in free}
    results = await take_all(session, desk, [i for i in first.values() if i.id in free], takers)
    results |= await _released(session, desk, results)
    answered = [(item, _answer(item, desk, first, known, results)) for item in items]
    for item, result in answered:
        metrics.ITEMS.labels(item.kind if item.kind in takers else "unknown", result.outcome).inc()
    return answered


async def resettle(session: AsyncSession, county_code: str, results: Mapping[UUID, Result]) -> None:
    """What became of items later: one that was `held` is applied or given up. Whoever asks again hears this."""
    await receipts.settle(session, county_code, results)


def _is_own(row: Row[Any], desk: Desk) -> bool:
    """Whether the desk may hear what a receipt says: its own, its handheld's, or among offices a colleague's."""
    return bool(row.account_id == desk.actor.account_id or row.device_id == desk.actor.device_id)


def _is_quarantined(row: Row[Any], item: Item) -> bool:
    return bool(row.outcome == "quarantined" and row.digest == item.digest)


def _answer(
    item: Item,
    desk: Desk,
    first: Mapping[UUID, Item],
    known: Mapping[UUID, Row[Any]],
    results: Mapping[UUID, Result],
) -> Result:
    if item.id in known:
        row = known[item.id]
        if not _is_own(row, desk):
            return Result("rejected", {}, IdTaken())
        return _repeated(item, row.digest, receipts.result_of(row))
    if first[item.id] is not item:
        return _repeated(item, first[item.id].digest, results[item.id])
    return results[item.id]


def _repeated(item: Item, stored_digest: bytes, before: Result) -> Result:
    if item.digest != stored_digest:
        problem = ContentDiffers(stored_digest=stored_digest.hex(), sent_digest=item.digest.hex())
        return Result("rejected", {}, problem)
    first_outcome = before.first_outcome or before.outcome
    return Result("duplicate", before.told, before.problem, first_outcome)


async def take_all(
    session: AsyncSession, desk: Desk, items: Sequence[Item], takers: Mapping[str, Take]
) -> dict[UUID, Result]:
    """Hands claimed items to their takers, kind after kind: what a later kind names, an earlier one has stored."""
    results: dict[UUID, Result] = {}
    for kind, take in takers.items():
        some = [item for item in items if item.kind == kind]
        if some:
            results |= await _take(session, desk, some, take)
    strange = [item for item in items if item.kind not in takers]
    for kind in sorted({item.kind for item in strange}):
        some = [item for item in strange if item.kind == kind]
        results |= await set_aside(session, desk, some, "unknown_kind", UnknownKind(kind=kind[:40]))
    return results


async def _released(session: AsyncSession, desk: Desk, results: Mapping[UUID, Result]) -> dict[UUID, Result]:
    """What was held by one half of a set and applied with the other: its receipt knows."""
    held = sorted(item_id for item_id, result in results.items() if result.outcome == "held")
    now = await receipts.find(session, desk.actor.county_code, held)
    return {item_id: receipts.result_of(row) for item_id, row in now.items() if row.outcome != "held"}


async def _take(session: AsyncSession, desk: Desk, items: Sequence[Item], take: Take) -> dict[UUID, Result]:
    """One set in a savepoint; what fails is halved and tried again until the culprit is alone.

    Receipts are settled set by set: a later one may release what an earlier one had to hold.
    """
    try:
        async with savepoint(session):
            told = await take(session, items, desk)
            await session.flush()  # so that a deferred write fails here, where its item is known
            results = {item.id: result for item, result in zip(items, told, strict=True)}
            await receipts.settle(session, desk.actor.county_code, results)
        return results
    except Exception as error:
        if is_passing(error):
            raise
        if len(items) > 1:
            half = len(items) // 2
            found = await _take(session, desk, items[:half], take)
            return found | await _take(session, desk, items[half:], take)
        if isinstance(error, Problem):
            results = {items[0].id: Result("rejected", {}, error)}
            await receipts.settle(session, desk.actor.county_code, results)
            return results
        log.error(
            "item failed",
            kind=items[0].kind,
            item_id=str(items[0].id),
            error=type(error).__name__,
            at=_steps(error),
        )
        return await set_aside(session, desk, items, "item_failed", ItemFailed())


def is_passing(error: BaseException) -> bool:
    """Whether a deadlock, an outage or a full disk is to blame, and not what was sent."""
    if isinstance(error, psycopg.Error):
        return (error.sqlstate or "08").startswith(PASSING)
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None)
        if state is None:  # the driver refused a value by itself, or the connection broke
            return error.connection_invalidated or isinstance(error, OperationalError)
        return bool(state.startswith(PASSING))
    return isinstance(error, PoolTimeout | partitions.MonthMissing)


def is_deadlock(error: BaseException) -> bool:
    """Whether trying again at once is the cure."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    return bool(state.startswith("40"))


def _steps(error: BaseException) -> list[str]:
    """Where it happened, innermost last; neither its text nor any value: both may name people."""
    return [f"{step.filename}:{step.lineno} {step.name}" for step in extract_tb(error.__traceback__)[-STEPS:]]


async def set_aside(
    session: AsyncSession, desk: Desk, items: Sequence[Item], reason: str, problem: Problem
) -> dict[UUID, Result]:
    """Keeps items in the quarantine, sealed; what is told is the problem and where they are kept."""
    origin = Origin(desk.actor.county_code, desk.actor.area_id, desk.actor.account_id, desk.actor.device_id)
    rows = [
        sealed_row(origin, i.id, reason, i.kind[:40], as_sent(i, desk), desk.now, vault=desk.vault)
        for i in items
    ]
    kept = await quarantine.keep(session, rows)
    results = {}
    for item, row in zip(items, rows, strict=True):
        told = {"quarantine_id": str(kept[row.device_id, row.digest])}
        results[item.id] = Result("quarantined", told, type(problem)(**problem.extra | told))
    await receipts.settle(session, desk.actor.county_code, results)
    return results


def as_sent(item: Item, desk: Desk) -> bytes:
    """The item as JSON, with the corrected time: what a person reads in the quarantine, and a release takes in."""
    offset_ms = desk.clock_offset // timedelta(milliseconds=1)
    members = {
        **({OFFSET: offset_ms} if offset_ms else {}),
        "id": item.id,
        "kind": item.kind,
        "recorded_at": item.recorded_at.isoformat(),
        **item.body,
    }
    return json.dumps(members, default=str, ensure_ascii=False).encode("utf-8", "surrogatepass")
