"""SQL of item receipts: ids are claimed before their items are taken, and settled with what became of them."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.exchange.items import Desk, Item, Result
from app.exchange.models import ItemReceipt
from app.kit import problems
from app.kit.db import driver_connection
from app.kit.problems import Problem

# A second sender of the same id waits here until the first commits, and then finds the id taken. Sorted, so
# that two pushes with the same ids never wait for each other.
CLAIM = """
INSERT INTO item_receipt (county_code, item_id, kind, digest, outcome, told, account_id, device_id, recorded_at,
                          received_at)
SELECT %s, c.id, c.kind, c.digest, 'stored', '{}', %s, %s, c.recorded_at, %s
  FROM unnest(%s::uuid[], %s::text[], %s::bytea[], %s::timestamptz[]) AS c(id, kind, digest, recorded_at)
 ORDER BY c.id
ON CONFLICT (county_code, item_id) DO NOTHING
RETURNING item_id
"""
SETTLE = """
UPDATE item_receipt r SET outcome = s.outcome, told = s.told::jsonb, problem = s.problem::jsonb
  FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[]) AS s(id, outcome, told, problem)
 WHERE r.county_code = %s AND r.item_id = s.id
"""


async def claim(session: AsyncSession, desk: Desk, items: Sequence[Item]) -> set[UUID]:
    """Claims the ids of `items`, each one once among them; returns those that were free."""
    if not items:
        return set()
    ordered = sorted(items, key=lambda item: item.id)
    connection = await driver_connection(session)
    cursor = await connection.execute(
        CLAIM,
        [
            desk.actor.county_code,
            desk.actor.account_id,
            desk.actor.device_id,
            desk.now,
            [i.id for i in ordered],
            [i.kind for i in ordered],
            [i.digest for i in ordered],
            [i.recorded_at for i in ordered],
        ],
        binary=True,
    )
    return {row[0] for row in await cursor.fetchall()}


async def settle(session: AsyncSession, county_code: str, results: Mapping[UUID, Result]) -> None:
    """Writes what became of claimed items, or became of them later."""
    if not results:
        return
    connection = await driver_connection(session)
    await connection.execute(
        SETTLE,
        [
            list(results),
            [r.outcome for r in results.values()],
            [_json(dict(r.told)) for r in results.values()],
            [None if r.problem is None else _json(dump(r.problem)) for r in results.values()],
            county_code,
        ],
    )


async def find(session: AsyncSession, county_code: str, ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
    """The receipts that exist among `ids`."""
    if not ids:
        return {}
    rows = await session.execute(
        select(ItemReceipt.__table__).where(
            ItemReceipt.county_code == county_code, ItemReceipt.item_id.in_(ids)
        )
    )
    return {row.item_id: row for row in rows}


def result_of(row: Row[Any]) -> Result:
    """What was told first."""
    return Result(row.outcome, row.told, None if row.problem is None else restore(row.problem))


def dump(problem: Problem) -> dict[str, Any]:
    """A problem as it is kept."""
    return {"code": problem.code, "extra": problem.extra}


def restore(kept: Mapping[str, Any]) -> Problem:
    """The problem that `dump` kept; in any language, because only code and members are kept."""
    known = _catalogue().get(kept["code"], problems.Conflict)
    problem = known.__new__(known)  # its constructor may want what `extra` holds already
    Problem.__init__(problem, **kept["extra"])
    return problem


@cache
def _catalogue() -> dict[str, type[Problem]]:
    return problems.catalogue()


def _json(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()
