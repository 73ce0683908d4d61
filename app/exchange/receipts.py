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
SELECT %s, c.item_id, c.kind, c.digest, 'stored', '{}', %s, %s, c.recorded_at, %s
  FROM json_populate_recordset(null::item_receipt, %s::json) c
 ORDER BY c.item_id
ON CONFLICT (county_code, item_id) DO NOTHING
RETURNING item_id
"""
SETTLE = """
UPDATE item_receipt r SET outcome = s.outcome, told = s.told, problem = s.problem
  FROM json_populate_recordset(null::item_receipt, %s::json) s
 WHERE r.county_code = %s AND r.item_id = s.item_id
"""


async def claim(session: AsyncSession, desk: Desk, items: Sequence[Item]) -> set[UUID]:
    """Claims the ids of `items`, each one once among them; returns those that were free."""
    if not items:
        return set()
    rows = [
        {"item_id": i.id, "kind": i.kind, "digest": rf"\x{i.digest.hex()}", "recorded_at": i.recorded_at}
        for i in items
    ]
    actor = desk.actor
    asked = actor.county_code, actor.account_id, actor.device_id, desk.now, _json(rows)
    connection = await driver_connection(session)
    cursor = await connection.execute(CLAIM, asked, binary=True)
    return {row[0] for row in await cursor.fetchall()}


async def settle(session: AsyncSession, county_code: str, results: Mapping[UUID, Result]) -> None:
    """Writes what became of claimed items, or became of them later."""
    if not results:
        return
    rows = [
        {
            "item_id": id_,
            "outcome": result.outcome,
            "told": dict(result.told),
            "problem": None if result.problem is None else dump(result.problem),
        }
        for id_, result in results.items()
    ]
    connection = await driver_connection(session)
    await connection.execute(SETTLE, [_json(rows), county_code])


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
